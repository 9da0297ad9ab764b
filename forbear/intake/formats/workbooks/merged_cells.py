"""Merged cells: what people see in one cell over several rows is the value of each of them; sideways it is of one."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from forbear.intake.source import IntakeError, is_blank

MAX_MERGES = 100_000
_MERGE = re.compile(rb"mergeCell\s[^<>]*?ref=[\"']\$?([A-Za-z]{1,3})\$?(\d{1,7}):\$?([A-Za-z]{1,3})\$?(\d{1,7})[\"']")
OVERLAP = 256  # bytes, longer than one such element


@dataclass(frozen=True)
class Merges:
    """The merged ranges of a sheet: those over rows, the uppermost first (first row, last row, first column).

    And by their first row those over columns (first and last).
    """

    ranges: tuple[tuple[int, int, int], ...] = ()
    across: Mapping[int, list[tuple[int, int]]] = field(default_factory=dict)


@dataclass
class MergeFinder:
    """Finds the merged ranges in the XML of a sheet, piece by piece."""

    name: str
    found: set[tuple[int, int, int]] = field(default_factory=set)
    across: dict[int, list[tuple[int, int]]] = field(default_factory=dict)

    def look(self, text: bytes) -> None:
        """Search one piece, which overlaps the one before."""
        if b"mergeCell " not in text:
            return
        for column, first, other, last in _MERGE.findall(text):
            places = _position(column), _position(other)
            if int(first) < int(last):
                self.found.add((int(first), int(last), places[0]))
            if places[0] < places[1] and len(self.across) < MAX_MERGES:
                known = self.across.setdefault(int(first), [])
                if places not in known:
                    known.append(places)
        if len(self.found) > MAX_MERGES:
            raise IntakeError("workbook.too_many_merges", name=self.name)

    def merges(self) -> Merges:
        """What was found."""
        return Merges(tuple(sorted(self.found)), self.across)


def _position(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - ord("A") + 1
    return number - 1


class FilledDown:
    """Fills the cells under a merged one while the rows of a sheet go by."""

    def __init__(self, merges: Merges) -> None:
        self._coming = iter(merges.ranges)
        self._next = next(self._coming, None)
        self._open: dict[int, tuple[int, object]] = {}  # by column: up to which row, and with what

    def begin(self, column: int, last: int, value: object) -> None:
        """A merged cell begins in this row."""
        self._open[column] = (last, value)

    def fill(self, number: int, cells: list[object]) -> tuple[int, ...]:
        """Fill the row and say where; a range that begins in it is remembered with its value."""
        filled = []
        for column, (last, value) in list(self._open.items()):
            if number > last:
                del self._open[column]
            elif column >= len(cells) or is_blank([cells[column]]):
                cells.extend([None] * (column + 1 - len(cells)))
                cells[column] = value
                filled.append(column)
        while self._next is not None and self._next[0] <= number:
            first, last, column = self._next
            self._next = next(self._coming, None)
            value = cells[column] if column < len(cells) else None
            if first == number and not is_blank([value]):
                self.begin(column, last, value)
        return tuple(filled)


def blank_but_filled(cells: Iterable[object], filled: tuple[int, ...]) -> bool:
    """Whether a row holds nothing of its own."""
    return all(at in filled or is_blank([cell]) for at, cell in enumerate(cells))
