"""Legal periods end on a working day: the calendar of the State Council, weekends where it is not known."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.facts.legal_days import Deadline, deadline


def ends(served: str, days: int) -> Deadline:
    return deadline(dt.date.fromisoformat(served), days)


@pytest.mark.parametrize(
    ("served", "days", "last", "shifted"),
    [
        ("2026-11-02", 15, "2026-11-17", False),  # the day of service is not counted
        ("2026-11-05", 15, "2026-11-20", False),  # a Friday
        ("2026-11-06", 15, "2026-11-23", True),  # Saturday to Monday
        ("2026-11-07", 15, "2026-11-23", True),  # Sunday to Monday
        ("2026-11-08", 15, "2026-11-23", False),  # Monday
        ("2026-09-15", 15, "2026-09-30", False),  # the last working day before National Day
        ("2026-09-16", 15, "2026-10-08", True),  # 1 October: a week off, back on Thursday the 8th
        ("2026-09-22", 15, "2026-10-08", True),  # 7 October, the last day off
        ("2026-09-23", 15, "2026-10-08", False),
        ("2026-09-05", 15, "2026-09-20", False),  # a Sunday worked in exchange for the holiday
        ("2026-09-25", 15, "2026-10-10", False),  # a Saturday worked in exchange
        ("2026-09-26", 15, "2026-10-12", True),  # an ordinary Sunday
        ("2026-11-20", 0, "2026-11-20", False),
    ],
)
def test_a_period_that_ends_on_a_day_off_ends_on_the_next_working_day(
    served: str, days: int, last: str, shifted: bool
) -> None:
    assert ends(served, days) == Deadline(dt.date.fromisoformat(last), shifted, True)


@pytest.mark.parametrize(
    ("served", "last", "shifted"),
    [
        ("2031-05-06", "2031-05-21", False),  # a Wednesday
        ("2031-05-09", "2031-05-26", True),  # Saturday to Monday
        ("2031-09-16", "2031-10-01", False),  # National Day, but nobody knows that year's calendar yet
    ],
)
def test_beyond_the_published_calendar_only_weekends_count_and_that_is_said(
    served: str, last: str, shifted: bool
) -> None:
    assert ends(served, 15) == Deadline(dt.date.fromisoformat(last), shifted, False)


def test_a_period_that_runs_into_an_unpublished_year_says_so() -> None:
    assert ends("2003-12-20", 15).calendar_known  # ends on 4 January 2004, a Sunday, and 5 January, a Monday
    assert not ends("2003-12-01", 15).calendar_known


@given(st.dates(dt.date(1950, 1, 1), dt.date(2090, 1, 1)), st.integers(0, 60))
def test_a_period_is_never_shortened_and_never_moved_far(served: dt.date, days: int) -> None:
    end = deadline(served, days)
    moved = (end.date - served).days - days
    assert end.shifted == (moved > 0)
    assert 0 <= moved <= 10
