"""Maintenance: what the record needs done every minute: tallies folded, cases brought back, one person's cases tied."""

import datetime as dt

from sqlalchemy import text
from sqlmodel import Session

from forbear.base.errors import ForbearError
from forbear.base.vault import private_of
from forbear.desk import siblings
from forbear.ledger.unit_of_work import Work

RETURNED_AT_ONCE = 500
KEYED_AT_ONCE = 1000
_FOLDED_DAYS = 2  # rows of earlier days are folded already
_ATTEMPTS_FOR = dt.timedelta(days=1)  # failed sign-ins are counted over minutes
_LOCK = "SELECT pg_try_advisory_xact_lock(hashtext('forbear.fold'))"
# One statement each: it takes away and puts back what it saw, and leaves alone what others append meanwhile.
_FOLD_QUEUE = """
    WITH taken AS (
        DELETE FROM queue_tally WHERE (submitter, status, urgency, strategy) IN (
            SELECT submitter, status, urgency, strategy FROM queue_tally GROUP BY 1, 2, 3, 4 HAVING count(*) > 1
        ) RETURNING *
    )
    INSERT INTO queue_tally (submitter, status, urgency, strategy, cases)
    SELECT submitter, status, urgency, strategy, sum(cases) FROM taken GROUP BY 1, 2, 3, 4 HAVING sum(cases) <> 0
"""
_FOLD_DAYS = """
    WITH taken AS (
        DELETE FROM daily_tally WHERE day >= :since AND (day, submitter, measure, subject, detail) IN (
            SELECT day, submitter, measure, subject, detail FROM daily_tally WHERE day >= :since
            GROUP BY 1, 2, 3, 4, 5 HAVING count(*) > 1
        ) RETURNING *
    )
    INSERT INTO daily_tally (day, submitter, measure, subject, detail, count)
    SELECT day, submitter, measure, subject, detail, sum(count) FROM taken GROUP BY 1, 2, 3, 4, 5
"""
# The answer is wanted at the agreed time, or by a legal deadline that comes before it.
_RETURN = """
    WITH due AS (
        SELECT case_id FROM desk_case
        WHERE follow_up_at <= :now AND status IN ('waiting', 'snoozed', 'reviewed')
        ORDER BY follow_up_at, case_id LIMIT :at_once FOR UPDATE SKIP LOCKED
    )
    UPDATE desk_case AS desk SET status = 'open', follow_up_at = NULL, respond_by = desk.follow_up_at,
        due_at = CASE WHEN desk.due_at < desk.respond_by THEN least(desk.due_at, desk.follow_up_at)
            ELSE desk.follow_up_at END,
        revision = desk.revision + 1
    FROM due WHERE desk.case_id = due.case_id RETURNING desk.case_id
"""

_UNKEYED = """
    SELECT c.id, c.submitter, newest.version, newest.private
    FROM "case" c LEFT JOIN LATERAL (
        SELECT id AS version, private FROM case_version WHERE case_id = c.id ORDER BY number DESC LIMIT 1
    ) newest ON true
    WHERE NOT keyed ORDER BY c.id LIMIT :at_once FOR UPDATE OF c SKIP LOCKED
"""
_KEY = 'UPDATE "case" SET phone_key = :phone, id_key = :id_number, name_key = :name, keyed = true WHERE id = :case'


def fold(session: Session, today: dt.date) -> bool:
    """Add up the rows of the tallies that count the same. False: another process is at it."""
    if not session.connection().execute(text(_LOCK)).scalar_one():
        return False
    session.connection().execute(text(_FOLD_QUEUE))
    session.connection().execute(text(_FOLD_DAYS), {"since": today - dt.timedelta(days=_FOLDED_DAYS)})
    return True


def bring_back(work: Work) -> int:
    """Open cases again whose follow-up has come, some at once; answers how many."""
    values = {"now": work.now, "at_once": RETURNED_AT_ONCE}
    returned = work.session.connection().execute(text(_RETURN), values).scalars().all()
    work.touch(returned)
    for case in sorted(returned):
        work.note("moved", f"case:{case}", {"why": "returned"})
    return len(returned)


def key_people(work: Work) -> int:
    """Work out the keyed hashes of some cases that were taken in before there were any; answers how many."""
    rows = work.session.connection().execute(text(_UNKEYED), {"at_once": KEYED_AT_ONCE}).all()
    for case_id, submitter, version, private in rows:
        try:
            facts = private_of(work.vault, version, private)["facts"]
        except ForbearError:  # sealed with a key that is gone: tied by the next facts that come in
            facts = {}
        keys = siblings.keys(work.vault, submitter, {name: str(value) for name, value in facts.items()})
        work.session.connection().execute(text(_KEY), {"case": case_id, **keys._asdict()})
    return len(rows)


def tidy(session: Session, now: dt.datetime) -> None:
    """Delete sessions and answered challenges that expired, and old failed sign-ins."""
    connection = session.connection()
    connection.execute(text("DELETE FROM sign_in WHERE expires_at <= :now"), {"now": now})
    connection.execute(text("DELETE FROM used_challenge WHERE expires_at <= :now"), {"now": now})
    connection.execute(text("DELETE FROM sign_in_attempt WHERE at <= :then"), {"then": now - _ATTEMPTS_FOR})
