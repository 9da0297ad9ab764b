"""Days, begun months and full years: at the ends of months, on 29 February, and where the calendar ends."""

import datetime as dt

import pytest

from rules.formulas.dates import days_after, days_between, full_years, months_after, months_begun, years_after

FIRST, LAST = dt.date.min, dt.date.max


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        ("2026-11-23", 0, "2026-11-23"),
        ("2026-11-23", 8, "2026-12-01"),
        ("2026-03-01", -1, "2026-02-28"),
        ("0001-01-02", -1, "0001-01-01"),
        ("0001-01-02", -2, "0001-01-01"),
        ("0001-01-01", -(10**9), "0001-01-01"),
        ("9999-12-30", 1, "9999-12-31"),
        ("9999-12-30", 2, "9999-12-31"),
        ("2026-11-23", 10**9, "9999-12-31"),
    ],
)
def test_days_on_and_back_end_with_the_calendar(start: str, days: int, end: str) -> None:
    assert days_after(day(start), days) == day(end)


@pytest.mark.parametrize(
    ("start", "years", "end"),
    [
        ("2026-11-23", 0, "2026-11-23"),
        ("2026-11-23", 3, "2029-11-23"),
        ("2026-11-23", -3, "2023-11-23"),
        ("2024-02-29", 1, "2025-02-28"),
        ("2024-02-29", 4, "2028-02-29"),
        ("2024-02-29", -4, "2020-02-29"),
        ("2024-02-29", -1, "2023-02-28"),
        ("9998-12-31", 1, "9999-12-31"),
        ("9998-06-01", 1, "9999-06-01"),
        ("9998-06-01", 2, "9999-12-31"),
        ("9999-06-01", 1, "9999-12-31"),
        ("0002-06-01", -1, "0001-06-01"),
        ("0002-12-31", -1, "0001-12-31"),
        ("0002-12-31", -2, "0001-01-01"),
        ("2026-11-23", 10**6, "9999-12-31"),
        ("2026-11-23", -(10**6), "0001-01-01"),
    ],
)
def test_years_on_and_back_end_with_the_calendar(start: str, years: int, end: str) -> None:
    assert years_after(day(start), years) == day(end)


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        ("2026-11-23", 0, "2026-11-23"),
        ("2026-11-23", 1, "2026-12-23"),
        ("2026-11-23", 2, "2027-01-23"),
        ("2026-11-23", 25, "2028-12-23"),
        ("2026-11-23", -11, "2025-12-23"),
        ("2026-11-30", 3, "2027-02-28"),
        ("2026-11-30", 15, "2028-02-29"),
        ("2026-12-31", -1, "2026-11-30"),
        ("0001-12-05", -11, "0001-01-05"),
        ("0001-12-05", -12, "0001-01-01"),
        ("9999-01-05", 11, "9999-12-05"),
        ("9999-12-05", 1, "9999-12-31"),
        ("9999-02-05", 11, "9999-12-31"),
    ],
)
def test_months_on_and_back_end_with_the_month_and_the_calendar(start: str, months: int, end: str) -> None:
    assert months_after(day(start), months) == day(end)


def test_days_between_are_negative_where_the_second_comes_first() -> None:
    assert days_between(day("2026-11-23"), day("2026-12-01")) == 8
    assert days_between(day("2026-12-01"), day("2026-11-23")) == -8
    assert days_between(FIRST, LAST) == LAST.toordinal() - 1


@pytest.mark.parametrize(
    ("start", "end", "months"),
    [
        ("2026-11-23", "2026-11-23", 0),
        ("2026-11-23", "2026-11-24", 1),
        ("2026-11-23", "2026-12-22", 1),
        ("2026-11-23", "2026-12-23", 1),
        ("2026-11-23", "2026-12-24", 2),
        ("2026-11-23", "2027-01-23", 2),
        ("2026-11-23", "2028-11-24", 25),
    ],
)
def test_a_begun_month_counts_whole(start: str, end: str, months: int) -> None:
    assert months_begun(day(start), day(end)) == months


@pytest.mark.parametrize(
    ("start", "end", "years"),
    [
        ("2026-11-23", "2026-11-23", 0),
        ("2026-11-23", "2027-11-22", 0),
        ("2026-11-23", "2027-11-23", 1),
        ("2026-11-23", "2029-11-24", 3),
        ("2024-02-29", "2025-02-27", 0),
        ("2024-02-29", "2025-02-28", 1),
        ("2024-02-29", "2028-02-28", 3),
        ("2024-02-29", "2028-02-29", 4),
        ("2027-11-23", "2026-11-23", -1),
        ("2027-11-23", "2026-11-22", -2),
    ],
)
def test_a_full_year_ends_on_the_same_day(start: str, end: str, years: int) -> None:
    assert full_years(day(start), day(end)) == years
