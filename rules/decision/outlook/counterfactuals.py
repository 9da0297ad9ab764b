"""Counterfactuals: the smallest changes in the borrower's own hands that lead to another strategy, each tried out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rules.decision.derived_frame import FrameDeriver
from rules.decision.hit_policy import HitPolicy
from rules.decision.outcome import Counterfactual, Outcome
from rules.engines.polars_engine import MissingCondition, PolarsEngine, Verdicts
from rules.facts.case_facts import Facts
from rules.formulas.derivation import Derivation, Derived
from rules.pack.logic.conditions import Compare
from rules.pack.logic.fact_inputs import followers
from rules.pack.logic.normal_form import leaves
from rules.pack.pack import Pack

MOST = 3  # changes told of one case
_WHOLE = 10_000  # basis points
_MANY = 350  # cases from which their formulas take less time as columns than one by one


@dataclass(frozen=True)
class _Try:
    """One change of one case, and the strategy it is hoped to lead to."""

    row: int
    rule: str
    strategy: str
    fact: str
    value: str | int | bool


class CounterfactualSearch:
    """Finds counterfactuals for whole chunks."""

    def __init__(
        self, pack: Pack, policy: HitPolicy, second: PolarsEngine, derivation: Derivation, as_of: dt.date
    ) -> None:
        self._pack = pack
        self._policy = policy
        self._second = second.only(policy.telling)
        self._derivation = derivation
        self._columns = FrameDeriver(pack, as_of, self._second.used)
        facts = pack.vocabulary.facts
        self._followers = {name: followers(pack.vocabulary, name) for name, fact in facts.items() if fact.actionable}
        # Of these facts nothing follows, and they have few values.
        self._alone = {
            name
            for name, found in self._followers.items()
            if found == {name} and facts[name].type in ("bool", "enum") and self._second.stands_alone(name)
        }

    def find(
        self, cases: Sequence[Derived], verdicts: Verdicts, outcomes: Sequence[Outcome]
    ) -> list[tuple[Counterfactual, ...]]:
        """For each evaluated case the changes that were tried and do lead to a strategy of higher priority."""
        tries = [
            each
            for row, found in enumerate(outcomes)
            if verdicts.lacking[row] and found.engines_agree
            for each in self._tries(row, cases[row].facts, verdicts.lacking[row], found)
        ]
        results = self._judged(tries, cases, verdicts)
        kept: list[dict[tuple[str, str], Counterfactual]] = [{} for _ in cases]
        for each, true in zip(tries, results, strict=True):
            claim = (each.strategy, each.fact)
            if claim not in kept[each.row] and self._policy.strategy_of(true) == each.strategy:
                kept[each.row][claim] = Counterfactual(each.fact, each.value, each.rule, each.strategy)
        return [tuple(claims.values())[:MOST] for claims in kept]

    def _tries(self, row: int, facts: Facts, lacking: Sequence[MissingCondition], found: Outcome) -> Iterator[_Try]:
        present = self._policy.select(found.rules_fired)
        for lack in lacking:
            strategy = self._policy.better(lack.rule, present)
            if strategy:
                for fact in lack.facts:
                    for value in self._values(fact, facts, lack):
                        yield _Try(row, lack.rule, strategy, fact, value)

    def _values(self, fact: str, facts: Facts, lack: MissingCondition) -> Iterator[str | int | bool]:
        """What a fact could be changed to: the values after the present one, weakest first, or a sufficient amount.

        None where it is unknown: a condition that fails whatever the value may be holds with none.
        """
        entry, present = self._pack.vocabulary.facts[fact], facts.get(fact)
        if entry.type == "bool":
            yield not present
        elif entry.type == "enum":
            values = tuple(entry.values)
            yield from (later for at, later in enumerate(values) if present in values[:at])
        elif entry.type == "money":
            balance = facts.get("balance")
            for leaf in leaves(lack.part):
                if isinstance(leaf, Compare) and type(leaf.value) is int and leaf.value > 0:
                    of_balance = self._pack.vocabulary.facts[leaf.fact].type == "rate"
                    if not of_balance:
                        yield leaf.value
                    elif isinstance(balance, int):
                        yield -(-balance * leaf.value // _WHOLE)

    def _changed(self, facts: Facts, change: _Try) -> Facts:
        """The case after the change: what follows from the changed fact is to be derived anew, the rest stays."""
        stale = self._followers[change.fact]
        kept = {name: value for name, value in facts.items() if name not in stale}
        return {**kept, change.fact: change.value}

    def _judged(self, tries: Sequence[_Try], cases: Sequence[Derived], verdicts: Verdicts) -> list[tuple[str, ...]]:
        """The rules that are true after each change, as far as they tell its strategy."""
        alone = [each for each in tries if each.fact in self._alone]
        others = [each for each in tries if each.fact not in self._alone]
        found = {**self._of_itself(alone, verdicts), **self._derived_anew(others, cases)}
        return [found[each] for each in tries]

    def _of_itself(self, tries: Sequence[_Try], verdicts: Verdicts) -> dict[_Try, tuple[str, ...]]:
        """The same for facts of which nothing follows: only comparisons of the fact itself come out otherwise."""
        judged = {
            (fact, value): self._second.judge_given(fact, value, verdicts).true
            for fact, value in dict.fromkeys((each.fact, each.value) for each in tries)
        }
        return {each: judged[each.fact, each.value][each.row] for each in tries}

    def _derived_anew(self, tries: Sequence[_Try], cases: Sequence[Derived]) -> dict[_Try, tuple[str, ...]]:
        changed = [self._changed(cases[each.row].facts, each) for each in tries]
        if len(changed) > _MANY:
            true = self._second.judge(self._columns.derive(changed).table).true
        else:
            derived = [self._derivation.derive(case) for case in changed]
            true = self._second.evaluate(*zip(*derived, strict=True)).true if derived else []
        return dict(zip(tries, true, strict=True))
