"""Number cells: whole numbers, money as fen and rates as basis points, refused wherever they could be misread."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from rules.facts.cells import CellError, Reader, fold, is_blank, plain, shown
from rules.facts.notation.amounts import EXACT, LONGEST, SCIENTIFIC, is_inexact, read_amount
from rules.facts.notation.units import OWN, OtherUnit, Unit, unit_in
from rules.pack.files.schema import Fact

MAX_YUAN: Final = 10**12 - 1  # 12 digits; in fen still far below what JSON numbers hold exactly
MAX_PERCENT: Final = 99_999
MAX_COUNT: Final = 10**9

_PLAIN = re.compile(r"(\d{1,12})(?:\.(\d\d?))?", re.ASCII)
_THREE = re.compile(r"(?<![\d.,'])([1-9]\d{0,2})\.(\d{3})(?![\d.,'])", re.ASCII)  # 12.000: twelve, or twelve thousand
_CENT = Decimal("0.01")
_DUST = Decimal("0.000001")  # of binary numbers
_HUGE = 25  # digits of a number that is beyond every limit anyway


def limits(fact: Fact) -> tuple[int, int]:
    """The least and the most that a number of this fact may be, in its canonical grain."""
    most = {"int": MAX_COUNT, "money": MAX_YUAN, "rate": MAX_PERCENT}[fact.type]
    lowest = fact.minimum if fact.minimum is not None else (-most if fact.derived else 0)
    highest = fact.maximum if fact.maximum is not None else most
    return (lowest, highest) if fact.type == "int" else (100 * lowest, 100 * highest + 99)


def int_reader(fact: Fact, unit: Unit = OWN) -> Reader:
    """A whole number; what it counts (45天) may follow it."""
    lowest, highest = limits(fact)
    suffixes = tuple(sorted((fold(suffix) for suffix in fact.suffixes), key=len, reverse=True))
    plain_column = unit.shift == 0

    def read(cell: object) -> int | None:
        if plain_column and type(cell) is int:
            number = cell
        elif plain_column and type(cell) is str and cell.isdigit() and cell.isascii() and len(cell) < 10:
            number = int(cell)
        else:
            value = _number(cell, fact, unit, "not_whole", suffixes)
            if value is None:
                return None
            if value != value.to_integral_value():
                raise CellError("not_whole", cell=shown(cell))
            number = int(value) if value.adjusted() < _HUGE else (highest + 1 if value > 0 else lowest - 1)
        _within(number, lowest, highest)
        return number

    return read


def money_reader(fact: Fact, unit: Unit = OWN) -> Reader:
    """Yuan with at most two decimals, as fen."""
    return _hundredths(fact, unit, "not_money")


def rate_reader(fact: Fact, unit: Unit = OWN) -> Reader:
    """Percent a year with at most two decimals, as basis points."""
    return _hundredths(fact, unit, "not_a_rate")


def _hundredths(fact: Fact, unit: Unit, refusal: str) -> Reader:
    lowest, highest = limits(fact)
    plain_column = unit.shift == 0

    def read(cell: object) -> int | None:
        if plain_column and type(cell) is str and (match := _PLAIN.fullmatch(cell)):
            whole, part = match.groups()
            number = int(whole) * 100 + (int(part.ljust(2, "0")) if part else 0)
            _within(number, lowest, highest, 100)
            return number
        value = _number(cell, fact, unit, refusal)
        return None if value is None else _scaled(value, lowest, highest, cell)

    return read


def _number(cell: object, fact: Fact, unit: Unit, refusal: str, suffixes: tuple[str, ...] = ()) -> Decimal | None:
    """The number of a cell in the fact's own unit; None for a blank. Raises CellError."""
    if not isinstance(cell, str):
        value = _exact(cell, unit.shift)
        if value is None:
            raise CellError(refusal, cell=shown(cell))
        if unit.shift:
            _in_column(EXACT.scaleb(value, -unit.shift), unit, cell)
        return value
    text = plain(cell)
    if is_blank(text):
        return None
    ending = next((suffix for suffix in suffixes if text.endswith(suffix)), "")
    amount = read_amount(text.removesuffix(ending).strip())
    if ending and amount is not None and amount.marks is not None:  # 3天月
        amount = None
    if amount is None:
        raise _refused(text, cell, refusal)
    own = unit_in(fact, amount.marks, "", unit) if amount.marks is not None else OWN
    if isinstance(own, OtherUnit):
        raise CellError("other_unit", cell=shown(cell), seems=own.seems, wanted=own.wanted)
    value = EXACT.scaleb(amount.value, own.shift) if amount.scaled else _in_column(amount.value, unit, cell)
    if _may_be_thousands(text, value, fact):
        raise CellError("thousands_or_decimals", cell=shown(cell))
    return value


def _may_be_thousands(text: str, value: Decimal, fact: Fact) -> bool:
    """Whether the point in a number may stand between thousands; not where that is too much, or it is in thousands."""
    found = None if fact.type == "rate" else _THREE.search(text)
    if found is None or found[2][-1] != "0" or abs(value) != Decimal(found[0]):
        return False
    lowest, highest = limits(fact)
    return lowest <= int(found[1] + found[2]) * (1 if fact.type == "int" else 100) <= highest


def _in_column(value: Decimal, unit: Unit, cell: object) -> Decimal:
    """A number without a unit of its own, in that of its column."""
    if "fraction" in unit.kinds and abs(value) > 1:
        raise CellError("not_a_fraction", cell=shown(cell))
    return EXACT.scaleb(value, unit.shift)


def plain_value(cell: object) -> Decimal | None:
    """The number that a cell holds, whatever it is in and however many decimals it has; None for no number."""
    if not isinstance(cell, str):
        return _exact(cell, 0)
    amount = read_amount(plain(cell)) if len(cell) <= LONGEST else None
    return None if amount is None else amount.value


def says_unit(cell: object, kind: str) -> bool:
    """Whether a cell itself says such a unit: 0.5% p.a. is a rate of a year."""
    amount = read_amount(plain(cell)) if isinstance(cell, str) else None
    return amount is not None and amount.marks is not None and kind in amount.marks.kinds


def _refused(text: str, cell: object, refusal: str) -> CellError:
    """Why a cell is no number, by the cause where that is known."""
    if SCIENTIFIC.fullmatch(text):
        return CellError("scientific", cell=shown(cell))
    if is_inexact(text):
        return CellError("not_exact", cell=shown(cell))
    return CellError(refusal, cell=shown(cell))


def _scaled(value: Decimal, lowest: int, highest: int, cell: object) -> int:
    if value.adjusted() < 15:
        rounded = value.quantize(_CENT)
        if rounded != value:
            raise CellError("decimals", cell=shown(cell))
        number = int(rounded.scaleb(2))
    else:
        number = highest + 1 if value > 0 else lowest - 1
    _within(number, lowest, highest, 100)
    return number


def _exact(cell: object, shift: int) -> Decimal | None:
    """The number a cell holds, floats freed of their binary dust (0.1 + 0.2 is 0.3); None for what is no number."""
    if isinstance(cell, bool):
        return None
    if isinstance(cell, int):
        return EXACT.scaleb(Decimal(cell), shift)
    if isinstance(cell, float):
        if not abs(cell) < 1e15:
            return None
        value = EXACT.scaleb(Decimal(repr(cell)), shift)
        return value.quantize(_DUST) if value.adjusted() < 15 else value
    if isinstance(cell, Decimal):
        return EXACT.scaleb(cell, shift) if cell.is_finite() else None
    return None


def _within(number: int, lowest: int, highest: int, scale: int = 1) -> None:
    if number < lowest:
        raise CellError("below", limit=lowest // scale)
    if number > highest:
        raise CellError("above", limit=highest // scale)
