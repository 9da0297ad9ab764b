"""Messages: notifications on their way to mail and chats. Claimed, sent and settled as webhooks are; never with a name.

What waits for one address goes as one message, so that a busy morning does not ring fifty times.
"""

import datetime as dt
import smtplib
import ssl
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from itertools import groupby
from typing import Final
from urllib.parse import unquote, urlsplit

from sqlalchemy import text
from sqlmodel import Session

from forbear.base import extras
from forbear.base.errors import ForbearError
from forbear.base.vault import Vault
from forbear.locale import said
from forbear.webhooks.notifications import address_at
from forbear.webhooks.outbox import LEASE, PAUSES, TRIES

AT_ONCE: Final = 100  # messages in one round
SECONDS: Final = 10.0  # that a server may take for one step
_CLAIM = text("""
    WITH due AS (
        SELECT notification_id, address_id FROM notification_message WHERE next_at <= :now
        ORDER BY next_at, notification_id, address_id LIMIT :at_once FOR UPDATE SKIP LOCKED
    )
    UPDATE notification_message message SET tries = tries + 1, next_at = :until
    FROM due JOIN notification ON notification.id = due.notification_id
        JOIN notification_address address ON address.id = due.address_id
    WHERE (message.notification_id, message.address_id) = (due.notification_id, due.address_id)
    RETURNING message.notification_id, message.address_id, address.way, address.address, notification.kind,
        message.tries
""")
_DONE = text("DELETE FROM notification_message WHERE address_id = :address AND notification_id = ANY(:told)")
_LATER = text("""
    UPDATE notification_message SET next_at = :next WHERE address_id = :address AND notification_id = ANY(:told)
""")


@dataclass(frozen=True)
class OutgoingMessage:
    """All that is to be told at one address now."""

    address_id: int
    way: str
    address: bytes  # sealed
    told: tuple[int, ...]  # notifications
    kinds: tuple[str, ...]
    tries: int  # of the one that was tried least, this one included


def claim(session: Session, now: dt.datetime) -> list[OutgoingMessage]:
    """Count a try of what is due; nobody else takes it while the lease lasts."""
    values = {"now": now, "until": now + LEASE, "at_once": AT_ONCE}
    rows = sorted(
        session.connection().execute(_CLAIM, values).all(), key=lambda row: (row.address_id, row.notification_id)
    )
    found = []
    for address_id, of_address in groupby(rows, key=lambda row: row.address_id):
        mine = list(of_address)
        told, kinds = tuple(row.notification_id for row in mine), tuple(row.kind for row in mine)
        tries = min(row.tries for row in mine)
        found.append(OutgoingMessage(address_id, mine[0].way, bytes(mine[0].address), told, kinds, tries))
    return found


def worded(kinds: Sequence[str]) -> tuple[str, str]:
    """Title and text of a message, in both languages: how many of what, and nothing about anybody."""
    lines = []
    for kind, count in sorted(Counter(kinds).items()):
        line = said(f"notification.{kind}")
        lines.append(f"{count} × {line.zh} · {line.en}")
    title, foot = said("notification.title"), said("notification.foot")
    return f"{title.zh} · {title.en}", "\n".join((*lines, "", foot.zh, foot.en))


def sender(vault: Vault, mail_url: str | None, mail_from: str | None) -> Callable[[OutgoingMessage], str | None]:
    """What sends a message; answers a code of what went wrong, None where it was taken."""

    def send(message: OutgoingMessage) -> str | None:
        title, body = worded(message.kinds)
        address = str(vault.open(message.address, address_at(message.address_id)))
        try:
            if message.way == "mail":
                if not mail_url or not mail_from:
                    return "no_mail"
                _mail(mail_url, mail_from, address, title, body)
                return None
            return None if _chat(address, title, body) else "refused"
        except (OSError, smtplib.SMTPException, ForbearError) as error:
            return type(error).__name__

    return send


def settle(session: Session, message: OutgoingMessage, error: str | None, now: dt.datetime) -> None:
    """Done with, or tried again later; given up after many tries. In the page it stands all the same."""
    values = {"address": message.address_id, "told": list(message.told)}
    if error is None or message.tries >= TRIES:
        session.connection().execute(_DONE, values)
    else:
        pause = dt.timedelta(seconds=PAUSES[message.tries - 1])
        session.connection().execute(_LATER, {**values, "next": now + pause})


def _mail(url: str, sent_from: str, address: str, title: str, body: str) -> None:
    """By SMTP: over TLS from the start (smtps), or as soon as the server offers it."""
    parts = urlsplit(url)
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = title, sent_from, address
    mail.set_content(body)
    host, context = parts.hostname or "", ssl.create_default_context()
    server: smtplib.SMTP
    if parts.scheme == "smtps":
        server = smtplib.SMTP_SSL(host, parts.port or 465, timeout=SECONDS, context=context)
    else:
        server = smtplib.SMTP(host, parts.port or 25, timeout=SECONDS)
    try:
        server.ehlo()
        if parts.scheme == "smtp" and server.has_extn("starttls"):
            server.starttls(context=context)
            server.ehlo()
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
        server.send_message(mail)
    finally:
        with suppress(OSError, smtplib.SMTPException):  # what was taken is taken, however the goodbye goes
            server.quit()


def _chat(address: str, title: str, body: str) -> bool:
    extras.require("Telling people in a chat", "apprise")
    import apprise  # an extra, and slow to import

    chat = apprise.Apprise()
    return bool(chat.add(address)) and bool(chat.notify(body=body, title=title))
