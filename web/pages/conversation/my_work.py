"""My work: the notes that mention whoever is signed in, and their tasks."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from forbear.conversation import my_work, notes, saying, tasks
from web.auth import CounsellorWork, OurForm
from web.views import render

router = APIRouter()
_ADDRESS = "/my-work"


@router.get(_ADDRESS)
def show_my_work(request: Request, work: CounsellorWork) -> Response:
    """Mentions and tasks."""
    values = {
        "mentions": my_work.mentions(work),
        "tasks": tasks.of_viewer(work),
        "today": saying.today(work),
        "zone": work.pack.manifest.timezone,
    }
    return render.page(request, "conversation/my_work.html", values)


@router.post("/my-work/seen", dependencies=[OurForm])
def see(work: CounsellorWork, note: Annotated[int | None, Form(ge=1, lt=2**63)] = None) -> Response:
    """One mention was seen, or all of them."""
    notes.see(work, note)
    return RedirectResponse(_ADDRESS, status_code=303)
