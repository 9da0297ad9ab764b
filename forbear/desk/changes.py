"""Changes: which cases moved after a place in the ledger, for a program that keeps its own record, and when each did.

Whatever changes a case on the desk is told to the ledger in the same transaction, and its entries get their numbers
under a lock that is held until they are committed: whoever has read up to one has read all before it.
"""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from sqlalchemy import text
from sqlmodel import Session, col, func, select

from forbear.desk.filters import QueueFilter, conditions
from forbear.ledger.decision_tree import EVENTS
from models.desk import WorklistItem
from models.review import TOLD

SCANNED: Final = (
    500  # decisions and reviews that one page looks at, whoever's cases they are about; more within an entry
)
_ARRIVING: Final = ["decision", "decisions", "danger", "moved"]  # what brings a case to the queue
_KINDS: Final = ["decision", "decisions", "review", "danger", "moved"]
_AFTER: Final = text(f"""
    {EVENTS}
    SELECT event.seq, desk.case_id, desk.submitter
    FROM event
    LEFT JOIN review ON event.kind = 'review' AND review.id = event.row AND review.action = ANY(:told)
    LEFT JOIN decision ON event.kind = 'decision' AND decision.id = event.row
    LEFT JOIN case_version ON case_version.id = decision.case_version_id
    LEFT JOIN desk_case AS desk ON desk.case_id = CASE event.kind
        WHEN 'review' THEN review.case_id WHEN 'danger' THEN event.row WHEN 'moved' THEN event.row
        ELSE case_version.case_id END
    ORDER BY event.seq, event.row
""")  # noqa: S608 - text of ours
# Not `min(seq)`: that would be looked for along the key, entry by entry from the first.
_SINCE: Final = text("SELECT min(seq + 0) - 1 FROM ledger WHERE at > :moment")
_HEAD: Final = text("SELECT seq FROM ledger_head")
_UPDATED: Final = text("""
    SELECT desk.case_id, coalesce(greatest(
        decision.created_at, desk.failed_at,
        (SELECT max(at) FROM review WHERE review.case_id = desk.case_id AND action = ANY(:told)),
        (SELECT max(at) FROM ledger WHERE subject = 'case:' || desk.case_id AND kind = ANY(:kinds))
    ), desk.received_at)
    FROM desk_case AS desk LEFT JOIN decision ON decision.id = desk.decision_id
    WHERE desk.case_id = ANY(:cases)
""")


@dataclass(frozen=True)
class Changes:
    """Cases that moved, in the order in which they first did, and after which entry the next ones come.

    `last` where nothing had happened since.
    """

    cases: tuple[int, ...]
    next: int
    last: bool


@dataclass(frozen=True)
class Arrived:
    """What came to a filter of the queue after an entry: cases, crises among them; `more` if there may be others."""

    cases: int
    crises: int
    more: bool


def head(session: Session) -> int:
    """The newest entry of the ledger."""
    return int(session.connection().execute(_HEAD).scalar_one())


def arrived(session: Session, chosen: QueueFilter, entry: int) -> Arrived:
    """How many cases of a filter were decided, came back or turned dangerous after an entry."""
    given = {"after": entry, "kinds": _ARRIVING, "scanned": SCANNED, "told": []}
    rows = session.connection().execute(_AFTER, given).all()
    cases = {row[1] for row in rows} - {None}
    if not cases:
        return Arrived(0, 0, more=len(rows) >= SCANNED)
    wanted = conditions(session, chosen)
    calm = col(WorklistItem.calm)
    query = select(func.count(), func.count().filter(calm.is_(False))).where(
        col(WorklistItem.case_id).in_(cases), col(WorklistItem.status).in_(wanted.statuses), *wanted.terms
    )
    count, crises = session.exec(query).one()
    return Arrived(count, crises, more=len(rows) >= SCANNED)


def after(session: Session, entry: int, submitter: str | None, limit: int) -> Changes:
    """The cases that something happened to after an entry of the ledger: of everybody or of one submitter.

    So many, and those that the same entry is about.
    """
    given = {"after": entry, "kinds": _KINDS, "scanned": SCANNED, "told": list(TOLD)}
    rows = session.connection().execute(_AFTER, given).all()
    cases: dict[int, None] = {}
    for seq, case_id, whose in rows:
        if seq != entry and len(cases) >= limit:
            return Changes(tuple(cases), entry, last=False)
        if case_id is not None and submitter in (None, whose):
            cases[case_id] = None
        entry = seq
    return Changes(tuple(cases), entry, last=len(rows) < SCANNED)


def entry_at(session: Session, moment: dt.datetime) -> int:
    """The entry after which everything comes that happened after a moment."""
    connection = session.connection()
    since: int | None = connection.execute(_SINCE, {"moment": moment}).scalar_one()
    return connection.execute(_HEAD).scalar_one() if since is None else since


def updated(session: Session, cases: Collection[int]) -> dict[int, dt.datetime]:
    """When something happened last to each of these decided cases."""
    rows = session.connection().execute(_UPDATED, {"cases": list(cases), "kinds": _KINDS, "told": list(TOLD)})
    return {row[0]: row[1] for row in rows}
