"""A decision is certain only where nothing in the notes contradicts it: a flag says which facts answer it."""

from __future__ import annotations

from typing import Any

import pytest

from rules.decision.outcome import Outcome
from tests.support.packs.negotiation_packs import case, evaluator

SETTLED: dict[str, Any] = {
    "product": "huabei",
    "days_overdue": 2,
    "hardship": "forgot_or_technical",
    "legal_stage": "none",
    "scam_agent": False,
    **dict.fromkeys(("debt_disputed", "not_my_loan", "borrower_deceased", "legally_incapable"), False),
    **dict.fromkeys(("self_harm_signal", "violence", "accelerated", "credit_record_wrong"), False),
    **dict.fromkeys(("account_frozen", "money_used_by_other"), False),
    "client_role": "borrower",
    "age": 35,
    "willing_to_pay": True,
    "collection_violations": "无",
    "prior_request": "none",
    "wants_mortgage_within_12m": False,
    "creditors_overdue": 1,
    "other_debt_payments": 0,
    "income_monthly": 9_000,
    "essential_outgoings": 3_000,
    "priority_payments": 1_000,
    "balance": 3_000,
    "monthly_due": 500,
    "last_interruption": "2026-11-20",
    "contract_date": "2026-01-01",
    "lump_sum_available": 0,
}


def outcome(*flags: str, **facts: object) -> Outcome:
    found = {**case(**{**SETTLED, **facts}), "note_flags": flags}
    return evaluator().evaluate([found])[0].outcome


def test_it_is_certain_without_a_flag() -> None:
    assert outcome().certain


@pytest.mark.parametrize(
    ("flag", "answer"), [("third_party_contact", {"collection_violations": "third_party"}), ("long_silence", {})]
)
def test_a_flag_whose_fact_says_no_contradicts_it(flag: str, answer: dict[str, object]) -> None:
    answered = flag == "long_silence"  # the day of the last demand is known
    assert outcome(flag).certain is answered
    assert outcome(flag, **answer).certain is True


def test_a_flag_that_no_fact_answers_contradicts_nothing() -> None:
    assert outcome("data_overcollection").certain


def test_a_flag_that_brought_the_strategy_does_not_contradict_it() -> None:
    assert outcome("self_harm").strategy == "crisis_support"
    assert outcome("self_harm").certain
