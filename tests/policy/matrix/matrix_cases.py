"""Fully known cases for the decision matrix: every combination of what matters most, and a sample of everything."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from itertools import product
from typing import Any

from tests.policy.matrix.matrix_terms import AS_OF

PRODUCTS = (
    "huabei",
    "jiebei",
    "pay_later",
    "credit_card",
    "card_instalment",
    "bank_consumer",
    "consumer_finance",
    "online_platform",
    "microloan",
    "mortgage",
    "car_loan",
    "car_lease",
    "business_personal",
    "student_state",
    "private",
    "illegal",
)
DAYS = (0, 1, 3, 4, 30, 31, 60, 61, 90, 91, 180, 181, 360, 361, 1095, 1096)
DURATIONS = ("temporary", "medium", "permanent", None)
EVIDENCE = ("none", "self_declared", "third_party", "official")
DUE = 100_000  # fen a month
# Income, essential outgoings, priority payments: nothing to pay with, one fen short of what is due, what is due, more.
BUDGETS = (
    (0, 0, 0),
    (150_000, 150_000, 0),
    (305_262, 150_000, 50_000),
    (305_264, 150_000, 50_000),
    (900_000, 300_000, 100_000),
)
CALM: dict[str, Any] = {
    **dict.fromkeys(("self_harm_signal", "violence", "scam_agent", "not_my_loan", "borrower_deceased"), False),
    **dict.fromkeys(("legally_incapable", "wants_mortgage_within_12m", "credit_record_wrong", "accelerated"), False),
    "debt_disputed": False,
    "client_role": "borrower",
    **dict.fromkeys(("money_used_by_other", "account_frozen", "car_taken"), False),
    "willing_to_pay": True,
    "legal_stage": "none",
    "prior_request": "none",
    "collection_violations": (),
    "note_flags": (),
    "hardship": "unemployment",
    "lender_type": "bank",
    "age": 35,
    "city": "成都",
    "social_insurance_years_local": 6,
    "household_size": 2,
    "lump_sum_available": 0,
    "other_debt_payments": 0,
    "principal": 2_000_000,
    "interest_fees": 0,
    "balance": 2_000_000,
    "monthly_due": DUE,
    "annual_rate_percent": 1_000,
    "contract_date": dt.date(2024, 12, 1),
    "last_interruption": dt.date(2026, 10, 1),
    "last_due_date": dt.date(2030, 1, 1),
    "interest_paid_until": dt.date(2026, 1, 1),
    "own_instalment_in_budget": False,
    "savings_needed": 0,
    "wages_set_off": False,
}

LENDERS = (
    "bank",
    "private_bank",
    "consumer_finance",
    "microloan",
    "assisted_platform",
    "private_person",
    "assignee",
)
HARDSHIPS = (
    "unemployment",
    "income_reduction",
    "illness_injury",
    "disability",
    "disaster_accident",
    "business_failure",
    "family_change",
    "death",
    "student",
    "military",
    "fraud_victim",
    "overindebted",
    "detention",
    "addiction",
    "forgot_or_technical",
    "none_stated",
)
STAGES = (
    "none",
    "lawyer_letter",
    "pre_suit_mediation",
    "payment_order",
    "complaint_served",
    "hearing",
    "judgment",
    "small_claims_judgment",
    "enforcement",
    "restricted",
    "dishonest_listed",
    "settled",
)
CLOCKED = ("payment_order", "complaint_served", "judgment")
VIOLATIONS = ("hours", "frequency", "third_party", "identity", "prohibited_means", "visit")
# Both sides of every change of the cap: the day it came and the days the LPR moved.
CONTRACTS = tuple(
    day + dt.timedelta(days=step)
    for day in (*(dt.date(2020, 8, 20), dt.date(2021, 12, 20), dt.date(2025, 5, 20)), dt.date(2026, 1, 1))
    for step in (-1, 0)
)
ALARMS = (
    *("self_harm", "violence", "domestic_violence", "scam_agent", "identity_theft", "gambling"),
    *("legal_papers", "suit_papers", "police_contact", "new_borrowing", "long_silence"),
)
RARE = (
    *("self_harm_signal", "violence", "scam_agent", "not_my_loan", "borrower_deceased", "legally_incapable"),
    *("wants_mortgage_within_12m", "credit_record_wrong", "accelerated", "debt_disputed"),
)


def budget(figures: tuple[int, int, int]) -> dict[str, int]:
    return dict(zip(("income_monthly", "essential_outgoings", "priority_payments"), figures, strict=True))


def core() -> Iterator[dict[str, Any]]:
    """Every combination of what decides how a negotiation goes, nothing alarming, nothing legal."""
    states = product(PRODUCTS, DAYS, DURATIONS, ("none", "official"), BUDGETS, (1, 2, 3), (None, 1))
    for name, days, duration, evidence, figures, creditors, ahead in states:
        yield {
            **CALM,
            **budget(figures),
            "product": name,
            "days_overdue": days,
            "hardship_evidence": evidence,
            "income_evidence": "none",
            "creditors_overdue": creditors,
            **({} if duration is None else {"hardship_duration": duration}),
            **({} if ahead is None else {"resume_date": AS_OF + dt.timedelta(days=ahead)}),
        }


def sample(size: int, seed: int = 20261123) -> Iterator[dict[str, Any]]:
    """Cases with everything that can happen in them, the alarming rarely enough to leave room for the rest."""
    draw = random.Random(seed)
    for _ in range(size):
        yield _drawn(draw)


def _drawn(draw: random.Random) -> dict[str, Any]:
    def some(*options: Any) -> Any:
        return draw.choice(options)

    def rarely(value: Any, otherwise: Any, one_in: int = 8) -> Any:
        return value if draw.randrange(one_in) == 0 else otherwise

    stage = rarely(draw.choice(STAGES), "none", 3)
    asked = some("none", "none", "pending", "refused")
    facts: dict[str, Any] = {
        **CALM,
        **budget(draw.choice(BUDGETS)),
        **{name: rarely(True, False, 15) for name in RARE},
        "product": draw.choice(PRODUCTS),
        "days_overdue": draw.choice((*DAYS, 1097, 1500)),
        "hardship": draw.choice(HARDSHIPS),
        "hardship_evidence": draw.choice(EVIDENCE),
        "income_evidence": draw.choice(EVIDENCE),
        "lender_type": draw.choice(LENDERS),
        "willing_to_pay": rarely(False, True, 4),
        "legal_stage": stage,
        "prior_request": asked,
        "collection_violations": tuple(rarely(draw.sample(VIOLATIONS, draw.randint(1, 3)), (), 4)),
        "note_flags": rarely((draw.choice(ALARMS),), (), 20),
        "age": rarely(some(17, 18), some(35, 70), 12),
        "city": some("成都", "深圳", "厦门"),
        "social_insurance_years_local": some(2, 3, 4, 5),
        "creditors_overdue": some(1, 1, 2, 3),
        "other_debt_payments": some(0, 83_157, 440_000, 440_001, 900_000),
        "lump_sum_available": rarely(some(DUE, 1_200_000, 1_650_000, 2_199_999, 2_200_000, 3_000_000), 0, 3),
        "interest_fees": some(0, 0, 2_000, 500_000),
        "balance": some(2_000_000, 2_000_000, 5_699_940, 5_700_001, 90_000_000),
        "annual_rate_percent": some(1_000, 1_200, 1_201, 1_240, 1_241, 1_340, 1_341, 1_520, 1_540, 1_541, 2_400, 2_401),
        "contract_date": draw.choice(CONTRACTS),
        "last_interruption": some(AS_OF, dt.date(2023, 11, 21), dt.date(2023, 11, 20), dt.date(2022, 1, 1)),
        "last_due_date": some(dt.date(2040, 1, 1), dt.date(2023, 11, 21), dt.date(2023, 11, 20), dt.date(2022, 1, 1)),
        "interest_paid_until": AS_OF - dt.timedelta(days=some(0, 1, 30, 91, 365, 1_095)),
        "own_instalment_in_budget": rarely(True, False, 3),
        "savings_needed": rarely(500_000, 0, 6),
        "principal": some(2_000_000, 2_000_000, 200_000),
    }
    if facts["accelerated"]:
        facts["accelerated_on"] = some(AS_OF, dt.date(2023, 11, 21), dt.date(2023, 11, 20))
    if (duration := draw.choice(DURATIONS)) is not None:
        facts["hardship_duration"] = duration
    if draw.random() < 0.6:
        facts["resume_date"] = AS_OF + dt.timedelta(days=some(-1, 0, 1, 181, 182))
    if facts["days_overdue"] == 0:
        facts["due_date"] = AS_OF + dt.timedelta(days=some(7, 8))
    if stage in CLOCKED:
        facts["days_left"] = some(-1, 0, 3, 4, 15)
    if stage in ("enforcement", "restricted", "dishonest_listed") and draw.random() < 0.5:
        facts["auction_date"] = AS_OF + dt.timedelta(days=20)
    if asked != "none":
        facts["prior_request_on"] = AS_OF - dt.timedelta(days=some(0, 14, 15, 29, 30, 59, 60))
    return facts
