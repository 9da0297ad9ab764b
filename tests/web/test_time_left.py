"""Due: time left in the words of people, and which clock it is."""

import datetime as dt

import pytest

from models.desk import WorklistItem
from web.views.time_left import Duration, TimeLeft, due, span

NOW = dt.datetime(2026, 11, 24, 8, tzinfo=dt.UTC)
MINUTE, TICK = dt.timedelta(minutes=1), dt.timedelta(microseconds=1)


def case(at: dt.datetime, respond_by: dt.datetime | None = None, **state: object) -> WorklistItem:
    return WorklistItem(due_at=at, respond_by=respond_by or at, **{"status": "open", **state})  # type: ignore[arg-type] # fields of any type


@pytest.mark.parametrize(
    ("length", "shown"),
    [
        (dt.timedelta(), Duration("minutes", 0)),
        (60 * MINUTE - TICK, Duration("minutes", 59)),
        (60 * MINUTE, Duration("hours", 1)),
        (48 * 60 * MINUTE - TICK, Duration("hours", 47)),
        (48 * 60 * MINUTE, Duration("days", 2)),
        (72 * 60 * MINUTE - TICK, Duration("days", 2)),
    ],
)
def test_a_span_is_told_in_its_largest_unit(length: dt.timedelta, shown: Duration) -> None:
    assert span(NOW, NOW + length) == span(NOW + length, NOW) == shown


def test_a_case_is_late_from_the_moment_it_is_due() -> None:
    assert due(case(NOW), NOW) == TimeLeft("response", NOW, Duration("minutes", 0), late=True)
    assert due(case(NOW + TICK), NOW) == TimeLeft("response", NOW + TICK, Duration("minutes", 0), late=False)


def test_what_comes_before_the_response_time_is_a_legal_deadline() -> None:
    found = due(case(NOW, NOW + TICK), NOW)
    assert found is not None
    assert found.kind == "deadline"


def test_a_case_that_waits_is_due_at_its_follow_up_and_a_closed_one_never() -> None:
    later = NOW + dt.timedelta(days=3)
    assert due(case(NOW, status="snoozed", follow_up_at=later), NOW) == TimeLeft(
        "follow_up", later, Duration("days", 3), late=False
    )
    assert due(case(NOW, status="closed"), NOW) is None


def test_a_pack_without_response_times_leaves_nothing_due() -> None:
    assert due(case(dt.datetime(9999, 12, 31, tzinfo=dt.UTC)), NOW) is None
