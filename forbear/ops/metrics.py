"""Metrics: how much is done, waits, is late or failed, counted by cheap queries; nothing of any case."""

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import TextClause, text
from sqlmodel import Session, select

from forbear.batch.progress import oldest_claims, stalls
from forbear.desk.overview import counts
from models.desk import TO_DO
from models.operation.heartbeat import Heartbeat

# Each answers rows of (label, number). The tallies are short; the others read an index of what waits or failed.
_DECIDED = text("SELECT detail, sum(count) FROM daily_tally WHERE measure = 'decided' GROUP BY detail")
_OVERDUE = text("SELECT urgency, count(*) FROM desk_case WHERE status = ANY(:to_do) AND due_at < :now GROUP BY urgency")
_CHUNKS = text("SELECT queue, count(*) FROM chunk WHERE status = 'pending' GROUP BY queue")
_FAILED_CHUNKS = text("SELECT queue, count(*) FROM chunk WHERE status = 'failed' GROUP BY queue")
_OLDEST = text("""
    SELECT c.queue, min(b.created_at) FROM chunk c JOIN batch b ON b.id = c.batch_id
    WHERE c.status = 'pending' GROUP BY c.queue
""")
_DELIVERIES = text("SELECT status, count(*) FROM delivery WHERE status <> 'delivered' GROUP BY status")
_ASKED_ONCE_STOPPED = text("""
    SELECT 'bulk', count(*) FROM ledger
    WHERE kind = 'asked_once_stopped' AND at > CAST(:now AS timestamptz) - interval '7 days'
""")


@dataclass(frozen=True)
class Metrics:
    """Counts by urgency, by queue or by status; ages in seconds by queue."""

    decided: dict[str, int]
    open: dict[str, int]
    overdue: dict[str, int]
    pending_chunks: dict[str, int]
    failed_chunks: dict[str, int]
    oldest_seconds: dict[str, float]
    claimed_seconds: dict[str, float]
    stalled_seconds: dict[str, float]
    heartbeat_seconds: dict[str, float]
    deliveries: dict[str, int]
    asked_once_stopped: dict[str, int]  # in seven days


def measure(session: Session, now: dt.datetime) -> Metrics:
    """All of them, as of now."""
    connection = session.connection()
    oldest = {queue: (now - at).total_seconds() for queue, at in connection.execute(_OLDEST)}
    return Metrics(
        decided=_counts(session, _DECIDED),
        open=counts.mix(session).by_urgency,
        overdue=_counts(session, _OVERDUE, to_do=list(TO_DO), now=now),
        pending_chunks=_counts(session, _CHUNKS),
        failed_chunks=_counts(session, _FAILED_CHUNKS),
        oldest_seconds=oldest,
        claimed_seconds={queue: age.total_seconds() for queue, age in oldest_claims(session, now).items()},
        stalled_seconds={queue: age.total_seconds() for queue, age in stalls(session, now).items()},
        heartbeat_seconds={
            row.queue: (now - row.consumed_at).total_seconds() for row in session.exec(select(Heartbeat))
        },
        deliveries=_counts(session, _DELIVERIES),
        asked_once_stopped=_counts(session, _ASKED_ONCE_STOPPED, now=now),
    )


def _counts(session: Session, query: TextClause, **values: object) -> dict[str, int]:
    rows = session.connection().execute(query, values)
    return {label: int(number) for label, number in rows}
