"""One capacity for several debts: pro rata, whole fen, and together exactly what there is."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.finance.pro_rata import offer, offers

BALANCES = st.lists(st.integers(0, 10**14), min_size=1, max_size=12)


@given(st.integers(0, 10**15), BALANCES)
def test_offers_add_up_to_the_capacity_or_to_all_balances(capacity: int, balances: list[int]) -> None:
    assert sum(offers(capacity, balances)) == min(capacity, sum(balances))


@given(st.integers(0, 10**15), BALANCES)
def test_no_offer_is_negative_or_above_its_balance(capacity: int, balances: list[int]) -> None:
    assert all(0 <= found <= balance for found, balance in zip(offers(capacity, balances), balances, strict=True))


@given(st.integers(1, 10**15), st.lists(st.integers(1, 10**14), min_size=1, max_size=12))
def test_every_offer_is_within_a_fen_of_its_exact_part(capacity: int, balances: list[int]) -> None:
    total = sum(balances)
    for found, balance in zip(offers(capacity, balances), balances, strict=True):
        assert abs(found - Fraction(min(capacity, total) * balance, total)) < 1


@given(st.integers(0, 10**15), BALANCES)
def test_an_offer_can_be_told_from_two_sums(capacity: int, balances: list[int]) -> None:
    alone = [offer(capacity, sum(balances[:n]), balance, sum(balances)) for n, balance in enumerate(balances)]
    assert tuple(alone) == offers(capacity, balances)


def test_five_lenders_share_1200_a_month() -> None:
    balances = [1_500_000, 876_543, 3_000_000, 432_100, 120_001]
    assert offers(120_000, balances) == (30_361, 17_741, 60_723, 8_746, 2_429)


@pytest.mark.parametrize(
    ("capacity", "balances", "found"),
    [
        (100, [1, 1, 1], (1, 1, 1)),  # never more than is owed
        (2, [1, 1, 1], (0, 1, 1)),
        (0, [5, 5], (0, 0)),
        (-5, [5, 5], (0, 0)),
        (100, [0, 0], (0, 0)),
        (100, [], ()),
        (100, [200], (100,)),
    ],
)
def test_small_sums_are_shared_too(capacity: int, balances: list[int], found: tuple[int, ...]) -> None:
    assert offers(capacity, balances) == found
