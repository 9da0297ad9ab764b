"""What a handbook is made of, free of HTML and Markdown: sections with entries of labelled parts, lines and tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias

from rules.facts import Language

# How a stretch of text looks. A badge always says its meaning in words; the tone only colours it.
Look = Literal["plain", "strong", "code", "soft", "date", "badge"]
Tone = Literal["", "good", "fair", "poor", "alarm"]


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of text; `to` is the anchor it leads to."""

    text: str
    to: str = ""
    look: Look = "plain"
    tone: Tone = ""


Line: TypeAlias = tuple[Span, ...]


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
class Part:
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
class Entry:
    """Something with a heading of its own, a line about it, and its parts."""

    anchor: str
    title: str
    note: Line
    parts: tuple[Part, ...]
    kind: ClassVar[str] = "entry"


Block: TypeAlias = Paragraph | Bullets | Table | Listing | Entry


@dataclass(frozen=True, slots=True)
class Section:
    """A chapter."""

    anchor: str
    title: str
    blocks: tuple[Block, ...]

    @property
    def entries(self) -> tuple[Entry, ...]:
        """What the contents name below the section."""
        return tuple(block for block in self.blocks if isinstance(block, Entry))


@dataclass(frozen=True, slots=True)
class Book:
    """A handbook in one language: the title page, and the sections after it."""

    language: Language
    title: str
    facts: tuple[tuple[str, Line], ...]
    disclaimer: str
    foot: str
    sections: tuple[Section, ...]
