"""The second engine: the same rules once more, on Polars, a whole chunk at a time, with three-valued logic."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

import polars as pl

from rules.engines.compiler import Rules
from rules.engines.frame import frame
from rules.engines.message import Facts
from rules.engines.polars_columns import Columns
from rules.formulas.ends import NO_BOUNDS, Bounds, bounded
from rules.pack.files.schema import Vocabulary
from rules.pack.logic import conditions as c
from rules.pack.logic.fact_inputs import sources
from rules.pack.logic.normal_form import facts_of, leaves, normal

Ids = tuple[str, ...]
_T = TypeVar("_T")


@dataclass(frozen=True)
class MissingCondition:
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
    lacking: list[tuple[MissingCondition, ...]]


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
    # A fact, the groups that must be open to ask for it, and the comparison, where bounds may have decided it.
    asks: list[tuple[str, Ids, str | None]] = field(default_factory=list)
    lacks: dict[MissingCondition, pl.Expr] = field(default_factory=dict)


class PolarsEngine:
    """Rules as Polars expressions. Nothing is evaluated before the first chunk: Polars does not survive a fork."""

    def __init__(self, rules: Rules, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._columns = Columns(vocabulary)
        self._plans = {rule: self._plan(rule, condition) for rule, condition in rules}
        self._rules = tuple(self._plans)
        self._groups = tuple(name for plan in self._plans.values() for name in plan.groups)
        self._lacks = tuple(lack for plan in self._plans.values() for lack in plan.lacks)
        # A rule's prospects are its value where they have no column of their own.
        self._prospects = [rule if plan.prospect is None else _prospect(rule) for rule, plan in self._plans.items()]
        self._expressions = self._all()
        self._facts = self._columns.used()
        self._ends = self._columns.ends()

    def evaluate(self, cases: Sequence[Facts], bounds: Sequence[Bounds] | None = None) -> Verdicts:
        """Evaluate every rule for every case, with the bounds of its derived facts that have no value."""
        return self.judge(frame(cases, self._facts, self._vocabulary, bounds, self._ends))

    def judge(self, table: pl.DataFrame) -> Verdicts:
        """Evaluate every rule for every case of a frame that has its derived facts and their ends."""
        results = self._columns.evaluate(table, self._expressions)
        true, unknown = _chosen(results, self._rules, self._rules)
        sure, undecided = _chosen(results, self._prospects, self._rules)
        return Verdicts(
            results.select(self._rules),
            true=true,
            unknown=unknown,
            sure=sure,
            open=undecided,
            open_groups=[frozenset(names) for names in _chosen(results, self._groups, self._groups)[1]],
            lacking=_chosen(results, [str(number) for number in range(len(self._lacks))], self._lacks)[0],
        )

    def _all(self) -> dict[str, pl.Expr]:
        """Every expression by the name of its column."""
        plans = self._plans.values()
        return {
            **{plan.rule: plan.value for plan in plans},
            **{_prospect(plan.rule): plan.prospect for plan in plans if plan.prospect is not None},
            **{name: group for plan in plans for name, group in plan.groups.items()},
            **{str(number): self._plans[lack.rule].lacks[lack] for number, lack in enumerate(self._lacks)},
        }

    def waits_for(self, rule: str, facts: Facts, open_groups: frozenset[str]) -> Iterator[str]:
        """The submitted facts that an open rule still waits for: missing ones that decide something."""
        for fact, groups, leaf in self._plans[rule].asks:
            if fact not in facts and open_groups.issuperset(groups) and (leaf is None or leaf in open_groups):
                yield from (source for source in sources(self._vocabulary, fact) if source not in facts)

    def hangs_on(self, rule: str, names: Collection[str], open_groups: frozenset[str]) -> bool:
        """Whether one of these facts, all of them missing, still decides something about the rule."""
        return any(fact in names and open_groups.issuperset(groups) for fact, groups, _ in self._plans[rule].asks)

    def trace(self, facts: Facts, bounds: Bounds = NO_BOUNDS) -> tuple[RuleTrace, ...]:
        """Every rule with its parts and comparisons for one case, in the order of the rules."""
        names, values = self._traced
        table = frame([facts], self._facts, self._vocabulary, [bounds], self._ends)
        row = self._columns.evaluate(table, values).row(0, named=True)
        return tuple(
            RuleTrace(
                plan.rule,
                row[names[plan.condition]],
                tuple((part, row[names[part]]) for part in parts(plan.condition)),
                tuple(LeafTrace(leaf, row[names[leaf]]) for leaf in dict.fromkeys(leaves(plan.condition))),
            )
            for plan in self._plans.values()
        )

    @cached_property
    def _traced(self) -> tuple[dict[c.Condition, str], dict[str, pl.Expr]]:
        """Every condition a trace tells of under a name, and its expression: a third of the time a trace takes."""
        plans = self._plans.values()
        wanted = {part for plan in plans for part in (plan.condition, *parts(plan.condition), *leaves(plan.condition))}
        names = {condition: str(number) for number, condition in enumerate(wanted)}
        return names, {name: self._columns.value(each) for each, name in names.items()}

    def _plan(self, rule: str, condition: c.Condition) -> _Plan:
        plan = _Plan(rule, condition, self._columns.value(condition))
        wanted = normal(condition)
        if any(self._columns.differs(leaf) for leaf in leaves(condition)):
            plan.prospect = self._columns.prospect(wanted)
        self._ask(plan, wanted, ())
        needed = parts(condition)
        for part in needed:
            looked_at = {
                source for leaf in leaves(part) for fact in facts_of(leaf) for source in sources(self._vocabulary, fact)
            }
            actionable = tuple(sorted(source for source in looked_at if self._vocabulary.facts[source].actionable))
            if actionable:
                others = c.All(tuple(other for other in needed if other is not part))
                plan.lacks[MissingCondition(rule, part, actionable)] = self._columns.value(
                    others
                ) & ~self._columns.value(part)
        return plan

    def _ask(self, plan: _Plan, condition: c.Condition, groups: Ids) -> None:
        """Note which facts the rule can wait for, and the groups around each, open if the fact still matters."""
        if isinstance(condition, c.All | c.Any):
            for child in condition.children:
                inner = groups
                if isinstance(child, c.All | c.Any):
                    name = f"{plan.rule}?{len(plan.groups)}"
                    plan.groups[name] = self._columns.prospect(child)
                    inner = (*groups, name)
                self._ask(plan, child, inner)
            return
        for leaf in leaves(condition):
            asked: str | None = None
            if not isinstance(leaf, c.Known) and any(bounded(self._vocabulary, fact) for fact in facts_of(leaf)):
                asked = f"{plan.rule}?{len(plan.groups)}"
                plan.groups[asked] = self._columns.prospect(condition)
            plan.asks.extend((fact, groups, asked) for fact in facts_of(leaf))


def parts(condition: c.Condition) -> tuple[c.Condition, ...]:
    """The conditions that all must hold: the members of an outermost `all`, or the condition itself."""
    if isinstance(condition, c.All):
        return tuple(part for child in condition.children for part in parts(child))
    return (condition,)


def _prospect(rule: str) -> str:
    return f"{rule}?"


def _chosen(
    results: pl.DataFrame, columns: Sequence[str], names: tuple[_T, ...]
) -> tuple[list[tuple[_T, ...]], list[tuple[_T, ...]]]:
    """For each row the names of the columns that are true, and of those that are unknown."""
    height = results.height
    if not names or not height:
        return [()] * height, [()] * height
    # One long column: far fewer values come to Python than row by row, and in one go.
    cells = pl.concat([results[column] for column in columns])
    found = []
    for places in (cells.arg_true(), cells.is_null().arg_true()):
        rows: list[list[_T]] = [[] for _ in range(height)]
        for place in places.to_list():
            rows[place % height].append(names[place // height])
        found.append([tuple(row) for row in rows])
    return found[0], found[1]
