"""A plain three-valued interpreter of conditions: slow, obvious, and written without a look at the engines."""

from collections.abc import Mapping
from math import inf

from rules.facts.cells import Value
from rules.formulas.bounds import Bound, Interval
from rules.pack.logic import conditions as c
from rules.pack.logic.normal_form import facts_of


def interpret(
    condition: c.Condition, facts: Mapping[str, Value], bounds: Mapping[str, Bound] | None = None
) -> bool | None:
    """True, False, or None for unknown. `bounds` are of facts without a value that lie between two numbers."""
    if isinstance(condition, c.All):
        values = [interpret(child, facts, bounds) for child in condition.children]
        if False in values:
            return False
        return None if None in values else True
    if isinstance(condition, c.Any):
        values = [interpret(child, facts, bounds) for child in condition.children]
        if True in values:
            return True
        return None if None in values else False
    if isinstance(condition, c.Not):
        value = interpret(condition.child, facts, bounds)
        return None if value is None else not value
    if isinstance(condition, c.Known):
        return (condition.fact in facts) == condition.known
    if (
        isinstance(condition, c.Compare | c.ComparePair)
        and bounds
        and not bounds.keys().isdisjoint(facts_of(condition))
    ):
        return _between(condition, facts, bounds)
    if condition.fact not in facts:
        return None
    return _leaf(condition, facts)


def _between(leaf: c.Compare | c.ComparePair, facts: Mapping[str, Value], bounds: Mapping[str, Bound]) -> bool | None:
    """What the comparison gives for all that the facts may be: the same for each corner, or unknown."""
    if isinstance(leaf.value if isinstance(leaf, c.Compare) else None, c.ParameterReference):
        return None
    left = _ends(leaf.fact, facts, bounds)
    word: str
    right: tuple[float, float]
    if isinstance(leaf, c.Compare):
        assert not isinstance(leaf.value, c.ParameterReference)
        word, right = leaf.operator, (_number(leaf.value), _number(leaf.value))
    else:
        word, right = leaf.operator.removesuffix("_fact"), _ends(leaf.other, facts, bounds)
    if right == (-inf, inf) or left == (-inf, inf):
        return None
    pairs = [(one, two) for one in left for two in right]
    if word in ("equals", "not_equals"):
        if left[0] <= right[1] and right[0] <= left[1]:  # they meet
            return None if len(set(left + right)) > 1 else word == "equals"
        return word == "not_equals"
    values = {_ordered(one - two if one != two else 0, word) for one, two in pairs}
    return values.pop() if len(values) == 1 else None


def _ends(fact: str, facts: Mapping[str, Value], bounds: Mapping[str, Bound]) -> tuple[float, float]:
    if fact in facts:
        return _number(facts[fact]), _number(facts[fact])
    bound = bounds.get(fact)
    if not isinstance(bound, Interval) or bound.nothing:
        return -inf, inf
    return -inf if bound.low is None else _number(bound.low), inf if bound.high is None else _number(bound.high)


def _leaf(leaf: c.Compare | c.OneOf | c.Contains | c.ComparePair, facts: Mapping[str, Value]) -> bool | None:
    value = facts[leaf.fact]
    if isinstance(leaf, c.OneOf):
        return value in leaf.values
    if isinstance(leaf, c.Contains):
        assert isinstance(value, tuple)
        return leaf.value in value
    if isinstance(leaf, c.ComparePair):
        if leaf.other not in facts:
            return None
        return _compare(value, leaf.operator.removesuffix("_fact"), facts[leaf.other])
    if isinstance(leaf.value, c.ParameterReference):
        return None
    return _compare(value, leaf.operator, leaf.value)


def _compare(left: Value, operator: str, right: Value) -> bool:
    if operator == "equals":
        return left == right
    if operator == "not_equals":
        return left != right
    return _ordered(_number(left) - _number(right), operator)


def _ordered(difference: float, operator: str) -> bool:
    if operator == "more_than":
        return difference > 0
    if operator == "at_least":
        return difference >= 0
    if operator == "less_than":
        return difference < 0
    assert operator == "at_most"
    return difference <= 0


def _number(value: Value) -> int:
    assert not isinstance(value, str | tuple | bool)
    return value if isinstance(value, int) else value.toordinal()
