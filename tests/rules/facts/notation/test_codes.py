"""Codes and what spreadsheets leave in cells: read letter by letter, or refused by the cause."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from rules.facts.case_facts import reader
from rules.facts.cells import CellError
from rules.facts.notation.codes import UNREAD, code_reader, lengths_with_lost_digits, remains
from rules.facts.notation.letters import mixes_scripts, one_form, with_signs_apart
from rules.pack.files.schema import CodeKind, Fact, FactType, FactValue, Text

TITLE = Text(zh="编号", en="Reference")


def code(kind: CodeKind) -> Fact:
    return Fact(type="text", title=TITLE, code=kind, max_length=64)


REFERENCE, PHONE, ID_NUMBER = code("reference"), code("phone"), code("id_number")
NOTES = Fact(type="text", title=TITLE, free=True)


def refusal(of: Fact, cell: object) -> str:
    with pytest.raises(CellError) as caught:
        reader(of)(cell)
    assert caught.value.text.zh
    return caught.value.text.en


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("10001.0", "10001"),
        ("'0001", "0001"),
        ("`0001", "0001"),
        ("‘0001", "0001"),
        ('="0001"', "0001"),
        ('="A-1"', "A-1"),
        ("FB\u200b-\u00ad001", "FB-001"),
        ("\ufeffFB-001\u2060", "FB-001"),
        ("e\u0301-1", "é-1"),
        ("12E4", "12E4"),
        ("E-12", "E-12"),
        ("1.0.0", "1.0.0"),
        ("2024011500000000012", "2024011500000000012"),
        ("None", None),
        ("n-o-n-e", None),
        ("n-o-t-h-i-n-g", "n-o-t-h-i-n-g"),  # longer than any word for none
        ("000", None),
        ("\\N", None),
        ("(null)", None),
        ("..", None),
    ],
)
def test_a_reference_is_read_letter_by_letter(cell: str, text: str | None) -> None:
    assert reader(REFERENCE)(cell) == text


@pytest.mark.parametrize("of", [REFERENCE, PHONE, ID_NUMBER])
@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("1.10101E+17", "lost its last digits"),
        ("1.10101e17", "lost its last digits"),
        ("1E+11", "lost its last digits"),
        ("1,10101E+17", "lost its last digits"),
        ("A\nB", "line break"),
        ("A\tB", "line break"),
        ("A\x07B", "line break"),
        ("#REF!", "error of the spreadsheet"),
        ("#NAME?", "error of the spreadsheet"),
        ("#BEZUG!", "error of the spreadsheet"),
        ("########", "error of the spreadsheet"),
        ('="FB-"&ROW()', "never calculated"),
        ("=A1", "never calculated"),
    ],
)
def test_what_lost_its_letters_is_no_code(of: Fact, cell: str, told: str) -> None:
    assert told in refusal(of, cell)


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("11010119900307123X", "looks like an ID number"),
        ("110101199003071234", "looks like an ID number"),
        ("110101 19900307 1234", "looks like an ID number"),
        ("13800138000", "looks like a phone number"),
        ("+86 138-0013-8000", "looks like a phone number"),
        ("0086 13800138000", "looks like a phone number"),
        ("FB-110101199003071234", "looks like an ID number or holds one"),
        ("T13812345678", "looks like a phone number or holds one"),
        ("li@example.com", "holds an e-mail address"),
    ],
)
def test_a_reference_is_nobodys_number(cell: str, told: str) -> None:
    assert told in refusal(REFERENCE, cell)
    assert cell not in refusal(REFERENCE, cell)
    assert reader(PHONE)(cell) == reader(ID_NUMBER)(cell) == cell


@pytest.mark.parametrize("of", [REFERENCE, PHONE, ID_NUMBER])
@pytest.mark.parametrize("cell", [True, dt.date(2026, 3, 5), dt.datetime(2026, 3, 5)])  # noqa: DTZ001 - as a spreadsheet gives it
def test_a_day_or_a_truth_value_is_no_code(of: Fact, cell: object) -> None:
    assert "a spreadsheet has made of it" in refusal(of, cell)


@pytest.mark.parametrize("cell", ["Mar-05", "5-Mar", "3月5日", "2026/3/5", "2026/3/5 0:00", "TRUE", "FALSE"])
def test_a_reference_that_a_spreadsheet_has_turned_is_none(cell: str) -> None:
    assert "a spreadsheet has made of it" in refusal(REFERENCE, cell)


@pytest.mark.parametrize("cell", ["MAR-05", "3-5", "2026-03-05", "2026/03/05-1", "TRUE-1", "3月5日-1", "5-Mars"])
def test_a_reference_that_only_looks_a_little_so_stays(cell: str) -> None:
    assert reader(REFERENCE)(cell) == cell


@pytest.mark.parametrize("cell", ["F\u0412-1", "\u0410-12", "\u0391\u0392-1", "F\u0412－1", "F\u0414-1"])
def test_letters_that_pass_for_latin_ones_are_told(cell: str) -> None:
    assert "look like Latin ones" in refusal(REFERENCE, cell)


@pytest.mark.parametrize("cell", ["\u0414\u0415\u041b\u041e-1", "甲-1", "é-1", "ＦＢ-1"])
def test_letters_of_one_script_are_taken(cell: str) -> None:
    assert reader(REFERENCE)(cell) is not None


@pytest.mark.parametrize("cell", ["不想活了！", "=没钱还了", "#救命!", "第一行\n第二行", "E话", "见附件#1", "="])
def test_free_words_are_kept(cell: str) -> None:
    assert reader(NOTES)(cell) == cell


@pytest.mark.parametrize("cell", ["#REF!", "#VALUE!", "=SUM(A1:A3)", "=A1*2", '="a"&B2'])
def test_free_words_that_a_spreadsheet_left_are_none(cell: str) -> None:
    assert refusal(NOTES, cell)


@pytest.mark.parametrize(
    ("kind", "more", "cell"),
    [
        ("enum", {"values": {"card": {"zh": "信用卡", "en": "Credit card"}}}, "信用\u200b卡"),
        ("enum", {"values": {"card": {"zh": "逾期費用", "en": "Fees"}}}, "逾期费用"),
        ("enum", {"values": {"card": {"zh": "失业", "en": "Lost"}}}, "失業"),
        ("bool", {}, "是\u00ad"),
        ("bool", {}, "對"),
        ("list", {"values": {"hours": {"zh": "夜间催收", "en": "Hours"}}}, "夜間催收"),
    ],
)
def test_words_are_known_in_either_script_and_without_what_cannot_be_seen(
    kind: FactType, more: dict[str, Any], cell: str
) -> None:
    assert reader(Fact(type=kind, title=TITLE, **more))(cell) is not None


@pytest.mark.parametrize("kind", ["enum", "bool", "list", "date", "int", "money", "rate"])
@pytest.mark.parametrize(("cell", "told"), [("#REF!", "error of the spreadsheet"), ("=B2", "never calculated")])
def test_an_error_or_a_formula_is_told_in_every_type(kind: FactType, cell: str, told: str) -> None:
    values = {"card": FactValue(zh="信用卡", en="Credit card")} if kind in ("enum", "list") else {}
    assert told in refusal(Fact(type=kind, title=TITLE, values=values), cell)


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("2026-11-03T16:30:00Z", 4),
        ("2026-11-03T16:30:00.000+0000", 4),
        ("2026-11-03 23:30:00+08:00", 3),
        ("2026-11-03T16:30:00+08:00[Asia/Shanghai]", 3),
        ("2026-11-03T16:30:00-05", 4),
        ("2026-11-03 16:30", 3),
        (dt.datetime(2026, 11, 3, 16, 30, tzinfo=dt.UTC), 4),
        (dt.datetime(2026, 11, 3, 16, 30), 3),  # noqa: DTZ001 - as a spreadsheet gives it
    ],
)
def test_a_moment_is_the_day_it_is_where_the_law_applies(cell: object, day: int) -> None:
    assert reader(Fact(type="date", title=TITLE), timezone="Asia/Shanghai")(cell) == dt.date(2026, 11, day)


@pytest.mark.parametrize(("text", "mixes"), [("FB-1", False), ("\u0414\u0415\u041b\u041e", False), ("F\u0414", True)])
def test_letters_of_two_scripts_are_mixed(text: str, mixes: bool) -> None:
    assert mixes_scripts(text) is mixes


def test_one_reference_has_one_form() -> None:
    assert len({one_form(each) for each in ("FB-001", "fb-001", "ＦＢ－００１", "FB\u200b-001", "FB-00１")}) == 1
    dashes = (
        "FB-001",
        "FB\u2010001",
        "FB\u2011001",
        "FB\u2013001",
        "FB\u2014001",
        "FB\u2212001",
        "FB_001",
        "FB 001",
        "FB - 001",
    )
    assert {one_form(each) for each in dashes} == {"fb-001"}
    assert one_form("FB-001") != one_form("FB-0O1")
    assert len({one_form(each) for each in ("1-11", "11-1", "111")}) == 3


@pytest.mark.parametrize(
    ("text", "left", "of_words"),
    [
        (f"{UNREAD} 12", "unread", "unread"),
        ("#REF!", "spreadsheet_error", "spreadsheet_error"),
        ("#OTHER!", "spreadsheet_error", None),
        ("=A1+2", "formula", "formula"),
        ("=so", "formula", None),
        ("=", None, None),
        ("plain", None, None),
    ],
)
def test_what_a_spreadsheet_left_and_of_words_only_what_is_surely_that(
    text: str, left: str | None, of_words: str | None
) -> None:
    assert (remains(text), remains(text, words=True)) == (left, of_words)


def test_a_wide_blank_breaks_no_code() -> None:
    assert code_reader("phone")("138\u30000013") == "138\u30000013"


@pytest.mark.parametrize(
    ("of", "cell"),
    [
        (REFERENCE, "202611031234567000"),
        (REFERENCE, "6222021234567890000"),
        (ID_NUMBER, "110101199003071000"),
        (ID_NUMBER, "110101199003070000"),
        (PHONE, "202611031234567000"),
    ],
)
def test_noughts_in_place_of_lost_digits_are_no_code(of: Fact, cell: str) -> None:
    assert "ends in noughts where a spreadsheet" in refusal(of, cell)
    assert reader(of)(f"'{cell}") == cell  # somebody says that it is so


@pytest.mark.parametrize("cell", ["202611030001000000", "2026110300010000", "6222021234567890"])
def test_other_noughts_are_digits(cell: str) -> None:
    assert reader(REFERENCE)(cell) == cell


def test_digits_that_a_program_has_lost_show_in_a_column() -> None:
    cards = ["6222021234567890", "6222021234567110", "6222021234561230"]
    assert lengths_with_lost_digits([*cards, "A-1"]) == {16: 1}
    assert lengths_with_lost_digits([*cards, "6222021234561231", "6222021234561232", "6222021234561239"]) == {}
    assert lengths_with_lost_digits(cards[:2]) == {}
    assert lengths_with_lost_digits([f"20261103000{n}0000" for n in range(1, 9)]) == {}
    numbers = range(1987654321098765432, 1987654321098965432, 25_000)
    assert lengths_with_lost_digits([f"{float(n):.0f}" for n in numbers]) == {}
    assert lengths_with_lost_digits([f"{Decimal(repr(float(n))):f}" for n in numbers]) == {19: 2}


@pytest.mark.parametrize(
    ("noughts", "lost"),
    [
        ((1, 1, 1, 0, 0), {16: 1}),  # three of five
        ((1, 1, 1, 0, 0, 0), {}),
        ((1, 1, 2, 2), {16: 1}),  # half of them just so many
        ((1, 2, 2), {}),
        ((1, 1), {}),  # by chance
    ],
)
def test_most_of_a_length_have_lost_their_digits_or_none_has(noughts: tuple[int, ...], lost: dict[int, int]) -> None:
    numbers = [f"62220212345678{number}1" for number, _ in enumerate(noughts, 1)]
    cut = [number[: len(number) - count] + "0" * count for number, count in zip(numbers, noughts, strict=True)]
    assert lengths_with_lost_digits(cut) == lost


def test_the_more_digits_are_lost_the_fewer_numbers_show_it() -> None:
    assert lengths_with_lost_digits(["62220212345678900", "62220212345671100"]) == {17: 2}
    assert lengths_with_lost_digits(["62220212345678900"]) == {}
    assert lengths_with_lost_digits(["622202123456789000"]) == {18: 3}
    both = ["62220212345678900", "62220212345671100", "6222021234567890", "6222021234567110", "6222021234561230"]
    assert lengths_with_lost_digits(both) == {17: 2, 16: 1}


@pytest.mark.parametrize(("length", "step"), [(18, 2_500), (19, 25_000)])
def test_digits_that_javascript_has_lost_show_in_five_numbers(length: int, step: int) -> None:
    def written(number: int) -> str:
        return f"{Decimal(repr(float(number))):f}"

    first = int("1987654321098765432"[:length])
    numbers = [written(first + step * number) for number in range(5)]
    assert lengths_with_lost_digits(numbers) == {length: length - 17}
    assert lengths_with_lost_digits(numbers[:4]) == {}
    others = [
        f"{number}" for number in range(first // 100 * 100 + 10, first + 400, 10) if written(number) != f"{number}"
    ]
    single = [number for number in others if not number.endswith("00")]
    assert len(single) >= 5
    assert lengths_with_lost_digits(single) == {}  # noughts that it would not have written
    assert lengths_with_lost_digits([f"12345678901234{number}10" for number in range(5)]) == {}  # all 17 are kept


@pytest.mark.parametrize("place", range(14))
def test_an_id_number_that_ends_in_noughts_is_whole_where_its_last_sign_fits_every_other(place: int) -> None:
    """By ISO 7064, MOD 11-2: the digits, each times its power of two, come to one more than a multiple of eleven."""

    def fits(number: str) -> bool:
        return sum(int(digit) << (17 - at) for at, digit in enumerate(number)) % 11 == 1

    numbers = (
        f"3311261987{month}{day}{turn}000" for month in (11, 12) for day in range(11, 29) for turn in range(1, 10)
    )
    whole = next(filter(fits, numbers))
    assert reader(ID_NUMBER)(whole) == whole
    others = [whole[:place] + digit + whole[place + 1 :] for digit in "123456789" if digit != whole[place]]
    assert not any(map(fits, others))
    nobody = next(filter(fits, (f"3311261987{month}{day}0000" for month in (11, 12) for day in range(11, 29))))
    for other in (*others, nobody):  # of each day the first is the 001st
        assert "ends in noughts where a spreadsheet" in refusal(ID_NUMBER, other)


def test_signs_that_count_something_stand_alone_and_are_no_digit() -> None:
    assert with_signs_apart("3①期") == "3 ① 期"
    assert with_signs_apart("12m²") == "12m ² "
    assert with_signs_apart("12") == "12"


def test_free_words_are_refused_by_their_cause() -> None:
    assert "read in another encoding" in refusal(NOTES, "锟斤拷锟斤拷")
    assert refusal(NOTES, "Ditto") == refusal(NOTES, "ditto").replace("ditto", "Ditto")
    assert [reader(REFERENCE)(cell) for cell in ("没有", "无", "nothing")] == [None] * 3
