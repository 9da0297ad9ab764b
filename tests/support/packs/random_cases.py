"""Random cases of everything: typed facts, deadlines, budgets, payment histories, gaps; the same for one seed."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from typing import Any

from tests.policy.matrix.matrix_cases import ALARMS, HARDSHIPS, LENDERS, PRODUCTS, STAGES, VIOLATIONS

AS_OF = dt.date(2026, 11, 23)
DAYS = (0, 1, 3, 14, 30, 31, 45, 60, 61, 90, 91, 120, 180, 181, 300, 360, 361, 700, 912, 913, 1095, 1096, 1200, 1600)
PROCEDURES = (*STAGES, "arbitration_notice", "arbitration_award", "notarised_enforcement", "ended_for_now")
SERVED = ("payment_order", "complaint_served", "judgment", "arbitration_award", "notarised_enforcement")
ENFORCED = ("enforcement", "restricted", "dishonest_listed", "notarised_enforcement")
# The days that papers name: at which stages, and how far from today.
NAMED_DAYS = {
    "auction_date": (ENFORCED, (-3, 0, 2, 20)),
    "hearing_date": (("pre_suit_mediation", "complaint_served", "hearing", "arbitration_notice"), (-5, 0, 2, 12)),
    "arbitration_answer_due": (("arbitration_notice",), (-2, 0, 3, 10)),
    "performance_due": (("judgment", "small_claims_judgment", "arbitration_award"), (-10, 0, 7)),
    "asset_report_due": (ENFORCED, (-1, 0, 5)),
}
ROLES = ("co_borrower", "guarantor_general", "guarantor_joint", "guarantor", "spouse", "heir", "nominee", "carer")
NOTES = (
    *ALARMS,
    *("account_frozen", "arbitration_papers", "notarised_enforcement", "auction_notice", "repossession"),
    *(f"role_{name}" for name in ("guarantor", "co_borrower", "spouse", "heir", "nominee", "carer")),
    *("nominee_loan", "fraud_victim", "debt_sold", "wages_set_off"),
)
FLAGS = (
    *("account_frozen", "car_taken", "money_used_by_other", "served_electronically"),
    *("scam_agent", "not_my_loan", "borrower_deceased", "legally_incapable", "wants_mortgage_within_12m"),
    *("credit_record_wrong", "wages_set_off", "violence", "self_harm_signal"),
)
# What a submitter may leave out.
OPTIONAL = (
    *("hardship_duration", "hardship_evidence", "income_evidence", "lender_type", "contract_date", "last_interruption"),
    *(
        "other_debt_payments",
        "creditors_overdue",
        "household_size",
        "age",
        "debt_disputed",
        "willing_to_pay",
        "accelerated",
    ),
    *("prior_request", "collection_violations", "lump_sum_available", "own_instalment_in_budget", "last_due_date"),
    *("interest_paid_until", "legal_stage", "client_role", *FLAGS),
)


def cases(seed: int, size: int) -> Iterator[dict[str, Any]]:
    """So many cases."""
    draw = random.Random(seed)
    for _ in range(size):
        yield _case(draw)


def _case(draw: random.Random) -> dict[str, Any]:
    days = draw.choice(DAYS)
    stage = draw.choice(PROCEDURES) if days and draw.random() < 0.3 else "none"
    facts: dict[str, Any] = {
        "case_ref": "R-1",
        "product": draw.choice(PRODUCTS),
        "days_overdue": days,
        "hardship": draw.choice(HARDSHIPS),
        "hardship_duration": draw.choice(("temporary", "medium", "permanent")),
        "hardship_evidence": draw.choice(("none", "self_declared", "third_party", "official")),
        "income_evidence": draw.choice(("none", "self_declared", "third_party", "official")),
        "lender_type": draw.choice((*LENDERS, "bank", "bank")),
        "legal_stage": stage,
        "debt_disputed": draw.random() < 0.15,
        "willing_to_pay": draw.random() < 0.8,
        "accelerated": draw.random() < 0.15,
        "creditors_overdue": draw.choice((1, 1, 1, 2, 3, 6)) if days else draw.choice((0, 0, 1, 3)),
        "household_size": draw.randint(1, 5),
        "age": draw.choice((17, *(35,) * 20, 70)),
        "city": draw.choice(("成都", "深圳", "厦门")),
        "social_insurance_years_local": draw.randint(0, 8),
        "prior_request": draw.choice(("none", "none", "none", "pending", "refused")),
        "collection_violations": tuple(draw.sample(VIOLATIONS, 2)) if draw.random() < 0.15 else (),
        "note_flags": (draw.choice(NOTES),) if draw.random() < 0.06 else (),
        "client_role": draw.choice(ROLES) if draw.random() < 0.1 else "borrower",
        **{name: draw.random() < 0.02 for name in FLAGS},
    }
    facts |= _budget(draw) | _charges(draw, days) | _dates(draw, facts, days)
    return {name: value for name, value in facts.items() if name not in OPTIONAL or draw.random() > 0.08}


def _budget(draw: random.Random) -> dict[str, Any]:
    """Whole yuan, in fen, so that a surplus is nothing or more than the reserve rounds away."""
    essential, priority = draw.randrange(80_000, 500_000, 10_000), draw.randrange(0, 600_000, 10_000)
    short = draw.random() < 0.35
    income = max(
        0, essential + priority + draw.randrange(-400_000 if short else 10_000, 1 if short else 800_000, 10_000)
    )
    return {
        "income_monthly": income,
        "essential_outgoings": essential,
        "priority_payments": priority,
        "monthly_due": draw.randrange(0, 800_000, 10_000),
        "other_debt_payments": draw.choice((0, 0, draw.randrange(0, 900_000, 10_000))),
        "own_instalment_in_budget": draw.random() < 0.2,
        "lump_sum_available": draw.choice((0, 0, draw.randrange(0, 9_000_000, 10_000))),
        "savings_needed": draw.choice((0, 0, 500_000)),
    }


def _charges(draw: random.Random, days: int) -> dict[str, Any]:
    """A loan whose charges built up since interest was last paid; three in four at 24 % a year or less."""
    contract = AS_OF - dt.timedelta(days=days + draw.randint(31, 2_000))
    unpaid = draw.choice((days + 30, days + draw.randint(0, 30), draw.randint(0, (AS_OF - contract).days)))
    principal = draw.randrange(50_000, 90_000_000, 100)
    rate = draw.choice((0, 500, 1_500, 1_825, 2_399, 2_400, 2_400, 3_600))  # basis points a year
    repaid = draw.choice((0, 0, 0, draw.randrange(0, principal, 100)))  # on the last day at the earliest
    charges = (principal + repaid) * rate * unpaid // (365 * 10_000)
    return {
        "contract_date": contract,
        "interest_paid_until": AS_OF - dt.timedelta(days=unpaid),
        "principal": principal,
        "principal_repaid_since": repaid,
        "interest_fees": charges,
        "balance": principal + charges,
        "annual_rate_percent": max(100, rate),
    }


def _dates(draw: random.Random, facts: dict[str, Any], days: int) -> dict[str, Any]:
    found: dict[str, Any] = {
        "last_interruption": AS_OF - dt.timedelta(days=draw.choice((0, 40, 400, 1_096, 1_097, 1_500)))
    }
    found["last_due_date"] = AS_OF - dt.timedelta(days=draw.choice((-5_000, -900, 0, 400, 1_096, 1_097, 1_500)))
    if facts["accelerated"]:
        found["accelerated_on"] = AS_OF - dt.timedelta(days=draw.choice((10, 400, 1_096, 1_097, 1_500)))
    if facts["prior_request"] != "none":
        found["prior_request_on"] = AS_OF - dt.timedelta(days=draw.choice((0, 14, 15, 30, 60)))
    if draw.random() < 0.4:
        found["resume_date"] = AS_OF + dt.timedelta(days=draw.choice((-1, 30, 180, 300)))
    if days == 0:
        found["due_date"] = AS_OF + dt.timedelta(days=draw.choice((3, 20)))
    return found | _days_of_procedure(draw, str(facts["legal_stage"]))


def _days_of_procedure(draw: random.Random, stage: str) -> dict[str, Any]:
    """The days that a paper names, for the stages at which one does; left out about half the time."""
    found: dict[str, Any] = {}
    if stage in SERVED:
        found["served_on"] = AS_OF - dt.timedelta(days=draw.randint(0, 30))
    for fact, (stages, days) in NAMED_DAYS.items():
        if stage in stages and draw.random() < 0.5:
            found[fact] = AS_OF + dt.timedelta(days=draw.choice(days))
    return found
