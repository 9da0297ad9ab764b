"""Personal data of a case: masked on its page, shown once for a reason; consent, and how long the case is kept."""

import datetime as dt
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from forbear.accounts.accounts import ViewerWork
from forbear.case import consent, personal_data
from forbear.desk.review import StaleError
from models.desk import WorklistItem
from web.auth import CounsellorWork, OurForm
from web.pages.case.case import RowId
from web.views import render
from web.views.privacy import card, titles

router = APIRouter()
_Short = Annotated[str, Form(max_length=64)]
_Words = Annotated[str, Form(max_length=4000)]


@router.post("/cases/{case_id}/reveal", dependencies=[OurForm])
def reveal(
    request: Request,
    work: CounsellorWork,
    case_id: RowId,
    reason: _Short = "",
    words: _Words = "",
) -> Response:
    """The personal fields, once, on this answer; programs are never given them."""
    if _is_program(request):
        raise HTTPException(403)
    if not personal_data.is_reason(reason, words):
        return _again(request, work, case_id, {"reason": reason, "words": words, "fault": "reason"})
    seen = personal_data.reveal(work, case_id, reason, words)
    desk_case = work.session.get_one(WorklistItem, case_id)
    names = titles(work.session, desk_case, seen)
    facts = [(names[name], value) for name, value in seen.facts.items()]
    values = {"case": desk_case, "facts": facts, "extra": seen.extra}
    return render.page(request, "privacy/revealed.html", values, address=f"/cases/{case_id}")


@router.post("/cases/{case_id}/consent", dependencies=[OurForm])
def change_consent(
    request: Request,
    work: CounsellorWork,
    case_id: RowId,
    revision: Annotated[int, Form(ge=1, lt=2**31)],
    asked: Annotated[Literal["unknown", "known"], Form()],
    scope: Annotated[list[str] | None, Form()] = None,
    way: _Short = "",
    retain_until: _Short = "",
) -> Response:
    """Record what the borrower agrees to, and a date to keep the case until."""
    known = asked == "known"
    scopes = (scope or []) if known else None
    date, fault = _date(retain_until)
    fault = fault or consent.fault_of(scopes, way if known else None, date, work.now.date())
    given = {"known": known, "scope": scope or [], "way": way, "retain_until": retain_until}
    if fault is not None:
        return _again(request, work, case_id, {**given, "fault": fault})
    try:
        consent.record(work, case_id, revision, scopes, way if known else None, date)
    except StaleError:
        return _again(request, work, case_id, {**given, "fault": "stale"}, 409)
    return RedirectResponse(f"/cases/{case_id}#privacy", status_code=303)


_EMPTY: Final[dict[str, Any]] = {
    "reason": "",
    "words": "",
    "known": None,
    "scope": [],
    "way": "",
    "retain_until": "",
    "fault": None,
}


def _again(request: Request, work: ViewerWork, case_id: int, given: dict[str, Any], status: int = 422) -> Response:
    """The form once more, with what is wrong about it; the newer state where the case changed meanwhile."""
    found = card(work, case_id)
    if found is None:
        raise HTTPException(404)
    values = {"privacy": found, "given": {**_EMPTY, **given}}
    return render.page(request, "privacy/privacy_form.html", values, status, f"/cases/{case_id}")


def _is_program(request: Request) -> bool:
    """Whether JSON is what the client accepts, and no page."""
    accept = request.headers.get("accept", "")
    return "application/json" in accept and "text/html" not in accept


def _date(text: str) -> tuple[dt.date | None, str | None]:
    """A date as a browser's field gives it, or what is wrong."""
    if not text.strip():
        return None, None
    try:
        return dt.date.fromisoformat(text.strip()), None
    except ValueError:
        return None, "date"
