"""Comparisons for a chunk of cases: Polars works each of them out once, as a column, and hands over its bits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from functools import cached_property
from typing import Final

import polars as pl

from rules.engines.column_bits import bits_of
from rules.engines.frame import compare
from rules.engines.interpreter import value_of
from rules.engines.truth import NEVER_KNOWN, Truth, denied
from rules.facts.cells import Value
from rules.formulas.ends import bounded
from rules.pack.files.schema import Vocabulary
from rules.pack.logic import conditions as c
from rules.pack.logic.fact_inputs import sources
from rules.pack.logic.normal_form import facts_of, leaves

_NO_FACTS: Final[frozenset[str]] = frozenset()
_NO_VALUES: Final[Mapping[str, Value]] = {}


class Comparisons:
    """The comparisons that some conditions need, each once, and the facts those look at."""

    def __init__(self, conditions: Iterable[c.Condition], vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.leaves = tuple(dict.fromkeys(leaf for condition in conditions for leaf in leaves(condition)))
        # A text is looked for once, in however many lists it stands: the comparisons are put together of bits.
        self._listed = {leaf: each for leaf in self.leaves if (each := _listed(leaf)) is not None}
        self._equals = tuple(dict.fromkeys(each for equals in self._listed.values() for each in equals))
        self._compared = [
            leaf
            for leaf in self.leaves
            if not isinstance(leaf, c.Known) and not _without_figure(leaf) and leaf not in self._listed
        ]
        direct = {fact for leaf in self.leaves for fact in facts_of(leaf)}
        self.sources = {fact: sources(vocabulary, fact) for fact in direct}
        self.used = sorted(direct.union(*self.sources.values()))
        # The facts that a frame must have the bounds of.
        self.ends = sorted(
            {
                fact
                for leaf in self.leaves
                if isinstance(leaf, c.Compare | c.ComparePair)
                for fact in facts_of(leaf)
                if bounded(vocabulary, fact)
            }
        )

    def of(self, table: pl.DataFrame) -> Compared:
        """What they are for the cases of a frame."""
        columns = bits_of(table.select(self._expressions))
        values: dict[c.Leaf, Truth] = {leaf: _truth(*next(columns)) for leaf in self._compared}
        found = {each: _truth(*next(columns))[0] for each in self._equals}
        missing = {fact: next(columns)[1] for fact in self.used}
        everywhere = (1 << table.height) - 1
        for leaf, equals in self._listed.items():
            one_of = 0
            for each in equals:
                one_of |= found[each]
            among = one_of, everywhere & ~missing[leaf.fact] & ~one_of
            values[leaf] = denied(among) if isinstance(leaf, c.Compare) and leaf.operator == "not_equals" else among
        return Compared(self, table.height, values, missing)

    @cached_property
    def _expressions(self) -> list[pl.Expr]:
        """Made with the first chunk: Polars does not survive a fork."""
        compared = (compare(leaf, self.vocabulary) for leaf in (*self._compared, *self._equals))
        missing = (pl.col(fact).is_null() for fact in self.used)
        return [each.alias(str(number)) for number, each in enumerate((*compared, *missing))]


class Compared:
    """What comparisons are for the cases of a chunk, and what could become of them once missing facts are given."""

    def __init__(
        self,
        comparisons: Comparisons,
        height: int,
        values: dict[c.Leaf, Truth],
        missing: dict[str, int],
        without: Set[str] = _NO_FACTS,
        given: Mapping[str, Value] = _NO_VALUES,
    ) -> None:
        self.height = height
        self.everywhere = (1 << height) - 1
        self._comparisons = comparisons
        self._values = values
        self._missing = missing
        self._without = without
        self._given = given
        self._gone: dict[str, int] = {}

    def without(self, facts: Set[str]) -> Compared:
        """The same cases as if these derived facts had neither a value nor bounds."""
        return Compared(self._comparisons, self.height, self._values, self._missing, facts)

    def given(self, fact: str, value: Value) -> Compared:
        """The same cases as if a submitted fact had this value in all of them, and all else were as it is."""
        return Compared(self._comparisons, self.height, self._values, self._missing, self._without, {fact: value})

    def value(self, leaf: c.Leaf, wanted: bool = True) -> Truth:
        """A comparison as it stands; `known` alone is never unknown, and one with a figure not in force always is."""
        if isinstance(leaf, c.Known):
            absent = self.absent(leaf.fact)
            present = self.everywhere & ~absent
            return (present, absent) if leaf.known is wanted else (absent, present)
        if _without_figure(leaf) or (self._without and not self._without.isdisjoint(facts_of(leaf))):
            return NEVER_KNOWN
        found = self._values[leaf] if self._given.keys().isdisjoint(facts_of(leaf)) else self._same_of_all(leaf)
        return found if wanted else denied(found)

    def _same_of_all(self, leaf: c.Leaf) -> Truth:
        """A comparison of the fact that has one value in all cases."""
        holds = value_of(leaf, self._given)
        return NEVER_KNOWN if holds is None else (self.everywhere, 0) if holds else (0, self.everywhere)

    def prospect(self, leaf: c.Leaf, wanted: bool = True) -> Truth:
        """What could become of a comparison in normal form: true or false for sure, or still open.

        One with a derived fact that will never be known is never true, whichever way it is asked. Unless its bounds
        say so: what is paid off with nothing takes longer than any number of months.
        """
        if isinstance(leaf, c.Known):
            absent, gone = self.absent(leaf.fact), self._gone_for_good(leaf.fact)
            found = self.everywhere & ~absent, gone
            return found if leaf.known is wanted else denied(found)
        true, false = self.value(leaf, wanted)
        for fact in facts_of(leaf):
            if self._comparisons.vocabulary.facts[fact].derived:
                false |= self._gone_for_good(fact) & ~true
        return true, false

    def absent(self, fact: str) -> int:
        """The cases that have no value of a fact."""
        if fact in self._given:
            return 0
        return self.everywhere if fact in self._without else self._missing[fact]

    def _gone_for_good(self, fact: str) -> int:
        """The cases that a derived fact cannot be known of: its inputs are all there, and it is absent all the same."""
        if fact not in self._gone:
            maybe = 0
            for source in self._comparisons.sources[fact]:
                maybe |= self._missing[source]
            self._gone[fact] = self.absent(fact) & ~maybe
        return self._gone[fact]


def _listed(leaf: c.Leaf) -> tuple[c.Compare, ...] | None:
    """The texts that a comparison looks for, as comparisons with each; None where it looks for none."""
    match leaf:
        case c.OneOf(fact, values):
            return tuple(c.Compare(fact, "equals", value) for value in values)
        case c.Compare(fact, "equals" | "not_equals", str() as value):
            return (c.Compare(fact, "equals", value),)
    return None


def _without_figure(leaf: c.Leaf) -> bool:
    return isinstance(leaf, c.Compare) and isinstance(leaf.value, c.ParameterReference)


def _truth(known: int, true: int) -> Truth:
    """Where a comparison has a value, and what it says there; what it says elsewhere means nothing."""
    return true & known, known & ~true
