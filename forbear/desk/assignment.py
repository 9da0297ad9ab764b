"""Assignment: which counsellor holds a case. One is taken, assigned or given back, and each of these is a review."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, Literal, NamedTuple

from sqlalchemy import bindparam
from sqlmodel import Session, col, func, select

from forbear.accounts.accounts import ROLES, Viewer, ViewerWork
from forbear.base.errors import ForbearError
from forbear.desk import queue, review
from forbear.desk.filters import QueueFilter, conditions
from forbear.desk.review import Act
from models.account import Account
from models.desk import TO_DO, WorklistItem

AT_ONCE = 200  # cases assigned by one form
_LOOK_AT = 20  # free cases looked at together: as many people may take one in the same moment without a second look
Refusal = Literal["stale", "closed", "held"]
_WORKING = ROLES[ROLES.index("counsellor") :]
_HELD: Final = select(func.count()).where(
    WorklistItem.assignee_id == bindparam("account"), col(WorklistItem.status).in_(TO_DO)
)
_PEOPLE: Final = (
    select(Account.id, Account.name)
    .where(col(Account.role).in_(_WORKING), col(Account.disabled_at).is_(None))
    .order_by(col(Account.name))
)


class Assignee(NamedTuple):
    """Somebody who works on cases."""

    id: int
    name: str


class NobodyError(ForbearError):
    """The account that cases are to be assigned to cannot work on them."""


@dataclass(frozen=True)
class Assigned:
    """What assigning came to: how many changed hands, and how many did not, by the reason."""

    done: int
    refused: dict[Refusal, int]


@dataclass(frozen=True)
class Free:
    """The free cases of a filter: how urgent the first is and how many there are, up to as many as are looked at."""

    urgency: str | None
    count: int
    more: bool


def free(work: ViewerWork, chosen: QueueFilter) -> Free:
    """What `take_next` would choose from."""
    wanted = _free(work.viewer, chosen)
    if not wanted.statuses:
        return Free(None, 0, more=False)
    query = queue.places(conditions(work.session, wanted), _LOOK_AT + 1)
    rows = work.session.connection().execute(query).all()
    return Free(rows[0].urgency if rows else None, min(len(rows), _LOOK_AT), more=len(rows) > _LOOK_AT)


def _free(viewer: Viewer, chosen: QueueFilter) -> QueueFilter:
    """Those cases of a filter that the viewer may take."""
    allowed = TO_DO if viewer.may_act_as("supervisor") else ("open",)
    return replace(chosen, statuses=tuple(each for each in chosen.statuses if each in allowed), assignee="nobody")


def take_next(work: ViewerWork, chosen: QueueFilter) -> WorklistItem | None:
    """Assign the most urgent free case of a filter to the viewer; None if there is none.

    A case that somebody else takes in this moment is passed over, so that nobody waits and no two get the same one.
    """
    session, viewer = work.session, work.viewer
    wanted = _free(viewer, chosen)
    statuses, after = wanted.statuses, None
    while statuses:
        page = session.connection().execute(queue.places(conditions(session, wanted), _LOOK_AT, after)).all()
        query = select(WorklistItem).where(
            col(WorklistItem.case_id).in_([row.case_id for row in page]),
            col(WorklistItem.assignee_id).is_(None),
            col(WorklistItem.status).in_(statuses),
        )
        locked = query.order_by(*queue.ORDER).limit(1).with_for_update(skip_locked=True)
        case = session.exec(locked.execution_options(populate_existing=True)).first()
        if case is not None:
            review.perform(work, case, _assignment(viewer.account_id))
            return case
        if len(page) < _LOOK_AT:
            return None
        after = queue.QueueCursor(*page[-1])
    return None


def assign(work: ViewerWork, wanted: Iterable[tuple[int, int]], assignee_id: int | None) -> Assigned:
    """Assign cases, each at the revision that was seen, or give them back (None).

    Counsellors take free cases and give back their own; supervisors do it for anybody. What became of a case in the
    meantime is told by count, not an error. Raises NobodyError for an account that works on no cases.
    """
    session, viewer = work.session, work.viewer
    if not _may_be_given(session, viewer, assignee_id):
        raise NobodyError("Nobody of this account works on cases: choose somebody of the list.")
    seen = dict(sorted(wanted)[:AT_ONCE])
    query = select(WorklistItem).where(col(WorklistItem.case_id).in_(seen))
    if viewer.submitter is not None:
        query = query.where(WorklistItem.submitter == viewer.submitter)
    # All are locked in the order that everybody locks in.
    cases = session.exec(
        query.order_by(col(WorklistItem.case_id)).with_for_update().execution_options(populate_existing=True)
    ).all()
    refused: dict[Refusal, int] = {"stale": len(seen) - len(cases), "closed": 0, "held": 0}
    done = 0
    for case in cases:
        why = _refusal(viewer, case, seen[case.case_id])
        if why is not None:
            refused[why] += 1
        elif case.assignee_id != assignee_id:
            review.perform(work, case, _assignment(assignee_id))
            done += 1
    return Assigned(done, refused)


def held(session: Session, viewer: Viewer) -> int:
    """How many cases that wait for a counsellor the viewer has."""
    return session.exec(_HELD, params={"account": viewer.account_id}).one()


def people(session: Session) -> list[Assignee]:
    """Everybody who works on cases, by name."""
    return [Assignee(*row) for row in session.exec(_PEOPLE)]


def _may_be_given(session: Session, viewer: Viewer, assignee_id: int | None) -> bool:
    if assignee_id in (None, viewer.account_id):
        return True
    return viewer.may_act_as("supervisor") and assignee_id in {person.id for person in people(session)}


def _refusal(viewer: Viewer, case: WorklistItem, revision: int) -> Refusal | None:
    if case.revision != revision:
        return "stale"
    if case.status == "closed":
        return "closed"
    escalated = case.status == "escalated" and not viewer.may_act_as("supervisor")
    return "held" if escalated or not review.may_act(viewer, case) else None


def _assignment(assignee_id: int | None) -> Act:
    action = "release" if assignee_id is None else "assign"
    return Act(action, {"assignee_id": assignee_id}, detail={"assignee": assignee_id})
