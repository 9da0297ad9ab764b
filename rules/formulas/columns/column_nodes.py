"""The nodes of formulas over columns that are more than an operator: choices, tables, shares, dated parameters."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import polars as pl

from rules.formulas import bounds as b
from rules.formulas.columns import column_readings as r
from rules.formulas.columns.column_dates import listed
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
from rules.pack.files.schema import Parameter

_KEPT: Final = 10_000  # days that a parameter was read on


@dataclass
class ChunkColumns:
    """The cases of a chunk: the columns of what was given or stood in for, and what has been read of them."""

    table: pl.DataFrame
    stood_in: dict[str, pl.Series] = field(default_factory=dict)
    facts: dict[str, Reading] = field(default_factory=dict)
    done: dict[int, Reading] = field(default_factory=dict)


Read: TypeAlias = Callable[[ChunkColumns], Reading]


def dated(parameter: Parameter, on: Read) -> Read:
    known: dict[tuple[int | None, int | None], tuple[int | None, int | None, bool]] = {}

    def of_period(low: int | None, high: int | None) -> tuple[int | None, int | None, bool]:
        if low is None or high is None:
            return None, None, True
        found = over(parameter, dt.date.fromordinal(low), dt.date.fromordinal(high))
        return (None, None, True) if found is b.NOTHING else (*b.ends(found), b.maybe_nothing(found))

    def read(chunk: ChunkColumns) -> Reading:
        day = on(chunk)
        if not isinstance(day, Number):
            return NOTHING
        height = chunk.table.height
        periods = list(zip(listed(day.low, height), listed(day.high, height), strict=True))
        if len(known) > _KEPT:
            known.clear()
        known.update((period, of_period(*period)) for period in set(periods) - known.keys())
        rows = [known[period] for period in periods]
        low, high = (pl.Series([row[place] for row in rows], dtype=pl.Int64) for place in (0, 1))
        nothing = r.folded(pl.Series([row[2] for row in rows], dtype=pl.Boolean))
        settled = all(low == high or low is None for low, high, _ in set(rows))
        return Number(low, low if settled else high, r.either(nothing, day.nothing))

    return read


def share(arguments: Sequence[Read]) -> Read:
    def times(one: Column, other: Column) -> Column:
        return r.product(r.wide(one), r.wide(other))

    def over_(dividend: Column, divisor: Column, rounding: str = "down") -> Column:
        return r.quotient(rounding, dividend, r.wide(divisor))

    def exact(of: Column, balance: Column, before: Column, total: Column) -> Column:
        shared = r.greatest(0, r.least(of, total))
        reached = times(shared, r.sum_of(r.wide(before), r.wide(balance)))
        part = r.minus(over_(reached, total), over_(times(shared, before), total))
        part = r.where(r.more(shared, 0), part, r.where(there(shared), 0, None))
        return r.greatest(0, r.least(of, part))

    def read(chunk: ChunkColumns) -> Reading:
        readings = [each(chunk) for each in arguments]
        numbers = [each for each in readings if isinstance(each, Number)]
        if len(numbers) < len(readings):
            return NOTHING
        nothing = r.some(each.nothing for each in numbers)
        lows, highs = [each.low for each in numbers], [each.high for each in numbers]
        settled = r.folded(r.every(r.exact(each) for each in numbers))
        known = there(*lows) if nothing is not False else True  # where a part is nothing, all is
        value = r.where(known, exact(*lows), None)
        if all(each.low is each.high for each in numbers):
            return Number(value, value, nothing)
        (low, least, _, smallest), (high, most, _, largest) = lows, highs
        fewest = over_(times(least, r.least(low, largest)), largest)
        fewest = r.where(
            r.both(r.more(low, 0), r.more(smallest, 0)), fewest, r.where(there(low, least, largest), 0, None)
        )
        greatest = over_(times(most, r.least(high, smallest)), smallest, "up")
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
