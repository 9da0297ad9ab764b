"""The pages: the queue, and one case with its reasons."""

import datetime as dt
from functools import partial
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, HTTPException, Path, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session

from forbear import casefile, queue
from forbear.errors import ForbearError
from forbear.packs import UnreadablePackError
from forbear.privacy import Vault
from rules.red_flags import NEGATED
from rules.schema import Urgency
from web import render, twins
from web.deps import NowDep, SessionDep, VaultDep

router = APIRouter()
RowId = Annotated[int, Path(ge=1, lt=2**63)]
_Text = Annotated[str | None, Query(max_length=64)]


@router.get("/")
def show_queue(
    request: Request,
    session: SessionDep,
    now: NowDep,
    urgency: Urgency | None = None,
    strategy: _Text = None,
    ref: _Text = None,
    after: _Text = None,
) -> Response:
    """Cases, most urgent first, with filters and counts."""
    chosen = queue.Filter(urgency, strategy or None, (ref or "").strip() or None)
    try:
        place = queue.Place.parse(after) if after else None
    except ForbearError:
        raise HTTPException(400) from None
    listed, counts, waiting = queue.page(session, chosen, place), queue.counts(session, chosen), queue.waiting(session)
    link = partial(_queue_link, chosen)
    values = {
        "listed": listed, "counts": counts, "chosen": chosen, "link": link, "now": now, "waiting": waiting,
        "later": place is not None,
    }  # fmt: skip
    return render.page(request, "queue.html", values, twins.queue(listed, counts, waiting, link))


@router.get("/cases")
def find_case(session: SessionDep, ref: Annotated[str, Query(min_length=1, max_length=64)]) -> Response:
    """The case with exactly this reference; the queue searched for it if there is none, or several use it."""
    found = queue.find(session, ref)
    address = f"/cases/{found[0]}" if len(found) == 1 else _queue_link(queue.Filter(case_ref=ref))
    return RedirectResponse(address, status_code=303)


@router.get("/cases/{case_id}")
def show_case(request: Request, session: SessionDep, vault: VaultDep, now: NowDep, case_id: RowId) -> Response:
    """A case by its current decision."""
    return _show_file(request, _opened(session, case_id, vault), now)


@router.get("/cases/{case_id}/decisions/{decision_id}")
def show_decision(
    request: Request, session: SessionDep, vault: VaultDep, now: NowDep, case_id: RowId, decision_id: RowId
) -> Response:
    """A case by an earlier decision on it."""
    return _show_file(request, _opened(session, case_id, vault, decision_id), now)


def _opened(session: Session, case_id: int, vault: Vault, decision_id: int | None = None) -> casefile.CaseFile | None:
    try:
        return casefile.open_file(session, case_id, vault, decision_id)
    except UnreadablePackError:
        raise HTTPException(410) from None


def _show_file(request: Request, file: casefile.CaseFile | None, now: dt.datetime) -> Response:
    if file is None:
        raise HTTPException(404)
    if file.judgement is None:
        return render.page(request, "waiting.html", {"file": file}, twins.case(file))
    return render.page(request, "case.html", {"file": file, "now": now, "negated": NEGATED}, twins.case(file))


def _queue_link(chosen: queue.Filter, **changes: Any) -> str:
    """The address of the queue with this filter, some of it changed."""
    query = {"urgency": chosen.urgency, "strategy": chosen.strategy, "ref": chosen.case_ref, **changes}
    given = urlencode({name: value for name, value in query.items() if value is not None})
    return f"/?{given}" if given else "/"
