"""A decision is certain only where nothing in the notes contradicts it: a flag says which facts answer it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from rules.decision.evaluate import Evaluation
from rules.decision.outcome import Outcome
from rules.decision.outlook.questions import FIRST, ranked
from rules.decision.outlook.unanswered import unanswered
from rules.pack.files.red_flags import Answer, RedFlag
from tests.support.packs.negotiation_packs import case, evaluator, pack

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


def found(*flags: str, **facts: object) -> Evaluation:
    told = {name: value for name, value in {**SETTLED, **facts}.items() if value is not None}
    return evaluator().evaluate([{**case(**told), "note_flags": flags}])[0]


def outcome(*flags: str, **facts: object) -> Outcome:
    return found(*flags, **facts).outcome


def test_it_is_certain_without_a_flag() -> None:
    assert outcome().certain


@pytest.mark.parametrize(
    ("flag", "answer"), [("third_party_contact", {"collection_violations": "third_party"}), ("long_silence", {})]
)
def test_a_flag_whose_fact_says_no_contradicts_it(flag: str, answer: dict[str, object]) -> None:
    answered = flag == "long_silence"  # the day of the last demand is known
    assert outcome(flag).certain is answered
    assert outcome(flag, **answer).certain is True


# Each flag with what answers it, and with what says the contrary and leaves it open: the fact is asked, or asked again.
ANSWERS: tuple[tuple[str, dict[str, object], dict[str, object], str], ...] = (
    ("role_guarantor", {"client_role": "guarantor_joint"}, {}, "client_role"),
    ("role_co_borrower", {"client_role": "co_borrower"}, {}, "client_role"),
    ("role_co_borrower", {"client_role": "co_borrower"}, {"client_role": "guarantor"}, "client_role"),
    ("role_spouse", {"client_role": "spouse"}, {}, "client_role"),
    ("role_nominee", {"client_role": "nominee"}, {}, "client_role"),
    ("role_carer", {"client_role": "carer"}, {}, "client_role"),
    ("wages_set_off", {"wages_set_off": True}, {"wages_set_off": False}, "wages_set_off"),
    ("fraud_victim", {"hardship": "fraud_victim"}, {}, "hardship"),
    ("debt_sold", {"lender_type": "assignee"}, {"lender_type": "bank"}, "lender_type"),
    ("scam_offered", {"scam_agent": False}, {"scam_agent": None}, "scam_agent"),
    ("fake_legal_papers", {"legal_stage": "none"}, {"legal_stage": "complaint_served"}, "legal_stage"),
    ("suit_papers", {"legal_stage": "complaint_served"}, {"legal_stage": "lawyer_letter"}, "legal_stage"),
    (
        "third_party_contact",
        {"collection_violations": "third_party"},
        {"collection_violations": "hours"},
        "collection_violations",
    ),
)


@pytest.mark.parametrize(("flag", "answer", "contrary", "fact"), ANSWERS)
def test_a_flag_is_answered_by_what_it_stands_for_and_by_nothing_else(
    flag: str, answer: dict[str, object], contrary: dict[str, object], fact: str
) -> None:
    told, untold = found(flag, **contrary), found(flag, **answer)
    assert flag in unanswered(pack(), told.facts)
    assert flag not in unanswered(pack(), untold.facts)
    assert not told.outcome.certain
    assert fact in ranked(pack(), told.outcome, told.facts)[:FIRST]
    assert fact not in untold.outcome.questions


def test_a_strategy_that_came_from_one_flag_does_not_answer_another() -> None:
    heeded = {"legal_stage": "lawyer_letter", "lender_type": "bank"}
    assert outcome("arbitration_papers", **heeded).certain
    assert not outcome("arbitration_papers", "debt_sold", **heeded).certain
    assert outcome("arbitration_papers", "suit_papers", **heeded).certain  # the same fact would answer both


def test_every_role_that_has_a_flag_is_asked_again_of_a_borrower() -> None:
    flags = [flag for flag in pack().red_flags if flag.startswith("role_")]
    assert len(flags) == 8
    assert set(flags) == set(unanswered(pack(), {"client_role": "borrower", "note_flags": tuple(flags)}))


def test_a_name_alone_means_what_it_meant_in_packs_of_the_past() -> None:
    assert Answer.model_validate("violence") == Answer(fact="violence")
    past = RedFlag.model_validate({"title": {"zh": "旧", "en": "Old"}, "answered_by": ["client_role"]})
    of_past = replace(pack(), red_flags={"role_guarantor": past})
    assert unanswered(of_past, {"client_role": "borrower", "note_flags": ("role_guarantor",)}) == ()
    assert unanswered(of_past, {"note_flags": ("role_guarantor",)}) == ("role_guarantor",)


def test_a_flag_that_no_fact_answers_contradicts_nothing() -> None:
    assert outcome("data_overcollection").certain


def test_a_flag_that_brought_the_strategy_does_not_contradict_it() -> None:
    assert outcome("self_harm").strategy == "crisis_support"
    assert outcome("self_harm").certain
