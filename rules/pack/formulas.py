"""The formula AST: how a derived fact follows from other facts, free of any reading.

A formula is total: no loops, no recursion, no way to fail. On a case an expression is one of three things:

- a value: a whole number in the canonical grain (yuan in fen, percent in basis points, the rest whole), a date, a
  boolean, a word;
- *nothing*: known never to have a value, whatever else becomes known (a parameter not in force on its day, a fact
  that only the application gives and did not give, a division by zero that says so). Nothing spreads through
  arithmetic and comparisons; `all` with a false member is false all the same, `any` with a true one true;
  `otherwise` replaces it;
- unknown: a submitted fact is missing. Its bounds are then what it may still become: an interval for numbers and dates,
  a subset of {true, false} for booleans, a set of words, each with or without nothing.

The readings (value, bounds, trend, columns, words) live elsewhere. Each gives every node the meaning written here, and
a formula is stable in all of them: what it says of some facts it says whatever else becomes known.

Dated parameters are read on the day of evaluation, or on the day that a fact gives.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, TypeAlias

Unit = Literal["yuan", "percent", "days", "months", "years", "count", "date", "bool", "word"]
Rounding = Literal["up", "down", "half_up"]  # up: towards plus infinity; down: towards minus infinity
Comparison = Literal["equals", "not_equals", "more_than", "at_least", "less_than", "at_most"]


@dataclass(frozen=True, slots=True)
class FactNode:
    """A fact of the case by name, submitted or derived."""

    name: str


@dataclass(frozen=True, slots=True)
class ParameterNode:
    """A policy number as of the day of evaluation, or of the day that the fact `on` gives; nothing where none is."""

    name: str
    on: FactNode | None = None


@dataclass(frozen=True, slots=True)
class Constant:
    """A constant in its canonical grain, with its unit: `{yuan: 0}`, `{percent: 100}`, `{days: 1}`, `true`, a word."""

    value: int | bool | str | dt.date
    unit: Unit


@dataclass(frozen=True, slots=True)
class Today:
    """The day of evaluation."""


@dataclass(frozen=True, slots=True)
class NothingNode:
    """Nothing: the fact does not apply."""


@dataclass(frozen=True, slots=True)
class Endless:
    """More than any number: no value, yet more in every comparison. Only what a division by zero gives."""


@dataclass(frozen=True, slots=True)
class Add:
    """The sum of amounts of one unit."""

    terms: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Subtract:
    """One amount less another of the same unit."""

    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Multiply:
    """A product, of the product of the units: an amount times a count is an amount, yuan times days is not."""

    factors: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Divide:
    """A quotient of the unit `gives`, rounded once as stated; `zero` is what it is where the divisor is 0."""

    dividend: Expression
    divisor: Expression
    gives: Unit
    rounding: Rounding
    zero: Expression | None = None  # None only where the divisor cannot be 0, which the loader proves
    scale: int = 0  # the power of ten that brings the quotient of the canonical numbers to the grain of `gives`

    @property
    def factors(self) -> tuple[int, int]:
        """What the dividend and the divisor are multiplied by for the scale."""
        return 10 ** max(0, self.scale), 10 ** max(0, -self.scale)


@dataclass(frozen=True, slots=True)
class Portion:
    """So many percent of an amount, rounded to the grain of the amount."""

    of: Expression
    percent: Expression
    rounding: Rounding


@dataclass(frozen=True, slots=True)
class Share:
    """What one debt gets of an amount shared by balances: `before` is the sum of those ahead of it, `total` of all.

    What rounding leaves over is carried from debt to debt, so that the shares add up to the amount, or to all the
    balances where the amount is more. Between 0 and the amount, and 0 where there is nothing to share.
    """

    of: Expression
    balance: Expression
    before: Expression
    total: Expression


@dataclass(frozen=True, slots=True)
class Least:
    """The smallest of amounts or dates of one unit (`min`)."""

    terms: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Greatest:
    """The largest of amounts or dates of one unit (`max`)."""

    terms: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class DaysBetween:
    """Days from one date to another; negative where the second comes first."""

    start: Expression
    end: Expression


@dataclass(frozen=True, slots=True)
class MonthsBegun:
    """Months from one date to a later one, a begun month counted whole; 0 or less where the second is not later."""

    start: Expression
    end: Expression


@dataclass(frozen=True, slots=True)
class YearsFull:
    """Full years from one date to another, anniversaries of 29 February on the 28th."""

    start: Expression
    end: Expression


@dataclass(frozen=True, slots=True)
class Shift:
    """The date so many days or years after another, or before it; 29 February plus years ends on the 28th."""

    date: Expression
    amount: Expression
    unit: Literal["days", "years"]


@dataclass(frozen=True, slots=True)
class CompareNode:
    """Two expressions of one unit against each other; ordering only for amounts and dates."""

    left: Expression
    operator: Comparison
    right: Expression


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every member holds."""

    members: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one member holds."""

    members: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class NotOf:
    """The member does not hold."""

    member: Expression


@dataclass(frozen=True, slots=True)
class If:
    """One of two expressions of one unit, by a condition."""

    condition: Expression
    then: Expression
    otherwise: Expression


@dataclass(frozen=True, slots=True)
class Otherwise:
    """The first expression, or the second where the first is nothing."""

    first: Expression
    second: Expression


@dataclass(frozen=True, slots=True)
class Exists:
    """Whether an expression is something rather than nothing: whether a parameter was in force on a day, for one."""

    of: Expression


@dataclass(frozen=True, slots=True)
class Once:
    """The expression, but unknown as long as one of the submitted facts is missing: what it says rests on them.

    As a bound it is that of the expression, or nothing.
    """

    given: tuple[str, ...]
    then: Expression


@dataclass(frozen=True, slots=True)
class Bucket:
    """Up to this value, inclusive, the table says this."""

    up_to: int
    gives: Expression


@dataclass(frozen=True, slots=True)
class Buckets:
    """A table over an amount: the first bucket whose end is not passed, else `above`."""

    of: Expression
    buckets: tuple[Bucket, ...]
    above: Expression


@dataclass(frozen=True, slots=True)
class MatchCase:
    """These words lead to this expression."""

    words: tuple[str, ...]
    gives: Expression


@dataclass(frozen=True, slots=True)
class Match:
    """A table over a word: the first case that has it, or with `contains` that stands in it; else `otherwise`."""

    of: Expression
    cases: tuple[MatchCase, ...]
    otherwise: Expression
    contains: bool = False


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """A named function that truly cannot be a formula: the working-day calendar. Monotone in every argument."""

    function: str
    arguments: tuple[Expression, ...]


Expression: TypeAlias = (
    FactNode
    | ParameterNode
    | Constant
    | Today
    | NothingNode
    | Endless
    | Add
    | Subtract
    | Multiply
    | Divide
    | Portion
    | Share
    | Least
    | Greatest
    | DaysBetween
    | MonthsBegun
    | YearsFull
    | Shift
    | CompareNode
    | AllOf
    | AnyOf
    | NotOf
    | If
    | Otherwise
    | Exists
    | Once
    | Buckets
    | Match
    | FunctionCall
)


def parts(expression: Expression) -> Iterator[Expression]:
    """The expressions that stand directly in another, in the order of its fields."""
    for field in fields(expression):
        yield from _expressions(getattr(expression, field.name))


def _expressions(value: object) -> Iterator[Expression]:
    if isinstance(value, tuple):
        for item in value:
            yield from _expressions(item)
    elif isinstance(value, Bucket | MatchCase):
        yield value.gives
    elif isinstance(value, Expression):
        yield value


def rebuilt(expression: Expression, of: Callable[[Expression], Expression]) -> Expression:
    """An expression with what `of` gives in the place of each expression that stands directly in it."""

    def part(value: object) -> object:
        if isinstance(value, Expression):
            return of(value)
        if isinstance(value, Bucket | MatchCase):
            return replace(value, gives=of(value.gives))
        return tuple(part(each) for each in value) if isinstance(value, tuple) else value

    given: dict[str, Any] = {each.name: part(getattr(expression, each.name)) for each in fields(expression)}
    return replace(expression, **given)


def walk(expression: Expression) -> Iterator[Expression]:
    """An expression and all that stands in it, from the outside in."""
    yield expression
    for part in parts(expression):
        yield from walk(part)


def moves(expression: Expression, moving: Collection[str]) -> bool:
    """Whether an expression may say something else tomorrow."""
    return any(
        isinstance(each, Today) or (isinstance(each, FactNode) and each.name in moving) for each in walk(expression)
    )


def facts_of(expression: Expression) -> tuple[str, ...]:
    """The facts an expression reads, each once."""
    names: list[str] = []
    for each in walk(expression):
        if isinstance(each, FactNode):
            names.append(each.name)
        elif isinstance(each, Once):
            names.extend(each.given)
    return tuple(dict.fromkeys(names))


def first_facts_of(expression: Expression) -> tuple[str, ...]:
    """The facts an expression reads while none is known: of a table over a word, those of the word and of no case."""
    if isinstance(expression, Match):
        return first_facts_of(expression.of)
    below = (name for part in parts(expression) for name in first_facts_of(part))
    own = facts_of(expression) if isinstance(expression, FactNode | Once) else ()
    return tuple(dict.fromkeys((*own, *below)))


def parameters_of(expression: Expression) -> tuple[ParameterNode, ...]:
    """The parameters an expression reads, each once for every day it is read on."""
    return tuple(dict.fromkeys(each for each in walk(expression) if isinstance(each, ParameterNode)))
