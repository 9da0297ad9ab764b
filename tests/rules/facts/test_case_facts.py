"""Rows become typed facts and sentences about what is wrong; facts go to JSON and to people and come back."""

import datetime as dt
import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.facts.case_facts import (
    Facts,
    FieldError,
    Parser,
    _Remembering,
    display,
    missing,
    number,
    read_facts,
    reader,
    stored_facts,
)
from rules.facts.cells import Value
from rules.pack.files.schema import Fact, FactType, FactValue, Text, Vocabulary
from tests.support.packs.tiny_pack import tiny

TODAY = dt.date(2026, 11, 23)
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


REQUIRED = Vocabulary(
    facts={
        "name": Fact(type="text", title=Text(zh="名", en="Name"), question=Text(zh="?", en="?"), required=True),
        "age": Fact(type="int", title=Text(zh="龄", en="Age"), required_unless="born", question=Text(zh="?", en="?")),
        "born": Fact(type="date", title=Text(zh="生", en="Born"), question=Text(zh="?", en="?")),
        "note": Fact(type="text", title=Text(zh="记", en="Note")),
        "sum": Fact(type="int", title=Text(zh="和", en="Sum"), derived=True, question=Text(zh="?", en="?")),
        "kind": Fact(
            type="enum", title=Text(zh="类", en="Kind"), values={"a": FactValue(zh="甲", en="A")}, required=True
        ),
    }
)


def _fields(rule_test: bool = False, **row: object) -> list[str]:
    return [error.field for error in Parser(REQUIRED, rule_test=rule_test).parse(row)[1]]


def test_each_required_fact_is_missed_by_itself_and_none_in_a_rule_s_test() -> None:
    assert _fields(name="x", age=3, kind="a") == []
    assert _fields() == ["name", "age", "kind"]
    assert _fields(name="x", kind="a") == ["age"]
    assert _fields(name="x", kind="a", born="2000-01-01") == []
    assert _fields(age=0, kind="a") == ["name"]
    assert _fields(rule_test=True) == []


def test_a_fact_given_wrongly_is_refused_once_and_the_others_are_still_missed() -> None:
    assert _fields(age="x", kind="b") == ["age", "kind", "name"]
    assert _fields(born="x") == ["born", "name", "kind"]
    assert _fields(name="x", kind="b", born="x") == ["kind", "born"]


def test_what_is_blank_or_unknown_does_not_keep_the_next_from_being_read() -> None:
    row = {"note": None, "favourite": "blue", "kind": "", "born": "-", "age": "3", "name": "x"}
    facts, errors = Parser(REQUIRED).parse(row)
    assert facts == {"age": 3, "name": "x"}
    assert [error.en for error in errors] == ["Kind is missing; fill it in."]


def test_the_same_cell_is_read_the_same_whatever_came_before_it() -> None:
    parser = Parser(REQUIRED)
    for _ in range(2):
        assert parser.parse({"age": "7", "born": "2000-01-01", "name": "7", "kind": "甲"})[0] == {
            "age": 7,
            "born": dt.date(2000, 1, 1),
            "name": "7",
            "kind": "a",
        }
        assert [parser.parse({"age": cell})[0].get("age") for cell in ("1", 1.0, "1.0", "-", True)] == [
            1,
            1,
            1,
            None,
            None,
        ]
        assert [error.field for error in parser.parse({"name": "x", "kind": "a", "age": "many"})[1]] == ["age"]
    for age in range(3_000):  # more than are kept
        assert parser.parse({"age": str(age)})[0] == {"age": age}
    assert parser.parse({"age": "2999"})[0] == {"age": 2_999}


def test_the_short_cells_of_a_column_are_read_once_and_only_so_many_are_kept() -> None:
    reads: list[object] = []

    def read(cell: object) -> Value:
        reads.append(cell)
        return str(cell)

    remember = _Remembering(read)
    for cell, times in (("x" * 40, 1), ("x" * 41, 2), (7, 2), ("7", 1), (None, 2)):
        reads.clear()
        assert [remember(cell), remember(cell)] == [str(cell)] * 2
        assert len(reads) == times, cell
    for nth in range(1_998):  # two are kept already
        remember(f"no. {nth}")
    reads.clear()
    for cell in ("no. 0", "no. 1997", "one more", "one more", "7"):
        assert remember(cell) == cell
    assert reads == ["one more", "one more"]


def test_facts_that_are_not_of_the_vocabulary_are_left_out_where_that_is_allowed() -> None:
    data = {"colour": "blue", "age": 7, "sum": "3", "born": "2000-01-01", "name": 5, "kind": "a", "note": "n"}
    known = {"age": 7, "born": dt.date(2000, 1, 1), "kind": "a", "note": "n"}
    assert read_facts(REQUIRED, data, lenient=True) == known
    for name in ("colour", "sum", "name"):
        with pytest.raises(ValueError, match=f"{name}: not a fact of this pack"):
            read_facts(REQUIRED, {"age": 7, name: data[name]})


def test_a_value_that_the_vocabulary_has_no_label_for_is_shown_as_it_is() -> None:
    assert display(REQUIRED, "kind", "gone", "en") == "gone"
    assert display(REQUIRED, "kind", "a", "zh") == "甲"


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("monthly_due", 0, "¥0.00"),
        ("monthly_due", 1, "¥0.01"),
        ("monthly_due", 100, "¥1.00"),
        ("monthly_due", 123_456_789, "¥1,234,567.89"),
        ("monthly_due", -120_050, "-¥1,200.50"),
        ("annual_rate_percent", 0, "0.00%"),
        ("annual_rate_percent", 5, "0.05%"),
        ("annual_rate_percent", 100, "1.00%"),
        ("annual_rate_percent", -1825, "-18.25%"),
        ("annual_rate_percent", 123_456, "1234.56%"),
    ],
)
def test_amounts_and_rates_are_shown_around_nothing_and_around_one(name: str, value: int, shown: str) -> None:
    assert display(VOCABULARY, name, value, "en") == shown


def test_what_can_be_asked_comes_in_the_vocabulary_s_order_and_is_neither_known_nor_derived() -> None:
    assert missing(REQUIRED, {}) == ("name", "age", "born")
    assert missing(REQUIRED, {"age": 0}) == ("name", "born")
    assert missing(REQUIRED, {"name": "x", "age": 3, "born": TODAY}) == ()


def test_a_number_is_a_number_and_nothing_else_is() -> None:
    facts: Facts = {"age": 7, "none": 0, "note": "7", "born": TODAY}
    assert [number(facts, name) for name in ("age", "none", "note", "born", "gone")] == [7, 0, None, None, None]
