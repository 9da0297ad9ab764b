"""Time left: how much time a case has left or is late, and what asks for it, as the pages say it."""

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from models.desk import TO_DO, WorklistItem

_NEVER = dt.datetime(9000, 1, 1, tzinfo=dt.UTC)  # a pack without response times


@dataclass(frozen=True)
class Duration:
    """A length of time as people say it: `unit` is minutes, hours or days."""

    unit: str
    n: int


@dataclass(frozen=True)
class TimeLeft:
    """What is due when. `late`: the moment is past. A follow-up is no duty yet: the case comes back by itself then."""

    kind: Literal["response", "call", "deadline", "follow_up"]
    at: dt.datetime
    span: Duration
    late: bool


def due(case: WorklistItem, now: dt.datetime) -> TimeLeft | None:
    """What a case waits for next; None where nothing is due."""
    if case.status not in TO_DO:
        at = case.follow_up_at
        return None if at is None else TimeLeft("follow_up", at, span(now, at), at <= now)
    if case.call_at is not None:
        return TimeLeft("call", case.call_at, span(now, case.call_at), case.call_at <= now)
    if case.due_at > _NEVER:
        return None
    # A deadline's day begins when the case is due: that day is the last one.
    kind: Literal["response", "deadline"] = "deadline" if case.due_at < case.respond_by else "response"
    return TimeLeft(kind, case.due_at, span(now, case.due_at), case.due_at <= now)


def span(one: dt.datetime, other: dt.datetime) -> Duration:
    """The time between two moments: whole minutes below an hour, hours below two days, then days."""
    minutes = int(abs(other - one).total_seconds() // 60)
    if minutes < 60:
        return Duration("minutes", minutes)
    return Duration("hours", minutes // 60) if minutes < 2 * 24 * 60 else Duration("days", minutes // (24 * 60))
