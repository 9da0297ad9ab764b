"""Formulas read for the trend of a case: every node, by the trends of what stands in it."""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from functools import partial, reduce
from typing import Any, Final, TypeAlias, TypeVar

from rules.formulas.bounds import BOUNDS, NOTHING, Reading, ends
from rules.formulas.dates import full_years, months_begun
from rules.formulas.functions import FUNCTIONS
from rules.formulas.reader import Surroundings, reader
from rules.formulas.trends import trend as c
from rules.formulas.trends.steps import Stills, in_steps, stepped
from rules.formulas.trends.trend import DAILY, Trend
from rules.pack import formulas as f
from rules.pack.formulas import moves


@dataclass(frozen=True, slots=True)
class CaseState:
    """What is known of a case today: every reading, and the trends of those facts that do not stand still."""

    readings: dict[str, Any]
    trends: dict[str, Trend]
    stills: dict[Any, Reading] = field(default_factory=dict)  # by reader, what stands still and was read before


TrendReader: TypeAlias = Callable[[CaseState], Trend]
_T = TypeVar("_T")
_KEPT: Final = 1_000  # readings that one formula remembers
_Choosing: TypeAlias = f.If | f.Match | f.Buckets
_Combine: TypeAlias = Callable[[Reading, Sequence[Trend]], Trend]


@dataclass(frozen=True)
class TrendReading:
    """What trends are read with."""

    around: Surroundings
    moving: Collection[str]  # facts that may be others tomorrow
    rare: frozenset[str] = frozenset()  # and those that are hardly ever the same in two cases
    stills: Stills | None = None  # shared by the formulas of a pack


def remembered(read: Callable[[CaseState], _T], names: Sequence[str]) -> Callable[[CaseState], _T]:
    """The same for the same facts of these names."""
    known: dict[Any, _T] = {}
    only = names[0] if len(names) == 1 else None

    def found(state: CaseState) -> _T:
        readings, trends = state.readings, state.trends
        key: Any
        if only is not None:
            key = trends[only] if only in trends else readings.get(only)
        else:
            key = tuple([trends[name] if name in trends else readings.get(name) for name in names])
        kept = known.get(key)
        if kept is None:
            if len(known) >= _KEPT:
                known.clear()
            kept = known[key] = read(state)
        return kept

    return found


def sum_reader(name: str, expression: f.Expression, given: TrendReading) -> TrendReader:
    """A function that reads a fact's trend; of a sum that has a reading today it looks only at what moves."""
    found = trend_reader(expression, given)
    if not isinstance(expression, f.Add):
        return found
    moving = [trend_reader(each, given) for each in expression.terms if moves(each, given.moving)]
    if len(moving) < 2:
        return found

    def trend(state: CaseState) -> Trend:
        reading = state.readings.get(name)
        if reading is None or None in ends(reading):
            return found(state)
        return reduce(partial(c.added, reading), [each(state) for each in moving], Trend(reading))

    return trend


def trend_reader(expression: f.Expression, given: TrendReading) -> TrendReader:
    """A function that reads an expression's trend."""
    names, read = f.facts_of(expression), reader(expression, given.around)
    if not moves(expression, given.moving):
        return lambda state: Trend(read(state.readings))
    paired = _in_pairs(expression, given.moving)
    trend = _moving_reader(paired, given)
    core, steps = in_steps(paired, given.stills or Stills(given.around), given.moving, given.rare)
    if steps:
        trend = stepped(trend_reader(core, given), steps, trend)
    may_move = [name for name in names if name in given.moving]

    def unless_steady(state: CaseState) -> Trend:
        """The value alone, where none of these facts moves in this case."""
        for name in may_move:
            if name in state.trends:
                return trend(state)
        return Trend(read(state.readings))

    found = trend if any(isinstance(each, f.Today) for each in f.walk(expression)) else unless_steady
    if isinstance(expression, f.FactNode) or not given.rare or not given.rare.isdisjoint(names):
        return found
    return remembered(found, names)


def _moving_reader(expression: f.Expression, given: TrendReading) -> TrendReader:
    around = given.around
    match expression:
        case f.FactNode(name):
            return lambda state: state.trends[name]
        case f.Today():
            today = Trend(around.today, DAILY, DAILY)
            return lambda _: today
    children = [trend_reader(each, given) for each in f.parts(expression)]
    if isinstance(expression, f.If | f.Match | f.Buckets):
        return _choosing(expression, children, around)
    combine = _combine(expression, around)
    read = reader(_outermost(expression), around)
    told = expression.given if isinstance(expression, f.Once) else ()
    names = [f"{number}" for number, _ in enumerate(children)]

    def trend(state: CaseState) -> Trend:
        inner = [each(state) for each in children]
        readings = {name: each.reading for name, each in zip(names, inner, strict=True)}
        for name in told:
            if name in state.readings:
                readings[name] = state.readings[name]
        reading = read(readings)
        if reading is NOTHING:
            return Trend(NOTHING, days=c.days_of(inner))
        return combine(reading, inner)

    return trend


def _in_pairs(expression: f.Expression, moving: Collection[str]) -> f.Expression:
    """A sum, a product, a least or a greatest of many as one of two: what stands still together, then the rest."""
    members = list(f.parts(expression))
    if not isinstance(expression, f.Add | f.Multiply | f.Least | f.Greatest) or len(members) <= 2:
        return expression
    kind, still = type(expression), [each for each in members if not moves(each, moving)]
    found: list[f.Expression] = [each for each in members if moves(each, moving)]
    if still:
        found.insert(0, kind(tuple(still)) if len(still) > 1 else still[0])
    return reduce(lambda one, other: kind((one, other)), found)


def _choosing(expression: _Choosing, children: Sequence[TrendReader], around: Surroundings) -> TrendReader:
    """The trend of the branch that is chosen, or of all that may be."""
    chooser, *branches = children
    read, chosen = reader(_outermost(expression), around), _chosen(expression)
    cuts = [each.up_to + 1 for each in expression.buckets] if isinstance(expression, f.Buckets) else ()

    def trend(state: CaseState) -> Trend:
        by = chooser(state)
        days = c.until_cut(by, cuts)
        if by.reading.__class__ not in BOUNDS:
            one = branches[chosen(by.reading)](state)
            return one if one.days <= days else one._replace(days=days)
        if by.reading is NOTHING:
            return Trend(NOTHING, days=days)
        inner = [each(state) for each in branches]
        readings = {f"{number}": each.reading for number, each in enumerate((by, *inner))}
        return c.any_of(read(readings), days, inner)

    return trend


def _chosen(expression: _Choosing) -> Callable[[Any], int]:
    """Which branch a value leads to."""
    match expression:
        case f.If():
            return lambda holds: 0 if holds else 1
        case f.Buckets(_, buckets, _):
            last = [each.up_to for each in buckets]
            return lambda number: bisect_left(last, number)
        case f.Match(_, cases, _, contains):
            words = [(word, number) for number, case in enumerate(cases) for word in case.words]
            if contains:
                return lambda text: next((number for word, number in words if word in text.casefold()), len(cases))
            first = dict(reversed(words))
            return lambda text: first.get(text, len(cases))


def _outermost(expression: f.Expression) -> Any:
    """An expression with facts, called by their number, in the place of all that stands directly in it."""
    count = itertools.count()
    return f.rebuilt(expression, lambda _: f.FactNode(f"{next(count)}"))


def _combine(expression: f.Expression, around: Surroundings) -> _Combine:  # noqa: C901 - one arm a node
    match expression:
        case f.ParameterNode():
            return lambda reading, inner: c.dated(reading, inner[0], around.today)
        case f.Add():
            return lambda reading, inner: reduce(partial(c.added, reading), inner)
        case f.Subtract():
            return lambda reading, inner: c.subtracted(reading, *inner)
        case f.DaysBetween():
            return lambda reading, inner: c.subtracted(reading, inner[1], inner[0])
        case f.Multiply():
            return lambda reading, inner: reduce(partial(c.product, reading), inner)
        case f.Divide():
            return lambda reading, inner: c.quotient(reading, inner, expression)
        case f.Portion():
            return lambda reading, inner: c.portion(reading, *inner)
        case f.Least():
            return lambda _, inner: reduce(partial(c.extreme, sign=-1), inner)
        case f.Greatest():
            return lambda _, inner: reduce(partial(c.extreme, sign=1), inner)
        case f.MonthsBegun():
            return lambda reading, inner: c.stepping(reading, inner, months_begun, 365.2425 / 12)
        case f.YearsFull():
            return lambda reading, inner: c.stepping(reading, inner, full_years, 365.2425)
        case f.Shift(_, _, "days"):
            return lambda reading, inner: c.added(reading, *inner)
        case f.Shift():
            return c.years_on
        case f.FunctionCall(name):
            return lambda reading, inner: c.called(reading, inner, FUNCTIONS[name].strays)
        case f.CompareNode(_, word, _):
            return lambda reading, inner: Trend(reading, days=c.until_compared(inner[0], inner[1], word))
        case f.AllOf():
            return lambda reading, inner: c.decided(reading, inner, deciding=False)
        case f.AnyOf():
            return lambda reading, inner: c.decided(reading, inner, deciding=True)
        case f.Once():
            return lambda reading, inner: inner[0]._replace(reading=reading)
        case f.NotOf() | f.Exists():
            return lambda reading, inner: Trend(reading, days=inner[0].days)
        case f.Otherwise():
            return c.otherwise
    return c.unsure
