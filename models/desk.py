"""WorklistItem, WorklistSeal, QueueTally, SavedFilter: decided cases as the queue lists and counts them, kept filters.

A desk case says nothing that decisions and reviews do not say: it is their latest state, kept in one row so that a page
of a million cases is one index scan. Whoever writes a decision or a review writes it in the same transaction.
"""

import datetime as dt
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    DateTime,
    Identity,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlmodel import Field, SQLModel

STATUSES = ("open", "escalated", "reviewed", "waiting", "snoozed", "closed")
TO_DO = ("open", "escalated")  # what waits for a person

GRADES = ("explicit", "possible")  # of danger, the graver first
# A crisis of the same borrower makes a case as urgent as violence, and so does it that it could not be evaluated.
# Written as PostgreSQL gives it back.
_URGENCY = """LEAST(decided_urgency, raised_urgency,
    (CASE WHEN (crisis_beside OR failed_at IS NOT NULL) THEN 'U1'::text ELSE NULL::text END)::character varying)"""
_CALM = "NOT (COALESCE(danger::text = 'explicit'::text, false) OR crisis_beside)"
_IN_STATUS = ("status", "calm", "urgency", "due_at", "case_id")
_FILTERED = (
    "decision_id",
    "certain",
    "engines_agree",
    "changed",
    "received_at",
    "batch_id",
    "product",
    "overdue_bucket",
    "strategy",
    "submitter",
    "case_ref",
    "assignee_id",
)


class WorklistItem(SQLModel, table=True):
    """The state of a decided case."""

    __tablename__ = "desk_case"
    __table_args__ = (
        CheckConstraint(f"status IN ({', '.join(map(repr, STATUSES))})", name="status"),
        CheckConstraint(f"danger IN ({', '.join(map(repr, GRADES))})", name="danger"),
        # The queue's order, with all that its filters look at: cases are chosen from this index alone.
        Index("ix_desk_case_queue", *_IN_STATUS, postgresql_include=_FILTERED),
        Index(None, "submitter", *_IN_STATUS),
        Index(None, "batch_id", *_IN_STATUS),
        Index(None, "status", "strategy", *_IN_STATUS[1:]),
        Index("ix_desk_case_danger", "submitter", postgresql_where=text("danger IS NOT NULL OR crisis_beside")),
        Index("ix_desk_case_assigned", "assignee_id", *_IN_STATUS, postgresql_where=text("assignee_id IS NOT NULL")),
        Index("ix_desk_case_changed", *_IN_STATUS, postgresql_where=text("changed")),
        Index("ix_desk_case_disagreed", *_IN_STATUS, postgresql_where=text("NOT engines_agree")),
        Index("ix_desk_case_failed", *_IN_STATUS, postgresql_where=text("failed_at IS NOT NULL")),
        # Small ones, for what two rare filters have in common.
        Index(None, "product"),
        Index(None, "overdue_bucket"),
        Index(None, "decision_id"),
        Index("ix_desk_case_valid_until", "valid_until", "case_id", postgresql_where=text("status <> 'closed'")),
        Index(None, "follow_up_at", postgresql_where=text("follow_up_at IS NOT NULL")),
    )

    case_id: int = Field(primary_key=True, sa_type=BigInteger)
    submitter: str
    case_ref: str
    batch_id: UUID
    received_at: dt.datetime = Field(sa_type=DateTime(timezone=True))
    # of the current decision
    decision_id: int | None = Field(sa_type=BigInteger, description="NULL: it could not be evaluated, and never was")
    version_number: int
    as_of: dt.date
    pack_sha256: str
    strategy: str
    decided_urgency: str
    certain: bool
    engines_agree: bool
    deadline: dt.date | None = Field(description="Nearest legal deadline")
    valid_until: dt.date | None = Field(
        default=None, description="When it is decided again, by time alone; NULL: never, it could not be evaluated"
    )
    respond_by: dt.datetime = Field(sa_type=DateTime(timezone=True), description="When the pack's SLA wants an answer")
    due_at: dt.datetime = Field(
        sa_type=DateTime(timezone=True),
        description="When somebody must have looked: before that, and before a deadline's day",
    )
    product: str | None
    days_overdue: int | None
    overdue_bucket: str | None
    city: str | None = Field(default=None, description="Where the borrower lives, as it was handed in")
    failed_at: dt.datetime | None = Field(
        default=None, sa_type=DateTime(timezone=True), description="Its newest facts could not be evaluated"
    )
    # of danger, by the decision and by what is written on the desk
    danger: str | None = Field(default=None, description="Its grade; NULL: none, or settled")
    danger_kinds: list[str] = Field(default=[], sa_type=ARRAY(Text))
    danger_mac: bytes | None = Field(
        default=None, sa_type=LargeBinary, description="Keyed hash of what the decision's danger was found in"
    )
    raised_urgency: str | None = Field(default=None, description="By what was written on the desk")
    crisis_beside: bool = Field(default=False, description="Explicit danger in another case of the borrower")
    contacted_at: dt.datetime | None = Field(
        default=None, sa_type=DateTime(timezone=True), description="The last recorded contact about this danger"
    )
    call_at: dt.datetime | None = Field(
        default=None, sa_type=DateTime(timezone=True), description="When the next call about it is due"
    )
    # of what stands above
    urgency: str = Field(default=None, sa_column=Column(String, Computed(_URGENCY, persisted=True), nullable=False))
    calm: bool = Field(
        default=True,
        sa_column=Column(Boolean, Computed(_CALM, persisted=True), nullable=False),
        description="No crisis: those stand first",
    )
    # of the reviews
    status: str = "open"
    changed: bool = Field(default=False, description="Another strategy or urgency than the one last reviewed")
    aged: list[str] = Field(
        default=[],
        sa_type=ARRAY(Text),
        sa_column_kwargs={"server_default": text("'{}'")},
        description="What time alone changed since anybody did something: strategy, urgency, deadline",
    )
    chosen_strategy: str | None = Field(default=None, description="What a person decided; NULL before that")
    assignee_id: int | None = Field(default=None, foreign_key="account.id", sa_type=BigInteger)
    follow_up_at: dt.datetime | None = Field(
        default=None, sa_type=DateTime(timezone=True), description="When a waiting or snoozed case comes back"
    )
    revision: int = Field(default=1, description="One more with each change: a form made for an earlier one is stale")


class WorklistSeal(SQLModel, table=True):
    """A keyed hash of a case's row of the worklist, as Forbear left it: forbear/ledger/seals.py."""

    __tablename__ = "desk_seal"

    case_id: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    mac: bytes = Field(sa_type=LargeBinary)


class QueueTally(SQLModel, table=True):
    """Changes of the number of desk cases, added up when read: written by a trigger, folded now and then."""

    __tablename__ = "queue_tally"

    id: int = Field(default=None, primary_key=True, sa_type=BigInteger, sa_column_args=(Identity(),))
    submitter: str
    status: str
    urgency: str
    strategy: str
    cases: int = Field(sa_type=BigInteger)


class SavedFilter(SQLModel, table=True):
    """A filter of the queue under a name of its owner's."""

    __tablename__ = "saved_filter"
    __table_args__ = (UniqueConstraint("account_id", "name"),)

    id: int = Field(default=None, primary_key=True, sa_type=BigInteger, sa_column_args=(Identity(),))
    account_id: int = Field(foreign_key="account.id", sa_type=BigInteger)
    name: str = Field(max_length=64)
    query: str = Field(max_length=1000, description="The address's part after the question mark")
    shared: bool = Field(
        default=False, sa_column_kwargs={"server_default": text("false")}, description="Whether colleagues have it too"
    )
