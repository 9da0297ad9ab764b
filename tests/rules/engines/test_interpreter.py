"""Whether a condition is true of one case: each comparison just below, at and above, and what is not known."""

from __future__ import annotations

import datetime as dt

import pytest

from rules.engines.interpreter import is_true
from rules.facts.cells import Value
from rules.pack.logic import conditions as c

RED = c.Compare("colour", "equals", "red")
LATE = c.Compare("days", "more_than", 3)
CASE: dict[str, Value] = {
    "colour": "red",
    "shade": "blue",
    "days": 4,
    "paid": 5,
    "owed": 5,
    "signs": ("red", "green"),
    "calm": False,
    "start": dt.date(2026, 1, 2),
}


@pytest.mark.parametrize(
    ("operator", "true_of"),
    [
        ("equals", (4,)),
        ("not_equals", (3, 5)),
        ("more_than", (5,)),
        ("at_least", (4, 5)),
        ("less_than", (3,)),
        ("at_most", (3, 4)),
    ],
)
def test_a_comparison_is_true_on_its_own_side_of_the_value(operator: c.Operator, true_of: tuple[int, ...]) -> None:
    found = tuple(days for days in (3, 4, 5) if is_true(c.Compare("days", operator, 4), {"days": days}))
    assert found == true_of
    assert not is_true(c.Compare("days", operator, 4), {})
    assert not is_true(c.Not(c.Compare("days", operator, 4)), {})


@pytest.mark.parametrize(
    ("operator", "true_of"),
    [
        ("equals_fact", (5,)),
        ("more_than_fact", (6,)),
        ("at_least_fact", (5, 6)),
        ("less_than_fact", (4,)),
        ("at_most_fact", (4, 5)),
    ],
)
def test_two_facts_are_compared_as_they_stand(operator: c.PairOperator, true_of: tuple[int, ...]) -> None:
    pair = c.ComparePair("paid", operator, "owed")
    assert tuple(paid for paid in (4, 5, 6) if is_true(pair, {"paid": paid, "owed": 5})) == true_of
    assert not is_true(pair, {"paid": 5})
    assert not is_true(pair, {"owed": 5})
    assert not is_true(c.Not(pair), {"paid": 5})


@pytest.mark.parametrize(
    ("condition", "true"),
    [
        (c.OneOf("colour", ("blue", "red")), True),
        (c.OneOf("colour", ("blue", "green")), False),
        (c.OneOf("city", ("blue", "green")), False),
        (c.Contains("signs", "green"), True),
        (c.Contains("signs", "blue"), False),
        (c.Contains("flags", "blue"), False),
        (c.Known("colour", True), True),
        (c.Known("colour", False), False),
        (c.Known("city", True), False),
        (c.Known("city", False), True),
        (c.Compare("calm", "equals", False), True),
        (c.Compare("start", "less_than", dt.date(2026, 1, 3)), True),
        (c.Compare("days", "more_than", c.ParameterReference("gone")), False),
        (c.Not(c.Compare("days", "more_than", c.ParameterReference("gone"))), False),
        (c.All((RED, LATE)), True),
        (c.All((RED, c.Not(LATE))), False),
        (c.All(()), True),
        (c.Any((c.Not(RED), LATE)), True),
        (c.Any((c.Not(RED), c.Not(LATE))), False),
        (c.Any(()), False),
        (c.Not(c.OneOf("colour", ("blue", "green"))), True),
        (c.Not(c.Contains("signs", "blue")), True),
        (c.Not(c.Known("city", True)), True),
        (c.Not(c.All((RED, LATE))), False),
        (c.Not(c.Any((c.Not(RED), c.Not(LATE)))), True),
    ],
)
def test_a_condition_is_true_or_it_is_not(condition: c.Condition, true: bool) -> None:
    assert is_true(condition, CASE) is true
