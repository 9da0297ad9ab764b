"""Boundary pairs: for each comparison of a rule, two of its tests that lie close together on either side of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Final

from rules.facts.case_facts import Facts
from rules.lint.rule_tests import Example
from rules.pack.files.schema import FactType
from rules.pack.logic import conditions as c
from rules.pack.logic.condition_parser import resolve
from rules.pack.logic.normal_form import leaves
from rules.pack.pack import LoadedRule, Pack
from rules.pack.parameters import in_force

# How close: a day, a month, a person; a yuan; a percent.
_STEP: Final[Mapping[FactType, int]] = {"int": 1, "date": 1, "money": 100, "rate": 100}
_ORDER: Final = ("more_than", "at_least", "less_than", "at_most")


def lacking(pack: Pack, rule: LoadedRule, examples: Mapping[dt.date, list[Example]]) -> Iterator[str]:
    """The comparisons of the rule that no pair of its tests straddles."""
    distances: dict[c.Leaf, list[int]] = {leaf: [] for leaf in leaves(rule.when) if _ordering(leaf)}
    for as_of, tests in examples.items():
        values = in_force(pack, as_of)
        for example in tests:
            if example.rule is rule:
                for leaf, found in distances.items():
                    distance = _distance(resolve(leaf, values), example.facts)
                    if distance is not None:
                        found.append(distance)
    for leaf, found in distances.items():
        word = leaf.operator.removesuffix("_fact")  # type: ignore[union-attr]  # only comparisons have an order
        # more_than and at_most change their answer just above the limit, the other two just below it
        above, below = (1, 0) if word in ("more_than", "at_most") else (0, -1)
        step = _STEP[pack.vocabulary.facts[leaf.fact].type]
        over = min((distance for distance in found if distance >= above), default=None)
        under = max((distance for distance in found if distance <= below), default=None)
        if over is None or under is None or over - under > step:
            yield _shown(leaf)


def _ordering(leaf: c.Leaf) -> bool:
    return isinstance(leaf, c.Compare | c.ComparePair) and leaf.operator.removesuffix("_fact") in _ORDER


def _distance(leaf: c.Condition, facts: Facts) -> int | None:
    """How far the fact is above what it is compared with."""
    if not isinstance(leaf, c.Compare | c.ComparePair):
        return None
    value = facts.get(leaf.fact)
    limit = facts.get(leaf.other) if isinstance(leaf, c.ComparePair) else leaf.value
    if isinstance(value, dt.date) and isinstance(limit, dt.date):
        return (value - limit).days
    return value - limit if isinstance(value, int) and isinstance(limit, int) else None


def _shown(leaf: c.Leaf) -> str:
    """A comparison as the rule's file has it."""
    if isinstance(leaf, c.ComparePair):
        return f"{leaf.fact} {leaf.operator} {leaf.other}"
    if isinstance(leaf, c.Compare):
        value = leaf.value.name if isinstance(leaf.value, c.ParameterReference) else leaf.value
        return f"{leaf.fact} {leaf.operator} {value}"
    return leaf.fact
