"""Evaluation of cases: derived facts, both engines, the outcome, and what the borrower could change."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import Final, TypeAlias

import polars as pl

from rules.decision import outcome as o
from rules.decision.derived_frame import DerivedFrame, derived_columns
from rules.decision.hit_policy import Ids, Selection, hit_policy
from rules.decision.outlook.counterfactuals import CounterfactualSearch
from rules.decision.outlook.unanswered import doubted, unanswered
from rules.decision.outlook.validity import Validity
from rules.decision.repayment import plans
from rules.decision.stale_parameters import StaleParameters
from rules.engines.asked_once import AskedOnce
from rules.engines.durable import DurableEngine, EngineError
from rules.engines.polars_engine import Ahead, PolarsEngine, RuleTrace, Verdicts
from rules.facts.case_facts import Facts
from rules.facts.doubts import asked_about
from rules.finance.repayment_plan import RepaymentPlan
from rules.formulas.derivation import Derived, derivation
from rules.formulas.ends import Bounds
from rules.pack.logic.condition_parser import resolve
from rules.pack.logic.conditions import Compare, Contains, ParameterReference
from rules.pack.logic.normal_form import leaves
from rules.pack.pack import Pack
from rules.pack.parameters import in_force

Differences: TypeAlias = tuple[o.EngineDisagreement, ...]
Hits: TypeAlias = Callable[[Facts, Bounds], frozenset[str]]
Fired: TypeAlias = frozenset[str] | None  # None where the engine cannot tell
HitsOfMany: TypeAlias = Callable[
    [pl.DataFrame], Iterable[Fired] | None
]  # no answer where it has to be asked one by one
BOTH_WAYS: Final = 100  # cases of a chunk up to which the formulas of every one are read as columns and case by case
ONE_OF: Final = 100  # cases of a larger chunk, read both ways
_URGENT: Final = ("U0", "U1")  # cases for which the engine is always asked in full


@dataclass(frozen=True)
class Engines:
    """The engine of decision and the second engine, over the same rules; and the first one asked but once."""

    hits: Hits
    second: PolarsEngine
    asked_once: AskedOnce | None = None
    of_many: HitsOfMany | None = None


@dataclass(frozen=True)
class Evaluation:
    """A case's facts as they were evaluated, derived ones included, its outcome, and until when that is valid."""

    facts: Facts
    outcome: o.Outcome
    valid_until: dt.date | None = None


class LookedUpError(Exception):
    """What was looked up is not what the engine says of a case: the outcomes differ in these fields."""

    def __init__(self, row: int, differing: tuple[str, ...]) -> None:
        super().__init__(f"case {row} of the chunk: {', '.join(differing)}")
        self.row, self.fields = row, differing


_made: dict[tuple[str, tuple[tuple[str, int], ...]], Engines] = {}
_making = threading.Lock()


def engines(pack: Pack, parameters: Mapping[str, int]) -> Engines:
    """The engines for a pack and the parameter values its conditions use: made once a process, for good."""
    used = {
        leaf.value.name
        for loaded in pack.rules
        for leaf in leaves(loaded.when)
        if isinstance(leaf, Compare) and isinstance(leaf.value, ParameterReference)
    }
    key = (pack.sha256, tuple(sorted((name, parameters[name]) for name in used if name in parameters)))
    with _making:
        if key not in _made:
            rules = [(loaded.rule.id, resolve(loaded.when, parameters)) for loaded in pack.rules]
            first = DurableEngine(rules, pack.vocabulary)
            _made[key] = Engines(first.hits, PolarsEngine(rules, pack.vocabulary), AskedOnce(first), first.hits_of)
        return _made[key]


class Evaluator:
    """Evaluates cases by one pack as of one day. Nothing but the day's figures depends on when it is done."""

    def __init__(self, pack: Pack, as_of: dt.date, given: Engines | None = None) -> None:
        """`given` takes the place of the engines that would be made from the pack."""
        self.pack = pack
        self.as_of = as_of
        self._parameters = in_force(pack, as_of)
        self.engines = given or engines(pack, self._parameters)
        self._policy = hit_policy(pack)
        # What each rule looks for in lists: flags of the notes, above all.
        self._heeded = {
            loaded.rule.id: {leaf.value for leaf in leaves(loaded.when) if isinstance(leaf, Contains)}
            for loaded in pack.rules
        }
        self._explicit = {
            name for name, flag in pack.red_flags.items() if flag.danger and flag.danger.grade == "explicit"
        }
        self._derivation = derivation(pack, as_of)
        self._columns = derived_columns(pack, as_of)
        self._counterfactuals = CounterfactualSearch(pack, self._policy, self.engines.second, self._derivation, as_of)
        self._stale = StaleParameters(pack, as_of, self._parameters)
        self._validity = Validity(pack, as_of, self._derivation, self._parameters)

    def evaluate(
        self,
        cases: Sequence[Facts],
        *,
        closely: bool = False,
        in_full: Collection[int] | None = None,
        dated: bool = True,
    ) -> list[Evaluation]:
        """Evaluate submitted cases, a chunk at a time; `closely`: the formulas of every case are read both ways.

        Where they need not be `dated`, nobody asks until when they are valid.

        With rows that are to be asked about `in_full`, the engine of decision is asked each distinct question only
        once, in this chunk or before. Raises LookedUpError where that and asking in full come to different outcomes.
        """
        columns = self._columns.derive(cases)
        verdicts = self.engines.second.judge(columns.table)
        closely = closely or len(cases) <= BOTH_WAYS
        # Of the others nobody asks for bounds: durable-rules is told of them by columns.
        some = None if dated or in_full is not None else range(0, len(cases), ONE_OF)
        derived, differing, by_columns = self._derived(cases, columns, some, closely=closely)
        ahead = verdicts.ahead(self._policy.telling)
        outcome_of = partial(self._outcome, verdicts, ahead, differing)
        if in_full is not None:
            fired = self._fired(derived, self._looked_up)
        else:
            told = self._of_many(derived, columns) if by_columns else None
            if told is None and by_columns and some is not None:
                derived = self._columns.rows(cases, columns)
            fired = told or self._fired(derived, self.engines.hits)
        outcomes = list(map(outcome_of, range(len(cases)), derived, fired))
        if in_full is not None:
            self._compare(derived, outcomes, in_full, outcome_of)
        changes = self._counterfactuals.find(derived, verdicts, outcomes)
        stale = self._stale.find(derived, verdicts, outcomes)
        return [
            Evaluation(
                each.facts,
                replace(found, recourse=change, lapsed=doubts) if change or doubts else found,
                self._validity.until(case, each, found) if dated else None,
            )
            for case, each, found, change, doubts in zip(cases, derived, outcomes, changes, stale, strict=True)
        ]

    def _derived(
        self, cases: Sequence[Facts], columns: DerivedFrame, bounded: Collection[int] | None, *, closely: bool
    ) -> tuple[list[Derived], Mapping[int, Differences], bool]:
        """What follows from the cases, by row what the two readings say otherwise, and whether it is from the columns.

        In a large chunk it is what the columns say, if some of its cases, read one by one, say just that. Where they do
        not, in small chunks and wherever it is urgent, every case is read both ways: the second engine derives for
        itself, so that the two vouch for each other's formulas too.
        """
        if not closely:
            derived = self._columns.rows(cases, columns, bounded)
            if all(self._derivation.derive(cases[row]) == derived[row] for row in range(0, len(cases), ONE_OF)):
                return derived, {}, True
        derived = [self._derivation.derive(case) for case in cases]
        return derived, columns.differing(derived), False

    def _of_many(self, derived: Sequence[Derived], columns: DerivedFrame) -> list[Fired] | None:
        """What the engine says of each case by messages written from the columns.

        No answer where that is not what it says of some of the cases, told of them one by one.
        """
        answered = None if self.engines.of_many is None else self.engines.of_many(columns.table)
        found = None if answered is None else list(answered)
        rows = range(0, len(derived), ONE_OF)
        if found is None or self._fired([derived[row] for row in rows], self.engines.hits) != [
            found[row] for row in rows
        ]:
            return None
        return found

    def _fired(self, derived: Iterable[Derived], ask: Hits) -> list[Fired]:
        found: list[Fired] = []
        for each in derived:
            try:
                found.append(ask(*each))
            except EngineError:
                found.append(None)
        return found

    def chosen(self, found: Evaluation, strategy: str) -> o.Outcome:
        """The outcome of an evaluated case where a person chose a strategy in the place of the recommended one."""
        facts, outcome = found.facts, found.outcome
        if strategy == outcome.strategy:
            return outcome
        selection = self._policy.chosen(strategy, outcome.rules_fired)
        return replace(
            outcome,
            strategy=selection.strategy,
            secondary=selection.secondary,
            blocked=selection.blocked,
            documents=selection.of("document"),
            rights=selection.of("right"),
            warnings=selection.of("warning"),
            steps=selection.of("step"),
            plans=self._plans(selection, facts),
            recourse=(),
        )

    def trace(self, facts: Facts, only: Collection[str] | None = None) -> tuple[RuleTrace, ...]:
        """Every rule, its conditions and comparisons, for one case as submitted or as evaluated; or `only` some."""
        return self.engines.second.trace(*self._derivation.derive(facts), only)

    def _looked_up(self, facts: Facts, bounds: Bounds) -> frozenset[str]:
        once = self.engines.asked_once
        return self.engines.hits(facts, bounds) if once is None else once.hits(facts, bounds)

    def _compare(
        self,
        derived: Sequence[Derived],
        outcomes: Sequence[o.Outcome],
        in_full: Collection[int],
        outcome_of: Callable[[int, Derived, Fired], o.Outcome],
    ) -> None:
        """Ask in full about these rows, whatever is urgent, and wherever the second engine says something else."""
        for row, found in enumerate(outcomes):
            if row in in_full or found.urgency in _URGENT or not found.engines_agree:
                (hits,) = self._fired([derived[row]], self.engines.hits)
                full = outcome_of(row, derived[row], hits)
                if full != found:
                    names = (each.name for each in fields(full))
                    raise LookedUpError(row, tuple(n for n in names if getattr(full, n) != getattr(found, n)))

    def _outcome(
        self,
        verdicts: Verdicts,
        ahead: Ahead,
        differing_by_row: Mapping[int, Differences],
        row: int,
        derived: Derived,
        hits: Fired,
    ) -> o.Outcome:
        facts, true, unknown = derived.facts, verdicts.true[row], verdicts.unknown[row]
        differing = differing_by_row.get(row, ())
        if hits is None or hits != frozenset(true) or differing:
            return self._disagreed(facts, hits, true, unknown, differing)
        selection = self._policy.select(hits)
        certain, decisive = self._policy.outlook(selection.strategy, ahead.sure[row], ahead.open[row])
        contradicting = self._contradicting(selection, facts)
        certain = certain and not contradicting
        missing = verdicts.waits_for(decisive, row)
        in_doubt = asked_about(self.pack.vocabulary, facts)  # asked for whether or not it decides
        questions = self._asked((*in_doubt, *doubted(self.pack, contradicting), *missing))
        return o.outcome(
            selection,
            unknown,
            (certain, questions),
            o.due(self.pack, selection.of("deadline"), facts, self.as_of, self._parameters),
            self._plans(selection, facts),
        )

    def _contradicting(self, selection: Selection, facts: Facts) -> Ids:
        """The flags that no fact answers, and of whose facts no flag tells that a rule of the strategy looked at.

        A strategy that stands alone by the notes holds whatever else they tell, and so does one for explicit danger.
        """
        flags = facts.get("note_flags")
        if not flags:
            return ()
        heeded = {flag for rule in self._policy.speaking_for(selection) for flag in self._heeded[rule]}
        raised = heeded.intersection(flags if isinstance(flags, tuple) else ())
        if raised & self._explicit or (selection.alone and heeded):
            return ()
        open_flags = unanswered(self.pack, facts)
        told = doubted(self.pack, (flag for flag in open_flags if flag in heeded))
        return tuple(flag for flag in open_flags if not set(doubted(self.pack, (flag,))) <= {*told})

    def _plans(self, selection: Selection, facts: Facts) -> tuple[RepaymentPlan, ...]:
        """The repayment plans of what is offered; none where nothing may acknowledge the debt."""
        chosen = () if selection.withheld else (selection.strategy, *selection.secondary)
        return plans(self.pack.strategies, chosen, facts, self.as_of, self._parameters, self._longest(facts))

    def _longest(self, facts: Facts) -> int | None:
        """The most months that any plan for the product may take."""
        product = self.pack.products.get(str(facts.get("product")))
        return self._parameters.get(product.plan_longest, 0) if product and product.plan_longest else None

    def _asked(self, names: Iterable[str]) -> Ids:
        """Those of some facts that have a question, each once."""
        known = self.pack.vocabulary.facts
        return tuple(dict.fromkeys(name for name in names if known[name].question))

    def _disagreed(
        self, facts: Facts, hits: frozenset[str] | None, true: Ids, unknown: Ids, differing: Differences
    ) -> o.Outcome:
        either = self._policy.select((hits or frozenset()).union(true))
        return o.disagreed(
            self.pack,
            either,
            tuple(rule for rule in true if hits and rule in hits),
            unknown,
            (*o.differences(hits, true, unknown), *differing),
            o.due(self.pack, either.of("deadline"), facts, self.as_of, self._parameters),
        )
