"""The witness: the same rules once more, on Polars, a whole chunk at a time, with three-valued logic."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import compress
from typing import TypeVar

import polars as pl

from rules import conditions as c
from rules.compiler import Rules
from rules.frame import Prospects, evaluate, frame, kleene
from rules.message import Facts
from rules.normal import facts_of, leaves, normal
from rules.schema import Vocabulary

Ids = tuple[str, ...]
_T = TypeVar("_T")


@dataclass(frozen=True)
class Lack:
    """A rule, one of the conditions that all must hold for it, and the actionable facts this one looks at."""

    rule: str
    part: c.Condition
    facts: Ids


@dataclass(frozen=True)
class Verdicts:
    """What became of every rule for every case of a chunk.

    `table` has a Boolean column a rule, null for unknown. The lists have an entry a case, rules in their given order.
    `sure` and `open` look ahead: a sure rule is true whatever else becomes known, an open one may turn out either way.
    They differ from true and unknown for conditions on `known`, and for derived facts that will never be known.
    `lacking` names the rules that miss exactly one of their conditions, one the borrower could do something about.
    """

    table: pl.DataFrame
    true: list[Ids]
    unknown: list[Ids]
    sure: list[Ids]
    open: list[Ids]
    open_groups: list[frozenset[str]]
    lacking: list[tuple[Lack, ...]]


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


@dataclass
class _Plan:
    """One rule, ready for Polars."""

    rule: str
    condition: c.Condition
    value: pl.Expr
    prospect: pl.Expr | None = None  # where it is not simply the value
    groups: dict[str, pl.Expr] = field(default_factory=dict)
    asks: list[tuple[str, Ids]] = field(default_factory=list)  # a fact, and the groups that must be open to ask for it
    lacks: dict[Lack, pl.Expr] = field(default_factory=dict)


class Twin:
    """Rules as Polars expressions. Nothing is evaluated before the first chunk: Polars does not survive a fork."""

    def __init__(self, rules: Rules, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._prospects = Prospects(vocabulary)
        self._plans = {rule: self._plan(rule, condition) for rule, condition in rules}
        used = {fact for _, condition in rules for leaf in leaves(condition) for fact in facts_of(leaf)}
        self._facts = sorted(used.union(*(self._prospects.sources(fact) for fact in used)))

    def evaluate(self, cases: Sequence[Facts]) -> Verdicts:
        """Evaluate every rule for every case."""
        facts = frame(cases, self._facts, self._vocabulary)
        plans = self._plans.values()
        table = evaluate(facts, {plan.rule: plan.value for plan in plans})
        prospects = table.with_columns(
            evaluate(facts, {plan.rule: plan.prospect for plan in plans if plan.prospect is not None}).get_columns()
        )
        groups = evaluate(facts, {name: group for plan in plans for name, group in plan.groups.items()})
        lacks = [lack for plan in plans for lack in plan.lacks]
        missed = evaluate(facts, {str(number): self._plans[each.rule].lacks[each] for number, each in enumerate(lacks)})
        return Verdicts(
            table,
            true=_chosen(table, tuple(self._plans)),
            unknown=_chosen(_unknown(table), tuple(self._plans)),
            sure=_chosen(prospects, tuple(self._plans)),
            open=_chosen(_unknown(prospects), tuple(self._plans)),
            open_groups=[frozenset(names) for names in _chosen(_unknown(groups), tuple(groups.columns))],
            lacking=_chosen(missed, tuple(lacks)),
        )

    def waits_for(self, rule: str, facts: Facts, open_groups: frozenset[str]) -> Iterator[str]:
        """The submitted facts that an open rule still waits for: missing ones that decide something."""
        for fact, groups in self._plans[rule].asks:
            if fact not in facts and open_groups.issuperset(groups):
                yield from (source for source in self._prospects.sources(fact) if source not in facts)

    def trace(self, facts: Facts) -> tuple[RuleTrace, ...]:
        """Every rule with its parts and comparisons for one case, in the order of the rules."""
        plans = self._plans.values()
        wanted = {part for plan in plans for part in (plan.condition, *parts(plan.condition), *leaves(plan.condition))}
        names = {condition: str(number) for number, condition in enumerate(wanted)}
        row = evaluate(
            frame([facts], self._facts, self._vocabulary), {name: kleene(each) for each, name in names.items()}
        ).row(0, named=True)
        return tuple(
            RuleTrace(
                plan.rule,
                row[names[plan.condition]],
                tuple((part, row[names[part]]) for part in parts(plan.condition)),
                tuple(LeafTrace(leaf, row[names[leaf]]) for leaf in dict.fromkeys(leaves(plan.condition))),
            )
            for plan in plans
        )

    def _plan(self, rule: str, condition: c.Condition) -> _Plan:
        plan = _Plan(rule, condition, kleene(condition))
        wanted = normal(condition)
        if any(self._prospects.differ(leaf) for leaf in leaves(condition)):
            plan.prospect = self._prospects.expression(wanted)
        self._ask(plan, wanted, ())
        needed = parts(condition)
        for part in needed:
            sources = {
                source for leaf in leaves(part) for fact in facts_of(leaf) for source in self._prospects.sources(fact)
            }
            actionable = tuple(sorted(source for source in sources if self._vocabulary.facts[source].actionable))
            if actionable:
                others = c.All(tuple(other for other in needed if other is not part))
                plan.lacks[Lack(rule, part, actionable)] = kleene(others) & ~kleene(part)
        return plan

    def _ask(self, plan: _Plan, condition: c.Condition, groups: Ids) -> None:
        """Note which facts the rule can wait for, and the groups around each, open if the fact still matters."""
        if isinstance(condition, c.All | c.Any):
            for child in condition.children:
                inner = groups
                if isinstance(child, c.All | c.Any):
                    name = f"{plan.rule}?{len(plan.groups)}"
                    plan.groups[name] = self._prospects.expression(child)
                    inner = (*groups, name)
                self._ask(plan, child, inner)
            return
        for leaf in leaves(condition):
            plan.asks.extend((fact, groups) for fact in facts_of(leaf))


def parts(condition: c.Condition) -> tuple[c.Condition, ...]:
    """The conditions that all must hold: the members of an outermost `all`, or the condition itself."""
    if isinstance(condition, c.All):
        return tuple(part for child in condition.children for part in parts(child))
    return (condition,)


def _chosen(table: pl.DataFrame, names: tuple[_T, ...]) -> list[tuple[_T, ...]]:
    """For each row the names of the columns that are true."""
    if not names:
        return [()] * table.height
    return [tuple(compress(names, row)) for row in table.iter_rows()]


def _unknown(table: pl.DataFrame) -> pl.DataFrame:
    return table.select(pl.all().is_null())
