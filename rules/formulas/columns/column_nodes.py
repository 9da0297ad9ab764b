"""The nodes of formulas over columns that are more than an operator: choices, tables, shares, dated parameters."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Final, TypeAlias

import polars as pl

from rules.formulas import bounds as b
from rules.formulas.columns import column_readings as r
from rules.formulas.columns.column_dates import distinct, steps
from rules.formulas.columns.column_readings import (
    NOTHING,
    Column,
    NothingColumn,
    Number,
    Reading,
    TextColumn,
    Truth,
    Word,
)
from rules.formulas.derivation import over
from rules.formulas.sizes import reckoned
from rules.pack import formulas as f
from rules.pack.files.schema import Parameter

_ROOM: Final = 2**63  # what 64 bits hold


@dataclass
class ChunkColumns:
    """The cases of a chunk: the columns of what was given or stood in for, and what has been read of them."""

    table: pl.DataFrame
    stood_in: dict[str, pl.Series] = field(default_factory=dict)
    facts: dict[str, Reading] = field(default_factory=dict)
    done: dict[int, Reading] = field(default_factory=dict)


Read: TypeAlias = Callable[[ChunkColumns], Reading]


def dated(parameter: Parameter, on: Read) -> Read:
    """A parameter on the days of a column. Between two days on which it changes, one is as another."""
    changes = {each.valid_from.toordinal() for each in parameter.values}
    changes |= {each.valid_to.toordinal() + 1 for each in parameter.values if each.valid_to}
    breaks = sorted(changes)
    begun, many = steps(tuple(breaks)), len(breaks) + 1

    @cache
    def of_period(first: int, last: int) -> tuple[int | None, int | None, bool]:
        low, high = (dt.date.fromordinal(breaks[at - 1] if at else max(1, breaks[0] - 1)) for at in (first, last))
        found = over(parameter, low, high)
        return (None, None, True) if found is b.NOTHING else (*b.ends(found), b.maybe_nothing(found))

    def read(chunk: ChunkColumns) -> Reading:
        day = on(chunk)
        if not isinstance(day, Number):
            return NOTHING
        first = begun.of(day.low)
        last = first if day.low is day.high else begun.of(day.high)
        period = r.sum_of(r.product(first, many), last)
        if period is None:
            return NOTHING
        if isinstance(period, int):
            least, most, gone = of_period(*divmod(period, many))
            return Number(least, most, r.either(gone, day.nothing))
        told = {each: of_period(*divmod(each, many)) for each in distinct(period) if each is not None}
        settled = all(low == high for low, high, _ in told.values())
        low, high = (looked_up({each: found[at] for each, found in told.items()}, period) for at in (0, 1))
        nothing = looked_up({each: int(found[2]) for each, found in told.items()}, period)
        absent = r.folded(r.either(r.blank(nothing), r.more(nothing, 0)))
        return Number(low, low if settled else high, r.either(absent, day.nothing))

    return read


def looked_up(answers: Mapping[int, int | None], places: pl.Series) -> pl.Series:
    """The answers in the places of a column of them; null where that is."""
    row = [answers.get(place) for place in range(max(answers, default=-1) + 1)]
    return pl.Series([*row, None], dtype=pl.Int64)[places.cast(pl.UInt32)]


def of_texts(texts: pl.Series, function: Callable[[str | None], int | None]) -> pl.Series:
    """What a function says of texts, asked once for each."""
    if texts.null_count() == len(texts):
        return pl.Series([function(None)], dtype=pl.Int64).new_from_index(0, len(texts))
    answers = [(text, function(text)) for text in distinct(texts)]
    told = pl.DataFrame(answers, schema={"text": pl.String, "answer": pl.Int64}, orient="row")
    return texts.to_frame("text").join(told, on="text", how="left", nulls_equal=True, maintain_order="left")["answer"]


def share(whole: f.Share, arguments: Sequence[Read]) -> Read:
    def over_(dividend: Column, divisor: Column, rounding: str = "down") -> Column:
        return r.quotient(rounding, dividend, divisor)

    def exact(of: Column, balance: Column, before: Column, total: Column) -> Column:
        shared = r.greatest(0, r.least(of, total))
        reached = r.product(shared, r.sum_of(before, balance))
        part = r.minus(over_(reached, total), over_(r.product(shared, before), total))
        part = r.where(r.more(shared, 0), part, r.where(there(shared), 0, None))
        return r.greatest(0, r.least(of, part))

    def read(chunk: ChunkColumns) -> Reading:
        readings = [each(chunk) for each in arguments]
        numbers = [each for each in readings if isinstance(each, Number)]
        if len(numbers) < len(readings):
            return NOTHING
        if reckoned(whole, [r.largest(each) for each in numbers]) >= _ROOM:
            numbers = [r.widened(each) for each in numbers]
        nothing = r.some(each.nothing for each in numbers)
        lows, highs = [each.low for each in numbers], [each.high for each in numbers]
        settled = r.folded(r.every(r.exact(each) for each in numbers))
        known = there(*lows) if nothing is not False else True  # where a part is nothing, all is
        value = r.where(known, exact(*lows), None)
        if all(each.low is each.high for each in numbers):
            return Number(value, value, nothing)
        (low, least, _, smallest), (high, most, _, largest) = lows, highs
        fewest = over_(r.product(least, r.least(low, largest)), largest)
        fewest = r.where(
            r.both(r.more(low, 0), r.more(smallest, 0)), fewest, r.where(there(low, least, largest), 0, None)
        )
        greatest = over_(r.product(most, r.least(high, smallest)), smallest, "up")
        greatest = r.where(r.more(smallest, 0), greatest, most)
        bottom = r.greatest(0, r.least(low, fewest))
        top = r.greatest(0, r.least(high, greatest))
        bottom, top = r.where(known, bottom, None), r.where(known, top, None)
        return Number(r.where(settled, value, bottom), r.where(settled, value, top), nothing)

    return read


def there(*columns: Column) -> r.Flag:
    """Where none of them is null."""
    return r.every(r.contrary(r.blank(each)) if isinstance(each, pl.Series) else each is not None for each in columns)


def negated(member: Read) -> Read:
    def read(chunk: ChunkColumns) -> Reading:
        reading = member(chunk)
        return Truth(reading.fails, reading.holds, reading.nothing) if isinstance(reading, Truth) else NOTHING

    return read


def exists(of: Read) -> Read:
    def read(chunk: ChunkColumns) -> Reading:
        reading = of(chunk)
        if isinstance(reading, TextColumn):
            return Truth(True, False)
        return Truth(_something(reading), reading.nothing)

    return read


def _something(reading: Reading) -> r.Flag:
    """Where it is not sure to be nothing."""
    match reading:
        case Number(low, _, nothing):
            return True if nothing is False else there(low)
        case Truth(holds, fails, nothing):
            return True if nothing is False else r.either(holds, fails)
        case Word(words, may, _, nothing):
            return True if nothing is False else r.some(may(word) for word in words)
    return isinstance(reading, TextColumn)


def choice(condition: Read, then: Read, otherwise: Read) -> Read:
    def read(chunk: ChunkColumns) -> Reading:
        holds = condition(chunk)
        if not isinstance(holds, Truth):
            return NOTHING
        flags = r.folded(holds.holds), r.folded(holds.fails)
        branches = [
            (flag, each(chunk)) for flag, each in zip(flags, (then, otherwise), strict=True) if flag is not False
        ]
        return r.joined(branches, r.folded(holds.nothing))

    return read


def fallback(first: Read, second: Read) -> Read:
    def read(chunk: ChunkColumns) -> Reading:
        reading = first(chunk)
        if isinstance(reading, NothingColumn):
            return second(chunk)
        nothing = False if isinstance(reading, TextColumn) else r.folded(reading.nothing)
        if nothing is False:
            return reading
        return r.joined([(_something(reading), _without_nothing(reading)), (nothing, second(chunk))])

    return read


def _without_nothing(reading: Reading) -> Reading:
    match reading:
        case Number(low, high, _):
            return Number(low, high)
        case Truth(holds, fails, _):
            return Truth(holds, fails)
        case Word(words, may, other, _):
            return Word(words, may, other)
    return reading


def buckets(of: Read, ends: Sequence[int], gives: Sequence[Read]) -> Read:
    def read(chunk: ChunkColumns) -> Reading:
        reading = of(chunk)
        if not isinstance(reading, Number):
            return NOTHING
        low, high = reading.low, reading.high
        if isinstance(low, int) and isinstance(high, int):
            within = range(bisect_left(ends, low), bisect_left(ends, high) + 1)
            return r.joined([(True, gives[place](chunk)) for place in within], reading.nothing)
        branches = []
        for place, each in enumerate(gives):
            reached = True if place == 0 else r.more(high, ends[place - 1])
            left = True if place == len(ends) else r.more(ends[place], low, equal=True)
            flag = r.folded(r.both(reached, left))
            if flag is not False:
                branches.append((flag, each(chunk)))
        return r.joined(branches, reading.nothing)

    return read


def kept(given: Reading, reading: Reading, flag: pl.Series) -> Reading:
    """The reading, but what was given where the flag is true."""
    return r.joined([(flag, given), (~flag, reading)])
