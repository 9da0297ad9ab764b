"""Cases: one handed in and answered with its decision, one looked at, the queue listed."""

import datetime as dt
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from uuid import UUID

from anyio import sleep
from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import AwareDatetime, BaseModel, TypeAdapter, ValidationError
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from forbear.accounts.accounts import Viewer, ViewerWork, work_by
from forbear.base.errors import ForbearError
from forbear.base.settings import settings
from forbear.base.vault import Vault
from forbear.batch.recorded_decision import decision_on_desk, decisions_of_batch, facts_of
from forbear.batch.submission.danger import Lookout, in_case, told_of_case
from forbear.batch.submission.submit import Head, submit
from forbear.case.decided_case import is_outdated
from forbear.desk import changes, queue
from forbear.desk.filters import QueueFilter
from forbear.intake import IntakeError, Rejected
from forbear.intake.single_case import one
from forbear.ledger.unit_of_work import begin
from forbear.locale import said
from models.case import Case as StoredCase
from models.case import CaseVersion
from models.database.session import session
from models.desk import STATUSES, WorklistItem
from models.intake.batch import Batch, BatchCase
from rules.facts.case_facts import FieldError, read_facts
from rules.pack.files.schema import Urgency
from rules.pack.pack import Pack
from rules.text.decision_view import DecisionView, FactView, facts_view
from web.api.auth import Reader, ReaderWork, Writer, submitter_for
from web.api.batches import AsOf, Strict, Whose, day_of, refuse_unused, unreadable
from web.api.problems import ProblemError, of_fields
from web.api.schemas.batches import BatchTerms
from web.api.schemas.cases import Cases, CaseSummary, CaseView, DeskState, Line, PendingCaseView, address_of
from web.api.wire import bodies
from web.api.wire.conditional import tag
from web.api.wire.describe import body_of_case, problems
from web.api.wire.once import REPLAYED, Key, SentOnce, once_of
from web.api.wire.shown import AnswerParts, ShownDep
from web.api.wire.strict import StrictRoute
from web.deps import NowDep, SessionDep
from workers.wake import wake

router = APIRouter(prefix="/api/v1/cases", tags=["cases"], route_class=StrictRoute)
PAUSES = (0.02, 0.05, 0.1, 0.2)  # seconds between looks for a decision; the last one stays
_DATED = re.compile(r"[0-9]{4}-")
_ABOUT_MOVED = (
    "Instead of the queue: the cases that moved since, each as it is now and in the order in which they did. `next` of "
    "the page before, 0 for all from the first, or a moment with its zone. Goes with `submitter`, `limit`, "
    "`fields` and `lang` alone; what was decided together comes together, also beyond the limit"
)
_PENDING: dict[int | str, dict[str, Any]] = {202: {"model": PendingCaseView, "description": "Not decided yet"}}


@router.post(
    "",
    response_model=CaseView,
    responses={
        201: {"model": CaseView, "description": "Decided: a new case, or new facts of one"},
        **_PENDING,
        **problems(400, 401, 403, 410, 413, 415, 422),
    },
    openapi_extra=body_of_case(),
)
async def submit_case(
    request: Request,
    viewer: Writer,
    now: NowDep,
    as_of: AsOf = None,
    submitter: Whose = None,
    wait: Annotated[float, Query(ge=0, le=30, description="Seconds to wait for the decision")] = 5.0,
    strict: Strict = False,
    key: Key = None,
) -> Response:
    """Hand in one case and wait for its decision. The same facts again (200) are the same case as before."""
    state = request.app.state
    given, digest = await bodies.one_object(request)
    asked = BatchTerms(as_of=as_of, submitter=submitter, strict=strict)
    once = once_of(request, key, digest)
    handed_in = await run_in_threadpool(_hand_in, request, viewer, given, asked, now, once)
    end, pauses = time.monotonic() + wait, iter(PAUSES)
    while True:
        found = await run_in_threadpool(_answer, state.engine, state.vault, handed_in.batch_id)
        if isinstance(found, CaseView) or found.status == "failed" or time.monotonic() >= end:
            break
        await sleep(min(next(pauses, PAUSES[-1]), max(0.0, end - time.monotonic())))
    status = 202 if isinstance(found, PendingCaseView) else 201 if handed_in.accepted else 200
    told = found.model_copy(update={"unused": handed_in.unused})
    replayed = {REPLAYED: "true"} if handed_in.replayed else {}
    return answer(told, status, {"Location": address_of(found.case_ref), **replayed})


@dataclass(frozen=True)
class _HandedIn:
    """A case as a batch of its own, new or of the same request before, and the keys that are no fact."""

    batch_id: UUID
    accepted: bool
    replayed: bool
    unused: list[str]


def _hand_in(
    request: Request,
    viewer: Viewer,
    given: dict[str, object],
    asked: BatchTerms,
    now: dt.datetime,
    once: SentOnce,
) -> _HandedIn:
    """Submit a case, or find what the same request did before."""
    state = request.app.state
    pack: Pack = state.pack
    try:
        day = day_of(asked.as_of, pack, now)
        with told_of_case(given, pack):
            intake, row = one(given, pack.vocabulary, day)
    except IntakeError as error:
        raise unreadable(error) from None
    if isinstance(row, Rejected):
        row, in_danger = Lookout(pack, intake.columns, intake.mapping).first(row)
        raise of_fields(*row.faults, first=said("row.danger") if in_danger else None)
    if asked.strict:
        refuse_unused(intake.unknown, lambda: in_case(given, pack))
    with begin(state.engine, state.vault, now) as begun:
        work = work_by(viewer, begun, pack)
        known = once.known(work)
        if known is not None and known.batch_id is not None:
            accepted = work.session.get_one(Batch, known.batch_id).accepted > 0
            return _HandedIn(known.batch_id, accepted, replayed=True, unused=intake.unknown)
        done = submit(
            work,
            [row],
            head=Head.of(intake, intake.path.name),
            pack=pack,
            as_of=day,
            submitter=submitter_for(work.session, viewer, asked.submitter),
            chunk_size=settings().chunk_size,
        )
        once.keep_batch(work, done.batch_id)
    wake(done.wakes, state.redis_url)
    return _HandedIn(done.batch_id, done.accepted > 0, replayed=False, unused=intake.unknown)


def _answer(engine: Engine, vault: Vault, batch_id: UUID) -> CaseView | PendingCaseView:
    """What a case handed in alone came to so far, looked at in a session of its own."""
    with session(engine) as opened:
        batch = opened.get_one(Batch, batch_id)
        case = opened.exec(
            select(StoredCase)
            .join(CaseVersion, col(CaseVersion.case_id) == col(StoredCase.id))
            .join(BatchCase, col(BatchCase.case_version_id) == col(CaseVersion.id))
            .where(BatchCase.batch_id == batch_id)
        ).one()
        decided = list(decisions_of_batch(opened, batch_id, vault))  # one, or none yet
        desk = opened.get(WorklistItem, case.id)
        if decided and desk is not None:
            # The current decision, which is another where one for a later day stands: never parts of two.
            return _case_view(opened, decision_on_desk(opened, desk, vault).as_chosen(desk).view(), desk)
        status: Literal["failed", "pending"] = "failed" if batch.status == "complete" else "pending"
        return PendingCaseView(case_ref=case.case_ref, submitter=case.submitter, status=status, batch_id=batch_id)


@router.get("", response_model=Cases, responses=problems(400, 401, 403, 422))
def list_cases(
    viewer: Reader,
    session: SessionDep,
    shown: ShownDep,
    urgency: Urgency | None = None,
    strategy: Line | None = None,
    ref: Annotated[Line | None, Query(description="A part of the reference")] = None,
    crisis: Annotated[
        Literal["all", "no_contact"] | None, Query(description="Crises, of the case itself or of its borrower")
    ] = None,
    submitter: Whose = None,
    after: Annotated[str | None, Query(max_length=64, description="`next` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    updated_after: Annotated[str | None, Query(max_length=40, description=_ABOUT_MOVED)] = None,
) -> Response:
    """Decided cases, crises first, then by urgency: a submitter's own, everybody's for counsellors."""
    shown.check(CaseSummary)
    whose = None if viewer.submitter is None and submitter is None else submitter_for(session, viewer, submitter)
    if updated_after is not None:
        narrowed = {"urgency": urgency, "strategy": strategy, "ref": ref, "crisis": crisis, "after": after}
        if given := [name for name, value in narrowed.items() if value is not None]:
            raise of_fields(*(FieldError.of(name, said("query.not_with")) for name in given))
        return _page(shown, _moved(session, updated_after, whose, limit))
    try:
        place = None if after is None else queue.QueueCursor.parse(after)
    except ForbearError:
        raise ProblemError(400, "cursor") from None
    page = queue.page(
        session,
        QueueFilter(urgency, () if strategy is None else (strategy,), ref, whose, statuses=STATUSES, crisis=crisis),
        place,
        limit,
    )
    last = page.next is None
    found = Cases(cases=_summaries(session, page.entries), next=None if last else str(page.next), last=last)
    return _page(shown, found)


def _page(shown: AnswerParts, found: Cases) -> Response:
    return Response(shown.page(found, "cases"), media_type="application/json")


def _moved(session: Session, since: str, whose: str | None, limit: int) -> Cases:
    """Cases that moved since, each as it is now."""
    place = _place(since)
    entry = place if isinstance(place, int) else changes.entry_at(session, place)
    moved = changes.after(session, entry, whose, limit)
    return Cases(cases=_summaries(session, queue.rows(session, moved.cases)), next=str(moved.next), last=moved.last)


def _place(written: str) -> int | dt.datetime:
    """An entry of the ledger, as a page before gave it, or a moment."""
    if re.fullmatch(r"[0-9]{1,18}", written):
        return int(written)
    try:
        moment = TypeAdapter(AwareDatetime).validate_python(written) if _DATED.match(written) else None
    except ValidationError:
        moment = None
    if moment is None:
        raise of_fields(FieldError.of("updated_after", said("query.no_place")))
    return moment


@router.get("/{ref:path}", response_model=CaseView, responses={**_PENDING, **problems(401, 403, 404, 409, 410, 422)})
def show_case(work: ReaderWork, shown: ShownDep, ref: str, submitter: Whose = None) -> Response:
    """A case by its current decision, and where it stands. The reference is percent-encoded in the address."""
    shown.check(CaseView)
    return case_answer(work, ref, submitter, shown)


def case_answer(work: ViewerWork, ref: str, submitter: str | None, shown: AnswerParts | None = None) -> Response:
    """The same for whichever address led to it."""
    session = work.session
    case = find(session, work.viewer, ref, submitter)
    desk = session.get(WorklistItem, case.id)
    if desk is None:
        newest = session.exec(_newest(case.id)).one()
        waiting = PendingCaseView(
            case_ref=case.case_ref, submitter=case.submitter, status="pending", batch_id=newest.batch_id
        )
        return answer(waiting, 202)
    view = decision_on_desk(session, desk, work.vault).as_chosen(desk).view()
    return answer(_case_view(session, view, desk), shown=shown)


def find(session: Session, viewer: Viewer, ref: str, submitter: str | None) -> StoredCase:
    """The case of this reference that a viewer may see; where several submitters use it, they are to be told apart."""
    query = select(StoredCase).where(StoredCase.case_ref == ref)
    if viewer.submitter is not None or submitter is not None:
        query = query.where(StoredCase.submitter == submitter_for(session, viewer, submitter))
    found = [] if "\0" in ref else session.exec(query.order_by(col(StoredCase.submitter)).limit(20)).all()
    if not found:
        raise ProblemError(404, "no_case")
    if len(found) > 1:
        raise ProblemError(409, "ambiguous", members={"submitters": [case.submitter for case in found]})
    return found[0]


def _newest(case_id: int) -> Any:
    return select(CaseVersion).where(CaseVersion.case_id == case_id).order_by(col(CaseVersion.number).desc()).limit(1)


def answer(
    body: BaseModel, status: int = 200, headers: dict[str, str] | None = None, shown: AnswerParts | None = None
) -> Response:
    """What is answered, written once: it was checked when it was made."""
    text = body.model_dump_json() if shown is None else shown.line(body)
    response = Response(text, status, headers, "application/json")
    if isinstance(body, DeskState):
        response.headers["ETag"] = tag(bytes(response.body), body.revision)
    return response


def _case_view(session: Session, view: DecisionView, desk: WorklistItem) -> CaseView:
    made = {"outdated", "unused", "updated_at"}
    kept = {name: getattr(desk, name) for name in DeskState.model_fields if name not in made}
    return CaseView(
        **{**dict(view), "urgency": desk.urgency},
        **kept,
        outdated=is_outdated(session, desk),
        updated_at=changes.updated(session, [desk.case_id])[desk.case_id],
    )


def _summaries(session: Session, entries: Sequence[queue.QueueRow]) -> list[CaseSummary]:
    updated = changes.updated(session, [each.case.case_id for each in entries])
    ids = [each.case.decision_id for each in entries if each.case.decision_id is not None]
    stored = facts_of(session, ids)
    made = {"address", "strategy_label", "outdated", "updated_at", "facts"}
    return [
        CaseSummary(
            **{name: getattr(each.case, name) for name in CaseSummary.model_fields if name not in made},
            address=address_of(each.case.case_ref),
            strategy_label=each.title,
            outdated=each.outdated,
            updated_at=updated[each.case.case_id],
            facts=_facts(each.pack, stored.get(each.case.decision_id or 0, {})),
        )
        for each in entries
    ]


def _facts(pack: Pack, stored: Mapping[str, object]) -> dict[str, FactView]:
    return facts_view(pack, read_facts(pack.vocabulary, stored, lenient=True))
