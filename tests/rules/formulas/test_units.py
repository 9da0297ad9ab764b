"""Units: products and quotients of measures, what a fact is measured in, and how a message names it."""

import pytest

from rules.formulas.units import QUANTITIES, Kind, Quantity, kind_of, told
from rules.pack.files.schema import Fact, FactType, FactUnit, Text

YUAN, DAYS, PERCENT, COUNT = (QUANTITIES[unit] for unit in ("yuan", "days", "percent", "count"))
ONE = Quantity(yuan=1, days=2, months=3, years=4, scale=5)
OTHER = Quantity(yuan=10, days=30, months=50, years=70, scale=90)


def test_a_product_adds_each_exponent_and_the_decimals_and_a_quotient_takes_them_off() -> None:
    assert Quantity(yuan=11, days=32, months=53, years=74, scale=95) == ONE * OTHER
    assert Quantity(yuan=9, days=28, months=47, years=66, scale=85) == OTHER / ONE
    assert (ONE * OTHER) / OTHER == ONE


def test_a_dimension_is_the_exponents_without_the_decimals() -> None:
    assert ONE.dimension == (1, 2, 3, 4)
    assert PERCENT.dimension == COUNT.dimension
    assert PERCENT != COUNT


def test_what_each_unit_measures() -> None:
    assert (YUAN / YUAN).dimension == COUNT.dimension
    assert QUANTITIES["percent_a_day"] * DAYS == Quantity(scale=6)
    assert QUANTITIES["percent"] == QUANTITIES["basis_points"] == Quantity(scale=4)
    assert [each.dimension for each in (YUAN, DAYS, QUANTITIES["months"], QUANTITIES["years"])] == [
        (1, 0, 0, 0),
        (0, 1, 0, 0),
        (0, 0, 1, 0),
        (0, 0, 0, 1),
    ]


@pytest.mark.parametrize(
    ("kind", "unit", "measured"),
    [
        ("money", None, YUAN),
        ("rate", None, PERCENT),
        ("int", None, COUNT),
        ("int", "days", DAYS),
        ("int", "months", QUANTITIES["months"]),
        ("date", None, "date"),
        ("bool", None, "bool"),
        ("enum", None, "word"),
        ("text", None, "word"),
        ("list", None, None),
    ],
)
def test_what_a_fact_is_measured_in(kind: FactType, unit: FactUnit | None, measured: Kind) -> None:
    assert kind_of(Fact(type=kind, title=Text(zh="事", en="Fact"), unit=unit)) == measured


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (None, "nothing"),
        ("date", "a date"),
        ("bool", "true or false"),
        ("word", "a word"),
        *((quantity, unit) for unit, quantity in QUANTITIES.items() if unit != "basis_points"),
        (YUAN * DAYS, "yuan × days (with 2 decimals)"),
        (DAYS * DAYS, "days^2"),
        (DAYS / (DAYS * DAYS), "days^-1"),
        (Quantity(months=1, years=-2), "months × years^-2"),
        (YUAN / QUANTITIES["months"], "yuan × months^-1 (with 2 decimals)"),
        (PERCENT * PERCENT, "a bare number (with 8 decimals)"),
    ],
)
def test_a_measure_is_named_by_its_unit_or_by_its_powers(kind: Kind, words: str) -> None:
    assert told(kind) == words
