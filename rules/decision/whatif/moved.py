"""A policy with one figure moved: which figures decide something, and the policy as it would be with another value."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from rules.pack.files.schema import Parameter, ParameterValue
from rules.pack.formulas import facts_of, parameters_of
from rules.pack.logic.conditions import Compare, Condition, ParameterReference
from rules.pack.logic.normal_form import facts_of as looked_at
from rules.pack.logic.normal_form import leaves
from rules.pack.pack import Pack
from rules.pack.parameters import canonical, value_on


@dataclass(frozen=True)
class Movable:
    """A figure in force that decides something: by rules alone, or also by what formulas make of it."""

    name: str
    parameter: Parameter
    dated: ParameterValue
    by_formulas: bool

    @property
    def value(self) -> Decimal:
        """What it is on the day."""
        return self.dated.value


def parameters_in(condition: Condition) -> frozenset[str]:
    """The parameters that a condition compares facts with."""
    return frozenset(
        leaf.value.name
        for leaf in leaves(condition)
        if isinstance(leaf, Compare) and isinstance(leaf.value, ParameterReference)
    )


def facts_in(condition: Condition) -> frozenset[str]:
    """The facts that a condition looks at."""
    return frozenset(fact for leaf in leaves(condition) for fact in looked_at(leaf))


def movable(pack: Pack, as_of: dt.date) -> dict[str, Movable]:
    """The figures that can be moved on a day, in the pack's order: of the others no decision depends."""
    by_rules = frozenset[str]().union(*(parameters_in(each.when) for each in pack.rules))
    by_formulas = {each.name for formula in pack.formulas.values() for each in parameters_of(formula.expression)}
    return {each.name: each for each in _in_force(pack, as_of, by_formulas) if each.name in by_rules | by_formulas}


def following(pack: Pack) -> dict[str, dict[str, tuple[str, ...]]]:
    """By figure the facts that formulas work out by it, or by such facts, each with those that its formula reads."""
    found: dict[str, dict[str, tuple[str, ...]]] = {name: {} for name in pack.parameters}
    for fact, formula in pack.formulas.items():
        read, figures = facts_of(formula.expression), {each.name for each in parameters_of(formula.expression)}
        for name, follow in found.items():
            if name in figures or not follow.keys().isdisjoint(read):
                follow[fact] = read
    return found


def _in_force(pack: Pack, as_of: dt.date, by_formulas: set[str]) -> Iterator[Movable]:
    for name, parameter in pack.parameters.items():
        if dated := value_on(parameter, as_of):
            yield Movable(name, parameter, dated, name in by_formulas)


def moved(pack: Pack, moving: Movable, value: Decimal) -> Pack:
    """The policy with another value in the place of the one in force. Raises ValueError with a sentence."""
    canonical(value, moving.parameter.unit)
    other = moving.dated.model_copy(update={"value": value})
    values = tuple(other if each is moving.dated else each for each in moving.parameter.values)
    parameter = moving.parameter.model_copy(update={"values": values})
    return replace(
        pack,
        parameters={**pack.parameters, moving.name: parameter},
        sha256=f"{pack.sha256} {moving.name} {value}",
    )
