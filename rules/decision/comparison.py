"""Comparison: what two policies say of the same cases, and which rules make the difference."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final, Literal

from rules.decision.derived_frame import derived_columns
from rules.decision.hit_policy import HitPolicy, Ids, Selection
from rules.engines.polars_engine import PolarsEngine, Verdicts
from rules.facts.case_facts import Facts
from rules.pack.logic.condition_parser import resolve
from rules.pack.pack import Pack
from rules.pack.parameters import in_force

Verdict = Literal["true", "false", "unknown", "absent"]
BLOCK: Final = 2_000  # cases judged at once


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
    strategies: tuple[str, str]
    urgencies: tuple[str, str]
    came: Ids
    went: Ids
    changed: Ids


@dataclass
class Comparison:
    """Every count is by what the first policy says and what the second one does."""

    cases: int = 0
    strategies: Counter[tuple[str, str]] = field(default_factory=Counter)
    urgencies: Counter[tuple[str, str]] = field(default_factory=Counter)
    rules: dict[str, Counter[tuple[Verdict, Verdict]]] = field(default_factory=dict)
    flips: list[Flip] = field(default_factory=list)


def compare(one: Pack, other: Pack, pairs: Iterable[Pair], as_of: dt.date) -> Comparison:
    """Judge every case by both policies on one day, block by block."""
    first, second = _Judge(one, as_of), _Judge(other, as_of)
    changed = {name for name in first.rules.keys() & second.rules.keys() if first.rules[name] != second.rules[name]}
    found, left = Comparison(), iter(pairs)
    while block := list(islice(left, BLOCK)):
        before, after = first.judge([pair.one for pair in block]), second.judge([pair.other for pair in block])
        found.cases += len(block)
        _count_rules(found.rules, before, after)
        for pair, was, now in zip(block, first.selections(before), second.selections(after), strict=True):
            strategies, urgencies = (was.strategy, now.strategy), (was.urgency, now.urgency)
            found.strategies[strategies] += 1
            found.urgencies[urgencies] += 1
            if was.strategy != now.strategy or was.urgency != now.urgency:
                came, went = _without(now.rules_fired, was.rules_fired), _without(was.rules_fired, now.rules_fired)
                both = tuple(name for name in now.rules_fired if name in changed and name not in came)
                found.flips.append(Flip(pair.case_ref, strategies, urgencies, came, went, both))
    return found


class _Judge:
    """One of the two policies: its rules by the second engine, a block of cases at a time."""

    def __init__(self, pack: Pack, as_of: dt.date) -> None:
        parameters = in_force(pack, as_of)
        self._engine = PolarsEngine(
            [(each.rule.id, resolve(each.when, parameters)) for each in pack.rules], pack.vocabulary
        )
        self._derived = derived_columns(pack, as_of)
        self._policy = HitPolicy(pack)
        self.rules = {each.rule.id: each.rule for each in pack.rules}

    def judge(self, cases: Sequence[Facts]) -> Verdicts:
        return self._engine.judge(self._derived.derive(cases).table)

    def selections(self, verdicts: Verdicts) -> Iterable[Selection]:
        return (self._policy.select(hits) for hits in verdicts.true)


def _count_rules(rules: dict[str, Counter[tuple[Verdict, Verdict]]], before: Verdicts, after: Verdicts) -> None:
    for name in (*before.rules, *(name for name in after.rules if name not in before.of)):
        counted = rules.setdefault(name, Counter())
        for was, some in _kinds(before, name):
            for now, others in _kinds(after, name):
                if both := (some & others).bit_count():
                    counted[was, now] += both


def _kinds(verdicts: Verdicts, rule: str) -> list[tuple[Verdict, int]]:
    """What a rule may be, each with the bits of the cases of which it is that."""
    everywhere = verdicts.compared.everywhere
    if rule not in verdicts.of:
        return [("absent", everywhere)]
    true, false = verdicts.of[rule]
    return [("true", true), ("false", false), ("unknown", everywhere & ~(true | false))]


def _without(rules: Ids, others: Ids) -> Ids:
    return tuple(name for name in rules if name not in others)
