"""Nightly ageing: open cases whose day has come are decided once more, as of today, as batches that nobody hands in.

A case is claimed and its work written in one transaction: whatever kills the run, what it claimed is pending work that
is swept up like any other, and what it did not claim is still due. A case that was claimed is due again on the next
day; once it is decided, on the day until which that is valid.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final
from uuid import uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel import Session

from forbear.batch import chunks, decision_body, publication
from forbear.batch.chunks import Wake
from forbear.batch.submission.submit import Head, sealed
from forbear.desk.worklist import DecisionChanged
from forbear.ledger.unit_of_work import Work
from forbear.locale import said
from forbear.webhooks import webhooks
from models.database.copy import copy_into
from models.intake.batch import Batch, Chunk, Lane
from rules.pack.pack import Pack

AT_ONCE: Final = 2_000  # cases claimed in one transaction
EVENT: Final = "case.aged"
# A case whose newer facts wait to be decided is looked at when they are.
CLAIM = text("""
    WITH due AS (
        SELECT case_id FROM desk_case WHERE status <> 'closed' AND valid_until <= :today
        ORDER BY valid_until, case_id LIMIT :at_once FOR UPDATE SKIP LOCKED
    ), claimed AS (
        UPDATE desk_case d SET valid_until = CAST(:today AS date) + 1 FROM due WHERE d.case_id = due.case_id
        RETURNING d.submitter, d.case_id, d.version_number
    )
    SELECT c.submitter, c.case_id, v.id AS version FROM claimed c
    LEFT JOIN case_version v ON v.case_id = c.case_id AND v.number = c.version_number
        AND NOT EXISTS (SELECT FROM case_version n WHERE n.case_id = c.case_id AND n.number > v.number)
    ORDER BY c.submitter, v.id
""")
_TOLD = text("""
    SELECT c.case_version_id AS version, max(b.as_of) AS day
    FROM batch_case c JOIN batch b ON b.id = c.batch_id
    WHERE c.case_version_id = ANY(:versions) AND NOT b.ageing GROUP BY 1
""")
_FLAG = text("""
    UPDATE desk_case d SET aged = ARRAY(SELECT DISTINCT unnest(d.aged || CAST(:what AS text[])) ORDER BY 1)
    WHERE case_id = :case
""")


def claim(work: Work, active: Callable[[], Pack], chunk_size: int) -> list[Wake] | None:
    """Hand in some cases whose day has come; answers what to wake, None when no case is due."""
    session, pack = work.session, active()
    today = work.now.astimezone(ZoneInfo(pack.manifest.timezone)).date()
    rows = session.connection().execute(CLAIM, {"today": today, "at_once": AT_ONCE}).all()
    if not rows:
        return None
    versions: defaultdict[str, list[int]] = defaultdict(list)
    work.touch(row.case_id for row in rows)
    for submitter, _, version in rows:
        if version is not None:
            versions[submitter].append(version)
    if versions and publication.keep(work, pack):
        publication.note(work, pack)
    return [wake for whose, ids in versions.items() for wake in _hand_in(work, pack, today, whose, ids, chunk_size)]


def _hand_in(
    work: Work, pack: Pack, today: dt.date, submitter: str, versions: Sequence[int], chunk_size: int
) -> list[Wake]:
    """A batch of one submitter's cases, each as it was handed in last."""
    session, name = work.session, said("ageing.name")
    batch_id = uuid4()
    batch = Batch(
        id=batch_id,
        submitter=submitter,
        as_of=today,
        pack_sha256=pack.sha256,
        created_at=work.now,
        source=sealed(Head(f"{name.zh} {name.en} {today}", ("case_ref",)), work.vault, batch_id),
        rows_read=len(versions),
        unchanged=len(versions),
        ageing=True,
        status="running",
    )
    session.add(batch)
    session.flush()
    rows = [(batch.id, row, version, "unchanged") for row, version in enumerate(versions, 1)]
    copy_into(session, "batch_case", ("batch_id", "row", "case_version_id", "outcome"), rows)
    lane = Lane.ORDINARY
    turn = chunks.next_turn(session, submitter, lane)
    made = [
        Chunk(
            batch_id=batch.id,
            submitter=submitter,
            queue=lane.queue,
            lane=lane,
            turn=turn + start,
            case_version_ids=list(versions[start : start + chunk_size]),
            woken_at=work.now,
        )
        for start in range(0, len(versions), chunk_size)
    ]
    session.add_all(made)
    session.flush()
    counted = {name: getattr(batch, name) for name in ("rows_read", "accepted", "rejected", "unchanged")}
    work.note("batch", f"batch:{batch.id}", {"submitter": submitter, **counted})
    return [Wake(chunk.id, chunk.queue) for chunk in made]


def told_on(session: Session, versions: Sequence[int]) -> dict[int, dt.date]:
    """The last day for which somebody handed in each of these versions: what is counted in them was counted on it."""
    rows = session.connection().execute(_TOLD, {"versions": list(versions)})
    return {row.version: row.day for row in rows}


def tell(session: Session, placed: Iterable[DecisionChanged], batch: Batch, now: dt.datetime) -> None:
    """Flag what time alone changed of some cases to whoever has them, and tell their submitter."""
    again = [(each, old) for each in placed if (old := each.old_decision_id) is not None]
    deadlines = _deadlines(session, [decision for each, old in again for decision in (each.decision_id, old)])
    told = []
    for each, old in again:
        differing = {
            "strategy": each.old_strategy != each.strategy,
            "urgency": each.old_urgency != each.urgency,
            "deadline": deadlines.get(old) != deadlines.get(each.decision_id),
        }
        if what := [name for name, differs in differing.items() if differs]:
            session.connection().execute(_FLAG, {"what": what, "case": each.case_id})
            told.append({**each.reference, "as_of": batch.as_of.isoformat(), "changed": what})
    webhooks.tell(session, batch.submitter, EVENT, told, now)


def _deadlines(session: Session, decisions: Sequence[int]) -> dict[int, Any]:
    """The deadlines of decisions. One whose start nobody knows is today, whatever day that is."""
    found = decision_body.outcomes(session, decisions)
    return {decision: sorted(map(_deadline, outcome["deadlines"])) for decision, outcome in found}


def _deadline(due: dict[str, Any]) -> tuple[str, str]:
    known = due.get("start_known", not due.get("assumed"))  # decisions of 0.1 have one word
    return (due["id"], due["date"] if known else "")
