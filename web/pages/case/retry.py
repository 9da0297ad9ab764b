"""Trying again: a case that could not be evaluated is given to a worker once more."""

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from starlette.background import BackgroundTask

from forbear.batch import chunks, unevaluated
from forbear.desk import review
from forbear.desk.review import NoCaseError
from web.auth import CounsellorWork, OurForm
from web.pages.case.case import RowId
from workers.wake import wake

router = APIRouter()


@router.post("/cases/{case_id}/retry", dependencies=[OurForm])
def try_again(request: Request, work: CounsellorWork, case_id: RowId) -> Response:
    """Let a worker try the newest facts of a case again."""
    try:
        case = review.take_case(work.session, work.viewer, case_id, None)
    except NoCaseError:
        raise HTTPException(404) from None
    if not review.may_act(work.viewer, case):
        raise HTTPException(403)
    failed = unevaluated.failed_evaluation(work.session, case_id)
    wakes = () if failed is None else chunks.retry(work.session, failed.batch_id, failed.chunk, work.now)
    waking = BackgroundTask(wake, wakes, request.app.state.redis_url)  # runs when the session is committed
    return RedirectResponse(f"/cases/{case_id}?done=retry", status_code=303, background=waking)
