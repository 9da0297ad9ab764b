"""Cells are read where they cannot be misread, and refused with what to do where they could."""

import datetime as dt
from decimal import Decimal

import pytest

from rules.facts.case_facts import FieldError, Parser, reader
from rules.facts.cells import Value, fold
from rules.pack.files.schema import Fact, FactValue, Text
from tests.support.packs.tiny_pack import tiny

PARSER = Parser(tiny().vocabulary)
WHOLE = {"case_ref": "A1", "product": "mortgage", "days_overdue": "3"}


def parse(name: str, cell: object) -> Value | None:
    """The value of one cell in an otherwise sound row."""
    facts, errors = PARSER.parse({**WHOLE, name: cell})
    assert errors == []
    return facts.get(name)


def refused(name: str, cell: object) -> FieldError:
    """The error of one cell in an otherwise sound row."""
    _, (error,) = PARSER.parse({**WHOLE, name: cell})
    assert error.field == name
    return error


@pytest.mark.parametrize("cell", [None, "", " ", "　", "-", "--", "－", "/", "未知", "不详", "N/A", "null", "Unknown"])
@pytest.mark.parametrize("name", ["hardship", "monthly_due", "served_on", "debt_disputed", "collection_violations"])
def test_a_blank_cell_is_unknown(name: str, cell: object) -> None:
    assert parse(name, cell) is None


@pytest.mark.parametrize("cell", ["#N/A", "#NV", "#n/a", "#REF!"])
@pytest.mark.parametrize("name", ["hardship", "monthly_due", "served_on", "debt_disputed", "collection_violations"])
def test_a_look_up_that_found_nothing_is_an_error_of_the_spreadsheet(name: str, cell: str) -> None:
    _, (error,) = PARSER.parse({**WHOLE, name: cell})
    assert "an error of the spreadsheet" in error.en


@pytest.mark.parametrize(
    ("cell", "fen"),
    [
        ("12000", 1_200_000),
        ("12000.5", 1_200_050),
        ("12000.50", 1_200_050),
        ("12,000.50", 1_200_050),
        (" 7 ", 700),
        ("1，200", 120_000),
        ("1.2万", 1_200_000),
        ("1.2 万元", 1_200_000),
        ("1.2w", 1_200_000),
        ("1.001万元", 1_001_000),
        ("1.2亿", 12_000_000_000),
        ("3千", 300_000),
        ("¥3000", 300_000),
        ("￥3,000", 300_000),
        ("3000元", 300_000),
        ("3000 RMB", 300_000),
        ("人民币3000元整", 300_000),
        ("３０００", 300_000),
        ("3000.00元", 300_000),
        ("0", 0),
        ("0.01", 1),
        ("999999999999.99", 99_999_999_999_999),
        (3000, 300_000),
        (3000.5, 300_050),
        (0.1 + 0.2, 30),
        (Decimal("3000.50"), 300_050),
        (Decimal("3E+3"), 300_000),
        ("1.20000万", 1_200_000),
        ("3000.500", 300_050),
    ],
)
def test_money_is_read_where_it_cannot_be_misread(cell: object, fen: int) -> None:
    assert parse("monthly_due", cell) == fen


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("1,2", "is not an amount"),
        ("12,00", "is not an amount"),
        ("1,2345", "is not an amount"),
        ("1.2.3", "is not an amount"),
        ("1.200,50", "is not an amount"),
        ("1 200", "is not an amount"),
        ("nan", "is not an amount"),
        ("inf", "is not an amount"),
        ("1e400", "is in scientific notation"),
        ("1e3", "is in scientific notation"),
        ("约3000", "is not one exact number"),
        ("2000-3000", "is not one exact number"),
        ("无", "is not an amount"),
        ("=1+1", "is a formula"),
        ("٣٠٠", "is not an amount"),
        ("$5", "seems to be in $"),
        ("3000\0", "is not an amount"),
        (True, "is not an amount"),
        ([1], "is not an amount"),
        (float("nan"), "is not an amount"),
        (float("inf"), "is not an amount"),
        (Decimal("NaN"), "is not an amount"),
        (dt.date(2026, 1, 1), "is not an amount"),
        ({}, "is not an amount"),
        (b"5", "is not an amount"),
        ("1.234", "has more than two decimals"),
        ("0.12345678万", "has more than two decimals"),
        (0.125, "has more than two decimals"),
        (Decimal("0.1000000000000000000000000000000000001"), "has more than two decimals"),
        ("-1", "cannot be below 0"),
        ("-0.01", "cannot be below 0"),
        (-1, "cannot be below 0"),
        ("¥-5", "cannot be below 0"),
        ("1000000000000", "cannot be above 999999999999"),
        (10**12, "cannot be above 999999999999"),
        ("9" * 30, "cannot be above"),
        (Decimal("1E+400"), "cannot be above"),
        ("99999999亿", "cannot be above"),
        ("9" * 250, "is longer than 200 characters"),
    ],
)
def test_money_that_could_be_misread_is_refused(cell: object, told: str) -> None:
    assert told in refused("monthly_due", cell).en


@pytest.mark.parametrize("name", ["monthly_due", "annual_rate_percent", "days_overdue", "served_on", "product"])
def test_a_number_too_long_to_print_is_refused(name: str) -> None:
    assert refused(name, 10**5000)


@pytest.mark.parametrize(
    ("cell", "points"),
    [
        ("18.25", 1825),
        ("18.25%", 1825),
        ("18.25 ％", 1825),
        ("24", 2400),
        ("0", 0),
        (18.25, 1825),
        (24, 2400),
        (Decimal("15.4"), 1540),
        ("18.250%", 1825),
        ("99999", 9_999_900),
    ],
)
def test_a_rate_is_percent_a_year(cell: object, points: int) -> None:
    assert parse("annual_rate_percent", cell) == points


@pytest.mark.parametrize("cell", ["0.1825", "18.255", "1.55‰", "-1", "18,25", "100000", "1e2", "nan", True])
def test_a_rate_that_could_be_misread_is_refused(cell: object) -> None:
    assert refused("annual_rate_percent", cell)


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("30", 30),
        ("30天", 30),
        ("30 天", 30),
        ("30 Days", 30),
        ("1,095", 1095),
        ("30.0", 30),
        ("３０", 30),
        (" 30", 30),
        (30, 30),
        (30.0, 30),
        (Decimal("30.00"), 30),
        ("0", 0),
        ("007", 7),
        ("36500", 36500),
        ("30.0 日", 30),
    ],
)
def test_a_whole_number_may_carry_its_suffix(cell: object, number: int) -> None:
    assert parse("days_overdue", cell) == number


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("30.5", "whole number"),
        (30.5, "whole number"),
        ("3个月", "seems to be in months"),
        ("30+", "is not one exact number"),
        (True, "whole number"),
        ("1e2", "is in scientific notation"),
        (float("nan"), "whole number"),
        (float("inf"), "whole number"),
        ("-1", "below 0"),
        (-1, "below 0"),
        ("36501", "above 36500"),
        ("9" * 100, "above 36500"),
        (1e300, "whole number"),
        ([30], "whole number"),
    ],
)
def test_what_is_not_a_whole_number_is_refused(cell: object, told: str) -> None:
    assert told in refused("days_overdue", cell).en


@pytest.mark.parametrize(
    "cell",
    [
        "2026-02-03",
        "2026/2/3",
        "2026.2.3",
        "2026年2月3日",
        "2026 年 2 月 3 号",
        "20260203",
        20260203,
        20260203.0,
        "２０２６－０２－０３",
        "2026-2-3",
        "2026-02-03 00:00:00",
        "2026/2/3 0:00",
        "2026-02-03T14:30:00.5",
        " 2026-02-03 ",
        dt.date(2026, 2, 3),
        dt.datetime(2026, 2, 3, 14, 30),  # noqa: DTZ001 - as a spreadsheet gives it
        dt.datetime(2026, 2, 2, 23, tzinfo=dt.UTC),  # in Shanghai
    ],
)
def test_a_day_is_read_in_every_usual_notation(cell: object) -> None:
    assert parse("served_on", cell) == dt.date(2026, 2, 3)


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("2026/2/30", "not a day in the calendar"),
        ("2026-02-30", "not a day in the calendar"),
        ("2025-02-29", "not a day in the calendar"),
        ("20261301", "not a day in the calendar"),
        ("0000-01-01", "not a day in the calendar"),
        ("26-2-3", "is not a date"),
        ("3/2/2026", "is not a date"),
        ("2026-02", "is not a date"),
        ("2026年2月", "is not a date"),
        ("soon", "is not a date"),
        ("2026-02-03Z", "is not a date"),
        ("2026/2-3", "is not a date"),
        (46056, "seems to be the number by which a spreadsheet keeps a day"),
        (True, "is not a date"),
        ("1899-12-31", "not between 1900 and 2100"),
        ("2101-01-01", "not between 1900 and 2100"),
        (dt.date(9999, 12, 31), "not between 1900 and 2100"),
        ([1], "must be text"),
    ],
)
def test_what_is_no_day_is_refused(cell: object, told: str) -> None:
    assert told in refused("served_on", cell).en


def test_no_date_is_no_more_than_unknown() -> None:
    assert parse("served_on", "无") is None


@pytest.mark.parametrize(
    "cell", ["credit_card", "信用卡", "Credit Card", "CREDIT-CARD", "贷记卡", " 信用卡 ", "ｃｒｅｄｉｔ card"]
)
def test_a_value_is_known_by_id_label_and_alias(cell: str) -> None:
    assert parse("product", cell) == "credit_card"


def test_a_value_of_another_file_is_known_by_its_synonyms() -> None:
    assert parse("hardship", "下岗") == parse("hardship", "h01") == "unemployment"


@pytest.mark.parametrize(
    "cell", ["信用卡!", "card", "房贷、信用卡", 3, True, ["mortgage"], dt.date(2026, 1, 1), "x" * 300]
)
def test_an_unknown_value_is_refused(cell: object) -> None:
    assert refused("product", cell)


def test_a_value_called_none_is_a_value() -> None:
    fact = Fact(type="enum", title=Text(zh="级", en="Level"), values={"none": FactValue(zh="无", en="None")})
    read = reader(fact)
    assert [read("none"), read("无"), read("未知")] == ["none", "none", None]


@pytest.mark.parametrize("cell", [True, "true", "TRUE", "是", "1", 1, 1.0, "yes", "Y", "有", "√"])
def test_yes_is_true(cell: object) -> None:
    assert parse("debt_disputed", cell) is True


@pytest.mark.parametrize("cell", [False, "false", "False", "否", "0", 0, 0.0, "no", "N", "无", "没有", "×"])
def test_no_is_false(cell: object) -> None:
    assert parse("debt_disputed", cell) is False


@pytest.mark.parametrize("cell", ["maybe", "2", 2, 0.5, "是的吧", [], dt.date(2026, 1, 1)])
def test_neither_yes_nor_no_is_refused(cell: object) -> None:
    assert refused("debt_disputed", cell)


@pytest.mark.parametrize(
    ("cell", "values"),
    [
        ("visit;hours", ("hours", "visit")),
        ("上门、时间", ("hours", "visit")),
        ("家访，Hours", ("hours", "visit")),
        ("visit|visit", ("visit",)),
        (["visit", "时间"], ("hours", "visit")),
        (("visit",), ("visit",)),
        ("hours", ("hours",)),
        ("none", ()),
        ("无", ()),
        ([], ()),
        ("hours;", ("hours",)),
        ("上门/时间", ("hours", "visit")),
    ],
)
def test_a_list_is_sorted_and_none_is_known_to_be_empty(cell: object, values: tuple[str, ...]) -> None:
    assert parse("collection_violations", cell) == values


@pytest.mark.parametrize("cell", ["hours;shouting", ["hours", ["visit"]], {"hours": 1}, "无;hours", 5])
def test_a_list_with_an_unknown_value_is_refused(cell: object) -> None:
    assert refused("collection_violations", cell)


@pytest.mark.parametrize(
    ("cell", "text"),
    [(" A 1 ", "A 1"), (1001, "1001"), (1001.0, "1001"), (1.5, "1.5"), ("=cmd|x", "=cmd|x")],
)
def test_text_is_kept_as_it_is(cell: object, text: str) -> None:
    assert parse("case_ref", cell) == text


def test_text_ends_at_its_longest() -> None:
    assert parse("case_ref", "x" * 64) == "x" * 64
    assert refused("case_ref", "x" * 65).en == "Case: is longer than 64 characters; shorten it."


@pytest.mark.parametrize("cell", ["a\0b", "a\ud800", 1.1e17, float("nan"), ["a"], {"a": 1}])
def test_text_that_cannot_be_kept_is_refused(cell: object) -> None:
    assert refused("case_ref", cell)


@pytest.mark.parametrize("word", ["Days Overdue", "days_overdue", "DAYS-OVERDUE", " ｄａｙｓ　overdue"])
def test_a_word_is_the_same_in_any_width_case_and_spacing(word: str) -> None:
    assert fold(word) == "daysoverdue"
