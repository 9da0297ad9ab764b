"""Progress: how far a batch is, counted from the rows of the record and from nothing else."""

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session, col, func, select

from models.intake.batch import Batch, Chunk, Lane, Rejection

# One pass over a batch: what its rows came to, and what was decided about them, in this batch or before.
_CASES = text("""
    SELECT bc.outcome, d.strategy, d.urgency, d.certain, d.engines_agree, count(*)
    FROM batch b
    JOIN batch_case bc ON bc.batch_id = b.id
    LEFT JOIN decision d
        ON d.case_version_id = bc.case_version_id AND d.pack_sha256 = coalesce(bc.pack_sha256, b.pack_sha256)
        AND d.as_of = b.as_of
    WHERE b.id = :batch
    GROUP BY bc.outcome, d.strategy, d.urgency, d.certain, d.engines_agree
""")
_FAILED = text("""
    SELECT k.case_ref, c.error
    FROM batch b
    JOIN chunk c ON c.batch_id = b.id AND c.status = 'failed'
    JOIN case_version v ON v.id = ANY(c.case_version_ids)
    JOIN "case" k ON k.id = v.case_id
    WHERE b.id = :batch AND NOT EXISTS (
        SELECT FROM decision d
        WHERE d.case_version_id = v.id AND d.pack_sha256 = b.pack_sha256 AND d.as_of = b.as_of
    )
    ORDER BY c.id
""")

_CLAIMED = text("""
    SELECT queue, min(claimed_at) FROM chunk WHERE status = 'pending' AND claimed_at IS NOT NULL GROUP BY queue
""")
# Of each queue with something that nobody has taken: since when that is there, and when a chunk was finished last. A
# moment to come is one of a clock that was ahead, and proves nothing. The first that wait will do: others came later.
_WAITING = text("""
    SELECT asked.queue, waiting.since, finished.at
    FROM unnest(CAST(:queues AS text[])) AS asked(queue)
    CROSS JOIN LATERAL (
        SELECT min(b.created_at) AS since FROM (
            SELECT batch_id FROM chunk
            WHERE status = 'pending' AND queue = asked.queue
                AND (claimed_at IS NULL OR claimed_at < :before OR claimed_at > :now)
            ORDER BY lane, turn, id LIMIT 100
        ) AS free JOIN batch b ON b.id = free.batch_id
    ) AS waiting
    CROSS JOIN LATERAL (
        SELECT max(done_at) AS at FROM chunk WHERE queue = asked.queue AND done_at <= :now
    ) AS finished
    WHERE waiting.since IS NOT NULL
""")
_TAKEN_OVER = text("""
    SELECT count(*), own.pack_id || ' ' || own.version, by.pack_id || ' ' || by.version
    FROM batch_case bc
    JOIN batch b ON b.id = bc.batch_id
    JOIN pack own ON own.sha256 = b.pack_sha256
    JOIN pack by ON by.sha256 = bc.pack_sha256
    WHERE bc.batch_id = :batch
    GROUP BY own.sha256, by.sha256
    ORDER BY min(by.created_at)
""")


STUCK = dt.timedelta(minutes=5)  # after which a claim that is not done is no slow work any more
STALLED = dt.timedelta(minutes=3)  # in which something is finished wherever something waits: none takes over a minute


@dataclass(frozen=True)
class BatchProgress:
    """A batch in numbers. Rows read = accepted + rejected + unchanged + cancelled.

    Of the accepted and unchanged ones, some are decided, some failed and wait for a person, and the others are pending
    in so many chunks.
    """

    batch_id: UUID
    submitter: str
    as_of: dt.date
    status: str
    rows_read: int
    accepted: int
    rejected: int
    unchanged: int
    decided: int
    failed: int
    pending: int
    pending_chunks: int
    cancelled: int
    uncertain: int
    disagreements: int
    strategies: dict[str, int]
    urgencies: dict[str, int]


@dataclass(frozen=True)
class EvaluationFailure:
    """A case that could not be evaluated, and where in the code that went wrong."""

    case_ref: str
    error: str


@dataclass(frozen=True)
class TakenOver:
    """Cases of a batch that another policy decided, because the one they were handed in for is retired."""

    cases: int
    retired: str
    by: str


@dataclass(frozen=True)
class Remaining:
    """What a batch still has to do; cheap to ask often. `cases` of `total` are in pending chunks."""

    complete: bool
    cases: int
    total: int


def progress_of(session: Session, batch_id: UUID) -> BatchProgress | None:
    """Everything about one batch; None if there is none of this id."""
    batch = session.get(Batch, batch_id)
    return None if batch is None else progress_of_batch(session, batch)


def progress_of_batch(session: Session, batch: Batch) -> BatchProgress:
    """Everything about a batch that is there."""
    batch_id = batch.id
    outcomes: Counter[str] = Counter()
    strategies: Counter[str] = Counter()
    urgencies: Counter[str] = Counter()
    uncertain = disagreements = 0
    for outcome, strategy, urgency, certain, agree, count in session.connection().execute(_CASES, {"batch": batch_id}):
        outcomes[outcome] += count
        if strategy is not None:
            strategies[strategy] += count
            urgencies[urgency] += count
            uncertain += 0 if certain else count
            disagreements += 0 if agree else count
    rejected = session.exec(select(func.count()).where(Rejection.batch_id == batch_id)).one()
    failed = len(failures(session, batch_id))
    chunks = session.exec(select(func.count()).where(Chunk.batch_id == batch_id, Chunk.status == "pending")).one()
    cases, decided = outcomes.total(), strategies.total()
    return BatchProgress(
        batch_id=batch_id,
        submitter=batch.submitter,
        as_of=batch.as_of,
        status=batch.status,
        rows_read=cases + rejected + batch.cancelled,
        accepted=outcomes["accepted"],
        rejected=rejected,
        unchanged=outcomes["unchanged"],
        decided=decided,
        failed=failed,
        pending=cases - decided - failed,
        pending_chunks=chunks,
        cancelled=batch.cancelled,
        uncertain=uncertain,
        disagreements=disagreements,
        strategies=dict(strategies),
        urgencies=dict(urgencies),
    )


def failures(session: Session, batch_id: UUID) -> list[EvaluationFailure]:
    """The cases of a batch that could not be evaluated, for a person to look at."""
    return [EvaluationFailure(*row) for row in session.connection().execute(_FAILED, {"batch": batch_id})]


def taken_over(session: Session, batch_id: UUID) -> list[TakenOver]:
    """What was decided in the place of the batch's own pack, by the packs that did."""
    return [TakenOver(*row) for row in session.connection().execute(_TAKEN_OVER, {"batch": batch_id})]


def remaining(session: Session, batch_id: UUID) -> Remaining:
    """How much of a batch's work is left."""
    pending = func.sum(func.cardinality(Chunk.case_version_ids)).filter(col(Chunk.status) == "pending")
    total = func.sum(func.cardinality(Chunk.case_version_ids)).filter(col(Chunk.status).not_in(("split", "cancelled")))
    query = select(func.coalesce(pending, 0), func.coalesce(total, 0)).where(Chunk.batch_id == batch_id)
    cases, everything = session.exec(query).one()
    status = session.exec(select(Batch.status).where(Batch.id == batch_id)).one()
    return Remaining(status == "complete", int(cases), int(everything))


def recent(session: Session, limit: int = 20) -> list[UUID]:
    """The batches submitted last, newest first."""
    query = select(Batch.id).order_by(col(Batch.created_at).desc(), col(Batch.id)).limit(limit)
    return list(session.exec(query))


def worked_seconds(session: Session, batches: Sequence[UUID]) -> float:
    """How long workers were at these batches: from the first chunk claimed to the last one done."""
    span = select(func.min(Chunk.claimed_at), func.max(Chunk.done_at)).where(col(Chunk.batch_id).in_(batches))
    first, last = session.exec(span).one()
    return (last - first).total_seconds() if first and last else 0.0


def oldest_claims(session: Session, now: dt.datetime) -> dict[str, dt.timedelta]:
    """By queue, how long ago the chunk was claimed that is at work longest; queues where none is are left out."""
    return {queue: now - claimed_at for queue, claimed_at in session.connection().execute(_CLAIMED)}


def stalls(session: Session, now: dt.datetime) -> dict[str, dt.timedelta]:
    """By queue, for how long something has waited there without anything being finished; queues without are left out.

    This is what a queue is for: neither a process that answers nor a heartbeat that was consumed tells whether work is.
    """
    values = {"queues": sorted({lane.queue for lane in Lane}), "now": now, "before": now - dt.timedelta(minutes=1)}
    rows = session.connection().execute(_WAITING, values)
    return {queue: max(now - max(since, at or since), dt.timedelta()) for queue, since, at in rows}
