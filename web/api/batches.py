"""Batches: many cases at once, how far they are, and what came out."""

import datetime as dt
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, StreamingResponse
from sqlmodel import Session

from forbear.accounts.accounts import Viewer, ViewerWork, work_by
from forbear.base.errors import ForbearError
from forbear.base.settings import settings
from forbear.base.spool import held
from forbear.batch import batch_list, export, whole_rejects
from forbear.batch.chunks import Wake
from forbear.batch.recorded_decision import ResultLine, decisions_of_batch
from forbear.batch.submission import cancellation, danger, mappings
from forbear.batch.submission.submit import Head, Submitted, submit
from forbear.batch.submission.uploads import tidy
from forbear.intake import FORMATS, IntakeError, understand
from forbear.intake.mapping import parse
from forbear.ledger.unit_of_work import begin
from forbear.locale import said
from models.database.session import snapshot
from models.intake.batch import Batch
from rules.facts.case_facts import FieldError
from rules.pack.files.schema import Text
from rules.pack.pack import Pack
from web.api.auth import Reader, ReaderWork, Writer, WriterWork, check_scope, submitter_for
from web.api.problems import ProblemError, of_fields
from web.api.schemas.batches import Batches, BatchProgressView, BatchTerms, BatchView, counted, progress
from web.api.schemas.cases import Line
from web.api.wire import bodies
from web.api.wire.describe import ABOUT_MAPPING, ABOUT_STRICT, MOST_MAPPING, answers, body_of_batch, problems
from web.api.wire.once import REPLAYED, Key, OnceDep, SentOnce
from web.api.wire.shown import ShownDep
from web.api.wire.strict import StrictRoute
from web.deps import NowDep, SessionDep
from workers.wake import wake

router = APIRouter(prefix="/api/v1/batches", tags=["batches"], route_class=StrictRoute)
FIRST_DAY = dt.date(2000, 1, 1)
AsOf = Annotated[dt.date | None, Query(description="The day to decide for, by default today; none to come")]
Whose = Annotated[Line | None, Query(description="Whose cases; a submitter's account has no choice")]
Strict = Annotated[bool, Query(description=ABOUT_STRICT)]
if TYPE_CHECKING:
    Format: TypeAlias = str
else:  # pydantic reads what mypy cannot
    Format = Literal[tuple(each.name for each in FORMATS.values())]
_ABOUT_REASON = (
    "What the rows are needed for as they came, by who did not hand them in; needs the scope rejects:read and is noted"
)
_RESULT = {"$ref": "#/components/schemas/ResultLine"}
_REJECTED = {"type": "object", "required": ["row", "field", "error"]}
_ANSWERED = [each.media_type for each in FORMATS.values()]


@router.post(
    "",
    status_code=202,
    response_model=BatchProgressView,
    responses={**problems(400, 401, 403, 413, 415, 422)},
    openapi_extra=body_of_batch(),
)
async def submit_batch(
    request: Request,
    viewer: Writer,
    now: NowDep,
    as_of: AsOf = None,
    submitter: Whose = None,
    name: Annotated[str | None, Query(max_length=255, description="The file's name, where it is the body")] = None,
    mapping: Annotated[str | None, Query(max_length=MOST_MAPPING, description=ABOUT_MAPPING)] = None,
    strict: Strict = False,
    key: Key = None,
) -> Response:
    """Hand in a file of cases (a form's part `file`) or a JSON list of them, in an object as `cases` or by itself.

    A file may be the body itself, in any format, known by its media type or by `name`.

    Answers at once with the batch; its cases are decided meanwhile. Submitting the same cases again is harmless.
    """
    async with bodies.file(request, name) as received:
        terms = bodies.checked(BatchTerms, received.fields)
        asked = BatchTerms(
            as_of=as_of or terms.as_of,
            submitter=submitter or terms.submitter,
            mapping=terms.mapping if mapping is None else mapping,
            strict=strict or terms.strict,
        )
        order = _Order(request, viewer, received, asked, now)
        return await run_in_threadpool(order.take, key)


class _Order:
    """A submission that has arrived whole."""

    def __init__(
        self,
        request: Request,
        viewer: Viewer,
        received: bodies.Received,
        asked: BatchTerms,
        now: dt.datetime,
    ) -> None:
        self._state = request.app.state
        self._viewer, self._received, self._now = viewer, received, now
        self._as_of, self._submitter, self._mapping = asked.as_of, asked.submitter, asked.mapping
        self._strict = asked.strict

    def take(self, key: str | None) -> Response:
        """Submit, or find what the same request made before; the workers are woken once it is committed."""
        wakes: tuple[Wake, ...] = ()
        with begin(self._state.engine, self._state.vault, self._now) as begun:
            work = work_by(self._viewer, begun, self._state.pack)
            once = SentOnce(key, self._asked)
            known = once.known(work)
            batch_id = None if known is None else known.batch_id
            replayed = batch_id is not None
            if batch_id is None:
                done = self._submit(work)
                batch_id, wakes = done.batch_id, done.wakes
                once.keep_batch(work, batch_id)
            body = progress(work.session, work.session.get_one(Batch, batch_id), work.vault).model_dump(mode="json")
        wake(wakes, self._state.redis_url)
        headers = {"Location": f"/api/v1/batches/{batch_id}"}
        if replayed:
            headers[REPLAYED] = "true"
        return JSONResponse(body, status_code=202, headers=headers)

    @property
    def _asked(self) -> bytes:
        asked = [self._received.digest.hex(), self._received.path.suffix, str(self._as_of), self._submitter]
        read_as = [] if self._mapping is None else [self._mapping]
        strictly = ["strict"] if self._strict else []
        return json.dumps([*asked, *read_as, *strictly]).encode()

    def _submit(self, work: ViewerWork) -> Submitted:
        day = day_of(self._as_of, work.pack, work.now)
        whose = submitter_for(work.session, work.viewer, self._submitter)
        try:
            return self._handed_in(work, day, whose)
        except IntakeError as error:
            raise unreadable(error) from None

    def _handed_in(self, work: ViewerWork, day: dt.date, whose: str) -> Submitted:
        pack, received = work.pack, self._received
        with danger.told_in_refusal(received.path, pack):
            given = None if self._mapping is None else parse(self._mapping, "mapping")
            source, place = mappings.opened(work.session, work.vault, whose, received.path, pack.vocabulary, given)
            past = mappings.recall(work.session, work.vault, whose, source.columns)
            intake = understand(source, pack.vocabulary, place, past)
            if self._strict:
                refuse_unused(intake.unknown, lambda: danger.in_refused(received.path, pack))
            kept = () if given is None else (said("notice.kept"),)
            done = submit(
                work,
                intake.on(day),
                head=Head.of(intake, tidy(received.name)),
                pack=pack,
                as_of=day,
                submitter=whose,
                chunk_size=settings().chunk_size,
                notices=lambda: (*danger.notices_of(intake, pack), *kept),
            )
        if given is not None:
            mappings.remember(work, whose, intake)
        return done


def unreadable(error: IntakeError) -> ProblemError:
    """That nothing of it was taken; danger in it is told first."""
    members = {} if error.danger is None else {"danger": True}
    return ProblemError(422, "unreadable", detail=Text(zh=error.zh, en=error.en), members=members)


def refuse_unused(columns: Iterable[str], danger_in_it: Callable[[], Text | None]) -> None:
    """Whoever asks for `strict` hands in nothing that is not used."""
    if faults := [FieldError.of(name, said("query.no_fact")) for name in columns]:
        raise of_fields(*faults, first=danger_in_it())


def day_of(as_of: dt.date | None, pack: Pack, now: dt.datetime) -> dt.date:
    """The day to decide for, by default today where the pack's law applies; none to come, see DayToComeError."""
    today = now.astimezone(ZoneInfo(pack.manifest.timezone)).date()
    if as_of is not None and not FIRST_DAY <= as_of <= today:
        raise ProblemError(422, "as_of", first=FIRST_DAY, today=today)
    return as_of or today


@router.get("", responses=problems(400, 401, 403, 422))
def list_batches(
    work: ReaderWork,
    submitter: Whose = None,
    after: Annotated[str | None, Query(max_length=64, description="`next` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Batches:
    """Batches, newest first: a submitter's own; everybody's for counsellors, who may ask for one submitter's."""
    try:
        place = None if after is None else batch_list.BatchCursor.parse(after)
    except ForbearError:
        raise ProblemError(400, "cursor") from None
    session, viewer = work.session, work.viewer
    whose = None if viewer.submitter is None and submitter is None else submitter_for(session, viewer, submitter)
    page = batch_list.page(session, work.vault, whose, place, limit)
    return Batches(
        batches=[BatchView(**counted(entry.batch)) for entry in page.entries],
        next=None if page.next is None else str(page.next),
    )


@router.get("/{batch_id}", responses=problems(401, 403, 404, 422))
def show_batch(request: Request, viewer: Reader, session: SessionDep, batch_id: UUID) -> BatchProgressView:
    """One batch, how its columns were read, and how far it is."""
    return progress(session, _found(session, viewer, batch_id), request.app.state.vault)


@router.post(
    "/{batch_id}/cancel",
    response_model=BatchProgressView,
    responses=problems(401, 403, 404, 409, 413, 422),
)
def cancel_batch(work: WriterWork, once: OnceDep, batch_id: UUID) -> Response:
    """Take back the cases of a batch that are not decided yet.

    A case that was new is gone; of one that was there before, the facts before stand. Cases with danger in them are
    decided all the same, and so is what is being decided in this moment.
    """

    def cancelled() -> BatchProgressView:
        batch = _found(work.session, work.viewer, batch_id)
        if batch.status == "complete":
            raise ProblemError(409, "batch_done")
        cancellation.cancel(work, batch)
        return progress(work.session, batch, work.vault)

    return once.answered(work, 200, cancelled, lambda _: f"{router.prefix}/{batch_id}")


@router.get(
    "/{batch_id}/results",
    response_class=StreamingResponse,
    responses={
        200: answers(_ANSWERED, "One decision for each decided row", _RESULT),
        **problems(401, 403, 404, 410, 422),
    },
)
def results(
    request: Request,
    viewer: Reader,
    now: NowDep,
    shown: ShownDep,
    batch_id: UUID,
    format: Format = "jsonl",  # noqa: A002 - the parameter's public name
) -> Response:
    """The decisions of a batch that are there by now, as JSON lines or in another format. Noted in the ledger."""
    state = request.app.state
    shown.check(ResultLine)
    if not shown.whole and format not in ("json", "jsonl"):
        given = {"fields": shown.only, "lang": shown.lang}
        raise of_fields(*(FieldError.of(name, said("query.json_only")) for name, each in given.items() if each))

    def pieces(opened: Session, batch: Batch, folder: Path) -> Iterator[bytes]:
        return export.results(decisions_of_batch(opened, batch.id, state.vault), f".{format}", folder, shown.line)

    def noted(work: ViewerWork, batch: Batch) -> None:
        work.note("export", f"batch:{batch.id}", {"what": "results", "format": format})

    return _download(request, viewer, now, batch_id, "results", format, pieces, noted)


@router.get(
    "/{batch_id}/rejects",
    response_class=StreamingResponse,
    responses={200: answers(_ANSWERED, "The rejected rows", _REJECTED), **problems(401, 403, 404, 422)},
)
def rejects(
    request: Request,
    viewer: Reader,
    now: NowDep,
    batch_id: UUID,
    format: Format = "jsonl",  # noqa: A002 - the parameter's public name
    reason: Annotated[whole_rejects.Why | None, Query(description=_ABOUT_REASON)] = None,
) -> Response:
    """The rejected rows, each with `row`, `field` and `error`: correct them and submit the file again.

    Whoever handed them in has them as they came. For everybody else personal cells are masked without a `reason`.
    """
    state = request.app.state
    whole = False

    def noted(work: ViewerWork, batch: Batch) -> None:
        nonlocal whole
        whole = whole_rejects.handed_in(work.session, viewer, batch)
        if whole or reason is None:
            told = {} if whole else {"masked": True}
            work.note("export", f"batch:{batch_id}", {"what": "rejects", "format": format, **told})
            return
        check_scope(viewer, "rejects:read")
        try:
            whole_rejects.take(work, batch, reason, format)
        except whole_rejects.TooManyRowsError as error:
            raise ProblemError(429, "rejects_limit", rows=error.rows, most=error.most, left=error.left) from None
        whole = True

    def pieces(opened: Session, batch: Batch, folder: Path) -> Iterator[bytes]:
        given = whole_rejects.given_out(opened, batch, state.vault, state.pack.vocabulary, whole=whole)
        return export.rejects(*given, f".{format}", folder)

    return _download(request, viewer, now, batch_id, "rejects", format, pieces, noted)


def _download(
    request: Request,
    viewer: Viewer,
    now: dt.datetime,
    batch_id: UUID,
    what: str,
    ending: str,
    pieces: Callable[[Session, Batch, Path], Iterator[bytes]],
    noted: Callable[[ViewerWork, Batch], None],
) -> Response:
    """A file that is written whole before it is sent; the ledger says first that it was given out.

    So whoever reads slowly holds no connection, and what cannot be read is a problem and not half a file.
    """
    engine, vault = request.app.state.engine, request.app.state.vault
    with begin(engine, vault, now) as begun:
        work = work_by(viewer, begun, request.app.state.pack)
        noted(work, _found(work.session, viewer, batch_id))

    with snapshot(engine) as opened, TemporaryDirectory(prefix="forbear-") as folder:
        file = held(pieces(opened, opened.get_one(Batch, batch_id), Path(folder)))
    headers = {"Content-Disposition": f'attachment; filename="{what}-{batch_id}.{ending}"'}
    return StreamingResponse(file, media_type=FORMATS[f".{ending}"].media_type, headers=headers)


def _found(session: Session, viewer: Viewer, batch_id: UUID) -> Batch:
    batch = session.get(Batch, batch_id)
    if batch is None or viewer.submitter not in (None, batch.submitter):
        raise ProblemError(404, "no_batch")
    return batch
