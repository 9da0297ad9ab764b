"""What a person does on a case: each form of the case page comes here, and leads back to the page.

A form carries the revision of the case it was made for. If the case has changed since, nothing is done: the page is
shown again as the case stands now, with what was typed. The same form sent twice is done once.
"""

import datetime as dt
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from forbear.accounts.accounts import ViewerWork, work_by
from forbear.batch import chunks
from forbear.case import actions, corrections, decided_case, timeline
from forbear.case.workflow import CaseContext, RefusedError
from forbear.desk import review
from forbear.desk.review import Act, StaleError
from forbear.ledger.unit_of_work import begin
from models.desk import WorklistItem
from models.session import session
from web.auth import CounsellorWork, OurForm
from web.pages.case.case import RowId, opened
from web.views.case import Looking, case_page
from web.views.forms import Forms, Sent
from workers.wake import wake

router = APIRouter(dependencies=[OurForm])
_PATIENCE = 5.0  # seconds that somebody waits for the new decision before the page comes without it
_PAUSE = 0.1


async def _sent(request: Request) -> Sent:
    """The form, under the name of its action; the questions and the facts are two forms of one action."""
    fields = await request.form()
    name = fields.get("form")
    return Sent(name if isinstance(name, str) and name else request.url.path.rsplit("/", 1)[-1], fields)


@dataclass(frozen=True)
class _Doing:
    """Everything an action needs."""

    looking: Looking
    case_id: int
    sent: Sent

    @property
    def revision(self) -> int | None:
        """The revision the form was made for. A form without one is as stale as can be."""
        return self.sent.number("revision") or 0

    @property
    def fingerprint(self) -> str:
        """A keyed hash of the form: tells whether the very same was sent before, and nothing else."""
        fields = [(key, value) for key, value in self.sent.fields.multi_items() if isinstance(value, str)]
        return self.looking.vault.mac(json.dumps([self.sent.form, self.case_id, fields]).encode())[:12].hex()


def _doing(
    request: Request,
    work: CounsellorWork,
    case_id: RowId,
    sent: Annotated[Sent, Depends(_sent)],
) -> _Doing:
    return _Doing(Looking(request, work), case_id, sent)


_DoingDep = Annotated[_Doing, Depends(_doing)]


@router.post("/cases/{case_id}/accept")
def accept(doing: _DoingDep) -> Response:
    """The recommendation is right."""
    sent = doing.sent
    return _act(doing, lambda at: actions.accept(at, sent.date("follow_up"), sent.text("words")))


@router.post("/cases/{case_id}/override")
def override(doing: _DoingDep) -> Response:
    """Another strategy is chosen, with a reason."""
    sent = doing.sent
    return _act(
        doing,
        lambda at: actions.override(
            at,
            sent.text("strategy"),
            sent.text("reason"),
            sent.text("words"),
            confirmed=bool(sent.text("confirmed")),
            follow_up=sent.date("follow_up"),
        ),
    )


@router.post("/cases/{case_id}/ask")
def ask(doing: _DoingDep) -> Response:
    """The borrower is asked; the case waits."""
    sent = doing.sent
    return _act(doing, lambda at: actions.ask(at, sent.all("questions"), sent.date("follow_up"), sent.text("words")))


@router.post("/cases/{case_id}/escalate")
def escalate(doing: _DoingDep) -> Response:
    """The case goes to the supervisors."""
    sent = doing.sent
    return _act(doing, lambda at: actions.escalate(at, sent.text("reason"), sent.text("words")))


@router.post("/cases/{case_id}/snooze")
def snooze(doing: _DoingDep) -> Response:
    """The case is put aside until a day: one of the presets, or any other."""
    sent = doing.sent

    def until(at: CaseContext) -> dt.date | None:
        days = sent.number("days")
        return sent.date("until") or (None if days is None else at.today + dt.timedelta(days=days))

    return _act(doing, lambda at: actions.snooze(at, until(at), sent.text("reason"), sent.text("words")))


@router.post("/cases/{case_id}/resume")
def resume(doing: _DoingDep) -> Response:
    """The case is open again."""
    return _act(doing, lambda at: actions.resume(at, doing.sent.text("words")))


@router.post("/cases/{case_id}/outcome")
def outcome(doing: _DoingDep) -> Response:
    """What came of it is noted."""
    sent = doing.sent
    return _act(
        doing,
        lambda at: actions.outcome(
            at, sent.text("outcome"), sent.text("why"), sent.date("follow_up"), sent.text("words")
        ),
    )


@router.post("/cases/{case_id}/document")
def document(doing: _DoingDep) -> Response:
    """Papers are ticked or unticked."""

    def act(at: CaseContext) -> Act | None:
        before = timeline.ticked(review.timeline(doing.looking.session, doing.case_id))
        return actions.documents(at, doing.sent.all("have"), before)

    return _act(doing, act)


@router.post("/cases/{case_id}/answer")
def answer(doing: _DoingDep) -> Response:
    """Questions are answered or facts corrected: a new version, decided at once if a worker is there.

    In a session of its own, because a worker is woken, and waited for, only once the version is committed.
    """
    looking = doing.looking
    engine = looking.request.app.state.engine
    looking.session.close()  # nobody holds a connection while waiting
    try:
        with begin(engine, looking.vault, looking.now) as begun:
            work = work_by(looking.viewer, begun, looking.pack)
            standing = _standing(work, doing)
            answered = corrections.answer(work, standing, doing.sent.cells(), doing.sent.text("words"))
            _perform(work, doing, standing.case, answered.act)
    except (RefusedError, StaleError) as error:
        return _again(doing, error)
    wakes = answered.submitted.wakes
    wake(wakes, looking.request.app.state.redis_url)
    _wait(lambda: _decided(doing, wakes))
    return _back(doing)


def _act(doing: _Doing, choose: Callable[[CaseContext], Act | None]) -> Response:
    """Do what was chosen on the case as it stands, or show the page again with what is in the way."""
    looking = doing.looking
    try:
        standing = _standing(looking.work, doing)
        act = choose(standing)
    except (RefusedError, StaleError) as error:
        return _again(doing, error)
    if act is not None:
        _perform(looking.work, doing, standing.case, act)
    return _back(doing)


def _standing(work: ViewerWork, doing: _Doing) -> CaseContext:
    """The case, locked, as the form saw it."""
    case = review.take_case(work.session, work.viewer, doing.case_id, doing.revision)
    decided = decided_case.decided_on(work.session, case.case_id, case.decision_id, work.vault)
    assert decided is not None  # noqa: S101 - a foreign key
    return CaseContext(work.viewer, case, decided, work.now)


def _perform(work: ViewerWork, doing: _Doing, case: WorklistItem, act: Act) -> None:
    noted = Act(**{**vars(act), "detail": {**(act.detail or {}), "form": doing.fingerprint}})
    review.perform(work, case, noted)


def _again(doing: _Doing, error: RefusedError | StaleError) -> Response:
    """The page as the case stands now, with what was typed; back to it at once if this very form was done before."""
    looking = doing.looking
    stale = isinstance(error, StaleError)
    if stale and review.done_already(looking.session, looking.viewer, doing.case_id, doing.fingerprint):
        return _back(doing)
    looking.work.roll_back()
    file = opened(looking, doing.case_id)
    if file.judgement is None:
        raise HTTPException(404)
    errors = () if isinstance(error, StaleError) else error.errors
    return case_page(looking, file, Forms(doing.sent, errors), stale=stale, status=409 if stale else 422)


def _back(doing: _Doing) -> Response:
    return RedirectResponse(f"/cases/{doing.case_id}?done={doing.sent.form}", status_code=303)


def _decided(doing: _Doing, wakes: tuple[chunks.Wake, ...]) -> bool:
    """Whether the chunks of a correction are done with: a fresh session sees what the worker committed."""
    with session(doing.looking.request.app.state.engine) as fresh:
        return not chunks.pending(fresh, [each.chunk_id for each in wakes])


def _wait(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + _PATIENCE
    while not condition() and time.monotonic() < end:
        time.sleep(_PAUSE)
