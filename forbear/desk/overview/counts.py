"""Figures of the overview: what came in, what is open and due, what was decided otherwise, and what came of it."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, text
from sqlmodel import Session, col, func, select

from forbear.desk.queue import URGENCIES
from forbear.desk.rule_usage import RuleUsage, rates
from models.account import Account
from models.conversation import Agreement, Instalment
from models.desk import TO_DO, QueueTally, WorklistItem
from models.intake.batch import Batch, Chunk
from models.ledger import LedgerRow
from models.operation.tally import DailyTally

_FIRST_CONTACT: Final = text("""
    WITH first AS (
        SELECT case_id, min(at) AS at FROM review
        WHERE action IN ('contact', 'outcome') AND (action = 'contact' OR reason = 'contacted')
            AND at >= :start AND at < :end
        GROUP BY case_id
    )
    SELECT count(*) AS cases, percentile_disc(0.5) WITHIN GROUP (ORDER BY first.at - c.created_at) AS median
    FROM first JOIN "case" c ON c.id = first.case_id
    WHERE NOT EXISTS (
        SELECT FROM review WHERE review.case_id = first.case_id AND review.at < :start
            AND (action = 'contact' OR (action = 'outcome' AND reason = 'contacted'))
    )
""")
_LOAD: Final = text("""
    SELECT account.id AS account_id, account.name, team.load_limit AS limit,
        count(desk.case_id) AS open, count(desk.case_id) FILTER (WHERE NOT calm OR urgency IN ('U0', 'U1')) AS urgent,
        count(desk.case_id) FILTER (WHERE due_at < :now) AS late,
        EXISTS (
            SELECT FROM absence WHERE account_id = account.id AND cancelled_at IS NULL AND :today BETWEEN first AND last
        ) AS away
    FROM account
    LEFT JOIN team_member ON team_member.account_id = account.id LEFT JOIN team ON team.id = team_member.team_id
    LEFT JOIN desk_case desk ON desk.assignee_id = account.id AND desk.status IN ('open', 'escalated')
    WHERE account.disabled_at IS NULL AND account.role <> 'submitter'
    GROUP BY account.id, team.id
    HAVING count(desk.case_id) > 0 OR team.id IS NOT NULL OR account.role = 'counsellor'
    ORDER BY count(desk.case_id) DESC, account.name
""")
MOST = 10_000  # counted to, not beyond: what is more is told as "more than"
_FAILED = 20


@dataclass(frozen=True)
class Period:
    """The days looked at, the last one included, on the calendar of the place."""

    first: dt.date
    last: dt.date
    zone: str

    @property
    def before(self) -> "Period":
        """As many days, just before these."""
        length = self.last - self.first + dt.timedelta(days=1)
        return Period(self.first - length, self.last - length, self.zone)

    @property
    def days(self) -> list[dt.date]:
        """Every day, in order."""
        return [self.first + dt.timedelta(days=n) for n in range((self.last - self.first).days + 1)]

    @property
    def instants(self) -> tuple[dt.datetime, dt.datetime]:
        """When they begin, and when they have ended."""
        zone, after = ZoneInfo(self.zone), self.last + dt.timedelta(days=1)
        return dt.datetime.combine(self.first, dt.time(), zone), dt.datetime.combine(after, dt.time(), zone)


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

    account_id: int
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


@dataclass(frozen=True)
class InTime:
    """How many of something were as they should be, and how many not."""

    kept: int
    late: int

    @property
    def percent(self) -> int | None:
        """Of both, whole percents; None where there were none."""
        return None if not self.kept + self.late else 100 * self.kept // (self.kept + self.late)


@dataclass(frozen=True)
class FirstContacts:
    """Cases whose borrower was first spoken to, or tried to reach, in the period, and after how long half of them."""

    cases: int
    median: dt.timedelta | None


@dataclass(frozen=True)
class Load:
    """What one person has to do now."""

    account_id: int
    name: str
    open: int
    urgent: int
    late: int
    limit: int | None  # of their team
    away: bool


@dataclass(frozen=True)
class Flow:
    """What is compared from one period to another."""

    received: int
    actions: int
    contacts: FirstContacts
    responses: InTime
    instalments: InTime
    disagreements: int


def flow(session: Session, period: Period) -> Flow:
    """The figures of a period that are compared."""
    return Flow(
        sum(each.accepted for each in volumes(session, period)),
        sum(each.actions for each in counsellors(session, period)),
        first_contacts(session, period),
        _share(responses(session, period).values()),
        instalments(session, period),
        disagreements(session, period),
    )


def responses(session: Session, period: Period) -> dict[dt.date, InTime]:
    """Cases that somebody dealt with in time and late, by day, the days on which there were any."""
    query = select(col(DailyTally.day), col(DailyTally.subject), func.sum(col(DailyTally.count))).where(
        DailyTally.measure == "response", DailyTally.day >= period.first, DailyTally.day <= period.last
    )
    found: dict[dt.date, Counter[str]] = {}
    for day, subject, count in session.exec(query.group_by(col(DailyTally.day), col(DailyTally.subject))):
        found.setdefault(day, Counter())[subject] += int(count)
    return {day: InTime(each["kept"], each["late"]) for day, each in sorted(found.items())}


def first_contacts(session: Session, period: Period) -> FirstContacts:
    """How long after a case came in its borrower was first contacted, of those first contacted in the period."""
    start, end = period.instants
    row = session.connection().execute(_FIRST_CONTACT, {"start": start, "end": end}).one()
    return FirstContacts(row.cases, row.median)


def instalments(session: Session, period: Period) -> InTime:
    """Instalments whose last day was in the period: paid, and late or broken. Those not looked at yet are neither."""
    kept = col(Instalment.status) == "kept"
    missed = col(Instalment.status).in_(("late", "broken"))
    query = select(func.count().filter(kept), func.count().filter(missed))
    return InTime(
        *session.exec(query.where(Instalment.last_day >= period.first, Instalment.last_day <= period.last)).one()
    )


def agreements(session: Session) -> Counter[str]:
    """How many agreements there are by what became of them."""
    query = select(Agreement.status, func.count()).group_by(Agreement.status)
    return Counter(dict(session.exec(query).all()))


def load(session: Session, now: dt.datetime, today: dt.date) -> list[Load]:
    """What every counsellor, and whoever else has cases or is of a team, has to do now, the most first."""
    rows = session.connection().execute(_LOAD, {"now": now, "today": today}).mappings()
    return [Load(**row) for row in rows]


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


def whole_rejects(session: Session, period: Period) -> int:
    """How often in the period somebody was given rejected rows with what is personal in them."""
    start, end = period.instants
    query = select(func.count()).where(LedgerRow.kind == "whole_rejects", LedgerRow.at >= start, LedgerRow.at < end)
    return session.exec(query).one()


def unevaluated(session: Session) -> int:
    """How many cases that need a person could not be evaluated."""
    query = select(func.count()).where(col(WorklistItem.failed_at).is_not(None), col(WorklistItem.status).in_(TO_DO))
    return session.exec(query).one()


def rules(session: Session, period: Period) -> list[tuple[str, RuleUsage]]:
    """The rules whose recommendation a person overrode, the most often overridden first."""
    found = [(rule, rate) for rule, rate in rates(session, period.first, period.last).items() if rate.overridden]
    return sorted(found, key=lambda item: (-item[1].overridden, item[0]))


def counsellors(session: Session, period: Period) -> list[Counsellor]:
    """What each account did in the period, the busiest first."""
    found: dict[str, Counter[str]] = {}
    for account, action, count in _tallied(session, "reviewed", period):
        found.setdefault(account, Counter())[action] += count
    names = {str(number): name for number, name in session.exec(select(Account.id, Account.name))}
    told = [
        Counsellor(
            int(account), names.get(account, account), RuleUsage(0, done["accept"], done["override"]), done.total()
        )
        for account, done in found.items()
    ]
    return sorted(told, key=lambda each: (-each.actions, each.name))


def name_of(session: Session, account_id: int) -> str | None:
    """What an account is called; None where there is none."""
    return session.exec(select(Account.name).where(Account.id == account_id)).first()


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


def _share(parts: Iterable[InTime]) -> InTime:
    found = list(parts)
    return InTime(sum(each.kept for each in found), sum(each.late for each in found))


def _counted(session: Session, *conditions: ColumnElement[bool]) -> int | None:
    query = select(WorklistItem.case_id).where(col(WorklistItem.status).in_(TO_DO), *conditions).limit(MOST + 1)
    count = session.exec(select(func.count()).select_from(query.subquery())).one()
    return None if count > MOST else count
