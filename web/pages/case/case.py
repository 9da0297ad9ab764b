"""The case page: one case with its recommendation and reasons, and two decisions on it side by side."""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Path, Query, Request, Response

from forbear.batch.recorded_decision import RecordedDecision, decision_on
from forbear.case import decided_case, decision_diff
from forbear.case.decided_case import LookedAt, PendingCase
from models.desk import WorklistItem
from web.auth import SignedIn
from web.deps import NowDep, PackDep, SessionDep, VaultDep
from web.views import render
from web.views.case import Looking, case_page

router = APIRouter()
RowId = Annotated[int, Path(ge=1, lt=2**63)]


def _looking(
    request: Request, viewer: SignedIn, session: SessionDep, vault: VaultDep, pack: PackDep, now: NowDep
) -> Looking:
    return Looking(request, viewer, session, vault, pack, now)


LookingDep = Annotated[Looking, Depends(_looking)]


@router.get("/cases/{case_id}")
def show_case(looking: LookingDep, case_id: RowId) -> Response:
    """A case by its current decision."""
    return _shown(looking, opened(looking, case_id))


@router.get("/cases/{case_id}/decisions/{decision_id}")
def show_decision(looking: LookingDep, case_id: RowId, decision_id: RowId) -> Response:
    """A case by an earlier decision on it."""
    return _shown(looking, opened(looking, case_id, decision_id))


@router.get("/cases/{case_id}/outdated")
def show_outdated(looking: LookingDep, case_id: RowId) -> Response:
    """Whether newer facts of a decided case are being triaged: the banner of its page that says so, or nothing."""
    desk = looking.session.get(WorklistItem, case_id)
    if desk is None or looking.viewer.submitter not in (None, desk.submitter):
        raise HTTPException(404)
    values = {"case_id": case_id, "outdated": decided_case.is_outdated(looking.session, desk)}
    return render.page(looking.request, "case_outdated.html", values)


@router.get("/cases/{case_id}/compare")
def compare(
    looking: LookingDep,
    case_id: RowId,
    earlier: Annotated[int, Query(alias="from", ge=1, lt=2**63)],
    later: Annotated[int, Query(alias="to", ge=1, lt=2**63)],
) -> Response:
    """What is other in one decision on a case than in another."""
    case = opened(looking, case_id)
    before, after = (_decided(looking, case_id, each) for each in (earlier, later))
    found = decision_diff.decision_diff(before, after)
    values = {"case": case, "before": before, "after": after, "since": found, "earlier": earlier, "later": later}
    return render.page(looking.request, "case_compare.html", values)


def opened(looking: Looking, case_id: int, decision_id: int | None = None) -> LookedAt:
    """A case that the viewer may see, or 404."""
    case = decided_case.open_case(looking.session, case_id, looking.vault, decision_id, looking.viewer.submitter)
    if case is None:
        raise HTTPException(404)
    return case


def _decided(looking: Looking, case_id: int, decision_id: int) -> RecordedDecision:
    found = decision_on(looking.session, case_id, decision_id, looking.vault)
    if found is None:
        raise HTTPException(404)
    return found


def _shown(looking: Looking, case: LookedAt) -> Response:
    if isinstance(case, PendingCase):
        return render.page(looking.request, "waiting.html", {"case": case})
    return case_page(looking, case)
