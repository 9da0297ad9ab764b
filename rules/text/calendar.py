"""The days to keep in a case - deadlines, the follow-up, the end of a pause - and the calendar file that holds them."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from icalendar import Alarm, Calendar, Event
from icalendar.enums import CLASS, TRANSP

from rules.decision.outcome import Outcome
from rules.facts.legal_days import deadline
from rules.locale import said
from rules.pack.files.negotiation import Approach
from rules.pack.files.schema import Text
from rules.pack.pack import Pack
from rules.pack.parameters import in_force
from rules.text.phrases import cited

_IDS: Final = uuid.UUID(
    "4bb7a1c2-6a0e-5a53-9d0e-4b9b6a2f7f3d"
)  # our name space: the case reference stays out of the file
# Nine in the morning, three days and one day before: an all-day event starts at midnight.
_ALARMS: Final = (-dt.timedelta(days=2, hours=15), -dt.timedelta(hours=15))


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """A day to keep: a legal deadline, a follow-up, or the end of a pause. `assumed`: not certain to be this day."""

    id: str
    date: dt.date
    title: Text
    detail: Text
    assumed: bool


def follow_up_of(pack: Pack, approach: Approach, outcome: Outcome, as_of: dt.date) -> CalendarDay:
    """A working day some days ahead, but before the next legal deadline: after it there is nothing left to check."""
    end = deadline(as_of, in_force(pack, as_of).get(approach.follow_up.days, 0)).date
    ahead = [each.date for each in outcome.deadlines if each.date >= as_of]
    before = max(as_of, min(ahead) - dt.timedelta(days=1)) if ahead else end
    return CalendarDay(
        "follow_up", min(end, before), said("calendar.follow_up"), approach.follow_up.text, assumed=False
    )


def days_of(pack: Pack, outcome: Outcome, follow_up: CalendarDay, as_of: dt.date) -> tuple[CalendarDay, ...]:
    """What is still ahead, the nearest first.

    In a crisis only the next call: the deadlines stand in the decision, for staff to keep.
    """
    if outcome.urgency == "U0":
        return (follow_up,)
    due = [
        CalendarDay(each.id, each.date, pack.deadlines[each.id].title, _basis(pack, each.id), each.assumed)
        for each in outcome.deadlines
        if each.date >= as_of
    ]
    ends = {plan.until for plan in outcome.plans if plan.until is not None and plan.strategy == outcome.strategy}
    over = [
        CalendarDay("pause_over", end, said("calendar.pause_over"), said("calendar.pause_over.detail"), assumed=True)
        for end in ends
    ]
    return tuple(sorted([*due, follow_up, *over], key=lambda each: (each.date, each.id)))


def calendar(case_ref: str, days: Iterable[CalendarDay], now: dt.datetime) -> bytes:
    """The days as an iCalendar file: all-day events with reminders, in Chinese and English, without personal data.

    The same case, day and kind of day always have the same UID, so that a calendar replaces rather than doubles them.
    """
    written = Calendar()
    written.add("prodid", "-//Forbear//Negotiation pack//EN")
    written.add("version", "2.0")
    for each in days:
        written.add_component(_event(case_ref, each, now))
    return bytes(written.to_ical())


def _event(case_ref: str, each: CalendarDay, now: dt.datetime) -> Event:
    summary = f"{each.title.zh} / {each.title.en}"
    assumed = said("calendar.assumed")
    details = [each.detail.zh, each.detail.en, *((assumed.zh, assumed.en) if each.assumed else ())]
    return Event.new(
        uid=uuid.uuid5(_IDS, f"{case_ref}\0{each.id}\0{each.date.isoformat()}"),
        stamp=now,
        start=each.date,
        end=each.date + dt.timedelta(days=1),
        summary=summary,
        description="\n".join(details),
        classification=CLASS.PRIVATE,
        transparency=TRANSP.TRANSPARENT,
        subcomponents=[_alarm(summary, before) for before in _ALARMS],
    )


def _alarm(summary: str, before: dt.timedelta) -> Alarm:
    alarm = Alarm.new(description=summary)
    alarm.add("action", "DISPLAY")
    alarm.add("trigger", before)
    return alarm


def _basis(pack: Pack, clock: str) -> Text:
    references = pack.deadlines[clock].references
    return Text(zh=cited(pack, references, "zh"), en=cited(pack, references, "en"))
