"""Acting: one action on a case, checked against the case as it stands under its lock, and appended; and taking it back.

What somebody did last on a case is taken back within a minute, while nothing else has happened to it. Nothing is
deleted: a review is appended that brings the case back to how it stood, and others are told of it as of any. What was
done about danger stays; so do facts and papers, which are corrected by handing in others.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from forbear.accounts.accounts import ViewerWork
from forbear.batch.recorded_decision import decision_on_desk
from forbear.case.actions import Action
from forbear.case.workflow import CRISIS, CaseContext, RefusedError
from forbear.desk import review
from forbear.desk.review import BEFORE, Act, NoCaseError, StaleError
from forbear.locale import said
from models.desk import WorklistItem
from models.review import Review
from rules.facts.case_facts import FieldError

WITHIN: Final = dt.timedelta(seconds=60)  # that what was done can be taken back
_UNDONE: Final = frozenset({"accept", "override", "ask", "escalate", "snooze", "outcome", "resume"})


@dataclass(frozen=True)
class Done:
    """What an action came to: where it left the case, and what was appended, if anything changed."""

    case: WorklistItem
    act: Act | None = None
    review: Review | None = None


def act(
    work: ViewerWork,
    case_id: int,
    revision: int,
    action: Action,
    given: Callable[[CaseContext], Mapping[str, Any]],
    noted: Mapping[str, Any] | None = None,
) -> Done:
    """Do it, with a value for each field and what is noted beside them.

    Raises NoCaseError, StaleError for a case that is at another revision, RefusedError with a sentence for each field.
    """
    case = review.take_case(work.session, work.viewer, case_id, revision)
    decided = decision_on_desk(work.session, case, work.vault)
    context = CaseContext(work.viewer, case, decided, work.now)
    values = given(context)
    chosen = action.take(context, work, values)
    if chosen is None:
        return Done(case)
    texts = tuple(each for value in values.values() for each in _texts(value))
    detail = {**(chosen.detail or {}), **_before(case, chosen), **(noted or {})}
    told = replace(chosen, detail=detail, said=(*chosen.said, *texts))
    return Done(case, chosen, review.perform(work, case, told))


def act_on_all(
    work: ViewerWork, wanted: Iterable[tuple[int, int]], action: Action, given: Mapping[str, Any]
) -> tuple[int, int]:
    """Do the same on many cases, each at the revision that was seen; answers on how many it was done, and was not."""
    done = refused = 0
    for case_id, revision in sorted(wanted):  # in the order that everybody locks in
        try:
            act(work, case_id, revision, action, lambda _context: given)
        except (NoCaseError, StaleError, RefusedError):
            refused += 1
        else:
            done += 1
    return done, refused


def _before(case: WorklistItem, act: Act) -> dict[str, Any]:
    """What is noted beside an action so that it can be taken back: how the case stood, and what the action counts."""
    if act.action not in _UNDONE or case.danger is not None:
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


def undoable(work: ViewerWork, case: WorklistItem, done: Iterable[Review] | None = None) -> Review | None:
    """What the viewer did on a case and can still take back; None where there is no such thing.

    `done` is all that was done on the case, the newest first, where that is known already.
    """
    reviews = review.timeline(work.session, case.case_id) if done is None else done
    found = next((each for each in reviews if each.action != "reveal"), None)
    if found is None or found.account_id != work.viewer.account_id or work.now - found.at > WITHIN:
        return None
    stood = found.detail.get(BEFORE)
    untouched = stood is not None and case.revision == stood["revision"] + 1 and case.danger is None
    return found if untouched else None


def undo(work: ViewerWork, case_id: int, revision: int) -> Review:
    """Take it back. Raises NoCaseError, StaleError for another revision, RefusedError where it is too late."""
    case = review.take_case(work.session, work.viewer, case_id, revision)
    found = undoable(work, case)
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


def withdraw(work: ViewerWork, case_id: int, revision: int | None, why: str, words: str) -> tuple[WorklistItem, Review]:
    """Close a case as its counsellor would, in the name of whoever handed it in.

    Raises NoCaseError, StaleError for a case that is at another revision, RefusedError where a person has to see to it.
    """
    case = review.take_case(work.session, work.viewer, case_id, revision)
    if fault := _unfit(case):
        raise RefusedError(FieldError.of("case", said(fault)))
    strategy = case.chosen_strategy or case.strategy
    act = Act(
        "outcome",
        {"status": "closed", "follow_up_at": None},
        reason="closed",
        detail={"why": why},
        words=words.strip() or None,
        tally={("outcome", strategy, "closed"): 1},
    )
    return case, review.perform(work, case, act)


def _unfit(case: WorklistItem) -> str | None:
    if case.status == "closed":
        return "withdrawal.closed"
    if case.danger is not None or case.urgency == CRISIS:
        return "withdrawal.danger"
    return "withdrawal.escalated" if case.status == "escalated" else None


def _texts(value: object) -> Iterator[str]:
    """Whatever somebody wrote among the answers of a borrower, to be looked through for danger."""
    for each in value.values() if isinstance(value, Mapping) else ():
        yield from (part for part in (each if isinstance(each, list | tuple) else (each,)) if isinstance(part, str))
