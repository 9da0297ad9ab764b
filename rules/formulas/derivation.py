"""Derived facts: what follows from the facts of a case on a given day, and the bounds of what is not known yet."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Set
from functools import cached_property, lru_cache
from typing import Any, Final, NamedTuple

from rules.facts.case_facts import Facts
from rules.facts.cells import FIRST_DAY, LAST_DAY, Value
from rules.facts.numbers import limits
from rules.formulas.bounds import (
    BOUNDS,
    ENDLESS,
    NOTHING,
    Bound,
    Choice,
    Interval,
    Reading,
    interval,
    join,
    outer,
    with_nothing,
)
from rules.formulas.reader import Reader, State, Surroundings, reader
from rules.pack.files.schema import Fact, Parameter
from rules.pack.formulas import Expression, facts_of
from rules.pack.pack import Pack
from rules.pack.parameters import canonical, in_force, value_on

_KEPT: Final = 4_000  # readings of each formula
_PARTS: Final = 20_000  # parts of formulas whose readers are kept


class Derived(NamedTuple):
    """A case with all that follows from it.

    `facts`: those given, and every derived one with a value. `bounds`: what each other derived fact may still become;
    one that is in neither will never have a value, and neither will one whose bound begins where numbers end.
    """

    facts: Facts
    bounds: dict[str, Bound]


class Derivation:
    """Reads the formulas of a pack on one day."""

    def __init__(self, pack: Pack, as_of: dt.date) -> None:
        figures = in_force(pack, as_of)
        self._bounded = pack.decides_by_bounds
        self._missing = missing(pack.vocabulary.facts, as_of)
        self.around = Surroundings(
            today=as_of,
            parameters={name: figures.get(name, NOTHING) for name in pack.parameters},
            dated=DatedParameters(pack.parameters).read,
            missing=self._missing,
        )
        rare = {name for name, fact in pack.vocabulary.facts.items() if fact.type == "money"}
        self._readers = tuple(
            (name, _remembering(each.expression, self.around, rare)) for name, each in pack.formulas.items()
        )
        self._wide = self._without_limit(pack)
        self._parts: dict[int, tuple[Expression, Reader]] = {}

    def derive(self, facts: Mapping[str, Value]) -> Derived:
        """The facts and all that follows from them. A derived fact that is given already is kept as it is."""
        state: State = dict(facts)
        absent = []
        for name, read in self._readers:
            if name not in state:
                reading = read(state)
                if reading.__class__ in BOUNDS:
                    reading = self._missing.get(name, reading)
                    absent.append(name)
                state[name] = reading
        absent += [name for name in self._wide if state[name] == ENDLESS and name not in facts]
        bounds: dict[str, Bound] = {}
        for name in absent:
            reading = state.pop(name)
            # What stands in for a submitted fact says nothing of what that may be: it may still be given.
            if self._bounded and reading is not NOTHING and name not in self._missing:
                bounds[name] = outer(reading) if name in self._wide else reading
        return Derived(state, bounds)

    def _without_limit(self, pack: Pack) -> frozenset[str]:
        """The formulas whose bounds may pass what a bound says, whatever is given."""
        around = anytime(pack.vocabulary.facts, pack.parameters.items())
        state: State = {}
        for name, formula in pack.formulas.items():
            state[name] = reader(formula.expression, around)(state)
        return frozenset(name for name, reading in state.items() if _passes(reading))

    def state(self, facts: Mapping[str, Value]) -> State:
        """What a formula meets: the facts, and the reading of every derived one."""
        state: State = dict(facts)
        for name, read in self._readers:
            if name not in state:
                state[name] = self._stood_in(name, read(state))
        return state

    @cached_property
    def blank(self) -> State:
        """The same of a case of which nothing is known."""
        return self.state({})

    def reader_of(self, expression: Expression) -> Reader:
        """The reader of a part of a formula, made once. Known by identity: to hash an expression is dear."""
        found = self._parts.get(id(expression))
        if found is None:
            if len(self._parts) >= _PARTS:  # only texts make expressions of their own, and few
                self._parts.clear()
            found = self._parts[id(expression)] = (expression, reader(expression, self.around))
        return found[1]

    def _stood_in(self, name: str, reading: Reading) -> Reading:
        """A reading; what would stand in for a submitted fact and is no value does not, and the fact is missing."""
        return self._missing[name] if reading.__class__ in BOUNDS and name in self._missing else reading

    def read(self, name: str, facts: Mapping[str, Value]) -> Value | Bound | None:
        """What one formula says of some facts: a value, a bound, or None where there will never be a value."""
        reading = self.state(facts)[name]
        if reading is NOTHING:
            return None
        return outer(reading) if reading.__class__ in BOUNDS or reading == ENDLESS else reading


def _remembering(expression: Expression, around: Surroundings, rare: Set[str]) -> Reader:
    """A formula's reader, which says the same for the same facts at once.

    What comes from sums of money (`rare`) is read anew: hardly ever are two the same.
    """
    read, names = reader(expression, around), facts_of(expression)
    if not names or not rare.isdisjoint(names):
        return read
    known: dict[Any, Reading] = {}
    (first, *others) = names

    def found(state: State) -> Reading:
        key = state.get(first) if not others else tuple([state.get(name) for name in names])
        if key not in known:
            if len(known) >= _KEPT:
                known.clear()
            known[key] = read(state)
        return known[key]

    return found


@lru_cache(maxsize=64)
def derivation(pack: Pack, as_of: dt.date) -> Derivation:
    """The formulas of a pack, ready for a day: made once."""
    return Derivation(pack, as_of)


def derive(pack: Pack, facts: Mapping[str, Value], as_of: dt.date) -> Derived:
    """What follows from the facts of one case."""
    return derivation(pack, as_of).derive(facts)


def missing(facts: Mapping[str, Fact], as_of: dt.date) -> dict[str, Reading]:
    """What every submitted fact may be that is not given: the limits of its cells."""
    return {name: _any(fact, as_of) for name, fact in facts.items() if not fact.derived}


def _any(fact: Fact, as_of: dt.date) -> Reading:
    match fact.type:
        case "int" | "money" | "rate":
            return interval(*limits(fact))
        case "date":
            last = min(as_of, LAST_DAY) if fact.past else LAST_DAY
            return interval(min(FIRST_DAY, last), last)
        case "bool":
            return Choice(frozenset((True, False)))
        case "enum":
            return Choice(frozenset(fact.values))
    return Choice(None)


def _passes(reading: Reading) -> bool:
    """Whether it goes beyond what a bound says."""
    return reading == ENDLESS or (reading.__class__ in BOUNDS and outer(reading) != reading)


class DatedParameters:
    """Parameters as of any day, or of any day of a period."""

    def __init__(self, parameters: Mapping[str, Parameter]) -> None:
        self._parameters = parameters
        self._known: dict[tuple[str, Reading], Reading] = {}

    def read(self, name: str, day: Reading) -> Reading:
        """A parameter's value; nothing where none is in force."""
        key = (name, day)
        if key not in self._known:
            if len(self._known) > 10_000:
                self._known.clear()
            self._known[key] = self._value(self._parameters[name], day)
        return self._known[key]

    def _value(self, parameter: Parameter, day: Reading) -> Reading:
        if day is NOTHING:
            return NOTHING
        if isinstance(day, dt.date):
            value = value_on(parameter, day)
            return NOTHING if value is None else canonical(value.value, parameter.unit)
        assert isinstance(day, Interval)  # noqa: S101 - a date, as the loader has proved
        return over(parameter, day.low, day.high, day.nothing)


def over(parameter: Parameter, first: dt.date, last: dt.date, nothing: bool = False) -> Reading:
    """All that a parameter is on the days of a period; or nothing, where some day has no value."""
    values = sorted(parameter.values, key=lambda value: value.valid_from)
    inside = [each for each in values if each.valid_from <= last and (each.valid_to is None or each.valid_to >= first)]
    reading = join([canonical(each.value, parameter.unit) for each in inside]) if inside else NOTHING
    covered: dt.date | None = first  # every day before it has a value; None: every day there is
    for each in inside:
        if covered is None or each.valid_from > covered:
            break
        covered = None if each.valid_to is None or each.valid_to >= last else each.valid_to + dt.timedelta(days=1)
    return reading if covered is None and not nothing else with_nothing(reading)


def anytime(facts: Mapping[str, Fact], parameters: Iterable[tuple[str, Parameter]]) -> Surroundings:
    """All that formulas can ever meet: any day, any value that a parameter has had, and any facts."""
    entries = dict(parameters)
    always = {name: over(each, FIRST_DAY, LAST_DAY) for name, each in entries.items()}
    return Surroundings(
        today=Interval(FIRST_DAY, LAST_DAY),
        parameters=always,
        dated=lambda name, _: always[name],
        missing={
            name: with_nothing(_any(fact, LAST_DAY)) if fact.given else _any(fact, LAST_DAY)
            for name, fact in facts.items()
            if not fact.derived or fact.given
        },
    )
