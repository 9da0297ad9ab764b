"""Number cells at their boundaries: what a fact allows, how long a cell is, how many decimals it has."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest

from rules.facts.case_facts import reader
from rules.facts.cells import CellError
from rules.facts.notation.units import Unit
from rules.facts.numbers import MAX_COUNT, MAX_PERCENT, MAX_YUAN, limits, plain_value
from rules.pack.files.schema import Fact, FactType, Text

TITLE = Text(zh="数", en="Number")


def fact(kind: FactType, **more: Any) -> Fact:
    return Fact(type=kind, title=TITLE, **more)


def refused(cell: object, of: Fact) -> str:
    with pytest.raises(CellError) as caught:
        reader(of)(cell)
    return str(caught.value)


def beyond(cell: object, of: Fact) -> str:
    """Which limit a cell is beyond."""
    found = re.search(r"(?:below|above) -?\d+", text := refused(cell, of))
    return found[0] if found else text


@pytest.mark.parametrize(
    ("of", "least", "most"),
    [
        (fact("int"), 0, MAX_COUNT),
        (fact("int", derived=True), -MAX_COUNT, MAX_COUNT),
        (fact("int", minimum=-3, maximum=9), -3, 9),
        (fact("int", minimum=-3, maximum=9, derived=True), -3, 9),
        (fact("int", minimum=0, maximum=0, derived=True), 0, 0),
        (fact("money"), 0, 100 * MAX_YUAN + 99),
        (fact("money", derived=True), -100 * MAX_YUAN, 100 * MAX_YUAN + 99),
        (fact("money", minimum=5, maximum=7), 500, 799),
        (fact("rate"), 0, 100 * MAX_PERCENT + 99),
        (fact("rate", maximum=36), 0, 3699),
    ],
)
def test_what_a_fact_allows_is_what_it_says_else_what_its_type_holds(of: Fact, least: int, most: int) -> None:
    assert limits(of) == (least, most)


def test_the_most_that_any_fact_holds() -> None:
    assert (MAX_COUNT, MAX_YUAN, MAX_PERCENT) == (1_000_000_000, 999_999_999_999, 99_999)


@pytest.mark.parametrize("digits", [4, 25, 26, 27, 39])
@pytest.mark.parametrize("kind", ["int", "money", "rate"])
def test_a_number_of_any_length_is_beyond_the_limit_that_it_passes(kind: FactType, digits: int) -> None:
    of = fact(kind, minimum=-3, maximum=9)
    assert beyond("9" * digits, of) == "above 9"
    assert beyond(f"-{'9' * digits}", of) == "below -3"


BETWEEN = fact("int", minimum=-3, maximum=1_500_000_000)


@pytest.mark.parametrize("shape", [int, str, float, Decimal, lambda number: f"{number}.0", "{:,}".format])
def test_both_ends_of_a_whole_number_belong_to_it_however_it_is_written(shape: Any) -> None:
    for number in (-3, 0, 9, 99_999_999, 999_999_999, 1_000_000_000, 1_500_000_000):
        assert reader(BETWEEN)(shape(number)) == number
    assert beyond(shape(-4), BETWEEN) == "below -3"
    assert beyond(shape(1_500_000_001), BETWEEN) == "above 1500000000"


@pytest.mark.parametrize("shape", [int, str, float, Decimal, lambda number: f"{number}元"])
def test_both_ends_of_an_amount_belong_to_it_however_it_is_written(shape: Any) -> None:
    of = fact("money", minimum=5, maximum=70)
    assert [reader(of)(shape(number)) for number in (5, 70)] == [500, 7_000]
    assert beyond(shape(4), of) == "below 5"
    assert beyond(shape(71), of) == "above 70"


@pytest.mark.parametrize(
    ("cell", "fen"),
    [
        ("4.99", None),
        ("70.99", 7_099),
        ("71.00", None),
        ("7.1", 710),
        ("7.01", 701),
        ("0000000007", 700),
        ("7.010", 701),
        (7.1, 710),
        (7.010000004, 701),  # binary dust
        (Decimal("7.01"), 701),
        (Decimal("7.0100"), 701),
    ],
)
def test_an_amount_counts_in_fen(cell: object, fen: int | None) -> None:
    of = fact("money", minimum=5, maximum=70)
    if fen is None:
        assert refused(cell, of)
    else:
        assert reader(of)(cell) == fen


def test_a_float_is_freed_of_dust_and_of_nothing_more() -> None:
    assert reader(fact("money"))(1_234_567.0000004) == 123_456_700
    assert "more than two decimals" in refused(1_234_567.000001, fact("money"))
    assert "is not an amount" in refused(1e15, fact("money"))
    assert beyond(999_999_999_999_999.0, fact("money")) == "above 999999999999"
    assert reader(fact("int"))(7.0000004) == 7
    assert "whole number" in refused(7.000001, fact("int"))


DEBT = fact("money", derived=True)


@pytest.mark.parametrize(
    ("cell", "fen"),
    [
        ("-0.01", -1),
        ("-1,200.50", -120_050),
        ("¥-3", -300),
        ("- 3元", -300),
        (-3, -300),
        (-0.5, -50),
        (Decimal("-999999999999"), -99_999_999_999_900),
    ],
)
def test_what_is_below_nothing_is_read_where_it_may_be(cell: object, fen: int) -> None:
    assert reader(DEBT)(cell) == fen


@pytest.mark.parametrize("digits", [12, 13, 14, 15, 16, 17, 30])
def test_a_number_of_any_length_is_above_or_below_its_limit(digits: int) -> None:
    number = Decimal(10) ** digits
    assert beyond(number, DEBT) == "above 999999999999"
    assert beyond(-number, DEBT) == "below -999999999999"
    assert beyond(str(10**digits), DEBT) == "above 999999999999"
    assert beyond(str(-(10**digits)), DEBT) == "below -999999999999"


def test_a_cell_of_forty_characters_is_read_and_a_longer_one_is_none() -> None:
    long = "7." + "0" * 38
    assert (len(long), reader(fact("money"))(long), reader(fact("rate"))(long)) == (40, 700, 700)
    assert "is not an amount" in refused(long + "0", fact("money"))
    assert refused(long + "0", fact("rate"))
    assert "above" in refused("9" * 40, fact("money"))


def test_a_number_too_long_for_any_cell_is_refused_as_such() -> None:
    for of in (fact("int"), fact("money"), fact("rate")):
        assert "200" in refused("9" * 5_000, of)
        assert "above" in refused("9" * 20, of)
        assert "above" in refused("1" + "0" * 25, of)


def test_a_rate_may_be_negative_only_where_its_fact_may() -> None:
    of = fact("rate", minimum=-5, maximum=5)
    assert [reader(of)(cell) for cell in ("-5", "-4.35%", "-0.5", "5.99", -5)] == [-500, -435, -50, 599, -500]
    assert beyond("-5.01", of) == "below -5"


def test_the_longer_suffix_is_taken_off_and_only_at_the_end() -> None:
    of = fact("int", suffixes=("天", "个月", "月", "d", "nd", "Months", "s"))
    assert [reader(of)(cell) for cell in ("3个月", "3月", "3 months", "3MONTHS", "3nd", "3 天", "３个月")] == [3] * 7
    for cell in ("3天月", "天3", "天", "3 天 4"):
        assert "whole number" in refused(cell, of) or "in a count" in refused(cell, of)


def test_digits_of_other_scripts_are_no_numbers() -> None:
    for cell in ("٣", "³", "²"):
        assert refused(cell, fact("money", maximum=1))
    assert reader(fact("int"))("３") == 3


@pytest.mark.parametrize("cell", [True, False, None, [], {}, (1,), 1j, float("nan"), Decimal("Infinity")])
@pytest.mark.parametrize("kind", ["int", "money", "rate"])
def test_what_is_no_number_is_none_of_any_type(kind: FactType, cell: object) -> None:
    assert refused(cell, fact(kind))


@pytest.mark.parametrize(
    ("cell", "value"), [("1" * 40, "1" * 40), (" 12元", "12"), (0.1 + 0.2, "0.3"), ("0.0525", "0.0525")]
)
def test_the_number_of_a_cell_whatever_it_is_in(cell: object, value: str) -> None:
    assert plain_value(cell) == Decimal(value)


@pytest.mark.parametrize("cell", ["1" * 41, "1.5元5角", "", None, True, "about 5"])
def test_what_is_no_number_in_any_unit(cell: object) -> None:
    assert plain_value(cell) is None


def test_a_bare_number_is_in_the_unit_of_its_column() -> None:
    of, column = fact("int"), Unit("万", 4)
    assert [reader(of, column)(cell) for cell in ("12", 12)] == [120_000, 120_000]


def test_a_point_that_may_stand_between_thousands_is_doubted() -> None:
    days, column = fact("int", unit="days", maximum=36_500), Unit("万元", 4)
    for cell, of in (
        ("12.000", fact("money")),
        ("¥1.500元", fact("money")),
        ("-1.200", fact("money", derived=True)),
        ("12.000", days),
    ):
        assert "may have decimals, or a point between thousands" in refused(cell, of)
    for cell, of in (
        ("0.500", fact("money")),
        ("12000.500", fact("money")),
        ("45.000", days),
        ("18.000", fact("rate")),
    ):
        assert reader(of)(cell) is not None
    assert reader(fact("money"))("1.200万") == reader(fact("money"), column)("1.200") == 1_200_000
    assert reader(fact("money"))(12.0) == 1_200  # a number of a workbook
