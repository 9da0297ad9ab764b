"""What was told on a day comes to on a later one."""

from __future__ import annotations

import datetime as dt

import pytest

from rules.decision.ageing import aged, next_birthday, overdue_since, with_days_gone_on
from rules.facts.case_facts import Facts
from rules.facts.numbers import limits
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
    assert aged(PACK.vocabulary, facts, WEEK, TOLD) == facts


@pytest.mark.parametrize(
    ("facts", "since"),
    [
        ({"days_overdue": 1, "due_date": WEEK}, TOLD),
        ({"days_overdue": 0, "due_date": WEEK}, WEEK),
        ({"days_overdue": 0, "due_date": TOLD - dt.timedelta(days=1)}, TOLD),
        ({"days_overdue": 0}, None),
        ({"days_overdue": 0, "due_date": "soon"}, None),
        ({"due_date": WEEK}, None),
    ],
)
def test_what_was_overdue_is_so_from_the_day_it_was_told_and_what_was_not_from_its_due_date(
    facts: Facts, since: dt.date | None
) -> None:
    assert overdue_since(facts.get("days_overdue"), facts.get("due_date"), TOLD) == since
    day = dt.timedelta(days=1)
    if since is not None:
        gone_on = [with_days_gone_on(PACK.vocabulary, facts, TOLD, since + n * day)["days_overdue"] for n in (-1, 0, 1)]
        assert gone_on == [facts["days_overdue"]] * 2 + [facts["days_overdue"] + 1]  # type: ignore[operator] # a number


def test_an_age_goes_on_by_full_years_with_the_day_it_was_told_on() -> None:
    later = dt.date(2028, 12, 1)
    years = limits(PACK.vocabulary.facts["age"])[1]
    assert aged(PACK.vocabulary, {"age": years - 1}, TOLD, later)["age"] == years
    assert aged(PACK.vocabulary, {"age": 17}, TOLD, TOLD) == {"age": 17}
    assert aged(PACK.vocabulary, {"days_overdue": 1}, TOLD, WEEK) == {"days_overdue": 8}
    found = aged(PACK.vocabulary, {"age": 17}, TOLD, later)
    assert found == {"age": 19, "told_on": dt.date(2028, 11, 23)}
    assert aged(PACK.vocabulary, {"age": 17}, TOLD, WEEK) == {"age": 17, "told_on": TOLD}
    assert next_birthday(found, later) == dt.date(2029, 11, 23)
    assert next_birthday({"age": 17}, TOLD) == dt.date(2027, 11, 23)
    assert next_birthday({}, TOLD) is None
    assert next_birthday({"age": 17, "told_on": TOLD}, dt.date(2027, 11, 22)) == dt.date(2027, 11, 23)
    assert next_birthday({"age": 17, "told_on": TOLD}, dt.date(2027, 11, 23)) == dt.date(2028, 11, 23)
    assert next_birthday({"age": 17, "told_on": "some day"}, later) == dt.date(2029, 12, 1)


def test_packs_from_before_count_an_age_by_today() -> None:
    older = PACK.vocabulary.model_copy(
        update={"facts": {name: fact for name, fact in PACK.vocabulary.facts.items() if name != "told_on"}}
    )
    assert aged(older, {"age": 17, "days_overdue": 1}, TOLD, dt.date(2028, 12, 1)) == {"age": 17, "days_overdue": 740}
