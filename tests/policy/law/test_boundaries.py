"""Around a date of the law, before it, on it and after it, a case is told one thing and not its contrary."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest

from rules.decision.evaluate import Evaluation, Evaluator
from rules.text.negotiation_pack import negotiation_pack
from tests.support.packs.default_pack import pack

AS_OF = dt.date(2026, 11, 23)  # a Monday
AROUND = range(-3, 4)
BASE: dict[str, Any] = {
    "product": "microloan",
    "hardship": "unemployment",
    "hardship_duration": "medium",
    "hardship_evidence": "official",
    "income_evidence": "official",
    "days_overdue": 400,
    "debt_disputed": False,
    "willing_to_pay": True,
    "client_role": "borrower",
    "income_monthly": 800_000,
    "essential_outgoings": 300_000,
    "priority_payments": 100_000,
    "monthly_due": 600_000,
    "balance": 5_000_000,
    "creditors_overdue": 1,
    "note_flags": (),
}
# A fact that names a day: at which stage, how long a period runs from it, what is said while it does, and after it.
DATES: tuple[tuple[str, str, int, set[str], set[str]], ...] = (
    ("served_on", "complaint_served", 15, {"file_answer"}, {"answer_still_useful"}),
    ("served_on", "judgment", 15, {"decide_appeal"}, {"missed_clock_good_cause"}),
    ("served_on", "payment_order", 15, {"settle_before_order_final"}, {"order_enforceable"}),
    ("hearing_date", "hearing", 0, {"ask_online_hearing", "attend_hearing"}, {"hearing_has_passed"}),
    ("auction_date", "enforcement", 0, {"before_auction"}, {"auction_has_passed"}),
    ("performance_due", "small_claims_judgment", 0, set(), {"performance_has_passed"}),
    ("performance_due", "arbitration_award", 0, set(), {"performance_has_passed"}),
    ("last_interruption", "none", 1_096, set(), set()),
)


def cases(fact: str, stage: str, days: int) -> Iterator[dict[str, Any]]:
    for off in AROUND:
        day = AS_OF + dt.timedelta(days=off - days)
        old = {"days_overdue": 1_300} if fact == "last_interruption" else {}
        yield {**BASE, **old, "legal_stage": stage, fact: day}


def evaluated(fact: str, stage: str, days: int) -> list[Evaluation]:
    return Evaluator(pack(), AS_OF).evaluate(list(cases(fact, stage, days)))


@pytest.mark.parametrize(("fact", "stage", "days", "before", "after"), DATES)
def test_what_is_said_turns_on_the_day(fact: str, stage: str, days: int, before: set[str], after: set[str]) -> None:
    turned = []
    for each in evaluated(fact, stage, days):
        steps = set(each.outcome.steps)
        over = bool(after & steps)
        assert not (over and before & steps), (each.facts[fact], before & steps, after & steps)
        assert over or not before or before <= steps, (each.facts[fact], steps)
        turned.append(over)
    assert turned == sorted(turned, reverse=True)
    assert not after or (turned[0] and not turned[-1])


@pytest.mark.parametrize(("fact", "stage", "days", "before", "after"), DATES)
def test_no_step_contradicts_a_warning_on_any_of_these_days(
    fact: str, stage: str, days: int, before: set[str], after: set[str]
) -> None:
    for each in evaluated(fact, stage, days):
        steps = set(each.outcome.steps)
        for name in each.outcome.warnings:
            assert not steps.intersection(pack().warnings[name].contradicts), (each.facts[fact], name)


def test_a_debt_days_from_limitation_is_asked_about_before_anything_is_offered() -> None:
    """Not over: nothing is forbidden, but the client's page and the script ask the lender for nothing."""
    strategies = []
    for each in evaluated("last_interruption", "none", 1_096):
        found = negotiation_pack(pack(), each.outcome, each.facts, AS_OF)
        assert found is not None and found.plan is not None
        lines = [line.zh for line in (*found.plan.today, *found.plan.this_week)]
        asking = [pack().steps[name] for name in each.outcome.steps if pack().steps[name].acknowledges]
        assert not {step.line.zh for step in asking} & set(lines)
        assert [draft.id for draft in found.letters if draft.acknowledges] == []
        strategies.append((each.outcome.strategy, bool(each.outcome.blocked)))
    assert set(strategies) == {("limitation_review", False), ("limitation_review", True)}
