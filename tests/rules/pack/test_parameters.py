"""Policy numbers are dated: each day has its own, or none."""

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.pack.files.schema import Unit
from rules.pack.logic import conditions as c
from rules.pack.logic.condition_parser import resolve
from rules.pack.parameters import canonical, in_force, value_on
from tests.support.packs.tiny_pack import tiny

PACK = tiny()


@pytest.mark.parametrize(
    ("on", "value"),
    [("2010-01-01", 80), ("2019-12-31", 80), ("2020-01-01", 90), ("2026-11-23", 90), ("2099-01-01", 90)],
)
def test_the_value_of_the_day_is_in_force_on_both_ends(on: str, value: int) -> None:
    assert in_force(PACK, dt.date.fromisoformat(on))["npl_days"] == value


def test_before_its_first_day_a_parameter_has_no_value() -> None:
    assert "npl_days" not in in_force(PACK, dt.date(2009, 12, 31))
    assert value_on(PACK.parameters["npl_days"], dt.date(2009, 12, 31)) is None


@pytest.mark.parametrize(
    ("value", "unit", "number"),
    [
        ("12.5", "percent", 1250),
        ("0.01", "percent", 1),
        ("24", "percent", 2400),
        ("10000", "yuan", 1_000_000),
        ("0.5", "yuan", 50),
        ("90", "days", 90),
        ("90.0", "days", 90),
        ("-5", "count", -5),
        ("15", "basis_points", 15),
        ("0.0175", "percent_a_day", 175),
    ],
)
def test_a_value_becomes_fen_basis_points_or_itself(value: str, unit: Unit, number: int) -> None:
    assert canonical(Decimal(value), unit) == number


@pytest.mark.parametrize(
    ("value", "unit"),
    [
        ("0.005", "percent"),
        ("1.5", "days"),
        ("0.00175", "percent_a_day"),
        ("1E+12", "yuan"),
        ("NaN", "days"),
        ("1." + "0" * 40 + "1", "yuan"),
    ],
)
def test_a_value_the_engines_could_not_hold_exactly_is_refused(value: str, unit: Unit) -> None:
    with pytest.raises(ValueError, match=r"decimals|digits"):
        canonical(Decimal(value), unit)


@given(st.integers(-(10**13), 10**13))
def test_two_decimals_are_exact(fen: int) -> None:
    assert canonical(Decimal(fen).scaleb(-2), "yuan") == fen


def test_a_condition_gets_the_values_of_the_day() -> None:
    limit = c.Compare("days_overdue", "more_than", c.ParameterReference("npl_days"))
    condition = c.All((c.Not(limit), c.Any((limit, c.Known("product", True)))))
    resolved = resolve(condition, {"npl_days": 90})
    numbered = c.Compare("days_overdue", "more_than", 90)
    assert resolved == c.All((c.Not(numbered), c.Any((numbered, c.Known("product", True)))))


def test_a_parameter_without_a_value_stays_in_the_condition() -> None:
    limit = c.Compare("days_overdue", "more_than", c.ParameterReference("npl_days"))
    assert resolve(c.Not(limit), {}) == c.Not(limit)
