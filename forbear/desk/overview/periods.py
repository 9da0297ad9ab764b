"""The two periods that the overview compares: so many last days and those before, or days that somebody chose."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from forbear.desk.overview.counts import Period

PERIODS: Final = (7, 30, 90)  # days offered
USUAL: Final = 30
LONGEST: Final = 366
FIELDS: Final = ("from", "to", "against_from", "against_to")
Unfit: TypeAlias = Literal["day", "half", "order", "future", "long"]


class UnfitPeriodError(Exception):
    """Days that make no period: in which field, and why."""

    def __init__(self, field: str, why: Unfit) -> None:
        super().__init__(field, why)
        self.field, self.why = field, why


@dataclass(frozen=True)
class Periods:
    """A period, and what it is compared with; `days` where they are the last so many, against those before."""

    period: Period
    against: Period
    days: int | None

    @property
    def asking(self) -> dict[str, str]:
        """What asks for them."""
        if self.days is not None:
            return {"days": str(self.days)}
        days = (self.period.first, self.period.last, self.against.first, self.against.last)
        return {name: day.isoformat() for name, day in zip(FIELDS, days, strict=True)}


def last(days: int, today: dt.date, zone: str) -> Periods:
    """The days that end today."""
    period = Period(today - dt.timedelta(days=days - 1), today, zone)
    return Periods(period, period.before, days)


def chosen(asked: Mapping[str, str], today: dt.date, zone: str) -> Periods:
    """The periods that somebody asks for; the usual ones where nothing is asked. Raises UnfitPeriodError."""
    typed = {name: asked.get(name, "").strip() for name in FIELDS}
    if not any(typed.values()):
        days = asked.get("days", "")
        return last(int(days) if days in map(str, PERIODS) else USUAL, today, zone)
    period = _period(typed, "from", "to", today, zone)
    if not typed["against_from"] and not typed["against_to"]:
        return Periods(period, period.before, None)
    return Periods(period, _period(typed, "against_from", "against_to", today, zone), None)


def _period(typed: Mapping[str, str], first: str, final: str, today: dt.date, zone: str) -> Period:
    days = []
    for name in (first, final):
        if not typed[name]:
            raise UnfitPeriodError(name, "half")
        try:
            days.append(dt.date.fromisoformat(typed[name]))
        except ValueError:
            raise UnfitPeriodError(name, "day") from None
        if days[-1] > today:
            raise UnfitPeriodError(name, "future")
        if days[-1].year < 2000:  # nothing here is as old
            raise UnfitPeriodError(name, "day")
    begin, end = days
    if begin > end:
        raise UnfitPeriodError(first, "order")
    if (end - begin).days >= LONGEST:
        raise UnfitPeriodError(first, "long")
    return Period(begin, end, zone)
