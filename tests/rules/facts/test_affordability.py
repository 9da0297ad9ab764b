"""What is left to pay with, and what weighs on it, in fen and never too much."""

import datetime as dt

import pytest

from rules.facts.affordability import has_others, means, payable, steady
from rules.facts.cells import Value
from tests.support.packs.derivation import TODAY, value


@pytest.mark.parametrize(
    ("income", "essential", "priority", "capacity"),
    [
        (8000, 3000, 1500, 332_500),  # 3,500 less 5 %
        (4500.01, 3000, 1500, 0),  # one fen less 5 % is nothing
        (4500, 3000, 1500, 0),
        (4000, 3000, 1500, 0),
        (0, None, None, 0),  # no income, no capacity, whatever the outgoings are
        (3000, 3000, None, 0),
        (3000, None, 3000, 0),
        (3000.01, 3000, None, 0),  # the one fen that may be left is nothing less 5 %
        (3000.02, 3000, None, None),
        (8000, None, 1500, None),
        (None, 3000, 1500, None),
    ],
)
def test_capacity_is_the_surplus_less_the_buffer(
    income: float | None, essential: float | None, priority: float | None, capacity: int | None
) -> None:
    row = {
        "product": "huabei",
        "income_monthly": income,
        "essential_outgoings": essential,
        "priority_payments": priority,
    }
    assert value("capacity", **row) == capacity


def test_capacity_under_stress_counts_with_less_income() -> None:
    row = {"product": "huabei", "income_monthly": 8000, "essential_outgoings": 3000, "priority_payments": 1500}
    assert value("capacity_stressed", **row) == 256_500  # 7,200 - 4,500, less 5 %


@pytest.mark.parametrize(("income", "none"), [(0, True), (0.01, False), (None, None)])
def test_no_income_is_known_only_where_the_income_is(income: float | None, none: bool | None) -> None:
    assert value("no_income", income_monthly=income) is none


@pytest.mark.parametrize(
    ("due", "other", "income", "ratio"),
    [(3000, 3000, 10_000, 6000), (3000, 3000.01, 10_000, 6001), (0, 0, 1, 0), (1, 1, 0, None), (1, None, 9, None)],
)
def test_the_debt_service_ratio_is_rounded_up_and_never_divides_by_nothing(
    due: float, other: float | None, income: float, ratio: int | None
) -> None:
    row = {"monthly_due": due, "other_debt_payments": other, "income_monthly": income}
    assert value("debt_service_ratio", **row) == ratio


@pytest.mark.parametrize(
    ("balance", "capacity", "months"),
    [(50_000, 900, 56), (54_000, 900, 60), (54_000.01, 900, 61), (0, 900, 0), (1, 0, None), (1, None, None)],
)
def test_months_to_clear_count_the_last_part_month(balance: float, capacity: int | None, months: int | None) -> None:
    assert value("months_to_clear", balance=balance, capacity=capacity, other_debt_payments=0) == months


@pytest.mark.parametrize(
    ("others", "part", "months"),
    [
        ({"other_debt_payments": 0}, 90_000, 34),
        ({"other_debt_payments": 2000}, 30_000, 100),  # a third, by what is due
        ({"debts_before": 10_000, "debts_total": 60_000}, 45_000, 67),  # half, by the balances
        ({"debts_before": 0, "debts_total": 0}, 90_000, 34),  # it is paid before the others share
        ({}, None, None),
    ],
)
def test_a_debt_among_others_counts_on_its_share_only(
    others: dict[str, float], part: int | None, months: int | None
) -> None:
    row = {"capacity": 900, "balance": 30_000, "monthly_due": 1000, **others}
    assert (value("debt_capacity", **row), value("months_to_clear", **row)) == (part, months)


def test_without_capacity_no_debt_has_a_share_whatever_the_others_are() -> None:
    assert value("debt_capacity", capacity=0) == 0


def test_a_share_of_nothing_never_clears_the_debt() -> None:
    row = {"capacity": 900, "balance": 30_000, "monthly_due": 0, "other_debt_payments": 500}
    assert (value("debt_capacity", **row), value("months_to_clear", **row)) == (0, None)


@pytest.mark.parametrize(
    ("lump", "balance", "share"), [(5000, 10_000, 5000), (4999.99, 10_000, 4999), (1, 0, 0), (None, 5, None)]
)
def test_the_share_of_a_lump_sum_is_rounded_down(lump: float | None, balance: float, share: int | None) -> None:
    assert value("lump_sum_share", lump_sum_free=lump, balance=balance, principal=balance) == share


@pytest.mark.parametrize(
    ("days", "due", "arrears"), [(0, None, 0), (1, 100, 10_000), (30, 100, 10_000), (31, 100, 20_000), (31, None, None)]
)
def test_arrears_are_an_instalment_for_every_period_begun(days: int, due: int | None, arrears: int | None) -> None:
    assert value("arrears", days_overdue=days, monthly_due=due) == arrears


@pytest.mark.parametrize(
    ("fees", "principal", "days", "over"),
    [
        (2400, 10_000, 365, 0),
        (2400.01, 10_000, 365, 1),
        (2400, 10_000, 366, 0),
        (500, 10_000, 0, 50_000),
        (0, None, None, 0),
        (1, None, 365, None),
        (1, 10_000, None, None),
    ],
)
def test_charges_above_24_percent_of_the_principal_a_year_are_over_the_ceiling(
    fees: float, principal: int | None, days: int | None, over: int | None
) -> None:
    paid = None if days is None else (TODAY - dt.timedelta(days=days)).isoformat()
    assert value("over_cap_amount", interest_fees=fees, principal=principal, interest_paid_until=paid) == over


@pytest.mark.parametrize(
    ("contract", "fees", "over"),
    [
        ("2025-08-01", 328.77, 0),  # 12 % of 10,000 for 100 days
        ("2025-08-01", 328.78, 1),
        ("2021-05-10", 421.92, 0),  # 15.4 %
        ("2021-05-10", 421.93, 1),
        ("2020-08-19", 5000, None),  # older than the cap
        (None, 5000, None),
    ],
)
def test_charges_of_a_private_loan_are_measured_by_the_cap_of_its_day(
    contract: str | None, fees: float, over: int | None
) -> None:
    row = {"interest_fees": fees, "principal": 10_000, "interest_paid_until": "2026-08-15"}
    assert value("excess_charges", product="private", contract_date=contract, **row) == over


@pytest.mark.parametrize(("product", "over"), [("huabei", 34_247), ("illegal", None), (None, None)])
def test_charges_of_other_loans_are_measured_by_the_line_of_the_courts(product: str | None, over: int | None) -> None:
    row = {
        "interest_fees": 1000,
        "principal": 10_000,
        "interest_paid_until": "2026-08-15",
        "contract_date": "2025-08-01",
    }
    assert value("excess_charges", product=product, **row) == over


@pytest.mark.parametrize(
    ("spent", "persons", "implausible"),
    [
        (499.99, None, True),  # too little for one, so for any household
        (500, None, None),
        (500, 1, False),
        (1999.99, 4, True),
        (2000, 4, False),
        (None, 4, None),
    ],
)
def test_living_costs_too_low_for_the_household_are_seen(
    spent: float | None, persons: int | None, implausible: bool | None
) -> None:
    assert value("outgoings_implausible", essential_outgoings=spent, household_size=persons) is implausible


@pytest.mark.parametrize(
    ("facts", "known"),
    [
        ({}, False),
        ({"other_debt_payments": 0}, False),
        ({"other_debt_payments": 1}, True),
        ({"balance": 500}, False),
        ({"balance": 500, "debts_total": 500}, False),
        ({"balance": 500, "debts_total": 501}, True),
        ({"debts_total": 1}, True),
    ],
)
def test_other_debts_are_known_where_something_is_due_or_owed_beside_this_one(
    facts: dict[str, Value], known: bool
) -> None:
    assert has_others(facts) is known


BOTH: dict[str, Value] = {"capacity": 900, "capacity_stressed": 400}


@pytest.mark.parametrize(
    ("others", "whole", "stressed"),
    [
        ({}, 900, 400),
        ({"balance": 500, "debts_total": 500, "debts_before": 0}, 900, 400),  # alone: the whole, above what is owed
        ({"balance": 500, "debts_total": 1000, "debts_before": 0}, 450, 200),
        ({"balance": 501, "debts_total": 1000, "debts_before": 499}, 451, 201),  # what rounding leaves is the last's
        ({"balance": 501, "debts_total": 1000}, None, None),  # where among them it stands is not known, nor what is due
        (
            {"balance": 800, "debts_total": 1000, "debts_before": 0, "monthly_due": 1, "other_debt_payments": 9},
            720,
            320,
        ),
        ({"debts_total": 1000, "debts_before": 0, "monthly_due": 1, "other_debt_payments": 2}, 300, 133),
        ({"debts_before": 0, "balance": 500, "monthly_due": 1, "other_debt_payments": 2}, 300, 133),
        ({"monthly_due": 2, "other_debt_payments": 1}, 600, 266),
        ({"monthly_due": 0, "other_debt_payments": 1}, 0, 0),
        ({"other_debt_payments": 1}, None, None),
        ({"balance": 2000, "debts_total": 600, "debts_before": 0, "other_debt_payments": 1}, 900, 400),  # never more
    ],
)
def test_among_others_a_debt_takes_its_share_of_either_capacity(
    others: dict[str, Value], whole: int | None, stressed: int | None
) -> None:
    facts = {**BOTH, **others}
    assert (means(facts), means(facts, "capacity_stressed")) == (whole, stressed)
    assert (payable(facts), payable({**facts, "outgoings_implausible": True})) == (whole, stressed)
    assert payable({**facts, "outgoings_implausible": False}) == whole


def test_a_debt_that_is_alone_shares_only_where_that_is_asked() -> None:
    alone: dict[str, Value] = {**BOTH, "balance": 300, "debts_total": 300, "debts_before": 0}
    assert (means(alone), means(alone, shared=True)) == (900, 300)
    assert (payable(alone), payable(alone, shared=True)) == (900, 300)
    by_dues: dict[str, Value] = {**BOTH, "monthly_due": 5, "other_debt_payments": 0}
    assert (means(by_dues), means(by_dues, shared=True)) == (900, 900)
    nothing_due: dict[str, Value] = {**BOTH, "monthly_due": 0, "other_debt_payments": 0}
    assert (means(nothing_due), means(nothing_due, shared=True)) == (900, None)


def test_without_a_capacity_there_are_no_means_whatever_the_others_are() -> None:
    assert means({}) is None
    assert means({"monthly_due": 1, "other_debt_payments": 1}) is None
    assert payable({"capacity": 900, "outgoings_implausible": True}) is None


@pytest.mark.parametrize(
    ("facts", "offered"),
    [
        ({"capacity": 400_000, "capacity_stressed": 350_000}, 350_000),
        ({"capacity": 400_000, "capacity_stressed": 0}, 320_000),
        # While the living costs look too low the most is what bears a fall of income: the offer is less than that.
        ({"capacity": 400_000, "capacity_stressed": 350_000, "outgoings_implausible": True}, 280_000),
    ],
)
def test_what_is_offered_first_leaves_room_below_the_most(facts: dict[str, Value], offered: int) -> None:
    assert steady(facts, 8_000) == offered < (payable(facts) or 0)


@pytest.mark.parametrize(
    ("facts", "others"),
    [
        ({}, False),
        ({"other_debt_payments": 6, "home_dues": 5}, True),
        ({"other_debt_payments": 5, "home_dues": 5}, False),  # a home loan is paid before what shares
        ({"other_debt_payments": 1}, True),
        ({"balance": 5, "debts_total": 5}, False),
        ({"balance": 5, "debts_total": 6}, True),
    ],
)
def test_other_debts_are_those_that_share(facts: dict[str, int], others: bool) -> None:
    assert has_others(facts) is others


def test_without_a_capacity_nothing_is_offered_first() -> None:
    assert steady({}, 5_000) is None
    assert steady({"capacity_stressed": 100}, 5_000) is None
    assert steady({"capacity": 100}, 5_000) == 50
