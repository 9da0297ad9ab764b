"""What a handbook is made of, free of HTML and Markdown: sections with entries of labelled parts, lines and tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final, Literal, TypeAlias

from rules.locale import Language

# How a stretch of text looks. A badge always says its meaning in words; the tone only colours it.
Look = Literal["plain", "strong", "code", "soft", "date", "badge"]
Tone = Literal["", "good", "fair", "poor", "alarm"]
_HALF_A_PAGE: Final = 20


@dataclass(frozen=True, slots=True)
class TextSpan:
    """A stretch of text; `to` is the anchor it leads to."""

    text: str
    to: str = ""
    look: Look = "plain"
    tone: Tone = ""


Line: TypeAlias = tuple[TextSpan, ...]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One line of text."""

    line: Line
    kind: ClassVar[str] = "paragraph"


@dataclass(frozen=True, slots=True)
class Bullet:
    """A point of a list, perhaps with points below it."""

    line: Line
    below: tuple[Bullet, ...] = ()


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list, nested as deep as its points are."""

    items: tuple[Bullet, ...]
    kind: ClassVar[str] = "bullets"


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a head; every row has as many cells as the head."""

    head: tuple[str, ...]
    rows: tuple[tuple[Line, ...], ...]
    kind: ClassVar[str] = "table"


@dataclass(frozen=True, slots=True)
class LabelledPart:
    """Something with its name before it."""

    label: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Listed:
    """A point that others lead to, with what is to be known of it."""

    anchor: str
    line: Line
    notes: tuple[tuple[str, Line], ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """A list of points with anchors."""

    items: tuple[Listed, ...]
    kind: ClassVar[str] = "listing"


@dataclass(frozen=True, slots=True)
class HandbookEntry:
    """Something with a heading of its own, a line about it, and its parts."""

    anchor: str
    title: str
    note: Line
    parts: tuple[LabelledPart, ...]
    kind: ClassVar[str] = "entry"

    @property
    def short(self) -> bool:
        """Whether it takes up less than about half a printed page: then it is kept on one."""
        return sum(_size(block) for part in self.parts for block in part.blocks) <= _HALF_A_PAGE


Block: TypeAlias = Paragraph | Bullets | Table | Listing | HandbookEntry


def _size(block: Block) -> int:
    """About how many lines and a half it takes."""
    match block:
        case Bullets(items):
            return sum(_points(item) for item in items)
        case Table(_, rows):
            return len(rows) + 1
        case Listing(items):
            return sum(1 + len(item.notes) for item in items)
    return 1


def _points(bullet: Bullet) -> int:
    return 1 + sum(_points(each) for each in bullet.below)


@dataclass(frozen=True, slots=True)
class Section:
    """A chapter."""

    anchor: str
    title: str
    blocks: tuple[Block, ...]

    @property
    def entries(self) -> tuple[HandbookEntry, ...]:
        """What the contents name below the section."""
        return tuple(block for block in self.blocks if isinstance(block, HandbookEntry))


@dataclass(frozen=True, slots=True)
class Handbook:
    """A handbook in one language: the title page, and the sections after it."""

    language: Language
    title: str
    facts: tuple[tuple[str, Line], ...]
    disclaimer: str
    foot: str
    sections: tuple[Section, ...]
