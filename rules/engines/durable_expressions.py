"""A piece of a durable-rules expression and what it costs the engine, whose limits nothing may meet."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any, Final, TypeAlias

Expression: TypeAlias = dict[str, Any]

# The engine's limits (read in its source, measured in the tests) and how far below them every ruleset stays.
STACK: Final = 60  # network branches a message can have open at once; 64, more is error 303 and no result
PATTERNS: Final = 400  # conditions in one ruleset; creation hangs for ever at 513 under one node
GROUPS: Final = 15  # $and and $or of one rule; 31 marks of begin and end fit
HITS: Final = 256  # times one rule can fire for one case: once for every true way through its $or


@dataclass(frozen=True)
class ExpressionPart:
    """An expression, its costs, and the keys it reads."""

    expression: Expression
    keys: frozenset[str]
    stack: int = 1
    patterns: int = 1
    groups: int = 0
    hits: int = 1

    def excess(self) -> str | None:
        """What of it is too much for any ruleset, if anything is."""
        for count, limit, what in (
            (self.stack, STACK, "conditions that can be true at once"),
            (self.patterns, PATTERNS, "conditions"),
            (self.groups, GROUPS, "groups of conditions"),
            (self.hits, HITS, "ways to be true at once"),
        ):
            if count > limit:
                return f"has {count} {what}, the most is {limit}; split it into several rules"
        return None


def together(parts: list[ExpressionPart]) -> ExpressionPart:
    """All of them: one $and, nested ones opened up."""
    opened = sum("$and" in part.expression for part in parts)
    return ExpressionPart(
        {"$and": [step for part in parts for step in part.expression.get("$and", [part.expression])]},
        _keys(parts),
        sum(part.stack for part in parts),
        sum(part.patterns for part in parts),
        1 + sum(part.groups for part in parts) - opened,
        prod(part.hits for part in parts),
    )


def either(parts: list[ExpressionPart]) -> ExpressionPart:
    """Any of them: one $or. Each branch leads to the common exit, which counts as one more way to go."""
    if len(parts) == 1:
        return parts[0]
    return ExpressionPart(
        {"$or": [part.expression for part in parts]},
        _keys(parts),
        sum(part.stack + 1 for part in parts),
        sum(part.patterns + 1 for part in parts),
        1 + sum(part.groups for part in parts),
        sum(part.hits for part in parts),
    )


def one_of(parts: list[ExpressionPart]) -> ExpressionPart:
    """Any of them, where at most one can be true because they all compare one fact: one branch open, and its exit."""
    joined = either(parts)
    return ExpressionPart(joined.expression, joined.keys, min(2, len(parts)), joined.patterns, joined.groups)


def _keys(parts: list[ExpressionPart]) -> frozenset[str]:
    return frozenset[str]().union(*(part.keys for part in parts))
