"""Conditions as columns of a frame: each comparison is worked out once, then combined by three-valued logic."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property

import polars as pl

from rules.engines.frame import ROW, UNKNOWN, compare
from rules.formulas.ends import bounded
from rules.pack.files.schema import Vocabulary
from rules.pack.logic import conditions as c
from rules.pack.logic.fact_inputs import sources
from rules.pack.logic.normal_form import facts_of


class Columns:
    """Collects the comparisons that conditions need, and gives the expressions that combine them.

    A condition has a value, and prospects: what could become of it once missing facts are given, true or false for sure
    or null for still open. Combining columns instead of nesting comparisons keeps the plan small that Polars makes
    anew for each chunk: with 115 rules, 3 ms a chunk instead of 14.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._facts: dict[str, pl.Expr] = {}
        self._leaves: dict[c.Leaf, str] = {}
        self._prospects: dict[tuple[c.Leaf, bool], str] = {}

    def value(self, condition: c.Condition) -> pl.Expr:
        """The condition in Kleene's logic."""
        return _combine(condition, self._value)

    def prospect(self, condition: c.Condition) -> pl.Expr:
        """What could become of a condition in normal form."""
        return _combine(condition, self._prospect)

    def differs(self, leaf: c.Leaf) -> bool:
        """Whether a leaf's prospects are not simply its value."""
        if isinstance(leaf, c.Known) or (isinstance(leaf, c.Compare) and isinstance(leaf.value, c.ParameterReference)):
            return True  # a figure that is not in force stays unknown, and no fact can help
        return any(self._vocabulary.facts[fact].derived for fact in facts_of(leaf))

    def used(self) -> list[str]:
        """The facts that a frame must have."""
        direct = {fact for leaf in self._leaves for fact in facts_of(leaf)}
        return sorted(direct.union(*(sources(self._vocabulary, fact) for fact in direct)))

    def ends(self) -> list[str]:
        """The facts that a frame must have the bounds of."""
        compared = (leaf for leaf in self._leaves if isinstance(leaf, c.Compare | c.ComparePair))
        return sorted({fact for leaf in compared for fact in facts_of(leaf) if bounded(self._vocabulary, fact)})

    def compared(self, table: pl.DataFrame) -> pl.DataFrame:
        """A frame of cases with a column for each comparison."""
        return table.with_columns(self._fixed[0])

    def ahead(self, compared: pl.DataFrame) -> pl.DataFrame:
        """The same frame with a column for what could become of each comparison that may turn out either way."""
        return compared.with_columns(self._fixed[1])

    @cached_property
    def _fixed(self) -> tuple[list[pl.Expr], list[pl.Expr]]:
        """The comparisons and what could become of them; nothing more is collected once the first chunk has come."""
        leaves = {name: compare(leaf, self._vocabulary) for leaf, name in self._leaves.items()}
        prospects = {name: self._open(leaf, wanted) for (leaf, wanted), name in self._prospects.items()}
        return [*_named(self._facts), *_named(leaves)], _named(prospects)

    def _value(self, leaf: c.Leaf, wanted: bool = True) -> pl.Expr:
        name = self._leaves.setdefault(leaf, f"#{len(self._leaves)}")
        return pl.col(name) if wanted else ~pl.col(name)

    def _prospect(self, leaf: c.Leaf, wanted: bool = True) -> pl.Expr:
        if not self.differs(leaf):
            return self._value(leaf, wanted)
        self._open(leaf, wanted)
        return pl.col(self._prospects.setdefault((leaf, wanted), f"%{len(self._prospects)}"))

    def _open(self, leaf: c.Leaf, wanted: bool) -> pl.Expr:
        """A comparison with a derived fact that will never be known is never true, whichever way it is asked.

        Unless its bounds say so: what is paid off with nothing takes longer than any number of months.
        """
        if isinstance(leaf, c.Known):
            self._value(leaf)  # so that the fact gets its column
            return self._given(leaf.fact) if leaf.known is wanted else ~self._given(leaf.fact)
        open_ = UNKNOWN
        for fact in facts_of(leaf):
            if self._vocabulary.facts[fact].derived:
                open_ &= self._given(fact).fill_null(True)
        return self._value(leaf, wanted).fill_null(open_)

    def _given(self, fact: str) -> pl.Expr:
        """Whether a fact is known in the end: true, null for maybe, or false for a derived one that cannot be.

        A derived fact whose inputs are all there, and which is absent all the same, stays so.
        """
        name = f"{fact}!"
        if name not in self._facts:
            maybe = pl.any_horizontal([pl.col(source).is_null() for source in sources(self._vocabulary, fact)])
            self._facts[name] = pl.col(fact).is_not_null() | (maybe & UNKNOWN)
        return pl.col(name)


def _combine(condition: c.Condition, leaf: Callable[[c.Leaf, bool], pl.Expr]) -> pl.Expr:
    match condition:
        case c.All(()) | c.Any(()):
            return pl.lit(isinstance(condition, c.All))
        case c.All(children):
            return pl.all_horizontal([_combine(child, leaf) for child in children])
        case c.Any(children):
            return pl.any_horizontal([_combine(child, leaf) for child in children])
        case c.Not(child):
            if isinstance(child, c.All | c.Any | c.Not):
                return ~_combine(child, leaf)
            return leaf(child, False)
    return leaf(condition, True)


def combined(compared: pl.DataFrame, expressions: Mapping[str, pl.Expr]) -> pl.DataFrame:
    """A Boolean column for each expression, behind the row numbers."""
    return compared.select(ROW, *_named(expressions))


def _named(expressions: Mapping[str, pl.Expr]) -> list[pl.Expr]:
    return [expression.alias(name) for name, expression in expressions.items()]
