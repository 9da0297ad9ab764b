"""Days of instalments, and what becomes of one whose day has passed."""

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forbear.conversation.agreements import BROKEN_AFTER, MOST, AgreedTerms, due_days, faults, lapsed
from models.conversation import Instalment

DAY = dt.timedelta(days=1)
FIRST = dt.date(2026, 11, 30)
DAYS = st.dates(dt.date(2020, 1, 1), dt.date(2040, 12, 31))


def instalments(*states: str) -> list[Instalment]:
    """One a month from FIRST on, each due on its last day."""
    days = due_days(FIRST, len(states))
    return [
        Instalment(agreement_id=1, number=number, due_on=day, last_day=day, amount=1, status=status)
        for number, (day, status) in enumerate(zip(days, states, strict=True), start=1)
    ]


@given(first=DAYS, count=st.integers(1, MOST))
def test_instalments_are_due_once_a_month_on_the_day_of_the_first(first: dt.date, count: int) -> None:
    days = list(due_days(first, count))
    assert days[0] == first and len(days) == count
    months = [day.year * 12 + day.month for day in days]
    assert months == list(range(months[0], months[0] + count))
    for day in days:
        assert day.day == first.day or ((day + DAY).month != day.month and day.day < first.day)


@pytest.mark.parametrize(
    ("states", "today", "becomes"),
    [
        (("due", "due"), FIRST, {}),
        (("due", "due"), FIRST + DAY, {1: "late"}),
        (("late", "due"), FIRST + DAY, {}),
        (("kept", "due"), FIRST + DAY, {}),
        (("late",), FIRST + BROKEN_AFTER, {}),
        (("late",), FIRST + BROKEN_AFTER + DAY, {1: "broken"}),
        (("due",), FIRST + BROKEN_AFTER + DAY, {1: "broken"}),  # nobody looked for a month
        (("late", "due"), dt.date(2026, 12, 30), {}),
        (("late", "due"), dt.date(2026, 12, 31), {1: "broken", 2: "late"}),
        (("broken", "late"), dt.date(2026, 12, 31), {}),
        (("kept", "kept"), dt.date(2030, 1, 1), {}),
    ],
)
def test_an_instalment_is_late_the_day_after_and_broken_a_month_or_another_one_later(
    states: tuple[str, ...], today: dt.date, becomes: dict[int, str]
) -> None:
    assert lapsed(instalments(*states), today) == becomes


@given(today=DAYS, states=st.lists(st.sampled_from(["due", "late", "broken", "kept"]), min_size=1, max_size=6))
def test_what_was_seen_once_is_not_seen_again(today: dt.date, states: list[str]) -> None:
    parts = instalments(*states)
    for each, becomes in ((each, lapsed(parts, today).get(each.number)) for each in list(parts)):
        each.status = becomes or each.status
    assert lapsed(parts, today) == {}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({}, None),
        ({"amount": 0}, "amount"),
        ({"amount": 10**12 + 1}, "amount"),
        ({"count": 0}, "count"),
        ({"count": MOST + 1}, "count"),
        ({"first_due": FIRST + 367 * DAY}, "first_due"),
        ({"first_due": FIRST + 366 * DAY}, None),
        ({"agreed_on": FIRST + DAY}, "agreed_on"),
        ({"agreed_on": FIRST - 367 * DAY}, "agreed_on"),
    ],
)
def test_terms_that_cannot_be_are_named_by_their_field(changes: dict[str, Any], field: str | None) -> None:
    terms = replace(AgreedTerms(1, 1, FIRST, FIRST, in_writing=True), **changes)
    assert [each.field for each in faults(terms, FIRST)] == ([] if field is None else [field])
