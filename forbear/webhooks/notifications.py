"""Notifications: people are told what happened on their cases, in the page and where they wish; never about whom."""

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from sqlalchemy import delete, text, update
from sqlmodel import Session, col, func, select

from forbear.accounts.accounts import UnfitError, Viewer, ViewerWork
from forbear.ledger.unit_of_work import Work
from models.case import Case
from models.database.session import next_id
from models.operation.notification import WAYS, Notification, NotificationAddress

LISTED: Final = 100
MOST: Final = 5  # addresses of one person
KEPT: Final = dt.timedelta(days=90)
# Services with a host of their own, so that an address leads into nobody's network.
SERVICES: Final = ("wecombot", "dingtalk", "feishu", "lark")
_MAIL: Final = re.compile(r"[^\s@,;<>\"]{1,64}@[0-9A-Za-z.-]{1,189}")
_TELL = text("""
    WITH told AS (
        INSERT INTO notification (account_id, kind, case_id, topic, at)
        SELECT DISTINCT account.id, CAST(:kind AS text), CAST(:case AS bigint), CAST(:topic AS text),
            CAST(:now AS timestamptz)
        FROM account WHERE account.id = ANY(:accounts) AND account.disabled_at IS NULL
        ON CONFLICT (account_id, kind, topic) DO NOTHING RETURNING id, account_id
    )
    INSERT INTO notification_message (notification_id, address_id, tries, next_at)
    SELECT told.id, address.id, 0, :now FROM told JOIN notification_address address USING (account_id)
""")
# Those who are there; where all are away, all of them.
_SUPERVISING: Final = text("""
    WITH supervising AS (
        SELECT id, EXISTS (
            SELECT FROM absence
            WHERE account_id = account.id AND cancelled_at IS NULL AND :today BETWEEN first AND last
        ) AS away
        FROM account WHERE role IN ('supervisor', 'admin') AND disabled_at IS NULL
    )
    SELECT id FROM supervising WHERE NOT away OR NOT EXISTS (SELECT FROM supervising WHERE NOT away)
""")
# What comes of time alone. A crisis is told of to whoever has it and to who can give it to somebody else.
_TASKS_DUE: Final = text("""
    SELECT task.id, task.case_id, task.owner_id, task.due_on FROM task
    JOIN account ON account.id = task.owner_id AND account.disabled_at IS NULL
    WHERE task.done_at IS NULL AND task.due_on <= :today AND NOT EXISTS (
        SELECT FROM notification WHERE account_id = task.owner_id AND kind = 'task_due'
            AND topic = 'task:' || task.id || ':' || task.due_on
    ) ORDER BY task.id LIMIT :at_once
""")
# What was promised to a borrower for today is not left to who is not there.
_TASKS_LEFT: Final = text("""
    SELECT task.id, task.case_id, task.due_on FROM task
    JOIN account ON account.id = task.owner_id
    WHERE task.done_at IS NULL AND task.due_on <= :today AND (account.disabled_at IS NOT NULL OR EXISTS (
        SELECT FROM absence
        WHERE account_id = account.id AND cancelled_at IS NULL AND :today BETWEEN first AND last
    )) AND NOT EXISTS (
        SELECT FROM notification WHERE notification.case_id = task.case_id AND kind = 'task_left'
            AND topic = 'task:' || task.id || ':' || task.due_on
    ) ORDER BY task.id LIMIT :at_once
""")
_NO_CONTACT: Final = text("""
    SELECT case_id, assignee_id, respond_by FROM desk_case
    WHERE danger = 'explicit' AND contacted_at IS NULL AND status IN ('open', 'escalated') AND respond_by <= :now
        AND NOT EXISTS (
            SELECT FROM notification WHERE notification.case_id = desk_case.case_id AND kind = 'no_contact'
                AND topic = 'crisis:' || desk_case.case_id || ':' || extract(epoch FROM desk_case.respond_by)::bigint
        )
    ORDER BY case_id LIMIT :at_once
""")
# What changes how an account is come into is told to whose it is: by the ledger, so that no way to do it is left out.
# Of these kinds of entries about an account nobody is told.
_QUIET: Final = (
    "sign_in",
    "sign_in_failed",
    "sign_out",
    "code_asked",
    "passkey_used",
    "notification",
    "search",
    "account_added",
    "account_disabled",
    "account_enabled",
    "state",
)
_ACCOUNTS_CHANGED: Final = text("""
    INSERT INTO notification (account_id, kind, topic, at)
    SELECT account.id, 'account', 'entry:' || entry.seq, entry.at
    FROM ledger entry LEFT JOIN token ON entry.kind = 'token_created' AND entry.subject = 'token:' || token.id
        JOIN account ON account.id = token.account_id OR entry.subject = 'account:' || account.id
    WHERE entry.at > :since AND (entry.subject LIKE 'account:%' OR entry.kind = 'token_created')
        AND entry.kind <> ALL (:quiet) AND account.disabled_at IS NULL
        AND NOT EXISTS (
            SELECT FROM notification told WHERE told.account_id = account.id AND told.kind = 'account'
                AND told.topic = 'entry:' || entry.seq
        )
    ORDER BY entry.seq LIMIT :at_once
    ON CONFLICT (account_id, kind, topic) DO NOTHING RETURNING id, account_id
""")
_SEND: Final = text("""
    INSERT INTO notification_message (notification_id, address_id, tries, next_at)
    SELECT told.id, address.id, 0, :now
    FROM unnest(CAST(:ids AS bigint[]), CAST(:accounts AS bigint[])) AS told (id, account_id)
        JOIN notification_address address USING (account_id)
""")
_LOOKED_BACK: Final = dt.timedelta(days=1)  # for changes that nobody was told of, as while no scheduler ran
AT_ONCE: Final = 200


@dataclass(frozen=True)
class ListedNotification:
    """A notification as its owner reads it."""

    id: int
    kind: str
    case_id: int | None  # None: it is about their account
    case_ref: str | None
    at: dt.datetime
    read: bool


def tell(work: Work, kind: str, case_id: int, accounts: Iterable[int | None], topic: str) -> None:
    """Tell some people, each once of the same topic, in the page and at every address of theirs."""
    wanted = sorted({each for each in accounts if each is not None})
    if wanted:
        values = {"kind": kind, "case": case_id, "topic": topic, "now": work.now, "accounts": wanted}
        work.session.connection().execute(_TELL, values)


def supervising(session: Session, today: dt.date) -> list[int]:
    """Who supervises and is there on that day; all of them, where nobody is."""
    return list(session.connection().execute(_SUPERVISING, {"today": today}).scalars())


def tell_of_time(work: Work, today: dt.date) -> int:
    """Tell of tasks that are due, supervisors of those nobody is there for, and of crises without contact in time.

    Answers of how many.
    """
    connection = work.session.connection()
    tasks = connection.execute(_TASKS_DUE, {"today": today, "at_once": AT_ONCE}).all()
    for task in tasks:
        tell(work, "task_due", task.case_id, [task.owner_id], f"task:{task.id}:{task.due_on}")
    left = connection.execute(_TASKS_LEFT, {"today": today, "at_once": AT_ONCE}).all()
    crises = connection.execute(_NO_CONTACT, {"now": work.now, "at_once": AT_ONCE}).all()
    there = supervising(work.session, today) if crises or left else []
    for task in left:
        tell(work, "task_left", task.case_id, there, f"task:{task.id}:{task.due_on}")
    for crisis in crises:
        topic = f"crisis:{crisis.case_id}:{int(crisis.respond_by.timestamp())}"
        tell(work, "no_contact", crisis.case_id, [crisis.assignee_id, *there], topic)
    return len(tasks) + len(left) + len(crises)


def tell_of_accounts(work: Work) -> int:
    """Tell people of what changed in their accounts, whoever changed it; answers of how many changes."""
    connection = work.session.connection()
    values = {"since": work.now - _LOOKED_BACK, "quiet": list(_QUIET), "at_once": AT_ONCE}
    told = connection.execute(_ACCOUNTS_CHANGED, values).all()
    of = {"ids": [each.id for each in told], "accounts": [each.account_id for each in told], "now": work.now}
    connection.execute(_SEND, of)
    return len(told)


def listed(session: Session, viewer: Viewer) -> list[ListedNotification]:
    """What a viewer was told, the newest first."""
    query = select(Notification, Case.case_ref).join(Case, col(Case.id) == Notification.case_id, isouter=True)
    query = query.where(Notification.account_id == viewer.account_id).order_by(col(Notification.id).desc())
    return [
        ListedNotification(each.id, each.kind, each.case_id, ref, each.at, each.read_at is not None)
        for each, ref in session.exec(query.limit(LISTED))
    ]


def read(work: ViewerWork, number: int | None = None) -> int | None:
    """Mark one as read, or all; answers the case that the one is about. Raises LookupError where there is no such."""
    mine = update(Notification).where(col(Notification.account_id) == work.viewer.account_id)
    if number is None:
        work.session.exec(mine.where(col(Notification.read_at).is_(None)).values(read_at=work.now))
        return None
    one = mine.where(col(Notification.id) == number)
    one = one.values(read_at=func.coalesce(Notification.read_at, work.now))
    found = work.session.exec(one.returning(col(Notification.case_id))).first()
    if found is None:
        raise LookupError(f"notification {number}")
    case: int | None = found[0]
    return case


def unread_again(work: ViewerWork, number: int) -> None:
    """Mark one as not read: for later."""
    mine = update(Notification).where(
        col(Notification.account_id) == work.viewer.account_id, col(Notification.id) == number
    )
    work.session.exec(mine.values(read_at=None))


def address_at(number: int) -> str:
    """What an address is sealed for."""
    return f"notification_address.address:{number}"


def addresses(work: ViewerWork) -> list[tuple[int, str, str]]:
    """Where the viewer is told beside the page: number, way, and what may be shown of the address."""
    query = select(NotificationAddress).where(NotificationAddress.account_id == work.viewer.account_id)
    rows = work.session.exec(query.order_by(col(NotificationAddress.id)))
    return [
        (each.id, each.way, _shown(each.way, str(work.vault.open(each.address, address_at(each.id))))) for each in rows
    ]


def add_address(work: ViewerWork, way: str, address: str, *, private: bool) -> None:
    """Keep an address of the viewer's. Raises UnfitError.

    `private` (a setting) allows every service that Apprise knows, those in one's own network too.
    """
    given = address.strip()
    if way not in WAYS:
        raise UnfitError("way", "unknown", "Choose mail or a chat.")
    if way == "mail" and not _MAIL.fullmatch(given):
        raise UnfitError("address", "mail", "A mail address looks like name@example.org.")
    if way == "apprise" and not _is_service(given, private=private):
        raise UnfitError("address", "service", f"An address of a chat begins with one of {', '.join(SERVICES)}.")
    mine = select(func.count()).where(NotificationAddress.account_id == work.viewer.account_id)
    if work.session.exec(mine.select_from(NotificationAddress)).one() >= MOST:
        raise UnfitError("address", "many", f"There are {MOST} addresses already: take one away first.", MOST)
    number = next_id(work.session, "notification_address")
    sealed = work.vault.seal(given, address_at(number))
    work.session.add(NotificationAddress(id=number, account_id=work.viewer.account_id, way=way, address=sealed))
    work.note("notification", f"account:{work.viewer.account_id}", {"what": "added", "way": way})


def remove_address(work: ViewerWork, number: int) -> None:
    """Tell the viewer nothing at an address any more; one that is gone is no error."""
    mine = delete(NotificationAddress).where(
        col(NotificationAddress.id) == number, col(NotificationAddress.account_id) == work.viewer.account_id
    )
    if work.session.exec(mine).rowcount:
        work.note("notification", f"account:{work.viewer.account_id}", {"what": "taken_away"})


def forget(session: Session, now: dt.datetime) -> None:
    """Delete what was told long ago."""
    session.exec(delete(Notification).where(col(Notification.at) < now - KEPT))


def _is_service(address: str, *, private: bool) -> bool:
    scheme = urlsplit(address).scheme if address.isprintable() and " " not in address else ""
    return 0 < len(address) <= 500 and (scheme in SERVICES or (private and bool(scheme)))


def _shown(way: str, address: str) -> str:
    """Of an address of Apprise only the service: the rest are keys."""
    return address if way == "mail" else f"{urlsplit(address).scheme}://…"
