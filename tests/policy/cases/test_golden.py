"""Whole cases as a submitter writes them come out as the policy review says they should."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from rules.decision.evaluate import Evaluation, Evaluator
from rules.facts.case_facts import Facts, Parser, display
from rules.facts.red_flags import scan_case
from rules.finance.repayment_plan import RepaymentPlan
from rules.loading.loader import DEFAULT_PACK, Pack, load
from rules.pack.files.schema import PlanKind

GOLDEN = Path(__file__).parent / "golden"
AS_OF = dt.date(2026, 11, 23)
# An expectation names ids that must be there; after `without_` ids that must not.
_LISTS = ("secondary", "blocked", "steps", "warnings", "rights", "flags", "documents")
_DERIVED = ("overdue_bucket", "days_left", "months_to_clear", "capacity", "debt_service_ratio", "over_cap_amount")
_RULES = ("fired", "not_fired", "asked", "not_asked", "secondary_is", "deadlines", "plans", "plan", "plan_kinds")
_WORDS = {"strategy", "urgency", "certain", *_RULES, *_LISTS, *(f"without_{name}" for name in _LISTS)}


@cache
def pack() -> Pack:
    return load(DEFAULT_PACK)


@cache
def evaluator(as_of: dt.date) -> Evaluator:
    return Evaluator(pack(), as_of)


def read_yaml(path: Path) -> Any:
    return yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)


@cache
def cases() -> list[Any]:
    found = []
    common = read_yaml(GOLDEN / "common.yaml")
    for path in sorted(GOLDEN.glob("*.yaml")):
        if path.stem == "common":
            continue
        for case in read_yaml(path)["cases"]:
            facts = {**(common if case.get("common", True) else {}), **case["facts"]}
            name = f"{path.stem}-{case['name']}"
            found.append(pytest.param({**case, "facts": facts, "id": name}, id=name))
    return found


def evaluate(cases: Sequence[Mapping[str, Any]]) -> list[Evaluation]:
    """Each case on its own day; those of one day together, which takes hardly longer than one of them."""
    vocabulary = pack().vocabulary
    days: dict[dt.date, dict[int, Facts]] = defaultdict(dict)
    for place, case in enumerate(cases):
        facts, errors = Parser(vocabulary).parse({"case_ref": "golden", **case["facts"]})
        assert errors == [], case
        flags = scan_case(pack(), facts, [str(facts.get("notes", ""))])
        public = {name: value for name, value in facts.items() if not vocabulary.facts[name].private}
        days[case.get("as_of", AS_OF)][place] = {**public, "note_flags": flags}
    found: dict[int, Evaluation] = {}
    for as_of, given in days.items():
        found |= zip(given, evaluator(as_of).evaluate(list(given.values()), closely=True), strict=True)
    return [found[place] for place in range(len(cases))]


@cache
def evaluated() -> dict[str, Evaluation]:
    """Every golden case, by its name; once a process."""
    known = [param.values[0] for param in cases()]
    found = {case["id"]: each for case, each in zip(known, evaluate(known), strict=True)}
    assert len(found) == len(known), "two golden cases are called the same"
    return found


@pytest.mark.parametrize("case", cases())
def test_a_golden_case_gets_what_the_review_says(case: Mapping[str, Any]) -> None:
    evaluation = evaluated()[case["id"]]
    outcome, expect = evaluation.outcome, case["expect"]
    assert set(expect) <= {*_DERIVED, *_WORDS}
    assert outcome.engines_agree
    for word in ("strategy", "urgency", "certain"):
        if word in expect:
            assert getattr(outcome, word) == expect[word], (word, outcome)
    for name in _LISTS:
        assert set(expect.get(name, ())) <= set(getattr(outcome, name)), name
        assert set(expect.get(f"without_{name}", ())).isdisjoint(getattr(outcome, name)), name
    assert set(expect.get("fired", ())) <= set(outcome.rules_fired)
    assert set(expect.get("not_fired", ())).isdisjoint(outcome.rules_fired)
    assert set(expect.get("asked", ())) <= set(outcome.questions)
    assert set(expect.get("not_asked", ())).isdisjoint(outcome.questions)
    assert list(outcome.secondary) == expect.get("secondary_is", list(outcome.secondary))
    due = {each.id: each.date for each in outcome.deadlines}
    assert due == expect.get("deadlines", due)
    assert len(outcome.plans) == expect.get("plans", len(outcome.plans))
    kinds = [plan.kind for plan in outcome.plans]
    assert kinds == expect.get("plan_kinds", kinds)
    if "plan" in expect:
        assert plan(outcome.plans[0]) == expect["plan"]
    for name in _DERIVED:
        if name in expect:
            assert derived(evaluation, name) == expect[name], name


def plan(first: RepaymentPlan) -> dict[str, object]:
    """The first plan as a reviewer writes it: how many months of how many yuan, or the day a pause ends."""
    if first.until is not None:
        return {"until": first.until}
    return {"months": first.months, "monthly": first.monthly / 100, "last": first.last / 100}


def derived(evaluation: Evaluation, name: str) -> object:
    """A derived fact as a reviewer writes it: yuan and percent."""
    value = evaluation.facts[name]
    return value / 100 if pack().vocabulary.facts[name].type in ("money", "rate") else value  # type: ignore[operator]


def test_no_plan_asks_for_more_than_the_borrower_has() -> None:
    seen = set()
    for evaluation in evaluated().values():
        capacity = evaluation.facts.get("capacity")
        for plan in evaluation.outcome.plans:
            seen.add(plan.kind)
            if plan.until is None and plan.kind != "lump_sum":
                assert isinstance(capacity, int), display(pack().vocabulary, "capacity", 0, "en")
                assert max(plan.monthly, plan.last) <= capacity
    assert seen == {*get_args(PlanKind)}
