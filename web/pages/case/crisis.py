"""The call in a crisis: one button shows the phone number, with the reason filled in, beside what to say and record."""

from fastapi import APIRouter, HTTPException, Request, Response

from forbear.base.errors import ForbearError
from forbear.case import personal_data
from forbear.case.decided_case import PendingCase
from forbear.desk import danger
from forbear.desk.review import NoCaseError
from web import language
from web.auth import CounsellorWork, OurForm
from web.pages.case.case import RowId, opened
from web.views.case import case_page

router = APIRouter()


@router.post("/cases/{case_id}/call", dependencies=[OurForm])
def call(request: Request, work: CounsellorWork, case_id: RowId) -> Response:
    """The page of a case in danger with the number to call, once, on this answer."""
    hold = danger.hold_on(work.session, case_id)
    if hold is None or hold.beside is not None:
        raise HTTPException(404)
    reason = language.message(language.chosen(request), "crisis.reason")
    try:
        seen = personal_data.for_a_call(work, case_id, reason)
    except NoCaseError:
        raise HTTPException(404) from None
    except ForbearError:
        raise HTTPException(403) from None
    case = opened(work, case_id)
    if isinstance(case, PendingCase):
        raise HTTPException(404)
    return case_page(request, work, case, seen=seen)
