"""Undo: the last thing somebody did on a case is taken back within a minute, while nothing else has happened to it.

Nothing is deleted: a review is appended that brings the case back to how it stood, and others are told of it as of any.
What was done about danger stays; so do facts and papers, which are corrected by handing in others.
"""

import datetime as dt
from typing import Any, Final

from sqlmodel import Session, col, select

from forbear.accounts.accounts import Viewer, ViewerWork
from forbear.case.workflow import RefusedError
from forbear.desk import review
from forbear.desk.review import BEFORE, Act
from forbear.locale import said
from models.desk import WorklistItem
from models.review import Review
from rules.facts.case_facts import FieldError

WITHIN: Final = dt.timedelta(seconds=60)
UNDONE: Final = frozenset({"accept", "override", "ask", "escalate", "snooze", "outcome", "resume"})


def before(case: WorklistItem, act: Act) -> dict[str, Any]:
    """What is noted beside an action so that it can be taken back: how the case stood, and what the action counts."""
    if act.action not in UNDONE or case.danger is not None:
        return {}
    stood = {
        "revision": case.revision,
        "status": case.status,
        "chosen_strategy": case.chosen_strategy,
        "changed": case.changed,
        "follow_up_at": None if case.follow_up_at is None else case.follow_up_at.isoformat(),
        "assignee_id": case.assignee_id,
        "aged": list(case.aged),
        "tally": [[*key, count] for key, count in act.tally.items()],
    }
    return {BEFORE: stood}


def last(session: Session, viewer: Viewer, case: WorklistItem, now: dt.datetime) -> Review | None:
    """What the viewer did on a case and can still take back; None where there is no such thing."""
    query = select(Review).where(Review.case_id == case.case_id, Review.action != "reveal")
    found = session.exec(query.order_by(col(Review.id).desc()).limit(1)).first()
    if found is None or found.account_id != viewer.account_id or now - found.at > WITHIN:
        return None
    stood = found.detail.get(BEFORE)
    untouched = stood is not None and case.revision == stood["revision"] + 1 and case.danger is None
    return found if untouched else None


def undo(work: ViewerWork, case_id: int, revision: int) -> Review:
    """Take it back. Raises NoCaseError, StaleError for another revision, RefusedError where it is too late."""
    case = review.take_case(work.session, work.viewer, case_id, revision)
    found = last(work.session, work.viewer, case, work.now)
    if found is None:
        raise RefusedError(FieldError.of("undo", said("action.undo")))
    stood = dict(found.detail[BEFORE])
    follow_up = stood["follow_up_at"]
    changes = {name: stood[name] for name in ("status", "chosen_strategy", "changed", "assignee_id")}
    act = Act(
        "resume",
        {**changes, "follow_up_at": None if follow_up is None else dt.datetime.fromisoformat(follow_up)},
        detail={"undone": found.action, "review": found.id},
        tally={(measure, subject, detail): -count for measure, subject, detail, count in stood["tally"]},
    )
    made = review.perform(work, case, act)
    case.aged = stood["aged"]
    return made
