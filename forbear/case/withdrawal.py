"""Withdrawal: a submitter says that a case is none, or none any more, and it is closed. Never where danger is in it."""

from forbear.accounts.accounts import ViewerWork
from forbear.case.workflow import CRISIS, RefusedError
from forbear.desk import review
from forbear.desk.review import Act
from forbear.locale import said
from models.desk import WorklistItem
from models.review import Review
from rules.facts.case_facts import FieldError


def withdraw(work: ViewerWork, case_id: int, revision: int | None, why: str, words: str) -> tuple[WorklistItem, Review]:
    """Close a case as its counsellor would, in the name of whoever handed it in.

    Raises NoCaseError, StaleError for a case that is at another revision, RefusedError where a person has to see to it.
    """
    case = review.take_case(work.session, work.viewer, case_id, revision)
    if fault := _fault(case):
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


def _fault(case: WorklistItem) -> str | None:
    if case.status == "closed":
        return "withdrawal.closed"
    if case.danger is not None or case.urgency == CRISIS:
        return "withdrawal.danger"
    return "withdrawal.escalated" if case.status == "escalated" else None
