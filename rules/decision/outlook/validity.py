"""Valid until: the first day on which a decision could come out otherwise by time alone.

On it some comparison of the case with the calendar may give another answer, in a rule or a formula, or a parameter is
another. It may come too early, where roundings and days off leave a doubt, but never too late. Amounts and days that
are worked out from today (what interest has come to, how long a pause is) are no comparisons, and move every day.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final, NamedTuple, TypeAlias

from rules.decision.ageing import DAYS, DUE, TOLD, next_birthday, overdue_since
from rules.decision.outcome import Outcome
from rules.decision.repayment import USES
from rules.decision.stale_parameters import Speakers, speakers, speaks
from rules.facts.case_facts import Facts
from rules.facts.cells import Value
from rules.facts.numbers import limits
from rules.formulas.bounds import NOTHING, Reading
from rules.formulas.derivation import Derivation, Derived
from rules.formulas.trends.reader import CaseState, TrendReading, remembered, sum_reader
from rules.formulas.trends.steps import Stills
from rules.formulas.trends.trend import ALWAYS, CUTS, DAILY, STEADY, Trend, until_compared, until_cut, until_met
from rules.pack.formulas import (
    Comparison,
    Expression,
    FactNode,
    Otherwise,
    Today,
    facts_of,
    moves,
    parameters_of,
    rebuilt,
    walk,
)
from rules.pack.logic.conditions import Compare, ComparePair, Leaf, ParameterReference
from rules.pack.logic.normal_form import leaves
from rules.pack.pack import Pack

SOONEST: Final = 1  # days: tomorrow, and nothing is looked for any more
LONGEST: Final = 366  # days after which a case is looked at again, whatever its facts are
_PAIRS: Final[Mapping[str, Comparison]] = {
    "equals_fact": "equals",
    "more_than_fact": "more_than",
    "at_least_fact": "at_least",
    "less_than_fact": "less_than",
    "at_most_fact": "at_most",
}
# What plans compare beside the rules: whether a payment order may still be objected to.
_TOLD: Final = Otherwise(FactNode(TOLD), Today())
_Read: TypeAlias = Callable[[CaseState], tuple[Trend, int]]
_KEPT: Final = 1_000  # numbers of days overdue that are remembered
_OF_PLANS: Final[Mapping[str, int]] = {"days_left": 0}


class _Formula(NamedTuple):
    """A formula of a fact that may be another by time alone, read for its trend."""

    name: str
    read: _Read
    movers: tuple[str, ...]  # facts it moves with
    today: bool  # it moves by itself
    only: str | None  # the one submitted fact it reads, and
    blank: tuple[Trend, int] | None  # how it goes on in the same way wherever that is missing; None: it stands still
    missing: Reading  # what it is where nothing stands in for it; None where that is told
    remembered: bool  # it is read from what was read before
    facts: int  # so many it reads


class Validity:
    """Finds until when the decisions of a pack and an evaluation day are valid."""

    def __init__(self, pack: Pack, as_of: dt.date, derivation: Derivation, parameters: Mapping[str, int]) -> None:
        self._pack = pack
        self._as_of = as_of
        self._missing = derivation.around.missing
        self._cuts = _cuts(pack, parameters)
        past = {name for name, fact in pack.vocabulary.facts.items() if fact.past}
        self._start = {name: Trend(self._missing[name], high=DAILY) for name in past if name in self._missing}
        moving = _moving(pack, past)
        every = {*moving, *self._start, DAYS}
        sums = frozenset(name for name, fact in pack.vocabulary.facts.items() if fact.type == "money")
        given = TrendReading(derivation.around, every, sums, Stills(derivation.around))
        self._formulas = _cheap_first(
            [self._formula(name, _as_told(pack.formulas[name].expression), given) for name in moving]
        )
        self._pairs = [
            (leaf.fact, _PAIRS[leaf.operator], leaf.other)
            for leaf in dict.fromkeys(_leaves(pack))
            if isinstance(leaf, ComparePair) and (leaf.fact in moving or leaf.other in moving)
        ]
        self._counted = lru_cache(maxsize=_KEPT)(self._count)
        self._day, self._coming = self._changes()

    @property
    def moving(self) -> tuple[str, ...]:
        """The derived facts that may be others by time alone."""
        return tuple(each.name for each in self._formulas)

    def until(self, given: Facts, derived: Derived, outcome: Outcome) -> dt.date:
        """The day of one case: `given` are its facts as submitted, `derived` what follows from them."""
        facts = derived.facts
        # What is told today was told today for good.
        readings = {TOLD: self._as_of, **facts, **derived.bounds}
        trends = {name: trend for name, trend in self._start.items() if name not in given}
        state, days = CaseState(readings, trends), LONGEST
        if DAYS in given:
            trends[DAYS], ahead = self._counted(given[DAYS], given.get(DUE))
            days = min(days, ahead)
        days = min(days, self._of_formulas(given, facts, state))
        if days > SOONEST:
            days = min([days, *self._of_pairs(state)])
        ends = (self._as_of + dt.timedelta(days=days), self._day, next_birthday(given, self._as_of))
        found = min(day for day in ends if day is not None)
        for day, names in self._coming:
            if day < found and speaks(self._pack, names, outcome):
                found = day
        return found

    def _of_formulas(self, given: Facts, facts: Facts, state: CaseState) -> int:
        """For how many days nothing asked of a derived fact is answered otherwise; `state` gets their trends."""
        trends, days = state.trends, LONGEST
        for name, read, movers, today, only, blank, missing, _, _ in self._formulas:
            if only is not None and only not in given:
                if blank is None or name in given:
                    continue
                trend, ahead = blank
            elif name in given or (not today and trends.keys().isdisjoint(movers)):
                continue
            else:
                trend, ahead = read(state)
            if missing is not None and name not in facts:
                trend = Trend(missing, days=trend.days)
            if trend.days < ALWAYS or trend.low is not STEADY or trend.high is not STEADY:
                trends[name] = trend
                days = min(days, ahead)
                if days <= SOONEST:
                    break
        return days

    def _of_pairs(self, state: CaseState) -> Iterator[int]:
        """For how many days each comparison of two facts gives the same."""
        trends = state.trends
        for fact, word, other in self._pairs:
            if fact in trends or other in trends:
                one, two = (trends.get(name) or Trend(state.readings.get(name, NOTHING)) for name in (fact, other))
                if one.reading is not NOTHING and two.reading is not NOTHING:
                    yield until_compared(one, two, word)

    def _formula(self, name: str, expression: Expression, given: TrendReading) -> _Formula:
        """How many days nothing is answered otherwise that is asked of the fact is read with its trend.

        Both are remembered for the same facts, but of sums of money, which are hardly ever the same.
        """
        names = facts_of(expression)
        alone = given.rare.isdisjoint(names)
        trend_of = sum_reader(name, expression, replace(given, rare=frozenset()) if alone else given)

        def anew(state: CaseState) -> tuple[Trend, int]:
            trend = trend_of(state)
            return trend, self._ahead(name, trend)

        read: _Read = remembered(anew, names) if alone else anew
        movers = tuple(each for each in names if each in given.moving)
        today = any(isinstance(each, Today) for each in walk(expression))
        only = names[0] if len(names) == 1 and names[0] not in self._pack.formulas else None
        blank = None if only is None else read(CaseState({TOLD: self._as_of}, dict(self._start)))
        if blank is not None and blank[0].steady and blank[0].days == ALWAYS:
            blank = None
        return _Formula(name, read, movers, today, only, blank, self._missing.get(name), alone, len(names))

    def _count(self, days: Value, due: Value | None) -> tuple[Trend, int]:
        """The number of days overdue, which goes on by itself, and for how many days nothing is answered otherwise."""
        trend = self._going_on(days, due)
        return trend, self._ahead(DAYS, trend)

    def _going_on(self, days: Value, due: Value | None) -> Trend:
        since = overdue_since(days, due, self._as_of)
        most = limits(self._pack.vocabulary.facts[DAYS])[1]
        if not isinstance(days, int) or since is None or days >= most:
            return Trend(days)
        if since > self._as_of:
            return Trend(days, days=(since - self._as_of).days + 1)
        return Trend(days, DAILY, DAILY, most - days)

    def _ahead(self, name: str, trend: Trend) -> int:
        """For how many days nothing that is asked of a fact is answered otherwise."""
        if trend.steady or trend.reading is NOTHING:
            return trend.days
        return min(until_met(trend), until_cut(trend, self._cuts.get(name, ())))

    def _changes(self) -> tuple[dt.date | None, list[tuple[dt.date, Speakers]]]:
        """When the first parameter changes that decides something; and, of each other, when and who speaks of it."""
        pack, used = self._pack, _deciding(self._pack)
        coming = {name: day for name in pack.parameters if (day := self._next(name)) is not None}
        told = speakers(pack, [name for name in coming if name not in used])
        first = min((day for name, day in coming.items() if name in used), default=None)
        return first, [(coming[name], names) for name, names in told.items()]

    def _next(self, parameter: str) -> dt.date | None:
        """The next day on which a parameter has another value, another standing, or none."""
        values = self._pack.parameters[parameter].values
        starts = [each.valid_from for each in values]
        ends = [each.valid_to + dt.timedelta(days=1) for each in values if each.valid_to is not None]
        return min((day for day in (*starts, *ends) if day > self._as_of), default=None)


def _cheap_first(formulas: Sequence[_Formula]) -> list[_Formula]:
    """Each after those that it moves with, and first what is remembered, of fewest facts: it may be enough."""
    left = {each.name: each for each in formulas}
    found = []
    while left:
        ready = [each for each in left.values() if left.keys().isdisjoint(set(each.movers) - {each.name})]
        found.append(left.pop(min(ready, key=lambda each: (not each.remembered, each.facts)).name))
    return found


def _deciding(pack: Pack) -> set[str]:
    """The parameters that decide something: in a formula, a rule, a plan, a deadline."""
    used = {each.name for formula in pack.formulas.values() for each in parameters_of(formula.expression)}
    used.update(
        leaf.value.name
        for leaf in _leaves(pack)
        if isinstance(leaf, Compare) and isinstance(leaf.value, ParameterReference)
    )
    used.update(USES)
    used.update(each.plan_longest for each in pack.strategies.values() if each.plan_longest)
    used.update(each.plan_longest for each in pack.products.values() if each.plan_longest)
    used.update(name for each in pack.deadlines.values() for name in (each.days, each.months) if name)
    return used


def _leaves(pack: Pack) -> Iterator[Leaf]:
    return (leaf for loaded in pack.rules for leaf in leaves(loaded.when))


def _as_told(expression: Expression) -> Expression:
    """An expression that takes the day on which the facts were told from the case: where none is given, it is today."""
    return rebuilt(expression, lambda each: FactNode(TOLD) if each == _TOLD else _as_told(each))


def _moving(pack: Pack, past: Collection[str]) -> tuple[str, ...]:
    """The derived facts that may be others by time alone, each after those it comes from."""
    found: dict[str, None] = {}
    moving = {DAYS, *past}
    for name, formula in pack.formulas.items():
        if moves(_as_told(formula.expression), moving):
            found[name] = None
            moving.add(name)
    return tuple(found)


def _cuts(pack: Pack, parameters: Mapping[str, int]) -> dict[str, tuple[int, ...]]:
    """By fact, the numbers at which a rule's comparison with it is answered otherwise."""
    found: defaultdict[str, set[int]] = defaultdict(set)
    for name, cut in _OF_PLANS.items():
        found[name].add(cut)
    for leaf in _leaves(pack):
        if isinstance(leaf, Compare):
            value: Reading = leaf.value
            if isinstance(value, ParameterReference):
                value = parameters.get(value.name)
            if isinstance(value, dt.date):
                value = value.toordinal()
            if type(value) is int:
                found[leaf.fact].update(value + cut for cut in CUTS[leaf.operator])
    return {name: tuple(cuts) for name, cuts in found.items()}
