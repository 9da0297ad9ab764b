"""Comparison: what two policies say of the same cases, and which rules make the difference."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final, Literal, TypeAlias

import polars as pl

from rules.decision.derived_frame import DerivedFrame, FrameDeriver, derived_columns
from rules.decision.hit_policy import DEFAULT, Ids
from rules.decision.whatif.bit_policy import BitPolicy, BitSelection
from rules.decision.whatif.given import Given
from rules.decision.whatif.moved import facts_in
from rules.engines.frame import end
from rules.engines.polars_engine import PolarsEngine
from rules.engines.truth import Truth, rows
from rules.facts.case_facts import Facts
from rules.formulas.ends import SIDES
from rules.pack.formulas import facts_of, parameters_of
from rules.pack.logic.condition_parser import resolve
from rules.pack.logic.conditions import Condition
from rules.pack.pack import LoadedRule, Pack
from rules.pack.parameters import in_force

Verdict = Literal["true", "false", "unknown", "absent"]
Transition: TypeAlias = tuple[str, str]
BLOCK: Final = 2_000  # cases judged at once that come one by one


@dataclass(frozen=True)
class Pair:
    """A case by its reference, with its facts as each of the two policies reads them."""

    case_ref: str
    one: Facts
    other: Facts


@dataclass(frozen=True)
class Flip:
    """A case that is recommended another strategy, or is of another urgency.

    `came` and `went` are the rules that fire by the second policy only and by the first only, `changed` those that fire
    by both and are written otherwise.
    """

    case_ref: str
    strategies: Transition
    urgencies: Transition
    came: Ids
    went: Ids
    changed: Ids


@dataclass
class Comparison:
    """Every count is by what the first policy says and what the second one does."""

    cases: int = 0
    flipped: int = 0  # cases that flip, of those that are wanted
    strategies: Counter[Transition] = field(default_factory=Counter)
    urgencies: Counter[Transition] = field(default_factory=Counter)
    rules: dict[str, Counter[tuple[Verdict, Verdict]]] = field(default_factory=dict)
    flips: list[Flip] = field(default_factory=list)


@dataclass(frozen=True)
class Wanted:
    """Which of the flipped cases are told one by one: so many from the first on, of one transition or of all."""

    first: int = 0
    most: int | None = None
    transition: Transition | None = None

    def room(self, flipped: int, told: int) -> tuple[int, int | None]:
        """How many more are left out and how many more told, after so many that flip and so many told."""
        return max(0, self.first - flipped), None if self.most is None else max(0, self.most - told)


ALL: Final = Wanted()


@dataclass(frozen=True)
class Judged:
    """What a policy says of some cases: of each rule the bits of those it is true of and false of, and what follows."""

    everywhere: int
    of: Mapping[str, Truth]
    selection: BitSelection


@dataclass(frozen=True)
class Block:
    """Some cases as both policies judge them; `named` gives the references of those in some rows."""

    before: Judged
    after: Judged
    named: Callable[[Sequence[int]], Sequence[str]]


class Judge:
    """A policy on a day, by the second engine and the hit policy over bits."""

    def __init__(self, pack: Pack, as_of: dt.date, deriver: FrameDeriver | None = None) -> None:
        parameters = in_force(pack, as_of)
        self.pack = pack
        self.as_of = as_of
        self.conditions: dict[str, Condition] = {each.rule.id: resolve(each.when, parameters) for each in pack.rules}
        self.engine = PolarsEngine(list(self.conditions.items()), pack.vocabulary)
        self._deriver = deriver or derived_columns(pack, as_of)
        self._policy = BitPolicy(pack)
        self._engines: dict[Ids, PolarsEngine] = {}  # for some of the rules

    def derived_otherwise(self, other: Judge) -> frozenset[str] | None:
        """The facts that another policy works out otherwise from the same facts; None where it does not read the same.

        What is not among them need be worked out once.
        """
        one, two = self.pack, other.pack
        if (self.as_of, one.vocabulary, one.decides_by_bounds) != (other.as_of, two.vocabulary, two.decides_by_bounds):
            return None
        found = {*(one.formulas.keys() ^ two.formulas.keys())}
        for name, formula in one.formulas.items():
            figures = {each.name for each in parameters_of(formula.expression)}
            if name not in found and (
                formula.expression != two.formulas[name].expression
                or any(one.parameters[each] != two.parameters[each] for each in figures)
                or not found.isdisjoint(facts_of(formula.expression))
            ):
                found.add(name)
        return frozenset(found)

    def frame(self, cases: Sequence[Facts] | Given) -> DerivedFrame:
        """The cases as columns, with what follows from them."""
        deriver = self._deriver
        if isinstance(cases, Given):
            return deriver.complete(cases.read(self.pack.vocabulary, *deriver.reads))
        return deriver.derive(cases)

    def judge(self, cases: Sequence[Facts] | Given) -> Judged:
        """What it says of these cases."""
        return self.judge_table(self.frame(cases).table)

    def judge_table(self, table: pl.DataFrame) -> Judged:
        """What it says of cases that are columns, with what follows from them."""
        verdicts = self.engine.judge(table)
        return self.judged(verdicts.of, verdicts.compared.everywhere)

    def judge_beside(self, other: Judge, frame: DerivedFrame, before: Judged, given: Given) -> Judged:
        """The same where another policy has made a frame of them, and said `before` what it says of them.

        A fact that both work out alike is what it was, and so is a rule that both have which looks at no other.
        """
        otherwise = self.derived_otherwise(other)
        if otherwise is None:
            return self.judge(given)
        alike = {
            rule
            for rule, condition in self.conditions.items()
            if other.conditions.get(rule) == condition and otherwise.isdisjoint(facts_in(condition))
        }
        own = tuple(rule for rule in self.conditions if rule not in alike)
        new = self._engine_of(own).judge(self._derived_anew(otherwise, frame, given)).of if own else {}
        of = {rule: before.of[rule] if rule in alike else new[rule] for rule in self.conditions}
        return self.judged(of, before.everywhere)

    def _derived_anew(self, otherwise: frozenset[str], frame: DerivedFrame, given: Given) -> pl.DataFrame:
        """The columns of a frame that another policy has made, but for what this one works out otherwise."""
        if not otherwise:
            return frame.table
        values = {name: column for name, column in frame.values.items() if name not in otherwise}
        readings = {name: reading for name, reading in frame.readings.items() if name not in otherwise}
        table = given.read(self.pack.vocabulary, *self._deriver.reads)
        made = self._deriver.complete(table, DerivedFrame(table, values, readings)).table
        kept = (*values, *(end(name, side) for name in values for side in SIDES))
        return made.with_columns(frame.table[column] for column in kept if column in frame.table.columns)

    def _engine_of(self, rules: Ids) -> PolarsEngine:
        if rules not in self._engines:
            self._engines[rules] = self.engine.only(rules)
        return self._engines[rules]

    def judged(self, of: Mapping[str, Truth], everywhere: int) -> Judged:
        """What follows from what every rule is."""
        return Judged(everywhere, of, self._policy.select({rule: true for rule, (true, _) in of.items()}, everywhere))


def beside(first: Judge, second: Judge, given: Given) -> tuple[Judged, Judged]:
    """What two policies say of the same cases."""
    frame = first.frame(given)
    before = first.judge_table(frame.table)
    return before, second.judge_beside(first, frame, before, given)


def compare(one: Pack, other: Pack, pairs: Iterable[Pair], as_of: dt.date) -> Comparison:
    """Judge every case by both policies on one day, block by block."""
    return compared(one, other, _blocks(Judge(one, as_of), Judge(other, as_of), pairs))


def _blocks(first: Judge, second: Judge, pairs: Iterable[Pair]) -> Iterator[Block]:
    left = iter(pairs)
    while some := list(islice(left, BLOCK)):
        before, after = first.judge([pair.one for pair in some]), second.judge([pair.other for pair in some])
        yield Block(before, after, lambda listed, some=some: [some[row].case_ref for row in listed])  # type: ignore[misc]


def compared(one: Pack, other: Pack, blocks: Iterable[Block], wanted: Wanted = ALL) -> Comparison:
    """What two policies say of blocks of cases, added up; of what flips as much as is wanted, case by case."""
    changed = _changed(one, other)
    orders = [each.rule.id for each in one.rules], [each.rule.id for each in other.rules]
    found = Comparison()
    for block in blocks:
        before, after = block.before, block.after
        found.cases += before.everywhere.bit_count()
        _count_rules(found.rules, before, after)
        strategies = _transitions(before.selection.strategies, after.selection.strategies)
        urgencies = _transitions(before.selection.urgencies, after.selection.urgencies)
        found.strategies.update({pair: bits.bit_count() for pair, bits in strategies.items()})
        found.urgencies.update({pair: bits.bit_count() for pair, bits in urgencies.items()})
        bits = _flipped(strategies) | _flipped(urgencies)
        if wanted.transition is not None:
            bits &= strategies.get(wanted.transition, 0)
        skipped, room = wanted.room(found.flipped, len(found.flips))
        found.flipped += bits.bit_count()
        if listed := list(islice(rows(bits), skipped, None if room is None else skipped + room)):
            found.flips += _flips(block, bits, listed, (strategies, urgencies), orders, changed)
    return found


def _changed(one: Pack, other: Pack) -> frozenset[str]:
    """The rules of both that are written otherwise."""
    rules: list[dict[str, LoadedRule]] = [{each.rule.id: each for each in pack.rules} for pack in (one, other)]
    return frozenset(name for name in rules[0].keys() & rules[1].keys() if rules[0][name].rule != rules[1][name].rule)


def _transitions(before: Mapping[str, int], after: Mapping[str, int]) -> dict[Transition, int]:
    return {
        (was, now): both for was, some in before.items() for now, others in after.items() if (both := some & others)
    }


def _flipped(transitions: Mapping[Transition, int]) -> int:
    found = 0
    for (was, now), bits in transitions.items():
        found |= bits if was != now else 0
    return found


def _flips(
    block: Block,
    flipped: int,
    listed: Sequence[int],
    transitions: tuple[Mapping[Transition, int], Mapping[Transition, int]],
    orders: tuple[Sequence[str], Sequence[str]],
    changed: frozenset[str],
) -> Iterator[Flip]:
    names = block.named(listed)
    both_judged = zip((block.before, block.after), orders, strict=True)
    fired = [_fired(judged, flipped, order, listed) for judged, order in both_judged]
    strategies, urgencies = (_of_rows(each, listed) for each in transitions)
    for at, name in enumerate(names):
        was, now = fired[0][at], fired[1][at]
        came, went = _without(now, was), _without(was, now)
        both = tuple(rule for rule in now if rule in changed and rule not in came)
        yield Flip(name, strategies[at], urgencies[at], came, went, both)


def _fired(judged: Judged, flipped: int, order: Sequence[str], listed: Sequence[int]) -> list[Ids]:
    """The rules that fire for the cases of some rows, all `flipped`, the one for all others last."""
    found: list[list[str]] = [[] for _ in listed]
    every = [*((rule, judged.of[rule][0]) for rule in order), (DEFAULT, judged.selection.default)]
    for rule, bits in every:
        for at in _at(bits & flipped, listed):
            found[at].append(rule)
    return [tuple(each) for each in found]


def _of_rows(transitions: Mapping[Transition, int], listed: Sequence[int]) -> list[Transition]:
    found = {at: pair for pair, bits in transitions.items() for at in _at(bits, listed)}
    return [found[at] for at in range(len(listed))]


def _at(bits: int, listed: Sequence[int]) -> Iterator[int]:
    """Which of some rows have their bit set."""
    if bits:
        written = bits.to_bytes(max(listed[-1], bits.bit_length()) // 8 + 1, "little")
        yield from (at for at, row in enumerate(listed) if written[row >> 3] >> (row & 7) & 1)


def _count_rules(counts: dict[str, Counter[tuple[Verdict, Verdict]]], before: Judged, after: Judged) -> None:
    for name in (*before.of, *(name for name in after.of if name not in before.of)):
        counted = counts.setdefault(name, Counter())
        if before.of.get(name) is after.of.get(name):
            counted.update({(was, was): bits.bit_count() for was, bits in _kinds(before, name) if bits})
            continue
        for was, some in _kinds(before, name):
            for now, others in _kinds(after, name):
                if both := (some & others).bit_count():
                    counted[was, now] += both


def _kinds(judged: Judged, rule: str) -> list[tuple[Verdict, int]]:
    """What a rule may be, each with the bits of the cases of which it is that."""
    if rule not in judged.of:
        return [("absent", judged.everywhere)]
    true, false = judged.of[rule]
    return [("true", true), ("false", false), ("unknown", judged.everywhere & ~(true | false))]


def _without(rules: Ids, others: Ids) -> Ids:
    return tuple(name for name in rules if name not in others)
