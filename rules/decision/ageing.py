"""Ageing: what facts that were told on a day, and counted on it, come to on a later one."""

from __future__ import annotations

import datetime as dt
from typing import Final

from rules.facts.case_facts import Facts
from rules.facts.cells import Value
from rules.facts.numbers import limits
from rules.formulas.dates import full_years, years_after
from rules.pack.files.schema import Vocabulary

DAYS: Final = "days_overdue"  # counted in days: goes on by itself
DUE: Final = "due_date"
YEARS: Final = "age"  # counted in whole years
TOLD: Final = "told_on"  # given by the application: the day by which the years were counted


def overdue_since(days: Value | None, due: Value | None, told_on: dt.date) -> dt.date | None:
    """The day from which a number of days overdue goes on: what was not overdue is so from its due date on."""
    if not isinstance(days, int):
        return None
    if days > 0:
        return told_on
    return max(due, told_on) if isinstance(due, dt.date) else None


def with_days_gone_on(vocabulary: Vocabulary, facts: Facts, told_on: dt.date, today: dt.date) -> Facts:
    """The facts with the days overdue that a number told on a day has come to."""
    days, since = facts.get(DAYS), overdue_since(facts.get(DAYS), facts.get(DUE), told_on)
    if not isinstance(days, int) or since is None or since >= today:
        return facts
    return {**facts, DAYS: min(limits(vocabulary.facts[DAYS])[1], days + (today - since).days)}


def aged(vocabulary: Vocabulary, facts: Facts, told_on: dt.date, today: dt.date) -> Facts:
    """The facts as they are today, where nobody has told of anything else since.

    Of an age so much is sure as full years have gone by; the day by which it was counted goes with it.
    """
    if today <= told_on:
        return facts
    found = dict(with_days_gone_on(vocabulary, facts, told_on, today))
    age = facts.get(YEARS)
    if isinstance(age, int) and TOLD in vocabulary.facts:  # packs published before it count by today
        years = full_years(told_on, today)
        found[YEARS] = min(limits(vocabulary.facts[YEARS])[1], age + years)
        found[TOLD] = years_after(told_on, years)
    return found


def next_birthday(facts: Facts, as_of: dt.date) -> dt.date | None:
    """The next day on which a whole year has gone by since an age was counted."""
    if not isinstance(facts.get(YEARS), int):
        return None
    told = facts.get(TOLD)
    start = told if isinstance(told, dt.date) else as_of
    return years_after(start, full_years(start, as_of) + 1)
