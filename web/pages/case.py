"""The case page: one case with its recommendation and reasons."""

import datetime as dt
from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Request, Response
from sqlmodel import Session

from forbear import casefile
from forbear.accounts import Viewer
from forbear.packs import UnreadablePackError
from forbear.privacy import Vault
from rules.red_flags import NEGATED
from web import render, twins
from web.auth import SignedIn
from web.deps import NowDep, SessionDep, VaultDep
from web.pages import privacy

router = APIRouter()
RowId = Annotated[int, Path(ge=1, lt=2**63)]


@router.get("/cases/{case_id}")
def show_case(
    request: Request, viewer: SignedIn, session: SessionDep, vault: VaultDep, now: NowDep, case_id: RowId
) -> Response:
    """A case by its current decision."""
    file = _opened(viewer, session, case_id, vault)
    return _show_file(request, file, now, privacy.card(session, vault, viewer, case_id))


@router.get("/cases/{case_id}/decisions/{decision_id}")
def show_decision(
    request: Request,
    viewer: SignedIn,
    session: SessionDep,
    vault: VaultDep,
    now: NowDep,
    case_id: RowId,
    decision_id: RowId,
) -> Response:
    """A case by an earlier decision on it."""
    file = _opened(viewer, session, case_id, vault, decision_id)
    return _show_file(request, file, now, privacy.card(session, vault, viewer, case_id))


def _opened(
    viewer: Viewer, session: Session, case_id: int, vault: Vault, decision_id: int | None = None
) -> casefile.CaseFile | None:
    try:
        return casefile.open_file(session, case_id, vault, decision_id, viewer.submitter)
    except UnreadablePackError:
        raise HTTPException(410) from None


def _show_file(
    request: Request, file: casefile.CaseFile | None, now: dt.datetime, card: privacy.Card | None
) -> Response:
    if file is None:
        raise HTTPException(404)
    if file.judgement is None:
        return render.page(request, "waiting.html", {"file": file}, twins.case(file))
    return render.page(
        request, "case.html", {"file": file, "now": now, "negated": NEGATED, "privacy": card}, twins.case(file)
    )
