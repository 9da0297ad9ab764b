"""Commas: whether 12,345 in a file is twelve thousand, where other numbers of it have a comma before their decimals."""

import re
from collections.abc import Iterable
from typing import Final

_AROUND: Final = r"[-+(\s¥]*{}[)\s%]*"
_THREE: Final = re.compile(_AROUND.format(r"[1-9]\d{0,2},\d{3}"), re.ASCII)  # one or the other
_DECIMAL: Final = re.compile(_AROUND.format(r"(?:\d+,(?:\d{1,2}|\d{4,})|0,\d+|\d{1,3}(?:[. ]\d{3})+,\d+)"), re.ASCII)
_THOUSANDS: Final = re.compile(_AROUND.format(r"\d{1,3}(?:(?:,\d{3}){2,}(?:\.\d+)?|,\d{3}\.\d+)"), re.ASCII)
_FEW: Final = 10  # a slip of the pen among so many numbers says nothing of them


class Commas:
    """The commas in the numbers of one file, as far as it is read."""

    def __init__(self) -> None:
        self.start(())

    def start(self, cells: Iterable[object]) -> None:
        """Judge by the first rows, and count anew."""
        known = [cell for cell in cells if type(cell) is str and "," in cell]
        three, decimal, thousands = (
            sum(map(bool, map(form.fullmatch, known))) for form in (_THREE, _DECIMAL, _THOUSANDS)
        )
        self.doubted = not thousands and 0 < three <= _FEW * decimal
        self.taken = 0  # numbers that were read as thousands
        self.decimal: list[int] = []  # rows with a comma before decimals

    def is_either(self, cell: object) -> bool:
        """Whether a number reads both ways, and nobody knows which is meant."""
        return self.doubted and type(cell) is str and _THREE.fullmatch(cell) is not None

    def note(self, row: int, cells: Iterable[object]) -> None:
        """Take note of the numbers of a row."""
        for cell in cells:
            if type(cell) is str and "," in cell:
                self.taken += _THREE.fullmatch(cell) is not None
                if _DECIMAL.fullmatch(cell) is not None:
                    self.decimal.append(row)
