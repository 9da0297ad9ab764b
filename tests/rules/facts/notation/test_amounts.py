"""Written numbers: as Excel and people write them, read exactly or refused by their cause; never another magnitude."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.facts.case_facts import reader
from rules.facts.cells import CellError
from rules.facts.notation.amounts import Amount, is_inexact, read_amount
from rules.facts.notation.units import OWN, Unit
from rules.pack.files.schema import Fact, FactType, Text

TITLE = Text(zh="数", en="Number")


def fact(kind: FactType, **more: Any) -> Fact:
    return Fact(type=kind, title=TITLE, **more)


DEBT = fact("money", derived=True)  # may be less than nothing
MONTHLY, RATE, DAYS = fact("money", per="month"), fact("rate"), fact("int", unit="days", suffixes=("天", "days"))
TEN_THOUSAND, FRACTION = Unit("万元", 4), Unit("小数", 2, frozenset(("fraction",)))
DIGITS, FORMAL = "零一二三四五六七八九", "零壹贰叁肆伍陆柒捌玖"


def refusal(of: Fact, cell: object, unit: Unit = OWN) -> str:
    with pytest.raises(CellError) as caught:
        reader(of, unit)(cell)
    return caught.value.text.en


def test_a_bare_number_stands_for_itself() -> None:
    assert [read_amount(text) for text in ("5", "5.0")] == [Amount(Decimal(5), None, 0, False)] * 2


@pytest.mark.parametrize(
    ("cell", "yuan"),
    [
        ("(1,234.50)", "-1234.50"),
        ("（1,234.50）", "-1234.50"),
        ("1234.5-", "-1234.5"),
        ("−5", "-5"),
        ("¥-3", "-3"),
        ("-¥3", "-3"),
        ("+5", "5"),
        ("1万2", "12000"),
        ("1万2千", "12000"),
        ("1万2345", "12345"),
        ("1万2345元", "12345"),
        ("一万二", "12000"),
        ("一万零二", "10002"),
        ("一万零二百", "10200"),
        ("十五万", "150000"),
        ("两万三千五", "23500"),
        ("一百零五", "105"),
        ("壹万元整", "10000"),
        ("貳仟元整", "2000"),
        ("人民币伍仟元整", "5000"),
        ("十二元五角", "12.5"),
        ("壹万贰仟元陆角柒分", "12000.67"),
        ("三元零五分", "3.05"),
        ("零", "0"),
        ("12.5k", "12500"),
        ("12K元", "12000"),
        ("100W", "1000000"),
        ("3百万", "3000000"),
        ("1.5亿", "150000000"),
        ("2百", "200"),
        ("3千5", "3500"),
        ("1.2萬", "12000"),
        ("１２，０００．５", "12000.5"),
        ("RMB 1.2万", "12000"),
        ("12’000", "12000"),
        ("5000分", "50"),
        ("\u200b45\u00ad", "45"),
        ("'45", "45"),
        ('="45"', "45"),
    ],
)
def test_an_amount_is_read_as_it_is_written(cell: str, yuan: str) -> None:
    assert reader(DEBT)(cell) == int(Decimal(yuan) * 100)


@pytest.mark.parametrize(
    ("of", "cell", "told"),
    [
        (DEBT, "5000+", "not one exact number"),
        (DEBT, "20w+", "not one exact number"),
        (DEBT, "20w?", "not an amount"),
        (DEBT, "5千…", "not an amount"),
        *((DEBT, cell, "not an amount") for cell in ("①2000", "12000②", "12000¹", "1½万")),
        (DEBT, "约5000", "not one exact number"),
        (DEBT, "5000左右", "not one exact number"),
        (DEBT, "5000元以上", "not one exact number"),
        (DEBT, "2000-3000", "not one exact number"),
        (DEBT, "5～8万", "not one exact number"),
        (DEBT, ">5000", "not one exact number"),
        (DEBT, "1万多", "not one exact number"),
        (DEBT, "1.2E+04", "scientific notation"),
        (DEBT, "1.2万5", "not an amount"),
        (DEBT, "1万20", "not an amount"),
        (DEBT, "一二三", "not an amount"),
        (DEBT, "万", "not an amount"),
        (DEBT, "百万", "not an amount"),
        (DEBT, "二万三万", "not an amount"),
        (DEBT, "三百二千", "not an amount"),
        (DEBT, "1,23", "not an amount"),
        (DEBT, "0,345", "not an amount"),
        (DEBT, "12000/100", "not an amount"),
        (DEBT, "1 1000", "not an amount"),
        (DEBT, "1.2万k", "not an amount"),
        (DEBT, "5kw", "not an amount"),
        (DEBT, "5 k w", "not an amount"),
        (DEBT, "1'2000", "not an amount"),
        (DEBT, "1,000'000", "not an amount"),
        (DEBT, "((5))", "not an amount"),
        (DEBT, "--5", "not an amount"),
        (DEBT, "(-5)", "not an amount"),
        (DEBT, "٣٠٠", "not an amount"),
        (DEBT, "$100", "seems to be in $"),
        (DEBT, "100美元", "seems to be in 美元"),
        (DEBT, "5000/月", "by the month"),
        (DEBT, "36%", "a percentage"),
        (MONTHLY, "6万/年", "by the year"),
        (RATE, "0.05%/日", "by the day"),
        (RATE, "1.5%/月", "by the month"),
        (RATE, "15‰", "of a month"),
        (RATE, "千分之五", "of a month"),
        (RATE, "5%%", "not a rate"),
        (RATE, "4倍", "multiples of another rate"),
        (RATE, "日息万五", "not a rate"),
        (DAYS, "3个月", "months"),
        (DAYS, "3期", "instalments"),
        (DAYS, "两周", "weeks"),
        (DAYS, "30-60天", "not one exact number"),
        (DAYS, "45.5", "not a whole number"),
        (DAYS, "#DIV/0!", "an error of the spreadsheet"),
        (DAYS, "####", "an error of the spreadsheet"),
        (DAYS, "Err:502", "an error of the spreadsheet"),
        (DAYS, "=A1+1", "never calculated"),
    ],
)
def test_what_is_not_one_number_of_the_fact_is_refused_by_its_cause(of: Fact, cell: str, told: str) -> None:
    assert told in refusal(of, cell)


@pytest.mark.parametrize(
    ("cell", "points"),
    [
        ("18%", 1800),
        ("5‰/年", 50),
        ("年化千分之五", 50),
        ("百分之十八", 1800),
        ("年化18%", 1800),
        ("18% p.a.", 1800),
    ],
)
def test_a_rate_says_itself_in_what_it_is(cell: str, points: int) -> None:
    assert reader(RATE)(cell) == points
    assert reader(RATE, FRACTION)(cell) == points


def test_permille_in_a_column_of_a_year_is_of_a_year() -> None:
    assert reader(RATE, Unit("‰/年", -1, frozenset(("permille", "year"))))("180‰") == 1800


def test_a_number_without_a_unit_of_its_own_is_in_that_of_its_column() -> None:
    read = reader(DEBT, TEN_THOUSAND)
    assert [read(cell) for cell in ("1.2", "1.2万", "12000元", "¥1.2", 1.2, Decimal("1.2"), 1, "五")] == [
        *(1_200_000, 1_200_000, 1_200_000, 1_200_000, 1_200_000, 1_200_000, 1_000_000, 5_000_000)
    ]
    assert reader(RATE, FRACTION)("0.36") == reader(RATE, FRACTION)(0.36) == 3600
    assert "two decimals" in refusal(DEBT, 1.2345678, TEN_THOUSAND)
    for cell in ("3.6", 18.25, 2, Decimal("1.01")):
        assert "fractions" in refusal(RATE, cell, FRACTION)


@given(st.integers(0, 10**13), st.sampled_from(("{}", "{}元", "¥{}", " {} ", "{} RMB", "{}块")))
def test_every_amount_is_read_back_however_it_is_written(fen: int, form: str) -> None:
    whole, part = divmod(fen, 100)
    for number in (f"{whole}.{part:02}", f"{whole:,}.{part:02}"):
        assert reader(DEBT)(form.format(number)) == fen
        assert [reader(DEBT)(cell) for cell in (f"-{number}", f"({number})", f"{number}-")] == [-fen] * 3


@given(st.integers(0, 10**14 - 1), st.sampled_from((0, 3, 4, 6, 8)))
def test_a_column_in_multiples_gives_the_same_fen(fen: int, shift: int) -> None:
    written = f"{Decimal(fen).scaleb(-2 - shift):f}"
    assert reader(DEBT, Unit("", shift))(written) == fen


@given(st.integers(0, 10**10), st.sampled_from((DIGITS, FORMAL)))
def test_numbers_in_words_are_read_back(number: int, digits: str) -> None:
    found = read_amount(in_words(number, digits))
    assert found is not None
    assert found.value == number


@given(st.text("0123456789.,-+()万千百十亿零一二两元角分kKwW%‰天月年 ~", max_size=12), st.sampled_from((3, 4, 8)))
def test_a_unit_moves_a_number_by_its_power_of_ten_or_not_at_all(text: str, shift: int) -> None:
    try:
        alone = reader(DEBT)(text)
    except CellError:
        return
    try:
        moved = reader(DEBT, Unit("", shift))(text)
    except CellError as error:
        assert "above" in str(error) or "below" in str(error)
    else:
        assert moved in (alone, alone * 10**shift if isinstance(alone, int) else None)


def in_words(number: int, digits: str) -> str:
    """A number as a Chinese writes it out."""
    tens = ("", "十", "百", "千") if digits == DIGITS else ("", "拾", "佰", "仟")
    if number == 0:
        return digits[0]
    sections, rest = [], number
    while rest:
        rest, section = divmod(rest, 10_000)
        sections.append(section)
    text, gap = "", False
    for place in range(len(sections) - 1, -1, -1):
        section = sections[place]
        if section == 0:
            gap = gap or bool(text)
            continue
        if text and (gap or section < 1000):
            text += digits[0]
        gap = False
        text += _section(section, digits, tens) + ("", "万", "亿")[place]
    return text


def _section(section: int, digits: str, tens: tuple[str, ...]) -> str:
    text, gap = "", False
    for place in (3, 2, 1, 0):
        digit = section // 10**place % 10
        if digit:
            text += (digits[0] if gap and text else "") + digits[digit] + tens[place]
            gap = False
        else:
            gap = True
    return text


def test_coins_go_with_whole_yuan_only_and_say_what_they_are_in() -> None:
    found = read_amount("12元5角")
    assert found is not None and (found.value, found.power, found.scaled) == (Decimal("12.5"), 0, True)
    assert [read_amount(text) for text in ("1.5元5角", "12k元5角", "12元k角")] == [None] * 3
    for bare in map(read_amount, ("12", "12.5")):
        assert bare is not None and (bare.power, bare.scaled, bare.marks) == (0, False, None)


@pytest.mark.parametrize(
    ("text", "inexact"),
    [("约5000", True), (">5000", True), ("约五千", True), ("约", False), ("~", False), ("5000", False)],
)
def test_only_a_number_is_about_so_much(text: str, inexact: bool) -> None:
    assert is_inexact(text) is inexact


@pytest.mark.parametrize(
    ("cell", "yuan"),
    [("0元5角", "0.5"), ("0元5分", "0.05"), ("-1元5角", "-1.5"), ("-12元5角8分", "-12.58"), ("1元5角", "1.5")],
)
def test_coins_go_the_way_of_the_yuan_before_them(cell: str, yuan: str) -> None:
    assert reader(DEBT)(cell) == Decimal(yuan) * 100
