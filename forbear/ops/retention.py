"""Retention: which cases are past the time they may be kept, and deleting them whole; the ledger stays provable.

A case with a date of its own is kept until that day; any other until so many days after the last thing that was handed
in or done, and then it goes only once it is closed. A case that is not closed never goes before its legal deadlines.
"""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from forbear.ledger import states
from forbear.ledger.ledger import PURGE
from forbear.ledger.states import OF_CASES
from forbear.ledger.unit_of_work import Work
from forbear.ops import portfolio
from models.case import Case

CASES = 200  # deleted in one transaction
_LAST = """
    CAST(greatest(
        c.created_at, (SELECT max(v.created_at) FROM case_version v WHERE v.case_id = c.id),
        (SELECT max(r.at) FROM review r WHERE r.case_id = c.id)
    ) AS date)
"""
_PAST = f"""
    FROM "case" c LEFT JOIN desk_case d ON d.case_id = c.id
    WHERE CASE
        WHEN c.retain_until IS NOT NULL THEN c.retain_until < :as_of
        ELSE CAST(c.created_at AS date) + :days < :as_of AND {_LAST} + :days < :as_of
    END
"""
_FREE = """
    (coalesce(d.status = 'closed', false) OR c.retain_until IS NOT NULL AND NOT EXISTS (
        SELECT FROM decision WHERE decision.id = d.decision_id AND greatest(
            last_deadline,
            (SELECT max(CAST(due ->> 'date' AS date)) FROM jsonb_array_elements(outcome -> 'deadlines') AS due)
        ) >= :as_of
    ))
"""
_DUE = f"SELECT c.id {_PAST} AND {_FREE} AND c.id > :after ORDER BY c.id LIMIT :size"
_STILL_DUE = f"SELECT c.id {_PAST} AND {_FREE} AND c.id = ANY(:cases) ORDER BY c.id"
_COUNT = text(f"SELECT count(*) FILTER (WHERE {_FREE}), count(*) FILTER (WHERE NOT {_FREE}) {_PAST}")
_KEPT_UNTIL = text(f'SELECT {_LAST} + :days FROM "case" c WHERE c.id = :case')  # noqa: S608 - text of ours
_OWN = (("desk_case", "case_id"), ('"case"', "id"), ("case_version", "case_id"))  # whoever works on a case locks one
_TALK = (  # what hangs on reviews and agreements goes before them
    "DELETE FROM mention WHERE case_id = ANY(:cases)",
    "DELETE FROM instalment USING agreement a WHERE a.id = agreement_id AND a.case_id = ANY(:cases)",
)
_CHANGED = {each: text(f"DELETE FROM {each} WHERE case_id = ANY(:cases) RETURNING case_id, id") for each in OF_CASES}  # noqa: S608
_REVIEWS = text("DELETE FROM review WHERE case_id = ANY(:cases) RETURNING case_id, id")
_DECISIONS = text("""
    DELETE FROM decision d USING case_version v
    WHERE v.id = d.case_version_id AND v.case_id = ANY(:cases) RETURNING v.case_id, d.id
""")
_REST = (
    """
    DELETE FROM batch_case b USING case_version v WHERE v.id = b.case_version_id AND v.case_id = ANY(:cases)
    """,
    "DELETE FROM case_version WHERE case_id = ANY(:cases)",
    'DELETE FROM "case" WHERE id = ANY(:cases)',
)
_BATCH = text("""
    SELECT b.id FROM batch b
    WHERE b.status = 'complete' AND CAST(b.created_at AS date) + :days < :as_of
        AND NOT EXISTS (SELECT FROM batch_case c WHERE c.batch_id = b.id)
        AND NOT EXISTS (SELECT FROM case_version v WHERE v.batch_id = b.id)
        AND NOT EXISTS (SELECT FROM chunk k JOIN decision d ON d.chunk_id = k.id WHERE k.batch_id = b.id)
    ORDER BY b.id LIMIT 1 FOR UPDATE SKIP LOCKED
""")
_OF_BATCH = (
    "DELETE FROM rejection WHERE batch_id = :batch",
    "DELETE FROM chunk WHERE batch_id = :batch",
    "DELETE FROM idempotency_key WHERE batch_id = :batch",
    "DELETE FROM batch WHERE id = :batch",
)


@dataclass(frozen=True)
class Past:
    """Cases past their time: those that may go, and those that stay because they are not closed."""

    due: int
    still_open: int


@dataclass(frozen=True)
class Purged:
    """What one step deleted. `after` is where the next one goes on; None when nothing is left to delete."""

    cases: int
    batches: int
    after: int | None


def past(session: Session, as_of: dt.date, days: int) -> Past:
    """How many cases are past their time on a day."""
    return Past(*session.connection().execute(_COUNT, {"as_of": as_of, "days": days}).one())


def kept_until(session: Session, case: Case, days: int) -> dt.date:
    """The last day a case is kept, as far as is known today."""
    if case.retain_until is not None:
        return case.retain_until
    last: dt.date = session.connection().execute(_KEPT_UNTIL, {"case": case.id, "days": days}).scalar_one()
    return last


def purge(work: Work, as_of: dt.date, days: int, after: int = 0) -> Purged:
    """Delete some of the cases past their time with all that is theirs, or, when they are gone, an empty old batch.

    An entry of the ledger says for each what is no more.
    """
    session = work.session
    terms: dict[str, Any] = {"as_of": as_of, "days": days}
    due = _ids(session, _DUE, **terms, after=after, size=CASES)
    if due:
        # Whoever set a date behind our back deletes nothing by it.
        locked = states.cases_as_told(session, _locked(session, due))
        free = _ids(session, _STILL_DUE, **terms, cases=locked)
        _delete_cases(work, free)
        return Purged(len(free), 0, due[-1])
    batch = session.connection().execute(_BATCH, terms).scalar()
    if batch is None:
        return Purged(0, 0, None)
    for statement in _OF_BATCH:
        session.connection().execute(text(statement), {"batch": batch})
    _note(work, f"batch:{batch}", batch=[str(batch)])
    return Purged(0, 1, after)


def _delete_cases(work: Work, cases: list[int]) -> None:
    connection, values = work.session.connection(), {"cases": cases}
    portfolio.forget(work.session, cases)
    connection.execute(text("DELETE FROM desk_case WHERE case_id = ANY(:cases)"), values)
    connection.execute(text("DELETE FROM desk_seal WHERE case_id = ANY(:cases)"), values)
    for statement in _TALK:
        connection.execute(text(statement), values)
    changed = {each: _by_case(connection.execute(query, values)) for each, query in _CHANGED.items()}
    reviews = _by_case(connection.execute(_REVIEWS, values))
    decisions = _by_case(connection.execute(_DECISIONS, values))
    for statement in _REST:
        connection.execute(text(statement), values)
    for case in cases:
        rows = {each: ids[case] for each, ids in changed.items()}
        _note(work, f"case:{case}", decision=decisions[case], review=reviews[case], **rows)
    for table in ("person", "household_budget"):
        query = text(f"DELETE FROM {table} WHERE id = ANY(:cases) RETURNING id")  # noqa: S608 - names of ours
        for case in sorted(connection.execute(query, values).scalars()):
            _note(work, f"{table}:{case}")


def _note(work: Work, subject: str, **gone: list[Any]) -> None:
    work.note(PURGE, subject, {"gone": {kind: sorted(ids) for kind, ids in gone.items() if ids}})


def _locked(session: Session, cases: list[int]) -> list[int]:
    """Those of these cases that nobody works on, locked. Waiting for a lock and holding others could be a deadlock."""
    busy: set[int] = set()
    for table, column in _OWN:
        query = f"SELECT {column} FROM {table} WHERE {column} = ANY(:cases)"  # noqa: S608 - names of ours
        there = Counter(_ids(session, query, cases=cases))
        busy |= (there - Counter(_ids(session, f"{query} FOR UPDATE SKIP LOCKED", cases=cases))).keys()
    return [case for case in cases if case not in busy]


def _ids(session: Session, query: str, **values: Any) -> list[int]:
    return list(session.connection().execute(text(query), values).scalars())


def _by_case(rows: Iterable[Any]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    for case, row_id in rows:
        found[case].append(row_id)
    return found
