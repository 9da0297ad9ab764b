"""The mapping of an upload: chosen on its preview, looked at again, and submitted once all of it is settled."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute
from starlette.background import BackgroundTask
from starlette.datastructures import FormData

from forbear.accounts.accounts import ViewerWork
from forbear.base.settings import settings
from forbear.batch import batch_list
from forbear.batch.submission import mappings, uploads
from forbear.intake import IntakeError, open_source
from forbear.intake.mapping import check
from forbear.intake.source import MAX_COLUMNS, distinct
from models.intake.upload import Upload
from web.auth import OurForm, SignedInWork
from web.views.mapping_form import MappingChoice, choice, other_place
from web.views.preview import RefusedChoice, preview_page
from workers.wake import wake

_MOST_FIELDS = 5 * MAX_COLUMNS  # of a form: a column has up to four


class _LargeForm(APIRoute):
    """A route whose form may have more fields than the framework takes by itself."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_large(request: Request) -> Response:
            await request.form(max_fields=_MOST_FIELDS)
            return await handle(request)

        return handle_large


router = APIRouter(route_class=_LargeForm)


async def _sent(request: Request) -> FormData:
    return await request.form()


SentDep = Annotated[FormData, Depends(_sent)]


@router.post("/uploads/{upload_id}/mapping", dependencies=[OurForm])
def look_again(request: Request, work: SignedInWork, upload_id: UUID, sent: SentDep) -> Response:
    """Read the file with what was chosen."""
    upload = uploads.find(work, upload_id, lock=True)
    if upload is None:
        return batch_of(work, upload_id)
    try:
        chosen = _chosen(work, upload, sent)
    except IntakeError as error:
        return preview_page(request, work, upload, RefusedChoice(error, sent))
    uploads.choose(work, upload, chosen.mapping)
    return RedirectResponse(f"/uploads/{upload_id}", status_code=303)


@router.post("/uploads/{upload_id}/anew", dependencies=[OurForm])
def look_anew(work: SignedInWork, upload_id: UUID) -> Response:
    """Read the file as it seems, without anything that was chosen."""
    upload = uploads.find(work, upload_id, lock=True)
    if upload is None:
        return batch_of(work, upload_id)
    uploads.choose(work, upload, None)
    return RedirectResponse(f"/uploads/{upload_id}", status_code=303)


@router.post("/uploads/{upload_id}/submit", dependencies=[OurForm])
def submit_upload(request: Request, work: SignedInWork, upload_id: UUID, sent: SentDep) -> Response:
    """Make the upload a batch, once, however often the button is pressed.

    What was changed in the form is looked at first: nothing is submitted that nobody has seen as it will be stored.
    """
    upload = uploads.find(work, upload_id, lock=True)
    if upload is None:
        return batch_of(work, upload_id)
    try:
        if "shown" in sent:
            chosen = _chosen(work, upload, sent)
            uploads.choose(work, upload, chosen.mapping)
            if chosen.changed:
                return RedirectResponse(f"/uploads/{upload_id}?changed=1", status_code=303)
        done = uploads.hand_in(work, upload, settings().chunk_size)
    except IntakeError as error:  # not settled, or behind the rows that the preview read
        work.roll_back()
        return preview_page(request, work, upload, RefusedChoice(error, sent))
    waking = BackgroundTask(wake, done.wakes, request.app.state.redis_url)  # runs when the session is committed
    return RedirectResponse(f"/batches/{done.batch_id}", status_code=303, background=waking)


@router.post("/mappings/{mapping_id}/forget", dependencies=[OurForm])
def forget(work: SignedInWork, mapping_id: int, sent: SentDep) -> Response:
    """Undo a mapping that is remembered; back to the upload that it was seen on, or to the batches."""
    if not 0 < mapping_id < 2**63 or not mappings.forget(work, work.viewer.submitter, mapping_id):
        raise HTTPException(404)
    upload = sent.get("upload", "")
    try:
        return RedirectResponse(f"/uploads/{UUID(str(upload))}", status_code=303)
    except ValueError:
        return RedirectResponse("/batches", status_code=303)


def _chosen(work: ViewerWork, upload: Upload, sent: FormData) -> MappingChoice:
    """What was chosen, fit to be followed. Raises IntakeError."""
    vocabulary = work.pack.vocabulary
    with uploads.unsealed(upload, work.vault) as path:
        if (place := other_place(sent)) is not None:
            open_source(path, vocabulary, place)
            return MappingChoice(place, changed=True)
        columns = distinct(open_source(path, vocabulary, uploads.chosen(upload, work.vault)).columns)
    chosen = choice(sent, columns)
    check(chosen.mapping, vocabulary, columns)
    return chosen


def batch_of(work: ViewerWork, upload_id: UUID) -> Response:
    """To the batch that an upload became, if it is one for this viewer; else 404."""
    if batch_list.find(work.session, work.vault, work.viewer.submitter, upload_id) is None:
        raise HTTPException(404)
    return RedirectResponse(f"/batches/{upload_id}", status_code=303)
