"""Dates as columns of day numbers; what the calendar says is asked once for every different case."""

from __future__ import annotations

import datetime as dt
import operator
from collections.abc import Callable
from typing import Any, Final

import polars as pl

from rules.formulas.columns.column_readings import Column, calculated, greatest, least

EPOCH: Final = dt.date(1970, 1, 1).toordinal()
_LAST: Final = dt.date.max.toordinal()
_KEPT: Final = 50_000  # answers of one function


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


def asked(function: Callable[..., Any], *dated: bool) -> Callable[..., Column]:
    """A function of dates (where `dated`) and numbers, over columns."""
    known: dict[tuple[int | None, ...], int | None] = {}

    def answer(arguments: tuple[int | None, ...]) -> int | None:
        if None in arguments:
            return None
        found = function(*map(_given, arguments, dated))
        return found.toordinal() if isinstance(found, dt.date) else int(found)

    def over(*columns: Column) -> Column:
        series = [each for each in columns if isinstance(each, pl.Series)]
        height = len(series[0]) if series else 1
        rows = list(zip(*(listed(each, height) for each in columns), strict=True))
        if len(known) > _KEPT:
            known.clear()
        known.update((row, answer(row)) for row in set(rows).difference(known))
        return pl.Series([known[row] for row in rows], dtype=pl.Int64) if series else known[rows[0]]

    return over


def _given(argument: Any, date: bool) -> dt.date | int:
    return dt.date.fromordinal(argument) if date else int(argument)


def listed(column: Column, height: int) -> list[int | None]:
    """The column as a list."""
    return column.to_list() if isinstance(column, pl.Series) else [column] * height
