"""What comes out of readings of a chunk: a column of values, and the ends that comparisons may use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import polars as pl

from rules.formulas import bounds as b
from rules.formulas.columns import column_readings as r
from rules.formulas.columns.column_dates import dates
from rules.formulas.columns.column_readings import Column, Number, Reading, Truth, Word
from rules.pack.files.schema import Fact

TYPES: Final[Mapping[str, Any]] = {
    "text": pl.String,
    "enum": pl.String,
    "bool": pl.Boolean,
    "int": pl.Int64,
    "money": pl.Int64,
    "rate": pl.Int64,
    "date": pl.Date,
}


def value_of(reading: Reading, fact: Fact, height: int) -> pl.Series:
    """The values of a reading: where it can be nothing but one."""
    kind = TYPES[fact.type]
    blank = pl.Series([None], dtype=kind).new_from_index(0, height)
    match reading:
        case Number(low, _, _):
            there = r.exact(reading) if _within(low) else r.both(r.exact(reading), r.more(b.ENDLESS, low))
            numbers = _full(r.where(there, low, None), height)
            return dates(numbers) if fact.type == "date" else numbers
        case Truth(holds, fails, nothing):
            sure = r.both(_one_of_two(holds, fails), r.contrary(nothing))
            found = _flags(holds, height)
            return found.zip_with(_flags(sure, height), blank)
        case Word(words, may, other, nothing):
            for word in words:
                sure = r.both(r.both(may(word), r.contrary(other(word))), r.contrary(nothing))
                if sure is not False:
                    blank = (
                        pl.Series([word], dtype=kind).new_from_index(0, height).zip_with(_flags(sure, height), blank)
                    )
    return blank


def _one_of_two(holds: r.Flag, fails: r.Flag) -> r.Flag:
    """Where exactly one of two flags is true."""
    return r.either(r.both(holds, r.contrary(fails)), r.both(r.contrary(holds), fails))


def ends_of(reading: Number, height: int) -> tuple[pl.Series, pl.Series]:
    """The ends that comparisons may use: none beyond what is endless, and none where it may be nothing."""
    sure = r.contrary(reading.nothing)
    low, high = (r.where(sure, end, None) for end in (reading.low, reading.high))
    if not _within(low):
        low = r.least(low, b.ENDLESS)
        low = r.where(r.more(low, -b.ENDLESS), low, None)
    if not _within(high):
        high = r.where(r.more(b.ENDLESS, high), high, None)
    return _full(low, height), _full(high, height)


def _within(column: Column) -> bool:
    """Whether no number of a column is endless, nor as far below 0."""
    return all(abs(end) < b.ENDLESS for end in r.extremes(column))


def _full(column: Column, height: int) -> pl.Series:
    if not isinstance(column, pl.Series):
        return pl.Series([column], dtype=pl.Int64).new_from_index(0, height)
    return column.cast(pl.Int64, strict=False)


def _flags(flag: r.Flag, height: int) -> pl.Series:
    return flag if isinstance(flag, pl.Series) else pl.Series([flag]).new_from_index(0, height)
