"""Doubts: what cannot be true of a case, or contradicts itself, comes back with its field named and one sentence."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.facts.case_facts import Facts, Parser
from rules.facts.doubts import RowDoubts, _ByFact, asked_about, columns_in_doubt
from rules.facts.vocabulary import check_vocabulary
from rules.loading.loader import DEFAULT_PACK, load
from rules.pack.files.doubts import Above, ColumnDoubt, Denied, FarDay
from rules.pack.files.schema import Text

VOCABULARY = load(DEFAULT_PACK).vocabulary
TODAY = dt.date(2026, 11, 23)
ENOUGH = {"case_ref": "D-1", "product": "credit_card", "days_overdue": "45", "hardship": "none_stated"}


def read(cells: Mapping[str, Any]) -> tuple[Facts, dict[str, str]]:
    """The facts of a row, and by its field what is wrong with it."""
    facts, errors = Parser(VOCABULARY).parse({**ENOUGH, **cells})
    errors.extend(RowDoubts(VOCABULARY, TODAY).of(facts))
    assert all(error.zh.endswith("。") and error.en.endswith(".") for error in errors)
    return facts, {error.field: error.en for error in errors}


def doubted(**cells: Any) -> dict[str, str]:
    return read(cells)[1]


@pytest.mark.parametrize(
    "cell",
    [
        "1900-01-01",
        "1900/1/1",
        "1900年1月1日",
        "19000101",
        "1899-12-30",
        "1899-12-31",
        "1900-01-00",
        "1904-01-01",
        "1970-01-01",
        "1970-01-01 08:00:00",
        "1970-01-01T00:00:00Z",
        "0001-01-01",
        "0000-00-00",
        "0000-00-00 00:00:00",
        "9999-12-31",
        "2099-12-31",
        dt.date(1970, 1, 1),
        dt.datetime(1899, 12, 30),  # noqa: DTZ001 - as a spreadsheet gives it
        dt.datetime(9999, 12, 31, tzinfo=dt.UTC),
    ],
)
@pytest.mark.parametrize("field", ["due_date", "contract_date", "served_on"])
def test_what_programs_write_for_no_date_is_none(field: str, cell: object) -> None:
    told = doubted(**{field: cell})
    assert "what programs write where there is no date" in told[field]


@pytest.mark.parametrize(
    ("field", "cell", "told"),
    [
        ("annual_rate_percent", "0.36", "below one percent"),
        ("annual_rate_percent", 0.36, "below one percent"),
        ("annual_rate_percent", "0.05%", "below one percent"),
        ("annual_rate_percent", "0.0525", "below one percent"),
        ("annual_rate_percent", 0.0525, "below one percent"),
        ("annual_rate_percent", "5‰", "of a month"),
        ("annual_rate_percent", "1800%", "too high for an annual rate"),
        ("balance", "9999999", "looks like a placeholder"),
        ("balance", "99999999.99", "looks like a placeholder"),
        ("balance", "200000000", "a hundred million yuan"),
        ("income_monthly", "5000000", "three million yuan a month"),
        ("days_overdue", "9999", "looks like a placeholder"),
        ("age", "126", "is impossible"),
        ("age", "3", "is impossible"),
        ("age", "0", "not an age"),
    ],
)
def test_a_number_that_cannot_be_in_the_unit_of_its_fact_comes_back(field: str, cell: object, told: str) -> None:
    assert told in doubted(**{field: cell})[field]


@pytest.mark.parametrize(
    ("field", "cell"),
    [
        ("annual_rate_percent", "0"),
        ("annual_rate_percent", "1"),
        ("annual_rate_percent", "0.36%/年"),
        ("annual_rate_percent", "0.5% p.a."),
        ("annual_rate_percent", "年化0.5%"),
        ("annual_rate_percent", "1200%/年"),
        ("balance", "9999"),
        ("balance", "100000000"),
        ("age", "110"),
        ("due_date", "2026-10-09"),
        ("contract_date", "2000-01-01"),
    ],
)
def test_what_can_be_is_taken(field: str, cell: object) -> None:
    assert doubted(**{field: cell}) == {}


@pytest.mark.parametrize(
    ("cells", "field", "named"),
    [
        ({"days_overdue": "45", "due_date": "2028-01-01"}, "days_overdue", "2028-01-01"),
        ({"days_overdue": "0", "due_date": "2020-01-01"}, "days_overdue", "2020-01-01"),
        ({"days_overdue": "45", "due_date": "2026-09-30"}, "days_overdue", "54 days"),
        ({"days_overdue": "45", "due_date": "1960-01-01"}, "due_date", "50 years ago"),
        ({"days_overdue": "0", "due_date": "2085-01-01"}, "due_date", "45 years ahead"),
        ({"contract_date": "2026-10-10", "due_date": "2026-10-09"}, "due_date", "2026-10-10"),
        ({"contract_date": "2024-01-02", "served_on": "2024-01-01"}, "served_on", "2024-01-02"),
        ({"contract_date": "2024-01-02", "repaid_on": "2023-01-01"}, "repaid_on", "2024-01-02"),
        ({"due_date": "2026-10-09", "last_due_date": "2026-10-08"}, "last_due_date", "2026-10-09"),
        ({"principal": "50000", "balance": "12000"}, "principal", "¥12,000.00"),
        ({"principal": "8000", "interest_fees": "5000", "balance": "10000"}, "balance", "¥5,000.00"),
        ({"principal": "8000", "interest_fees": "100", "balance": "20000"}, "balance", "¥8,000.00"),
        ({"monthly_due": "3000", "balance": "12"}, "monthly_due", "¥12.00"),
        ({"age": "20", "contract_date": "2010-01-01"}, "age", "2010-01-01"),
        ({"days_overdue": "45", "contract_date": "2026-11-13"}, "days_overdue", "the 10 days"),
        ({"interest_fees": "20000", "balance": "12000"}, "interest_fees", "¥12,000.00"),
        ({"age": "45", "id_number": "110101199003071234"}, "age", "36"),
        ({"age": "45", "id_number": "110101900307123"}, "age", "36"),
    ],
)
def test_two_that_contradict_each_other_come_back_with_both_named(
    cells: dict[str, str], field: str, named: str
) -> None:
    told = doubted(**cells)
    assert named in told[field]


@pytest.mark.parametrize(
    "cells",
    [
        {"days_overdue": "45", "due_date": "2026-10-09"},
        {"days_overdue": "45", "due_date": "2026-10-02"},
        {"days_overdue": "38", "due_date": "2026-10-09"},
        {"days_overdue": "0", "due_date": "2026-12-09"},
        {"contract_date": "2026-10-09", "due_date": "2026-10-09"},
        {"principal": "12000", "interest_fees": "0", "balance": "12000"},
        {"principal": "48000", "interest_fees": "2500", "balance": "50000"},  # as people round them
        {"principal": "12000", "balance": "12000"},
        {"principal": "690", "balance": "600"},
        {"principal": "20000", "balance": "0"},  # paid
        {"monthly_due": "500", "balance": "400"},
        {"age": "20", "contract_date": "2020-01-01"},
        {"days_overdue": "45", "contract_date": "2026-10-09"},
        {"days_overdue": "45", "contract_date": "2026-10-12"},
        {"interest_fees": "12000", "balance": "12000"},
        {"legal_stage": "律师函", "served_on": "2026-11-01"},
        {"legal_stage": "无"},
        {"accelerated": "是", "accelerated_on": "2026-11-01"},
        {"accelerated": "否"},
        {"age": "36", "id_number": "110101199003071234"},
        {"age": "37", "id_number": "110101199003071234"},  # as people count in China
        {"age": "45", "id_number": "M1234567"},
        {"repaid_on": "2026-11-01", "balance": "12000"},  # of the arrears, not of the debt
    ],
)
def test_what_fits_together_is_taken(cells: dict[str, str]) -> None:
    assert doubted(**cells) == {}


def test_no_sentence_repeats_an_id_number() -> None:
    told = doubted(age="45", id_number="110101199003071234")
    assert "110101" not in told["age"]


def test_without_a_day_of_triage_only_what_does_not_hang_on_it_is_doubted() -> None:
    facts, _ = read({"days_overdue": "0", "due_date": "2020-01-01", "contract_date": "2021-01-01"})
    assert [error.field for error in RowDoubts(VOCABULARY, None).of(facts)] == ["due_date"]


def test_of_a_correction_only_what_it_touches_is_doubted() -> None:
    facts, _ = read({"days_overdue": "0", "due_date": "2020-01-01", "principal": "9000", "balance": "1000"})
    doubts = RowDoubts(VOCABULARY, TODAY)
    assert [error.field for error in doubts.of(facts, among=("principal",))] == ["principal"]
    assert [error.field for error in doubts.of(facts, among=("due_date",))] == ["days_overdue"]
    assert list(doubts.of(facts, among=("notes",))) == []


def column(fact: str, *numbers: str, **beside: str) -> bool:
    rows = [Parser(VOCABULARY).parse({**ENOUGH, fact: each, **beside})[0] for each in numbers]
    return fact in columns_in_doubt(VOCABULARY, rows)


def test_income_of_a_year_shows_in_a_column() -> None:
    yearly, monthly = ("60000", "84000", "120000", "0"), ("3000", "4200", "10000", "0")
    assert column("income_monthly", *yearly, essential_outgoings="2500")
    assert column("income_monthly", *yearly)
    assert not column("income_monthly", *monthly, essential_outgoings="2500")
    assert not column("income_monthly", *monthly)
    assert not column("income_monthly", *yearly, monthly_due="12000")
    assert not column("income_monthly", *yearly[:2])  # too few to tell
    assert column("income_monthly", *yearly, "3000")  # a few are of a month
    assert not column("income_monthly", *monthly, "60000", "70000")


def test_amounts_in_ten_thousands_show_in_a_column() -> None:
    assert column("balance", "12", "3.5", "8", "0")
    assert column("balance", "120", "35.5", "80", monthly_due="3000")
    assert column("balance", "5.2", "12.8", "150")  # some are large
    assert column("balance", "12", "3.5", "8", monthly_due="0.3")  # the others are in the same unit
    assert not column("balance", "120", "350", "80")
    assert not column("balance", "12000", "35", "80", "9000", "7000")
    assert not column("balance", "12000", "3500", "8000", monthly_due="3000")


def test_a_column_whose_unit_somebody_has_said_is_not_doubted() -> None:
    rows = [Parser(VOCABULARY).parse({**ENOUGH, "income_monthly": "60000"})[0]] * 3
    assert columns_in_doubt(VOCABULARY, rows).keys() == {"income_monthly"}
    assert columns_in_doubt(VOCABULARY, rows, {"income_monthly"}) == {}


def test_a_unit_that_cannot_be_is_doubted_though_somebody_has_said_it() -> None:
    def of(*numbers: str) -> set[str]:
        rows = [Parser(VOCABULARY).parse({**ENOUGH, "balance": each})[0] for each in numbers]
        return set(columns_in_doubt(VOCABULARY, rows, {"balance"}))

    assert of("50000000", "80000000", "300000") == {"balance"}
    assert of("500000", "80000", "30000000") == of("12", "3", "5") == set()


def test_every_doubt_of_a_column_says_what_to_do() -> None:
    for doubt in VOCABULARY.doubts.values():
        if isinstance(doubt, ColumnDoubt):
            assert "{field}" in doubt.text.zh
            assert "header" in doubt.text.en or "call the column" in doubt.text.en


@pytest.mark.parametrize(
    ("cells", "asked"),
    [
        ({"legal_stage": "无", "hearing_date": "2026-12-20"}, {"legal_stage"}),
        ({"legal_stage": "无", "served_on": "2026-11-01"}, {"legal_stage"}),
        ({"accelerated": "否", "accelerated_on": "2026-11-01"}, {"accelerated"}),
        ({"prior_request": "无", "prior_request_on": "2026-11-01"}, {"prior_request"}),
        ({"age": "20", "social_insurance_years_local": "30"}, {"social_insurance_years_local"}),
        ({"income_monthly": "96000"}, {"income_monthly"}),
        ({"income_monthly": "0.8"}, {"income_monthly"}),
        ({"balance": "1.2", "principal": "1.1"}, {"balance", "principal"}),
        ({"balance": "9.99"}, {"balance"}),
        ({"balance": "10", "principal": "0", "income_monthly": "10"}, set()),
        ({"income_monthly": "45000", "essential_outgoings": "2000"}, {"income_monthly"}),
        ({"essential_outgoings": "60000", "income_monthly": "6000"}, {"essential_outgoings"}),
        ({"essential_outgoings": "30000", "income_monthly": "2000"}, {"essential_outgoings"}),
        ({"income_monthly": "20000", "essential_outgoings": "2000"}, set()),
        ({"income_monthly": "0", "essential_outgoings": "3000"}, set()),
        ({"legal_stage": "无", "prior_request": "无", "accelerated": "否"}, set()),
    ],
)
def test_what_may_be_wrong_and_harms_nobody_while_it_is_not_known_is_asked_for(
    cells: dict[str, str], asked: set[str]
) -> None:
    facts, told = read(cells)
    assert told == {}
    assert RowDoubts(VOCABULARY, TODAY).to_ask(facts).keys() == asked


def test_a_doubt_asks_only_for_what_can_be_left_out_and_is_named_among_what_is_given() -> None:
    text = Text(zh="{field}。", en="{field} {value}.")

    def faults(name: str, fact: str) -> str:
        doubt = Above(kind="above", fact=fact, above=1, asks=True, text=text)
        return " ".join(check_vocabulary(VOCABULARY.model_copy(update={"doubts": {name: doubt}})))

    told = faults("new", "days_overdue")
    assert "is required" in told
    assert "has to name new" in told
    assert "knows no {value}" in told
    assert "required" not in faults("income_very_high", "income_monthly")
    assert "has no question" in faults("income_very_high", "borrower_ref")


def test_the_tests_of_rules_may_say_anything() -> None:
    facts, errors = Parser(VOCABULARY, rule_test=True).parse({"annual_rate_percent": "0.5", "served_on": "1970-01-01"})
    assert errors == []
    assert len(facts) == 2


def test_what_is_denied_is_a_value_of_its_fact() -> None:
    text = Text(zh="{field}。", en="{field}.")
    held = {"legal_stage": "none", "accelerated": False}
    wrong = {"legal_stage": "nothing", "accelerated": "no"}
    for values, told in ((held, []), (wrong, list(wrong))):
        doubts = {
            fact: Denied(kind="denied", fact=fact, value=value, by=("days_overdue",), text=text)
            for fact, value in values.items()
        }
        faults = check_vocabulary(VOCABULARY.model_copy(update={"doubts": doubts}))
        assert [fault.split(".")[1] for fault in faults] == told


def test_what_was_in_doubt_is_asked_about_while_it_is_unknown_and_known_to_the_policy() -> None:
    given: Facts = {"in_doubt": ("income_very_high", "of_another_policy")}
    assert set(asked_about(VOCABULARY, given)) == {"income_monthly"}
    assert asked_about(VOCABULARY, {**given, "income_monthly": 500_000}) == {}
    assert asked_about(VOCABULARY, {}) == {}


def test_a_doubt_that_asks_needs_no_other_facts() -> None:
    assert RowDoubts(VOCABULARY, TODAY).to_ask({"income_monthly": 10**10}) == {"income_monthly": "income_very_high"}


@pytest.mark.parametrize(("days", "far"), [(-366, True), (-365, False), (365, False), (366, True)])
def test_a_day_is_far_once_it_is_more_years_away(days: int, far: bool) -> None:
    text = Text(zh="太远。", en="Too far.")
    doubt = FarDay(kind="far_day", facts=("served_on",), years_before=1, years_after=1, text=text)
    doubts = RowDoubts(VOCABULARY.model_copy(update={"doubts": {"far": doubt}}), TODAY)
    assert bool([*doubts.of({"served_on": TODAY + dt.timedelta(days=days)})]) is far


def test_what_cannot_be_read_is_told_as_such_and_in_no_doubt() -> None:
    told = doubted(due_date="soon", annual_rate_percent="0元")
    assert "soon" in told["due_date"]
    assert "an amount of money" in told["annual_rate_percent"]


@given(st.lists(st.frozensets(st.sampled_from("abcd"))), st.frozensets(st.sampled_from("abcde")))
def test_a_row_is_held_to_all_that_needs_no_other_facts_in_their_order(
    needs: list[frozenset[str]], known: frozenset[str]
) -> None:
    found = _ByFact(list(enumerate(needs))).of(dict.fromkeys(sorted(known), 1))
    assert list(found) == [at for at, needed in enumerate(needs) if needed <= known]
