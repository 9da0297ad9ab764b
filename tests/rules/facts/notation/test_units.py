"""Units: what words beside a name or behind a number say, applied where that is exact, else refused by name."""

from __future__ import annotations

from typing import Any

import pytest

from rules.facts.notation.units import OtherUnit, Unit, quantity, read_marks, unit_in
from rules.pack.files.schema import Fact, FactType, Text

TITLE = Text(zh="数", en="Number")


def fact(kind: FactType, **more: Any) -> Fact:
    return Fact(type=kind, title=TITLE, **more)


SUM, MONTHLY, RATE = fact("money"), fact("money", per="month"), fact("rate")
DAYS, YEARS, COUNT = fact("int", unit="days"), fact("int", unit="years"), fact("int", unit="count")


def unit(of: Fact, text: str) -> Unit | OtherUnit:
    marks = read_marks(text)
    assert marks is not None, text
    return unit_in(of, marks, text)


@pytest.mark.parametrize(
    ("of", "text", "shift"),
    [
        (SUM, "元", 0),
        (SUM, "人民币", 0),
        (SUM, "RMB", 0),
        (SUM, "万元", 4),
        (SUM, "萬元", 4),
        (SUM, "人民币万元", 4),
        (SUM, "单位：万元", 4),
        (SUM, "以人民币百万元计", 6),
        (SUM, "all amounts in RMB'000", 3),
        (SUM, "千元", 3),
        (SUM, "亿元", 8),
        (SUM, "CNY 10,000", 4),
        (SUM, "RMB'000", 3),
        (SUM, "thousand yuan", 3),
        (SUM, "in millions of yuan", 6),
        (SUM, "分", -2),
        (SUM, "税后，元", 0),
        (MONTHLY, "元/月", 0),
        (MONTHLY, "yuan per month", 0),
        (MONTHLY, "千元／月", 3),
        (RATE, "%", 0),
        (RATE, "％/年", 0),
        (RATE, "% p.a.", 0),
        (RATE, "‰/年", -1),
        (RATE, "年化千分之", -1),
        (RATE, "bp", -2),
        (RATE, "小数", 2),
        (DAYS, "天", 0),
        (DAYS, "days", 0),
        (YEARS, "周岁", 0),
        (COUNT, "家", 0),
    ],
)
def test_what_is_a_power_of_ten_of_the_facts_own_unit_is_applied(of: Fact, text: str, shift: int) -> None:
    found = unit(of, text)
    assert isinstance(found, Unit)
    assert found.shift == shift


@pytest.mark.parametrize(
    ("of", "text", "seems"),
    [
        (SUM, "美元", "美元"),
        (SUM, "USD", "USD"),
        (SUM, "HK$", "HK$"),
        (SUM, "元/月", "months or by the month"),
        (SUM, "%", "a percentage"),
        (MONTHLY, "元/年", "years or by the year"),
        (MONTHLY, "per day", "days or by the day"),
        (MONTHLY, "季度", "quarters or by the quarter"),
        (RATE, "%/日", "days or by the day"),
        (RATE, "‰", "of a month"),
        (RATE, "千分比", "of a month"),
        (RATE, "倍", "multiples of another rate"),
        (SUM, "倍", "multiples of another rate"),
        (RATE, "月", "months or by the month"),
        (RATE, "元", "an amount of money"),
        (DAYS, "期", "instalments"),
        (DAYS, "个月", "months or by the month"),
        (DAYS, "周", "weeks or by the week"),
        (DAYS, "工作日", "working days"),
        (YEARS, "月", "months or by the month"),
        (SUM, "配偶", "somebody else's"),
    ],
)
def test_another_unit_is_named(of: Fact, text: str, seems: str) -> None:
    found = unit(of, text)
    assert isinstance(found, OtherUnit)
    assert seems in found.seems.en
    assert found.seems.zh
    assert found.wanted.zh


@pytest.mark.parametrize(
    "text",
    [
        "截至10月",
        "2026",
        "abc",
        "第一",
        "7",
        "0",
        "元!",
        "万x",
        "万万",
        "k w",
        "千分元",
        "合计",
        "all",
        "x" * 41,
        "",
        "  ",
        "，",
    ],
)
def test_anything_else_is_no_unit(text: str) -> None:
    assert read_marks(text) is None


@pytest.mark.parametrize(
    ("of", "name"),
    [
        (SUM, "yuan"),
        (MONTHLY, "yuan_a_month"),
        (RATE, "percent_a_year"),
        (DAYS, "days"),
        (fact("int"), "count"),
        (fact("text"), "no_number"),
    ],
)
def test_every_fact_knows_its_unit(of: Fact, name: str) -> None:
    assert quantity(of) == name


def test_digits_are_words_beside_a_name_and_never_behind_a_number() -> None:
    for text in ("'000", "10,000", "RMB'000"):
        assert read_marks(text) is not None
        assert read_marks(text, digits=False) is None
    marks = read_marks("万元", digits=False)
    assert marks is not None and (marks.kinds, marks.power) == (frozenset(("power", "yuan")), 4)


def test_of_two_currencies_the_first_is_named_beside_what_else_is_said() -> None:
    marks = read_marks("USD, HK$")
    assert marks is not None and marks.foreign == "USD"
    found = unit(SUM, "美元/月")
    assert isinstance(found, OtherUnit)
    assert "美元" in found.seems.en and "months" in found.seems.en
    assert found.seems.en.index("美元") < found.seems.en.index("months")


def test_a_rate_has_one_form_and_only_a_date_has_that_of_a_day() -> None:
    assert isinstance(unit(RATE, "%‰/年"), OtherUnit)
    assert isinstance(unit(fact("date"), "yyyy-mm-dd"), Unit)
    assert all(isinstance(unit(of, "yyyy-mm-dd"), OtherUnit) for of in (SUM, RATE, DAYS))
