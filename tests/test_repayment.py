"""Repayment plans: exact to the fen, never above what the borrower has."""

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.cells import Value
from rules.repayment import Plan, instalments, plans, shares
from tests.packs import tiny

TODAY = dt.date(2026, 11, 23)
AMOUNTS = st.integers(1, 10**14)


def _plans(kind: Any, longest: str | None = None, **facts: Value) -> tuple[Plan, ...]:
    strategy = tiny().strategies["card_plan"].model_copy(update={"plan": kind, "plan_longest": longest})
    return plans({"plan": strategy}, ["plan"], facts, TODAY, {"longest": 60})


@given(AMOUNTS, AMOUNTS)
def test_instalments_pay_the_balance_exactly_and_never_more_than_capacity_a_month(balance: int, capacity: int) -> None:
    found = instalments(balance, capacity)
    assert found is not None
    months, level, last = found
    assert level * (months - 1) + last == balance
    assert 0 < last <= level <= capacity
    assert (months - 1) * capacity < balance  # no fewer months would do


@pytest.mark.parametrize(("balance", "capacity"), [(0, 100), (100, 0), (-1, 100), (100, -1)])
def test_there_is_no_plan_without_a_balance_or_without_capacity(balance: int, capacity: int) -> None:
    assert instalments(balance, capacity) is None


@given(st.integers(0, 10**14), st.lists(st.integers(0, 10**14), min_size=1, max_size=8))
def test_shares_are_pro_rata_and_their_sum_is_never_above_capacity(capacity: int, balances: list[int]) -> None:
    parts = shares(capacity, balances)
    assert sum(parts) <= capacity
    for part, balance in zip(parts, balances, strict=True):
        assert part * sum(balances) <= capacity * balance
    if sum(balances):
        assert capacity - sum(parts) < len(balances)  # not a fen is lost but by rounding


def test_a_card_debt_of_50000_at_900_a_month_takes_56_instalments() -> None:
    (plan,) = _plans("instalments", "longest", balance=5_000_000, capacity=90_000)
    assert (plan.months, plan.monthly, plan.last, plan.total) == (56, 89_286, 89_270, 5_000_000)


def test_the_longest_term_is_a_boundary() -> None:
    assert _plans("instalments", "longest", balance=60 * 90_000, capacity=90_000)[0].months == 60
    assert _plans("instalments", "longest", balance=60 * 90_000 + 1, capacity=90_000) == ()
    assert _plans("instalments", None, balance=60 * 90_000 + 1, capacity=90_000)[0].months == 61


def test_what_is_not_known_gives_no_plan() -> None:
    assert _plans("instalments", balance=5_000_000) == ()
    assert _plans("instalments", capacity=90_000) == ()
    assert _plans("shared_instalments", balance=5_000_000, capacity=90_000, monthly_due=100) == ()
    assert _plans("deferral") == ()
    assert _plans("lump_sum", balance=5_000_000) == ()
    assert _plans("none", balance=5_000_000, capacity=90_000) == ()


def test_several_debts_share_the_capacity() -> None:
    (plan,) = _plans(
        "shared_instalments", balance=1_000_000, monthly_due=30_000, other_debt_payments=90_000, capacity=120_000
    )
    assert (plan.months, plan.monthly) == (34, 29_412)
    assert plan.monthly <= 30_000  # a quarter of the capacity, as a quarter of what is due


def test_a_deferral_ends_when_income_resumes() -> None:
    assert _plans("deferral", resume_date=dt.date(2026, 11, 24))[0].until == dt.date(2026, 11, 24)
    assert _plans("deferral", resume_date=TODAY) == ()


def test_a_lump_sum_is_never_more_than_the_balance() -> None:
    assert _plans("lump_sum", lump_sum_available=300, balance=200)[0].total == 200
    assert _plans("lump_sum", lump_sum_available=100, balance=200)[0].total == 100


@pytest.mark.parametrize("until", [None, TODAY])
def test_a_plan_survives_json(until: dt.date | None) -> None:
    plan = Plan("plan", "deferral", 5, 1, 2, 3, until)
    assert Plan.from_json(plan.to_json()) == plan
