"""The case page: one case with its recommendation and reasons, and two decisions on it side by side."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Query, Request, Response

from forbear.accounts.accounts import ViewerWork
from forbear.batch.recorded_decision import RecordedDecision, decision_on
from forbear.case import decided_case, decision_diff
from forbear.case.decided_case import LookedAt, PendingCase
from models.desk import WorklistItem
from web.auth import POLLED, SignedInWork
from web.views import render
from web.views.case import case_page

router = APIRouter()
RowId = Annotated[int, Path(ge=1, lt=2**63)]


@router.get("/cases/{case_id}")
def show_case(request: Request, work: SignedInWork, case_id: RowId) -> Response:
    """A case by its current decision."""
    return _shown(request, work, opened(work, case_id))


@router.get("/cases/{case_id}/decisions/{decision_id}")
def show_decision(request: Request, work: SignedInWork, case_id: RowId, decision_id: RowId) -> Response:
    """A case by an earlier decision on it."""
    return _shown(request, work, opened(work, case_id, decision_id))


@router.get("/cases/{case_id}/outdated", tags=[POLLED])
def show_outdated(request: Request, work: SignedInWork, case_id: RowId) -> Response:
    """Whether newer facts of a decided case are being triaged: the banner of its page that says so, or nothing."""
    desk = work.session.get(WorklistItem, case_id)
    if desk is None or work.viewer.submitter not in (None, desk.submitter):
        raise HTTPException(404)
    values = {"case_id": case_id, "outdated": decided_case.is_outdated(work.session, desk)}
    return render.page(request, "history/case_outdated.html", values)


@router.get("/cases/{case_id}/compare")
def compare(
    request: Request,
    work: SignedInWork,
    case_id: RowId,
    earlier: Annotated[int, Query(alias="from", ge=1, lt=2**63)],
    later: Annotated[int, Query(alias="to", ge=1, lt=2**63)],
) -> Response:
    """What is other in one decision on a case than in another."""
    case = opened(work, case_id)
    before, after = (_decided(work, case_id, each) for each in (earlier, later))
    found = decision_diff.decision_diff(before, after)
    values = {"case": case, "before": before, "after": after, "since": found, "earlier": earlier, "later": later}
    return render.page(request, "history/case_compare.html", values)


def opened(work: ViewerWork, case_id: int, decision_id: int | None = None) -> LookedAt:
    """A case that the viewer may see, or 404."""
    case = decided_case.open_case(work.session, case_id, work.vault, decision_id, work.viewer.submitter)
    if case is None:
        raise HTTPException(404)
    return case


def _decided(work: ViewerWork, case_id: int, decision_id: int) -> RecordedDecision:
    found = decision_on(work.session, case_id, decision_id, work.vault)
    if found is None:
        raise HTTPException(404)
    return found


def _shown(request: Request, work: ViewerWork, case: LookedAt) -> Response:
    if isinstance(case, PendingCase):
        return render.page(request, "history/waiting.html", {"case": case})
    return case_page(request, work, case)
