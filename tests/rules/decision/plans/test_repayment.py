"""Repayment plans: exact to the fen, never above what the borrower has, and honest about interest."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from rules.decision.repayment import plans
from rules.facts.cells import Value
from rules.finance.amortisation import level
from rules.finance.pro_rata import offer
from rules.finance.repayment_plan import RepaymentPlan, rows
from rules.pack.files.schema import PlanKind
from tests.support.packs.plans import FIGURES, KINDS, TODAY, plans_of, strategy

MONEY = st.integers(0, 10**9) | st.integers(0, 10**14)


def test_a_card_debt_of_50000_at_900_a_month_takes_56_instalments() -> None:
    (plan,) = plans_of("instalments", balance=5_000_000, capacity=90_000)
    assert (plan.months, plan.monthly, plan.last, plan.total) == (56, 89_286, 89_270, 5_000_000)
    assert (plan.rate, plan.interest) == (0, 0)


def test_the_longest_term_is_a_boundary() -> None:
    assert plans_of("instalments", balance=60 * 90_000, capacity=90_000)[0].months == 60
    assert plans_of("instalments", balance=60 * 90_000 + 1, capacity=90_000) == ()
    assert plans_of("instalments", longest=None, balance=60 * 90_000 + 1, capacity=90_000)[0].months == 61


def test_a_term_that_is_not_in_force_allows_no_plan() -> None:
    assert plans_of("instalments", longest="gone", balance=5_000_000, capacity=90_000) == ()


def test_at_the_contract_rate_the_same_debt_takes_longer() -> None:
    facts = {"balance": 5_000_000, "capacity": 150_000, "annual_rate_percent": 1825}
    stopped, running = plans_of("instalments", "instalments_with_interest", **facts)
    assert (stopped.months, running.months) == (34, 47)
    expected = level(5_000_000, 1825, 47)
    assert (running.monthly, running.last) == (expected.payments[0].amount, expected.payments[-1].amount)
    assert (running.interest, running.total) == (expected.interest, expected.total)
    assert running.rate == 1825


def test_equal_principal_is_a_plan_only_while_its_first_month_can_be_paid() -> None:
    facts = {"balance": 6_000_000, "annual_rate_percent": 1200}  # 1 % a month: 600 of interest at first
    (plan,) = plans_of("equal_principal", capacity=160_000, **facts)
    assert (plan.months, plan.monthly, plan.last) == (60, 160_000, 101_000)
    assert plan.interest == 1_830_000
    assert plans_of("equal_principal", capacity=159_999, **facts) == ()


@pytest.mark.parametrize("rate", [None, 0])
def test_without_a_rate_there_is_no_plan_with_interest(rate: int | None) -> None:
    facts: dict[str, Value] = {"balance": 6_000, "capacity": 1_000}
    if rate is not None:
        facts["annual_rate_percent"] = rate
    assert [plan.kind for plan in plans_of(*KINDS[:3], **facts)] == ["instalments"]


def test_a_debt_paid_in_one_month_has_no_plan_of_equal_principal() -> None:
    found = plans_of(*KINDS[:3], balance=1_000, capacity=1_100, annual_rate_percent=1200)
    assert [plan.kind for plan in found] == ["instalments", "instalments_with_interest"]


def test_what_is_not_known_gives_no_plan() -> None:
    assert plans_of("instalments", balance=5_000_000) == ()
    assert plans_of("instalments", capacity=90_000) == ()
    assert plans_of("shared_instalments", balance=5_000_000, capacity=90_000, monthly_due=100) == ()
    assert plans_of("deferral") == ()
    assert plans_of("lump_sum", balance=5_000_000) == ()
    assert plans_of(balance=5_000_000, capacity=90_000) == ()
    assert plans({"plan": strategy("standstill")}, ["plan"], {}, TODAY, {}) == ()


def test_several_debts_share_the_capacity_by_their_balances() -> None:
    facts = {"capacity": 120_000, "debts_total": 4_000_000}
    (plan,) = plans_of("shared_instalments", balance=1_000_000, debts_before=0, **facts)
    assert (plan.monthly, plan.months, plan.last) == (30_000, 34, 10_000)
    (odd,) = plans_of("shared_instalments", balance=1_000_001, debts_before=2_999_999, **facts)
    assert odd.monthly == offer(120_000, 2_999_999, 1_000_001, 4_000_000) == 30_001


def test_where_the_other_balances_are_unknown_the_capacity_is_shared_by_what_is_due() -> None:
    facts = {"balance": 1_000_000, "capacity": 120_000, "monthly_due": 30_000}
    (plan,) = plans_of("shared_instalments", other_debt_payments=90_000, **facts)
    assert (plan.monthly, plan.months) == (30_000, 34)
    assert plans_of("shared_instalments", **{**facts, "monthly_due": 0}, other_debt_payments=0) == ()


def test_beside_a_shared_plan_no_other_takes_the_whole_capacity() -> None:
    strategies = {"all": strategy("shared_instalments"), "one": strategy(*KINDS[:3], longest="longest")}
    facts: dict[str, Value] = {
        "balance": 1_000_000,
        "capacity": 120_000,
        "debts_before": 0,
        "debts_total": 4_000_000,
        "annual_rate_percent": 1200,
    }
    found = plans(strategies, ["one", "all"], facts, TODAY, FIGURES)
    assert [plan.kind for plan in found] == ["instalments_with_interest", "equal_principal", "shared_instalments"]
    assert all(plan.monthly <= 30_000 for plan in found)
    beside = plans(strategies, ["one"], facts, TODAY, FIGURES)  # no plan for all, but the other debts are there
    assert [plan.kind for plan in beside] == list(KINDS[:3])
    assert all(plan.monthly <= 30_000 for plan in beside)
    alone = plans(strategies, ["one"], {**facts, "debts_total": 1_000_000}, TODAY, FIGURES)
    assert alone[0].monthly > 30_000


def test_what_is_due_on_other_debts_is_left_for_them() -> None:
    facts = {"balance": 1_000_000, "capacity": 120_000, "monthly_due": 30_000}
    assert plans_of("instalments", **facts, other_debt_payments=0)[0].monthly > 30_000
    assert plans_of("instalments", **facts, other_debt_payments=90_000)[0].monthly <= 30_000


def test_one_and_the_same_plan_is_told_once_for_the_strategy_that_comes_first() -> None:
    strategies = {"first": strategy("instalments"), "second": strategy("instalments", "lump_sum", longest=None)}
    facts: dict[str, Value] = {"balance": 5_000, "capacity": 1_000, "lump_sum_available": 100}
    found = plans(strategies, ["first", "second"], facts, TODAY, FIGURES)
    assert [(plan.strategy, plan.kind) for plan in found] == [("first", "instalments"), ("second", "lump_sum")]


def test_a_deferral_ends_when_income_resumes() -> None:
    (plan,) = plans_of("deferral", "standstill", resume_date=dt.date(2026, 11, 24))
    assert (plan.kind, plan.until, plan.total) == ("deferral", dt.date(2026, 11, 24), 0)
    assert plans_of("deferral", resume_date=TODAY) == ()


@pytest.mark.parametrize("facts", [{}, {"resume_date": TODAY}])
def test_without_a_day_of_recovery_a_standstill_ends_on_the_review_day(facts: dict[str, Value]) -> None:
    (plan,) = plans_of("deferral", "standstill", **facts)
    assert (plan.kind, plan.until) == ("standstill", TODAY + dt.timedelta(days=60))


def test_a_pause_bears_interest_on_the_principal_where_the_rate_is_known() -> None:
    until = TODAY + dt.timedelta(days=60)
    facts: dict[str, Value] = {"resume_date": until, "balance": 1_100_000}
    assert plans_of("deferral", **facts)[0].interest is None
    assert plans_of("deferral", annual_rate_percent=1825, **facts)[0].interest == 33_000
    assert plans_of("deferral", annual_rate_percent=1825, principal=1_000_000, **facts)[0].interest == 30_000


def test_a_lump_sum_is_never_more_than_the_balance() -> None:
    assert plans_of("lump_sum", lump_sum_available=300, balance=200)[0].total == 200
    part = plans_of("lump_sum", lump_sum_available=100, balance=200)[0]
    assert (part.total, part.balance) == (100, 200)


@pytest.mark.parametrize(("stressed", "bears"), [(89_286, True), (89_285, False), (None, None)])
def test_a_plan_says_whether_it_bears_a_fall_of_income(stressed: int | None, bears: bool | None) -> None:
    facts: dict[str, Value] = {"balance": 5_000_000, "capacity": 90_000}
    if stressed is not None:
        facts["capacity_stressed"] = stressed
    assert plans_of("instalments", **facts)[0].within_stress is bears


AMOUNTS = (
    "balance",
    "principal",
    "capacity",
    "capacity_stressed",
    "lump_sum_available",
    "monthly_due",
    "other_debt_payments",
    "debts_before",
    "debts_total",
    "excess_charges",
)
FACTS = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(AMOUNTS, MONEY),
        "annual_rate_percent": st.integers(0, 4_000),
        "resume_date": st.dates(dt.date(2026, 1, 1), dt.date(2028, 1, 1)),
    },
)


@given(FACTS, st.booleans())
def test_no_amount_of_any_plan_is_above_the_capacity_and_every_plan_adds_up(
    facts: dict[str, Value], share: bool
) -> None:
    capacity, balance = facts.get("capacity", 0), facts.get("balance", 0)
    assert isinstance(capacity, int)
    assert isinstance(balance, int)
    for plan in plans_of(*(kind for kind in KINDS if share or kind != "shared_instalments"), **facts):
        paid = rows(plan) if plan.months < 1_000 else ()
        if plan.kind in KINDS[:6]:
            assert plan.last > 0
            assert max(plan.monthly, plan.last, *(each.amount for each in paid)) <= capacity
            assert plan.total == plan.repaid + (plan.interest or 0)
            assert plan.repaid + plan.waived == balance
            assert plan.waived >= (plan.excess or 0)
        if paid:
            assert (len(paid), paid[0].amount, paid[-1].amount) == (plan.months, plan.monthly, plan.last)
            assert sum(each.amount for each in paid) == plan.total
            assert sum(each.interest for each in paid) == plan.interest
            assert paid[-1].balance == (plan.waived if plan.kind == "lump_sum" else 0)
        if plan.within_stress:
            assert max(plan.monthly, plan.last) <= facts["capacity_stressed"]  # type: ignore[operator]


def test_a_pause_and_an_old_plan_have_no_rows() -> None:
    assert rows(plans_of("standstill", balance=5)[0]) == ()
    assert rows(RepaymentPlan("plan", "instalments", 5, 1, 5, 5)) == ()


@given(FACTS)
def test_no_plan_repays_charges_above_the_ceiling(facts: dict[str, Value]) -> None:
    balance, excess = facts.get("balance", 0), facts.get("excess_charges", 0)
    assert isinstance(balance, int)
    assert isinstance(excess, int)
    for plan in plans_of(*KINDS, **facts):
        if plan.until is None:
            assert plan.repaid <= balance - excess


@given(FACTS, st.integers(1, 60))
def test_no_plan_takes_longer_than_the_product_allows(facts: dict[str, Value], months: int) -> None:
    for plan in plans_of(*KINDS, **facts, of_product=months):
        if plan.kind != "standstill":
            assert plan.months <= months


def test_a_card_that_sixty_months_do_not_clear_is_paid_in_part() -> None:
    facts: dict[str, Value] = {"balance": 7_000_000, "capacity": 95_000}
    kinds: tuple[PlanKind, ...] = ("instalments", "partial_instalments")
    (plan,) = plans_of(*kinds, **facts)
    assert (plan.kind, plan.months, plan.monthly, plan.last) == ("partial_instalments", 60, 95_000, 95_000)
    assert (plan.total, plan.waived) == (5_700_000, 1_300_000)
    assert sum(each.amount for each in rows(plan)) == 5_700_000
    assert [each.kind for each in plans_of(*kinds, **{**facts, "balance": 5_700_000})] == ["instalments"]
    assert [each.kind for each in plans_of(*kinds, **{**facts, "balance": 5_700_001})] == ["partial_instalments"]


def test_a_shared_plan_of_a_card_ends_with_its_longest_term() -> None:
    facts = {"balance": 4_000_000, "capacity": 123_500, "monthly_due": 1_000, "other_debt_payments": 2_000}
    (plan,) = plans_of("shared_instalments", longest=None, of_product=60, **facts)
    assert (plan.months, plan.monthly, plan.waived) == (60, 41_166, 4_000_000 - 60 * 41_166)
    (whole,) = plans_of("shared_instalments", longest=None, **facts)
    assert (whole.months, whole.monthly, whole.waived) == (98, 41_166, 0)


def test_the_steady_plan_bears_a_fall_of_income() -> None:
    facts: dict[str, Value] = {"balance": 1_000_000, "capacity": 90_000, "capacity_stressed": 40_000}
    quick, steady = plans_of("instalments", "steady_instalments", **facts)
    assert (quick.months, quick.within_stress) == (12, False)
    assert (steady.months, steady.monthly, steady.within_stress) == (25, 40_000, True)
    assert plans_of("steady_instalments", **{**facts, "capacity_stressed": 0}) == ()
    assert plans_of("steady_instalments", **{**facts, "capacity_stressed": 90_000}) == ()  # the quick one bears it
    fallen = plans_of("instalments", "steady_instalments", **facts, hardship="income_reduction")
    assert [plan.kind for plan in fallen] == ["steady_instalments", "instalments"]


def test_of_what_is_not_known_no_steady_plan_is_made_however_long_it_may_take() -> None:
    known: dict[str, Value] = {"balance": 5_000, "capacity": 900, "capacity_stressed": 300}
    for missing in known:
        facts = {name: value for name, value in known.items() if name != missing}
        assert plans_of("steady_instalments", longest=None, **facts) == ()
    assert plans_of("steady_instalments", longest=None, **known)[0].monthly == 295


def test_beside_a_shared_plan_there_is_a_steady_one_only_in_packs_from_before_they_said_how_much_that_is() -> None:
    strategies = {"plan": strategy("shared_instalments", "steady_instalments")}
    facts: dict[str, Value] = {"balance": 1_000_000, "capacity": 120_000, "capacity_stressed": 80_000}
    others: dict[str, Value] = {"debts_before": 0, "debts_total": 4_000_000}

    def monthly(figures: dict[str, int]) -> dict[str, int]:
        found = plans(strategies, ["plan"], {**facts, **others}, TODAY, figures)
        return {plan.kind: plan.monthly for plan in found}

    assert monthly(FIGURES) == {"shared_instalments": 30_000, "steady_instalments": 20_000}
    assert monthly({**FIGURES, "steady_share": 8_000}) == {"shared_instalments": 30_000}


@pytest.mark.parametrize(
    ("facts", "offered"),
    [
        ({"debt_disputed": False, "days_left": 0}, True),
        ({"debt_disputed": True, "days_left": 0}, False),
        ({"debt_disputed": True}, False),  # nobody knows when it was served
        ({"days_left": 5}, False),  # nobody asked yet
        ({"debt_disputed": True, "days_left": -1}, True),  # too late to object
    ],
)
def test_nothing_is_offered_while_a_payment_order_can_be_objected_to(facts: dict[str, Value], offered: bool) -> None:
    case = {"balance": 1_000_000, "capacity": 90_000, "legal_stage": "payment_order", **facts}
    assert bool(plans_of("instalments", **case)) is offered


def test_a_deferral_is_not_longer_than_its_longest_term() -> None:
    assert plans_of("deferral", resume_date=dt.date(2031, 11, 23))[0].months == 60
    assert plans_of("deferral", resume_date=dt.date(2031, 11, 24)) == ()
    assert plans_of("deferral", longest=None, resume_date=dt.date(2031, 11, 24))[0].months == 61


def test_while_living_costs_look_too_low_a_plan_takes_what_is_left_under_stress() -> None:
    facts: dict[str, Value] = {"balance": 1_000_000, "capacity": 90_000, "capacity_stressed": 40_000}
    kinds: tuple[PlanKind, ...] = ("instalments", "steady_instalments", "instalments_with_interest")
    (plan,) = plans_of(*kinds, **facts, outgoings_implausible=True)
    assert (plan.monthly, plan.within_stress) == (40_000, True)
    assert plans_of("instalments", **facts, outgoings_implausible=False)[0].monthly == 83_334


def test_a_plan_for_a_private_lender_says_that_a_person_decides() -> None:
    facts: dict[str, Value] = {"balance": 2_300_000, "capacity": 100_000, "product": "private"}
    (plan,) = plans_of("instalments", **facts, excess_charges=200_000)
    assert (plan.repaid, plan.excess, plan.personal) == (2_100_000, 200_000, True)


_PLAN = TypeAdapter(RepaymentPlan)


@given(FACTS)
def test_plans_survive_json(facts: dict[str, Value]) -> None:
    for plan in plans_of(*KINDS, **facts):
        assert _PLAN.validate_json(_PLAN.dump_json(plan)) == plan


def test_a_plan_stored_before_plans_knew_of_interest_is_read() -> None:
    stored = {"strategy": "s", "kind": "deferral", "total": 0, "months": 0, "monthly": 0, "last": 0, "until": None}
    plan = _PLAN.validate_python(stored)
    assert (plan.balance, plan.rate, plan.interest, plan.within_stress) == (None, None, None, None)


@pytest.mark.parametrize(
    ("facts", "offered"),
    [
        ({"product": "private", "private_cap": 1380, "annual_rate_percent": 1380}, True),
        ({"product": "private", "private_cap": 1380, "annual_rate_percent": 1381}, False),
        ({"product": "private", "annual_rate_percent": 1000}, False),  # the day of the contract is not known
        ({"product": "bank_consumer", "annual_rate_percent": 2400}, True),
        ({"product": "bank_consumer", "annual_rate_percent": 2401}, False),
    ],
)
def test_no_plan_offers_interest_that_a_court_would_not_support(facts: dict[str, Value], offered: bool) -> None:
    money: dict[str, Value] = {"balance": 2_000_000, "capacity": 150_000}
    strategies = {"plan": strategy("instalments_with_interest", "equal_principal")}
    figures = {**FIGURES, "financial_loan_judicial_cap": 2400}
    assert bool(plans(strategies, ["plan"], {**money, **facts}, TODAY, figures)) is offered


def test_an_illegal_lender_is_offered_no_plan() -> None:
    facts: dict[str, Value] = {"balance": 2_000_000, "capacity": 150_000}
    assert plans_of("instalments", "lump_sum", **facts)
    assert plans_of("instalments", "lump_sum", **facts, product="illegal", lump_sum_available=100) == ()
