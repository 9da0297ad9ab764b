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
from rules.engines.polars_columns import Columns, combined
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


class Verdicts:
    """What became of every rule for every case of a chunk; each part is worked out when it is first asked for.

    The lists have an entry a case, rules in their given order. `sure` and `open` look ahead: a sure rule is true
    whatever else becomes known, an open one may turn out either way. They differ from true and unknown for conditions
    on `known`, and for derived facts that will never be known.
    """

    def __init__(self, plans: tuple[_Plan, ...], columns: Columns, table: pl.DataFrame) -> None:
        self._plans = plans
        self._rules = tuple(plan.rule for plan in plans)
        self._height = table.height
        self._compared = columns.compared(table)
        self._columns = columns

    @cached_property
    def table(self) -> pl.DataFrame:
        """A Boolean column a rule, null for unknown."""
        return combined(self._compared, {plan.rule: plan.value for plan in self._plans}).select(self._rules)

    @cached_property
    def true(self) -> list[Ids]:
        """The rules that are true."""
        return self._by_case(self._values.arg_true(), self._rules)

    @cached_property
    def unknown(self) -> list[Ids]:
        """The rules that cannot be decided."""
        return self._by_case(self._values.is_null().arg_true(), self._rules)

    @cached_property
    def sure(self) -> list[Ids]:
        """The rules that are true and stay so."""
        return self._by_case(self._prospects.arg_true(), self._rules)

    @cached_property
    def open(self) -> list[Ids]:
        """The rules that may turn out either way."""
        return self._by_case(self._prospects.is_null().arg_true(), self._rules)

    @cached_property
    def open_groups(self) -> list[frozenset[str]]:
        """The groups of conditions within rules that may turn out either way."""
        groups = {name: group for plan in self._plans for name, group in plan.groups.items()}
        found = _end_to_end(combined(self._ahead, groups), list(groups))
        return [frozenset(names) for names in self._by_case(found.is_null().arg_true(), tuple(groups))]

    @cached_property
    def lacking(self) -> list[tuple[MissingCondition, ...]]:
        """The rules that miss exactly one of their conditions, one the borrower could do something about."""
        lacks = {lack: expression for plan in self._plans for lack, expression in plan.lacks.items()}
        numbered = {str(number): expression for number, expression in enumerate(lacks.values())}
        found = _end_to_end(combined(self._compared, numbered), list(numbered))
        return self._by_case(found.arg_true(), tuple(lacks))

    @cached_property
    def _values(self) -> pl.Series:
        return _end_to_end(self.table, self._rules)

    @cached_property
    def _prospects(self) -> pl.Series:
        """A rule's prospects are its value where they have no column of their own."""
        own = {plan.rule: plan.prospect for plan in self._plans if plan.prospect is not None}
        return _end_to_end(self.table.with_columns(combined(self._ahead, own).select(*own)), self._rules)

    @cached_property
    def _ahead(self) -> pl.DataFrame:
        return self._columns.ahead(self._compared)

    def _by_case(self, places: pl.Series, names: tuple[_T, ...]) -> list[tuple[_T, ...]]:
        """The names of the columns of each case, from places in all columns end to end."""
        cases: list[list[_T]] = [[] for _ in range(self._height)]
        for place in places.to_list():
            cases[place % self._height].append(names[place // self._height])
        return [tuple(case) for case in cases]


class PolarsEngine:
    """Rules as Polars expressions. Nothing is evaluated before the first chunk: Polars does not survive a fork."""

    def __init__(self, rules: Rules, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._columns = Columns(vocabulary)
        self._plans = {rule: self._plan(rule, condition) for rule, condition in rules}
        self._facts = self._columns.used()
        self._ends = self._columns.ends()

    def evaluate(self, cases: Sequence[Facts], bounds: Sequence[Bounds] | None = None) -> Verdicts:
        """Evaluate every rule for every case, with the bounds of its derived facts that have no value."""
        return self.judge(frame(cases, self._facts, self._vocabulary, bounds, self._ends))

    def judge(self, table: pl.DataFrame) -> Verdicts:
        """Evaluate every rule for every case of a frame that has its derived facts and their ends."""
        return Verdicts(tuple(self._plans.values()), self._columns, table)

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
        row = combined(self._columns.compared(table), values).row(0, named=True)
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


def _end_to_end(results: pl.DataFrame, columns: Sequence[str]) -> pl.Series:
    """Columns as a long one: far fewer values come to Python than row by row, and in one go."""
    return pl.concat([results[column] for column in columns]) if columns else pl.Series(dtype=pl.Boolean)
