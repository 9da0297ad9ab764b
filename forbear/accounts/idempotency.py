"""Idempotency: a request that a program sends again, because it did not hear the answer, does nothing twice."""

import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session, col, delete

from forbear.accounts.accounts import ViewerWork
from models.webhook import IdempotencyKey

KEPT = dt.timedelta(hours=48)


class ReusedError(Exception):
    """The key came with another request before."""


def find(work: ViewerWork, key: str, asked: bytes) -> IdempotencyKey | None:
    """What this key did for this account before; None if it is new. Raises ReusedError.

    Until the transaction ends nobody else has the key: of two requests at once the second finds what the first did.
    """
    account = work.viewer.account_id
    lock = text("SELECT pg_advisory_xact_lock(hashtextextended(:key, :account))")
    work.session.connection().execute(lock, {"key": f"idempotency:{key}", "account": account})
    found = work.session.get(IdempotencyKey, (account, key))
    if found is not None and bytes(found.request_mac) not in work.vault.macs(asked):
        raise ReusedError
    return found


def keep(work: ViewerWork, key: str, asked: bytes, *, batch_id: UUID | None = None, answer: Any | None = None) -> None:
    """Remember what a key did: the batch it made, of which one hears anew, or the answer itself, sealed."""
    kept = IdempotencyKey(
        account_id=work.viewer.account_id,
        key=key,
        request_mac=work.vault.mac(asked),
        batch_id=batch_id,
        answer=None if answer is None else work.vault.seal(answer, _answer_at(work.viewer.account_id, key)),
        created_at=work.now,
    )
    work.session.add(kept)
    work.session.flush()


def answered(work: ViewerWork, known: IdempotencyKey) -> Any:
    """What was answered; None where a batch was made."""
    return None if known.answer is None else work.vault.open(known.answer, _answer_at(known.account_id, known.key))


def _answer_at(account: int, key: str) -> str:
    return f"idempotency_key.answer:{account}:{key}"


def forget(session: Session, now: dt.datetime) -> None:
    """Delete the keys that nobody sends again any more."""
    session.exec(delete(IdempotencyKey).where(col(IdempotencyKey.created_at) < now - KEPT))
