"""Dates as columns of day numbers; what the calendar says of a day is asked once, and looked up by its number."""

from __future__ import annotations

import datetime as dt
import operator
from bisect import bisect_right
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

import polars as pl

from rules.formulas.columns.column_readings import Column, calculated, greatest, least, minus, more, sum_of, where

EPOCH: Final = dt.date(1970, 1, 1).toordinal()
_LAST: Final = dt.date.max.toordinal()
_KEPT: Final = 50_000  # answers of one function
_FEW: Final = 32  # rows up to which a look-up takes longer than asking for each
# The days that are looked up: those that a case may name, and what is counted from them.
_FIRST_KEPT: Final = dt.date(1800, 1, 1).toordinal()
_DAYS_KEPT: Final = 2**17
_UNASKED: Final = pl.Series([None], dtype=pl.Int64)


def day_numbers(dates: pl.Series) -> pl.Series:
    """A column of dates as whole numbers."""
    return dates.cast(pl.Int32).cast(pl.Int64) + EPOCH


def dates(numbers: pl.Series) -> pl.Series:
    """A column of day numbers as dates."""
    return (numbers - EPOCH).cast(pl.Int32).cast(pl.Date)


def days_after(start: Column, days: Column) -> Column:
    """The day so many days on (back where negative), no further than the calendar goes."""
    # More days than the calendar has lead past its end as well.
    within = greatest(-_LAST, least(_LAST, days))
    return greatest(1, least(_LAST, calculated(operator.add, start, within)))


class DayTable:
    """What a function says of days by their numbers: each is asked once, and its answer kept in its place."""

    def __init__(self, function: Callable[[int], int]) -> None:
        self._function = function
        self._answers = _UNASKED  # changed as a whole, so that threads need not wait for each other

    def of(self, days: Column) -> Column:
        """Its answers; null where a day is."""
        if not isinstance(days, pl.Series):
            return None if days is None else self._function(days)
        if len(days) <= _FEW or not _kept(days):
            known = {day: None if day is None else self._function(day) for day in distinct(days)}
            return pl.Series([known[day] for day in days.to_list()], dtype=pl.Int64)
        places = (days - _FIRST_KEPT).cast(pl.UInt32)
        if len(self._answers) == _DAYS_KEPT:
            found = self._answers[places]
            if found.null_count() == places.null_count():
                return found
        return self._asked(places)[places]

    def _asked(self, places: pl.Series) -> pl.Series:
        """The answers with those that these places lack."""
        whole = len(self._answers) == _DAYS_KEPT
        answers = self._answers.clone() if whole else _UNASKED.new_from_index(0, _DAYS_KEPT)
        new = [place for place in distinct(places) if place is not None and answers[place] is None]
        answers.scatter(new, [self._function(_FIRST_KEPT + place) for place in new])
        self._answers = answers
        return answers


def _kept(days: pl.Series) -> bool:
    """Whether all of some days are among those that are looked up."""
    first, last = days.min(), days.max()
    return first is None or (first >= _FIRST_KEPT and last < _FIRST_KEPT + _DAYS_KEPT)  # type: ignore[operator]


def distinct(column: pl.Series) -> set[Any]:
    """The values of a column, each once."""
    return set((column if len(column) <= _FEW else column.unique()).to_list())


def _of_dates(function: Callable[[dt.date], int]) -> DayTable:
    return DayTable(lambda day: function(dt.date.fromordinal(day)))


def _in_year(day: dt.date) -> int:
    """The place of a day in its year: where there is no 29 February, the 28th is in its place."""
    last_of_february = (day.month, day.day) == (2, 28) and (day + dt.timedelta(days=1)).day == 1
    return 229 if last_of_february else day.month * 100 + day.day


_YEAR: Final = _of_dates(lambda day: day.year)
_MONTH: Final = _of_dates(lambda day: day.year * 12 + day.month)
_DAY_OF_MONTH: Final = _of_dates(lambda day: day.day)
_BEGAN_IN_YEAR: Final = _of_dates(lambda day: day.month * 100 + day.day)
_ENDS_IN_YEAR: Final = _of_dates(_in_year)


def months_begun(start: Column, end: Column) -> Column:
    """Months from one day to a later one, a begun month counted whole."""
    begun = where(more(_DAY_OF_MONTH.of(end), _DAY_OF_MONTH.of(start)), 1, 0)
    return sum_of(minus(_MONTH.of(end), _MONTH.of(start)), begun)


def full_years(start: Column, end: Column) -> Column:
    """Full years from one day to another, anniversaries of 29 February on the 28th."""
    to_come = where(more(_BEGAN_IN_YEAR.of(start), _ENDS_IN_YEAR.of(end)), 1, 0)
    return minus(minus(_YEAR.of(end), _YEAR.of(start)), to_come)


def asked(function: Callable[..., Any], *dated: bool) -> Callable[..., Column]:
    """A function of dates (where `dated`) and numbers, over columns: asked once for every different case."""
    known: dict[tuple[int | None, ...], int | None] = {}

    def answer(arguments: tuple[int | None, ...]) -> int | None:
        return None if None in arguments else _answer(function, dated, arguments)

    def over(*columns: Column) -> Column:
        series = [place for place, each in enumerate(columns) if isinstance(each, pl.Series)]
        if not series:
            return answer(columns)  # type: ignore[arg-type]
        (place, *others), height = series, len(columns[series[0]])  # type: ignore[arg-type]
        if not others and dated[place] and None not in columns[:place] + columns[place + 1 :]:
            return _table(function, dated, place, (*columns[:place], *columns[place + 1 :])).of(columns[place])
        rows = list(zip(*(listed(each, height) for each in columns), strict=True))
        if len(known) > _KEPT:
            known.clear()
        known.update((row, answer(row)) for row in set(rows).difference(known))
        return pl.Series([known[row] for row in rows], dtype=pl.Int64)

    return over


@lru_cache(maxsize=32)
def _table(function: Callable[..., Any], dated: tuple[bool, ...], place: int, others: tuple[int, ...]) -> DayTable:
    """A function of one day, its other arguments being the same for all."""
    return DayTable(lambda day: _answer(function, dated, (*others[:place], day, *others[place:])))


@lru_cache(maxsize=32)
def steps(breaks: tuple[int, ...]) -> DayTable:
    """How many of some days, in their order, have begun."""
    return DayTable(lambda day: bisect_right(breaks, day))


def _answer(function: Callable[..., Any], dated: tuple[bool, ...], arguments: tuple[Any, ...]) -> int:
    found = function(*map(_given, arguments, dated))
    return found.toordinal() if isinstance(found, dt.date) else int(found)


def _given(argument: Any, date: bool) -> dt.date | int:
    return dt.date.fromordinal(argument) if date else int(argument)


def listed(column: Column, height: int) -> list[int | None]:
    """The column as a list."""
    return column.to_list() if isinstance(column, pl.Series) else [column] * height
