"""The search: cases by a reference, phone, ID number or name, exactly; what is searched for stands in no address."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from forbear.person.search import SHOWN, search
from web.auth import CounsellorWork, OurForm
from web.views import render

router = APIRouter()
_LONGEST = 64


@router.get("/search")
def show_search(request: Request, _work: CounsellorWork) -> Response:
    """The form."""
    return _page(request)


@router.post("/search", dependencies=[OurForm])
def find(request: Request, work: CounsellorWork, words: Annotated[str, Form(max_length=1000)] = "") -> Response:
    """What was found, on this answer only."""
    given = words.strip()
    fault = "search.empty" if not given else "search.too_long" if len(given) > _LONGEST else None
    if fault is not None or "\0" in given:
        return _page(request, words=given[:_LONGEST], fault=fault or "search.empty", status=422)
    return _page(request, words=given, result=search(work, given), now=work.now)


def _page(request: Request, status: int = 200, **values: object) -> Response:
    shown = {"words": "", "fault": None, "result": None, "now": None, "most": SHOWN, "longest": _LONGEST, **values}
    return render.page(request, "person/search.html", shown, status, "/search")
