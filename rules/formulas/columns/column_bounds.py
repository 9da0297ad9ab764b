"""What each case of a chunk may still become, out of readings of columns: the bounds that a case's own reading has."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from rules.formulas import bounds as b
from rules.formulas.bounds import Bound
from rules.formulas.columns.column_dates import listed
from rules.formulas.columns.column_readings import Column, Flag, Number, Reading, Truth, Word
from rules.pack.files.schema import Fact


def bounds_of(reading: Reading, fact: Fact, rows: Sequence[int], height: int) -> Iterator[tuple[int, Bound]]:
    """What a reading says of some rows of a chunk that have no value: the bound of each that may still have one."""
    columns, bound = _told(reading, fact)
    known: dict[tuple[Any, ...], Bound | None] = {}  # few rows of a chunk are bounded in a way of their own
    for row, told in zip(rows, zip(*(_at(rows, each, height) for each in columns), strict=True), strict=True):
        if told not in known:
            found = bound(*told)
            known[told] = None if found is b.NOTHING else b.outer(found)
        if (kept := known[told]) is not None:
            yield row, kept


def _told(reading: Reading, fact: Fact) -> tuple[tuple[Column | Flag, ...], Callable[..., b.Reading]]:
    """The columns of a reading, and what a case's own reading is where they say something."""
    match reading:
        case Number(low, high, nothing):
            return (low, high, nothing), _date if fact.type == "date" else _number
        case Truth(holds, fails, nothing):
            return (holds, fails, nothing), b.truth
        case Word(words, may, _, nothing):

            def some(gone: bool, *flags: bool) -> b.Reading:
                return b.choice([word for word, may_be in zip(words, flags, strict=True) if may_be], gone)

            return (nothing, *map(may, words)), some
    return (None,), lambda _: b.NOTHING


def _number(low: int | None, high: int | None, nothing: bool) -> b.Reading:
    return b.NOTHING if low is None or high is None else b.interval(low, high, nothing)


def _date(low: int | None, high: int | None, nothing: bool) -> b.Reading:
    if low is None or high is None:
        return b.NOTHING
    return b.interval(dt.date.fromordinal(low), dt.date.fromordinal(high), nothing)


def _at(rows: Sequence[int], column: Column | Flag, height: int) -> list[Any]:
    """A column at some rows; one of a single value is the same for all."""
    found = listed(column, height)
    return found * len(rows) if len(found) < height else [found[row] for row in rows]
