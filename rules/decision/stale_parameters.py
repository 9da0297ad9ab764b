"""Stale parameters: those a decision rests on that have no confirmed value on the day that counts."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from rules.decision.outcome import Outcome, StaleParameter
from rules.decision.reasons import speaking
from rules.engines.polars_engine import PolarsEngine, Verdicts
from rules.facts.case_facts import Facts
from rules.formulas.derivation import Derived
from rules.pack.formulas import parameters_of
from rules.pack.logic.condition_parser import resolve
from rules.pack.logic.conditions import Compare, Condition, ParameterReference
from rules.pack.logic.fact_inputs import followers
from rules.pack.logic.normal_form import facts_of, leaves
from rules.pack.pack import Pack
from rules.pack.parameters import value_on
from rules.pack.references import uses

# What an outcome says, by the file it is from, and how an entry there speaks of a figure.
_FILES: Final = ("rules", "strategies", "deadlines", "documents", "rights", "warnings", "steps")
_SPEAKING: Final = ("because", "text", "days")
Speakers: TypeAlias = dict[str, set[str]]  # entries that name a figure, by their file


@dataclass(frozen=True)
class _Doubt:
    """A figure that is doubtful for some cases, by row and by the day it is read on."""

    parameter: str
    rows: Mapping[int, StaleParameter]


def stale_parameter(pack: Pack, parameter: str, on: dt.date) -> StaleParameter | None:
    """What is wrong with a figure on a day: nothing, carried on unconfirmed, ended, or not begun yet."""
    entry = pack.parameters[parameter]
    value = value_on(entry, on)
    if value is not None:
        return StaleParameter(parameter, on, "carried") if value.carried else None
    ended = any(each.valid_to is not None and each.valid_to < on for each in entry.values)
    return StaleParameter(parameter, on, "ended" if ended else "not_begun")


class StaleParameters:
    """Finds, for whole chunks, the doubtful figures that the decisions used.

    A decision used a figure where, without it, some rule of the case would be undecided, or where it is
    spoken of: in a reason, by a clock, or in what the case is told to do and to know. A figure carried on decides
    nothing of a rule that is undecided with it too.
    """

    def __init__(self, pack: Pack, as_of: dt.date, parameters: Mapping[str, int]) -> None:
        self._pack = pack
        self._parameters = parameters
        found = (stale_parameter(pack, name, as_of) for name in pack.parameters)
        self._now = {each.parameter: each for each in found if each is not None}
        self._dated = {
            (each.name, each.on.name)
            for formula in pack.formulas.values()
            for each in parameters_of(formula.expression)
            if each.on is not None
        }
        self._speakers = speakers(pack, self._now)
        self._without: dict[str, tuple[PolarsEngine, frozenset[str], frozenset[str]] | None] = {}

    def find(
        self, cases: Sequence[Derived], verdicts: Verdicts, outcomes: Sequence[Outcome]
    ) -> list[tuple[StaleParameter, ...]]:
        """For each case its stale parameters, in the order of the parameters' names."""
        kept: list[dict[str, StaleParameter]] = [{} for _ in cases]
        for doubt in self._doubts([each.facts for each in cases]):
            undecided = self._undecided(doubt, verdicts, outcomes)
            now, named_by = self._now.get(doubt.parameter), self._speakers.get(doubt.parameter)
            for row, each in doubt.rows.items():
                if row in undecided or (named_by and each is now and speaks(self._pack, named_by, outcomes[row])):
                    kept[row][doubt.parameter] = each
        return [tuple(each[name] for name in sorted(each)) for each in kept]

    def _doubts(self, facts: Sequence[Facts]) -> Iterator[_Doubt]:
        rows: defaultdict[str, dict[int, StaleParameter]] = defaultdict(dict)
        for parameter, each in self._now.items():
            if not any(parameter == dated for dated, _ in self._dated):
                rows[parameter] = dict.fromkeys(range(len(facts)), each)
        for parameter, fact in self._dated:
            known: dict[dt.date, StaleParameter | None] = {}
            for row, case in enumerate(facts):
                day = case.get(fact)
                if isinstance(day, dt.date):
                    if day not in known:
                        known[day] = stale_parameter(self._pack, parameter, day)
                    found = known[day]
                    # A figure that had not begun on that day did not bind the contract: nothing is missing.
                    if found is not None and found.kind != "not_begun":
                        rows[parameter][row] = found
        for parameter, found_rows in rows.items():
            yield _Doubt(parameter, found_rows)

    def _undecided(self, doubt: _Doubt, verdicts: Verdicts, outcomes: Sequence[Outcome]) -> frozenset[int]:
        """The rows for which some rule cannot be decided without the figure."""
        if doubt.parameter not in self._without:
            self._without[doubt.parameter] = self._rules_without(doubt.parameter)
        without = self._without[doubt.parameter]
        if without is None:
            return frozenset()
        engine, stale, direct = without
        judged = engine.judge_without(stale, verdicts)
        return frozenset(
            row
            for row, each in doubt.rows.items()
            if any(
                rule in direct or judged.hangs_on(rule, row, stale)
                for rule in judged.unknown[row]
                if each.kind != "carried" or rule not in outcomes[row].rules_unknown
            )
        )

    def _rules_without(self, parameter: str) -> tuple[PolarsEngine, frozenset[str], frozenset[str]] | None:
        """The rules that look at a figure, as if it had no value.

        With them the derived facts that come from it, and which of the rules look at it themselves.
        """
        stale = frozenset(
            name
            for fact, formula in self._pack.formulas.items()
            if any(each.name == parameter for each in parameters_of(formula.expression))
            for name in followers(self._pack.vocabulary, fact)
        )
        figures = {name: value for name, value in self._parameters.items() if name != parameter}
        rules = [
            (each.rule.id, resolve(each.when, figures))
            for each in self._pack.rules
            if _looks_at(each.when, parameter, stale)
        ]
        direct = frozenset(each.rule.id for each in self._pack.rules if _looks_at(each.when, parameter, frozenset()))
        return (PolarsEngine(rules, self._pack.vocabulary), stale, direct) if rules else None


def speaks(pack: Pack, speaking: Speakers, outcome: Outcome) -> bool:
    """Whether one of these entries is said by an outcome."""
    return any(not names.isdisjoint(_said(pack, file, outcome)) for file, names in speaking.items())


def speakers(pack: Pack, parameters: Collection[str]) -> dict[str, Speakers]:
    """For each figure the entries whose words or clocks name it, by their file."""
    found: dict[str, Speakers] = {}
    for use in uses(pack):
        (file, name), (kind, used) = use.user, use.used
        if kind == "parameters" and used in parameters and use.how in _SPEAKING and file in _FILES:
            found.setdefault(used, {}).setdefault(file, set()).add(name)
    return found


def _said(pack: Pack, file: str, outcome: Outcome) -> Collection[str]:
    match file:
        case "rules":
            return speaking(pack, outcome.rules_fired)
        case "strategies":
            return (outcome.strategy,)
        case "deadlines":
            return [due.id for due in outcome.deadlines]
    names: tuple[str, ...] = getattr(outcome, file)
    return names


def _looks_at(condition: Condition, parameter: str, stale: frozenset[str]) -> bool:
    return any(
        (isinstance(leaf, Compare) and leaf.value == ParameterReference(parameter))
        or not stale.isdisjoint(facts_of(leaf))
        for leaf in leaves(condition)
    )
