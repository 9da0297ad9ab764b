"""The condition AST: what a rule's `when` may say, free of any engine.

Every node is a frozen dataclass. Literals are canonical values (money in fen, rates in basis points,
dates as datetime.date, enums and text as str, booleans as bool). A Parameter stands for a dated policy number and is
replaced by its value with `resolve` before any engine sees it.

Three-valued: a comparison with a missing fact is unknown; all, any and not follow Kleene. `Known` is
never unknown.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal, TypeAlias

Operator = Literal["equals", "not_equals", "more_than", "at_least", "less_than", "at_most"]
PairOperator = Literal["equals_fact", "more_than_fact", "at_least_fact", "less_than_fact", "at_most_fact"]
Scalar: TypeAlias = str | int | bool | dt.date


@dataclass(frozen=True, slots=True)
class ParameterReference:
    """A dated policy number, by name."""

    name: str


@dataclass(frozen=True, slots=True)
class Compare:
    """One fact against one value. Ordering only for int, money, rate and date facts."""

    fact: str
    operator: Operator
    value: Scalar | ParameterReference


@dataclass(frozen=True, slots=True)
class OneOf:
    """An enum or text fact is among the values (`one_of`)."""

    fact: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Contains:
    """A list fact holds the value. A blank list is unknown, an empty list is known to hold nothing."""

    fact: str
    value: str


@dataclass(frozen=True, slots=True)
class ComparePair:
    """One fact against another of the same type; the pair must be declared in facts.yaml."""

    fact: str
    operator: PairOperator
    other: str


@dataclass(frozen=True, slots=True)
class Known:
    """Whether a fact is given at all."""

    fact: str
    known: bool


@dataclass(frozen=True, slots=True)
class All:
    children: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Any:
    children: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    child: Condition


Leaf: TypeAlias = Compare | OneOf | Contains | ComparePair | Known
Condition: TypeAlias = Leaf | All | Any | Not
