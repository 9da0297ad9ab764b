"""The second engine: the same rules once more, over columns, a whole chunk at a time, with three-valued logic."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import polars as pl

from rules.engines.compiler import Rules
from rules.engines.frame import frame
from rules.engines.interpreter import value_of
from rules.engines.message import Facts
from rules.engines.polars_columns import Compared, Comparisons
from rules.engines.truth import Truth, by_case, told, truth
from rules.facts.cells import Value
from rules.formulas.ends import NO_BOUNDS, Bounds, bounded
from rules.pack.files.schema import Vocabulary
from rules.pack.logic import conditions as c
from rules.pack.logic.fact_inputs import sources
from rules.pack.logic.normal_form import facts_of, leaves, normal

Ids = tuple[str, ...]


@dataclass(frozen=True)
class MissingCondition:
    """A rule, one of the conditions that all must hold for it, and the actionable facts this one looks at."""

    rule: str
    part: c.Condition
    facts: Ids


@dataclass(frozen=True)
class LeafTrace:
    """One comparison of a rule and what it gave."""

    leaf: c.Leaf
    value: bool | None


@dataclass(frozen=True)
class RuleTrace:
    """A rule, the conditions that all must hold for it, and its comparisons, each with what it gave."""

    rule: str
    value: bool | None
    parts: tuple[tuple[c.Condition, bool | None], ...]
    leaves: tuple[LeafTrace, ...]


class _Ask(NamedTuple):
    """A fact that a rule can wait for, and the submitted ones it comes from."""

    fact: str
    sources: Ids
    groups: Ids  # the groups of conditions that must be open for the fact to matter
    around: Ids  # and with them the comparison itself, where bounds may have decided it


@dataclass
class _Plan:
    """One rule: its condition, that in normal form, and what it can wait for."""

    rule: str
    condition: c.Condition
    wanted: c.Condition
    groups: dict[str, c.Condition] = field(default_factory=dict)
    asks: list[_Ask] = field(default_factory=list)
    # What is missing where this one part of the condition does not hold, and all the others do.
    lacks: list[MissingCondition] = field(default_factory=list)

    @cached_property
    def parts(self) -> tuple[c.Condition, ...]:
        """The conditions that all must hold."""
        return parts(self.condition)

    @cached_property
    def leaves(self) -> tuple[c.Leaf, ...]:
        """The comparisons, each once."""
        return tuple(dict.fromkeys(leaves(self.condition)))


class Ahead(NamedTuple):
    """Rules once more facts are known: a sure one is true whatever they are, an open one may turn out either way.

    They differ from true and unknown for conditions on `known`, and for derived facts that will never be known.
    """

    sure: list[Ids]
    open: list[Ids]


class Verdicts:
    """What became of every rule for every case of a chunk; each part is worked out when it is first asked for.

    The lists have an entry a case, rules in their given order.
    """

    def __init__(self, plans: Mapping[str, _Plan], compared: Compared) -> None:
        self._plans = plans
        self.compared = compared
        self._open_groups: dict[str, int] = {}
        self._of_rule: dict[str, list[tuple[str, int]]] = {}
        self._waiting: dict[Ids, list[tuple[str, bytes]]] = {}
        self.height = compared.height

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules, in their given order."""
        return tuple(self._plans)

    @cached_property
    def of(self) -> dict[str, Truth]:
        """What each rule is."""
        return {rule: self._value(plan.condition) for rule, plan in self._plans.items()}

    def verdict(self, rule: str, row: int) -> bool | None:
        """What one rule is for one case."""
        return told(self.of[rule], row)

    @cached_property
    def true(self) -> list[Ids]:
        """The rules that are true."""
        return by_case(((rule, true) for rule, (true, _) in self.of.items()), self.height)

    @cached_property
    def unknown(self) -> list[Ids]:
        """The rules that cannot be decided."""
        return by_case(((rule, self._neither(each)) for rule, each in self.of.items()), self.height)

    def ahead(self, rules: Collection[str]) -> Ahead:
        """Some of the rules as they may turn out."""
        found = {rule: self._prospect(plan.wanted) for rule, plan in self._plans.items() if rule in rules}
        return Ahead(
            by_case(((rule, true) for rule, (true, _) in found.items()), self.height),
            by_case(((rule, self._neither(each)) for rule, each in found.items()), self.height),
        )

    @cached_property
    def lacking(self) -> list[tuple[MissingCondition, ...]]:
        """The rules that miss exactly one of their conditions, one the borrower could do something about."""
        return by_case(((lack, self._lacks(lack)) for plan in self._plans.values() for lack in plan.lacks), self.height)

    def waits_for(self, rules: Ids, row: int) -> list[str]:
        """The submitted facts that open rules still wait for: missing ones that decide something, each once.

        Many cases have the same rules open: which of them wait for what is worked out once for all cases.
        """
        waiting = self._waiting.get(rules)
        if waiting is None:
            waiting = self._waiting[rules] = self._merged(rules)
        byte, bit = row >> 3, 1 << (row & 7)
        return [source for source, cases in waiting if cases[byte] & bit]

    def _merged(self, rules: Ids) -> list[tuple[str, bytes]]:
        """What these rules wait for, in their order, and which cases do, as bytes; of a case each fact once."""
        size, told, found = (self.height + 7) // 8, dict[str, int](), []
        for rule in rules:
            if rule not in self._of_rule:
                self._of_rule[rule] = list(self._waits(rule))
            for source, cases in self._of_rule[rule]:
                before = told.get(source, 0)
                if new := cases & ~before:
                    told[source] = before | new
                    found.append((source, new.to_bytes(size, "little")))
        return found

    def _waits(self, rule: str) -> Iterator[tuple[str, int]]:
        """The submitted facts that a rule waits for, each with the cases that have not got it and need it."""
        for ask in self._plans[rule].asks:
            cases = self.compared.absent(ask.fact)
            for name in ask.around:
                cases &= self._open(rule, name)
            if cases:
                for source in ask.sources:
                    if without := cases & self.compared.absent(source):
                        yield source, without

    def hangs_on(self, rule: str, row: int, names: Collection[str]) -> bool:
        """Whether one of these facts, all of them missing, still decides something about the rule."""
        return any(ask.fact in names and self._are_open(rule, row, ask.groups) for ask in self._plans[rule].asks)

    def _are_open(self, rule: str, row: int, groups: Ids) -> bool:
        """Whether each of some groups of conditions within a rule may turn out either way."""
        return all(self._open(rule, name) >> row & 1 for name in groups)

    def _open(self, rule: str, group: str) -> int:
        """The cases in which a group of conditions within a rule may turn out either way."""
        if group not in self._open_groups:
            self._open_groups[group] = self._neither(self._prospect(self._plans[rule].groups[group]))
        return self._open_groups[group]

    def _lacks(self, lack: MissingCondition) -> int:
        """The cases in which all other conditions of the rule hold, and this one does not."""
        others = c.All(tuple(part for part in parts(self._plans[lack.rule].condition) if part is not lack.part))
        return self._value(others)[0] & self._value(lack.part)[1]

    def _value(self, condition: c.Condition) -> Truth:
        return truth(condition, self.compared.value, self.compared.everywhere)

    def _prospect(self, condition: c.Condition) -> Truth:
        return truth(condition, self.compared.prospect, self.compared.everywhere)

    def _neither(self, of: Truth) -> int:
        return self.compared.everywhere & ~(of[0] | of[1])


class PolarsEngine:
    """Rules over columns. Nothing is evaluated before the first chunk: Polars does not survive a fork."""

    def __init__(self, rules: Rules, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._plans = {rule: self._plan(rule, condition) for rule, condition in rules}
        self._comparisons = Comparisons(
            (each for plan in self._plans.values() for each in (plan.condition, plan.wanted)), vocabulary
        )

    def only(self, rules: Collection[str]) -> PolarsEngine:
        """The same for some of the rules."""
        kept = [(rule, plan.condition) for rule, plan in self._plans.items() if rule in rules]
        return PolarsEngine(kept, self._vocabulary)

    @property
    def used(self) -> Sequence[str]:
        """The facts that the rules look at, and those that these come from."""
        return self._comparisons.used

    def evaluate(self, cases: Sequence[Facts], bounds: Sequence[Bounds] | None = None) -> Verdicts:
        """Evaluate every rule for every case, with the bounds of its derived facts that have no value."""
        return self.judge(frame(cases, self._comparisons.used, self._vocabulary, bounds, self._comparisons.ends))

    def judge(self, table: pl.DataFrame) -> Verdicts:
        """Evaluate every rule for every case of a frame that has its derived facts and their ends."""
        return Verdicts(self._plans, self._comparisons.of(table))

    def judge_without(self, facts: Set[str], verdicts: Verdicts) -> Verdicts:
        """The cases of other verdicts, as if these derived facts had neither a value nor bounds.

        The comparisons are those that were made there: the other engine's rules have to make all of these rules'.
        """
        return Verdicts(self._plans, verdicts.compared.without(facts))

    def judge_given(self, fact: str, value: Value, verdicts: Verdicts) -> Verdicts:
        """The cases of other verdicts, as if a submitted fact had this value and all else were as it is.

        As above the comparisons are those that were made there, but for those of the fact alone.
        """
        return Verdicts(self._plans, verdicts.compared.given(fact, value))

    def stands_alone(self, fact: str) -> bool:
        """Whether no rule compares a fact with another."""
        return not any(isinstance(leaf, c.ComparePair) and fact in facts_of(leaf) for leaf in self._comparisons.leaves)

    def trace(
        self, facts: Facts, bounds: Bounds = NO_BOUNDS, only: Collection[str] | None = None
    ) -> tuple[RuleTrace, ...]:
        """Every rule with its parts and comparisons for one case, in the order of the rules; or `only` some of them.

        Interpreted: for one case columns are dearer, and no condition is another for it.
        """
        known: dict[int, bool | None] = {}  # by identity: the conditions are this engine's, and stay

        def found(condition: c.Condition) -> bool | None:
            if id(condition) not in known:
                known[id(condition)] = value_of(condition, facts, bounds)
            return known[id(condition)]

        return tuple(
            RuleTrace(
                plan.rule,
                found(plan.condition),
                tuple([(part, found(part)) for part in plan.parts]),
                tuple([LeafTrace(leaf, found(leaf)) for leaf in plan.leaves]),
            )
            for rule, plan in self._plans.items()
            if only is None or rule in only
        )

    def _plan(self, rule: str, condition: c.Condition) -> _Plan:
        plan = _Plan(rule, condition, normal(condition))
        self._ask(plan, plan.wanted, ())
        for part in parts(condition):
            looked_at = {
                source for leaf in leaves(part) for fact in facts_of(leaf) for source in sources(self._vocabulary, fact)
            }
            actionable = tuple(sorted(source for source in looked_at if self._vocabulary.facts[source].actionable))
            if actionable:
                plan.lacks.append(MissingCondition(rule, part, actionable))
        return plan

    def _ask(self, plan: _Plan, condition: c.Condition, groups: Ids) -> None:
        """Note which facts the rule can wait for, and the groups around each, open if the fact still matters."""
        if isinstance(condition, c.All | c.Any):
            for child in condition.children:
                inner = groups
                if isinstance(child, c.All | c.Any):
                    inner = (*groups, self._named(plan, child))
                self._ask(plan, child, inner)
            return
        for leaf in leaves(condition):
            compared = not isinstance(leaf, c.Known) and any(bounded(self._vocabulary, fact) for fact in facts_of(leaf))
            around = (*groups, self._named(plan, condition)) if compared else groups
            plan.asks.extend(_Ask(fact, sources(self._vocabulary, fact), groups, around) for fact in facts_of(leaf))

    def _named(self, plan: _Plan, group: c.Condition) -> str:
        name = f"{plan.rule}?{len(plan.groups)}"
        plan.groups[name] = group
        return name


def parts(condition: c.Condition) -> tuple[c.Condition, ...]:
    """The conditions that all must hold: the members of an outermost `all`, or the condition itself."""
    if isinstance(condition, c.All):
        return tuple(part for child in condition.children for part in parts(child))
    return (condition,)
