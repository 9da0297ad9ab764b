"""Lens: what a policy says of some cases, kept in memory, so that one of its figures can be moved over them at once.

Kept of a case are a bit or two a rule, the few columns that rules compare with figures, and what was given, packed.
"""

from __future__ import annotations

import datetime as dt
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import polars as pl

from rules.decision.derived_frame import FrameDeriver
from rules.decision.whatif.comparison import Block, Judge, Judged
from rules.decision.whatif.given import Given
from rules.decision.whatif.moved import Movable, parameters_in
from rules.engines.column_bits import bits_of
from rules.engines.frame import compare, end
from rules.engines.truth import Truth, truth
from rules.formulas.ends import SIDES, bounded
from rules.pack.logic import conditions as c
from rules.pack.logic.condition_parser import resolve
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
    compared: Mapping[c.Leaf, Truth]  # of the rules that look at figures
    columns: pl.DataFrame  # that those compare with figures


class Lens:
    """One policy on one day over some cases."""

    def __init__(self, pack: Pack, as_of: dt.date, named: Names) -> None:
        self.pack = pack
        self.as_of = as_of
        self.cases = 0
        self._named = named
        self._judge = Judge(pack, as_of)
        self._looking = {each.rule.id: each.when for each in pack.rules if parameters_in(each.when)}
        self._leaves = {leaf for rule in self._looking for leaf in leaves(self._judge.conditions[rule])}
        self._slices: list[_Slice] = []

    def add(self, given: Given) -> None:
        """Judge some more cases and keep what is needed of them."""
        table = self._judge.table(given)
        verdicts = self._judge.engine.judge(table)
        compared = {leaf: verdicts.compared.value(leaf) for leaf in self._leaves}
        judged = self._judge.judged(verdicts.of, verdicts.compared.everywhere)
        columns = table.select(sorted(self._columns()))
        self._slices.append(_Slice(given.packed(), array("q", given.cases), judged, compared, columns))
        self.cases += given.height

    def _columns(self) -> set[str]:
        vocabulary = self.pack.vocabulary
        found = set()
        for when in self._looking.values():
            for leaf in leaves(when):
                if isinstance(leaf, c.Compare) and isinstance(leaf.value, c.ParameterReference):
                    ends = [end(leaf.fact, side) for side in SIDES]
                    found.update(ends if bounded(vocabulary, leaf.fact) else [leaf.fact])
        return found

    def beside(self, other: Pack) -> Iterator[Block]:
        """The cases as this policy judges them and as another does."""
        judge = Judge(other, self.as_of)
        for each in self._slices:
            yield self._block(each, judge.judge(Given.unpacked(each.packed)))

    def moved(self, other: Pack, moving: Movable) -> Iterator[Block]:
        """The same where the other policy is this one with a figure moved."""
        if moving.by_formulas:
            judge = Judge(other, self.as_of, FrameDeriver(other, self.as_of))
            for each in self._slices:
                yield self._block(each, judge.judge(Given.unpacked(each.packed)))
            return
        values = in_force(other, self.as_of)
        conditions = {
            rule: resolve(when, values) for rule, when in self._looking.items() if moving.name in parameters_in(when)
        }
        new = {leaf for condition in conditions.values() for leaf in leaves(condition)} - self._leaves
        compares = [compare(leaf, other.vocabulary).alias(str(at)) for at, leaf in enumerate(new)]
        for each in self._slices:
            found = {
                leaf: (true & known, known & ~true)
                for leaf, (known, true) in zip(new, bits_of(each.columns.select(compares)), strict=True)
            }
            yield self._block(each, self._with(each, conditions, {**each.compared, **found}))

    def _with(self, each: _Slice, conditions: Mapping[str, c.Condition], of: Mapping[c.Leaf, Truth]) -> Judged:
        everywhere = each.judged.everywhere

        def value(leaf: c.Leaf, wanted: bool) -> Truth:
            return of[leaf] if wanted else of[leaf][::-1]

        changed = {rule: truth(condition, value, everywhere) for rule, condition in conditions.items()}
        return self._judge.judged({**each.judged.of, **changed}, everywhere)

    def _block(self, each: _Slice, after: Judged) -> Block:
        return Block(each.judged, after, lambda listed: self._named([each.cases[row] for row in listed]))
