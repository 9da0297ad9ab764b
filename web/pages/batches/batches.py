"""The batches: the list with its upload form, one batch as it goes on, and failed cases tried again."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, HTTPException, Query, Request, Response
from fastapi.responses import RedirectResponse
from starlette.background import BackgroundTask

from forbear.accounts.accounts import ViewerWork
from forbear.base.errors import ForbearError
from forbear.base.packs import pack_to_name_by
from forbear.base.settings import settings
from forbear.batch import batch_list, chunks, rejects, whole_rejects
from forbear.batch.progress import taken_over
from forbear.batch.submission import mappings, uploads
from forbear.batch.submission.submit import rejections_of, source_of
from forbear.intake import FORMATS, READ_AS
from forbear.intake.formats import PACKED
from web.auth import POLLED, OurForm, SignedInWork, SupervisorWork
from web.views import render
from web.views.mapping_form import counted_from
from workers.wake import wake

router = APIRouter()


@router.get("/batches")
def show_batches(
    request: Request,
    work: SignedInWork,
    after: Annotated[str | None, Query(max_length=64)] = None,
) -> Response:
    """The batches, newest first, and the form for a new one."""
    try:
        place = batch_list.BatchCursor.parse(after) if after else None
    except ForbearError:
        raise HTTPException(400) from None
    return render.page(request, "batch/batches.html", listing(work, place))


def listing(
    work: ViewerWork,
    place: batch_list.BatchCursor | None = None,
    typed: Mapping[str, str] | None = None,
    faults: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """What the page of batches shows; `typed` and `faults` are of a form that could not be taken."""
    session, viewer = work.session, work.viewer
    zone = work.pack.manifest.timezone
    today = work.now.astimezone(ZoneInfo(zone)).date()
    return {
        "listed": batch_list.page(session, work.vault, viewer.submitter, place),
        "waiting": uploads.waiting(work),
        "later": place is not None,
        "zone": zone,
        "today": today,
        "typed": {"as_of": today.isoformat(), "submitter": viewer.submitter or settings().submitter, **(typed or {})},
        "faults": faults or {},
        "submitters": batch_list.submitters(session) if viewer.submitter is None else (),
        "megabytes": settings().upload_megabytes,
        "endings": [*READ_AS, PACKED],
        "mappings": mappings.listed(session, work.vault, viewer.submitter),
    }


@router.get("/batches/{batch_id}")
def show_batch(request: Request, work: SignedInWork, batch_id: UUID) -> Response:
    """One batch: its rows, how far it is, what failed, what was rejected."""
    return render.page(request, "batch/batch.html", batch_values(work, found(work, batch_id)))


def batch_values(work: ViewerWork, entry: batch_list.BatchRow) -> dict[str, Any]:
    """What the page of a batch shows."""
    session, vault = work.session, work.vault
    pack = pack_to_name_by(session, entry.batch.pack_sha256)
    rejected = rejections_of(session, entry.batch.id, vault, batch_list.SHOWN)
    head = source_of(entry.batch, vault)
    live = _live(work, entry)
    whole: bool = live["handed_in"]
    return live | {
        "zone": pack.manifest.timezone,
        "head": head,
        "header_row": counted_from(head.mapping),
        "vocabulary": pack.vocabulary,
        "rejects": list(rejects.shown(pack.vocabulary, head.columns, rejected, head.mapping, whole=whole)),
    }


@router.get("/batches/{batch_id}/live", tags=[POLLED])
def show_live(request: Request, work: SignedInWork, batch_id: UUID) -> Response:
    """The part of a batch's page that changes while it goes on."""
    return render.page(request, "batch/batch_live.html", _live(work, found(work, batch_id)))


@router.get("/batches/{batch_id}/state", tags=[POLLED])
def show_state(request: Request, work: SignedInWork, batch_id: UUID) -> Response:
    """How far a batch is, as the list of batches shows it."""
    return render.page(request, "batch/batch_state.html", {"entry": found(work, batch_id)})


def _live(work: ViewerWork, entry: batch_list.BatchRow) -> dict[str, Any]:
    """What changes while a batch goes on."""
    session = work.session
    return {
        "entry": entry,
        "batch": entry.batch,
        "urgencies": batch_list.urgencies(session, entry.batch.id),
        "failures": batch_list.failures(session, entry.batch.id) if entry.failed else [],
        "taken_over": taken_over(session, entry.batch.id),
        "endings": FORMATS,
        "handed_in": whole_rejects.handed_in(session, work.viewer, entry.batch),
        "reasons": whole_rejects.REASONS,
        "reason": "",
        "too_many": None,
    }


@router.post("/batches/{batch_id}/retry", dependencies=[OurForm])
def try_again(
    request: Request,
    work: SupervisorWork,
    batch_id: UUID,
    chunk: Annotated[int | None, Form(ge=1, lt=2**63)] = None,
) -> Response:
    """Let a worker try a failed case again, or all of the batch."""
    found(work, batch_id)
    wakes = chunks.retry(work.session, batch_id, chunk, work.now)
    waking = BackgroundTask(wake, wakes, request.app.state.redis_url)  # runs when the session is committed
    return RedirectResponse(f"/batches/{batch_id}", status_code=303, background=waking)


def found(work: ViewerWork, batch_id: UUID) -> batch_list.BatchRow:
    """A batch that this viewer may see, else 404."""
    entry = batch_list.find(work.session, work.vault, work.viewer.submitter, batch_id)
    if entry is None:
        raise HTTPException(404)
    return entry
