"""Lapses: the figures a decision rests on for which there is no confirmed value on the day that counts."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rules.conditions import Compare, Condition, Parameter
from rules.derived import FORMULAS
from rules.facts import Facts
from rules.lineage import followers
from rules.normal import facts_of, leaves
from rules.outcome import Lapse, Outcome
from rules.pack import Pack
from rules.parameters import value_on
from rules.parse import resolve
from rules.reasons import source, speaking
from rules.texts import placeholders
from rules.twin import Twin


@dataclass(frozen=True)
class _Doubt:
    """A figure that is doubtful for some cases, by row and by the day it is read on."""

    parameter: str
    rows: Mapping[int, Lapse]


def lapse(pack: Pack, parameter: str, on: dt.date) -> Lapse | None:
    """What is wrong with a figure on a day: nothing, carried on unconfirmed, ended, or not begun yet."""
    entry = pack.parameters[parameter]
    value = value_on(entry, on)
    if value is not None:
        return Lapse(parameter, on, "carried") if value.carried else None
    ended = any(each.valid_to is not None and each.valid_to < on for each in entry.values)
    return Lapse(parameter, on, "ended" if ended else "not_begun")


class Lapses:
    """Finds, for whole chunks, the doubtful figures that the decisions used.

    A decision used a figure where, without it, some rule of the case would be undecided, or where it is
    spoken of: in a reason, by a clock, or in what the case is told to do and to know.
    """

    def __init__(self, pack: Pack, as_of: dt.date, parameters: Mapping[str, int]) -> None:
        self._pack = pack
        self._parameters = parameters
        found = (lapse(pack, name, as_of) for name in pack.parameters)
        self._now = {each.parameter: each for each in found if each is not None}
        self._dated = {
            pair for name, formula in FORMULAS.items() if name in pack.vocabulary.facts for pair in formula.dated
        }
        self._twins: dict[str, tuple[Twin, frozenset[str]] | None] = {}

    def find(self, facts: Sequence[Facts], outcomes: Sequence[Outcome]) -> list[tuple[Lapse, ...]]:
        """For each case its lapses, in the order of the parameters' names."""
        kept: list[dict[str, Lapse]] = [{} for _ in facts]
        for doubt in self._doubts(facts):
            undecided = self._undecided(doubt, facts)
            for row, each in doubt.rows.items():
                if row in undecided or (each is self._now.get(doubt.parameter) and self._spoken(each, outcomes[row])):
                    kept[row][doubt.parameter] = each
        return [tuple(each[name] for name in sorted(each)) for each in kept]

    def _doubts(self, facts: Sequence[Facts]) -> Iterator[_Doubt]:
        rows: defaultdict[str, dict[int, Lapse]] = defaultdict(dict)
        for parameter, each in self._now.items():
            if not any(parameter == dated for dated, _ in self._dated):
                rows[parameter] = dict.fromkeys(range(len(facts)), each)
        for parameter, fact in self._dated:
            known: dict[dt.date, Lapse | None] = {}
            for row, case in enumerate(facts):
                day = case.get(fact)
                if isinstance(day, dt.date):
                    if day not in known:
                        known[day] = lapse(self._pack, parameter, day)
                    found = known[day]
                    # A figure that had not begun on that day did not bind the contract: nothing is missing.
                    if found is not None and found.kind != "not_begun":
                        rows[parameter][row] = found
        for parameter, found_rows in rows.items():
            yield _Doubt(parameter, found_rows)

    def _undecided(self, doubt: _Doubt, facts: Sequence[Facts]) -> frozenset[int]:
        """The rows for which some rule cannot be decided without the figure."""
        if doubt.parameter not in self._twins:
            self._twins[doubt.parameter] = self._twin(doubt.parameter)
        twin = self._twins[doubt.parameter]
        if twin is None:
            return frozenset()
        evaluator, stale = twin
        rows = list(doubt.rows)
        without = [{name: value for name, value in facts[row].items() if name not in stale} for row in rows]
        unknown = evaluator.evaluate(without).unknown
        return frozenset(row for row, rules in zip(rows, unknown, strict=True) if rules)

    def _twin(self, parameter: str) -> tuple[Twin, frozenset[str]] | None:
        """The rules that look at a figure, as if it had no value, and the derived facts that come from it."""
        stale = frozenset(
            name
            for fact, formula in FORMULAS.items()
            if fact in self._pack.vocabulary.facts and parameter in formula.parameters
            for name in followers(self._pack.vocabulary, fact)
        )
        figures = {name: value for name, value in self._parameters.items() if name != parameter}
        rules = [
            (each.rule.id, resolve(each.when, figures))
            for each in self._pack.rules
            if _looks_at(each.when, parameter, stale)
        ]
        return (Twin(rules, self._pack.vocabulary), stale) if rules else None

    def _spoken(self, each: Lapse, outcome: Outcome) -> bool:
        strategy = self._pack.strategies[outcome.strategy]
        clocks = {self._pack.deadlines[due.id].days for due in outcome.deadlines}
        return each.parameter in clocks or any(
            each.parameter in _named(text)
            for text in (
                *(source(self._pack, rule).because.zh for rule in speaking(self._pack, outcome.rules_fired)),
                *(self._pack.documents[name].text.zh for name in outcome.documents),
                *(self._pack.rights[name].text.zh for name in outcome.rights),
                *(self._pack.warnings[name].text.zh for name in outcome.warnings),
                *(self._pack.steps[name].text.zh for name in outcome.steps),
                strategy.summary.zh,
                strategy.sound_when.zh,
                strategy.against.zh,
            )
        )


@lru_cache(maxsize=4096)
def _named(text: str) -> frozenset[str]:
    """The names a text is filled in with; asked again for every case."""
    return frozenset(placeholders(text))


def _looks_at(condition: Condition, parameter: str, stale: frozenset[str]) -> bool:
    return any(
        (isinstance(leaf, Compare) and leaf.value == Parameter(parameter)) or not stale.isdisjoint(facts_of(leaf))
        for leaf in leaves(condition)
    )
