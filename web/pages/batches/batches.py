"""The batches: the list with its upload form, one batch as it goes on, and failed cases tried again."""

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, HTTPException, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session
from starlette.background import BackgroundTask

from forbear.accounts.accounts import Viewer
from forbear.base.errors import ForbearError
from forbear.base.packs import pack_to_name_by
from forbear.base.settings import settings
from forbear.base.vault import Vault
from forbear.batch import batch_list, chunks, rejects, uploads
from forbear.batch.progress import taken_over
from forbear.batch.submit import rejections_of, source_of
from forbear.intake import FORMATS
from rules.pack.pack import Pack
from web.auth import OurForm, SignedIn, Supervisor
from web.deps import NowDep, PackDep, SessionDep, VaultDep
from web.views import render
from workers.wake import wake

router = APIRouter()


@router.get("/batches")
def show_batches(
    request: Request,
    viewer: SignedIn,
    session: SessionDep,
    vault: VaultDep,
    pack: PackDep,
    now: NowDep,
    after: Annotated[str | None, Query(max_length=64)] = None,
) -> Response:
    """The batches, newest first, and the form for a new one."""
    try:
        place = batch_list.BatchCursor.parse(after) if after else None
    except ForbearError:
        raise HTTPException(400) from None
    values = listing(session, vault, pack, viewer, now, place)
    return render.page(request, "batches.html", values)


def listing(
    session: Session,
    vault: Vault,
    pack: Pack,
    viewer: Viewer,
    now: dt.datetime,
    place: batch_list.BatchCursor | None = None,
    typed: Mapping[str, str] | None = None,
    faults: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """What the page of batches shows; `typed` and `faults` are of a form that could not be taken."""
    zone = pack.manifest.timezone
    today = now.astimezone(ZoneInfo(zone)).date()
    return {
        "listed": batch_list.page(session, vault, viewer.submitter, place),
        "waiting": uploads.waiting(session, vault, viewer, now),
        "later": place is not None,
        "zone": zone,
        "today": today,
        "typed": {"as_of": today.isoformat(), "submitter": viewer.submitter or settings().submitter, **(typed or {})},
        "faults": faults or {},
        "submitters": batch_list.submitters(session) if viewer.submitter is None else (),
        "megabytes": settings().upload_megabytes,
        "endings": FORMATS,
    }


@router.get("/batches/{batch_id}")
def show_batch(request: Request, viewer: SignedIn, session: SessionDep, vault: VaultDep, batch_id: UUID) -> Response:
    """One batch: its rows, how far it is, what failed, what was rejected."""
    entry = found(session, vault, viewer, batch_id)
    pack = pack_to_name_by(session, entry.batch.pack_sha256)
    rejected = rejections_of(session, batch_id, vault, batch_list.SHOWN)
    values = {
        "zone": pack.manifest.timezone,
        "rejects": list(rejects.shown(pack.vocabulary, source_of(entry.batch, vault).columns, rejected)),
    }
    return render.page(request, "batch.html", _live(session, entry) | values)


@router.get("/batches/{batch_id}/live")
def show_live(request: Request, viewer: SignedIn, session: SessionDep, vault: VaultDep, batch_id: UUID) -> Response:
    """The part of a batch's page that changes while it goes on."""
    return render.page(request, "batch_live.html", _live(session, found(session, vault, viewer, batch_id)))


@router.get("/batches/{batch_id}/state")
def show_state(request: Request, viewer: SignedIn, session: SessionDep, vault: VaultDep, batch_id: UUID) -> Response:
    """How far a batch is, as the list of batches shows it."""
    return render.page(request, "batch_state.html", {"entry": found(session, vault, viewer, batch_id)})


def _live(session: Session, entry: batch_list.BatchRow) -> dict[str, Any]:
    """What changes while a batch goes on."""
    return {
        "entry": entry,
        "batch": entry.batch,
        "urgencies": batch_list.urgencies(session, entry.batch.id),
        "failures": batch_list.failures(session, entry.batch.id) if entry.failed else [],
        "taken_over": taken_over(session, entry.batch.id),
        "endings": FORMATS,
        "submitted_as": Path(entry.name).suffix.lower(),
    }


@router.post("/batches/{batch_id}/retry", dependencies=[OurForm])
def try_again(
    request: Request,
    viewer: Supervisor,
    session: SessionDep,
    vault: VaultDep,
    now: NowDep,
    batch_id: UUID,
    chunk: Annotated[int | None, Form(ge=1, lt=2**63)] = None,
) -> Response:
    """Let a worker try a failed case again, or all of the batch."""
    found(session, vault, viewer, batch_id)
    wakes = chunks.retry(session, batch_id, chunk, now)
    waking = BackgroundTask(wake, wakes, request.app.state.redis_url)  # runs when the session is committed
    return RedirectResponse(f"/batches/{batch_id}", status_code=303, background=waking)


def found(session: Session, vault: Vault, viewer: Viewer, batch_id: UUID) -> batch_list.BatchRow:
    """A batch that this viewer may see, else 404."""
    entry = batch_list.find(session, vault, viewer.submitter, batch_id)
    if entry is None:
        raise HTTPException(404)
    return entry
