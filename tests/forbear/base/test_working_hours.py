"""Time to answer runs while somebody works: boundary pairs around a day's ends, weekends, holidays, and crises."""

import datetime as dt
from collections.abc import Iterator
from zoneinfo import ZoneInfo

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forbear.base.errors import ForbearError
from forbear.base.settings import settings
from forbear.base.vault import Vault
from forbear.base.working_hours import WorkingDay, answers_by, by_the_clock, working_day
from rules.facts import legal_days
from rules.loading.loader import DEFAULT_PACK, load
from tests.support.desk.cases import NOW, accepted, decided

ZONE = ZoneInfo("Asia/Shanghai")
DAY = WorkingDay(dt.time(9), dt.time(18), ZONE)


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(f"2026-{text}").replace(tzinfo=ZONE)


# 27 November is a Friday. 1 to 7 October are off, Saturday 10 October and Sunday 20 September are worked.
@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ("11-27T17:00", 1, "11-27T18:00"),
        ("11-27T17:01", 1, "11-30T09:01"),
        ("11-27T17:00", 8, "11-30T16:00"),
        ("11-27T18:00", 1, "11-30T10:00"),
        ("11-27T17:59", 1, "11-30T09:59"),
        ("11-27T09:00", 9, "11-27T18:00"),
        ("11-27T09:00", 10, "11-30T10:00"),
        ("11-27T08:59", 1, "11-27T10:00"),
        ("11-27T09:01", 1, "11-27T10:01"),
        ("11-28T23:00", 72, "12-09T18:00"),
        ("11-29T23:59", 1, "11-30T10:00"),
        ("09-30T17:30", 1, "10-08T09:30"),
        ("10-09T17:30", 1, "10-10T09:30"),
        ("09-19T12:00", 1, "09-20T10:00"),
    ],
)
def test_hours_are_counted_while_somebody_works(start: str, hours: int, end: str) -> None:
    assert DAY.after(at(start), hours) == at(end)


@given(
    minutes=st.integers(0, 334 * 24 * 60),
    hours=st.integers(1, 100),
    more=st.integers(1, 30),
)
def test_time_ends_while_somebody_works_and_adds_up(minutes: int, hours: int, more: int) -> None:
    begun = at("01-01T00:00").astimezone(dt.UTC) + dt.timedelta(minutes=minutes)
    end = DAY.after(begun, hours)
    there = end.astimezone(ZONE)
    assert not legal_days.ending(there.date()).shifted
    assert dt.time(9) < there.time() <= dt.time(18)
    assert end - begun >= dt.timedelta(hours=hours)
    assert DAY.after(end, more) == DAY.after(begun, hours + more)


@pytest.fixture
def by_the_day(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("FORBEAR_WORKING_HOURS", "09:00-18:00")
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.mark.usefixtures("by_the_day")
def test_what_is_decided_is_due_in_working_hours_and_a_crisis_by_the_clock(database_url: str, vault: Vault) -> None:
    pack = load(DEFAULT_PACK)
    asked = accepted(3, "P", private={"notes": "撑不下去了，拖累家里"})
    decided(database_url, [accepted(1, "A"), accepted(2, "U", private={"notes": "不想活"}), asked], vault, by=pack)
    with psycopg.connect(database_url) as connection:
        rows = connection.execute("SELECT case_ref, decided_urgency, respond_by FROM desk_case").fetchall()
    by = {ref: (urgency, moment) for ref, urgency, moment in rows}
    hours = pack.manifest.response_hours
    plain, crisis = by["A"], by["U"]
    assert plain[1] == DAY.after(NOW, hours[plain[0]]) != NOW + dt.timedelta(hours=hours[plain[0]])
    assert crisis == ("U0", NOW + dt.timedelta(hours=hours["U0"]))
    assert answers_by(pack, "U0", NOW) == crisis[1]
    urgency, moment = by["P"]  # somebody may be in danger, who is asked first: no weekend lies between
    assert urgency == "U1" and moment == by_the_clock(pack, "U1", NOW) != answers_by(pack, "U1", NOW)


@pytest.mark.parametrize("wrong", ["9-18", "18:00-09:00", "09:00-09:00", "24:00-25:00", "09:00-18:00-", "09:60-18:00"])
def test_other_hours_are_refused_in_one_sentence(monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    monkeypatch.setenv("FORBEAR_WORKING_HOURS", wrong)
    settings.cache_clear()
    try:
        with pytest.raises(ForbearError, match=r"FORBEAR_WORKING_HOURS is not usable: .* write them as 09:00-18:00"):
            settings()
    finally:
        monkeypatch.undo()
        settings.cache_clear()


def test_without_hours_time_runs_day_and_night() -> None:
    assert working_day("", "Asia/Shanghai") is None
    assert working_day("09:00-18:00", "Asia/Shanghai") == DAY
