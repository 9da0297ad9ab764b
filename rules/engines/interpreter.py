"""The interpreter: what a condition is of one case, worked out without an engine, for texts and traces."""

from __future__ import annotations

import datetime as dt
import operator
from collections.abc import Callable, Mapping
from typing import Any, Final

from rules.engines.message import Facts
from rules.facts.cells import Value
from rules.formulas.ends import NO_BOUNDS, Bounds, Ends, ends
from rules.pack.logic import conditions as c

_OPERATORS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "equals": operator.eq,
    "not_equals": operator.ne,
    "more_than": operator.gt,
    "at_least": operator.ge,
    "less_than": operator.lt,
    "at_most": operator.le,
}
# What decides a comparison for all that both sides may be, and what decides it the other way.
_SURELY: Final[Mapping[str, tuple[str, str]]] = {
    "more_than": ("more_than", "at_most"),
    "at_least": ("at_least", "less_than"),
    "less_than": ("less_than", "at_least"),
    "at_most": ("at_most", "more_than"),
}


def is_true(condition: c.Condition, facts: Facts) -> bool:
    """Whether it is true: neither false nor unknown. Parameters in it must be resolved."""
    return value_of(condition, facts) is True


def value_of(condition: c.Condition, facts: Facts, bounds: Bounds = NO_BOUNDS) -> bool | None:
    """True, false, or None for unknown; `bounds` are of derived facts that have no value."""
    match condition:
        case c.All(children):
            return _joined(children, facts, bounds, deciding=False)
        case c.Any(children):
            return _joined(children, facts, bounds, deciding=True)
        case c.Not(child):
            found = value_of(child, facts, bounds)
            return None if found is None else not found
        case c.Known(fact, known):
            return (fact in facts) is known
        case c.Compare(_, _, c.ParameterReference()):
            return None
        case c.Compare(fact, word, str() | bool() | int() | dt.date() as wanted) if fact not in facts:
            return _between(word, ends(None, bounds.get(fact)), ends(wanted, None))
        case c.ComparePair(fact, word, other) if not {fact, other} <= facts.keys():
            left, right = (ends(facts.get(each), bounds.get(each)) for each in (fact, other))
            return _between(word.removesuffix("_fact"), left, right)
    return _leaf(condition, facts)


def _joined(children: tuple[c.Condition, ...], facts: Facts, bounds: Bounds, *, deciding: bool) -> bool | None:
    """Whether all hold, which one that fails decides; or any does, which one that holds decides."""
    unknown = False
    for child in children:
        found = value_of(child, facts, bounds)
        if found is deciding:
            return deciding
        unknown = unknown or found is None
    return None if unknown else not deciding


def _leaf(leaf: c.Condition, facts: Facts) -> bool | None:
    if isinstance(leaf, c.All | c.Any | c.Not | c.Known):
        raise TypeError(f"not a comparison: {leaf!r}")
    value = facts.get(leaf.fact)
    if value is None:
        return None
    match leaf:
        case c.OneOf(_, values):
            return value in values
        case c.Contains(_, member):
            return isinstance(value, tuple) and member in value
        case c.ComparePair(_, operation, other):
            return _OPERATORS[operation.removesuffix("_fact")](value, facts[other])
    return _OPERATORS[leaf.operator](value, leaf.value)


def _between(word: str, left: Ends, right: Ends) -> bool | None:
    """How one interval compares with another; None where that is not decided yet."""
    (low, high), (least, most) = left, right
    if word in _SURELY:
        true, false = _SURELY[word]
        ends_of = {True: (low, most), False: (high, least)}
        upwards = word in ("more_than", "at_least")
        if _holds(true, *ends_of[upwards]):
            return True
        return False if _holds(false, *ends_of[not upwards]) else None
    if _holds("equals", low, most) and _holds("equals", high, least):
        return word == "equals"
    apart = _holds("more_than", low, most) or _holds("less_than", high, least)
    return word == "not_equals" if apart else None


def _holds(word: str, one: Value | None, other: Value | None) -> bool:
    return one is not None and other is not None and _OPERATORS[word](one, other)
