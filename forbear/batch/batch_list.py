"""Batches as the desk lists them: newest first, how far each is, what failed in it."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import tuple_
from sqlmodel import Session, col, func, select

from forbear.base.errors import ForbearError
from forbear.base.vault import Vault
from forbear.batch.progress import Remaining, remaining
from forbear.batch.submission.submit import source_of
from forbear.desk.queue import URGENCIES
from models.case import Case, CaseVersion
from models.decision import Decision
from models.desk import WorklistItem
from models.intake.batch import Batch, BatchCase, Chunk

PAGE = 25
SHOWN = 50  # failed cases, and rejected rows, on a page
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True)
class BatchCursor:
    """Where a batch stands in the list."""

    created_at: dt.datetime
    batch_id: UUID

    def __str__(self) -> str:
        return f"{(self.created_at - _EPOCH) // dt.timedelta(microseconds=1)}_{self.batch_id.hex}"

    @classmethod
    def parse(cls, text: str) -> "BatchCursor":
        """The place that `str` wrote. Raises ForbearError for any other text."""
        try:
            microseconds, batch_id = text.split("_")
            return cls(_EPOCH + dt.timedelta(microseconds=int(microseconds)), UUID(hex=batch_id))
        except (ValueError, OverflowError):
            raise ForbearError("This page of the batches does not exist: start again at its first page.") from None


@dataclass(frozen=True)
class BatchRow:
    """A batch, what its file was called, how much work is left and how many of its cases failed."""

    batch: Batch
    name: str
    left: Remaining
    failed: int


@dataclass(frozen=True)
class BatchPage:
    """Some batches, and where the next page starts if there is one."""

    entries: tuple[BatchRow, ...]
    next: BatchCursor | None


@dataclass(frozen=True)
class FailedCase:
    """A case that could not be evaluated: its chunk, and where in the code that went wrong (never data)."""

    chunk_id: int
    case_id: int
    case_ref: str
    error: str


_ORDER = (col(Batch.created_at), col(Batch.id))


def page(
    session: Session, vault: Vault, submitter: str | None, after: BatchCursor | None = None, size: int = PAGE
) -> BatchPage:
    """The batches of a submitter, or of everybody, that come after a place: newest first, at most `size`."""
    query = select(Batch)
    if submitter is not None:
        query = query.where(Batch.submitter == submitter)
    if after is not None:
        query = query.where(tuple_(*_ORDER) < tuple_(after.created_at, after.batch_id))
    found = session.exec(query.order_by(*(column.desc() for column in _ORDER)).limit(size + 1)).all()
    shown = found[:size]
    last = shown[-1] if len(found) > size else None
    return BatchPage(_entries(session, vault, shown), None if last is None else BatchCursor(last.created_at, last.id))


def find(session: Session, vault: Vault, submitter: str | None, batch_id: UUID) -> BatchRow | None:
    """One batch; None if there is none, or if it is of another submitter than this one."""
    batch = session.get(Batch, batch_id)
    if batch is None or submitter not in (None, batch.submitter):
        return None
    return _entries(session, vault, [batch])[0]


def submitters(session: Session) -> list[str]:
    """Whose batches there are."""
    return list(session.exec(select(Batch.submitter).distinct().order_by(col(Batch.submitter))))


def urgencies(session: Session, batch_id: UUID) -> dict[str, int]:
    """How many cases whose facts came with this batch have which urgency now."""
    query = (
        select(WorklistItem.urgency, func.count())
        .where(WorklistItem.batch_id == batch_id)
        .group_by(WorklistItem.urgency)
    )
    counts = dict(session.exec(query).all())
    return {urgency: counts.get(urgency, 0) for urgency in URGENCIES}


def decided(session: Session, batch: Batch) -> int:
    """How many of a batch's rows have a decision for its pack and day: what its results hold."""
    query = (
        select(func.count())
        .select_from(BatchCase)
        .join(Decision, col(Decision.case_version_id) == col(BatchCase.case_version_id))
        .where(
            BatchCase.batch_id == batch.id,
            Decision.pack_sha256 == func.coalesce(BatchCase.pack_sha256, batch.pack_sha256),
            Decision.as_of == batch.as_of,
        )
    )
    return session.exec(query).one()


def failures(session: Session, batch_id: UUID) -> list[FailedCase]:
    """The cases of a batch whose chunks failed, the first fifty; such a chunk holds one case."""
    query = (
        select(Chunk.id, Case.id, Case.case_ref, Chunk.error)
        .join(CaseVersion, col(CaseVersion.id) == func.any(col(Chunk.case_version_ids)))
        .join(Case, col(Case.id) == col(CaseVersion.case_id))
        .where(Chunk.batch_id == batch_id, Chunk.status == "failed")
    )
    rows = session.exec(query.order_by(col(Chunk.id)).limit(SHOWN))
    return [FailedCase(chunk_id, case_id, case_ref, error or "") for chunk_id, case_id, case_ref, error in rows]


def _entries(session: Session, vault: Vault, batches: Sequence[Batch]) -> tuple[BatchRow, ...]:
    query = (
        select(Chunk.batch_id, func.count())
        .where(col(Chunk.batch_id).in_([batch.id for batch in batches]), Chunk.status == "failed")
        .group_by(col(Chunk.batch_id))
    )
    failed = dict(session.exec(query).all())
    return tuple(
        BatchRow(batch, source_of(batch, vault).name, _left(session, batch), failed.get(batch.id, 0))
        for batch in batches
    )


def _left(session: Session, batch: Batch) -> Remaining:
    """Of a batch that is complete nothing is left, and nobody need count its chunks."""
    if batch.status == "complete":
        everything = batch.accepted + batch.unchanged - batch.cancelled
        return Remaining(complete=True, cases=0, total=everything)
    return remaining(session, batch.id)
