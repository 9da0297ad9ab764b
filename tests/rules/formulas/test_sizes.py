"""How large the numbers of a formula get on the way: of each operator the most it reckons with, above 0 or below."""

from __future__ import annotations

import datetime as dt

import pytest

from rules.formulas.bounds import NOTHING, Choice, Interval
from rules.formulas.reader import Surroundings
from rules.formulas.sizes import Sizes
from rules.pack import formulas as f

DAYS = Interval(dt.date(2026, 1, 1), dt.date(2026, 11, 23))
AROUND = Surroundings(
    DAYS,
    {"rate": 25},
    dated=lambda _name, _day: NOTHING,
    missing={"below": Interval(-5, 2), "above": Interval(0, 7), "word": Choice(None), "day": DAYS},
)
SIZES = Sizes(AROUND, {"derived": Interval(-3, 11)})
BELOW, ABOVE, DERIVED, RATE = f.FactNode("below"), f.FactNode("above"), f.FactNode("derived"), f.ParameterNode("rate")


@pytest.mark.parametrize(
    ("expression", "told", "most"),
    [
        (BELOW, (-5, 2), 5),
        (ABOVE, (0, 7), 7),
        (DERIVED, (-3, 11), 11),
        (RATE, (25, 25), 25),
        (f.Subtract(BELOW, ABOVE), (-12, 2), 12),
        (f.FactNode("day"), (0, 0), 0),
        (f.FactNode("word"), (0, 0), 0),
        (f.NothingNode(), (0, 0), 0),
    ],
)
def test_an_expression_comes_to_its_least_and_its_most_and_what_is_no_number_to_nothing(
    expression: f.Expression, told: tuple[int, int], most: int
) -> None:
    assert SIZES.ends(expression) == told
    assert SIZES.most(expression) == most


@pytest.mark.parametrize(
    ("expression", "most"),
    [
        (f.Add((BELOW, ABOVE, RATE)), 5 + 7 + 25),
        (f.Subtract(BELOW, ABOVE), 5 + 7),
        (f.Multiply((BELOW, ABOVE, RATE)), 5 * 7 * 25),
        (f.Multiply((BELOW, f.Constant(0, "count"), ABOVE)), 5 * 7),  # the last factor may come before the nothing
        (f.Portion(BELOW, ABOVE, "half_up"), 2 * 5 * 7 + 10_000),
        (f.Divide(BELOW, RATE, "count", "half_up"), 2 * (5 + 25)),
        (f.Divide(BELOW, RATE, "percent", "half_up", scale=2), 2 * (5 * 100 + 25)),
        (f.Divide(BELOW, RATE, "count", "half_up", scale=-2), 2 * (5 + 25 * 100)),
        (f.Share(RATE, BELOW, ABOVE, DERIVED), 25 * (5 + 7 + 11)),
        (f.Least((BELOW, ABOVE)), 5),
    ],
)
def test_an_operator_reckons_with_so_much_before_its_result_is_there(expression: f.Expression, most: int) -> None:
    assert SIZES.on_the_way(expression) == most
