"""Formulas read for a case: its values, exact to the fen and the day, and bounds where something is unknown.

One reading gives both: every function here works on values, and hands over to `bounds` where an argument is not one.
"""

from __future__ import annotations

import operator
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from typing import Any, Final, TypeAlias

from rules.finance.pro_rata import offer
from rules.formulas import bounds as b
from rules.formulas.bounds import BOUNDS, NOTHING, Reading
from rules.formulas.dates import days_after, days_between, full_years, months_begun, years_after
from rules.formulas.functions import FUNCTIONS
from rules.pack import formulas as f

# What is known of a case so far: its facts, and every derived one that has been read.
State: TypeAlias = dict[str, Any]
Reader: TypeAlias = Callable[[State], Reading]

_COMPARISONS: Final[Mapping[f.Comparison, Callable[[Any, Any], bool]]] = {
    "equals": operator.eq,
    "not_equals": operator.ne,
    "more_than": operator.gt,
    "at_least": operator.ge,
    "less_than": operator.lt,
    "at_most": operator.le,
}
_WHOLE: Final = 10_000  # basis points


@dataclass(frozen=True)
class Surroundings:
    """What formulas are read in: the day, the parameters, and what a fact may be that is not given."""

    today: Reading
    parameters: Mapping[str, Reading]
    dated: Callable[[str, Reading], Reading]  # a parameter, and the day it is read on
    missing: Mapping[str, Reading]


def reader(expression: f.Expression, around: Surroundings) -> Reader:
    """A function that reads an expression for a case."""
    read = _reader(expression, around)
    if isinstance(expression, f.Constant | f.Today) or f.facts_of(expression):
        return read
    return _constant(read({}))  # what reads no fact is the same for every case


def _reader(expression: f.Expression, around: Surroundings) -> Reader:  # noqa: C901 - one arm a node
    def inner(each: f.Expression) -> Reader:
        return reader(each, around)

    match expression:
        case f.FactNode(name):
            return _fact(name, around.missing.get(name, NOTHING))
        case f.ParameterNode(name, on):
            if on is None:
                return _constant(around.parameters.get(name, NOTHING))
            return _dated(name, inner(on), around.dated)
        case f.Constant(value):
            return _constant(value)
        case f.Today():
            return _constant(around.today)
        case f.NothingNode():
            return _constant(NOTHING)
        case f.Endless():
            return _constant(b.ENDLESS)
        case f.Add(terms):
            return _chain(operator.add, [inner(each) for each in terms])
        case f.Subtract(left, right):
            return _function(operator.sub, inner(left), inner(right))
        case f.Multiply(factors):
            return _chain(operator.mul, [inner(each) for each in factors])
        case f.Divide():
            return _divide(expression, inner)
        case f.Portion(of, percent, rounding):
            part = rounded(rounding)
            return _function(lambda whole, share: part(whole * share, _WHOLE), inner(of), inner(percent))
        case f.Share(of, balance, before, total):
            return _share([inner(each) for each in (of, balance, before, total)])
        case f.Least(terms):
            return _chain(_least, [inner(each) for each in terms])
        case f.Greatest(terms):
            return _chain(_greatest, [inner(each) for each in terms])
        case f.DaysBetween(start, end):
            return _function(days_between, inner(start), inner(end))
        case f.MonthsBegun(start, end):
            return _function(months_begun, inner(start), inner(end))
        case f.YearsFull(start, end):
            return _function(full_years, inner(start), inner(end))
        case f.Shift(date, amount, unit):
            return _function(days_after if unit == "days" else years_after, inner(date), inner(amount))
        case f.FunctionCall(function, arguments):
            return _call(FUNCTIONS[function].compute, [inner(each) for each in arguments])
        case f.CompareNode(left, word, right):
            return _compare(inner(left), word, inner(right))
        case f.AllOf(members):
            return _decided([inner(each) for each in members], False, b.all_of)
        case f.AnyOf(members):
            return _decided([inner(each) for each in members], True, b.any_of)
        case f.NotOf(member):
            return _not(inner(member))
        case f.If(condition, then, otherwise):
            return _if(inner(condition), inner(then), inner(otherwise))
        case f.Otherwise(first, second):
            return _otherwise(inner(first), inner(second))
        case f.Exists(of):
            return _exists(inner(of))
        case f.Once(given, then):
            return _once(given, inner(then))
        case f.Buckets(of, buckets, above):
            ends = [each.up_to for each in buckets]
            return _buckets(inner(of), ends, [*(inner(each.gives) for each in buckets), inner(above)])
        case f.Match():
            return _match(expression, inner)


def rounded(rounding: f.Rounding) -> Callable[[int, int], int]:
    """A quotient of whole numbers, rounded; the divisor is not 0."""
    match rounding:
        case "down":
            return operator.floordiv
        case "up":
            return lambda dividend, divisor: -(-dividend // divisor)
        case "half_up":
            return lambda dividend, divisor: (2 * dividend + divisor) // (2 * divisor)


def _least(one: Any, other: Any) -> Any:
    return one if one < other else other  # half the time that min takes


def _greatest(one: Any, other: Any) -> Any:
    return one if one > other else other


def _fact(name: str, missing: Reading) -> Reader:
    return lambda state: state.get(name, missing)


def _constant(value: Reading) -> Reader:
    return lambda _: value


def _dated(name: str, on: Reader, dated: Callable[[str, Reading], Reading]) -> Reader:
    return lambda state: dated(name, on(state))


def _function(function: Callable[[Any, Any], Any], first: Reader, second: Reader) -> Reader:
    """A function that rises or falls steadily in each of its arguments."""
    return _both(function, lambda one, other: b.carried(function, (one, other)), first, second)


def _both(
    exact: Callable[[Any, Any], Any], bound: Callable[[Reading, Reading], Reading], first: Reader, second: Reader
) -> Reader:
    """Something of two operands: where both are values, and where one is not."""

    def read(state: State) -> Reading:
        one, other = first(state), second(state)
        return bound(one, other) if one.__class__ in BOUNDS or other.__class__ in BOUNDS else exact(one, other)

    return read


def _chain(function: Callable[[Any, Any], Any], terms: Sequence[Reader]) -> Reader:
    """A function of two, over many in turn."""
    return reduce(partial(_function, function), terms)


def _call(function: Callable[..., Any], arguments: Sequence[Reader]) -> Reader:
    def read(state: State) -> Reading:
        readings = [each(state) for each in arguments]
        if any(each.__class__ in BOUNDS for each in readings):
            return b.carried(function, readings)
        return function(*readings)

    return read


def _divide(expression: f.Divide, inner: Callable[[f.Expression], Reader]) -> Reader:
    dividend, divisor = inner(expression.dividend), inner(expression.divisor)
    up, down = expression.factors
    quotient = rounded(expression.rounding)
    zero = inner(f.NothingNode() if expression.zero is None else expression.zero)

    def divided(one: int, other: int) -> int:
        return quotient(one * up, other * down)

    def read(state: State) -> Reading:
        one, other = dividend(state), divisor(state)
        if one.__class__ in BOUNDS or other.__class__ in BOUNDS:
            return bound(one, other, state)
        return divided(one, other) if other else zero(state)

    def bound(one: Reading, other: Reading, state: State) -> Reading:
        if one is NOTHING or other is NOTHING:
            return NOTHING
        low, high = b.ends(other)
        found = []
        if low <= 0 <= high:
            found.append(zero(state))
        if high > 0:
            found.append(b.carried(divided, (one, b.interval(max(1, low), high))))
        if low < 0:
            found.append(b.carried(divided, (one, b.interval(low, min(-1, high)))))
        reading = b.join(found)
        return b.with_nothing(reading) if b.maybe_nothing(one) or b.maybe_nothing(other) else reading

    return read


def share(of: int, balance: int, before: int, total: int) -> int:
    """What one debt gets of an amount, whatever the balances say of each other."""
    return max(0, min(of, offer(of, before, balance, total)))


def _share(arguments: Sequence[Reader]) -> Reader:
    def read(state: State) -> Reading:
        readings = [each(state) for each in arguments]
        if not any(each.__class__ in BOUNDS for each in readings):
            return share(*readings)
        if any(each is NOTHING for each in readings):
            return NOTHING
        (low, high), (least, most), _, (smallest, largest) = map(b.ends, readings)
        # Rounding moves a share by less than a fen, so it lies between its exact part rounded down and rounded up.
        fewest = least * min(low, largest) // largest if low > 0 and smallest > 0 else 0
        greatest = -(-most * min(high, smallest) // smallest) if smallest > 0 else most
        return b.interval(
            max(0, min(low, fewest)), max(0, min(high, greatest)), any(b.maybe_nothing(each) for each in readings)
        )

    return read


def _compare(left: Reader, word: f.Comparison, right: Reader) -> Reader:
    return _both(_COMPARISONS[word], lambda one, other: b.compared(one, word, other), left, right)


def _decided(members: Sequence[Reader], deciding: bool, bound: Callable[[Sequence[Reading]], Reading]) -> Reader:
    def read(state: State) -> Reading:
        unsure = []
        for member in members:
            reading = member(state)
            if reading is deciding:
                return deciding
            if reading.__class__ in BOUNDS:
                unsure.append(reading)
        return bound(unsure) if unsure else not deciding

    return read


def _not(member: Reader) -> Reader:
    return lambda state: b.negated(member(state))


def _if(condition: Reader, then: Reader, otherwise: Reader) -> Reader:
    def read(state: State) -> Reading:
        holds = condition(state)
        if holds is True:
            return then(state)
        if holds is False:
            return otherwise(state)
        branches = [branch(state) for value, branch in ((True, then), (False, otherwise)) if value in holds.values]
        reading = b.join(branches) if branches else NOTHING
        return b.with_nothing(reading) if holds.nothing else reading

    return read


def _otherwise(first: Reader, second: Reader) -> Reader:
    def read(state: State) -> Reading:
        reading = first(state)
        if reading is NOTHING:
            return second(state)
        if b.maybe_nothing(reading):
            return b.join((b.without_nothing(reading), second(state)))
        return reading

    return read


def _exists(of: Reader) -> Reader:
    def read(state: State) -> Reading:
        reading = of(state)
        if reading is NOTHING:
            return False
        return b.EITHER if b.maybe_nothing(reading) else True

    return read


def _once(given: Sequence[str], then: Reader) -> Reader:
    def read(state: State) -> Reading:
        reading = then(state)
        known = all(state.get(name, NOTHING).__class__ not in BOUNDS for name in given)
        return reading if known else b.with_nothing(reading)

    return read


def _buckets(of: Reader, ends: Sequence[int], gives: Sequence[Reader]) -> Reader:
    def read(state: State) -> Reading:
        reading = of(state)
        if reading.__class__ not in BOUNDS:
            return gives[bisect_left(ends, reading)](state)
        if reading is NOTHING:
            return NOTHING
        low, high = b.ends(reading)
        found = b.join(each(state) for each in gives[bisect_left(ends, low) : bisect_left(ends, high) + 1])
        return b.with_nothing(found) if reading.nothing else found

    return read


def _chosen(
    cases: Sequence[tuple[Sequence[str], Reader]], otherwise: Reader, *, contains: bool
) -> Callable[[str], Reader]:
    """Which branch of a table a word leads to."""
    first: dict[str, Reader] = {}
    for words, gives in cases:
        for word in words:
            first.setdefault(word, gives)

    def looked_up(text: str) -> Reader:
        return first.get(text, otherwise)

    def found_in(text: str) -> Reader:
        folded = text.casefold()
        return next((gives for word, gives in first.items() if word in folded), otherwise)

    return found_in if contains else looked_up


def _match(expression: f.Match, inner: Callable[[f.Expression], Reader]) -> Reader:
    of, otherwise = inner(expression.of), inner(expression.otherwise)
    cases = [(case.words, inner(case.gives)) for case in expression.cases]
    chosen = _chosen(cases, otherwise, contains=expression.contains)

    def read(state: State) -> Reading:
        reading = of(state)
        if reading.__class__ not in BOUNDS:
            return chosen(reading)(state)
        if reading is NOTHING:
            return NOTHING
        if reading.values is None:
            branches = [*(gives for _, gives in cases), otherwise]
        else:
            branches = [chosen(each) for each in reading.values]
        found = b.join(branch(state) for branch in dict.fromkeys(branches))
        return b.with_nothing(found) if reading.nothing else found

    return read
