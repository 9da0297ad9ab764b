"""Notification, NotificationAddress, NotificationMessage: what somebody is told, where, and the outbox."""

import datetime as dt

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    UniqueConstraint,
    text,
)
from sqlmodel import Field, SQLModel

KINDS = (
    "assigned",
    "mentioned",
    "task_due",
    "instalment_broken",
    "answered",
    "aged",
    "no_contact",
    "escalated",
    "put_back",
    "decided",
    "task_left",
    "account",
)
WAYS = ("mail", "apprise")


class Notification(SQLModel, table=True):
    """That something happened which somebody should know of, on a case or to their account; of a case only which."""

    __tablename__ = "notification"
    __table_args__ = (
        UniqueConstraint("account_id", "kind", "topic"),
        CheckConstraint(f"kind IN ({', '.join(map(repr, KINDS))})", name="kind"),
        CheckConstraint("(case_id IS NULL) = (kind = 'account')", name="of_case"),
        Index(None, "case_id"),
        Index("ix_notification_unread", "account_id", postgresql_where=text("read_at IS NULL")),
        Index(None, "account_id", "id"),
    )

    id: int = Field(default=None, primary_key=True, sa_type=BigInteger, sa_column_args=(Identity(),))
    account_id: int = Field(foreign_key="account.id", sa_type=BigInteger)
    kind: str
    case_id: int | None = Field(
        sa_type=BigInteger,
        sa_column_args=(ForeignKey("case.id", ondelete="CASCADE"),),
        description="NULL: of the person's own account",
    )
    topic: str = Field(description="What exactly: the same is told once")
    at: dt.datetime = Field(sa_type=DateTime(timezone=True))
    read_at: dt.datetime | None = Field(default=None, sa_type=DateTime(timezone=True))


class NotificationAddress(SQLModel, table=True):
    """Where somebody is told outside of the page."""

    __tablename__ = "notification_address"
    __table_args__ = (
        Index(None, "account_id"),
        CheckConstraint(f"way IN ({', '.join(map(repr, WAYS))})", name="way"),
    )

    id: int = Field(default=None, primary_key=True, sa_type=BigInteger, sa_column_args=(Identity(),))
    account_id: int = Field(foreign_key="account.id", sa_type=BigInteger)
    way: str
    address: bytes = Field(sa_type=LargeBinary, description="Sealed: a mail address, or one of Apprise with its keys")


class NotificationMessage(SQLModel, table=True):
    """A notification on its way to an address: the outbox. Deleted once it was taken, or given up after many tries."""

    __tablename__ = "notification_message"
    __table_args__ = (Index(None, "next_at"), Index(None, "address_id"))

    notification_id: int = Field(
        primary_key=True, sa_type=BigInteger, sa_column_args=(ForeignKey("notification.id", ondelete="CASCADE"),)
    )
    address_id: int = Field(
        primary_key=True,
        sa_type=BigInteger,
        sa_column_args=(ForeignKey("notification_address.id", ondelete="CASCADE"),),
    )
    tries: int = 0
    next_at: dt.datetime = Field(sa_type=DateTime(timezone=True))
