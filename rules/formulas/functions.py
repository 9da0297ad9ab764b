"""Named functions that formulas may call: what truly cannot be a formula, each with the reason."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from rules.facts.cells import LAST_DAY
from rules.facts.legal_days import ending
from rules.formulas.dates import days_after
from rules.formulas.units import QUANTITIES, Kind


@dataclass(frozen=True, slots=True)
class Function:
    """A function of formulas. It must rise or fall steadily in each argument, or its bounds would be wrong."""

    arguments: tuple[Kind, ...]
    gives: Kind
    compute: Callable[..., Any]
    reason: str
    strays: int | None = None  # it gives the sum of its arguments, and at most so much more
    # What it is by the day that its arguments, a day and so many days, come to; the later that is, the later.
    of_day: Callable[[dt.date], dt.date] | None = None


def _legal_deadline(served: dt.date, days: int) -> dt.date:
    return _working_day(days_after(served, days))


def _working_day(end: dt.date) -> dt.date:
    # Beyond the days that a case may name there is no calendar to look at.
    return end if end > LAST_DAY else ending(end).date


FUNCTIONS: Final[Mapping[str, Function]] = {
    "legal_deadline": Function(
        ("date", QUANTITIES["days"]),
        "date",
        _legal_deadline,
        "a legal period ends on the next working day, and those are made known anew each year by the State Council",
        strays=10,
        of_day=_working_day,
    ),
}
