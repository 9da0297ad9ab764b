"""A condition in negation normal form: `not` only directly on a leaf, `all` and `any` flat and without constants."""

from __future__ import annotations

from rules.pack.logic import conditions as c

TRUE = c.All(())
FALSE = c.Any(())

_OPPOSITE: dict[c.Operator, c.Operator] = {
    "equals": "not_equals",
    "not_equals": "equals",
    "more_than": "at_most",
    "at_most": "more_than",
    "less_than": "at_least",
    "at_least": "less_than",
}
_OPPOSITE_PAIR: dict[c.PairOperator, c.PairOperator] = {
    "more_than_fact": "at_most_fact",
    "at_most_fact": "more_than_fact",
    "less_than_fact": "at_least_fact",
    "at_least_fact": "less_than_fact",
}


def normal(condition: c.Condition, wanted: bool = True) -> c.Condition:
    """A condition that is true exactly when the given one is `wanted`.

    Only *true* is kept: where the given condition is unknown, the result is not true, and that is all it says. A
    comparison with a parameter that has no value in force is never true, whichever way it is asked.
    """
    match condition:
        case c.Not(child):
            return normal(child, not wanted)
        case c.All(children):
            return _join(children, wanted, conjunction=wanted)
        case c.Any(children):
            return _join(children, wanted, conjunction=not wanted)
        case c.Compare(value=c.ParameterReference()):
            return FALSE
        case c.Known(fact, known):
            return c.Known(fact, known is wanted)
        case _ if wanted:
            return condition
        case c.Compare(fact, operator, value):
            return c.Compare(fact, _OPPOSITE[operator], value)
        case c.ComparePair(fact, operator, other) if operator in _OPPOSITE_PAIR:
            return c.ComparePair(fact, _OPPOSITE_PAIR[operator], other)
    return c.Not(condition)


def _join(children: tuple[c.Condition, ...], wanted: bool, *, conjunction: bool) -> c.Condition:
    kind, neutral, decisive = (c.All, TRUE, FALSE) if conjunction else (c.Any, FALSE, TRUE)
    flat: dict[c.Condition, None] = {}
    for child in children:
        part = normal(child, wanted)
        if part == decisive:
            return decisive
        inner = part.children if isinstance(part, kind) else (part,)
        flat.update(dict.fromkeys(inner))
    parts = tuple(flat)
    if not parts:
        return neutral
    return parts[0] if len(parts) == 1 else kind(parts)


def leaves(condition: c.Condition) -> tuple[c.Leaf, ...]:
    """The leaves, in order."""
    match condition:
        case c.All(children) | c.Any(children):
            return tuple(leaf for child in children for leaf in leaves(child))
        case c.Not(child):
            return leaves(child)
    return (condition,)


def facts_of(leaf: c.Leaf) -> tuple[str, ...]:
    """The facts a leaf looks at."""
    return (leaf.fact, leaf.other) if isinstance(leaf, c.ComparePair) else (leaf.fact,)
