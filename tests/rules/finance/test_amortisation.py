"""Schedules add up to the fen, follow the published formulas, and are the shortest that fit."""

from decimal import ROUND_HALF_UP, Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.finance.amortisation import (
    LoanTerms,
    Schedule,
    accrued,
    after_pause,
    equal_principal,
    fewest_equal_principal,
    fewest_level,
    fixed,
    level,
    level_amount,
)

PRINCIPALS = st.integers(1, 10**11)
RATES = st.integers(0, 3600)
MONTHS = st.integers(1, 120)


def annuity(principal: int, rate: int, months: int) -> int:
    """The formula of the textbook, in fen: P·i·(1+i)^n / ((1+i)^n − 1)."""
    with localcontext(prec=80):
        i = Decimal(rate) / 10_000 / 12
        exact = principal * i * (1 + i) ** months / ((1 + i) ** months - 1)
        return int(exact.quantize(Decimal(1), ROUND_HALF_UP))


@pytest.mark.parametrize(
    ("principal", "rate", "months", "amount"),
    [
        (10_000_000, 435, 12, 853_099),
        (10_000_000, 435, 24, 435_809),
        (10_000_000, 435, 360, 49_781),
        (10_000_000, 1200, 12, 888_488),  # 8,884.88: the example of many textbooks
        (20_000_000, 650, 360, 126_414),
        (5_000_000, 1825, 60, 127_648),
    ],
)
def test_a_level_instalment_is_the_annuity_half_up(principal: int, rate: int, months: int, amount: int) -> None:
    assert amount == annuity(principal, rate, months)
    assert level_amount(principal, rate, months) == amount
    assert level(principal, rate, months).payments[0].amount == amount


@given(PRINCIPALS, st.integers(1, 3600), MONTHS)
def test_every_level_instalment_is_the_annuity_half_up(principal: int, rate: int, months: int) -> None:
    assert level_amount(principal, rate, months) == annuity(principal, rate, months)


def test_sixty_months_without_interest_end_with_the_smaller_instalment() -> None:
    plan = level(5_000_000, 0, 60)
    assert [each.amount for each in plan.payments] == [83_334] * 59 + [83_294]
    assert (plan.total, plan.interest) == (5_000_000, 0)


def test_a_month_bears_a_twelfth_of_the_yearly_rate_half_up() -> None:
    assert level(100, 600, 2).payments[0].interest == 1  # 0.5 fen
    assert level(99, 600, 2).payments[0].interest == 0  # 0.495 fen


def test_equal_principal_pays_the_same_part_and_interest_on_what_is_left() -> None:
    plan = equal_principal(10_000_000, 435, 12)
    assert [each.principal for each in plan.payments] == [833_334] * 11 + [833_326]
    assert plan.payments[0].interest == 36_250
    assert plan.payments[1].interest == 33_229  # 91,666.66 at 0.3625 %: 332.29
    assert plan.payments[0].amount == 869_584


@given(PRINCIPALS, RATES, MONTHS)
def test_every_schedule_adds_up(principal: int, rate: int, months: int) -> None:
    for plan in (level(principal, rate, months), equal_principal(principal, rate, months)):
        assert len(plan.payments) == months
        assert plan.total == sum(each.amount for each in plan.payments) == principal + plan.interest
        assert plan.payments[-1].balance == 0
        balance = principal
        for number, each in enumerate(plan.payments, 1):
            assert each.number == number
            assert each.amount == each.principal + each.interest
            assert each.balance == balance - each.principal >= 0
            assert abs(each.interest - Decimal(balance) * rate / 120_000) <= Decimal("0.5")
            balance = each.balance


@given(PRINCIPALS, RATES, MONTHS)
def test_instalments_of_equal_principal_never_rise(principal: int, rate: int, months: int) -> None:
    amounts = [each.amount for each in equal_principal(principal, rate, months).payments]
    assert amounts == sorted(amounts, reverse=True)


@given(PRINCIPALS, RATES, MONTHS)
def test_equal_principal_costs_no_more_interest_than_level_instalments(principal: int, rate: int, months: int) -> None:
    assert equal_principal(principal, rate, months).interest <= level(principal, rate, months).interest + months


@pytest.mark.parametrize(("principal", "rate", "months"), [(0, 1, 1), (-1, 1, 1), (1, -1, 1), (1, 1, 0)])
def test_there_is_no_schedule_for_what_makes_no_sense(principal: int, rate: int, months: int) -> None:
    for make in (level, equal_principal):
        with pytest.raises(ValueError, match="no schedule"):
            make(principal, rate, months)


def fits(plan: Schedule, capacity: int) -> bool:
    return all(each.amount <= capacity for each in plan.payments)


def terms(plan: Schedule) -> LoanTerms:
    return LoanTerms(len(plan.payments), plan.payments[0].amount, plan.payments[-1].amount, plan.interest)


@given(st.integers(1, 10**9), RATES, st.integers(1, 10**8), st.integers(1, 90))
def test_the_fewest_level_months_are_the_first_that_fit(principal: int, rate: int, capacity: int, longest: int) -> None:
    first = next((n for n in range(1, longest + 1) if fits(level(principal, rate, n), capacity)), None)
    found = fewest_level(principal, rate, capacity, longest)
    assert found == (None if first is None else terms(level(principal, rate, first)))


@given(st.integers(1, 10**9), RATES, st.integers(1, 90))
def test_a_capacity_of_exactly_the_instalment_is_enough(principal: int, rate: int, months: int) -> None:
    plan = level(principal, rate, months)
    capacity = max(each.amount for each in plan.payments)
    found = fewest_level(principal, rate, capacity, months)
    assert found is not None
    assert found.months <= months


@given(st.integers(1, 10**9), RATES, st.integers(1, 10**8), st.integers(1, 90))
def test_the_fewest_months_of_equal_principal_are_the_first_that_fit(
    principal: int, rate: int, capacity: int, longest: int
) -> None:
    first = next((n for n in range(1, longest + 1) if fits(equal_principal(principal, rate, n), capacity)), None)
    found = fewest_equal_principal(principal, rate, capacity, longest)
    assert found == (None if first is None else terms(equal_principal(principal, rate, first)))


def test_interest_that_takes_the_whole_capacity_leaves_no_plan() -> None:
    assert fewest_level(12_000_000, 1000, 100_000, 600) is None  # 1,000 a month is interest alone
    assert fewest_equal_principal(12_000_000, 1000, 100_000, 10_000) is None
    assert fewest_equal_principal(1_200_000, 1000, 10_000, 10_000) is None
    assert fewest_equal_principal(1_200_000, 1000, 10_200, 6_000) == terms(equal_principal(1_200_000, 1000, 6_000))
    assert fewest_equal_principal(1_200_000, 1000, 10_200, 5_999) is None


def test_the_longest_term_is_a_boundary() -> None:
    assert fewest_level(60 * 90_000, 0, 90_000, 60) == LoanTerms(60, 90_000, 90_000, 0)
    assert fewest_level(60 * 90_000 + 1, 0, 90_000, 60) is None
    assert fewest_level(60 * 90_000 + 1, 0, 90_000, None) == LoanTerms(61, 88_525, 88_501, 0)


def test_a_plan_with_interest_needs_a_longest_term() -> None:
    with pytest.raises(ValueError, match="longest term"):
        fewest_level(100, 1, 100, None)


@pytest.mark.parametrize(("principal", "capacity"), [(0, 100), (100, 0), (-1, 100), (100, -1)])
def test_there_is_no_plan_without_a_debt_or_without_capacity(principal: int, capacity: int) -> None:
    for rate in (0, 1825):
        assert fewest_level(principal, rate, capacity, 60) is None
        assert fewest_equal_principal(principal, rate, capacity, 60) is None


@pytest.mark.parametrize(
    ("days", "interest"), [(0, 0), (1, 5), (30, 150), (365, 1825)]
)  # 100 yuan at 18.25 %: 0.05 % a day
def test_a_pause_bears_simple_interest_by_days(days: int, interest: int) -> None:
    assert accrued(10_000, 1825, days, 365) == interest


@given(PRINCIPALS, RATES, MONTHS, st.integers(0, 400))
def test_after_a_pause_the_balance_goes_on_and_the_first_instalment_bears_its_cost(
    principal: int, rate: int, months: int, days: int
) -> None:
    plan, cost = level(principal, rate, months), accrued(principal, rate, days, 365)
    later = after_pause(plan, cost)
    assert (later.total, later.interest) == (plan.total + cost, plan.interest + cost)
    assert later.payments[0].amount == plan.payments[0].amount + cost
    assert later.payments[1:] == plan.payments[1:]
    assert [each.principal for each in later.payments] == [each.principal for each in plan.payments]


def test_a_fixed_amount_leaves_the_rest_to_the_last_month() -> None:
    assert [each.amount for each in fixed(1_000, 0, 300, 4).payments] == [300, 300, 300, 100]
