"""A chunk of cases as a Polars frame, a typed column a fact with null for unknown, and comparisons on it."""

from __future__ import annotations

import datetime as dt
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, cast

import polars as pl

from rules.engines.message import Facts
from rules.facts.cells import Value
from rules.formulas.columns.column_values import TYPES
from rules.formulas.ends import NO_BOUNDS, SIDES, Bounds, Side, bounded
from rules.formulas.ends import ends as ends_of
from rules.pack.files.schema import Fact, FactType, Vocabulary
from rules.pack.logic import conditions as c

_OPERATORS: Final[Mapping[str, Callable[[pl.Expr, pl.Expr], pl.Expr]]] = {
    "equals": operator.eq,
    "not_equals": operator.ne,
    "more_than": operator.gt,
    "at_least": operator.ge,
    "less_than": operator.lt,
    "at_most": operator.le,
}
ROW: Final = "$row"
LIST_MARK: Final = "\x1f"  # between the members of a list written as one text
_EPOCH: Final = dt.date(1970, 1, 1).toordinal()
UNKNOWN: Final = pl.lit(None, dtype=pl.Boolean)


def frame(
    cases: Sequence[Facts],
    facts: Iterable[str],
    vocabulary: Vocabulary,
    bounds: Sequence[Bounds] | None = None,
    ends: Iterable[str] = (),
) -> pl.DataFrame:
    """The cases' facts, column by column, after a column of row numbers that gives even an empty table its height.

    `ends` are the facts that have two more columns, the least and the most they can be, from their value or the bounds.
    """
    told = set[str]().union(*cases)  # no case of a file has most of the facts

    def column(name: str) -> pl.Series:
        fact = vocabulary.facts[name]
        if name not in told:
            return blank(name, pl.List(pl.String) if fact.type == "list" else TYPES[fact.type], len(cases))
        return _column(name, fact, [case.get(name) for case in cases])

    columns = {name: column(name) for name in facts}
    return pl.DataFrame(
        [
            pl.Series(ROW, range(len(cases)), dtype=pl.UInt32),
            *columns.values(),
            *(each for name in ends for each in _ends(name, cases, bounds, columns)),
        ]
    )


def blank(name: str, kind: Any, height: int) -> pl.Series:
    """A column of a fact that no case has."""
    found = pl.Series(name, [None] * min(height, 1), dtype=kind)
    return found.new_from_index(0, height) if height else found


def end(fact: str, side: Side) -> str:
    """The column of the least or the most that a derived fact can be."""
    return f"{fact}.{side}"


def _ends(
    fact: str, cases: Sequence[Facts], bounds: Sequence[Bounds] | None, columns: Mapping[str, pl.Series]
) -> Iterator[pl.Series]:
    """The least and the most that a fact can be; without bounds both are its value."""
    if bounds is None and fact in columns:
        value = columns[fact]
        numbers = value.cast(pl.Int64) + _EPOCH if value.dtype == pl.Date else value
        yield from (numbers.alias(end(fact, side)) for side in SIDES)
        return
    each_bounds = bounds or [NO_BOUNDS] * len(cases)
    found = [ends_of(case.get(fact), each.get(fact)) for case, each in zip(cases, each_bounds, strict=True)]
    for place, side in enumerate(SIDES):
        yield pl.Series(end(fact, side), [each[place] for each in found], dtype=pl.Int64)


def _column(name: str, fact: Fact, values: list[Value | None]) -> pl.Series:
    if fact.type == "enum":
        try:  # as numbers, which are compared four times as fast as texts
            return pl.Series(name, values, dtype=pl.Enum(list(fact.values)))
        except pl.exceptions.InvalidOperationError:  # some value is not of the list: all stay texts
            return pl.Series(name, values, dtype=pl.String)
    if fact.type != "list":
        return pl.Series(name, values, dtype=TYPES[fact.type])
    # Ten times as fast as giving Polars the lists one by one. An empty list becomes one that holds an empty text.
    joined = [None if value is None else LIST_MARK.join(cast("tuple[str, ...]", value)) for value in values]
    return pl.Series(name, joined, dtype=pl.String).str.split(LIST_MARK)


def compare(leaf: c.Leaf, vocabulary: Vocabulary) -> pl.Expr:
    """A leaf as it stands; `known` alone is never null."""
    match leaf:
        case c.Compare(value=c.ParameterReference()):
            return UNKNOWN
        case c.Compare(fact, word, value) if bounded(vocabulary, fact):
            return _decided(word, *_both_ends(fact, vocabulary), *[pl.lit(_number(value))] * 2)
        case c.Compare(fact, word, value):
            return _OPERATORS[word](pl.col(fact), pl.lit(value))
        case c.OneOf(fact, values):
            return pl.col(fact).is_in(list(values))
        case c.Contains(fact, value):
            return pl.col(fact).list.contains(value)
        case c.ComparePair(fact, word, other) if bounded(vocabulary, fact) or bounded(vocabulary, other):
            return _decided(word.removesuffix("_fact"), *_both_ends(fact, vocabulary), *_both_ends(other, vocabulary))
        case c.ComparePair(fact, word, other):
            one, another = (as_text(pl.col(each), vocabulary.facts[each].type) for each in (fact, other))
            return _OPERATORS[word.removesuffix("_fact")](one, another)
        case c.Known(fact, known):
            return pl.col(fact).is_not_null() if known else pl.col(fact).is_null()


def _both_ends(fact: str, vocabulary: Vocabulary) -> tuple[pl.Expr, pl.Expr]:
    """The least and the most a fact can be; a submitted one is what it is or unknown."""
    if bounded(vocabulary, fact):
        low, high = (pl.col(end(fact, side)) for side in SIDES)
        return low, high
    value = day_number(pl.col(fact), vocabulary.facts[fact].type)
    return value, value


def as_text(value: pl.Expr, kind: FactType) -> pl.Expr:
    """A value of a closed list as a text: of two lists, or beside other texts, its number says nothing."""
    return value.cast(pl.String) if kind == "enum" else value


def day_number(value: pl.Expr, kind: FactType) -> pl.Expr:
    """A number as it is, and a date as that of its day."""
    return value.cast(pl.Int64) + _EPOCH if kind == "date" else value


def _decided(word: str, low: pl.Expr, high: pl.Expr, least: pl.Expr, most: pl.Expr) -> pl.Expr:
    """How one interval compares with another, null where that is not decided yet."""
    match word:
        case "more_than":
            return _either(low > most, high <= least)
        case "at_least":
            return _either(low >= most, high < least)
        case "less_than":
            return _either(high < least, low >= most)
        case "at_most":
            return _either(high <= least, low > most)
    apart = (low > most) | (high < least)
    same = (low == most) & (high == least)
    return _either(same, apart) if word == "equals" else _either(apart, same)


def _either(true: pl.Expr, false: pl.Expr) -> pl.Expr:
    return pl.when(true).then(True).when(false).then(False)


def _number(value: object) -> int:
    return value.toordinal() if isinstance(value, dt.date) else cast(int, value)
