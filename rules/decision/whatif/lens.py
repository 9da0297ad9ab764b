"""Lens: what a policy says of some cases, kept in memory, so that one of its figures can be moved over them at once.

Kept of a case are a bit or two a rule and a comparison, the few columns that rules compare with figures, and what was
given, packed; and of the figure that formulas read and that was moved last, what those formulas read beside it.
"""

from __future__ import annotations

import datetime as dt
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import polars as pl

from rules.decision.derived_frame import DerivedFrame, FrameDeriver
from rules.decision.whatif.comparison import Block, Judge, Judged
from rules.decision.whatif.given import Given
from rules.decision.whatif.moved import Movable, facts_in, following, parameters_in
from rules.engines.column_bits import bits_of
from rules.engines.frame import ROW, compare, end
from rules.engines.truth import Truth, truth
from rules.formulas.ends import SIDES, bounded
from rules.pack.logic import conditions as c
from rules.pack.logic.condition_parser import resolve
from rules.pack.logic.normal_form import facts_of as leaf_facts
from rules.pack.logic.normal_form import leaves
from rules.pack.pack import Pack
from rules.pack.parameters import in_force

Names: TypeAlias = Callable[[Sequence[int]], Sequence[str]]  # of cases by id
SLICE: Final = 2**17  # cases judged at once


@dataclass(frozen=True)
class _Slice:
    packed: bytes
    cases: array[int]
    judged: Judged
    compared: Mapping[c.Leaf, Truth]  # of the rules that look at figures, or at what formulas make of them
    columns: pl.DataFrame  # that those compare with figures, and with what is made of them


class Lens:
    """One policy on one day over some cases."""

    def __init__(self, pack: Pack, as_of: dt.date, named: Names) -> None:
        self.pack = pack
        self.as_of = as_of
        self.cases = 0
        self._named = named
        self._judge = Judge(pack, as_of)
        self._follow = following(pack)
        self._followed = {fact for each in self._follow.values() for fact in each}
        self._looking = {
            each.rule.id: each.when
            for each in pack.rules
            if parameters_in(each.when) or not self._followed.isdisjoint(facts_in(each.when))
        }
        self._leaves = {leaf for rule in self._looking for leaf in leaves(self._judge.conditions[rule])}
        self._slices: list[_Slice] = []
        self._known: tuple[str, list[DerivedFrame]] = ("", [])  # of the figure that was moved last

    def add(self, given: Given) -> None:
        """Judge some more cases and keep what is needed of them."""
        table = self._judge.frame(given).table
        verdicts = self._judge.engine.judge(table)
        compared = {leaf: verdicts.compared.value(leaf) for leaf in self._leaves}
        judged = self._judge.judged(verdicts.of, verdicts.compared.everywhere)
        columns = table.select(sorted(self._columns()))
        self._slices.append(_Slice(given.packed(), array("q", given.cases), judged, compared, columns))
        self.cases += given.height
        self._known = ("", [])

    def _columns(self) -> set[str]:
        vocabulary = self.pack.vocabulary
        found = set()
        for when in self._looking.values():
            for leaf in leaves(when):
                if self._may_move(leaf):
                    for fact in leaf_facts(leaf):
                        found.update([end(fact, side) for side in SIDES] if bounded(vocabulary, fact) else [fact])
        return found

    def _may_move(self, leaf: c.Leaf) -> bool:
        """Whether a comparison looks at a figure, or compares what formulas make of one with another fact."""
        if isinstance(leaf, c.ComparePair):
            return not self._followed.isdisjoint(leaf_facts(leaf))
        return isinstance(leaf, c.Compare) and isinstance(leaf.value, c.ParameterReference)

    def beside(self, other: Pack) -> Iterator[Block]:
        """The cases as this policy judges them and as another does."""
        judge = Judge(other, self.as_of)
        for each in self._slices:
            yield self._block(each, judge.judge(Given.unpacked(each.packed)))

    def moved(self, other: Pack, moving: Movable) -> Iterator[Block]:
        """The same where the other policy is this one with a figure moved."""
        values, follow = in_force(other, self.as_of), self._follow[moving.name]
        conditions = {
            rule: resolve(when, values)
            for rule, when in self._looking.items()
            if moving.name in parameters_in(when) or not follow.keys().isdisjoint(facts_in(when))
        }
        of_rules = dict.fromkeys(leaf for condition in conditions.values() for leaf in leaves(condition))
        new = [leaf for leaf in of_rules if leaf not in self._leaves or not follow.keys().isdisjoint(leaf_facts(leaf))]
        compares = [compare(leaf, other.vocabulary).alias(str(at)) for at, leaf in enumerate(new)]
        for each, columns in zip(self._slices, self._columns_of(other, moving.name), strict=True):
            found = {
                leaf: (true & known, known & ~true)
                for leaf, (known, true) in zip(new, bits_of(columns.select(compares)), strict=True)
            }
            yield self._block(each, self._with(each, conditions, {**each.compared, **found}))

    def _columns_of(self, other: Pack, name: str) -> Iterator[pl.DataFrame]:
        """The columns of each slice that rules compare with the figure, what formulas make of it by its new value."""
        follow = self._follow[name]
        if not follow:
            yield from (each.columns for each in self._slices)
            return
        if self._known[0] != name:
            self._known = (name, list(self._beside(follow)))
        read, columns = _read(follow), [*follow, *(end(fact, side) for fact in follow for side in SIDES)]
        deriver = FrameDeriver(other, self.as_of, follow, read)
        for each, known in zip(self._slices, self._known[1], strict=True):
            made = deriver.complete(known.table, known).table
            yield each.columns.with_columns(made[column] for column in columns if column in made.columns)

    def _beside(self, follow: Mapping[str, tuple[str, ...]]) -> Iterator[DerivedFrame]:
        """What the formulas of some facts read beside those facts, of each slice."""
        read = _read(follow)
        deriver = FrameDeriver(self.pack, self.as_of, read | follow.keys())
        submitted, given = deriver.reads
        kept = [name for name in submitted if name in read or name in follow]
        for each in self._slices:
            table = Given.unpacked(each.packed).read(self.pack.vocabulary, submitted, given)
            made = deriver.complete(table)
            yield DerivedFrame(
                table.select(ROW, *kept),
                {name: values for name, values in made.values.items() if name in read},
                {name: reading for name, reading in made.readings.items() if name in read},
            )

    def _with(self, each: _Slice, conditions: Mapping[str, c.Condition], of: Mapping[c.Leaf, Truth]) -> Judged:
        everywhere = each.judged.everywhere

        def value(leaf: c.Leaf, wanted: bool) -> Truth:
            return of[leaf] if wanted else of[leaf][::-1]

        changed = {rule: truth(condition, value, everywhere) for rule, condition in conditions.items()}
        return self._judge.judged({**each.judged.of, **changed}, everywhere)

    def _block(self, each: _Slice, after: Judged) -> Block:
        return Block(each.judged, after, lambda listed: self._named([each.cases[row] for row in listed]))


def _read(follow: Mapping[str, tuple[str, ...]]) -> set[str]:
    """What the formulas of some facts read beside those facts."""
    return {name for names in follow.values() for name in names} - follow.keys()
