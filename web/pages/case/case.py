"""The case page: one case with its recommendation and reasons, and two decisions on it side by side."""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Path, Query, Request, Response

from forbear.batch.triage import Decided
from forbear.case import decided_case, decision_diff
from web.auth import SignedInWork
from web.views import page_json, render
from web.views.case import Looking, case_page, plain

router = APIRouter()
RowId = Annotated[int, Path(ge=1, lt=2**63)]


def _looking(request: Request, work: SignedInWork) -> Looking:
    return Looking(request, work)


LookingDep = Annotated[Looking, Depends(_looking)]


@router.get("/cases/{case_id}")
def show_case(looking: LookingDep, case_id: RowId) -> Response:
    """A case by its current decision."""
    return _shown(looking, opened(looking, case_id))


@router.get("/cases/{case_id}/decisions/{decision_id}")
def show_decision(looking: LookingDep, case_id: RowId, decision_id: RowId) -> Response:
    """A case by an earlier decision on it."""
    return _shown(looking, opened(looking, case_id, decision_id))


@router.get("/cases/{case_id}/compare")
def compare(
    looking: LookingDep,
    case_id: RowId,
    earlier: Annotated[int, Query(alias="from", ge=1, lt=2**63)],
    later: Annotated[int, Query(alias="to", ge=1, lt=2**63)],
) -> Response:
    """What is other in one decision on a case than in another."""
    file = opened(looking, case_id)
    before, after = (_decided(looking, case_id, each) for each in (earlier, later))
    found = decision_diff.decision_diff(before, after)
    values = {"file": file, "before": before, "after": after, "since": found, "earlier": earlier, "later": later}
    twin = {"case_id": case_id, "from": earlier, "to": later, "difference": plain(found)}
    return render.page(looking.request, "case_compare.html", values, twin)


def opened(looking: Looking, case_id: int, decision_id: int | None = None) -> decided_case.CaseFile:
    """A case that the viewer may see, or 404."""
    file = decided_case.open_file(looking.session, case_id, looking.vault, decision_id, looking.viewer.submitter)
    if file is None:
        raise HTTPException(404)
    return file


def _decided(looking: Looking, case_id: int, decision_id: int) -> Decided:
    found = decided_case.decided_on(looking.session, case_id, decision_id, looking.vault)
    if found is None:
        raise HTTPException(404)
    return found


def _shown(looking: Looking, file: decided_case.CaseFile) -> Response:
    if file.judgement is None:
        return render.page(looking.request, "waiting.html", {"file": file}, page_json.case(file))
    return case_page(looking, file)
