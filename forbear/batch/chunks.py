"""The queue of record: chunks are chosen, claimed, counted, split, finished and swept here. Messages only wake."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, and_, not_, text, update
from sqlmodel import Session, col, func, or_, select

from forbear.webhooks import webhooks
from models.intake.batch import Batch, Chunk, Lane

MAX_TRIES = 3
_AT_ONCE = 16  # chunks that are looked at together: workers have the first ones
_ABOUT_TO = dt.timedelta(seconds=10)  # between claim and work; milliseconds, unless a process is stopped there
_TRY = dt.timedelta(minutes=1)  # that a try may take: its process is ended then
_SWEPT = 1000  # messages of a queue that are enough to keep workers going until the next sweep
_ORDER = col(Chunk.lane), col(Chunk.turn), col(Chunk.id)  # in which a queue is done
_HOLD = text("SELECT pg_try_advisory_lock(hashtext('forbear.chunk'), CAST(:chunk % 2147483648 AS integer))")
_RELEASE = text("SELECT pg_advisory_unlock(hashtext('forbear.chunk'), CAST(:chunk % 2147483648 AS integer))")


@dataclass(frozen=True)
class Wake:
    """A chunk that a message should wake a worker for, once the transaction is committed."""

    chunk_id: int
    queue: str


@dataclass(frozen=True)
class Claim:
    """What claiming a chunk came to: the chunk to work on, or the halves it was split into, or nothing to do."""

    mine: Wake | None = None
    halves: tuple[Wake, ...] = ()


NOTHING = Claim()


def next_up(session: Session, chunk_id: int, now: dt.datetime) -> int | None:
    """The chunk to claim for a message about this one: whatever its queue has that is free and whose turn is first.

    A message stands for one piece of work of its queue, so whatever the order, there is one for each. The chunk is held
    for this connection until it chooses again: between claim and work nobody has locked its row, and chosen by another
    worker in that moment it would be tried twice at once, and another chunk not at all.
    """
    let_go(session)
    queue = select(Chunk.queue).where(Chunk.id == chunk_id).scalar_subquery()
    waiting = select(Chunk.id).where(Chunk.status == "pending", Chunk.queue == queue, not_(_is_last_try(now)))
    waiting = waiting.order_by(*_ORDER).limit(_AT_ONCE)
    passed: list[int] = []
    while found := session.exec(waiting.where(col(Chunk.id).not_in(passed)) if passed else waiting).all():
        for first in found:
            if _had(session, first, now):
                return first
            passed.append(first)
    return None


def _is_last_try(now: dt.datetime) -> ColumnElement[bool]:
    """Whether a case alone may be at its last try: it was claimed for it lately, and nothing is known to have broken.

    A worker that lost its connection goes on with it when the database is back; only then, or when its time is over, is
    it known that this try came to nothing.
    """
    alone = col(Chunk.tries) >= MAX_TRIES, func.cardinality(Chunk.case_version_ids) == 1, col(Chunk.error).is_(None)
    return and_(*alone, col(Chunk.claimed_at).is_not(None), col(Chunk.claimed_at).between(now - _TRY, now))


def let_go(session: Session) -> None:
    """Leave to others what this connection holds."""
    session.connection().execute(text("SELECT pg_advisory_unlock_all()"))


def _hold(session: Session, chunk_id: int) -> bool:
    """Hold a chunk for this connection, over its transactions; False if another one does."""
    return bool(session.connection().execute(_HOLD, {"chunk": chunk_id}).scalar_one())


def _had(session: Session, chunk_id: int, now: dt.datetime) -> bool:
    """Whether a chunk is ours now: nobody holds it, or whoever does claimed it so long ago that they never will do it.

    What was not had is let go at once: held by an idle connection, it would be had by nobody.
    """
    if not _hold(session, chunk_id):
        return take(session, chunk_id, claimed_until=now - _ABOUT_TO) is not None
    if take(session, chunk_id) is not None:
        return True
    session.connection().execute(_RELEASE, {"chunk": chunk_id})
    return False


def claim(session: Session, chunk_id: int, now: dt.datetime) -> Claim:
    """Count a try of a pending chunk that nobody works on, before the work that may kill the process begins.

    A chunk that used up its tries is split in halves; one case alone is marked failed, and waits for a person. One that
    is tried again goes behind what its submitter has in its lane, should that fail as well: nobody waits long for what
    breaks workers.
    """
    chunk = take(session, chunk_id)
    if chunk is None:
        return NOTHING
    if chunk.tries < MAX_TRIES:
        if chunk.tries:
            chunk.turn = next_turn(session, chunk.submitter, Lane(chunk.lane))
        chunk.tries += 1
        chunk.claimed_at = now
        session.add(chunk)
        return Claim(mine=Wake(chunk.id, chunk.queue))
    if len(chunk.case_version_ids) > 1:
        return Claim(halves=_split(session, chunk, now))
    if session.exec(select(Chunk.id).where(Chunk.id == chunk_id, _is_last_try(now))).first() is not None:
        return NOTHING
    chunk.status = "failed"
    chunk.error = chunk.error or "the worker process died or took too long"
    chunk.done_at = now
    session.add(chunk)
    complete(session, chunk.batch_id, now)
    return NOTHING


def origin(session: Session, chunk_id: int) -> tuple[UUID, str | None]:
    """The batch that a chunk is of, and the trace of the request that handed that in."""
    found = select(Batch.id, Batch.trace).join(Chunk, col(Chunk.batch_id) == col(Batch.id)).where(Chunk.id == chunk_id)
    return session.exec(found).one()


def next_turn(session: Session, submitter: str, lane: Lane) -> int:
    """The turn of what comes after all that a submitter has in a lane, and not before what is done there now."""
    theirs = Chunk.status == "pending", Chunk.submitter == submitter, Chunk.lane == lane
    last = session.exec(select(Chunk).where(*theirs).order_by(col(Chunk.turn).desc()).limit(1)).first()
    return max(_front(session, lane), 0 if last is None else last.turn + len(last.case_version_ids))


def take(session: Session, chunk_id: int, claimed_until: dt.datetime | None = None) -> Chunk | None:
    """Lock a pending chunk until the transaction ends; None if it is done, or someone else has it.

    With `claimed_until`, None as well unless it was claimed by then, or by a clock that is as far ahead: asked with the
    lock and not before it, or it might just have been claimed anew.
    """
    query = select(Chunk).where(Chunk.id == chunk_id, Chunk.status == "pending")
    if claimed_until is not None:
        ahead = claimed_until + 2 * _ABOUT_TO
        query = query.where(or_(col(Chunk.claimed_at) <= claimed_until, col(Chunk.claimed_at) >= ahead))
    return session.exec(query.with_for_update(skip_locked=True)).first()


def pending(session: Session, chunk_ids: Sequence[int]) -> int:
    """How many of these chunks still wait or are worked on."""
    waiting = select(func.count()).where(col(Chunk.id).in_(chunk_ids), Chunk.status == "pending")
    return session.exec(waiting).one()


def finish(session: Session, chunk: Chunk, now: dt.datetime) -> None:
    """Mark a chunk done, and its batch complete if that was the last one."""
    chunk.status = "done"
    chunk.error = None
    chunk.done_at = now
    session.add(chunk)
    complete(session, chunk.batch_id, now)


def complete(session: Session, batch_id: UUID, now: dt.datetime) -> None:
    """Mark a running batch complete if no chunk of it is pending.

    Two workers may finish the last two chunks at once. The batch row makes them queue up, and the second query, a
    statement of its own, sees what the one before committed: one of them completes the batch, never none.
    """
    session.flush()
    locked = select(Batch).where(Batch.id == batch_id, Batch.status == "running").with_for_update(key_share=True)
    batch = session.exec(locked).first()
    pending = select(func.count()).where(Chunk.batch_id == batch_id, Chunk.status == "pending")
    if batch is not None and session.exec(pending).one() == 0:
        batch.status = "complete"
        batch.completed_at = now
        session.add(batch)
        webhooks.tell_complete(session, batch, now)


def note_error(session: Session, chunk_id: int, error: str) -> None:
    """Keep what went wrong on a chunk that is still pending."""
    statement = update(Chunk).where(col(Chunk.id) == chunk_id, col(Chunk.status) == "pending")
    session.exec(statement.values(error=error))


def give_back(session: Session, chunk_ids: Collection[int]) -> None:
    """Let a try of pending chunks count for nothing: what ended it was no fault of their cases."""
    if chunk_ids:
        given = update(Chunk).where(col(Chunk.id).in_(chunk_ids), col(Chunk.status) == "pending", col(Chunk.tries) > 0)
        session.exec(given.values(tries=Chunk.tries - 1))


def sweep(
    session: Session, now: dt.datetime, interval: dt.timedelta, under_way: Mapping[str, int] | None = None
) -> list[Wake]:
    """Pending chunks that nobody woke or claimed for `interval` and nobody works on; they count as woken now.

    A message stands for one piece of work of its queue: where so many are under way as chunks wait, none is missing,
    and beyond a thousand none is needed before the next sweep. A moment to come is one of a clock that was ahead, and
    as long ago as any. Batches whose chunks are all done and that were not marked complete are, too.
    """
    before = now - interval
    idle: list[ColumnElement[bool]] = [
        col(Chunk.status) == "pending",
        or_(col(Chunk.woken_at) <= before, col(Chunk.woken_at) > now),
        or_(col(Chunk.claimed_at).is_(None), col(Chunk.claimed_at) <= before, col(Chunk.claimed_at) > now),
    ]
    wakes = []
    for queue in dict.fromkeys(lane.queue for lane in Lane):  # the urgent one first
        first = select(Chunk.id).where(Chunk.queue == queue, *idle).order_by(*_ORDER).limit(_SWEPT)
        waiting = session.exec(select(func.count()).select_from(first.subquery())).one()
        missing = waiting - (under_way or {}).get(queue, 0)
        if missing <= 0:
            continue
        unlocked = select(Chunk).where(Chunk.queue == queue, *idle).order_by(*_ORDER).limit(missing)
        for chunk in session.exec(unlocked.with_for_update(skip_locked=True)):
            chunk.woken_at = now
            session.add(chunk)
            wakes.append(Wake(chunk.id, chunk.queue))
    pending = select(Chunk.id).where(Chunk.batch_id == Batch.id, Chunk.status == "pending").exists()
    for batch_id in session.exec(select(Batch.id).where(Batch.status == "running", ~pending)).all():
        complete(session, batch_id, now)
    return wakes


def retry(session: Session, batch_id: UUID, chunk_id: int | None, now: dt.datetime) -> tuple[Wake, ...]:
    """Make a batch's failed chunks, or one of them, pending again with all their tries. The batch runs again."""
    query = select(Chunk).where(Chunk.batch_id == batch_id, Chunk.status == "failed")
    if chunk_id is not None:
        query = query.where(Chunk.id == chunk_id)
    chunks = session.exec(query.order_by(col(Chunk.id)).with_for_update()).all()
    fronts = {lane: _front(session, lane) for lane in {Lane(chunk.lane) for chunk in chunks}}
    for chunk in chunks:
        chunk.status, chunk.tries, chunk.error, chunk.turn = "pending", 0, None, fronts[Lane(chunk.lane)]
        chunk.woken_at, chunk.claimed_at, chunk.done_at = now, None, None
    session.add_all(chunks)
    session.flush()
    if chunks:
        again = update(Batch).where(col(Batch.id) == batch_id).values(status="running", completed_at=None)
        session.exec(again)
    return tuple(Wake(chunk.id, chunk.queue) for chunk in chunks)


def _front(session: Session, lane: Lane) -> int:
    """The turn of what a lane does now."""
    waiting = select(Chunk.turn).where(Chunk.status == "pending", Chunk.queue == lane.queue, Chunk.lane == lane)
    return session.exec(waiting.order_by(col(Chunk.turn)).limit(1)).first() or 0


def _split(session: Session, chunk: Chunk, now: dt.datetime) -> tuple[Wake, ...]:
    ids = chunk.case_version_ids
    middle = len(ids) // 2
    same = chunk.model_dump(include={"batch_id", "submitter", "queue", "lane", "turn", "error"})
    halves = [Chunk(**same, case_version_ids=part, woken_at=now) for part in (ids[:middle], ids[middle:])]
    chunk.status = "split"
    chunk.done_at = now
    session.add_all([chunk, *halves])
    session.flush()
    return tuple(Wake(half.id, half.queue) for half in halves)
