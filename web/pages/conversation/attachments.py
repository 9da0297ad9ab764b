"""Files of a case: kept sealed, handed out one by one to who works on cases, and never run by the browser."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, File, Response, UploadFile

from forbear.base.settings import settings
from forbear.conversation import attachments
from web.auth import CounsellorWork, OurForm
from web.pages.case.case import RowId
from web.pages.conversation.sending import SendingDep

router = APIRouter(dependencies=[OurForm])
_MEGABYTE = 1024 * 1024
# Nothing in it may load or run anything, or look like a page of ours.
_INERT = "default-src 'none'; sandbox; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


@router.post("/cases/{case_id}/attachments")
def add_attachment(sending: SendingDep, file: Annotated[UploadFile | None, File()] = None) -> Response:
    """Keep a file with the case."""
    sent = sending.sent
    content = file.file.read(settings().attachment_megabytes * _MEGABYTE + 1) if file else b""
    name = (file.filename or "") if file else ""
    return sending.done(
        lambda: attachments.add(
            sending.work, sending.case_id, sending.once, name, content, sent.text("evidence"), sent.text("words")
        )
    )


@router.post("/cases/{case_id}/attachments/{attachment_id}/open")
def open_attachment(work: CounsellorWork, case_id: RowId, attachment_id: RowId) -> Response:
    """A file as it came: a picture to be looked at, anything else to be saved. Who looked is in the ledger."""
    name, kind, content = attachments.opened(work, case_id, attachment_id)
    shown = "inline" if kind in attachments.INLINE else "attachment"
    headers = {
        "Content-Disposition": f"{shown}; filename*=UTF-8''{quote(name, safe='')}",
        "Content-Security-Policy": _INERT,
    }
    return Response(content, media_type=kind, headers=headers)


@router.post("/cases/{case_id}/attachments/{attachment_id}/take-away")
def take_attachment_away(sending: SendingDep, attachment_id: RowId) -> Response:
    """Forget what is in a file."""
    words = sending.sent.text("words")
    return sending.done(
        lambda: attachments.take_away(sending.work, sending.case_id, attachment_id, sending.once, words)
    )
