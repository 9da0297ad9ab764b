"""Number cells: whole numbers, money as fen and rates as basis points, refused wherever they could be misread."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Final

from rules.facts.cells import CellError, Reader, fold, is_blank, plain, shown
from rules.locale.word_lists import word_lists
from rules.pack.files.schema import Fact

MAX_YUAN: Final = 10**12 - 1  # 12 digits; in fen still far below what JSON numbers hold exactly
MAX_PERCENT: Final = 99_999
MAX_COUNT: Final = 10**9

_PLAIN = re.compile(r"(\d{1,12})(?:\.(\d\d?))?", re.ASCII)
_WHOLE = re.compile(r"(-?)(\d{1,3}(?:,\d{3})+|\d+)(?:\.0+)?", re.ASCII)
_WORDS: Final = word_lists("cells")["money"]
_POWERS: Final[dict[str, int]] = _WORDS["powers"]
_MONEY = re.compile(
    rf"(?:{'|'.join(_WORDS['before'])})?\s*(-?)\s*(\d{{1,3}}(?:,\d{{3}})+|\d+)(?:\.(\d+))?\s*({'|'.join(_POWERS)})?\s*"
    rf"(?:{'|'.join(_WORDS['after'])})?",
    re.ASCII,
)
_RATE = re.compile(r"(-?)(\d+)(?:\.(\d+))?\s*%?()", re.ASCII)
_CENT = Decimal("0.01")


def limits(fact: Fact) -> tuple[int, int]:
    """The least and the most that a number of this fact may be, in its canonical grain."""
    most = {"int": MAX_COUNT, "money": MAX_YUAN, "rate": MAX_PERCENT}[fact.type]
    lowest = fact.minimum if fact.minimum is not None else (-most if fact.derived else 0)
    highest = fact.maximum if fact.maximum is not None else most
    return (lowest, highest) if fact.type == "int" else (100 * lowest, 100 * highest + 99)


def int_reader(fact: Fact) -> Reader:
    """A whole number; the fact's suffixes (45天) may follow it."""
    lowest, highest = limits(fact)
    suffixes = tuple(sorted((fold(suffix) for suffix in fact.suffixes), key=len, reverse=True))

    def read(cell: object) -> int | None:
        if type(cell) is int:
            number = cell
        elif type(cell) is str and cell.isdigit() and cell.isascii() and len(cell) < 10:
            number = int(cell)
        else:
            found = _whole(cell, suffixes)
            if found is None:
                return None
            number = found
        _within(number, lowest, highest)
        return number

    return read


def _whole(cell: object, suffixes: tuple[str, ...]) -> int | None:
    if isinstance(cell, str):
        text = plain(cell)
        if is_blank(text):
            return None
        ending = next((suffix for suffix in suffixes if text.endswith(suffix)), "")
        match = _WHOLE.fullmatch(text.removesuffix(ending).strip())
        if match is None:
            raise CellError("not_whole", cell=shown(cell))
        return int(match[1] + match[2].replace(",", "")[:20])
    number = _exact(cell)
    if number is None or number != number.to_integral_value():
        raise CellError("not_whole", cell=shown(cell))
    return int(number)


def money_reader(fact: Fact) -> Reader:
    """Yuan with at most two decimals, as fen."""
    return _hundredths(fact, _money, "not_money")


def rate_reader(fact: Fact) -> Reader:
    """Percent a year with at most two decimals, as basis points."""
    return _hundredths(fact, _rate, "not_a_rate")


def _hundredths(fact: Fact, parse: Callable[[str], Decimal | None], refusal: str) -> Reader:
    lowest, highest = limits(fact)

    def read(cell: object) -> int | None:
        if type(cell) is str:
            if match := _PLAIN.fullmatch(cell):
                whole, part = match.groups()
                number = int(whole) * 100 + (int(part.ljust(2, "0")) if part else 0)
                _within(number, lowest, highest, 100)
                return number
            text = plain(cell)
            if is_blank(text):
                return None
            value = parse(text)
        else:
            value = _exact(cell)
        if value is None:
            raise CellError(refusal, cell=shown(cell))
        return _scaled(value, lowest, highest, cell)

    return read


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


def _money(text: str) -> Decimal | None:
    match = _MONEY.fullmatch(text)
    if match is None or len(text) > 40:
        return None
    sign, whole, part, unit = match.groups()
    return _decimal(sign, whole.replace(",", ""), part, _POWERS.get(unit, 0))


def _rate(text: str) -> Decimal | None:
    match = _RATE.fullmatch(text)
    return _decimal(match[1], match[2], match[3], 0) if match and len(text) <= 40 else None


def _decimal(sign: str, whole: str, part: str | None, shift: int) -> Decimal:
    digits = whole + (part or "")
    return Decimal((1 if sign else 0, tuple(map(int, digits)), shift - len(part or "")))


def _exact(cell: object) -> Decimal | None:
    """The number a cell holds, floats freed of their binary dust (0.1 + 0.2 is 0.3); None for what is no number."""
    if isinstance(cell, bool):
        return None
    if isinstance(cell, int):
        return Decimal(cell)
    if isinstance(cell, float):
        return Decimal(repr(round(cell, 6))) if abs(cell) < 1e15 else None
    if isinstance(cell, Decimal):
        return cell if cell.is_finite() else None
    return None


def _within(number: int, lowest: int, highest: int, scale: int = 1) -> None:
    if number < lowest:
        raise CellError("below", limit=lowest // scale)
    if number > highest:
        raise CellError("above", limit=highest // scale)
