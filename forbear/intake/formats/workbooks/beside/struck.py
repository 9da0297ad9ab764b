"""Struck out: what somebody has drawn a line through, by which people say that it does not hold any more.

The line may be that of the cell, of some of its words, or come of a rule (a conditional format): rules that compare a
cell of the row with something are worked out, and where another may have struck a row out, the row comes back.
"""

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from operator import eq, ge, gt, le, lt, ne
from typing import TypeAlias

from forbear.intake.source import Unread, as_text, is_blank
from forbear.locale import said
from rules.facts.case_facts import FieldError

_CELL, _ROW = said("unread.struck"), FieldError.of("", said("row.struck"))
_PART, _MAYBE = said("unread.partly_struck"), FieldError.of("", said("row.maybe_struck"))
OFF = ("0", "false")  # how a workbook says that there is no line
_COMPARE = {"=": eq, "<>": ne, "<": lt, ">": gt, "<=": le, ">=": ge}
_OPERATORS = {
    "equal": "=",
    "notEqual": "<>",
    "lessThan": "<",
    "greaterThan": ">",
    "lessThanOrEqual": "<=",
    "greaterThanOrEqual": ">=",
}
_COMPARISON = re.compile(r"\s*(\$?[A-Za-z]{1,3}\$?\d{1,7})\s*(<=|>=|<>|=|<|>)\s*(\"[^\"]*\"|-?\d+(?:\.\d+)?)\s*")
_CELL_NAME = re.compile(r"(\$?)([A-Za-z]{1,3})(\$?)(\d{1,7})")
_CONTAINS = ("containsText", "notContainsText", "beginsWith", "endsWith")
_LETTERS = 26


# Of the cells of a row, and the column in question; None where it cannot be worked out.
Condition: TypeAlias = Callable[[Sequence[object], int], bool | None]


class PartlyStruck(str):
    """A text in which words have a line through them."""

    __slots__ = ()


def part_known(value: object) -> object:
    """A value; of one in which words are struck out nobody knows what still holds."""
    return Unread(str(value), _PART) if type(value) is PartlyStruck else value


@dataclass(frozen=True)
class Area:
    """A block of cells: first and last row, from 1, and first and last column, from 0."""

    top: int
    bottom: int
    left: int
    right: int


@dataclass(frozen=True)
class StrikeRule:
    """A rule that strikes cells out, and where."""

    areas: tuple[Area, ...]
    condition: Condition

    def strikes(self, row: int, cells: Sequence[object], at: int) -> bool | None:
        """Whether it strikes out one cell of a row."""
        if not any(each.top <= row <= each.bottom and each.left <= at <= each.right for each in self.areas):
            return False
        return self.condition(cells, at)


def unknown(_cells: Sequence[object], _at: int) -> None:
    """The condition that cannot be worked out."""


def by_rules(rules: Iterable[StrikeRule], row: int, cells: Sequence[object]) -> tuple[list[int], bool]:
    """The cells of a row that rules strike out, and whether others may be."""
    struck, maybe = [], False
    for at, cell in enumerate(cells):
        if not is_blank([cell]):
            answers = [rule.strikes(row, cells, at) for rule in rules]
            if any(answers):
                struck.append(at)
            elif None in answers:
                maybe = True
    return struck, maybe


def rule_of(areas: tuple[Area, ...], kind: str, operator: str, text: str, formulas: Sequence[str]) -> StrikeRule:
    """A rule as Excel writes it."""
    if (
        kind == "cellIs"
        and operator in _OPERATORS
        and len(formulas) == 1
        and (value := _constant(formulas[0])) is not None
    ):
        sign = _OPERATORS[operator]
        return StrikeRule(areas, lambda cells, at: _compared(cells[at], sign, value))
    if kind in _CONTAINS and text:
        return StrikeRule(areas, lambda cells, at: _contains(kind, as_text(cells[at]).casefold(), text.casefold()))
    if kind == "expression" and len(formulas) == 1 and (found := _COMPARISON.fullmatch(formulas[0].lstrip("="))):
        return StrikeRule(areas, _comparison(found, areas[0]))
    return StrikeRule(areas, unknown)


def _comparison(found: re.Match[str], area: Area) -> Condition:
    """That of a cell of the same row with something fixed, as it is written for the first cell of an area."""
    place, sign, value = _CELL_NAME.fullmatch(found[1]), found[2], _constant(found[3])
    if place is None or value is None or place[3] or int(place[4]) != area.top:
        return unknown
    column = position(place[2])
    fixed = bool(place[1])

    def condition(cells: Sequence[object], at: int) -> bool | None:
        other = column if fixed else at + column - area.left
        return _compared(cells[other] if 0 <= other < len(cells) else None, sign, value)

    return condition


def named_operator(sign: str) -> str:
    """An operator by its sign."""
    return next((name for name, each in _OPERATORS.items() if each == sign.replace("!=", "<>")), "")


def _contains(kind: str, cell: str, text: str) -> bool:
    if kind == "beginsWith":
        return cell.startswith(text)
    if kind == "endsWith":
        return cell.endswith(text)
    return (text in cell) == (kind == "containsText")


def _constant(text: str) -> str | float | None:
    text = text.strip().lstrip("=")
    if len(text) > 1 and text[0] == text[-1] == '"':
        return text[1:-1]
    try:
        return float(text)
    except ValueError:
        return None


def _compared(cell: object, sign: str, value: str | float) -> bool | None:
    """A comparison as a spreadsheet makes it; None where the cell is not as the spreadsheet has it."""
    if isinstance(value, str):
        if not isinstance(cell, str | None):
            return None if sign not in ("=", "<>") else sign == "<>"
        return bool(_COMPARE[sign]((cell or "").casefold(), value.casefold()))
    if cell is None or isinstance(cell, int | float):
        return bool(_COMPARE[sign](float(cell or 0), value))
    return None


def position(letters: str) -> int:
    """The position of a column by its letters."""
    number = 0
    for letter in letters.upper():
        number = number * _LETTERS + ord(letter) - ord("A") + 1
    return number - 1


_RANGE = re.compile(r"\$?([A-Za-z]{1,3})?\$?(\d{1,7})?(?::\$?([A-Za-z]{1,3})?\$?(\d{1,7})?)?")
_LAST_ROW, _LAST_COLUMN = 1_048_576, 16_383


def areas_of(ranges: str) -> tuple[Area, ...]:
    """The blocks of cells that A2:E10 F2:F10 is."""
    found = (each for text in ranges.split() if (each := _RANGE.fullmatch(text)) is not None)
    return tuple(_area(*each.groups()) for each in found)


def _area(left: str | None, top: str | None, right: str | None, bottom: str | None) -> Area:
    first, upper = (position(left) if left else 0), (int(top) if top else 1)
    last = position(right or left or "") if (right or left) else _LAST_COLUMN
    lower = int(bottom or top or _LAST_ROW)
    return Area(min(upper, lower), max(upper, lower), min(first, last), max(first, last))


def put_out(cells: list[object], struck: Collection[int], *, maybe: bool = False) -> FieldError | None:
    """Make those cells of a row ones that nobody can know; where all of them are, what is wrong with the row.

    Whoever hands in again what came back has to write its first cell anew.
    """
    filled = [at for at, cell in enumerate(cells) if not is_blank([cell])]
    out = [at for at in filled if at in struck]
    if not out:
        return _MAYBE if maybe else None
    whole = len(out) == len(filled)
    for at in out[:1] if whole else out:
        cells[at] = Unread(as_text(cells[at]), _CELL)
    return _ROW if whole else _MAYBE if maybe else None
