"""A plain three-valued interpreter of conditions: slow, obvious, and written without a look at the engines."""

from collections.abc import Mapping

from rules.facts.cells import Value
from rules.pack import conditions as c


def interpret(condition: c.Condition, facts: Mapping[str, Value]) -> bool | None:
    """True, False, or None for unknown."""
    if isinstance(condition, c.All):
        values = [interpret(child, facts) for child in condition.children]
        if False in values:
            return False
        return None if None in values else True
    if isinstance(condition, c.Any):
        values = [interpret(child, facts) for child in condition.children]
        if True in values:
            return True
        return None if None in values else False
    if isinstance(condition, c.Not):
        value = interpret(condition.child, facts)
        return None if value is None else not value
    if isinstance(condition, c.Known):
        return (condition.fact in facts) == condition.known
    if condition.fact not in facts:
        return None
    return _leaf(condition, facts)


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
    difference = _number(left) - _number(right)
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
