"""Cancellation: what of a batch nobody has decided yet is taken back, as if it had never been handed in.

Danger is not taken back: a case that may concern somebody's life is decided, whatever else was wrong with its file.
"""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import text

from forbear.base.compressed.submitted_facts import readable
from forbear.batch import chunks
from forbear.ledger.unit_of_work import Work
from models.intake.batch import Batch, Lane
from rules.facts.notation.letters import one_form

_KEPT: Final = (Lane.CRISIS_ALONE, Lane.CRISIS)
_CHUNKS = text("""
    SELECT id, case_version_ids FROM chunk
    WHERE batch_id = :batch AND status = 'pending' AND lane <> ALL(:kept) ORDER BY id FOR UPDATE SKIP LOCKED
""")
# In the order in which submissions lock them: whoever hands in such a case waits for us, or we for them.
_CASES = text("""
    SELECT c.id FROM "case" c
    WHERE c.id IN (SELECT case_id FROM case_version WHERE id = ANY(:versions))
    ORDER BY c.case_ref COLLATE "C" FOR UPDATE
""")
_ROWS = text("""
    DELETE FROM batch_case c USING batch b
    WHERE b.id = :batch AND c.batch_id = b.id AND c.case_version_id = ANY(:versions) AND NOT EXISTS (
        SELECT FROM decision d WHERE d.case_version_id = c.case_version_id AND d.as_of = b.as_of
            AND d.pack_sha256 = coalesce(c.pack_sha256, b.pack_sha256)
    )
""")
_VERSIONS = text("""
    DELETE FROM case_version v WHERE v.id = ANY(:versions)
        AND NOT EXISTS (SELECT FROM batch_case c WHERE c.case_version_id = v.id)
        AND NOT EXISTS (SELECT FROM decision d WHERE d.case_version_id = v.id)
    RETURNING v.case_id
""")
_NEW = text("""
    DELETE FROM "case" c WHERE c.id = ANY(:cases)
        AND NOT EXISTS (SELECT FROM case_version v WHERE v.case_id = c.id)
        AND NOT EXISTS (SELECT FROM desk_case d WHERE d.case_id = c.id)
        AND NOT EXISTS (SELECT FROM review r WHERE r.case_id = c.id)
""")
_FACTS = text("""
    SELECT DISTINCT ON (case_id) case_id, facts FROM case_version WHERE case_id = ANY(:cases)
    ORDER BY case_id, number DESC
""")
_AS_BEFORE = text('UPDATE "case" SET borrower_ref = :borrower, keyed = false WHERE id = :case')
_DONE = text("UPDATE chunk SET status = 'cancelled', done_at = :now WHERE id = ANY(:chunks)")


@dataclass(frozen=True)
class Cancelled:
    """How many cases of a batch were taken back."""

    cases: int


def cancel(work: Work, batch: Batch) -> Cancelled:
    """Take back the cases of a batch that are not decided, not worked on in this moment, and have no danger in them.

    A case that was new is gone; of one that was there before, the facts before stand.
    """
    connection = work.session.connection()
    found = connection.execute(_CHUNKS, {"batch": batch.id, "kept": list(_KEPT)}).all()
    values: dict[str, Any] = {"batch": batch.id, "versions": [each for row in found for each in row.case_version_ids]}
    connection.execute(_CASES, values)
    cases = connection.execute(_ROWS, values).rowcount
    touched = sorted({*connection.execute(_VERSIONS, values).scalars()})
    connection.execute(_NEW, {"cases": touched})
    kept = connection.execute(_FACTS, {"cases": touched}).all()
    for case, stored in kept:
        if before := readable(work.session, stored):
            borrower = before.get("borrower_ref")
            form = None if borrower is None else one_form(borrower)
            connection.execute(_AS_BEFORE, {"case": case, "borrower": form})
    connection.execute(_DONE, {"chunks": [row.id for row in found], "now": work.now})
    work.session.refresh(batch)
    batch.cancelled += cases
    work.session.add(batch)
    work.note("batch_cancelled", f"batch:{batch.id}", {"cases": cases})
    chunks.complete(work.session, batch.id, work.now)
    return Cancelled(cases)
