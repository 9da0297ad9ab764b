"""Sheet texts: what an Excel sheet says beside its cells, where offices put units and how cells are filled in.

That is what is printed above and below each page, and what is said when somebody chooses a cell or types a wrong value.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import unescape

from forbear.intake.formats.workbooks.beside.struck import position

_PRINTED = re.compile(rb"<(?:\w+:)?(?:odd|even|first)(?:Header|Footer)(?:\s[^<>]*)?>([^<]{1,4000})<")
# &C and the like part left, middle and right; fonts, sizes, colours, page numbers and dates say nothing.
_CODE = re.compile(r'&(?:"[^"]*"|K[0-9A-Fa-f]{6}|K\d\d[+-]\d{3}|\d+|[A-Za-z])|&(&)')
_PARTS = re.compile(r"&[LCR]")
_MOST_PRINTED = 20
_RULE = re.compile(
    rb"<(?:\w+:)?dataValidation\s([^<>]{1,8000}?)(?:/>|>(?:(?!</(?:\w+:)?dataValidation>).){0,8000}?"
    rb"(?:<xm:sqref>([^<]{1,2000})</xm:sqref>|</(?:\w+:)?dataValidation>))",
    re.DOTALL,
)
_TEXT = re.compile(rb"\s(promptTitle|prompt|errorTitle|error)=(?:\"([^\"]*)\"|'([^']*)')")
_PLACE = re.compile(rb"\ssqref=[\"']([^\"']{1,4000})[\"']")
_RANGE = re.compile(r"\$?([A-Za-z]{1,3})(?:\$?\d{1,7})?(?::\$?([A-Za-z]{1,3})(?:\$?\d{1,7})?)?")
_MOST = 2_000


@dataclass(frozen=True)
class Prompt:
    """What is said of some columns, each given by its first and last position."""

    text: str
    columns: tuple[tuple[int, int], ...]


@dataclass
class PromptFinder:
    """Finds them in the XML of a sheet, piece by piece."""

    found: dict[Prompt, None] = field(default_factory=dict)

    def look(self, text: bytes) -> None:
        """Search one piece, which overlaps the one before."""
        if b"dataValidation " not in text or len(self.found) > _MOST:
            return
        for attributes, place in _RULE.findall(text):
            own = _PLACE.search(b" " + attributes)
            ranges = (place or (own[1] if own else b"")).decode("utf-8", "replace")
            texts = (one or other for _, one, other in _TEXT.findall(b" " + attributes))
            for said in dict.fromkeys(unescape(each.decode("utf-8", "replace")).strip() for each in texts):
                if said and (columns := tuple(_columns(ranges))):
                    self.found[Prompt(said, columns)] = None


def _columns(ranges: str) -> Iterable[tuple[int, int]]:
    for each in ranges.split():
        if found := _RANGE.fullmatch(each):
            first = position(found[1])
            yield first, position(found[2]) if found[2] else first


@dataclass
class PageTextFinder:
    """Finds them in the XML of a sheet, piece by piece."""

    found: dict[str, None] = field(default_factory=dict)

    def look(self, text: bytes) -> None:
        """Search one piece, which overlaps the one before."""
        if (b"Header" not in text and b"Footer" not in text) or len(self.found) > _MOST_PRINTED:
            return
        for raw in _PRINTED.findall(text):
            for part in _PARTS.split(unescape(raw.decode("utf-8", "replace"))):
                if plain := _CODE.sub(r"\1", part).strip():
                    self.found[plain] = None


def of_column(prompts: Sequence[Prompt], at: int) -> tuple[str, ...]:
    """What is said of one column."""
    return tuple(each.text for each in prompts if any(first <= at <= last for first, last in each.columns))
