"""Idempotency: a request that a program sends again, because it did not hear the answer, makes no second batch."""

import datetime as dt
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session, col, delete

from forbear.accounts.accounts import Viewer, ViewerWork
from models.webhook import IdempotencyKey

KEPT = dt.timedelta(hours=48)


class ReusedError(Exception):
    """The key came with other content before."""


def find(session: Session, viewer: Viewer, key: str, request_mac: bytes) -> UUID | None:
    """The batch that this key made for this account before; None if it is new. Raises ReusedError.

    Until the transaction ends nobody else has the key: of two requests at once the second finds what the first made.
    """
    lock = text("SELECT pg_advisory_xact_lock(hashtextextended(:key, :account))")
    session.connection().execute(lock, {"key": f"idempotency:{key}", "account": viewer.account_id})
    found = session.get(IdempotencyKey, (viewer.account_id, key))
    if found is None:
        return None
    if found.request_mac != request_mac:
        raise ReusedError
    return found.batch_id


def keep(work: ViewerWork, key: str, request_mac: bytes, batch_id: UUID) -> None:
    """Remember what a key made."""
    kept = IdempotencyKey(
        account_id=work.viewer.account_id, key=key, request_mac=request_mac, batch_id=batch_id, created_at=work.now
    )
    work.session.add(kept)
    work.session.flush()


def forget(session: Session, now: dt.datetime) -> None:
    """Delete the keys that nobody sends again any more."""
    session.exec(delete(IdempotencyKey).where(col(IdempotencyKey.created_at) < now - KEPT))
