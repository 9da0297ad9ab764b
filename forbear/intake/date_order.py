"""Date order: which part of 03/04/2026 is the day. It is said, or seen in the column's other dates, never assumed.

Each column has its own: it may be put together from files of other programs.
"""

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from rules.facts.cells import CellError, shown
from rules.facts.notation.units import Unit
from rules.locale.word_lists import word_lists

DateOrder: TypeAlias = Literal["ymd", "dmy", "mdy"]
_Form: TypeAlias = tuple[str, int]
ORDERS: tuple[DateOrder, ...] = ("ymd", "dmy", "mdy")
_TIME = r"(?:(?:t|\s+)(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d+)?)?(?:\s*[ap]m)?)?"
_PARTS = re.compile(rf"(\d{{1,2}})([-/.])(\d{{1,2}})\2(\d{{4}}|\d\d?){_TIME}", re.ASCII)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAY_MONTH = re.compile(rf"(\d{{1,2}})(?:st|nd|rd|th)?[-/. ]*([a-z]{{3,9}})\.?[-/., ]*(\d{{4}}|\d\d){_TIME}", re.ASCII)
_MONTH_DAY = re.compile(rf"([a-z]{{3,9}})\.?[-/ ]*(\d{{1,2}})(?:st|nd|rd|th)?[-/, ]+(\d{{4}}){_TIME}", re.ASCII)
_WORDS = word_lists("cells")["date"]
_NO_DAY = re.compile(
    r"[a-z]{3,9}\.?[-/, ]*\d{4}|\d{4}[-/.](?:0?[1-9]|1[0-2])"
    rf"|\d{{4}}\s*{_WORDS['year']}\s*\d{{1,2}}\s*{_WORDS['month']}",
    re.ASCII,
)
_YEAR_FIRST = re.compile(rf"\d{{4}}([-/.])\d{{1,2}}\1(\d{{1,2}}){_TIME}", re.ASCII)
WRITTEN: dict[DateOrder, str] = {"ymd": "yyyy/mm/dd", "dmy": "dd/mm/yyyy", "mdy": "mm/dd/yyyy"}
_MIXED = 3 / 4  # of the real dates beside texts, so many that may have been turned around
_OFTEN = 1 / 5  # of a column's dates, so many that read one way only
_MONTHS_OF_A_YEAR = 12
_WHOLE_YEAR = 4  # digits
_LAST = 68  # of two digits: the last year that is of this century, as strptime has it


def readings(cell: object) -> frozenset[DateOrder]:
    """The orders in which a cell is a date; none where its order is no question or it is no date."""
    match = _PARTS.fullmatch(_plain(cell)) if isinstance(cell, str) else None
    if match is None:
        return frozenset()
    return frozenset(order for order in ORDERS if _day(match, order) is not None)


def orders(cells: Iterable[object]) -> frozenset[DateOrder] | None:
    """The orders in which any of these cells can be read; None where it is no question."""
    found = frozenset[DateOrder]().union(*(readings(cell) for cell in cells))
    return found or None


def order_of(cells: Iterable[object], chosen: DateOrder | None) -> DateOrder | None:
    """The order of a column: its own, where its cells can be read in no other, before that which was chosen.

    Only a cell that can be read one way is proof, and of those cells only that are written as it is: 24-11-03 beside
    31/03/2024 comes from somebody else.
    """
    read = _by_form(cells)
    if not read:
        return None
    proven = {_proven(of_one_form, chosen is not None) for of_one_form in read.values()}
    return next(iter(proven)) or chosen if len(proven) == 1 else chosen


def _by_form(cells: Iterable[object]) -> dict[_Form, list[frozenset[DateOrder]]]:
    """In which orders each of the dates can be read, by how they are written."""
    read: dict[_Form, list[frozenset[DateOrder]]] = {}
    for cell in cells:
        if found := readings(cell):
            read.setdefault(_form(cell), []).append(found)
    return read


def _proven(read: Sequence[frozenset[DateOrder]], chosen: bool) -> DateOrder | None:
    """The one order of dates that are written alike; one slip of the hand says nothing against what was chosen."""
    own = frozenset(ORDERS).intersection(*read)
    sure = sum(len(found) == 1 for found in read)
    return next(iter(own)) if len(own) == 1 and sure >= (max(1, _OFTEN * len(read)) if chosen else 1) else None


def _form(cell: object) -> _Form:
    """How a date is written: what parts it, and where its year has four digits."""
    match = _PARTS.fullmatch(_plain(str(cell)))
    return ("", 0) if match is None else (match[2], len(match[4]))


@dataclass(frozen=True)
class SettledForms:
    """The ways of writing dates for which the order of a column holds: what comes in another may come from elsewhere.

    24-11-03 below a thousand dates like 31/03/2024 is not the 24th of November 2003 because those begin with the day.
    """

    order: DateOrder
    settled: frozenset[_Form]
    met: frozenset[_Form]
    trusted: bool  # whether the order holds for years of four digits however they are written

    @classmethod
    def of(cls, cells: Iterable[object], order: DateOrder, *, chosen: bool) -> "SettledForms":
        """Those of a column, by its first cells; `chosen` is an order that somebody said of all dates."""
        read = _by_form(cells)
        proven = {form: _proven(found, chosen=False) for form, found in read.items()}
        trusted = chosen or not any(proven.values())
        whole = order != "ymd" and any(digits == _WHOLE_YEAR for _, digits in read)
        open_ones = {form for form in read if trusted and (form[1] == _WHOLE_YEAR or not whole)}
        settled = {form for form, own in proven.items() if own == order or (own is None and form in open_ones)}
        return cls(order, frozenset(settled), frozenset(read), trusted)

    def hold(self, cell: object) -> bool:
        """Whether a cell is read in this order; what is no such date, or can be read in one way only, is."""
        found = readings(cell)
        if len(found) <= 1:
            return True
        form = _form(cell)
        return form in self.settled or (self.trusted and form not in self.met and form[1] == _WHOLE_YEAR)


def half_converted(cells: Iterable[object]) -> bool:
    """Whether a spreadsheet may have turned some of these dates around.

    Where it takes 03/11/2026 for the 11th of March and cannot take 25/03/2026 for anything, the one became a date and
    the other stayed as it was: real dates that are hardly ever after the 12th, beside texts that begin with the day.
    """
    texts, days = False, []
    for cell in cells:
        if isinstance(cell, dt.date):
            days.append(cell.day)
        elif isinstance(cell, str) and cell:
            plain = _plain(cell)
            if (match := _YEAR_FIRST.fullmatch(plain)) is not None:
                days.append(int(match[2]))
            elif (match := _PARTS.fullmatch(plain)) is not None:
                texts = texts or len(readings(cell) - {"ymd"}) == 1
    return texts and sum(day <= _MONTHS_OF_A_YEAR for day in days) >= _MIXED * len(days) > 0


def in_order(cell: object, order: DateOrder | None, forms: SettledForms | None = None) -> object:
    """A cell as a date that reads one way only; what is none is left as it is. Raises CellError."""
    if not isinstance(cell, str) or len(cell) > 40:
        return cell
    text = _plain(cell)
    if match := _PARTS.fullmatch(text):
        if order is None:
            raise CellError("which_order", cell=shown(cell))
        if forms is not None and not forms.hold(cell):
            raise CellError("other_form", cell=shown(cell))
        day = _day(match, order)
        if day is None:
            raise CellError("not_in_order", cell=shown(cell), order=order)
        return day
    if match := _DAY_MONTH.fullmatch(text):
        return _named(cell, match[3], match[2], match[1])
    if match := _MONTH_DAY.fullmatch(text):
        return _named(cell, match[3], match[1], match[2])
    if _NO_DAY.fullmatch(text):
        raise CellError("no_day", cell=shown(cell))
    return cell


def order_in(unit: Unit | None) -> DateOrder | None:
    """The order that the header of a column says: (dd/mm/yyyy)."""
    kinds = frozenset[str]() if unit is None else unit.kinds
    return next((order for order in ORDERS if order in kinds), None)


def _plain(cell: str) -> str:
    return unicodedata.normalize("NFKC", cell[:60]).casefold().strip()


def _day(match: re.Match[str], order: DateOrder) -> dt.date | None:
    first, second, third = match[1], match[3], match[4]
    if order == "ymd":
        year, month, day = first, second, third
        if len(first) != 2 or len(third) > 2:
            return None
    else:
        day, month = (first, second) if order == "dmy" else (second, first)
        year = third
        if len(year) == 1:
            return None
    try:
        return dt.date(_year(year), int(month), int(day))
    except ValueError:
        return None


def _named(cell: str, year: str, month: str, day: str) -> object:
    if month[:3] not in _MONTHS:
        return cell
    try:
        return dt.date(_year(year), _MONTHS.index(month[:3]) + 1, int(day))
    except ValueError:
        raise CellError("no_such_day", cell=shown(cell)) from None


def _year(text: str) -> int:
    year = int(text)
    return year if len(text) == 4 else (2000 if year <= _LAST else 1900) + year
