"""Calendar arithmetic: days, begun months and full years between dates, within the years 1 to 9999."""

from __future__ import annotations

import calendar
import datetime as dt
from typing import Final

_LAST: Final = dt.date.max.toordinal()


def days_after(start: dt.date, days: int) -> dt.date:
    """The day so many days on (back where negative), no further than the calendar goes."""
    return dt.date.fromordinal(min(_LAST, max(1, start.toordinal() + days)))


def years_after(start: dt.date, years: int) -> dt.date:
    """The same day so many years on; 29 February ends on the 28th (Civil Code, article 202)."""
    year = start.year + years
    if not 1 <= year <= dt.MAXYEAR:
        return dt.date.max if years > 0 else dt.date.min
    try:
        return start.replace(year=year)
    except ValueError:
        return start.replace(year=year, day=28)


def months_after(start: dt.date, months: int) -> dt.date:
    """The same day so many months on, the last of the month where it has no such day (Civil Code, article 202)."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    if not 1 <= year <= dt.MAXYEAR:
        return dt.date.max if months > 0 else dt.date.min
    return dt.date(year, month + 1, min(start.day, calendar.monthrange(year, month + 1)[1]))


def days_between(start: dt.date, end: dt.date) -> int:
    """Days from one day to another; negative where the second comes first."""
    return (end - start).days


def months_begun(start: dt.date, end: dt.date) -> int:
    """Months from one day to a later one, a begun month counted whole."""
    return (end.year - start.year) * 12 + end.month - start.month + (end.day > start.day)


def full_years(start: dt.date, end: dt.date) -> int:
    """Full years from one day to another, anniversaries of 29 February on the 28th."""
    years = end.year - start.year
    return years if years_after(start, years) <= end else years - 1
