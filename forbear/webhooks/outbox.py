"""The outbox: deliveries are claimed, sent and settled here. At least once: who receives one twice knows it by its id.

A try is counted before it is made. Whoever dies between sending and settling leaves a delivery that is sent again when
its lease ends. An address that takes nothing is left alone for as long as its least tried delivery waits, so that it
costs one try now and then and not one for each event.
"""

import datetime as dt
import hmac
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sqlalchemy import delete, text, update
from sqlmodel import Session, col, select

from forbear.base.vault import Vault
from forbear.webhooks.http import DeliveryError, deliver
from forbear.webhooks.webhooks import secret_at
from models.webhook import Delivery

PAUSES = (10, 30, 120, 600, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600)  # seconds after each failed try
TRIES = len(PAUSES) + 1
LEASE = dt.timedelta(minutes=2)  # longer than a try takes
LONGEST = dt.timedelta(seconds=max(PAUSES)) + LEASE  # that a delivery may have to wait from any moment on
EACH = 8  # deliveries of one address at once
MOST = 32  # in one round
KEPT = dt.timedelta(days=30)  # a delivery that was made or given up
_CLAIM = text("""
    WITH due AS (
        SELECT waiting.id FROM webhook w CROSS JOIN LATERAL (
            SELECT id FROM delivery
            WHERE webhook_id = w.id AND status = 'pending' AND next_at <= :now AND tries < :tries
            ORDER BY next_at, id LIMIT :each FOR UPDATE SKIP LOCKED
        ) waiting
        WHERE w.disabled_at IS NULL LIMIT :most
    )
    UPDATE delivery d SET tries = tries + 1, next_at = :until
    FROM due JOIN webhook w ON true
    WHERE d.id = due.id AND w.id = d.webhook_id
    RETURNING d.id, d.webhook_id, w.url, w.secret, CASE WHEN w.old_until > :now THEN w.old_secret END AS old_secret,
        d.event, d.payload, d.tries
""")


@dataclass(frozen=True)
class Parcel:
    """A delivery to be tried now."""

    id: int
    webhook_id: int
    url: str
    secret: bytes  # sealed
    old_secret: bytes | None  # sealed; of an overlap that is not over
    event: str
    payload: dict[str, Any]
    tries: int  # this one included


def claim(session: Session, now: dt.datetime) -> list[Parcel]:
    """Count a try of what is due, some of each address; nobody else takes it while the lease lasts.

    What would be due later than anything can be was written by a clock that was ahead: it is due now.
    """
    ahead = update(Delivery).where(col(Delivery.status) == "pending", col(Delivery.next_at) > now + LONGEST)
    session.exec(ahead.values(next_at=now))
    died = update(Delivery).where(
        col(Delivery.status) == "pending", col(Delivery.next_at) <= now, col(Delivery.tries) >= TRIES
    )
    session.exec(died.values(status="failed", error="interrupted"))
    values = {"now": now, "until": now + LEASE, "each": EACH, "most": MOST, "tries": TRIES}
    return [Parcel(*row) for row in session.connection().execute(_CLAIM, values)]


def send(
    parcels: Sequence[Parcel], vault: Vault, clock: Callable[[], dt.datetime], *, private: bool
) -> dict[int, str | None]:
    """Try all of them side by side; answers the code of what went wrong by delivery, None where it was taken."""

    def try_one(parcel: Parcel) -> str | None:
        body = json.dumps(parcel.payload, ensure_ascii=False, separators=(",", ":")).encode()
        headers = {
            "Content-Type": "application/json",
            "Forbear-Event": parcel.event,
            "Forbear-Delivery": str(parcel.id),
            "Forbear-Signature": signature(
                [
                    vault.open(each, secret_at(parcel.webhook_id))
                    for each in (parcel.secret, parcel.old_secret)
                    if each is not None
                ],
                int(clock().timestamp()),
                body,
            ),
        }
        try:
            deliver(parcel.url, body, headers, private=private)
        except DeliveryError as error:
            return str(error)
        return None

    with ThreadPoolExecutor(max_workers=len(parcels) or 1) as threads:
        return dict(zip((parcel.id for parcel in parcels), threads.map(try_one, parcels), strict=True))


def signature(secrets: Iterable[str], at: int, body: bytes) -> str:
    """What proves that a body is ours and of that moment: `t=<seconds>,v1=<HMAC-SHA256 of "t.body", hex>`.

    While two secrets overlap there is a `v1` of each, the newer first.
    """
    signed = f"{at}.".encode() + body
    made = (f"v1={hmac.digest(secret.encode(), signed, sha256).hex()}" for secret in secrets)
    return ",".join((f"t={at}", *made))


def settle(session: Session, parcels: Sequence[Parcel], errors: Mapping[int, str | None], now: dt.datetime) -> None:
    """Note what came of tries, and when each that failed is tried again."""
    for parcel in parcels:
        error = errors[parcel.id]
        # Only what is still as we claimed it: meanwhile somebody may have removed the webhook or asked to send it anew.
        ours = update(Delivery).where(
            col(Delivery.id) == parcel.id, col(Delivery.status) == "pending", col(Delivery.tries) == parcel.tries
        )
        if error is None:
            session.exec(ours.values(status="delivered", delivered_at=now, error=None))
        elif parcel.tries < TRIES:
            session.exec(ours.values(error=error, next_at=now + _pause(parcel)))
        else:
            session.exec(ours.values(status="failed", error=error))
    for webhook_id in {parcel.webhook_id for parcel in parcels}:
        tried = [parcel for parcel in parcels if parcel.webhook_id == webhook_id]
        if all(errors[parcel.id] is not None for parcel in tried):
            until = now + min(_pause(parcel) for parcel in tried)
            others = update(Delivery).where(
                col(Delivery.webhook_id) == webhook_id, col(Delivery.status) == "pending", col(Delivery.next_at) < until
            )
            session.exec(others.values(next_at=until))


def forget(session: Session, now: dt.datetime) -> int:
    """Delete deliveries that were made or given up long ago; answers how many."""
    old = select(Delivery.id).where(col(Delivery.status) != "pending", col(Delivery.created_at) < now - KEPT)
    return session.exec(delete(Delivery).where(col(Delivery.id).in_(old))).rowcount


def _pause(parcel: Parcel) -> dt.timedelta:
    return dt.timedelta(seconds=PAUSES[min(parcel.tries, len(PAUSES)) - 1])
