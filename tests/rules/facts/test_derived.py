"""Derived facts follow from what is known, stay out where it is not enough, and never change when more is told."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.facts.case_facts import Facts
from rules.facts.cells import Value
from rules.facts.derived import FORMULAS, GIVEN, derive
from rules.pack.parameters import in_force
from rules.pack.schema import Fact
from tests.support.derivation import PACK, READ, TODAY, derived, value


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


def test_without_a_figure_in_force_what_needs_it_is_unknown() -> None:
    facts, _ = READ.parse({"income_monthly": 9000, "essential_outgoings": 1, "priority_payments": 1, "age": 17})
    known = derive(PACK, facts, TODAY, {})
    assert known["no_income"] is False
    assert not {"capacity", "minor"} & set(known)


def _values(name: str, fact: Fact) -> st.SearchStrategy[Value]:
    match fact.type:
        case "enum":
            return st.sampled_from(sorted(fact.values))
        case "bool":
            return st.booleans()
        case "date":
            return st.dates(dt.date(2018, 1, 1), dt.date(2028, 12, 31)) | st.dates(
                dt.date(1900, 1, 1), dt.date(2100, 1, 1)
            )
        case "list":
            return st.sets(st.sampled_from(sorted(fact.values))).map(lambda values: tuple(sorted(values)))
        case "text":
            return st.sampled_from(["深圳市", "厦门", "上海", "x"])
    return st.sampled_from([0, 1, 15, 16, 17, 18, 30, 90, 900, 1095, 1096, 1097, 2400, 10_000]) | st.integers(0, 10**14)


_INPUTS = sorted({name for formula in FORMULAS.values() for name in formula.inputs if name not in FORMULAS})
_FACTS = st.fixed_dictionaries({}, optional={name: _values(name, PACK.vocabulary.facts[name]) for name in _INPUTS})
_DAYS = st.dates(dt.date(2015, 1, 1), dt.date(2030, 12, 31))


@given(_FACTS, _FACTS, _DAYS)
def test_what_follows_is_never_taken_back_when_more_becomes_known(some: Facts, more: Facts, as_of: dt.date) -> None:
    values = in_force(PACK, as_of)
    before = derive(PACK, some, as_of, values)
    more = {name: given for name, given in more.items() if name not in GIVEN}  # the application gives it at the start
    if "days_overdue" in before:  # counted from the due date: it is known, and nothing else can be told of it
        more = {name: given for name, given in more.items() if name != "days_overdue"}
    after = derive(PACK, {**more, **some}, as_of, values)
    assert {name: after.get(name) for name in before} == before


@given(_FACTS, _DAYS)
def test_every_derived_fact_has_its_type_and_fits_the_engines(facts: Facts, as_of: dt.date) -> None:
    for name, found in derive(PACK, facts, as_of, in_force(PACK, as_of)).items():
        fact = PACK.vocabulary.facts[name]
        if fact.type == "enum":
            assert found in fact.values
        if fact.type in ("int", "money", "rate"):
            assert type(found) is int
            assert abs(found) < 2**62
        if fact.type == "bool":
            assert type(found) is bool


@given(_FACTS, _FACTS, _DAYS)
def test_a_derived_fact_depends_on_nothing_but_its_inputs(facts: Facts, others: Facts, as_of: dt.date) -> None:
    values = in_force(PACK, as_of)
    known = derive(PACK, facts, as_of, values)
    for name, formula in FORMULAS.items():
        inputs = {each: known[each] for each in formula.inputs if each in known}
        rest = {each: given for each, given in others.items() if each not in formula.inputs and each != "due_date"}
        if not any(each in FORMULAS for each in formula.inputs):
            assert derive(PACK, {**rest, **inputs}, as_of, values).get(name) == known.get(name)
