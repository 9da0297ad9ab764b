"""Webhooks: who wants to hear of a submitter's events, and the outbox row that each event becomes.

An event carries references and counts, never facts: whoever wants to know more asks the API with a token.
"""

import datetime as dt
import json
import secrets
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from sqlalchemy import any_, update
from sqlmodel import Session, col, func, select

from forbear.accounts.accounts import Viewer, ViewerWork
from forbear.ledger.unit_of_work import Work
from forbear.locale import said
from forbear.webhooks.http import AddressError, target_of
from models.database.copy import copy_into
from models.database.session import next_id
from models.intake.batch import Batch
from models.webhook import EVENTS, PING, Delivery, Webhook

MOST = 20  # webhooks of a submitter
_COLUMNS = ("webhook_id", "event", "payload", "created_at", "status", "tries", "next_at")


def tell(session: Session, submitter: str, event: str, told: Iterable[dict[str, Any]], now: dt.datetime) -> None:
    """Put events into the outbox of every webhook that wants them, in the transaction that makes them true."""
    told = list(told)
    if not told:  # as with every case that is decided for the first time
        return
    wanted = select(Webhook.id).where(
        Webhook.submitter == submitter, any_(col(Webhook.events)) == event, col(Webhook.disabled_at).is_(None)
    )
    hooks = session.exec(wanted).all()
    rows = []
    for data in told:
        body = json.dumps(_body(event, data, now), ensure_ascii=False)
        rows += [(hook, event, body, now, "pending", 0, now) for hook in hooks]
    copy_into(session, "delivery", _COLUMNS, rows)


def _body(event: str, data: dict[str, Any], now: dt.datetime) -> dict[str, Any]:
    return {"id": f"evt_{uuid4().hex}", "event": event, "created_at": now.isoformat(), "data": data}


def tell_complete(session: Session, batch: Batch, now: dt.datetime) -> None:
    """A batch has nothing left to do. Of one that nobody handed in nobody waits to hear."""
    if batch.ageing:
        return
    data = {
        "batch_id": str(batch.id),
        "submitter": batch.submitter,
        "as_of": batch.as_of.isoformat(),
        "rows_read": batch.rows_read,
        "accepted": batch.accepted,
        "rejected": batch.rejected,
        "unchanged": batch.unchanged,
        "cancelled": batch.cancelled,
    }
    tell(session, batch.submitter, "batch.complete", [data], now)


def allowed(viewer: Viewer) -> bool:
    """Whether an account may look after webhooks: a submitter its own, a supervisor everybody's."""
    return viewer.submitter is not None or viewer.may_act_as("supervisor")


def add(work: ViewerWork, submitter: str, url: str, events: Collection[str], *, private: bool) -> tuple[Webhook, str]:
    """Register an address; answers it with the secret that signs what is sent, which is not shown again.

    Raises forbear.webhooks.http.AddressError.
    """
    _check(work.session, submitter, url, private=private)
    secret = _new_secret()
    hook_id = next_id(work.session, "webhook")
    hook = Webhook(
        id=hook_id,
        submitter=submitter,
        account_id=work.viewer.account_id,
        url=url,
        secret=work.vault.seal(secret, secret_at(hook_id)),
        created_at=work.now,
        events=_in_order(events),
    )
    work.session.add(hook)
    work.session.flush()
    work.note("webhook_added", f"webhook:{hook.id}", {"submitter": submitter, "events": hook.events})
    return hook, secret


def change(
    work: Work, hook: Webhook, *, url: str | None = None, events: Collection[str] | None = None, private: bool
) -> None:
    """Send to another address from now on, or tell other events; what waits goes to the new address.

    Raises forbear.webhooks.http.AddressError.
    """
    if url is not None and url != hook.url:
        _check(work.session, hook.submitter, url, private=private)
        hook.url = url
    if events is not None:
        hook.events = _in_order(events)
    work.session.add(hook)
    work.note("webhook_changed", f"webhook:{hook.id}", {"events": hook.events})


def rotate(work: Work, hook: Webhook, overlap: dt.timedelta) -> str:
    """Sign with a new secret, which is answered, and for so long with the one before as well."""
    secret = _new_secret()
    hook.old_secret, hook.old_until = hook.secret, work.now + overlap
    hook.secret = work.vault.seal(secret, secret_at(hook.id))
    work.session.add(hook)
    work.note("webhook_rotated", f"webhook:{hook.id}")
    return secret


def secret_at(hook_id: int) -> str:
    """What a webhook's secrets are sealed for: the newer one becomes the older one as it is."""
    return f"webhook.secret:{hook_id}"


def ping(session: Session, hook: Webhook, now: dt.datetime) -> Delivery:
    """Send something harmless to an address, to see whether it arrives."""
    made = Delivery(
        webhook_id=hook.id, event=PING, payload=_body(PING, {"webhook_id": hook.id}, now), created_at=now, next_at=now
    )
    session.add(made)
    session.flush()
    return made


def _check(session: Session, submitter: str, url: str, *, private: bool) -> None:
    """Refuse what nothing is sent to, and an address that hears of the submitter's events already."""
    target_of(url, private=private)
    known = select(Webhook.id).where(
        Webhook.submitter == submitter, Webhook.url == url, col(Webhook.disabled_at).is_(None)
    )
    if session.exec(known).first() is not None:
        raise AddressError(said("webhook.known"))


def _new_secret() -> str:
    return "whsec_" + secrets.token_urlsafe(32)


def _in_order(events: Collection[str]) -> list[str]:
    return [event for event in EVENTS if event in events]


def of(session: Session, viewer: Viewer, submitter: str | None = None) -> list[Webhook]:
    """The webhooks that a viewer may see, perhaps of one submitter only, oldest first."""
    query = select(Webhook).where(col(Webhook.disabled_at).is_(None)).order_by(col(Webhook.id))
    for only in (viewer.submitter, submitter):
        if only is not None:
            query = query.where(Webhook.submitter == only)
    return list(session.exec(query))


def find(session: Session, viewer: Viewer, webhook_id: int) -> Webhook | None:
    """A webhook that a viewer may see."""
    found = session.get(Webhook, webhook_id)
    if found is None or found.disabled_at is not None or viewer.submitter not in (None, found.submitter):
        return None
    return found


def remove(work: Work, hook: Webhook) -> None:
    """Send nothing more to an address; what waits is not sent."""
    hook.disabled_at = work.now
    work.session.add(hook)
    waiting = update(Delivery).where(col(Delivery.webhook_id) == hook.id, col(Delivery.status) == "pending")
    work.session.exec(waiting.values(status="failed", error="removed"))
    work.note("webhook_removed", f"webhook:{hook.id}")


def deliveries(
    session: Session, webhook_id: int, before: int | None = None, limit: int = 50, status: str | None = None
) -> list[Delivery]:
    """What was or is to be sent to an address, newest first; those with a smaller id than `before`."""
    query = select(Delivery).where(Delivery.webhook_id == webhook_id).order_by(col(Delivery.id).desc()).limit(limit)
    if before is not None:
        query = query.where(col(Delivery.id) < before)
    if status is not None:
        query = query.where(Delivery.status == status)
    return list(session.exec(query))


@dataclass(frozen=True)
class DeliveryCounts:
    """How many deliveries of a webhook are still to be made, and how many were given up."""

    pending: int = 0
    failed: int = 0


def waiting(session: Session, hooks: Sequence[Webhook]) -> dict[int, DeliveryCounts]:
    """What is not delivered, by webhook."""
    query = (
        select(Delivery.webhook_id, Delivery.status, func.count())
        .where(col(Delivery.webhook_id).in_([hook.id for hook in hooks]), Delivery.status != "delivered")
        .group_by(col(Delivery.webhook_id), col(Delivery.status))
    )
    found = {(webhook_id, status): count for webhook_id, status, count in session.exec(query)}
    return {
        hook.id: DeliveryCounts(found.get((hook.id, "pending"), 0), found.get((hook.id, "failed"), 0)) for hook in hooks
    }


def send_again(session: Session, webhook_id: int, delivery_id: int, now: dt.datetime) -> Delivery | None:
    """Make a delivery due now, with all its tries; None if this webhook has no such delivery."""
    query = select(Delivery).where(Delivery.id == delivery_id, Delivery.webhook_id == webhook_id)
    found = session.exec(query.with_for_update()).first()
    if found is not None:
        found.status, found.tries, found.next_at = "pending", 0, now
        session.add(found)
    return found
