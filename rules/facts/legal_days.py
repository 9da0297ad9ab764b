"""Legal days: when a period of days ends, working Saturdays and public holidays of China considered."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import lru_cache

import chinese_calendar


@dataclass(frozen=True, slots=True)
class Deadline:
    """The last day of a legal period."""

    date: dt.date
    shifted: bool  # the count ended on a day off, the period on the next working day
    calendar_known: bool  # the public holidays of that time are known; else only weekends were considered


@lru_cache(maxsize=4096)
def deadline(served: dt.date, days: int) -> Deadline:
    """The last day of a period that starts the day after `served` (Civil Procedure Law, article 85)."""
    return ending(served + dt.timedelta(days=days))


@lru_cache(maxsize=4096)
def ending(counted: dt.date) -> Deadline:
    """The last day of a period that ends on this day by the count: on a day off it moves to the next working day."""
    last = counted
    known = True
    while True:
        working, listed = _working(last)
        known = known and listed
        if working:
            return Deadline(last, last != counted, known)
        last += dt.timedelta(days=1)


def _working(day: dt.date) -> tuple[bool, bool]:
    """Whether it is a working day, and whether the holidays of its year are published."""
    try:
        return chinese_calendar.is_workday(day), True
    except NotImplementedError:  # the library ends with the last year the State Council has announced
        return day.weekday() < 5, False
