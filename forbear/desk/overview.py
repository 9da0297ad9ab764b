"""The overview for supervisors: what came in, what is open and due, what was decided otherwise, and what came of it."""

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, func, select

from forbear.desk.queue import URGENCIES
from forbear.desk.rule_usage import RuleUsage, rates
from models.account import Account
from models.desk import TO_DO, QueueTally, WorklistItem
from models.intake.batch import Batch, Chunk
from models.operation.tally import DailyTally

MOST = 10_000  # counted to, not beyond: what is more is told as "more than"
_FAILED = 20


@dataclass(frozen=True)
class Period:
    """The days looked at, the last one included, on the calendar of the place."""

    first: dt.date
    last: dt.date
    zone: str

    @property
    def days(self) -> list[dt.date]:
        """Every day, in order."""
        return [self.first + dt.timedelta(days=n) for n in range((self.last - self.first).days + 1)]


@dataclass(frozen=True)
class Volume:
    """The rows that came in on a day."""

    day: dt.date
    accepted: int
    unchanged: int
    rejected: int


@dataclass(frozen=True)
class Mix:
    """How many cases need a person now, by urgency and by strategy, the most frequent first."""

    by_urgency: dict[str, int]
    by_strategy: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class DueCounts:
    """Cases that need a person and are past their due time, or due within a day; None: more than MOST."""

    overdue: int | None
    soon: int | None


@dataclass(frozen=True)
class CrisisCounts:
    """Cases in danger that need a person: crises, those without contact and due for a call, and what is to be asked."""

    open: int
    no_contact: int
    late: int
    possible: int


@dataclass(frozen=True)
class Counsellor:
    """What one account decided in the period."""

    name: str
    rate: RuleUsage
    actions: int


@dataclass(frozen=True)
class FailedChunk:
    """A case that could not be decided."""

    batch_id: UUID
    chunk_id: int
    cases: int
    error: str
    at: dt.datetime | None


def volumes(session: Session, period: Period) -> tuple[Volume, ...]:
    """The rows that came in on each day of the period."""
    day = func.date(func.timezone(period.zone, col(Batch.created_at)))
    start = dt.datetime.combine(period.first, dt.time(), dt.UTC) - dt.timedelta(days=1)  # before any zone's midnight
    sums = [func.coalesce(func.sum(col(n)), 0) for n in (Batch.accepted, Batch.unchanged, Batch.rejected)]
    rows = session.exec(select(day, *sums).where(Batch.created_at >= start).group_by(day))
    found = {each[0]: Volume(each[0], *(int(n) for n in each[1:])) for each in rows}
    return tuple(found.get(each, Volume(each, 0, 0, 0)) for each in period.days)


def mix(session: Session) -> Mix:
    """The cases that need a person now."""
    query = select(QueueTally.urgency, QueueTally.strategy, func.sum(col(QueueTally.cases))).where(
        col(QueueTally.status).in_(TO_DO)
    )
    by_urgency = Counter(dict.fromkeys(URGENCIES, 0))
    by_strategy: Counter[str] = Counter()
    for urgency, strategy, cases in session.exec(query.group_by(QueueTally.urgency, QueueTally.strategy)):
        by_urgency[urgency] += int(cases)
        by_strategy[strategy] += int(cases)
    ordered = sorted(((name, n) for name, n in by_strategy.items() if n), key=lambda item: (-item[1], item[0]))
    return Mix(dict(by_urgency), tuple(ordered))


def due(session: Session, now: dt.datetime) -> DueCounts:
    """How many cases that need a person are late, and how many will be within a day."""
    late = _counted(session, col(WorklistItem.due_at) < now)
    return DueCounts(
        late, _counted(session, col(WorklistItem.due_at) >= now, col(WorklistItem.due_at) < now + dt.timedelta(days=1))
    )


def crises(session: Session, now: dt.datetime) -> CrisisCounts:
    """The cases in danger that nobody has settled."""
    explicit, silent = col(WorklistItem.danger) == "explicit", col(WorklistItem.contacted_at).is_(None)
    counts = (
        func.count().filter(explicit),
        func.count().filter(explicit, silent),
        func.count().filter(explicit, col(WorklistItem.call_at) <= now),
        func.count().filter(col(WorklistItem.danger) == "possible"),
    )
    return CrisisCounts(*session.exec(select(*counts).where(col(WorklistItem.danger).is_not(None))).one())


def unevaluated(session: Session) -> int:
    """How many cases that need a person could not be evaluated."""
    query = select(func.count()).where(col(WorklistItem.failed_at).is_not(None), col(WorklistItem.status).in_(TO_DO))
    return session.exec(query).one()


def rules(session: Session, period: Period) -> list[tuple[str, RuleUsage]]:
    """The rules whose recommendation a person overrode, the most often overridden first."""
    found = [(rule, rate) for rule, rate in rates(session, period.first).items() if rate.overridden]
    return sorted(found, key=lambda item: (-item[1].overridden, item[0]))


def counsellors(session: Session, period: Period) -> list[Counsellor]:
    """What each account did in the period, the busiest first."""
    found: dict[str, Counter[str]] = {}
    for account, action, count in _tallied(session, "reviewed", period):
        found.setdefault(account, Counter())[action] += count
    names = {str(number): name for number, name in session.exec(select(Account.id, Account.name))}
    told = [
        Counsellor(names.get(account, account), RuleUsage(0, done["accept"], done["override"]), done.total())
        for account, done in found.items()
    ]
    return sorted(told, key=lambda each: (-each.actions, each.name))


def outcomes(session: Session, period: Period) -> list[tuple[str, Counter[str]]]:
    """What came of the cases by strategy, the most frequent strategy first."""
    found: dict[str, Counter[str]] = {}
    for strategy, outcome, count in _tallied(session, "outcome", period):
        found.setdefault(strategy, Counter())[outcome] += count
    return sorted(found.items(), key=lambda item: (-item[1].total(), item[0]))


def disagreements(session: Session, period: Period) -> int:
    """How many decisions of the period the two engines did not agree on."""
    return sum(count for _, _, count in _tallied(session, "disagreed", period))


def failed(session: Session) -> list[FailedChunk]:
    """The newest cases that could not be decided and wait for somebody to try them again."""
    query = select(Chunk).where(Chunk.status == "failed").order_by(col(Chunk.done_at).desc()).limit(_FAILED)
    return [
        FailedChunk(each.batch_id, each.id, len(each.case_version_ids), each.error or "", each.done_at)
        for each in session.exec(query)
    ]


def _tallied(session: Session, measure: str, period: Period) -> Sequence[tuple[str, str, int]]:
    """(subject, detail, count) of a measure in the period."""
    query = select(DailyTally.subject, DailyTally.detail, func.sum(col(DailyTally.count))).where(
        DailyTally.measure == measure, DailyTally.day >= period.first, DailyTally.day <= period.last
    )
    grouped = query.group_by(DailyTally.subject, DailyTally.detail)
    return [(subject, detail, int(count)) for subject, detail, count in session.exec(grouped)]


def _counted(session: Session, *conditions: ColumnElement[bool]) -> int | None:
    query = select(WorklistItem.case_id).where(col(WorklistItem.status).in_(TO_DO), *conditions).limit(MOST + 1)
    count = session.exec(select(func.count()).select_from(query.subquery())).one()
    return None if count > MOST else count
