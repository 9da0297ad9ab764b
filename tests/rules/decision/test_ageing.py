"""What was told on a day comes to on a later one."""

from __future__ import annotations

import datetime as dt

import pytest

from rules.decision.ageing import aged, next_birthday
from rules.facts.case_facts import Facts
from rules.loading.loader import DEFAULT_PACK, load

PACK = load(DEFAULT_PACK)
TOLD = dt.date(2026, 11, 23)
WEEK = TOLD + dt.timedelta(days=7)


@pytest.mark.parametrize(
    ("facts", "days"),
    [
        ({"days_overdue": 30}, 37),
        ({"days_overdue": 0}, 0),  # nobody said when it falls due
        ({"days_overdue": 0, "due_date": WEEK - dt.timedelta(days=2)}, 2),
        ({"days_overdue": 0, "due_date": WEEK}, 0),
        ({"days_overdue": 0, "due_date": TOLD - dt.timedelta(days=40)}, 7),  # it was not overdue when it was told
        ({"days_overdue": 36_500}, 36_500),
        ({"due_date": TOLD}, None),  # counted from the day by the formula
    ],
)
def test_days_overdue_go_on(facts: Facts, days: int | None) -> None:
    assert aged(PACK.vocabulary, facts, TOLD, WEEK).get("days_overdue") == days
    assert aged(PACK.vocabulary, facts, TOLD, TOLD) == facts


def test_an_age_goes_on_by_full_years_with_the_day_it_was_told_on() -> None:
    later = dt.date(2028, 12, 1)
    found = aged(PACK.vocabulary, {"age": 17}, TOLD, later)
    assert found == {"age": 19, "told_on": dt.date(2028, 11, 23)}
    assert aged(PACK.vocabulary, {"age": 17}, TOLD, WEEK) == {"age": 17, "told_on": TOLD}
    assert next_birthday(found, later) == dt.date(2029, 11, 23)
    assert next_birthday({"age": 17}, TOLD) == dt.date(2027, 11, 23)
    assert next_birthday({}, TOLD) is None
