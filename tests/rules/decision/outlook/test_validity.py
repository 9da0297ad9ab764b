"""Until when a decision is valid: no random case comes out otherwise on a day before, and what flips is found."""

from __future__ import annotations

import datetime as dt
import os
import random
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import pytest

from rules.decision.ageing import aged
from rules.decision.evaluate import Evaluation, Evaluator
from rules.decision.outcome import Outcome
from rules.facts.case_facts import Facts
from rules.formulas.trends import reader as trend_reader
from rules.loading.loader import DEFAULT_PACK, load
from tests.support.packs.random_cases import AS_OF, cases

PACK = load(DEFAULT_PACK)
# `FORBEAR_TEST_DAYS=400 FORBEAR_TEST_CASES=200` and `--timeout=0`: every day of that many, some minutes.
EVERY_DAY = int(os.environ.get("FORBEAR_TEST_DAYS", "0"))
SIZE = int(os.environ.get("FORBEAR_TEST_CASES", "80"))
NEAR = (1, 4, 30, 97)
KEPT = ("product", "days_overdue", "due_date", "case_ref", "hardship")
PAUSES = ("deferral", "standstill")


@lru_cache(maxsize=2)
def evaluator(day: dt.date) -> Evaluator:
    return Evaluator(PACK, day)


def later(days: int) -> dt.date:
    return AS_OF + dt.timedelta(days=days)


def told(outcome: Outcome) -> dict[str, Any]:
    """What a decision says, but for what is worked out from today and so moves every day."""
    found = {name: getattr(outcome, name) for name in outcome.__slots__ if name != "plans"}
    deadlines = [replace(each, date=dt.date.max) if not each.start_known else each for each in outcome.deadlines]
    found["deadlines"] = sorted(deadlines, key=lambda each: (each.date, each.id))  # they stand in the order of the days
    found["lapsed"] = [(each.parameter, each.kind) for each in outcome.lapsed]
    found["pauses"] = [(each.strategy, each.kind) for each in outcome.plans if each.kind in PAUSES]
    return found


def on(given: Sequence[Facts], days: int) -> list[Evaluation]:
    """These cases, told of at first, as they are triaged so many days later."""
    day = later(days)
    return evaluator(day).evaluate([aged(PACK.vocabulary, facts, AS_OF, day) for facts in given])


def some(seed: int) -> list[Facts]:
    """Random cases, every second of them with gaps."""
    draw = random.Random(seed)
    found: list[Facts] = []
    for number, facts in enumerate(cases(seed, SIZE)):
        kept = {name: value for name, value in facts.items() if number % 2 or name in KEPT or draw.random() > 0.35}
        if number % 4 and kept["days_overdue"]:  # most cases stand at no threshold
            kept["days_overdue"] += draw.randint(1, 25)
        if number % 3 == 0 and "due_date" not in kept:
            kept["due_date"] = AS_OF - dt.timedelta(days=kept.pop("days_overdue"))
        found.append(kept)
    return found


def test_nothing_comes_out_otherwise_before_the_day() -> None:
    given = [facts for seed in ((3, 11, 23) if EVERY_DAY else (3,)) for facts in some(seed)]
    first = on(given, 0)
    held = 0
    for days in range(1, EVERY_DAY + 1) if EVERY_DAY else NEAR:
        valid = [row for row, each in enumerate(first) if each.valid_until is None or each.valid_until > later(days)]
        for row, now in zip(valid, on([given[row] for row in valid], days), strict=True):
            assert told(now.outcome) == told(first[row].outcome), (row, days, first[row].valid_until)
            held += 1
    assert held > SIZE


def test_what_need_not_be_dated_is_the_same_without_a_day() -> None:
    given = [aged(PACK.vocabulary, facts, AS_OF, AS_OF) for facts in some(3)[:4]]
    whole, undated = (Evaluator(PACK, AS_OF).evaluate(given, dated=dated) for dated in (True, False))
    assert any(each.valid_until for each in whole)
    assert undated == [replace(each, valid_until=None) for each in whole]


def test_what_is_worked_out_in_one_go_is_what_the_nodes_say(monkeypatch: pytest.MonkeyPatch) -> None:
    given = some(5)
    in_steps = [each.valid_until for each in on(given, 0)]
    monkeypatch.setattr(trend_reader, "in_steps", lambda expression, *_: (expression, []))
    by_node = Evaluator(PACK, AS_OF).evaluate([aged(PACK.vocabulary, facts, AS_OF, AS_OF) for facts in given])
    assert [each.valid_until for each in by_node] == in_steps
