"""Steps: the trend of one moving number to which others that stand still are added, multiplied, held against.

Most formulas that move are such. What `trends` says node by node is worked out here in one go, on bare numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any, TypeAlias

from rules.formulas.bounds import NOTHING, Interval, interval
from rules.formulas.reader import Reader, Surroundings, reader, rounded
from rules.formulas.trends.trend import SELDOM, STEADY, End, Trend, passes
from rules.pack import formulas as f
from rules.pack.formulas import moves

# Both ends, the rate and the slack of each, and for how many days that is so.
_Moving: TypeAlias = tuple[int, int, float, float, float, float, int]
# The next one, by the least and the most of what stands still; None where that cannot be told.
_Step: TypeAlias = Callable[[_Moving, int, int], _Moving | None]


class Stills:
    """What stands still in formulas, each expression with a reader of its own however many formulas it is part of."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._read: dict[f.Expression, Reader] = {}

    def reader(self, expression: f.Expression) -> Reader:
        """The reader of an expression; the same one for every other that is equal."""
        found = self._read.get(expression)
        if found is None:
            found = self._read[expression] = self._made(expression)
        return found

    def _made(self, expression: f.Expression) -> Reader:
        read = reader(expression, self._around)
        if f.facts_of(expression):
            return read
        always = read({})
        return lambda _: always


def in_steps(
    expression: f.Expression, stills: Stills, moving: Collection[str], rare: frozenset[str]
) -> tuple[f.Expression, Sequence[tuple[_Step, Reader]]]:
    """What moves in an expression, and what is done to it, in turn.

    Of an expression with a `rare` fact that part is left whole that has none: what was read of it is remembered.
    """
    steps: list[tuple[_Step, Reader]] = []
    is_rare = not rare.isdisjoint(f.facts_of(expression))
    while (outermost := _outermost(expression, moving)) is not None:
        step, expression, still = outermost
        steps.insert(0, (step, stills.reader(still)))
        if is_rare and rare.isdisjoint(f.facts_of(expression)):
            break
    return expression, steps


def stepped(
    core: Callable[[Any], Trend], steps: Sequence[tuple[_Step, Reader]], otherwise: Callable[[Any], Trend]
) -> Callable[[Any], Trend]:
    """The trend of what moves after the steps; `otherwise` tells it where they cannot."""

    def trend(state: Any) -> Trend:
        inner = core(state)
        reading = inner.reading
        bound = reading.__class__ is Interval
        low, high = (reading.low, reading.high) if bound else (reading, reading)
        if low.__class__ is not int:
            return otherwise(state)
        nothing = bound and reading.nothing
        (low_rate, low_slack), (high_rate, high_slack) = inner.low, inner.high
        now: _Moving = (low, high, low_rate, low_slack, high_rate, high_slack, inner.days)
        readings, stills = state.readings, state.stills
        for step, read in steps:
            still = stills.get(read)
            if still is None:
                still = stills[read] = read(readings)
            if still.__class__ is Interval:
                after = step(now, still.low, still.high)
                nothing = nothing or still.nothing
            else:
                after = None if still is NOTHING else step(now, still, still)
            if after is None:
                return otherwise(state)
            now = after
        low, high, low_rate, low_slack, high_rate, high_slack, days = now
        first = End(low_rate, low_slack) if low_rate or low_slack else STEADY
        last = End(high_rate, high_slack) if high_rate or high_slack else STEADY
        return Trend(interval(low, high, nothing), first, last, days)

    return trend


def _outermost(expression: f.Expression, moving: Collection[str]) -> tuple[_Step, f.Expression, f.Expression] | None:
    """The last step of an expression, what it is done to, and by what; None where it is no step."""
    step: _Step
    back: _Step | None  # the step where the other of the two moves
    match expression:
        case f.Add((one, other)):
            step = back = _add
        case f.Multiply((one, other)):
            step = back = _multiply
        case f.Subtract(one, other):
            step, back = _take_away, _take_from
        case f.Least((one, other)):
            step = back = _extreme(-1)
        case f.Greatest((one, other)):
            step = back = _extreme(1)
        case f.Divide(one, other):
            step, back = _divide(expression), None
        case _:
            return None
    if moves(one, moving) is moves(other, moving):
        return None
    if moves(one, moving):
        return step, one, other
    return None if back is None else (back, other, one)


def _add(now: _Moving, least: int, most: int) -> _Moving:
    return (now[0] + least, now[1] + most, *now[2:])


def _take_away(now: _Moving, least: int, most: int) -> _Moving:
    return (now[0] - most, now[1] - least, *now[2:])


def _take_from(now: _Moving, least: int, most: int) -> _Moving:
    low, high, low_rate, low_slack, high_rate, high_slack, days = now
    return least - high, most - low, -high_rate, high_slack, -low_rate, low_slack, days


def _multiply(now: _Moving, least: int, most: int) -> _Moving | None:
    low, high, low_rate, low_slack, high_rate, high_slack, days = now
    if low < 0 or least < 0:
        return None
    if low_slack or high_slack or low_rate < 0 or high_rate < 0:
        days = min(days, passes(low, low_rate, low_slack), passes(high, high_rate, high_slack))
    return low * least, high * most, low_rate * least, low_slack * least, high_rate * most, high_slack * most, days


def _divide(division: f.Divide) -> _Step:
    quotient, (up, down) = rounded(division.rounding), division.factors

    def step(now: _Moving, least: int, most: int) -> _Moving | None:
        low, high, low_rate, low_slack, high_rate, high_slack, days = now
        if least != most or least <= 0:
            return None
        by = least * down
        factor = up / by
        if low == high and low_rate == 1 == high_rate and factor < SELDOM:
            return None  # told to the step
        low_slack = low_slack * factor + 1 if low_rate or low_slack else 0  # 1: rounded
        high_slack = high_slack * factor + 1 if high_rate or high_slack else 0
        return (
            quotient(low * up, by),
            quotient(high * up, by),
            low_rate * factor,
            low_slack,
            high_rate * factor,
            high_slack,
            days,
        )

    return step


def _extreme(sign: int) -> _Step:
    """The least (-1) or the greatest (1) of the two."""

    def step(now: _Moving, least: int, most: int) -> _Moving:
        low, high, low_rate, low_slack, high_rate, high_slack, days = now
        alike = low == high and least == most and low_rate == high_rate and low_slack == high_slack
        if low_rate or low_slack:
            low, low_rate, low_slack, until = leading(low, low_rate, low_slack, least)
            days = min(days, until)
        elif sign * (least - low) > 0:
            low = least
        if alike:
            return low, low, low_rate, low_slack, low_rate, low_slack, days
        if high_rate or high_slack:
            high, high_rate, high_slack, until = leading(high, high_rate, high_slack, most)
            days = min(days, until)
        elif sign * (most - high) > 0:
            high = most
        return low, high, low_rate, low_slack, high_rate, high_slack, days

    def leading(point: int, rate: float, slack: float, still: int) -> tuple[int, float, float, int]:
        """The end that counts, and for how many days."""
        gap, towards = sign * (still - point), -sign * rate
        if gap < 0 or (gap == 0 and towards < 0):
            return point, rate, slack, passes(-gap, -towards, slack)
        return still, 0, 0, passes(gap, towards, slack)

    return step
