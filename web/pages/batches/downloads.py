"""Downloads of a batch: its results or its rejected rows as a file of any format, in the ledger before it begins.

They are forms that are posted, not links: giving data out is an act that is recorded, and a GET may not write.
"""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import StreamingResponse
from sqlmodel import Session

from forbear.base.spool import held
from forbear.batch import batch_list, export, rejects
from forbear.batch.recorded_decision import decisions_of_batch
from forbear.batch.submission.submit import rejections_of, source_of
from forbear.intake import FORMATS
from models.database.session import snapshot
from web import language
from web.auth import OurForm, SignedInWork
from web.pages.batches.batches import found

router = APIRouter()
if TYPE_CHECKING:
    _Ending: TypeAlias = str
else:  # pydantic reads what mypy cannot
    _Ending = Literal[tuple(FORMATS)]
_NAMES = {"results": "download.results", "rejects": "download.rejects"}


@router.post("/batches/{batch_id}/{what}", dependencies=[OurForm])
def give_out(
    request: Request,
    work: SignedInWork,
    batch_id: UUID,
    what: Literal["results", "rejects"],
    ending: Annotated[_Ending, Form()],
) -> Response:
    """The decisions that are there by now, or the rejected rows as they came with what to correct in them."""
    entry, vault, vocabulary = found(work, batch_id), work.vault, work.pack.vocabulary
    rows = entry.batch.rejected

    def pieces(reading: Session, folder: Path) -> Iterator[bytes]:
        nonlocal rows
        if what == "results":
            rows = batch_list.decided(reading, entry.batch)
            return export.results(decisions_of_batch(reading, batch_id, vault), ending, folder)
        head = source_of(entry.batch, vault)
        columns = rejects.head_of(vocabulary, head.columns, head.mapping)
        return export.rejects(columns, rejections_of(reading, batch_id, vault), ending, folder)

    # Written whole before it is sent: whoever reads slowly holds no connection, and what goes wrong is told on a page.
    with snapshot(request.app.state.engine) as reading, TemporaryDirectory(prefix="forbear-") as folder:
        file = held(pieces(reading, Path(folder)))
    detail = {"what": what, "format": ending, "rows": rows}
    work.note("export", f"batch:{batch_id}", detail)
    name = f"{Path(entry.name).stem}-{language.message(language.chosen(request), _NAMES[what])}{ending}"
    disposition = f"attachment; filename=\"forbear-{what}{ending}\"; filename*=UTF-8''{quote(name)}"
    return StreamingResponse(file, media_type=FORMATS[ending].media_type, headers={"Content-Disposition": disposition})
