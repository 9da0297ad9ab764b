"""Working hours: until when our own time to answer runs, where it runs only while somebody works."""

import datetime as dt
import re
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from forbear.base.settings import settings
from rules.facts import legal_days
from rules.pack.pack import Pack

_HOURS = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-3]):([0-5][0-9])")


@dataclass(frozen=True)
class WorkingDay:
    """From when until when people work on a working day, on the clock of a place."""

    opens: dt.time
    closes: dt.time
    zone: ZoneInfo

    def after(self, start: dt.datetime, hours: int) -> dt.datetime:
        """The moment at which so many hours have been worked since `start`; days off count nothing."""
        left, day = dt.timedelta(hours=hours), start.astimezone(self.zone).date()
        while True:
            if not legal_days.ending(day).shifted:
                opens = dt.datetime.combine(day, self.opens, self.zone)
                closes = dt.datetime.combine(day, self.closes, self.zone)
                begins = max(start, opens).astimezone(dt.UTC)
                worked = max(closes.astimezone(dt.UTC) - begins, dt.timedelta())
                if left <= worked:
                    return begins + left
                left -= worked
            day += dt.timedelta(days=1)


def working_day(written: str, zone: str) -> WorkingDay | None:
    """The hours of FORBEAR_WORKING_HOURS; None where none are set, and time to answer runs day and night."""
    found = _HOURS.fullmatch(written)
    if found is None:
        return None
    hour, minute, until_hour, until_minute = map(int, found.groups())
    return WorkingDay(dt.time(hour, minute), dt.time(until_hour, until_minute), ZoneInfo(zone))


def answers_by(pack: Pack, urgency: str, start: dt.datetime) -> dt.datetime | None:
    """Until when somebody is to have looked at a case of an urgency; None where the pack sets no time.

    In a crisis the clock runs day and night.
    """
    day = None if urgency == "U0" else working_day(settings().working_hours, pack.manifest.timezone)
    hours = _hours(pack, urgency)
    return by_the_clock(pack, urgency, start) if hours is None or day is None else day.after(start, hours)


def by_the_clock(pack: Pack, urgency: str, start: dt.datetime) -> dt.datetime | None:
    """The same where somebody may be in danger: time runs day and night."""
    hours = _hours(pack, urgency)
    return None if hours is None else start + dt.timedelta(hours=hours)


def _hours(pack: Pack, urgency: str) -> int | None:
    return next((hours for known, hours in pack.manifest.response_hours.items() if known == urgency), None)
