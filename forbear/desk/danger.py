"""Danger on the desk: what holds back the talks, what raises a case, and what settles it.

A row of the queue has the grade of danger that nobody has settled, found by the decision or in what people wrote. Only
a person settles it: somebody was reached and is safe, or a supervisor says so.
"""

from collections.abc import Collection, Iterable
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from forbear.accounts.accounts import ViewerWork
from forbear.base import working_hours
from forbear.desk import siblings
from forbear.desk.siblings import TIED
from models.desk import GRADES, TO_DO, WorklistItem
from rules.decision.danger import danger_of
from rules.decision.safety_hold import SELF_HARM, SafetyHold
from rules.facts import red_flags
from rules.pack.files.red_flags import Grade
from rules.pack.files.schema import Urgency

SETTLED: Final[dict[str, Any]] = {"danger": None, "danger_kinds": [], "raised_urgency": None, "call_at": None}
_CRISIS: Final[Urgency] = "U0"  # what explicit self-harm raises a case to; other danger
_DANGER: Final[Urgency] = "U1"
_HOLD = text(f"""
    SELECT danger, danger_kinds, NULL AS case_ref, 1 AS place
    FROM desk_case WHERE case_id = :case AND danger IS NOT NULL
    UNION ALL (
        SELECT k.danger, k.danger_kinds, k.case_ref, 2
        FROM "case" c {TIED} JOIN desk_case k ON k.case_id = tied.id
        WHERE c.id = :case AND tied.id <> c.id AND k.danger = 'explicit'
        ORDER BY k.case_id LIMIT 1
    )
    ORDER BY place LIMIT 1
""")  # noqa: S608 - text of ours
_OF_BATCH = text(f"""
    SELECT tied.id AS case_id, k.danger, k.danger_kinds, k.case_ref
    FROM batch b
    JOIN desk_case k ON k.submitter = b.submitter AND k.danger = 'explicit'
    JOIN "case" c ON c.id = k.case_id {TIED}
    WHERE b.id = :batch AND tied.id <> c.id
    UNION ALL
    SELECT k.case_id, k.danger, k.danger_kinds, NULL
    FROM batch b
    JOIN desk_case k ON k.submitter = b.submitter AND k.danger IS NOT NULL
    WHERE b.id = :batch
""")  # noqa: S608 - text of ours


def hold_on(session: Session, case_id: int) -> SafetyHold | None:
    """What holds back the talks in a case: danger in it, else a crisis in another case of its borrower."""
    found = session.connection().execute(_HOLD, {"case": case_id}).first()
    return None if found is None else SafetyHold(found.danger, tuple(found.danger_kinds), found.case_ref)


def holds_of(session: Session, batch_id: UUID) -> dict[int, SafetyHold]:
    """The same for every case of a batch's submitter that is held back."""
    rows = session.connection().execute(_OF_BATCH, {"batch": batch_id})
    return {row.case_id: SafetyHold(row.danger, tuple(row.danger_kinds), row.case_ref) for row in rows}


def urgency_of(grade: Grade, kinds: Collection[str]) -> Urgency:
    """What danger raises a case to."""
    return _CRISIS if grade == "explicit" and SELF_HARM in kinds else _DANGER


def heed(work: ViewerWork, case: WorklistItem, texts: Iterable[str], judged: Iterable[str] = ()) -> None:
    """Raise a locked case where what somebody wrote speaks of danger of a kind that they did not just judge.

    It is raised over whatever the words came with: a case that is put aside with them is open.
    """
    found = danger_of(work.pack, {"note_flags": red_flags.scan_all(work.pack, texts)})
    kinds = set() if found is None else {*found.kinds} - {*judged}
    if found is None or not kinds:
        return
    known = case.danger
    if known is not None and GRADES.index(known) <= GRADES.index(found.grade) and kinds <= {*case.danger_kinds}:
        return
    urgency = urgency_of(found.grade, kinds)
    case.danger = min(filter(None, (known, found.grade)), key=GRADES.index)
    case.danger_kinds = sorted({*case.danger_kinds, *kinds})
    case.raised_urgency = min(filter(None, (case.raised_urgency, urgency)))
    case.contacted_at = case.call_at = None
    if case.status not in TO_DO:
        case.status, case.follow_up_at = "open", None
    answer_by = working_hours.by_the_clock(work.pack, urgency, work.now)
    if answer_by is not None:
        case.respond_by, case.due_at = min(case.respond_by, answer_by), min(case.due_at, answer_by)
    case.revision += 1
    work.session.add(case)
    work.note("danger", f"case:{case.case_id}", {"grade": found.grade, "kinds": sorted(kinds)})
    siblings.spread(work, [case.case_id])
