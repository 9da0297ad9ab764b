"""Strategies with plans, and the plans that a case gets of them."""

import datetime as dt
from typing import Any

from rules.decision.repayment import plans
from rules.finance.repayment_plan import RepaymentPlan
from rules.pack.files.schema import PlanKind, Strategy
from tests.support.packs.tiny_pack import tiny

TODAY = dt.date(2026, 11, 23)
FIGURES = {"longest": 60, "interest_year_days": 365, "standstill_days_maximum": 60}
KINDS: tuple[PlanKind, ...] = (
    "instalments",
    "instalments_with_interest",
    "equal_principal",
    "shared_instalments",
    "partial_instalments",
    "steady_instalments",
    "deferral",
    "standstill",
    "lump_sum",
)


def strategy(*kinds: PlanKind, longest: str | None = "longest") -> Strategy:
    """A strategy with plans of these kinds, none of more months than the figure of this name."""
    update = {"plans": kinds, "plan_longest": longest}
    return tiny().strategies["card_plan"].model_copy(update=update)


def plans_of(*kinds: PlanKind, **facts: Any) -> tuple[RepaymentPlan, ...]:
    """The plans of these kinds for a case; `longest` names another parameter than the usual one.

    `of_product` is the most months that the product allows.
    """
    longest, product = facts.pop("longest", "longest"), facts.pop("of_product", None)
    return plans({"plan": strategy(*kinds, longest=longest)}, ["plan"], facts, TODAY, FIGURES, product)
