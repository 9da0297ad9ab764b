"""Webhook, Delivery, IdempotencyKey: what is told to other programs, and what they asked for once already."""

import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, DateTime, Identity, Index, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

EVENTS = ("batch.complete", "decision.changed", "case.aged", "review.recorded")
PING = "ping"  # that somebody asked for, to try an address


class Webhook(SQLModel, table=True):
    """An address that wants to hear of a submitter's events."""

    __tablename__ = "webhook"
    __table_args__ = (Index(None, "submitter"),)

    id: int = Field(default=None, primary_key=True, sa_type=BigInteger, sa_column_args=(Identity(),))
    submitter: str
    account_id: int = Field(foreign_key="account.id", sa_type=BigInteger)
    url: str = Field(max_length=2000)
    events: list[str] = Field(sa_type=ARRAY(Text))
    secret: bytes = Field(sa_type=LargeBinary, description="Sealed: signs what is sent")
    old_secret: bytes | None = Field(default=None, sa_type=LargeBinary, description="Sealed: signs as well, until then")
    old_until: dt.datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    created_at: dt.datetime = Field(sa_type=DateTime(timezone=True))
    disabled_at: dt.datetime | None = Field(default=None, sa_type=DateTime(timezone=True))


class Delivery(SQLModel, table=True):
    """An event on its way to a webhook: the outbox. Written with what it tells, sent afterwards, tried again."""

    __tablename__ = "delivery"
    __table_args__ = (
        CheckConstraint("status IN ('pending', 'delivered', 'failed')", name="status"),
        Index(None, "webhook_id", "status", "next_at", postgresql_where=text("status <> 'delivered'")),
        Index(None, "webhook_id", "id"),
    )

    id: int = Field(default=None, primary_key=True, sa_type=BigInteger, sa_column_args=(Identity(),))
    webhook_id: int = Field(foreign_key="webhook.id", sa_type=BigInteger)
    event: str
    payload: dict[str, Any] = Field(sa_type=JSONB)
    created_at: dt.datetime = Field(sa_type=DateTime(timezone=True))
    status: str = "pending"
    tries: int = 0
    next_at: dt.datetime = Field(sa_type=DateTime(timezone=True))
    error: str | None = Field(default=None, description="What went wrong last: a status or a kind, never data")
    delivered_at: dt.datetime | None = Field(default=None, sa_type=DateTime(timezone=True))


class IdempotencyKey(SQLModel, table=True):
    """A request of an account that was answered: the same key and content get the same answer again."""

    __tablename__ = "idempotency_key"
    __table_args__ = (Index(None, "batch_id"),)

    account_id: int = Field(primary_key=True, foreign_key="account.id", sa_type=BigInteger)
    key: str = Field(primary_key=True, max_length=255)
    request_mac: bytes = Field(sa_type=LargeBinary)
    batch_id: UUID | None = Field(default=None, foreign_key="batch.id", description="Of which one hears anew")
    answer: bytes | None = Field(default=None, sa_type=LargeBinary, description="Sealed: what was answered")
    created_at: dt.datetime = Field(sa_type=DateTime(timezone=True))
