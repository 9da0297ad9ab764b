"""Readings as columns: what every case of a chunk may be, and how functions carry it over, by eager Polars series.

A column that is the same for all cases stays a plain Python value, and an exact one has the same series at both ends,
so that nothing is worked out twice. Where something can only be nothing its ends are null, and it may be neither true
nor false.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache, reduce
from itertools import product as combined
from typing import Any, Final, TypeAlias, cast

import polars as pl

Flag: TypeAlias = pl.Series | bool
Column: TypeAlias = pl.Series | int | None  # whole numbers, dates as day numbers


@dataclass(frozen=True, slots=True)
class Number:
    """A number or a date from one end to the other. `nothing`: it may be nothing."""

    low: Column
    high: Column
    nothing: Flag = False


@dataclass(frozen=True, slots=True)
class Truth:
    """Whether something may hold, and whether it may fail."""

    holds: Flag
    fails: Flag
    nothing: Flag = False


@dataclass(frozen=True, slots=True)
class Word:
    """One of some words: `may` tells whether it may be this one, `other` whether it may be another."""

    words: tuple[str, ...]
    may: Callable[[str], Flag]
    other: Callable[[str], Flag]
    nothing: Flag = False


@dataclass(frozen=True, slots=True)
class TextColumn:
    """Any text where it is null."""

    values: pl.Series


class NothingColumn:
    """Nothing for every case."""

    nothing = True


Reading: TypeAlias = Number | Truth | Word | TextColumn | NothingColumn
NOTHING: Final = NothingColumn()
_WIDE: Final = pl.Int128
_ROOM: Final = 2**63  # what 64 bits hold
_TRUE: Final = pl.Series([True])
_FALSE: Final = pl.Series([False])


# --- flags ------------------------------------------------------------------------------------------------------------


def both(one: Flag, other: Flag) -> Flag:
    """Both hold."""
    if isinstance(one, bool):
        return other if one else False
    if isinstance(other, bool):
        return one if other else False
    return one & other


def either(one: Flag, other: Flag) -> Flag:
    """At least one holds."""
    if isinstance(one, bool):
        return True if one else other
    if isinstance(other, bool):
        return True if other else one
    return one | other


def contrary(flag: Flag) -> Flag:
    """It does not hold."""
    return not flag if isinstance(flag, bool) else ~flag


def every(flags: Iterable[Flag]) -> Flag:
    """All hold."""
    start: Flag = True
    return reduce(both, flags, start)


def some(flags: Iterable[Flag]) -> Flag:
    """Any holds."""
    start: Flag = False
    return reduce(either, flags, start)


def folded(flag: Flag) -> Flag:
    """The flag, as a plain one where it is the same for all cases."""
    if isinstance(flag, bool):
        return flag
    held = flag.sum()
    return False if held == 0 else True if held == len(flag) else flag


# Polars has most methods of a series, `fill_null` and `is_null` among them, go through a query of their own, thirty
# times as slow as the few that do not. `zip_with` is one of these, and takes a null for false.


def present(column: pl.Series) -> pl.Series:
    """Where a column is not null."""
    return _TRUE.zip_with(column == column, _FALSE)


def blank(column: pl.Series) -> Flag:
    """Where a column is null."""
    return _FALSE.zip_with(column == column, _TRUE) if column.null_count() else False


def filled(column: pl.Series, value: int | bool) -> pl.Series:
    """A column with a value in place of nulls."""
    if not column.null_count():
        return column
    if value is False:
        return _TRUE.zip_with(column, _FALSE)
    return column.zip_with(column == column, _of(value, column.dtype))


@lru_cache(maxsize=1_000)
def _of(value: int | bool | None, kind: Any) -> pl.Series:
    """A value as a column of one, which Polars takes for one of any length."""
    large = isinstance(value, int) and not -_ROOM <= value < _ROOM
    return pl.Series([value], dtype=_WIDE if large else kind)


# --- numbers ----------------------------------------------------------------------------------------------------------


def calculated(function: Callable[[Any, Any], Any], one: Column, other: Column) -> Column:
    """An operator on two columns; null where one of them is. A series of 64 bits must have room for what comes out."""
    if one is None or other is None:
        return None
    if isinstance(one, int) and isinstance(other, int):
        return cast(int, function(one, other))
    return cast(pl.Series, function(*alike(one, other)))


def alike(one: Any, other: Any) -> tuple[Any, Any]:
    """Two columns as Polars reckons with them: of one width, a plain number as a series of one."""
    if isinstance(one, int):
        one = _of(one, other.dtype)
    elif isinstance(other, int):
        other = _of(other, one.dtype)
    kind, another = one.dtype, other.dtype
    if kind is not another and kind != another:  # a type is nearly always the same object, and slow to compare
        return one.cast(_WIDE), other.cast(_WIDE)
    return one, other


def sum_of(one: Column, other: Column) -> Column:
    """One and the other."""
    return calculated(operator.add, one, other)


def minus(one: Column, other: Column) -> Column:
    """One less the other."""
    return calculated(operator.sub, one, other)


def product(one: Column, other: Column) -> Column:
    """One times the other."""
    return calculated(operator.mul, one, other)


def wide(column: Column) -> Column:
    """A column with room for the product of two."""
    return column.cast(_WIDE) if isinstance(column, pl.Series) else column


def narrow(column: Column) -> Column:
    """A column that fits in 64 bits again. Null where it does not, so that a mistake would show in its case alone."""
    return column.cast(pl.Int64, strict=False) if isinstance(column, pl.Series) and column.dtype == _WIDE else column


def quotient(rounding: str, dividend: Column, divisor: Column) -> Column:
    """A quotient, rounded; null where the divisor is 0."""
    if isinstance(divisor, int) and divisor == 0:
        return None
    match rounding:
        case "up":
            return calculated(
                operator.sub, 0, calculated(operator.floordiv, calculated(operator.sub, 0, dividend), divisor)
            )
        case "half_up":
            twice = calculated(operator.add, calculated(operator.mul, dividend, 2), divisor)
            return calculated(operator.floordiv, twice, calculated(operator.mul, divisor, 2))
    return calculated(operator.floordiv, dividend, divisor)


def least(one: Column, other: Column, *, skip: bool = False) -> Column:
    """The smaller one. Null where one of them is, or with `skip` only where both are."""
    return _chosen(operator.lt, one, other, skip)


def greatest(one: Column, other: Column, *, skip: bool = False) -> Column:
    """The larger one, with nulls as in `least`."""
    return _chosen(operator.gt, one, other, skip)


def _chosen(better: Callable[[Any, Any], Any], one: Column, other: Column, skip: bool) -> Column:
    if one is None or other is None:
        return (other if one is None else one) if skip else None
    if one is other:
        return one
    if isinstance(one, int) and isinstance(other, int):
        return one if better(one, other) else other
    left, right = alike(one, other)
    mask = better(left, right)
    if not mask.null_count():
        return cast(pl.Series, left.zip_with(mask, right))
    if skip:
        return cast(pl.Series, left.zip_with(filled(mask, False) | blank(right), right))
    return cast(pl.Series, left.zip_with(mask, right)).zip_with(present(mask), _of(None, left.dtype))


def where(flag: Flag, one: Column, other: Column) -> Column:
    """The first where the flag is true, else the second."""
    if isinstance(flag, bool):
        return one if flag else other
    if one is other:
        return one
    left, right = (each if isinstance(each, pl.Series) else _of(each, pl.Int64) for each in (one, other))
    left, right = alike(left, right)
    return cast(pl.Series, left.zip_with(flag, right))


def more(one: Column, other: Column, *, equal: bool = False) -> Flag:
    """Whether the first is more than the second, or also where they are equal; false where one is nothing."""
    if one is None or other is None:
        return False
    if isinstance(one, int) and isinstance(other, int):
        return one >= other if equal else one > other
    flag = (operator.ge if equal else operator.gt)(*alike(one, other))
    return filled(flag, False)


def exact(reading: Number) -> Flag:
    """Where a number is a value."""
    if reading.low is reading.high:
        return contrary(reading.nothing)
    same = both(more(reading.low, reading.high, equal=True), more(reading.high, reading.low, equal=True))
    return both(same, contrary(reading.nothing))


# --- readings ---------------------------------------------------------------------------------------------------------


def widened(number: Number) -> Number:
    """A number with room for products and sums."""
    return _each_end(wide, number)


def largest(number: Number) -> int:
    """The most that a number comes to, above 0 or below, in any case."""
    columns = (number.low,) if number.low is number.high else (number.low, number.high)
    return max((abs(end) for each in columns for end in extremes(each)), default=0)


def extremes(column: Column) -> tuple[int, ...]:
    """The least and the most of a column; of nulls alone neither."""
    if not isinstance(column, pl.Series):
        return () if column is None else (column,)
    least_, most = column.min(), column.max()
    return () if least_ is None else (cast(int, least_), cast(int, most))


def narrowed(number: Number) -> Number:
    """A number that fits in 64 bits again."""
    return _each_end(narrow, number)


def _each_end(function: Callable[[Column], Column], number: Number) -> Number:
    low = function(number.low)
    return Number(low, low if number.high is number.low else function(number.high), number.nothing)


def with_nothing(reading: Reading, flag: Flag) -> Reading:
    """A reading that may also be nothing where the flag says so."""
    if isinstance(reading, NothingColumn) or flag is False:
        return reading
    match reading:
        case Number(low, high, nothing):
            return Number(low, high, either(nothing, flag))
        case Truth(holds, fails, nothing):
            return Truth(holds, fails, either(nothing, flag))
        case Word(words, may, other, nothing):
            return Word(words, may, other, either(nothing, flag))
    raise TypeError("a text is never nothing")


def carried(function: Callable[..., Column], readings: Sequence[Number], signs: Sequence[int]) -> Number:
    """A function of numbers that rises (1) or falls (-1) steadily in each of them, or either (0)."""
    nothing = some(each.nothing for each in readings)
    if all(each.low is each.high for each in readings):
        value = function(*(each.low for each in readings))
        return Number(value, value, nothing)
    if all(signs):
        lows = [each.low if sign > 0 else each.high for each, sign in zip(readings, signs, strict=True)]
        highs = [each.high if sign > 0 else each.low for each, sign in zip(readings, signs, strict=True)]
        return Number(function(*lows), function(*highs), nothing)
    corners = [function(*point) for point in combined(*map(_points, readings))]
    return Number(reduce(least, corners), reduce(greatest, corners), nothing)


def _points(number: Number) -> tuple[Column, ...]:
    return (number.low,) if number.low is number.high else (number.low, number.high)


def joined(branches: Sequence[tuple[Flag, Reading]], otherwise: Flag = False) -> Reading:
    """Any of the readings whose flag holds; `otherwise`: where it may also be nothing."""
    open_ = [(flag, reading) for flag, reading in branches if flag is not False]
    nothing = some(
        [otherwise, *(both(flag, reading.nothing) for flag, reading in open_ if not isinstance(reading, TextColumn))]
    )
    given = [(flag, reading) for flag, reading in open_ if not isinstance(reading, NothingColumn)]
    if not given:
        return NOTHING
    if all(isinstance(reading, Number) for _, reading in given):
        numbers = cast("list[tuple[Flag, Number]]", given)
        exact_ = all(reading.low is reading.high for _, reading in numbers) and _apart([flag for flag, _ in numbers])
        low = reduce(lambda a, b: least(a, b, skip=True), (where(flag, each.low, None) for flag, each in numbers))
        if exact_:
            return Number(low, low, nothing)
        high = reduce(lambda a, b: greatest(a, b, skip=True), (where(flag, each.high, None) for flag, each in numbers))
        return Number(low, high, nothing)
    if all(isinstance(reading, Truth) for _, reading in given):
        truths = cast("list[tuple[Flag, Truth]]", given)
        return Truth(
            some(both(flag, each.holds) for flag, each in truths),
            some(both(flag, each.fails) for flag, each in truths),
            nothing,
        )
    return _any_word(cast("list[tuple[Flag, Word]]", given), nothing)


def _apart(flags: Sequence[Flag]) -> bool:
    """Whether no case has two of the flags."""
    return all(folded(both(one, other)) is False for number, one in enumerate(flags) for other in flags[:number])


def _any_word(branches: Sequence[tuple[Flag, Word]], nothing: Flag) -> Word:
    words = tuple(dict.fromkeys(word for _, each in branches for word in each.words))

    @cache
    def may(word: str) -> Flag:
        return some(both(flag, each.may(word)) for flag, each in branches if word in each.words)

    return Word(words, may, cache(lambda word: some(may(each) for each in words if each != word)), nothing)


def constant(word: str) -> Word:
    """A word that is the same for all."""
    return Word((word,), lambda other: other == word, lambda other: other != word)
