"""Trends: how what a formula says of a case goes on from day to day, and for how long that can be told.

The fifth reading of a formula, beside value, bounds, columns and words. What stands in it is either steady, or its ends
move by so much a day, but for some slack: whole months, roundings, days off. Where that cannot be told, the trend ends
with the day; a trend may end too early, never too late.
"""

from __future__ import annotations

import datetime as dt
import math
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from functools import partial, reduce
from typing import Any, Final, NamedTuple

from rules.formulas.bounds import BOUNDS, NOTHING, Choice, Interval, Reading, ends, interval, maybe_nothing
from rules.formulas.reader import rounded
from rules.pack import formulas as f

ALWAYS: Final = 400_000  # days: longer than any calendar here
_YEAR: Final = 366
_NEARLY: Final = 1e-6  # of a day, by which rates that are no whole numbers may be wrong
SELDOM: Final = 1 / 7  # steps a day of what is told to the step
_LEAP: Final = 2  # days by which the same number of years may be longer or shorter
_WHOLE: Final = 10_000  # basis points
_UNORDERED: Final[frozenset[type]] = frozenset((bool, str, Choice))
# By how much two whole numbers must differ for the other answer.
CUTS: Final[Mapping[f.Comparison, tuple[int, ...]]] = {
    "at_least": (0,),
    "less_than": (0,),
    "more_than": (1,),
    "at_most": (1,),
    "equals": (0, 1),
    "not_equals": (0, 1),
}


class End(NamedTuple):
    """How an end of a reading moves: what it gains a day, and by how much it may be off."""

    rate: float = 0
    slack: float = 0


STEADY: Final = End()
DAILY: Final = End(1)


class Trend(NamedTuple):
    """A reading of today, how its ends move, and for how many days that is so, today being the first."""

    reading: Reading
    low: End = STEADY
    high: End = STEADY
    days: int = ALWAYS

    @property
    def steady(self) -> bool:
        """Whether it says the same all the time."""
        return self.low is STEADY is self.high


def until_cut(trend: Trend, cuts: Sequence[int]) -> int:
    """For how many days no end of a trend passes any of the cuts: it is at least one, or less than it, as today."""
    days = trend.days
    if trend.reading.__class__ in _UNORDERED or trend.steady:
        return days
    low, high = map(_number, ends(trend.reading))
    for cut in cuts:
        days = min(days, passes(low - cut, *trend.low), passes(high - cut, *trend.high))
    return days


def until_met(trend: Trend) -> int:
    """For how many days what is a value stays one, and what is a bound a bound: its ends may part, or meet."""
    reading = trend.reading
    if not isinstance(reading, Interval):
        return trend.days if trend.low == trend.high else 1
    if trend.steady:
        return trend.days
    width = _number(reading.high) - _number(reading.low)
    return min(trend.days, passes(width - 1, *_less(trend.high, trend.low)))


def until_compared(left: Trend, right: Trend, word: f.Comparison) -> int:
    """For how many days a comparison of two trends gives the same."""
    days = min(left.days, right.days)
    if left.steady and right.steady:
        return days
    (low, high), (least, most) = map(ends, (left.reading, right.reading))
    gaps = (
        (_number(low) - _number(most), _less(left.low, right.high)),
        (_number(high) - _number(least), _less(left.high, right.low)),
    )
    return min(days, *(passes(gap - cut, *end) for gap, end in gaps for cut in CUTS[word]))


def days_of(inner: Sequence[Trend]) -> int:
    return min([each.days for each in inner])


def unsure(reading: Reading, inner: Sequence[Trend]) -> Trend:
    """What is steady where all it is made of is, and else may be another tomorrow."""
    return Trend(reading, days=days_of(inner) if all(each.steady for each in inner) else 1)


def dated(reading: Reading, on: Trend, today: Reading) -> Trend:
    """A parameter on a day of the past, known or not: what it will be from a day to come on is looked at elsewhere."""
    known = on.steady or (on.low == STEADY and isinstance(on.reading, Interval) and on.reading.high == today)
    return Trend(reading, days=on.days if known else 1)


def added(reading: Reading, one: Trend, other: Trend) -> Trend:
    days = one.days if one.days < other.days else other.days
    if other.low is STEADY is other.high:
        return Trend(reading, one.low, one.high, days)
    if one.low is STEADY is one.high:
        return Trend(reading, other.low, other.high, days)
    return Trend(reading, _more(one.low, other.low), _more(one.high, other.high), days)


def subtracted(reading: Reading, one: Trend, other: Trend) -> Trend:
    days = one.days if one.days < other.days else other.days
    if other.low is STEADY is other.high:
        return Trend(reading, one.low, one.high, days)
    return Trend(reading, _less(one.low, other.high), _less(one.high, other.low), days)


def product(reading: Reading, one: Trend, other: Trend) -> Trend:
    """A moving factor and a steady one, neither below 0, as long as it is not below 0 either."""
    factor, moving = (one, other) if one.steady else (other, one)
    if not factor.steady or moving.steady:
        return unsure(reading, (one, other))
    low, high = ends(factor.reading)
    if low < 0 or ends(moving.reading)[0] < 0:
        return unsure(reading, (one, other))
    days = min(factor.days, until_cut(moving, (0,)))
    return Trend(reading, _times(moving.low, low), _times(moving.high, high), days)


def quotient(reading: Reading, inner: Sequence[Trend], division: f.Divide) -> Trend:
    """A moving dividend by a steady number."""
    dividend, divisor = inner[:2]
    by = divisor.reading
    if dividend.steady or not divisor.steady or by.__class__ in BOUNDS or by <= 0:
        return unsure(reading, inner)
    up, down = division.factors
    days = min(dividend.days, divisor.days)
    factor = up / (by * down)
    if dividend.reading.__class__ is int and dividend.low == dividend.high == DAILY and factor < SELDOM:
        # It steps now and then, as a number of begun months does.
        quotient, first = rounded(division.rounding), dividend.reading

        def is_other(day: int) -> bool:
            return bool(quotient((first + day) * up, by * down) != reading)

        return Trend(reading, days=min(days, 1 + bisect_left(range(1, _YEAR), True, key=is_other)))
    low, high = _times(dividend.low, factor, 1), _times(dividend.high, factor, 1)  # 1: rounded
    return Trend(reading, low, high, days)


def portion(reading: Reading, one: Trend, other: Trend) -> Trend:
    found = product(reading, one, other)
    if found.steady:
        return found
    return found._replace(low=_times(found.low, 1 / _WHOLE, 1), high=_times(found.high, 1 / _WHOLE, 1))


def extreme(one: Trend, other: Trend, sign: int) -> Trend:
    """The least (-1) or the greatest (1) of two: each end goes on as the one it is today, until the other passes it."""
    if one.reading is NOTHING or other.reading is NOTHING:
        return Trend(NOTHING, days=min(one.days, other.days))
    (low, high), (least, most) = ends(one.reading), ends(other.reading)
    nothing = maybe_nothing(one.reading) or maybe_nothing(other.reading)
    outer = max if sign > 0 else min
    reading = interval(outer(low, least), outer(high, most), nothing)
    if one.steady and other.steady:
        return Trend(reading, days=min(one.days, other.days))
    end, days = _leading(_number(low) - _number(least), one.low, other.low, sign)
    last = end
    if low is not high or least is not most or one.low != one.high or other.low != other.high:
        last, later = _leading(_number(high) - _number(most), one.high, other.high, sign)
        days = min(days, later)
    return Trend(reading, end, last, min(days, one.days, other.days))


def _leading(gap: float, one: End, other: End, sign: int) -> tuple[End, int]:
    """Which of two ends is the one that counts, and for how many days; `gap` is the first less the second."""
    gap, rate = sign * gap, sign * (one.rate - other.rate)
    if gap < 0 or (gap == 0 and rate < 0):
        one, other, gap, rate = other, one, -gap, -rate
    return one, passes(gap, rate, one.slack + other.slack) if one != other else ALWAYS


def stepping(
    reading: Reading, inner: Sequence[Trend], counted: Callable[[dt.date, dt.date], int], length: float
) -> Trend:
    """Months or years from one day to another: steady until the next is full; bounds go on by so many days each."""
    start, end = inner
    if start.steady and end.steady:
        return unsure(reading, inner)
    days = {start.reading.__class__, end.reading.__class__}
    if days.isdisjoint(BOUNDS) and {start[1:3], end[1:3]} == {(STEADY, STEADY), (DAILY, DAILY)}:

        def is_other(days: int) -> bool:
            return bool(counted(_later(start, days), _later(end, days)) != reading)

        return Trend(reading, days=min(days_of(inner), 1 + bisect_left(range(1, _YEAR), True, key=is_other)))
    (first, last), (least, most) = ends(start.reading), ends(end.reading)
    low = _counted(start.high, end.low, length, same=last == least)
    high = _counted(start.low, end.high, length, same=first == most)
    return Trend(reading, low, high, days_of(inner))


def _counted(start: End, end: End, length: float, *, same: bool) -> End:
    """Months or years between two days: where both go on together it hangs on which months they come to lie in."""
    apart = _less(end, start)
    if apart is STEADY and end is not STEADY and not same:
        return End(0, 2)
    return _times(apart, 1 / length, 2)


def _later(trend: Trend, days: int) -> dt.date:
    day: dt.date = trend.reading
    return dt.date.fromordinal(min(dt.date.max.toordinal(), day.toordinal() + days)) if trend.low == DAILY else day


def years_on(reading: Reading, inner: Sequence[Trend]) -> Trend:
    date, amount = inner
    if date.steady or not amount.steady:
        return unsure(reading, inner)
    return _stray(Trend(reading, date.low, date.high, min(date.days, amount.days)), _LEAP)


def called(reading: Reading, inner: Sequence[Trend], strays: int | None) -> Trend:
    """A function that gives the sum of its arguments, and at most `strays` more."""
    if strays is None or all(each.steady for each in inner):
        return unsure(reading, inner)
    return _stray(reduce(partial(added, reading), inner), strays)


def _stray(trend: Trend, days: int) -> Trend:
    """The same, but for some days; an end that stands still does not stray."""
    low, high = (end if end == STEADY else End(end.rate, end.slack + days) for end in trend[1:3])
    return trend._replace(low=low, high=high)


def decided(reading: Reading, inner: Sequence[Trend], *, deciding: bool) -> Trend:
    """One member that decides is enough as long as it does."""
    if reading is deciding:
        return Trend(reading, days=max([each.days for each in inner if each.reading is deciding], default=1))
    return Trend(reading, days=days_of(inner))


def any_of(reading: Reading, days: int, branches: Sequence[Trend]) -> Trend:
    """Any of some trends, as far as their ends are those of the whole."""
    days = min(days, days_of(branches))
    some = [each for each in branches if each.reading is not NOTHING]
    if all(each.steady for each in some):
        return Trend(reading, days=days)
    if reading.__class__ in _UNORDERED or (
        ends(reading) != (min(ends(each.reading)[0] for each in some), max(ends(each.reading)[1] for each in some))
    ):
        return Trend(reading, days=1)
    low, high = (reduce(partial(extreme, sign=sign), some) for sign in (-1, 1))
    return Trend(reading, low.low, high.high, min(days, low.days, high.days))


def otherwise(reading: Reading, inner: Sequence[Trend]) -> Trend:
    first, second = inner
    if first.reading is NOTHING:
        return second._replace(days=min(first.days, second.days))
    if not maybe_nothing(first.reading):
        return first
    return any_of(reading, first.days, inner)


def passes(gap: float, rate: float, slack: float) -> int:
    """After how many days a number that is `gap` today may be on the other side: from 0 on, or below it."""
    if slack:
        margin = gap - slack if gap >= 0 else -gap - slack
        if margin < 0 or (margin == 0 and gap < 0):
            return 1
    elif not rate:
        return ALWAYS
    else:
        margin = abs(gap)
    towards = -rate if gap >= 0 else rate
    if towards <= 0:
        return ALWAYS
    days = margin / towards
    if towards != 1:
        days -= _NEARLY
    return max(1, min(ALWAYS, math.floor(days) + 1 if gap >= 0 else math.ceil(days)))


def _number(point: Any) -> Any:
    return point.toordinal() if isinstance(point, dt.date) else point


def _more(one: End, other: End) -> End:
    return _end(one.rate + other.rate, one.slack + other.slack)


def _less(one: End, other: End) -> End:
    return _end(one.rate - other.rate, one.slack + other.slack)


def _end(rate: float, slack: float) -> End:
    return End(rate, slack) if rate or slack else STEADY


def _times(end: End, factor: float, slack: float = 0) -> End:
    """So many times an end, and rounded by so much; what stands still is rounded to the same."""
    return end if end is STEADY else _end(end.rate * factor, end.slack * factor + slack)
