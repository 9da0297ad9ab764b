"""Rows become typed facts and sentences about what is wrong; facts go to JSON and to people and come back."""

import datetime as dt
import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.facts.case_facts import Facts, FieldError, Parser, display, missing, read_facts, reader, stored_facts
from rules.facts.cells import Value
from rules.pack.schema import Fact, FactType, Vocabulary
from tests.support.tiny_pack import tiny

VOCABULARY = tiny().vocabulary
PARSER = Parser(VOCABULARY)
WHOLE = {"case_ref": "A1", "product": "mortgage", "days_overdue": "3"}


def test_a_refusal_is_one_short_sentence_in_both_languages() -> None:
    _, (error,) = PARSER.parse({**WHOLE, "monthly_due": "lots\nof\tmoney " + "x" * 180})
    assert error.zh == "月供“lots of money xxxxxxxxxxxxxxxx…”不是金额，请填 12000.50 这样的数字（单位：元）。"
    assert error.en == 'Monthly due: "lots of money xxxxxxxxxxxxxxxx…" is not an amount; write yuan like 12000.50.'


def test_a_required_fact_is_asked_for() -> None:
    _, errors = PARSER.parse({"days_overdue": 3, "case_ref": "-"})
    assert [error.field for error in errors] == ["case_ref", "product"]
    assert errors[0] == FieldError("case_ref", "缺少案号，请填写。", "Case is missing; fill it in.")


def test_one_of_two_facts_is_enough() -> None:
    row = {"case_ref": "A1", "product": "mortgage"}
    assert PARSER.parse({**row, "due_date": "2026-01-01"})[1] == []
    _, (error,) = PARSER.parse(row)
    assert error.en == "Days overdue is missing; fill in Days overdue or Due date."


def test_a_wrong_cell_is_not_called_missing_too() -> None:
    _, errors = PARSER.parse({"case_ref": "A1", "product": "x", "due_date": "soon"})
    assert [error.field for error in errors] == ["product", "due_date"]


def test_good_cells_of_a_bad_row_are_still_read() -> None:
    facts, errors = PARSER.parse({**WHOLE, "monthly_due": "lots"})
    assert facts == {"case_ref": "A1", "product": "mortgage", "days_overdue": 3}
    assert len(errors) == 1


def test_derived_facts_cannot_be_submitted_but_rule_tests_name_them() -> None:
    assert "capacity" not in PARSER.parse({**WHOLE, "capacity": "900"})[0]
    facts, errors = Parser(VOCABULARY, rule_test=True).parse({"capacity": 900, "note_flags": ["scam"]})
    assert (facts, errors) == ({"capacity": 90_000, "note_flags": ("scam",)}, [])


def test_columns_that_are_no_facts_are_passed_over() -> None:
    assert PARSER.parse({**WHOLE, "favourite colour": "blue"})[1] == []


def test_missing_facts_are_those_a_person_can_be_asked_for() -> None:
    absent = missing(VOCABULARY, {"product": "mortgage", "days_overdue": 3})
    assert "hardship" in absent
    assert not {"product", "name", "capacity"} & set(absent)


@pytest.mark.parametrize(
    ("name", "value", "zh", "en"),
    [
        ("monthly_due", 120_000, "¥1,200.00", "¥1,200.00"),
        ("capacity", -5, "-¥0.05", "-¥0.05"),
        ("annual_rate_percent", 1825, "18.25%", "18.25%"),
        ("product", "credit_card", "信用卡", "Credit card"),
        ("debt_disputed", True, "是", "yes"),
        ("debt_disputed", False, "否", "no"),
        ("collection_violations", ("hours", "visit"), "时间、上门", "Hours, Visit"),
        ("collection_violations", (), "无", "none"),
        ("served_on", dt.date(2026, 2, 3), "2026-02-03", "2026-02-03"),
        ("days_overdue", 1095, "1095", "1095"),
        ("case_ref", "A1", "A1", "A1"),
    ],
)
def test_a_value_is_shown_as_people_write_it(name: str, value: Value, zh: str, en: str) -> None:
    assert (display(VOCABULARY, name, value, "zh"), display(VOCABULARY, name, value, "en")) == (zh, en)


def test_facts_of_another_vocabulary_are_not_read_back() -> None:
    with pytest.raises(ValueError, match="colour: not a fact of this pack"):
        read_facts(VOCABULARY, {"colour": "blue"})
    with pytest.raises(ValueError, match="days_overdue: not a fact of this pack, or of another type"):
        read_facts(VOCABULARY, {"days_overdue": True})


def _values(name: str, fact: Fact) -> st.SearchStrategy[Value]:
    kinds: dict[FactType, st.SearchStrategy[Value]] = {
        "text": st.text(min_size=1, max_size=20).map(str.strip).filter(lambda text: reader(fact)(text) == text),
        "enum": st.sampled_from(sorted(fact.values) or ["-"]),
        "bool": st.booleans(),
        "int": st.integers(0, 36500),
        "money": st.integers(0, 99_999_999_999_999),
        "rate": st.integers(0, 9_999_999),
        "date": st.dates(dt.date(1900, 1, 1), dt.date(2100, 12, 31)),
        "list": st.sets(st.sampled_from(sorted(fact.values) or ["-"])).map(lambda values: tuple(sorted(values))),
    }
    return kinds[fact.type]


_SUBMITTED = {name: fact for name, fact in VOCABULARY.facts.items() if not fact.derived and fact.type != "text"}
_FACTS: st.SearchStrategy[Facts] = st.fixed_dictionaries(
    {"case_ref": st.text("甲abc123", min_size=1, max_size=9)},
    optional={name: _values(name, fact) for name, fact in _SUBMITTED.items()},
)


@given(_FACTS)
def test_facts_come_back_from_json_exactly(facts: Facts) -> None:
    assert read_facts(VOCABULARY, json.loads(stored_facts(facts))) == facts


@given(_FACTS, st.sampled_from(["zh", "en"]))
def test_what_is_shown_can_be_submitted_again(facts: Facts, language: str) -> None:
    cells = {
        name: display(VOCABULARY, name, value, "zh" if language == "zh" else "en") for name, value in facts.items()
    }
    again, errors = Parser(VOCABULARY, rule_test=True).parse(cells)
    assert (again, errors) == (facts, [])


@given(_FACTS)
def test_facts_as_json_can_be_submitted_again(facts: Facts) -> None:
    """Apart from money and rates, whose JSON is in fen and basis points."""
    cells = {
        name: Decimal(value).scaleb(-2) if isinstance(value, int) and VOCABULARY.facts[name].type in _MONEY else value
        for name, value in json.loads(stored_facts(facts)).items()
    }
    assert Parser(VOCABULARY, rule_test=True).parse(cells)[0] == facts


_MONEY = ("money", "rate")
_NASTY = st.text("0123456789.,-+eE万元¥%天年月日/:TZ \t\n无none;、\0\ud800信用卡", max_size=30)
_CELLS = (
    _NASTY
    | st.text(max_size=40)
    | st.integers()
    | st.floats()
    | st.decimals()
    | st.booleans()
    | st.dates()
    | st.datetimes()
    | st.lists(st.text(max_size=5) | st.none(), max_size=3)
    | st.dictionaries(st.text(max_size=3), st.integers(), max_size=2)
    | st.binary(max_size=5)
)


@settings(max_examples=500)
@given(st.fixed_dictionaries(dict.fromkeys(VOCABULARY.facts, _CELLS)))
def test_no_cell_ever_raises_and_every_fact_is_of_its_type(cells: dict[str, object]) -> None:
    facts, errors = Parser(VOCABULARY, rule_test=True).parse(cells)
    assert not {error.field for error in errors} & set(facts)
    assert read_facts(VOCABULARY, json.loads(stored_facts(facts))) == facts
    for error in errors:
        assert "\n" not in error.zh + error.en
        error.en.encode()


def test_a_vocabulary_without_facts_reads_nothing() -> None:
    assert Parser(Vocabulary(facts={})).parse({"a": "b"}) == ({}, [])
