"""Derived facts follow from what is known, are bounded where it is not enough, and only narrow when more is told."""

import datetime as dt
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.facts.case_facts import Facts
from rules.facts.cells import FIRST_DAY, LAST_DAY, Value
from rules.facts.numbers import limits
from rules.formulas.bounds import BOUNDS, ENDLESS, NOTHING, Choice, Interval, Reading
from rules.formulas.derivation import derivation, derive
from rules.pack.files.schema import Fact
from rules.pack.parameters import in_force
from tests.support.old import old_derivation
from tests.support.packs.derivation import PACK, READ, TODAY, derived, value


@pytest.mark.parametrize(
    ("due", "days"), [("2026-11-22", 1), ("2026-11-23", 0), ("2026-11-24", 0), ("2025-11-23", 365)]
)
def test_days_overdue_are_counted_from_the_due_date_never_below_zero(due: str, days: int) -> None:
    assert value("days_overdue", due_date=due) == days


def test_submitted_days_overdue_are_kept() -> None:
    assert value("days_overdue", due_date="2026-11-22", days_overdue=40) == 40


def test_a_day_later_the_same_case_is_a_day_older() -> None:
    tomorrow = TODAY + dt.timedelta(days=1)
    row = {"due_date": "2026-10-24", "legal_stage": "payment_order", "served_on": "2026-11-09"}
    assert [derived(row, day)["overdue_bucket"] for day in (TODAY, tomorrow)] == ["B2", "B3"]
    assert [derived(row, day)["days_left"] for day in (TODAY, tomorrow)] == [1, 0]


def test_a_derived_fact_that_is_given_is_kept() -> None:
    assert value("capacity", capacity=1, income_monthly=9000, essential_outgoings=0, priority_payments=0) == 100


def test_without_a_figure_in_force_what_needs_it_is_nothing() -> None:
    facts, _ = READ.parse({"income_monthly": 9000, "essential_outgoings": 1, "priority_payments": 1, "age": 17})
    known, bounds = derive(PACK, facts, dt.date(1986, 12, 31))
    assert known["no_income"] is False
    assert not {"capacity", "minor"} & {*known, *bounds}


def test_a_card_debt_takes_its_months_whatever_else_is_owed() -> None:
    facts, _ = READ.parse(
        {
            "product": "credit_card",
            "income_monthly": 4600,
            "essential_outgoings": 3000,
            "priority_payments": 1500,
            "balance": 50_000,
        }
    )
    known, bounds = derive(PACK, facts, TODAY)
    assert known["capacity"] == 9500
    assert bounds["debt_capacity"] == Interval(0, 9500)
    assert bounds["months_to_clear"] == Interval(527, None)


def test_what_stands_in_for_a_submitted_fact_has_no_bounds() -> None:
    """It may still be given, and then counts as given."""
    known, bounds = derive(PACK, {}, TODAY)
    assert "days_overdue" not in known
    assert "days_overdue" not in bounds
    assert bounds["overdue_bucket"] == Choice(frozenset(f"B{number}" for number in range(9)))


_FACTS_OF_FORMULAS = sorted(
    {name for fact in PACK.vocabulary.facts.values() for name in fact.inputs if not PACK.vocabulary.facts[name].derived}
    | {"due_date"}
)
# What stands in for a submitted fact says another thing once that is given: such facts are given from the start.
_STOOD_IN = {name for name in PACK.formulas if not PACK.vocabulary.facts[name].derived} - {"days_overdue"}
# Facts that mean another thing than they did as functions; tests/policy/matrix reads them a second time.
_OTHERWISE_SINCE = {
    *("over_cap_amount", "excess_charges", "limitation_ends", "limitation_expired", "limitation_days_left"),
    *("capacity", "capacity_stressed", "debt_capacity", "months_to_clear", "lump_sum_share"),
}
_NUMBERS = [0, 1, 15, 16, 17, 18, 30, 90, 900, 1095, 1096, 1097, 2400, 10_000, 50_000]
_DAYS = st.dates(dt.date(2015, 1, 1), dt.date(2030, 12, 31))


def _values(fact: Fact, as_of: dt.date) -> st.SearchStrategy[Value]:
    """What a submitter may give on a day."""
    match fact.type:
        case "enum":
            return st.sampled_from(sorted(fact.values))
        case "bool":
            return st.booleans()
        case "date":
            last = as_of if fact.past else LAST_DAY
            near = st.dates(dt.date(2018, 1, 1), min(last, dt.date(2032, 1, 1))) if as_of.year > 2018 else st.nothing()
            return near | st.dates(dt.date(1930, 1, 1), last)
        case "text":
            return st.sampled_from(["深圳市", "厦门", "上海", "x"])
    low, high = limits(fact)
    return st.sampled_from([number for number in (*_NUMBERS, high) if low <= number <= high]) | st.integers(low, high)


@st.composite
def cases(draw: st.DrawFn) -> tuple[dt.date, Facts]:
    """A day, and a case of it with all that formulas read, now and then without the other debts."""
    as_of = draw(_DAYS)
    facts = {name: draw(_values(PACK.vocabulary.facts[name], as_of)) for name in _FACTS_OF_FORMULAS}
    if draw(st.booleans()):
        before, later = draw(st.integers(0, 10**9)), draw(st.integers(0, 10**9))
        balance = facts["balance"]
        assert isinstance(balance, int)
        facts |= {"debts_before": before, "debts_total": draw(st.sampled_from([0, before + balance + later]))}
    return as_of, facts


def part(data: st.DataObject, facts: Facts) -> Facts:
    """The case with something unknown. What the application gives it gives at the start."""
    kept = data.draw(st.sets(st.sampled_from(_FACTS_OF_FORMULAS)))
    given_first = ("debts_", "home_")
    told = {
        name: given
        for name, given in facts.items()
        if name in kept or name in _STOOD_IN or name.startswith(given_first)
    }
    if "due_date" in told and "days_overdue" not in told:
        del told["due_date"]  # else the days would be counted from it, and what is given later be another thing
    return told


@given(cases(), st.data())
def test_a_bound_holds_all_that_may_become_of_it_and_never_widens(
    case: tuple[dt.date, Facts], data: st.DataObject
) -> None:
    as_of, facts = case
    formulas = derivation(PACK, as_of)
    more = part(data, facts)
    less = part(data, more)
    states = [formulas.state(each) for each in (less, more, facts)]
    for name in PACK.formulas:
        if PACK.vocabulary.facts[name].derived:
            for wide, narrow in pairwise(states):
                assert _within(narrow[name], wide[name]), (name, narrow[name], wide[name])


def _within(narrow: Reading, wide: Reading) -> bool:
    if wide.__class__ not in BOUNDS:
        return bool(narrow == wide) and type(narrow) is type(wide)
    if narrow is NOTHING:
        return bool(wide.nothing)
    if narrow.__class__ in BOUNDS and narrow.nothing and not wide.nothing:
        return False
    if isinstance(wide, Interval):
        low, high = (narrow.low, narrow.high) if isinstance(narrow, Interval) else (narrow, narrow)
        return bool(wide.low <= low and high <= wide.high)
    values = narrow.values if isinstance(narrow, Choice) else {narrow}
    return bool(wide.values is None or values <= wide.values)


@given(cases(), st.data())
def test_formulas_say_what_the_functions_said_before_them(case: tuple[dt.date, Facts], data: st.DataObject) -> None:
    """Or more: then whatever else becomes known, the functions come to the same or to nothing."""
    as_of, facts = case
    figures = in_force(PACK, as_of)
    told = part(data, facts)
    now, then = derive(PACK, told, as_of).facts, old_derivation.derive(PACK, told, as_of, figures)
    same = then.keys() - _OTHERWISE_SINCE
    assert {name: now.get(name) for name in same} == {name: then[name] for name in same}
    all_told = old_derivation.derive(PACK, facts, as_of, figures)
    for name in now.keys() - then.keys() - _OTHERWISE_SINCE:
        assert all_told.get(name, now[name]) == now[name], name


@given(cases(), st.data())
def test_every_derived_fact_has_its_type_and_fits_the_engines(case: tuple[dt.date, Facts], data: st.DataObject) -> None:
    as_of, facts = case
    known, bounds = derive(PACK, part(data, facts), as_of)
    for name, found in known.items():
        fact = PACK.vocabulary.facts[name]
        if fact.type == "enum":
            assert found in fact.values
        if fact.type in ("int", "money", "rate"):
            assert type(found) is int
            assert abs(found) < ENDLESS
        if fact.type == "bool":
            assert type(found) is bool
    assert known.keys().isdisjoint(bounds)
    for bound in bounds.values():
        if isinstance(bound, Interval):
            assert bound.low is None or bound.high is None or bound.low < bound.high or bound.nothing


def _extremes(fact: Fact) -> st.SearchStrategy[Value]:
    match fact.type:
        case "date":
            return st.sampled_from([dt.date.min, FIRST_DAY, dt.date(2024, 2, 29), LAST_DAY, dt.date.max]) | st.dates()
        case "int" | "money" | "rate":
            return st.sampled_from([-(10**18), -1, 0, 1, 10**18]) | st.integers(-(10**18), 10**18)
        case "text":
            return st.text()
    return _values(fact, TODAY)


@given(
    st.fixed_dictionaries({}, optional={name: _extremes(PACK.vocabulary.facts[name]) for name in _FACTS_OF_FORMULAS}),
    st.sampled_from([dt.date(1987, 1, 1), TODAY, dt.date(2024, 2, 29), LAST_DAY]),
)
def test_no_formula_fails_whatever_it_is_given(facts: Facts, as_of: dt.date) -> None:
    derive(PACK, facts, as_of)
