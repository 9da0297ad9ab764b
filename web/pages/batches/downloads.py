"""Downloads of a batch: its results or its rejected rows as a file of any format, in the ledger before it begins.

They are forms that are posted, not links: giving data out is an act that is recorded, and a GET may not write.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Form, HTTPException, Request, Response
from fastapi.responses import StreamingResponse
from sqlmodel import Session

from forbear.base.spool import held
from forbear.batch import batch_list, export, whole_rejects
from forbear.batch.batch_list import BatchRow
from forbear.batch.recorded_decision import decisions_of_batch
from forbear.intake import FORMATS
from models.database.session import snapshot
from web import language
from web.auth import OurForm, SignedInWork
from web.pages.batches.batches import batch_values, found
from web.views import render

router = APIRouter()
if TYPE_CHECKING:
    _Ending: TypeAlias = str
else:  # pydantic reads what mypy cannot
    _Ending = Literal[tuple(FORMATS)]
_NAMES = {"results": "download.results", "rejects": "download.rejects"}


@router.post("/batches/{batch_id}/results", dependencies=[OurForm])
def give_out_results(
    request: Request, work: SignedInWork, batch_id: UUID, ending: Annotated[_Ending, Form()]
) -> Response:
    """The decisions that are there by now."""
    entry, rows = found(work, batch_id), 0

    def pieces(reading: Session, folder: Path) -> Iterator[bytes]:
        nonlocal rows
        rows = batch_list.decided(reading, entry.batch)
        return export.results(decisions_of_batch(reading, batch_id, work.vault), ending, folder)

    file = _written(request, pieces)
    work.note("export", f"batch:{batch_id}", {"what": "results", "format": ending, "rows": rows})
    return _sent(request, entry, "results", ending, file)


@router.post("/batches/{batch_id}/rejects", dependencies=[OurForm])
def give_out_rejects(
    request: Request,
    work: SignedInWork,
    batch_id: UUID,
    ending: Annotated[_Ending, Form()],
    reason: Annotated[str, Form(max_length=64)] = "",
) -> Response:
    """The rejected rows with what to correct in them: as they came for who handed them in, or who says why."""
    entry = found(work, batch_id)
    why = next((each for each in whole_rejects.REASONS if each == reason), None)
    if reason and why is None:
        raise HTTPException(400)
    theirs = whole_rejects.handed_in(work.session, work.viewer, entry.batch)
    if theirs or why is None:
        told = {} if theirs else {"masked": True}
        work.note(
            "export", f"batch:{batch_id}", {"what": "rejects", "format": ending, "rows": entry.batch.rejected, **told}
        )
    else:
        try:
            whole_rejects.take(work, entry.batch, why, ending)
        except whole_rejects.TooManyRowsError as error:
            values = {**batch_values(work, entry), "too_many": error, "reason": reason}
            return render.page(request, "batch/batch.html", values, 429, f"/batches/{batch_id}")

    def pieces(reading: Session, folder: Path) -> Iterator[bytes]:
        whole = theirs or why is not None
        given = whole_rejects.given_out(reading, entry.batch, work.vault, work.pack.vocabulary, whole=whole)
        return export.rejects(*given, ending, folder)

    return _sent(request, entry, "rejects", ending, _written(request, pieces))


def _written(request: Request, pieces: Callable[[Session, Path], Iterator[bytes]]) -> Iterator[bytes]:
    """Written whole before it is sent: whoever reads slowly holds no connection, and what goes wrong is on a page."""
    with snapshot(request.app.state.engine) as reading, TemporaryDirectory(prefix="forbear-") as folder:
        return held(pieces(reading, Path(folder)))


def _sent(request: Request, entry: BatchRow, what: str, ending: str, file: Iterator[bytes]) -> Response:
    name = f"{Path(entry.name).stem}-{language.message(language.chosen(request), _NAMES[what])}{ending}"
    disposition = f"attachment; filename=\"forbear-{what}{ending}\"; filename*=UTF-8''{quote(name)}"
    return StreamingResponse(file, media_type=FORMATS[ending].media_type, headers={"Content-Disposition": disposition})
