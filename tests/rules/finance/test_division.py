"""Dividing among debts: to the fen, within each claim, fair by its own measure, and the same in whatever order."""

from collections.abc import Callable
from fractions import Fraction
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.finance.division import WAYS, Claim, Way, divide

_WAY = st.sampled_from(WAYS)


@st.composite
def claims(draw: st.DrawFn, most: int = 10**12, count: int = 8) -> list[Claim]:
    """Debts, each with a least it can do with."""
    wholes = draw(st.lists(st.integers(0, most), max_size=count))
    return [Claim(whole, f"d{each}", draw(st.integers(0, whole))) for each, whole in enumerate(wholes)]


def fen_by_fen(amount: int, told: list[Claim], way: Way) -> dict[str, int]:
    """The same the slow way: whom each fen goes to, one after the other."""
    ordered = sorted(told)
    covered = sum(each.least for each in ordered) <= amount
    given = {each.key: each.least if covered else 0 for each in ordered}
    for _ in range(amount - sum(given.values())):
        open_ = [each for each in ordered if given[each.key] < each.whole]
        if not open_:
            break
        before: dict[Way, Callable[[Claim], Fraction | int]] = {
            "pro_rata": lambda each: -Fraction(each.whole, given[each.key] + 1),
            "smallest_first": lambda _each: 0,
            "equal": lambda each: given[each.key],
        }
        given[min(open_, key=before[way]).key] += 1
    return given


@given(claims(most=12, count=4), st.integers(-3, 60), _WAY)
def test_it_is_what_fen_by_fen_comes_to(told: list[Claim], amount: int, way: Way) -> None:
    assert divide(amount, told, way) == fen_by_fen(max(0, amount), told, way)


@given(claims(), st.integers(-(10**6), 10**13), _WAY)
def test_no_fen_is_lost_or_invented_and_nobody_gets_more_than_owed_or_less_than_nothing(
    told: list[Claim], amount: int, way: Way
) -> None:
    given_ = divide(amount, told, way)
    assert sum(given_.values()) == max(0, min(amount, sum(each.whole for each in told)))
    assert all(0 <= given_[each.key] <= each.whole for each in told)
    if sum(each.least for each in told) <= amount:
        assert all(given_[each.key] >= each.least for each in told)


@given(claims(), st.integers(0, 10**13), st.integers(0, 10**6), _WAY)
def test_nobody_loses_by_there_being_more_to_divide(told: list[Claim], amount: int, more: int, way: Way) -> None:
    least = sum(each.least for each in told)
    if least <= amount or amount + more < least:  # in between, the leasts begin to count
        before, after = divide(amount, told, way), divide(amount + more, told, way)
        assert all(before[each.key] <= after[each.key] for each in told)


@given(claims(count=4), st.integers(0, 10**13), _WAY)
def test_the_order_in_which_debts_are_told_does_not_matter(told: list[Claim], amount: int, way: Way) -> None:
    expected = divide(amount, told, way)
    assert all(divide(amount, list(order), way) == expected for order in permutations(told))


@given(claims(), st.integers(0, 10**13))
def test_pro_rata_is_within_a_few_fen_of_the_exact_part(told: list[Claim], amount: int) -> None:
    free = [Claim(each.whole, each.key) for each in told]
    total = sum(each.whole for each in free)
    given_ = divide(amount, free, "pro_rata")
    for each in free:
        exact = Fraction(min(amount, total) * each.whole, total or 1)
        assert abs(given_[each.key] - exact) < max(1, len(free))


@given(claims(), st.integers(0, 10**13), _WAY)
def test_each_way_keeps_its_own_measure(told: list[Claim], amount: int, way: Way) -> None:
    free = sorted(Claim(each.whole, each.key) for each in told)
    given_ = [divide(amount, free, way)[each.key] for each in free]
    open_ = [share for each, share in zip(free, given_, strict=True) if share < each.whole]
    if way == "equal":  # who is not paid off has the most anybody has, but for a fen
        assert all(share + 1 >= max(given_) for share in open_)
    if way == "smallest_first":  # who comes after one that is not paid off has nothing
        assert all(share == 0 for share in open_[1:])


def test_a_claim_below_its_least_and_two_claims_of_one_key_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot be 2"):
        Claim(1, "a", 2)
    with pytest.raises(ValueError, match="one key"):
        divide(1, [Claim(1, "a"), Claim(2, "a")], "equal")
    assert divide(5, [], "equal") == divide(5, [], "pro_rata") == {}
