"""Conditions on a Polars frame: a chunk of cases as typed columns, null for unknown, and three-valued expressions."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

import polars as pl

from rules import conditions as c
from rules.message import Facts
from rules.normal import facts_of
from rules.schema import FactType, Vocabulary

if TYPE_CHECKING:
    from polars._typing import PolarsDataType

_TYPES: Final[Mapping[FactType, PolarsDataType]] = {
    "text": pl.String,
    "enum": pl.String,
    "bool": pl.Boolean,
    "int": pl.Int64,
    "money": pl.Int64,
    "rate": pl.Int64,
    "date": pl.Date,
    "list": pl.List(pl.String),
}
_OPERATORS: Final[Mapping[str, Callable[[pl.Expr, pl.Expr], pl.Expr]]] = {
    "equals": operator.eq,
    "not_equals": operator.ne,
    "more_than": operator.gt,
    "at_least": operator.ge,
    "less_than": operator.lt,
    "at_most": operator.le,
}
_ROW: Final = "$row"
_UNKNOWN: Final = pl.lit(None, dtype=pl.Boolean)


def frame(cases: Sequence[Facts], facts: Iterable[str], vocabulary: Vocabulary) -> pl.DataFrame:
    """The cases' facts, column by column, after a column of row numbers that gives even an empty table its height."""
    return pl.DataFrame(
        [
            pl.Series(_ROW, range(len(cases)), dtype=pl.UInt32),
            *(
                pl.Series(name, [case.get(name) for case in cases], dtype=_TYPES[vocabulary.facts[name].type])
                for name in facts
            ),
        ]
    )


def evaluate(table: pl.DataFrame, expressions: Mapping[str, pl.Expr]) -> pl.DataFrame:
    """A Boolean column for each expression, as high as the table."""
    named = [expression.alias(name) for name, expression in expressions.items()]
    return table.select(pl.col(_ROW), *named).drop(_ROW)


def kleene(condition: c.Condition) -> pl.Expr:
    """The condition in three-valued logic: a comparison with an unknown fact is null; the rest follows Kleene."""
    match condition:
        case c.All(()) | c.Any(()):
            return pl.lit(isinstance(condition, c.All))
        case c.All(children):
            return pl.all_horizontal([kleene(child) for child in children])
        case c.Any(children):
            return pl.any_horizontal([kleene(child) for child in children])
        case c.Not(child):
            return ~kleene(child)
    return compare(condition)


def compare(leaf: c.Leaf) -> pl.Expr:
    """A leaf as it stands; `known` alone is never null."""
    match leaf:
        case c.Compare(value=c.Parameter()):
            return _UNKNOWN
        case c.Compare(fact, word, value):
            return _OPERATORS[word](pl.col(fact), pl.lit(value))
        case c.OneOf(fact, values):
            return pl.col(fact).is_in(list(values))
        case c.Contains(fact, value):
            return pl.col(fact).list.contains(value)
        case c.ComparePair(fact, word, other):
            return _OPERATORS[word.removesuffix("_fact")](pl.col(fact), pl.col(other))
        case c.Known(fact, known):
            return pl.col(fact).is_not_null() if known else pl.col(fact).is_null()


class Prospects:
    """What could become of a leaf once missing facts are given: true or false for sure, or null, still open."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary

    def sources(self, fact: str) -> tuple[str, ...]:
        """The submitted facts that a fact comes from: itself, or the inputs of a derived one, all the way down."""
        known = self.vocabulary.facts[fact]
        if not known.derived or not known.inputs:
            return (fact,)
        return tuple(dict.fromkeys(source for each in known.inputs for source in self.sources(each)))

    def differ(self, leaf: c.Leaf) -> bool:
        """Whether the leaf's prospects are not simply its value."""
        return isinstance(leaf, c.Known) or any(self.vocabulary.facts[fact].derived for fact in facts_of(leaf))

    def never(self, fact: str) -> pl.Expr:
        """Unknown for good: a derived fact that is absent although all it follows from is there."""
        return pl.col(fact).is_null() & pl.all_horizontal(
            [pl.col(source).is_not_null() for source in self.sources(fact)]
        )

    def leaf(self, leaf: c.Leaf, wanted: bool = True) -> pl.Expr:
        """The leaf, or its negation, as something that is true, never true, or open."""
        never = pl.any_horizontal([self.never(fact) for fact in facts_of(leaf)])
        if isinstance(leaf, c.Known):
            given = pl.when(pl.col(leaf.fact).is_not_null()).then(pl.lit(leaf.known is wanted))
            return given.when(never).then(pl.lit(leaf.known is not wanted)).otherwise(_UNKNOWN)
        value = compare(leaf) if wanted else ~compare(leaf)
        return pl.when(never).then(pl.lit(False)).otherwise(value) if self.differ(leaf) else value

    def expression(self, condition: c.Condition) -> pl.Expr:
        """A condition in normal form as true, never true, or open."""
        match condition:
            case c.All(()) | c.Any(()):
                return pl.lit(isinstance(condition, c.All))
            case c.All(children):
                return pl.all_horizontal([self.expression(child) for child in children])
            case c.Any(children):
                return pl.any_horizontal([self.expression(child) for child in children])
            case c.Not(child):
                return self.leaf(child, wanted=False)  # type: ignore[arg-type]  # normal form: only on leaves
        return self.leaf(condition)
