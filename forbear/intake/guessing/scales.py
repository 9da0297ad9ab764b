"""Scales: whether 12 in a column is twelve yuan, where other cells of it say ten thousands themselves (1.2万)."""

import re
from collections.abc import Collection, Iterable
from decimal import Decimal
from typing import Final

from rules.facts.cells import plain
from rules.facts.notation.amounts import LONGEST, read_amount

_SCALED: Final = 1_000  # so many times what its figures are, at least, is an amount with a word for it
_SMALL: Final = 100  # yuan: what is less may be in the unit of its neighbours
_FIGURES: Final = re.compile(r"[\d,]*\.?\d+")


class Scales:
    """The columns of amounts in which some say their scale, each with one that does."""

    def __init__(self) -> None:
        self._said: dict[int, str] = {}  # by the columns' positions

    @property
    def any_said(self) -> bool:
        """Whether any column has one."""
        return bool(self._said)

    def start(self, cells: Iterable[tuple[int, object]], sure: Collection[int]) -> None:
        """Judge by the first rows; where the file says the unit of a column, nothing is open."""
        self._said = {}
        for at, cell in cells:
            if at not in self._said and at not in sure and type(cell) is str and _is_scaled(cell):
                self._said[at] = cell.strip()

    def beside(self, at: int, cell: object) -> str | None:
        """An amount of the column that says its scale, where this one is small and says nothing."""
        if (like := self._said.get(at)) is None:
            return None
        figures = plain(cell) if isinstance(cell, str) else str(cell)
        is_bare = len(figures) <= LONGEST and _FIGURES.fullmatch(figures) is not None
        return like if is_bare and 0 < Decimal(figures.replace(",", "")) < _SMALL else None


def _is_scaled(cell: str) -> bool:
    text = plain(cell) if len(cell) <= LONGEST else ""
    figures = _FIGURES.match(text)
    amount = None if figures is None else read_amount(text)
    if figures is None or amount is None:
        return False
    return amount.value.scaleb(amount.power) >= _SCALED * Decimal(figures[0].replace(",", "")) > 0
