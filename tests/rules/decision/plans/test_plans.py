"""Repayment plans, field by field: each kind beside another, each limit beside the other, each stage and lender."""

import datetime as dt
from dataclasses import replace

import pytest

from rules.decision.repayment import plans
from rules.facts.cells import Value
from rules.finance.repayment_plan import RepaymentPlan
from rules.pack.files.schema import PlanKind
from tests.support.packs.plans import FIGURES, KINDS, TODAY, plans_of, strategy


def test_each_kind_of_plan_says_all_that_it_is() -> None:
    """Every field of a plan of each kind, beside another plan that differs in it."""
    facts: dict[str, Value] = {"balance": 1_010_000, "excess_charges": 10_000, "capacity": 100_000}
    (level_plan,) = plans_of("instalments", **facts)
    assert level_plan == RepaymentPlan(
        "plan", "instalments", 1_000_000, 10, 100_000, 100_000, balance=1_010_000, rate=0, interest=0, excess=10_000
    )
    (lump,) = plans_of("lump_sum", **facts, lump_sum_available=300_000)
    assert lump == RepaymentPlan(
        "plan", "lump_sum", 300_000, 1, 300_000, 300_000, balance=1_010_000, interest=0, excess=10_000
    )
    (partly,) = plans_of("partial_instalments", **{**facts, "capacity": 10_000}, capacity_stressed=9_999)
    assert partly == RepaymentPlan(
        "plan",
        "partial_instalments",
        600_000,
        60,
        10_000,
        10_000,
        balance=1_010_000,
        rate=0,
        interest=0,
        within_stress=False,
        excess=10_000,
    )
    (steady,) = plans_of("steady_instalments", **facts, capacity_stressed=40_000)
    assert steady == replace(
        level_plan, kind="steady_instalments", months=25, monthly=40_000, last=40_000, within_stress=True
    )
    (shared,) = plans_of("shared_instalments", **facts, monthly_due=30, other_debt_payments=70)
    assert shared == RepaymentPlan(
        "plan",
        "shared_instalments",
        1_000_000,
        34,
        30_000,
        10_000,
        balance=1_010_000,
        rate=0,
        interest=0,
        share=30_000,
        excess=10_000,
    )


def test_a_pause_says_until_when_for_how_many_months_and_what_grows() -> None:
    until = TODAY + dt.timedelta(days=60)
    rate: dict[str, Value] = {"balance": 1_100_000, "annual_rate_percent": 1825}
    (deferral,) = plans_of("deferral", resume_date=until, **rate)
    assert deferral == RepaymentPlan(
        "plan", "deferral", 0, 2, until=until, balance=1_100_000, rate=1825, interest=33_000
    )
    (standstill,) = plans_of("standstill", **rate)
    assert standstill == replace(deferral, kind="standstill")
    assert plans_of("standstill", resume_date=TODAY + dt.timedelta(days=1), **rate) == ()
    free = plans_of("standstill", balance=5, annual_rate_percent=0)[0]
    assert (free.rate, free.interest) == (None, None)
    unknown = plans_of("standstill", annual_rate_percent=1825)[0]  # of what it grows is not known
    assert (unknown.rate, unknown.interest, unknown.balance) == (1825, None, None)
    half = {name: value for name, value in FIGURES.items() if name != "interest_year_days"}
    assert plans({"plan": strategy("standstill")}, ["plan"], rate, TODAY, half)[0].interest is None


@pytest.mark.parametrize(
    ("own", "of_product", "months"),
    [("longest", 59, ()), ("longest", 60, (60,)), (None, 60, (60,)), (None, 59, ()), ("longest", 61, (60,))],
)
def test_the_shorter_of_two_limits_counts(own: str | None, of_product: int, months: tuple[int, ...]) -> None:
    found = plans_of("instalments", longest=own, of_product=of_product, balance=60 * 90_000, capacity=90_000)
    assert tuple(plan.months for plan in found) == months
    assert plans_of("instalments", longest=own, of_product=of_product, balance=61 * 90_000, capacity=90_000) == (
        () if own or of_product < 61 else found
    )


def test_plans_of_two_strategies_come_in_their_order_and_only_of_those_that_have_any() -> None:
    strategies = {
        "none": strategy(),
        "first": strategy("lump_sum"),
        "second": strategy("instalments", longest=None),
        "third": strategy("instalments", "deferral"),
    }
    facts: dict[str, Value] = {
        "balance": 61_000,
        "capacity": 1_000,
        "lump_sum_available": 500,
        "resume_date": TODAY + dt.timedelta(days=40),
    }
    found = plans(strategies, ["none", "third", "first", "second"], facts, TODAY, FIGURES)
    assert [(plan.strategy, plan.kind) for plan in found] == [
        ("third", "deferral"),
        ("first", "lump_sum"),
        ("second", "instalments"),
    ]
    assert plans(strategies, ["none"], facts, TODAY, FIGURES) == ()


def test_a_paid_debt_and_one_without_a_capacity_have_no_instalments() -> None:
    kinds: tuple[PlanKind, ...] = (*KINDS[:6], "lump_sum")
    rate: dict[str, Value] = {"annual_rate_percent": 1200, "monthly_due": 1, "other_debt_payments": 0}
    assert plans_of(*kinds, **rate, balance=0, capacity=1_000, lump_sum_available=5) == ()
    assert plans_of(*kinds, **rate, balance=500, capacity=0) == ()
    assert plans_of(*kinds, **rate, balance=500, excess_charges=500, capacity=1_000, lump_sum_available=5) == ()
    assert plans_of(*kinds, **rate, balance=500, excess_charges=501, capacity=1_000, lump_sum_available=5) == ()


def test_a_plan_in_part_needs_a_term_a_capacity_and_a_debt_that_is_its_own() -> None:
    facts: dict[str, Value] = {"balance": 7_000_000, "capacity": 95_000}
    assert plans_of("partial_instalments", longest=None, **facts) == ()
    assert plans_of("partial_instalments", longest="gone", **facts) == ()
    assert plans_of("partial_instalments", balance=7_000_000, capacity=0) == ()
    others: dict[str, Value] = {"monthly_due": 1, "other_debt_payments": 1}
    beside = plans_of("partial_instalments", "shared_instalments", **facts, **others)
    assert [plan.kind for plan in beside] == ["shared_instalments"]
    alone = plans_of("partial_instalments", **facts, **others)
    assert [(plan.kind, plan.share) for plan in alone] == [("partial_instalments", 47_500)]


@pytest.mark.parametrize(
    ("stage", "left", "disputed", "offered"),
    [
        ("payment_order", -1, None, True),
        ("payment_order", 0, None, False),
        ("payment_order", None, None, False),
        ("payment_order", None, False, True),
        ("complaint_served", 5, True, True),
        (None, None, None, True),
    ],
)
def test_only_an_order_that_can_still_be_objected_to_keeps_offers_back(
    stage: str | None, left: int | None, disputed: bool | None, offered: bool
) -> None:
    given = {"legal_stage": stage, "days_left": left, "debt_disputed": disputed}
    known = {name: value for name, value in given.items() if value is not None}
    assert bool(plans_of("instalments", balance=5_000, capacity=1_000, **known)) is offered


def test_a_court_s_line_that_is_not_in_force_forbids_no_bank_its_rate_but_a_private_lender_without_one() -> None:
    money: dict[str, Value] = {"balance": 2_000_000, "capacity": 150_000, "annual_rate_percent": 3600}
    kinds: tuple[PlanKind, ...] = ("instalments_with_interest", "equal_principal")
    assert [plan.rate for plan in plans_of(*kinds, **money)] == [3600, 3600]
    assert plans_of(*kinds, **money, product="private") == ()
    assert plans_of(*kinds, **money, product="private", private_cap=3600)
    without = {name: value for name, value in money.items() if name != "annual_rate_percent"}
    assert plans_of(*kinds, **without, product="private", private_cap=3600) == ()
    assert plans_of(*kinds, longest=None, **money) == ()  # such a search needs an end


def test_only_a_private_lender_is_a_person() -> None:
    facts: dict[str, Value] = {"balance": 5_000, "capacity": 1_000}
    assert [plan.personal for plan in plans_of("instalments", **facts, product="private")] == [True]
    assert [plan.personal for plan in plans_of("instalments", **facts, product="huabei")] == [False]
    assert [plan.personal for plan in plans_of("instalments", **facts)] == [False]
