"""Bounds: what a value may still become while facts are missing, and how functions carry them over.

A reading of an expression is a value where it is exact, and a bound otherwise. A bound of a single value that cannot be
nothing is that value: `interval`, `choice` and `join` see to it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, Final, TypeAlias

from rules.pack.formulas import Comparison

Point: TypeAlias = int | dt.date
ENDLESS: Final = 2**62  # more than any number; no bound says more than that


@dataclass(frozen=True, slots=True)
class Interval:
    """A number or a date from one end to the other, both included; None is no limit. `nothing`: or it is nothing."""

    low: Any  # a Point of one kind at both ends
    high: Any
    nothing: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """One of some words or booleans; None is any text. `nothing`: or it is nothing."""

    values: frozenset[str | bool] | None
    nothing: bool = False


Bound: TypeAlias = Interval | Choice
# A value, where it is exact, or a bound. Any: which of them an expression can give the loader has proved.
Reading: TypeAlias = Any

NOTHING: Final = Choice(frozenset(), nothing=True)
EITHER: Final = Choice(frozenset((True, False)))
BOUNDS: Final[frozenset[Any]] = frozenset((Interval, Choice))  # a look-up is the quickest test there is


def interval(low: Point, high: Point, nothing: bool = False) -> Reading:
    """A value from one end to the other."""
    return low if low == high and not nothing else Interval(low, high, nothing)


def choice(values: Collection[str | bool], nothing: bool = False) -> Reading:
    """One of these."""
    if not values:
        return NOTHING
    return next(iter(values)) if len(values) == 1 and not nothing else Choice(frozenset(values), nothing)


def truth(may_hold: bool, may_fail: bool, nothing: bool = False) -> Reading:
    """What a condition may still turn out to be."""
    return choice([value for value, may in ((True, may_hold), (False, may_fail)) if may], nothing)


def maybe_nothing(reading: Reading) -> bool:
    """Whether it can turn out to be nothing."""
    return reading.__class__ in BOUNDS and reading.nothing


def without_nothing(reading: Reading) -> Reading:
    """What it is where it is not nothing."""
    if isinstance(reading, Interval):
        return interval(reading.low, reading.high)
    return choice(reading.values) if isinstance(reading, Choice) and reading.values is not None else reading


def with_nothing(reading: Reading) -> Reading:
    """The same, or nothing."""
    if isinstance(reading, Interval | Choice):
        return reading if reading.nothing else replace(reading, nothing=True)
    if isinstance(reading, bool | str):
        return Choice(frozenset((reading,)), nothing=True)
    return Interval(reading, reading, nothing=True)


def ends(reading: Reading) -> tuple[Any, Any]:
    """The least and the most that a number or a date may be."""
    return (reading.low, reading.high) if isinstance(reading, Interval) else (reading, reading)


def values_of(reading: Reading) -> frozenset[str | bool] | None:
    """What a word or a boolean may be; None is any text."""
    return reading.values if isinstance(reading, Choice) else frozenset((reading,))


def join(readings: Iterable[Reading]) -> Reading:
    """Any of these."""
    given = list(readings)
    if all(each is given[0] for each in given):
        return given[0]
    nothing = any(maybe_nothing(each) for each in given)
    some = [each for each in given if each is not NOTHING]
    if not some:
        return NOTHING
    if isinstance(some[0], bool | str | Choice):
        found: set[str | bool] = set()
        for each in some:
            values = values_of(each)
            if values is None:
                return Choice(None, nothing)
            found |= values
        return choice(found, nothing)
    lows, highs = zip(*(ends(each) for each in some), strict=True)
    return interval(min(lows), max(highs), nothing)


def carried(function: Callable[..., Any], readings: Sequence[Reading]) -> Reading:
    """A function of numbers and dates over bounds.

    It must rise or fall steadily in each argument, whichever way: its ends then lie at the ends of its arguments.
    """
    if any(each is NOTHING for each in readings):
        return NOTHING
    corners = [function(*point) for point in product(*map(_points, readings))]
    return interval(min(corners), max(corners), any(map(maybe_nothing, readings)))


def _points(reading: Reading) -> tuple[Any, ...]:
    return (reading.low, reading.high) if isinstance(reading, Interval) else (reading,)


def compared(left: Reading, word: Comparison, right: Reading) -> Reading:
    """A comparison over bounds."""
    if left is NOTHING or right is NOTHING:
        return NOTHING
    nothing = maybe_nothing(left) or maybe_nothing(right)
    if isinstance(left, bool | str | Choice):
        one, other = values_of(left), values_of(right)
        may_equal = one is None or other is None or not one.isdisjoint(other)
        may_differ = one is None or other is None or len(one | other) > 1
    else:
        (low, high), (least, most) = ends(left), ends(right)
        match word:
            case "more_than":
                return truth(high > least, low <= most, nothing)
            case "at_least":
                return truth(high >= least, low < most, nothing)
            case "less_than":
                return truth(low < most, high >= least, nothing)
            case "at_most":
                return truth(low <= most, high > least, nothing)
        may_equal, may_differ = low <= most and least <= high, not low == high == least == most
    if word == "equals":
        return truth(may_equal, may_differ, nothing)
    return truth(may_differ, may_equal, nothing)


def all_of(members: Sequence[Reading]) -> Reading:
    """Whether all hold: one that fails decides, whatever the others are."""
    return _decided(members, deciding=False)


def any_of(members: Sequence[Reading]) -> Reading:
    """Whether any holds: one that holds decides, whatever the others are."""
    return _decided(members, deciding=True)


def _decided(members: Sequence[Reading], *, deciding: bool) -> Reading:
    if all(each is NOTHING for each in members):
        return NOTHING
    sets = [values_of(each) or frozenset() for each in members]
    if any(deciding is each for each in members):
        return deciding
    possible = []
    if any(deciding in each for each in sets):
        possible.append(deciding)
    if all((not deciding) in each for each in sets):
        possible.append(not deciding)
    return choice(possible, any(map(maybe_nothing, members)))


def negated(reading: Reading) -> Reading:
    """The contrary of a condition."""
    if isinstance(reading, Choice):
        return choice([not value for value in reading.values or ()], reading.nothing)
    return not reading


def outer(bound: Reading) -> Bound:
    """A bound as it is told: beyond ENDLESS it has no limit. What is endless is so from its beginning."""
    if bound == ENDLESS:
        return Interval(ENDLESS, None)
    known: Bound = bound
    if isinstance(known, Choice) or isinstance(known.low, dt.date):
        return known
    low, high = known.low, known.high
    if low > -ENDLESS and high < ENDLESS:
        return known
    return Interval(min(low, ENDLESS) if low > -ENDLESS else None, high if high < ENDLESS else None, known.nothing)
