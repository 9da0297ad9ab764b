"""Same person: merged, parted, said to be another, and taken back, each by a form of the person's page."""

from collections.abc import Callable
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response

from forbear.accounts.accounts import ViewerWork
from forbear.case.workflow import RefusedError
from forbear.person import identity
from web.auth import CounsellorWork, OurForm
from web.pages.case.case import RowId
from web.views import flash
from web.views.person import Typed, person_page, refusal

router = APIRouter(dependencies=[OurForm])
_Other = Annotated[int, Form(ge=1, lt=2**63)]


@router.post("/people/{case_id}/merge")
def merge(request: Request, work: CounsellorWork, case_id: RowId, other: _Other) -> Response:
    """It is the same person."""
    return _said(request, work, case_id, lambda: identity.merge(work, case_id, other), "person.said.merge")


@router.post("/people/{case_id}/apart")
def apart(request: Request, work: CounsellorWork, case_id: RowId, other: _Other) -> Response:
    """It is somebody else."""
    return _said(request, work, case_id, lambda: identity.apart(work, case_id, other), "person.said.apart")


@router.post("/people/{case_id}/split")
def split(request: Request, work: CounsellorWork, case_id: RowId, other: _Other) -> Response:
    """A debt is somebody else's."""
    return _said(request, work, case_id, lambda: identity.split(work, other), "person.said.split")


@router.post("/people/{case_id}/undo")
def undo(request: Request, work: CounsellorWork, case_id: RowId, change: Annotated[UUID, Form()]) -> Response:
    """The last change is taken back."""
    return _said(request, work, case_id, lambda: identity.undo(work, case_id, change), "person.said.undo")


def _said(request: Request, work: ViewerWork, case_id: int, say: Callable[[], object], key: str) -> Response:
    try:
        say()
    except RefusedError as error:
        work.roll_back()
        return person_page(request, work, case_id, Typed(errors=refusal(error)), 422)
    return flash.to(request, f"/people/{case_id}", work.vault, work.viewer, key)
