"""Periods that a supervisor chooses: what can be chosen, and what it is compared with."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forbear.desk.overview.periods import LONGEST, Periods, UnfitPeriodError, chosen, last

TODAY = dt.date(2026, 11, 30)
ZONE = "Asia/Shanghai"
DAYS = st.integers(0, 2 * LONGEST).map(lambda back: TODAY - dt.timedelta(days=back))


def of(**asked: str) -> Periods:
    return chosen({name.removesuffix("_"): value for name, value in asked.items()}, TODAY, ZONE)


@given(DAYS, st.integers(0, LONGEST - 1))
def test_a_period_is_compared_with_as_many_days_just_before(end: dt.date, more: int) -> None:
    begin = end - dt.timedelta(days=more)
    found = of(from_=begin.isoformat(), to=end.isoformat())
    assert (found.period.first, found.period.last) == (begin, end)
    assert found.against.last + dt.timedelta(days=1) == begin
    assert found.against.days[0] == begin - dt.timedelta(days=more + 1)
    assert chosen(found.asking, TODAY, ZONE) == found, "an address says all of it"


@pytest.mark.parametrize(("days", "first"), [("7", 6), ("90", 89), ("", 29), ("8", 29), ("x", 29)])
def test_the_last_days_end_today(days: str, first: int) -> None:
    found = of(days=days)
    assert found.period.first == TODAY - dt.timedelta(days=first) and found.period.last == TODAY
    assert chosen(found.asking, TODAY, ZONE) == found == last(first + 1, TODAY, ZONE)


@pytest.mark.parametrize(
    ("begin", "end", "field", "why"),
    [
        ("2026-11-30", "2026-11-30", None, None),
        ("2026-11-30", "2026-12-01", "to", "future"),
        ("2026-11-30", "2026-11-29", "from", "order"),
        ("2025-11-30", "2026-11-30", None, None),
        ("2025-11-29", "2026-11-30", "from", "long"),
        ("", "2026-11-30", "from", "half"),
        ("2026-11-30", " ", "to", "half"),
        ("2026-11-31", "2026-11-30", "from", "day"),
        ("0001-01-01", "0001-01-02", "from", "day"),
    ],
)
def test_what_is_no_period_is_refused_at_its_field(begin: str, end: str, field: str | None, why: str | None) -> None:
    if field is None:
        assert of(from_=begin, to=end).days is None
        return
    with pytest.raises(UnfitPeriodError) as refused:
        of(from_=begin, to=end)
    assert (refused.value.field, refused.value.why) == (field, why)
