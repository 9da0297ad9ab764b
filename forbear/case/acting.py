"""Acting: one action on a case, checked against the case as it stands under its lock, and appended."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from forbear.accounts.accounts import ViewerWork
from forbear.batch.recorded_decision import decision_on_desk
from forbear.case.actions import Action
from forbear.case.workflow import CRISIS, CaseContext, RefusedError
from forbear.desk import review
from forbear.desk.review import Act
from forbear.locale import said
from models.desk import WorklistItem
from models.review import Review
from rules.facts.case_facts import FieldError


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
    told = replace(chosen, detail={**(chosen.detail or {}), **(noted or {})}, said=(*chosen.said, *texts))
    return Done(case, chosen, review.perform(work, case, told))


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
