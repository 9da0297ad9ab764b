"""Uploads: a file is taken in, shown as it would be understood, and submitted only when its owner says so."""

import datetime as dt
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, File, Form, Request, Response, UploadFile
from fastapi.responses import RedirectResponse

from forbear.accounts.accounts import ViewerWork
from forbear.base.settings import settings
from forbear.batch.submission import uploads
from forbear.batch.submission.danger import told_in_refusal
from forbear.intake import IntakeError, open_source
from forbear.intake.source import SeveralTablesError
from rules.pack.pack import Pack
from web import language
from web.auth import OurForm, SignedInWork
from web.pages.batches.batches import listing
from web.pages.batches.mapping import batch_of
from web.views import render
from web.views.preview import preview_page

router = APIRouter()
_MEGABYTE = 1024 * 1024
_MAX_SUBMITTER = 64


@router.post("/uploads", dependencies=[OurForm])
def take_file(
    request: Request,
    work: SignedInWork,
    file: Annotated[UploadFile | None, File()] = None,
    as_of: Annotated[str, Form()] = "",
    submitter: Annotated[str, Form()] = "",
) -> Response:
    """Keep a file for its preview, or say what is wrong with it beside the form."""
    lang = language.chosen(request)
    name = uploads.tidy(file.filename or "") if file else ""
    content = file.file.read(settings().upload_megabytes * _MEGABYTE + 1) if file else b""
    faults = _form_faults(lang, work, as_of, submitter.strip())
    if len(uploads.waiting(work)) >= uploads.MOST_WAITING:
        faults["file"] = language.message(lang, "upload.too_many", n=uploads.MOST_WAITING)
    elif fault := _file_fault(lang, name, content, work.pack):
        faults["file"] = fault
    if faults:
        typed = {"as_of": as_of, "submitter": submitter}
        values = listing(work, typed=typed, faults=faults)
        return render.page(request, "batch/batches.html", values, 422, "/batches")
    whose = work.viewer.submitter or submitter.strip()
    kept = uploads.keep(work, name, content, whose, dt.date.fromisoformat(as_of))
    return RedirectResponse(f"/uploads/{kept}", status_code=303)


@router.get("/uploads/{upload_id}")
def show_preview(
    request: Request,
    work: SignedInWork,
    upload_id: UUID,
) -> Response:
    """What the file would come to; the batch it became, if it was submitted."""
    upload = uploads.find(work, upload_id)
    return batch_of(work, upload_id) if upload is None else preview_page(request, work, upload)


@router.post("/uploads/{upload_id}/discard", dependencies=[OurForm])
def discard_upload(work: SignedInWork, upload_id: UUID) -> Response:
    """Forget the file."""
    upload = uploads.find(work, upload_id, lock=True)
    if upload is not None:
        work.session.delete(upload)
    return RedirectResponse("/batches", status_code=303)


def _form_faults(lang: language.Language, work: ViewerWork, as_of: str, submitter: str) -> dict[str, str]:
    """What is wrong with the typed values, by field."""
    faults = {}
    today = work.now.astimezone(ZoneInfo(work.pack.manifest.timezone)).date()
    try:
        # A decision for a day to come would count as a case's newest one until that day has passed.
        if dt.date.fromisoformat(as_of) > today:
            faults["as_of"] = language.message(lang, "upload.day_to_come", today=today)
    except ValueError:
        faults["as_of"] = language.message(lang, "upload.no_day", today=today)
    if work.viewer.submitter is None and not 0 < len(submitter) <= _MAX_SUBMITTER:
        faults["submitter"] = language.message(lang, "upload.no_submitter", n=_MAX_SUBMITTER)
    return faults


def _file_fault(lang: language.Language, name: str, content: bytes, pack: Pack) -> str | None:
    """Why this file cannot be read as cases at all."""
    if not name:
        return language.message(lang, "upload.no_file")
    if len(content) > settings().upload_megabytes * _MEGABYTE:
        return language.message(lang, "upload.too_big", megabytes=settings().upload_megabytes)
    try:
        with uploads.on_disk(name, content) as path, told_in_refusal(path, pack):
            open_source(path, pack.vocabulary)
    except SeveralTablesError:
        return None  # its preview asks which one
    except IntakeError as error:
        return error.zh if lang == "zh" else error.en
    return None
