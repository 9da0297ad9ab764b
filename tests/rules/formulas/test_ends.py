"""Ends: which facts are compared by them, and the numbers they are."""

import datetime as dt

import pytest

from rules.facts.cells import Value
from rules.formulas.bounds import Bound, Choice, Interval
from rules.formulas.ends import Ends, bounded, ends
from rules.pack.files.schema import FactType, Vocabulary
from tests.support.packs.vocabulary import fact

DAY, LATER = dt.date(2026, 11, 23), dt.date(2026, 11, 24)


@pytest.mark.parametrize(
    ("kind", "ordered"),
    [
        ("int", True),
        ("money", True),
        ("rate", True),
        ("date", True),
        ("bool", False),
        ("enum", False),
        ("text", False),
        ("list", False),
    ],
)
def test_a_derived_fact_with_an_order_is_compared_by_its_ends(kind: FactType, ordered: bool) -> None:
    vocabulary = Vocabulary(facts={"given": fact(kind), "follows": fact(kind, derived=True)})
    assert bounded(vocabulary, "follows") is ordered
    assert bounded(vocabulary, "given") is False


@pytest.mark.parametrize(
    ("value", "bound", "told"),
    [
        (5, None, (5, 5)),
        (0, None, (0, 0)),
        (-5, Interval(1, 2), (-5, -5)),  # the value is known: no bound counts
        (DAY, None, (DAY.toordinal(), DAY.toordinal())),
        (None, Interval(1, 2), (1, 2)),
        (None, Interval(0, None), (0, None)),
        (None, Interval(None, 0), (None, 0)),
        (None, Interval(DAY, LATER), (DAY.toordinal(), LATER.toordinal())),
        (None, Interval(1, 2, nothing=True), (None, None)),
        (None, Choice(frozenset(("a",))), (None, None)),
        (None, None, (None, None)),
        ("a", None, (None, None)),
    ],
)
def test_the_ends_of_a_value_and_of_a_bound(value: Value | None, bound: Bound | None, told: Ends) -> None:
    assert ends(value, bound) == told
