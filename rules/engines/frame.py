"""A chunk of cases as a Polars frame, a typed column a fact with null for unknown, and comparisons on it."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final, cast

import polars as pl

from rules.engines.message import Facts
from rules.facts.cells import Value
from rules.pack import conditions as c
from rules.pack.schema import FactType, Vocabulary

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
}
_OPERATORS: Final[Mapping[str, Callable[[pl.Expr, pl.Expr], pl.Expr]]] = {
    "equals": operator.eq,
    "not_equals": operator.ne,
    "more_than": operator.gt,
    "at_least": operator.ge,
    "less_than": operator.lt,
    "at_most": operator.le,
}
ROW: Final = "$row"
_BETWEEN: Final = "\x1f"
UNKNOWN: Final = pl.lit(None, dtype=pl.Boolean)


def frame(cases: Sequence[Facts], facts: Iterable[str], vocabulary: Vocabulary) -> pl.DataFrame:
    """The cases' facts, column by column, after a column of row numbers that gives even an empty table its height."""
    return pl.DataFrame(
        [
            pl.Series(ROW, range(len(cases)), dtype=pl.UInt32),
            *(_column(name, vocabulary.facts[name].type, [case.get(name) for case in cases]) for name in facts),
        ]
    )


def _column(name: str, kind: FactType, values: list[Value | None]) -> pl.Series:
    if kind != "list":
        return pl.Series(name, values, dtype=_TYPES[kind])
    # Ten times as fast as giving Polars the lists one by one. An empty list becomes one that holds an empty text.
    joined = [None if value is None else _BETWEEN.join(cast("tuple[str, ...]", value)) for value in values]
    return pl.Series(name, joined, dtype=pl.String).str.split(_BETWEEN)


def compare(leaf: c.Leaf) -> pl.Expr:
    """A leaf as it stands; `known` alone is never null."""
    match leaf:
        case c.Compare(value=c.ParameterReference()):
            return UNKNOWN
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
