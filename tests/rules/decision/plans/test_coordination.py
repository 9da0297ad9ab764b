"""The coordinated plan: home first, what remains divided, each offer within its term; or what it fails by."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.decision.coordination import Binding, CoordinatedPlan, JointDebt, NoOffer, coordinated_plan, why_no_offer
from rules.decision.outcome import not_evaluated
from rules.facts.cells import Value
from rules.finance.division import WAYS
from rules.finance.repayment_plan import rows
from tests.support.packs.negotiation_packs import AS_OF, evaluated, pack

PERSON: dict[str, Value] = {
    "income_monthly": 800_000,
    "essential_outgoings": 300_000,
    "priority_payments": 150_000,
    "household_size": 2,
}


def debt(key: str, **facts: object) -> JointDebt:
    """A debt of somebody who wants to pay and disputes nothing."""
    calm = {"client_role": "borrower", "willing_to_pay": True, "debt_disputed": False, "hardship": "illness_injury"}
    found = evaluated(**{"product": "credit_card", "balance": 20000, **calm, **facts})
    return JointDebt(key, found.facts, found.outcome)


CARD = debt("1", balance=20000)
LOAN = debt("2", product="online_platform", balance=10000)
HOME = debt("3", product="mortgage", balance=500000, monthly_due=1000, own_instalment_in_budget=True)


def plan(*debts: JointDebt, **person: Value) -> CoordinatedPlan:
    """The plan of the person for these debts."""
    return coordinated_plan(pack(), {**PERSON, **person}, debts, AS_OF)


def without(of: JointDebt, fact: str) -> JointDebt:
    """The same debt with a fact unknown."""
    return JointDebt(of.key, {name: value for name, value in of.facts.items() if name != fact}, of.outcome)


def with_balance(of: JointDebt, fen: int | None, **facts: Value) -> JointDebt:
    """The same debt with another balance."""
    kept = without(of, "balance").facts
    return JointDebt(of.key, {**kept, **({} if fen is None else {"balance": fen}), **facts}, of.outcome)


def test_what_remains_is_divided_pro_rata_beside_two_other_ways() -> None:
    found = plan(CARD, LOAN, HOME)
    assert (found.surplus, found.capacity, found.binding) == (350_000, 332_500, None)
    assert 0 < found.divided < 332_500 and found.leaves_room  # as much as bears a fall of income
    assert list(found.ways) == list(WAYS) and found.first == {"3": 100_000} and found.left_out == {}
    by = {way: {key: each.monthly for key, each in offers.items()} for way, offers in found.ways.items()}
    assert all(sum(of.values()) == found.divided for of in by.values())
    assert by["pro_rata"]["1"] - 2 * by["pro_rata"]["2"] in range(-2, 3)
    assert by["smallest_first"]["2"] > by["equal"]["2"] >= by["pro_rata"]["2"]
    assert abs(by["equal"]["1"] - by["equal"]["2"]) <= 1


def test_a_home_loan_beside_the_budget_is_paid_first() -> None:
    beside = with_balance(HOME, 50_000_000, own_instalment_in_budget=False)
    inside, outside = plan(CARD, HOME), plan(CARD, beside)
    assert (inside.beside, outside.beside, outside.surplus) == (0, 100_000, 250_000)
    told = {name: value for name, value in HOME.facts.items() if name != "own_instalment_in_budget"}
    unknown = plan(CARD, JointDebt("3", told, HOME.outcome))
    assert unknown.binding == Binding("unknown", unknown=(("own_instalment_in_budget", "3"),))


def test_debts_elsewhere_keep_their_share_by_what_is_due() -> None:
    card = with_balance(CARD, 2_000_000, monthly_due=50_000, other_debt_payments=200_000)
    loan = with_balance(LOAN, 1_000_000, monthly_due=25_000)
    found = plan(card, loan, HOME)  # of the 2,000 yuan, 250 are the loan's and 1,000 the home's
    assert found.elsewhere == 75_000
    assert found.share == 332_500 * 75_000 // 150_000 and found.divided < found.share
    assert sum(each.monthly for each in found.ways["equal"].values()) == found.divided
    assert plan(loan, HOME).elsewhere == 0
    untold = plan(card, without(loan, "monthly_due"))
    assert untold.binding == Binding("unknown", unknown=(("monthly_due", "2"),))
    large = with_balance(CARD, 40_000_000, monthly_due=50_000, other_debt_payments=50_000)
    least = -(-40_000_000 // 60)
    assert plan(large).binding == Binding("term", least - 332_500 // 2)


def test_a_car_loan_is_paid_first_only_where_the_household_pays_it_first() -> None:
    car = debt("4", product="car_loan", monthly_due=900)
    kept = JointDebt("4", {**car.facts, "own_instalment_in_budget": True}, car.outcome)
    assert why_no_offer(pack(), car, AS_OF) is None
    assert why_no_offer(pack(), kept, AS_OF) == "paid_first"
    # An instalment of a debt that shares, where it stands in the budget, is divided with the rest.
    assert plan(with_balance(CARD, 2_000_000, own_instalment_in_budget=True, monthly_due=50_000)).surplus == 400_000


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"legal_stage": "settled"}, "settled"),
        ({"balance": 0}, "settled"),
        ({"not_my_loan": True}, "not_owed"),
        ({"client_role": "guarantor"}, "role"),
        ({"product": "illegal"}, "illegal"),
        ({"legal_stage": "payment_order", "debt_disputed": True, "served_on": "2026-11-20"}, "objection"),
        ({"debt_disputed": True}, "withheld"),
        ({"willing_to_pay": False}, "unwilling"),
    ],
)
def test_a_debt_that_may_not_be_offered_anything_says_why(facts: dict[str, object], why: NoOffer) -> None:
    left_out = debt("9", **facts)
    found = plan(CARD, left_out)
    assert found.left_out == {"9": why}
    assert all("9" not in offers for offers in found.ways.values())


def test_a_debt_that_nobody_decided_is_left_out() -> None:
    assert plan(CARD, JointDebt("9", {}, not_evaluated(pack()))).left_out == {"9": "undecided"}


def test_what_binds_is_named_with_what_is_lacking() -> None:
    assert plan(CARD, income_monthly=400_000).binding == Binding("deficit", 50_000)
    assert plan(CARD, income_monthly=450_000).binding == Binding("nothing_left", -(-2_000_000 // 60))
    assert plan(HOME).binding == Binding("no_debts")
    assert plan(with_balance(CARD, None)).binding == Binding("unknown", unknown=(("balance", "1"),))
    broke = plan(CARD, income_monthly=400_000)
    assert broke.ways == {} and broke.capacity == 0


def test_where_the_longest_term_binds_the_rest_is_asked_to_be_waived_pro_rata() -> None:
    large = with_balance(CARD, 40_000_000)
    found = plan(large, LOAN)
    least = -(-40_000_000 // 60) + -(-1_000_000 // 84)
    assert found.least == least and found.binding == Binding("term", least - 332_500)
    assert list(found.ways) == ["pro_rata"] and found.divided == 332_500
    offers = found.ways["pro_rata"]
    assert sum(each.monthly for each in offers.values()) == 332_500
    assert (offers["1"].months, offers["1"].waived) == (60, 40_000_000 - 60 * offers["1"].monthly)


def test_all_that_can_be_paid_is_divided_only_where_less_would_take_too_long() -> None:
    least = 332_500 - 100
    tight = with_balance(CARD, least * 60)
    found = plan(tight)
    assert found.binding is None and found.divided == 332_500 and not found.leaves_room


@given(
    st.lists(st.integers(1, 10**9), min_size=1, max_size=6),
    st.integers(0, 3_000_000),
    st.integers(0, 500_000),
)
def test_offers_are_within_what_remains_and_what_is_owed(balances: list[int], income: int, excess: int) -> None:
    debts = [
        JointDebt(str(n), {**CARD.facts, "balance": balance, "excess_charges": min(excess, balance - 1)}, CARD.outcome)
        for n, balance in enumerate(balances)
    ]
    found = plan(*debts, income_monthly=income)
    again = plan(*reversed(debts), income_monthly=income)
    assert {way: dict(offers) for way, offers in again.ways.items()} == found.ways
    parts = {each.key: each for each in found.shares}
    for offers in found.ways.values():
        total = sum(each.monthly for each in offers.values())
        assert total == min(found.divided, sum(each.owed for each in parts.values())) <= (found.capacity or 0)
        for key, each in offers.items():
            part, paid = parts[key], sum(row.amount for row in rows(each))
            assert 0 < each.monthly <= part.owed and each.months <= part.longest and 0 <= each.last <= each.monthly
            assert paid == each.total <= part.owed
            assert found.binding is not None or each.total == part.owed
    if found.binding is not None:
        assert found.binding.lacking > 0


def test_an_instalment_that_is_in_the_budget_already_need_not_be_known() -> None:
    assert plan(CARD, without(HOME, "monthly_due")).binding is None
    apart = JointDebt("3", {**without(HOME, "monthly_due").facts, "own_instalment_in_budget": False}, HOME.outcome)
    assert plan(CARD, apart).binding == Binding("unknown", unknown=(("monthly_due", "3"),))


def test_an_offer_names_charges_only_where_there_are_some_to_waive() -> None:
    none, some = with_balance(CARD, 900_000, excess_charges=0), with_balance(LOAN, 900_000, excess_charges=100)
    offers = plan(none, some).ways["pro_rata"]
    assert (offers["1"].excess, offers["2"].excess) == (None, 100)


def test_on_a_day_before_any_longest_term_a_debt_is_due_at_once() -> None:
    before = coordinated_plan(pack(), PERSON, [with_balance(LOAN, 100_000)], dt.date(2025, 12, 31))
    assert [(part.longest, part.least) for part in before.shares] == [(1, 100_000)]


def test_of_no_debts_there_is_no_plan() -> None:
    found = plan()
    assert (found.first, found.left_out) == ({}, {})
    assert all(not offers for offers in found.ways.values())
