"""Packs from before formulas: their facts are derived as the functions of their time did, to the last blank."""

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rules.facts.case_facts import Facts
from rules.formulas.derivation import derive
from rules.formulas.loader import load_formulas
from rules.pack.files.derived_facts import DerivedFact
from rules.pack.pack import Pack
from rules.pack.parameters import in_force
from rules.pack.past.past_formulas import formulas, with_formulas
from tests.rules.formulas.test_derivation import cases, part
from tests.support.old import old_derivation
from tests.support.packs.derivation import PACK


def _past() -> Pack:
    """The pack, with the formulas of the past in place of its own."""
    entries = {
        name: (each.path, each.entry.model_copy(update={"formula": formulas()[name]}))
        for name, each in PACK.formulas.items()
        if name in formulas()  # the others are younger
    }
    errors: list[str] = []
    loaded = load_formulas(entries, PACK.vocabulary.facts, PACK.parameters, errors)
    assert errors == []
    return replace(PACK, formulas=loaded, form=3)


PAST = _past()
# The day from which all figures of the pack are in force.
IN_FORCE = max(min(value.valid_from for value in PACK.parameters[name].values) for name in PACK.parameters)


@given(cases(), st.data())
def test_they_say_what_the_functions_said_and_no_more(case: tuple[dt.date, Facts], data: st.DataObject) -> None:
    as_of, facts = case
    as_of = max(as_of, IN_FORCE)  # before it, functions waited for figures that the answer does not hang on
    served = facts.get("served_on")
    assume(not isinstance(served, dt.date) or served <= dt.date(2100, 11, 30))  # the calendar ends with that year
    told = part(data, facts)
    known, bounds = derive(PAST, told, as_of)
    assert known == old_derivation.derive(PACK, told, as_of, in_force(PACK, as_of))
    assert bounds == {}  # decisions of those packs were made without


@pytest.mark.parametrize(
    ("told", "capacity"),
    [
        ({"income_monthly": 1}, None),  # whatever the outgoings are nothing is left, but nobody had said so then
        ({"income_monthly": 0}, 0),
        ({"income_monthly": 20, "essential_outgoings": 19}, None),
        ({"income_monthly": 20, "essential_outgoings": 20}, 0),
        ({"income_monthly": 20, "essential_outgoings": 20, "priority_payments": 0}, 0),
        ({"income_monthly": 20, "essential_outgoings": 19, "priority_payments": 0}, 0),
        ({"income_monthly": 20, "essential_outgoings": 18, "priority_payments": 0}, 1),
        ({"essential_outgoings": 20}, None),
    ],
)
def test_what_the_functions_waited_for_is_waited_for(told: Facts, capacity: int | None) -> None:
    known, _ = derive(PAST, told, IN_FORCE)
    assert known.get("capacity") == capacity
    assert old_derivation.derive(PACK, told, IN_FORCE, in_force(PACK, IN_FORCE)).get("capacity") == capacity


@pytest.mark.parametrize(
    ("balance", "other", "months"),
    [(0, None, None), (1, None, None), (0, 0, 0), (1, 0, 1)],
)
def test_months_wait_for_a_capacity_that_is_known(balance: int, other: int | None, months: int | None) -> None:
    told: Facts = {"income_monthly": 99_999_999_999_999, "essential_outgoings": 0, "priority_payments": 0}
    told |= {"monthly_due": 15, "balance": balance}  # whatever the other debts take, some of the capacity is left
    told |= {} if other is None else {"other_debt_payments": other}
    known, _ = derive(PAST, told, IN_FORCE)
    assert known.get("months_to_clear") == months
    assert old_derivation.derive(PACK, told, IN_FORCE, in_force(PACK, IN_FORCE)).get("months_to_clear") == months


@pytest.mark.parametrize(("as_of", "critical"), [(dt.date(2026, 1, 1), False), (dt.date(2025, 12, 31), None)])
def test_a_clock_that_is_over_is_not_called_uncritical_before_the_figure(as_of: dt.date, critical: bool | None) -> None:
    told: Facts = {"legal_stage": "payment_order", "served_on": dt.date(2025, 12, 1)}
    assert derive(PAST, told, as_of).facts.get("clock_critical") is critical
    assert old_derivation.derive(PACK, told, as_of, in_force(PACK, as_of)).get("clock_critical") is critical


def test_a_pack_of_form_3_gets_its_formulas_as_files() -> None:
    facts = {
        "age": {"type": "int", "title": {"zh": "年龄", "en": "Age"}},
        "days_overdue": {"type": "int", "title": {"zh": "逾期", "en": "Days overdue"}},
        "due_date": {"type": "date", "title": {"zh": "到期日", "en": "Due date"}},
        "minor": {"type": "bool", "title": {"zh": "未成年", "en": "Minor"}, "derived": True, "inputs": ["age"]},
        "months_to_clear": {
            "type": "int",
            "title": {"zh": "期数", "en": "Months"},
            "derived": True,
            "formula": "months_by_whole_capacity",
        },
        "note_flags": {"type": "list", "title": {"zh": "警示", "en": "Flags"}, "derived": True},
    }
    now = with_formulas({"facts.yaml": {"facts": facts, "pairs": []}, "references.yaml": {}})
    assert now["facts.yaml"]["facts"]["age"]["unit"] == "years"
    assert now["facts.yaml"]["facts"]["note_flags"]["given"] is True
    assert now["facts.yaml"]["facts"].keys() == {"age", "days_overdue", "due_date", "note_flags"}
    files = {path: DerivedFact.model_validate(now[path]) for path in now if path.startswith("facts/")}
    assert {path.removeprefix("facts/derived/") for path in files} == {
        "minor.yaml",
        "months_to_clear.yaml",
        "days_overdue.yaml",
    }
    assert files["facts/derived/months_to_clear.yaml"].unit == "months"
    assert files["facts/derived/months_to_clear.yaml"].formula == formulas()["months_by_whole_capacity"]
    assert files["facts/derived/days_overdue.yaml"].type is None
