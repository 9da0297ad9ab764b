"""Batch, BatchCase, Chunk, Rejection: what came in, row by row, and the work it makes."""

import datetime as dt
from enum import IntEnum
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    DateTime,
    Identity,
    Index,
    LargeBinary,
    SmallInteger,
    UniqueConstraint,
    text,
)
from sqlmodel import Field, SQLModel


class Batch(SQLModel, table=True):
    """One submission, for one pack and as-of date."""

    __tablename__ = "batch"
    __table_args__ = (
        CheckConstraint("status IN ('receiving', 'running', 'complete')", name="status"),
        Index(None, "created_at", "id"),
        Index(None, "submitter", "created_at", "id"),
    )

    id: UUID = Field(primary_key=True)
    submitter: str
    as_of: dt.date
    pack_sha256: str = Field(foreign_key="pack.sha256")
    source: bytes = Field(sa_type=LargeBinary, description="Sealed: file name and columns, as people wrote them")
    trace: str | None = Field(default=None, description="The id that ties a request to its work in logs")
    rows_read: int = 0
    accepted: int = 0
    rejected: int = 0
    unchanged: int = 0
    cancelled: int = Field(
        default=0,
        sa_column_kwargs={"server_default": text("0")},
        description="Of the accepted and unchanged ones, taken back before they were decided",
    )
    ageing: bool = Field(
        default=False,
        sa_column_kwargs={"server_default": text("false")},
        description="Handed in by nobody: its cases are decided again because their day has come",
    )
    status: str = "receiving"
    created_at: dt.datetime = Field(sa_type=DateTime(timezone=True))
    completed_at: dt.datetime | None = Field(default=None, sa_type=DateTime(timezone=True))


class BatchCase(SQLModel, table=True):
    """Which case version a row of a batch came to."""

    __tablename__ = "batch_case"
    __table_args__ = (
        CheckConstraint("outcome IN ('accepted', 'unchanged')", name="outcome"),
        Index(None, "case_version_id"),
    )

    batch_id: UUID = Field(primary_key=True)
    row: int = Field(primary_key=True)
    case_version_id: int = Field(sa_type=BigInteger)
    outcome: str
    pack_sha256: str | None = Field(default=None, description="What decided it in the place of the batch's pack")


class Lane(IntEnum):
    """How urgent a chunk is: it is done before those of all later lanes that the same queue has."""

    CRISIS_ALONE = 0  # danger in a case that was handed in by itself
    CRISIS = 1  # danger in cases of a file
    SINGLE = 2  # a case by itself: somebody waits for the answer
    FLAGGED = 3  # what the pack calls urgent, in a file
    ORDINARY = 4

    @property
    def queue(self) -> str:
        """The queue of the workers that do it."""
        return "bulk" if self is Lane.ORDINARY else "urgent"


class Chunk(SQLModel, table=True):
    """Some cases of a batch that a worker evaluates in one transaction: the queue of record."""

    __tablename__ = "chunk"
    __table_args__ = (
        CheckConstraint("status IN ('pending', 'done', 'failed', 'split', 'cancelled')", name="status"),
        CheckConstraint("queue = CASE lane WHEN 4 THEN 'bulk' ELSE 'urgent' END", name="queue"),
        CheckConstraint("lane BETWEEN 0 AND 4", name="lane"),
        Index(None, "batch_id", "status"),
        Index(None, "woken_at", postgresql_where=text("status = 'pending'")),
        Index(None, "done_at", postgresql_where=text("status = 'failed'")),
        Index(None, "queue", "done_at", postgresql_where=text("done_at IS NOT NULL")),
        # What is done next, and how much of a submitter's waits already.
        Index(None, "queue", "lane", "turn", "id", postgresql_where=text("status = 'pending'")),
        Index(None, "submitter", "lane", "turn", postgresql_where=text("status = 'pending'")),
    )

    id: int = Field(default=None, primary_key=True, sa_type=BigInteger, sa_column_args=(Identity(),))
    batch_id: UUID = Field(foreign_key="batch.id")
    submitter: str = Field(description="The batch's")
    queue: str
    lane: int = Field(sa_type=SmallInteger, description="A Lane")
    turn: int = Field(sa_type=BigInteger, description="Of a lane's chunks the least is done first")
    case_version_ids: list[int] = Field(sa_type=ARRAY(BigInteger))
    status: str = "pending"
    tries: int = 0
    error: str | None = Field(default=None, description="What went wrong last: a kind and a place, never data")
    woken_at: dt.datetime = Field(sa_type=DateTime(timezone=True))
    claimed_at: dt.datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    done_at: dt.datetime | None = Field(default=None, sa_type=DateTime(timezone=True))


class Rejection(SQLModel, table=True):
    """A row that was not accepted, sealed as it came with the sentence that says why."""

    __tablename__ = "rejection"
    __table_args__ = (UniqueConstraint("batch_id", "row"),)

    id: int = Field(default=None, primary_key=True, sa_type=BigInteger, sa_column_args=(Identity(),))
    batch_id: UUID = Field(foreign_key="batch.id")
    row: int
    field: str | None = Field(description="The field at fault, if it is one of the vocabulary")
    content: bytes = Field(sa_type=LargeBinary, description="Sealed: the cells and the error")
