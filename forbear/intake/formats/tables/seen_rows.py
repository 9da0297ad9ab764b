"""Seen rows: what a table's rows showed of hidden, merged and nameless cells, to be told once they were read."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final, Protocol

from forbear.intake.source import is_blank
from forbear.locale import said
from rules.locale import listed
from rules.pack.files.schema import Text

_SHOWN: Final = 5  # row numbers that a notice names


class SeenRow(Protocol):
    """What is looked at of a row."""

    @property
    def number(self) -> int:
        """As its sheet counts."""
        ...

    @property
    def cells(self) -> list[object]:
        """What is in it."""
        ...

    @property
    def hidden(self) -> bool:
        """Whether people do not see it."""
        ...

    @property
    def filled_down(self) -> tuple[int, ...]:
        """The positions of cells that a merged one covers."""
        ...

    @property
    def across(self) -> Sequence[tuple[int, int]]:
        """The first and the last of cells that are merged sideways."""
        ...

    @property
    def unseen(self) -> Sequence[int]:
        """The positions of cells of which nothing is shown."""
        ...


class SeenRows:
    """What was met in the rows that were read, counted anew each time."""

    def __init__(self, columns: Sequence[str]) -> None:
        self._columns = columns
        self._nameless = [at for at, name in enumerate(columns) if not name.strip()]
        self.start()

    def start(self) -> None:
        """Forget what an earlier reading counted."""
        self._hidden, self._first_hidden = 0, list[int]()
        self._filled, self._unnamed = Counter[int](), Counter[int]()
        self._across, self._unseen = Counter[tuple[int, int]](), Counter[int]()

    def count(self, row: SeenRow) -> None:
        """Take note of one row."""
        if row.hidden:
            self._hidden += 1
            if len(self._first_hidden) < _SHOWN:
                self._first_hidden.append(row.number)
        for at in row.filled_down:
            self._filled[at] += 1
        for at in row.unseen:
            self._unseen[at] += 1
        for at in self._nameless:
            if at < len(row.cells) and not is_blank([row.cells[at]]):
                self._unnamed[at] += 1

    def count_across(self, row: SeenRow) -> None:
        """Take note of cells that are merged sideways, in a row that is a case."""
        for first, last in row.across:
            if first < len(row.cells) and not is_blank([row.cells[first]]) and last < len(self._columns):
                self._across[first, last] += 1

    def told(self) -> Iterator[Text]:
        """What people should know of it."""
        if self._hidden:
            rows = ", ".join(map(str, self._first_hidden)) + ("…" if self._hidden > len(self._first_hidden) else "")
            yield said("notice.hidden_rows", n=self._hidden, rows=rows)
        for at, count in sorted(self._unseen.items()):
            yield said("notice.unseen", n=count, column=self._name(at))
        for at, count in sorted(self._filled.items()):
            yield said("notice.filled_down", n=count, column=self._name(at))
        for (first, last), count in sorted(self._across.items()):
            others = listed(said("notice.quoted", text=self._name(at)) for at in range(first + 1, last + 1))
            yield said("notice.merged_across", n=count, column=self._name(first), others=others)
        for at, count in sorted(self._unnamed.items()):
            yield said("notice.nameless_column", n=count, column=letter(at))

    def _name(self, at: int) -> str:
        return (self._columns[at].strip() if at < len(self._columns) else "") or letter(at)


def letter(position: int) -> str:
    """The letters by which a sheet calls a column: A, …, Z, AA, …"""
    letters = ""
    position += 1
    while position:
        position, rest = divmod(position - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
