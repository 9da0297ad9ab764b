"""Review: what people do on cases. An action is appended and changes the desk row, in one transaction."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, get_args
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from forbear.accounts.accounts import Viewer, ViewerWork
from forbear.base.errors import ForbearError
from forbear.base.packs import pack_to_name_by
from forbear.desk import danger, siblings, worklist
from forbear.webhooks import notifications, webhooks
from models.database.session import next_id
from models.desk import TO_DO, WorklistItem
from models.review import ActionName, Review

TOLD: Final = frozenset(get_args(ActionName))  # by webhook; who has a case, and who saw what, is nobody else's business


BEFORE: Final = "before"  # in the detail of a review: how the case stood, for whoever takes the action back
_TIMELINE: Final = select(Review).where(Review.case_id == bindparam("case")).order_by(col(Review.id).desc())
_TO_HOLDER: Final = {"assign": "assigned", "answer": "answered", "outcome": "answered"}
ANSWERED: Final = "answered"  # there too: whether the case was dealt with in time
INNER: Final = frozenset({"form", BEFORE, ANSWERED})  # of a detail, what is nobody else's business


class StaleError(ForbearError):
    """The case changed since the form was made: nothing was done, the newer state is to be shown."""


class NoCaseError(ForbearError):
    """There is no such decided case, or not for this viewer."""


@dataclass(frozen=True)
class Act:
    """One action as a person chose it.

    `changes` are columns of the case's desk row; `tally` counts of the day, by (measure, subject, detail).
    """

    action: str
    changes: dict[str, Any]
    strategy: str | None = None
    reason: str | None = None
    detail: dict[str, Any] | None = None
    words: str | None = None
    said: tuple[str, ...] = ()  # other words that came with it: looked through for danger, kept elsewhere
    judged: tuple[str, ...] = ()  # kinds of danger that it settles
    tally: Mapping[tuple[str, str, str], int] = field(default_factory=dict)
    quiet: bool = False  # it leaves the case as it was: forms that others have open stay good


def may_act(viewer: Viewer, case: WorklistItem) -> bool:
    """Whether a viewer may act on a case: a counsellor on a free one or their own, a supervisor on any."""
    mine = case.assignee_id in (None, viewer.account_id)
    return viewer.may_act_as("supervisor") or (viewer.may_act_as("counsellor") and mine)


def take_case(session: Session, viewer: Viewer, case_id: int, revision: int | None) -> WorklistItem:
    """Lock a case's desk row. Raises NoCaseError, and StaleError if it is not at this revision any more."""
    query = select(WorklistItem).where(WorklistItem.case_id == case_id)
    if viewer.submitter is not None:
        query = query.where(WorklistItem.submitter == viewer.submitter)
    case = session.exec(query.with_for_update().execution_options(populate_existing=True)).first()
    if case is None:
        raise NoCaseError(f"There is no case {case_id}: search the queue for its reference.")
    if revision not in (None, case.revision):
        raise StaleError("The case changed since this page was opened: look at its newer state and decide again.")
    return case


def perform(work: ViewerWork, case: WorklistItem, act: Act) -> Review:
    """Append an action on a locked case and bring its desk row up to it."""
    session = work.session
    stood = case.status
    waited = stood in TO_DO, case.contacted_at, case.respond_by
    decision_id = case.decision_id
    for column, value in act.changes.items():
        setattr(case, column, value)
    if not act.quiet:
        case.revision += 1
        case.aged = []
    session.add(case)
    session.flush()
    danger.heed(work, case, filter(None, (act.words, *act.said)), act.judged)
    answered = _answered(work, case, *waited)  # what danger in the words opens again is not
    review_id = next_id(session, "review")
    review = Review(
        id=review_id,
        case_id=case.case_id,
        decision_id=decision_id,
        account_id=work.viewer.account_id,
        at=work.now,
        action=act.action,
        strategy=act.strategy,
        reason=act.reason,
        detail={**(act.detail or {}), **({ANSWERED: answered} if answered else {})},
        words=work.vault.seal(act.words, f"review.words:{review_id}") if act.words else None,
    )
    session.add(review)
    session.flush()
    work.touch([case.case_id])
    work.note("review", f"review:{review.id}", {"action": act.action, "case": case.case_id})
    today = work.now.astimezone(ZoneInfo(pack_to_name_by(session, case.pack_sha256).manifest.timezone)).date()
    _tell_people(work, case, review, stood, today)
    if "danger" in act.changes:
        siblings.spread(work, [case.case_id])
    counts = {("reviewed", str(work.viewer.account_id), act.action): 1, **act.tally}
    if answered:
        counts["response", answered, case.urgency or ""] = 1
    worklist.note(session, case.submitter, counts, today)
    if act.action in TOLD:
        webhooks.tell(session, case.submitter, "review.recorded", [_told(case, review)], work.now)
    return review


def _answered(
    work: ViewerWork, case: WorklistItem, to_do: bool, contacted_at: dt.datetime | None, respond_by: dt.datetime
) -> Literal["kept", "late"] | None:
    """Whether an answer was in time, where this was one: it waits for nobody now, or somebody in danger was called."""
    called = contacted_at is None and case.contacted_at is not None
    if not to_do or (case.status in TO_DO and not called):
        return None
    return "kept" if work.now <= respond_by else "late"


def _tell_people(work: ViewerWork, case: WorklistItem, review: Review, stood: str, today: dt.date) -> None:
    """Tell whoever has the case that it was given to them or answered; supervisors and escalators of each other."""

    def tell(kind: str, whom: Iterable[int | None]) -> None:
        others = [each for each in whom if each != work.viewer.account_id]
        notifications.tell(work, kind, case.case_id, others, f"review:{review.id}")

    if review.action == "escalate":
        tell("escalated", notifications.supervising(work.session, today))
    elif stood == "escalated" and case.status != stood:
        asked = select(Review.account_id).where(Review.case_id == case.case_id, Review.action == "escalate")
        tell("decided", work.session.exec(asked.order_by(col(Review.id).desc()).limit(1)).all())
    if kind := _TO_HOLDER.get(review.action):
        tell(kind, [case.assignee_id])


def _told(case: WorklistItem, review: Review) -> dict[str, Any]:
    """What others hear of an action: references and codes, never what somebody wrote."""
    return {
        "submitter": case.submitter,
        "case_ref": case.case_ref,
        "review_id": review.id,
        "action": review.action,
        "strategy": review.strategy,
        "reason": review.reason,
        "decision_id": review.decision_id,
        "status": case.status,
        "revision": case.revision,
    }


def done_already(session: Session, viewer: Viewer, case_id: int, form: str) -> bool:
    """Whether this account has sent this very form before: a double click, or a page sent again."""
    sent = select(Review.id).where(
        Review.case_id == case_id,
        Review.account_id == viewer.account_id,
        col(Review.detail)["form"].astext == form,
    )
    return session.exec(sent).first() is not None


def timeline(session: Session, case_id: int) -> list[Review]:
    """Every action on a case, the newest first."""
    return list(session.exec(_TIMELINE, params={"case": case_id}))
