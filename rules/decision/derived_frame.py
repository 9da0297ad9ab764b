"""A chunk's cases with their derived facts as the second engine works them out, and where the first one differs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import polars as pl

from rules.decision.outcome import EngineDisagreement
from rules.engines.frame import end, frame
from rules.facts.case_facts import Facts
from rules.formulas.columns.column_bounds import bounds_of
from rules.formulas.columns.column_readings import Reading
from rules.formulas.columns.columns import FormulaColumns
from rules.formulas.derivation import Derived
from rules.formulas.ends import SIDES, bounded
from rules.pack.formulas import facts_of
from rules.pack.pack import Pack


@dataclass(frozen=True)
class DerivedFrame:
    """The facts of a chunk, derived ones with them: a column each, and one for each end of those that have an order."""

    table: pl.DataFrame
    values: Mapping[str, pl.Series]
    readings: Mapping[str, Reading] = field(default_factory=dict)  # of which the values came

    def differing(self, derived: Sequence[Derived]) -> dict[int, tuple[EngineDisagreement, ...]]:
        """By row, the derived facts whose values are not those of the other reading."""
        found: dict[int, tuple[EngineDisagreement, ...]] = {}
        for name, column in self.values.items():
            values, others = column.to_list(), [each.facts.get(name) for each in derived]
            if values != others:
                for row, (value, other) in enumerate(zip(values, others, strict=True)):
                    if value != other:
                        found[row] = (*found.get(row, ()), _difference(name, value, other))
        return found


def _difference(name: str, value: object, other: object) -> EngineDisagreement:
    if other is None:
        return EngineDisagreement(name, "no_value", "value")
    return EngineDisagreement(name, "value", "no_value" if value is None else "other_value")


class FrameDeriver:
    """Makes such frames by the formulas of a pack, as of one day."""

    def __init__(
        self, pack: Pack, as_of: dt.date, wanted: Collection[str] | None = None, known: Collection[str] = ()
    ) -> None:
        """With the facts that are `wanted` of it, it has no others but those that these come from.

        What is `known` it is told whenever it completes a frame, and does not look for what that comes from.
        """
        self._vocabulary = pack.vocabulary
        needed = set(pack.vocabulary.facts) if wanted is None else _with_sources(pack, wanted, known)
        self._formulas = FormulaColumns(pack, as_of, needed)
        self._derived = needed & {name for name in pack.formulas if pack.vocabulary.facts[name].derived}
        self._bounded = pack.decides_by_bounds
        # What the application gives is compared by its ends too, which are its value.
        self._given = [
            name
            for name in pack.vocabulary.facts
            if name in needed and name not in pack.formulas and bounded(pack.vocabulary, name)
        ]
        self._submitted = [
            name
            for name, fact in pack.vocabulary.facts.items()
            if name in needed and not fact.private and name not in self._derived
        ]

    def derive(self, cases: Sequence[Facts]) -> DerivedFrame:
        """The frame of submitted cases. A derived fact that is given already is kept as it is."""
        given = sorted(self._derived.intersection(set[str]().union(*cases)))
        return self.complete(frame(cases, (*self._submitted, *given), self._vocabulary, None, self._given))

    @property
    def reads(self) -> tuple[Sequence[str], Sequence[str]]:
        """The facts that it needs columns of, and those of whose ends."""
        return self._submitted, self._given

    def complete(self, table: pl.DataFrame, known: DerivedFrame | None = None) -> DerivedFrame:
        """A frame of what was given, with what follows from it, but for what is `known` of it already."""
        columns = self._formulas.derive(table, known.values, known.readings) if known else self._formulas.derive(table)
        return DerivedFrame(
            table.with_columns(
                *(column.alias(name) for name, column in columns.values.items()),
                *(
                    (column if self._bounded else column.set(columns.values[name].is_null(), None)).alias(
                        end(name, side)
                    )
                    for name, ends in columns.ends.items()
                    for side, column in zip(SIDES, ends, strict=True)
                ),
            ),
            columns.values,
            columns.readings,
        )

    def rows(
        self, cases: Sequence[Facts], frame: DerivedFrame, bounded: Collection[int] | None = None
    ) -> list[Derived]:
        """The cases of a frame, each with all that follows from it, as `rules.formulas.derivation` reads one by one.

        With rows that are `bounded`, all others are without bounds: who does not look at them need not wait for them.
        """
        found = [Derived(dict(case), {}) for case in cases]
        facts = [each.facts for each in found]
        wanted = frozenset(range(len(cases)) if bounded is None else bounded)
        for name, column in frame.values.items():
            absent = column.null_count()
            if absent < len(column):
                for known, value in zip(facts, column.to_list(), strict=True):
                    if value is not None:
                        known[name] = value
            if absent and self._bounded and name in frame.readings:
                missing = [row for row in column.is_null().arg_true().to_list() if row in wanted]
                fact = self._vocabulary.facts[name]
                for row, bound in bounds_of(frame.readings[name], fact, missing, len(column)):
                    found[row].bounds[name] = bound
        return found


def _with_sources(pack: Pack, wanted: Collection[str], known: Collection[str]) -> set[str]:
    """Facts with all that their formulas read, and so on, as far as what is known."""
    found: set[str] = set()
    left = list(wanted)
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            worked_out = name in pack.formulas and name not in known
            left += facts_of(pack.formulas[name].expression) if worked_out else ()
    return found


@lru_cache(maxsize=64)
def derived_columns(pack: Pack, as_of: dt.date) -> FrameDeriver:
    """The formulas of a pack as columns, ready for a day: made once."""
    return FrameDeriver(pack, as_of)
