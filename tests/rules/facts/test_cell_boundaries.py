"""Cells at their boundaries: the longest text, the first and last day, what is quoted of a cell, kinds of lists."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from rules.facts.case_facts import reader
from rules.facts.cells import CellError, is_blank, parts_of_day, plain, read_date, shown, words_of_values
from rules.pack.files.schema import Fact, FactType, FactValue, Text

VALUES: Mapping[str, FactValue] = {
    "a_one": FactValue(zh="甲", en="First one", aliases=("uno", "一号")),
    "b": FactValue(zh="乙", en="Second"),
    "c": FactValue(zh="丙", en="Third", aliases=("first.one",)),
}


def fact(kind: FactType, **more: Any) -> Fact:
    return Fact(type=kind, title=Text(zh="事", en="Fact"), **more)


def read(cell: object, kind: FactType, **more: Any) -> object:
    return reader(fact(kind, **more))(cell)


def refused(cell: object, kind: FactType, **more: Any) -> str:
    with pytest.raises(CellError) as caught:
        read(cell, kind, **more)
    return str(caught.value)


def test_free_text_ends_at_2000_characters_or_where_its_fact_says() -> None:
    assert read("x" * 2_000, "text") == "x" * 2_000
    assert "2000" in refused("x" * 2_001, "text")
    assert read(f"  {'x' * 5}  ", "text", max_length=5) == "xxxxx"
    assert "5" in refused("x" * 6, "text", max_length=5)
    assert read("x" * 3_000, "text", max_length=3_000) == "x" * 3_000


def test_a_cell_that_is_not_free_text_has_200_characters_at_most() -> None:
    assert plain("-" * 200) == "-" * 200
    assert "200" in refused("x" * 201, "enum", values=VALUES)
    assert "200" not in refused("x" * 200, "enum", values=VALUES)
    padded = f"甲{' ' * 199}"
    assert (len(padded), read(padded, "enum", values=VALUES)) == (200, "a_one")
    assert "200" in refused(padded + " ", "enum", values=VALUES)


@pytest.mark.parametrize("kind", ["bool", "date", "int", "money", "rate"])
def test_so_has_a_cell_of_any_other_type(kind: FactType) -> None:
    assert "200" in refused("x" * 201, kind)
    assert "200 char" not in refused("x" * 200, kind)


def test_a_blank_of_any_length_says_that_nothing_is_known_but_not_one_longer_than_a_cell() -> None:
    for blank in ("-", "未知", "-" * 200, " " * 200):
        assert is_blank(blank)
    for other in ("x", "-" * 201, " " * 201):
        assert not is_blank(other)


@pytest.mark.parametrize(
    ("cell", "quoted"),
    [
        ("x" * 30, "x" * 30),
        ("x" * 31, "x" * 30 + "…"),
        ("x" * 32, "x" * 30 + "…"),
        ("a\nb\u202ec", "a b c"),
        (10**30, "1" + "0" * 29 + "…"),
        (10**30 + 1, "1e30"),
        (-(10**30) - 1, "1e30"),
        (-(10**29), "-1" + "0" * 28 + "…"),
        (1.5, "1.5"),
        (True, "True"),
        (None, "None"),
    ],
)
def test_a_refusal_quotes_the_first_thirty_letters_of_a_cell(cell: object, quoted: str) -> None:
    assert shown(cell) == Text(zh=f"“{quoted}”", en=f'"{quoted}"')


@pytest.mark.parametrize(
    "day", [dt.date(1900, 1, 1), dt.date(1900, 1, 2), dt.date(2100, 12, 30), dt.date(2100, 12, 31)]
)
def test_the_first_and_the_last_day_are_read_however_they_are_written(day: dt.date) -> None:
    moment = dt.datetime(day.year, day.month, day.day, 23, 59)  # noqa: DTZ001 - as a spreadsheet gives it
    for cell in (day, moment, day.isoformat(), f"{day:%Y/%m/%d}", f"{day:%Y%m%d}", f"{day:%Y.%m.%d} 23:59:59.9"):
        assert read(cell, "date") == day


@pytest.mark.parametrize("day", [dt.date(1899, 12, 31), dt.date(2101, 1, 1)])
def test_a_day_before_or_after_them_is_refused_however_it_is_written(day: dt.date) -> None:
    for cell in (day, day.isoformat(), f"{day:%Y/%m/%d}", f"{day:%Y%m%d}", int(f"{day:%Y%m%d}")):
        assert "between 1900 and 2100" in refused(cell, "date")


@pytest.mark.parametrize("cell", ["", " ", "-", "未知", "无", "none", "N/A"])
def test_there_is_no_date_where_none_is_written(cell: str) -> None:
    assert read(cell, "date") is None


def test_a_word_is_found_by_id_label_and_alias_in_any_writing() -> None:
    for cell in ("a_one", "A ONE", "a-one", "甲", "first one", "FIRST-ONE", "UNO", "一号", "ｕｎｏ"):
        assert read(cell, "enum", values=VALUES) == "a_one"
    assert read("first.one", "enum", values=VALUES) == "c"
    assert read("未知", "enum", values=VALUES) is None
    told = refused("other", "enum", values=VALUES)
    assert '"other"' in told
    assert "a_one, b, c" in told


def test_every_word_leads_to_the_values_that_have_it() -> None:
    twice = {"a": FactValue(zh="甲", en="Same"), "b": FactValue(zh="乙", en="same", aliases=("甲", "甲"))}
    assert words_of_values(fact("enum", values=twice)) == {
        "a": ["a"],
        "甲": ["a", "b"],
        "same": ["a", "b"],
        "b": ["b"],
        "乙": ["b"],
    }


def test_yes_and_no_may_have_words_of_their_own() -> None:
    values = {"true": FactValue(zh="同意", en="Agreed"), "false": FactValue(zh="拒绝", en="Refused", aliases=("不行",))}
    assert [read(cell, "bool", values=values) for cell in ("同意", "AGREED", "不行", "refused", "是", "0")] == [
        True,
        True,
        False,
        False,
        True,
        False,
    ]
    assert [read(cell, "bool") for cell in ("true", "FALSE", 1, 0, 1.0, True, False, "", "未知")] == [
        True,
        False,
        True,
        False,
        True,
        True,
        False,
        None,
        None,
    ]
    assert "Agreed" not in refused("maybe", "bool")
    assert refused(2, "bool")


@pytest.mark.parametrize("kind", [list, tuple, set, frozenset])
def test_a_list_of_any_kind_is_sorted_and_each_value_stands_once(kind: type) -> None:
    assert read(kind(["c", "甲", "uno"]), "list", values=VALUES) == ("a_one", "c")
    assert read(kind([]), "list", values=VALUES) == ()
    assert read(kind(["-", ""]), "list", values=VALUES) is None
    assert read(kind(["-", "b"]), "list", values=VALUES) == ("b",)
    assert refused(kind(["b", "x"]), "list", values=VALUES)


@pytest.mark.parametrize(
    ("cell", "values"),
    [
        ("甲", ("a_one",)),
        ("first one", ("a_one",)),
        ("first one; c", ("a_one", "c")),
        ("丙/乙|甲", ("a_one", "b", "c")),
        ("c\nb", ("b", "c")),
        (";c;;b;", ("b", "c")),
        ("无", ()),
        ("NONE", ()),
        ("-", None),
        ("未知", None),
        (";", None),
        ("未知;c", ("c",)),
    ],
)
def test_a_list_in_one_cell_is_taken_apart(cell: str, values: tuple[str, ...] | None) -> None:
    assert read(cell, "list", values=VALUES) == values


def test_a_label_with_a_separator_in_it_is_one_value_where_it_stands_alone() -> None:
    values = {**VALUES, "night": FactValue(zh="夜里/清晨", en="At night, at dawn", aliases=("甲;乙",))}
    for cell in ("夜里/清晨", "at night, at dawn", "night", "甲;乙"):
        assert read(cell, "list", values=values) == ("night",)
    assert read("乙;甲", "list", values=values) == ("a_one", "b")
    assert read(["夜里/清晨", "乙"], "list", values=values) == ("b", "night")


def test_numbers_and_days_in_a_cell_of_text_are_written_out() -> None:
    assert read(7, "text") == "7"
    assert read(7.0, "text") == "7"
    assert read(7.25, "text") == "7.25"
    assert read(-7.0, "text") == "-7"
    assert read(Decimal("7.50"), "text") == "7.50"
    assert read(True, "text") == "True"
    assert read(dt.date(2026, 1, 2), "text") == "2026-01-02"
    assert read(dt.datetime(2026, 1, 2, 3, 4, tzinfo=dt.UTC), "text") == "2026-01-02"
    assert read(999_999_999_999_999.0, "text") == "999999999999999"
    for cell in (1e15, -1e15, float("nan"), float("inf")):
        assert "digits" in refused(cell, "text")
    many: tuple[object, ...] = ([], (), set(), {}, b"x", ["a"])
    for of_many in many:
        assert "must be text" in refused(of_many, "text")
    assert read("  ", "text") is None


def test_what_a_database_cannot_hold_is_no_text() -> None:
    for cell in ("a\0b", "\0", "\ud800", "x\udfff"):
        assert refused(cell, "text")
    assert read("\ue000\ud7ff", "text") == "\ue000\ud7ff"


def test_a_refusal_is_told_in_both_languages_and_as_an_error() -> None:
    with pytest.raises(CellError) as caught:
        read("soon", "date")
    assert caught.value.text.en == str(caught.value)
    assert caught.value.text.zh != caught.value.text.en


@pytest.mark.parametrize("time", ["T99:99", "T24:00", " 25:00", " 12:60", "T12:00:61", "T23:59:99Z"])
def test_a_day_with_a_time_that_no_clock_shows_is_no_date(time: str) -> None:
    with pytest.raises(CellError):
        read_date(f"2026-03-31{time}")


@pytest.mark.parametrize("cell", ["'甲", '="甲"', "＇甲", "`甲", "甲"])
def test_what_kept_a_cell_a_text_is_no_part_of_it(cell: str) -> None:
    assert plain(cell) == "甲"


@pytest.mark.parametrize(
    ("cell", "parts"),
    [
        ("2026-3-7", (2026, 3, 7)),
        ("2026/03/07", (2026, 3, 7)),
        ("2026年3月7日", (2026, 3, 7)),
        ("20260307", (2026, 3, 7)),
        ("2026-02-31", (2026, 2, 31)),
        (dt.date(2026, 3, 7), (2026, 3, 7)),
        ("三月七日", (-1, -1, -1)),
        ("", (-1, -1, -1)),
        (20260307, (-1, -1, -1)),
        ("2026-3-7" + " " * 200, (-1, -1, -1)),
    ],
)
def test_the_parts_of_a_day_are_those_that_are_written_be_it_a_day_or_none(
    cell: object, parts: tuple[int, ...]
) -> None:
    assert parts_of_day(cell) == parts


LENDERS: Mapping[str, FactValue] = {
    "house": FactValue(zh="房贷", en="Mortgage"),
    "second": FactValue(zh="二手房贷", en="Second-hand mortgage"),
    "huabei": FactValue(zh="蚂蚁", en="Huabei", brands=("花呗",)),
}


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("支付宝花呗分期", "huabei"),
        ("工行房贷", "house"),
        ("工行二手房贷款", "second"),  # the longer word, and not the one in it
        ("工行二手房贷", "second"),
    ],
)
def test_a_word_inside_a_name_means_its_value_where_the_values_have_brands(cell: str, value: str) -> None:
    assert read(cell, "enum", values=LENDERS) == value
    without = {name: each for name, each in LENDERS.items() if name != "huabei"}
    assert "is not a value" in refused(cell, "enum", values=without)


@pytest.mark.parametrize("cell", ["非花呗分期", "无房贷客户", "花呗和房贷或其他", "房贷房贷" * 20])
def test_what_is_denied_or_stands_beside_another_means_nothing(cell: str) -> None:
    assert refused(cell, "enum", values=LENDERS)


HINT = Text(zh="看合同。", en="See the contract.")
BRANDED = {
    "later": FactValue(zh="花呗", en="Later", brands=("花呗",)),
    "early": FactValue(zh="借呗", en="Early", brands=("借呗",)),
    **{f"early_{each}": FactValue(zh=f"其他{each}", en=f"Other {each}") for each in "abc"},
}


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("zzzzzz", "is not a kind that exists. See the contract. Use one of later, early, early_a, early_b, early_c"),
        ("花呗借呗", "may be several kinds. See the contract. The nearest are early, later"),  # both are meant
        ("earl", "may be several kinds. See the contract. The nearest are early, early_c, early_b"),  # three at most
        ("其他", "may be several kinds. See the contract. The nearest are early_c, early_b, early_a"),
    ],
)
def test_where_it_is_said_how_to_find_the_right_one_a_refusal_tells_the_nearest(cell: str, told: str) -> None:
    assert refused(cell, "enum", values=BRANDED, hint=HINT) == f'"{cell}" {told}'
    assert "is not a value" in refused(cell, "enum", values=BRANDED)


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("2026-11-23T05:29:00+05:30", 22),
        ("2026-11-23T05:30:00+05:30", 23),
        ("2026-11-23T18:29:00-05:30", 23),
        ("2026-11-23T18:30:00-05:30", 24),
        ("2026-11-23T23:30:00Z", 23),
        ("2026-11-23T23:30:00", 23),
    ],
)
def test_a_moment_of_another_zone_is_the_day_that_it_is_here(moment: str, day: int) -> None:
    assert read_date(moment, dt.UTC) == dt.date(2026, 11, day)


@pytest.mark.parametrize("cell", ["2026-3-1", "2026-03-01 10:20", "2026年3月1日", "20260301", dt.date(2026, 3, 1)])
def test_the_parts_of_a_day_are_those_written_and_no_hour(cell: object) -> None:
    assert parts_of_day(cell) == (2026, 3, 1)
