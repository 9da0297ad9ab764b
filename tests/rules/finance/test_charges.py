"""What an overdue debt may cost, by the figures of the pack that ships."""

import datetime as dt
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.finance.charges import double_interest, over_cap, penalty, private_cap
from rules.loading.loader import DEFAULT_PACK, load
from rules.pack.parameters import canonical, in_force, value_on
from tests.support.packs.derivation import TODAY as AS_OF
from tests.support.packs.derivation import value

PACK = load(DEFAULT_PACK)
TODAY = in_force(PACK, dt.date(2026, 11, 24))
AMOUNTS = st.integers(0, 10**12)
DAYS = st.integers(0, 5_000)


def on(name: str, day: dt.date) -> int | None:
    """A figure of the pack on a day."""
    found = value_on(PACK.parameters[name], day)
    return None if found is None else canonical(found.value, PACK.parameters[name].unit)


@pytest.mark.parametrize(
    ("days", "ceiling", "excess"),
    [(365, 240_000, 60_000), (200, 131_507, 168_493), (0, 0, 300_000), (457, 300_493, 0)],
)
def test_charges_above_24_percent_a_year_are_excess(days: int, ceiling: int, excess: int) -> None:
    found = over_cap(1_000_000, days, 300_000, TODAY["financial_loan_judicial_cap"], TODAY["interest_year_days"])
    assert (found.ceiling, found.excess) == (ceiling, excess)


@given(AMOUNTS, DAYS, AMOUNTS)
def test_the_ceiling_is_exact_to_half_a_fen(principal: int, days: int, claimed: int) -> None:
    found = over_cap(principal, days, claimed, 2400, 365)
    exact = Fraction(principal * 24 * days, 100 * 365)
    assert abs(found.ceiling - exact) <= Fraction(1, 2)
    assert found.excess == max(0, claimed - found.ceiling)


@given(st.integers(0, 10**9), st.integers(0, 3_000), st.integers(1, 10**9))
def test_a_case_and_the_calculation_find_the_same_excess(principal: int, days: int, claimed: int) -> None:
    row = {
        "principal": Decimal(principal).scaleb(-2),
        "interest_paid_until": (AS_OF - dt.timedelta(days=days)).isoformat(),
        "interest_fees": Decimal(claimed).scaleb(-2),
    }
    assert value("over_cap_amount", **row) == over_cap(principal, days, claimed, 2400, 365).excess


@pytest.mark.parametrize(
    ("signed", "rate"),
    [
        ("2020-08-19", None),  # before the cap follows the LPR
        ("2020-08-20", 1540),
        ("2022-08-21", 1480),
        ("2022-08-22", 1460),
        ("2024-10-21", 1240),
        ("2025-05-20", 1200),
    ],
)
def test_private_lending_is_capped_at_four_times_the_lpr_of_the_contract(signed: str, rate: int | None) -> None:
    day = dt.date.fromisoformat(signed)
    assert private_cap(on("lpr_1y", day), on("private_cap_multiple", day)) == rate


@pytest.mark.parametrize(
    ("names", "least", "most"),
    [("penalty_uplift", Decimal("23.725"), Decimal("27.375")), ("misuse_uplift", Decimal("27.375"), Decimal("36.5"))],
)
def test_penalty_interest_is_the_contract_rate_raised_by_a_share_of_itself(
    names: str, least: Decimal, most: Decimal
) -> None:
    low, high = (penalty(1_000_000, 1825, 365, TODAY[f"{names}_{end}"], 365) for end in ("minimum", "maximum"))
    assert (low.rate, high.rate) == (least, most)
    assert [Decimal(each.interest) for each in (low, high)] == [least * 10_000, most * 10_000]


def test_a_year_of_360_days_costs_more() -> None:
    assert penalty(1_000_000, 1800, 100, 5000, 360).interest == 75_000
    assert penalty(1_000_000, 1800, 100, 5000, 365).interest == 73_973


@given(AMOUNTS, st.integers(0, 3600), DAYS, st.sampled_from([3000, 5000, 10_000]), st.sampled_from([360, 365]))
def test_penalty_interest_is_exact_to_half_a_fen(principal: int, rate: int, days: int, uplift: int, year: int) -> None:
    exact = Fraction(principal * rate * (10_000 + uplift) * days, 10**8 * year)
    assert abs(penalty(principal, rate, days, uplift, year).interest - exact) <= Fraction(1, 2)


@pytest.mark.parametrize(
    ("principal", "days", "added"),
    [(10_000_000, 1, 1_750), (10_000_000, 365, 638_750), (100, 1, 0), (2_858, 1, 1), (2_857, 1, 0), (1, 0, 0)],
)
def test_a_judgment_paid_late_costs_1_75_in_10000_a_day_on_top(principal: int, days: int, added: int) -> None:
    assert double_interest(principal, days, TODAY["double_interest_daily"]) == added
