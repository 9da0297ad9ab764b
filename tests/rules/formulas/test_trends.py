"""Trends: how long each node says the same, found by hand and by trying every day."""

from __future__ import annotations

import datetime as dt

import pytest

from rules.decision.outlook.validity import LONGEST, Validity
from rules.facts.cells import LAST_DAY
from rules.facts.legal_days import deadline
from rules.formulas.bounds import Interval
from rules.formulas.derivation import derivation
from rules.formulas.functions import FUNCTIONS
from rules.formulas.trends.trend import ALWAYS, DAILY, STEADY, End, Trend, until_compared, until_cut, until_met
from rules.loading.loader import DEFAULT_PACK, load
from rules.pack.logic.fact_inputs import sources
from rules.pack.parameters import in_force

PACK = load(DEFAULT_PACK)
BACK = End(-1)


@pytest.mark.parametrize(
    ("trend", "cut", "days"),
    [
        (Trend(3, DAILY, DAILY), 10, 7),  # 10 in a week, and less on every day before
        (Trend(10, BACK, BACK), 10, 1),
        (Trend(10, BACK, BACK), 8, 3),
        (Trend(10, DAILY, DAILY), 10, ALWAYS),
        (Trend(3, BACK, BACK), 10, ALWAYS),
        (Trend(3), 10, ALWAYS),
        (Trend(3, DAILY, DAILY, 4), 10, 4),
        (Trend(3, End(1, 2), End(1, 2)), 10, 5),  # by two days it may be off
        (Trend(9, End(0.5, 1), End(0.5, 1)), 10, 1),
        (Trend(Interval(3, 20), STEADY, BACK), 10, 11),  # either end
        (Trend(Interval(3, 20), DAILY, STEADY), 10, 7),
        (Trend(True, DAILY, DAILY), 1, ALWAYS),
    ],
)
def test_a_number_stays_on_its_side_so_long(trend: Trend, cut: int, days: int) -> None:
    assert until_cut(trend, (cut,)) == days


def test_bounds_are_told_until_they_meet_and_a_value_until_its_ends_part() -> None:
    assert until_met(Trend(Interval(3, 10), DAILY, STEADY)) == 7
    assert until_met(Trend(Interval(3, 10), STEADY, DAILY)) == ALWAYS
    assert until_met(Trend(3, STEADY, DAILY)) == 1
    assert until_met(Trend(3, DAILY, DAILY, 90)) == 90


@pytest.mark.parametrize(
    ("left", "right", "word", "days"),
    [
        (Trend(3, DAILY, DAILY), Trend(10), "at_least", 7),
        (Trend(3, DAILY, DAILY), Trend(10), "more_than", 8),
        (Trend(10), Trend(10, DAILY, DAILY), "equals", 1),
        (Trend(3, DAILY, DAILY), Trend(10), "equals", 7),
        (Trend(3, DAILY, DAILY), Trend(10, DAILY, DAILY), "less_than", ALWAYS),
        (Trend(dt.date(2026, 11, 23), DAILY, DAILY), Trend(dt.date(2026, 11, 30)), "more_than", 8),
    ],
)
def test_two_compare_the_same_so_long(left: Trend, right: Trend, word: str, days: int) -> None:
    assert until_compared(left, right, word) == days  # type: ignore[arg-type] # one of its words


def test_no_legal_period_ends_further_from_its_count_than_is_said() -> None:
    """The longest run of days off there was, or may be announced."""
    days = (dt.date(2004, 1, 1) + dt.timedelta(days=number) for number in range(9_000))
    assert max((deadline(day, 0).date - day).days for day in days) == FUNCTIONS["legal_deadline"].strays


def test_beyond_the_days_that_a_case_may_name_no_calendar_is_looked_at() -> None:
    period = FUNCTIONS["legal_deadline"].compute
    assert period(dt.date(2026, 11, 23), 5) == dt.date(2026, 11, 30)  # the 28th is a Saturday
    assert period(LAST_DAY, 1) == LAST_DAY + dt.timedelta(days=1)  # a Saturday


def test_no_fact_that_the_borrower_can_change_goes_into_one_that_time_changes() -> None:
    """A counterfactual would else come out otherwise on another day than everything it was looked at with."""
    day = PACK.manifest.reviewed_on
    moving = Validity(PACK, day, derivation(PACK, day), in_force(PACK, day)).moving
    assert "days_left" in moving and "capacity" not in moving
    actionable = {name for name, fact in PACK.vocabulary.facts.items() if fact.actionable}
    assert {name for name in moving if not actionable.isdisjoint(sources(PACK.vocabulary, name))} == set()
    assert LONGEST <= 366
