"""Formulas of the past: how facts were computed in packs of earlier forms, for as long as their decisions are kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rules.facts import affordability
from rules.facts.formula import EvaluationDay, Facts, Formula, number

_WHOLE: Final = 10_000  # basis points


def _months_by_whole_capacity(facts: Facts, at: EvaluationDay) -> int | None:
    """Until 0.2: as if no other debt had to be paid."""
    balance, capacity = number(facts, "balance"), number(facts, "capacity")
    return None if balance is None or not capacity else -(-balance // capacity)


def _excess_over_ceiling_rounded_up(facts: Facts, at: EvaluationDay) -> int | None:
    """In 0.1: the ceiling rounded up to the fen, of a year of 365 days."""
    fees = number(facts, "interest_fees")
    if fees is None or fees <= 0:
        return fees and 0
    principal, days = number(facts, "principal"), number(facts, "days_overdue")
    if principal is None or days is None:
        return None
    ceiling = -(-principal * at.parameters["financial_loan_judicial_cap"] * days // (_WHOLE * 365))
    return max(0, fees - ceiling)


# By the name that `formula` of a fact gives: rules/pack/upcasting.py writes it into the facts of those forms.
PAST: Final[Mapping[str, Formula]] = {
    "months_by_whole_capacity": Formula("int", ("balance", "capacity"), _months_by_whole_capacity),
    "excess_over_ceiling_rounded_up": Formula(
        "money",
        ("principal", "interest_fees", "days_overdue"),
        _excess_over_ceiling_rounded_up,
        ("financial_loan_judicial_cap",),
    ),
    "excess_over_private_cap": Formula(
        "money",
        ("principal", "interest_fees", "days_overdue", "contract_date"),
        affordability.excess_over_private_cap,
        ("interest_year_days",),
        dated=(("lpr_1y", "contract_date"), ("private_cap_multiple", "contract_date")),
    ),
}
