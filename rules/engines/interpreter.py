"""The interpreter: whether a condition is true of one case, worked out without an engine, for texts."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any, Final

from rules.engines.message import Facts
from rules.facts.cells import Value
from rules.pack.logic import conditions as c
from rules.pack.logic.normal_form import normal

_OPERATORS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "equals": operator.eq,
    "not_equals": operator.ne,
    "more_than": operator.gt,
    "at_least": operator.ge,
    "less_than": operator.lt,
    "at_most": operator.le,
}


def is_true(condition: c.Condition, facts: Facts) -> bool:
    """Whether it is true: neither false nor unknown. Parameters in it must be resolved."""
    return _true(normal(condition), facts)


def _true(part: c.Condition, facts: Facts) -> bool:
    match part:
        case c.All(children):
            return all(_true(child, facts) for child in children)
        case c.Any(children):
            return any(_true(child, facts) for child in children)
        case c.Known(fact, known):
            return (fact in facts) is known
        case c.Not(child):  # in normal form a negated leaf: it is false, not unknown
            return not isinstance(child, c.All | c.Any | c.Not) and _leaf(child, facts) is False
    return _leaf(part, facts) is True


def _leaf(leaf: c.Leaf, facts: Facts) -> bool | None:
    value = facts.get(leaf.fact)
    if value is None:
        return None
    match leaf:
        case c.OneOf(_, values):
            return value in values
        case c.Contains(_, member):
            return isinstance(value, tuple) and member in value
        case c.ComparePair(_, operation, other):
            second = facts.get(other)
            return None if second is None else _compare(value, operation.removesuffix("_fact"), second)
        case c.Compare(_, operation, wanted):
            return None if isinstance(wanted, c.ParameterReference) else _compare(value, operation, wanted)
    raise TypeError(f"not a comparison: {leaf!r}")


def _compare(left: Value, operation: str, right: Value) -> bool:
    return _OPERATORS[operation](left, right)
