"""What a person does on a case: each form of the case page comes here, and leads back to the page.

A form carries the revision of the case it was made for. If the case has changed since, nothing is done: the page is
shown again as the case stands now, with what was typed. The same form sent twice is done once.
"""

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from forbear.accounts.accounts import ViewerWork, work_by
from forbear.case import acting
from forbear.case.action_fields import Field
from forbear.case.actions import ACTIONS, Action
from forbear.case.corrections import Correction
from forbear.case.decided_case import PendingCase
from forbear.case.workflow import CaseContext, RefusedError
from forbear.desk import review
from forbear.desk.review import StaleError
from forbear.ledger.unit_of_work import begin
from web.auth import CounsellorWork, OurForm
from web.pages.case import patience
from web.pages.case.case import RowId, opened
from web.views.case import case_page
from web.views.forms import Forms, Sent
from workers.wake import wake

router = APIRouter(dependencies=[OurForm])


async def _sent(request: Request) -> Sent:
    """The form, under the name of its action; the questions and the facts are two forms of one action."""
    fields = await request.form()
    name = fields.get("form")
    return Sent(name if isinstance(name, str) and name else request.url.path.rsplit("/", 1)[-1], fields)


@dataclass(frozen=True)
class _Doing:
    """Everything an action needs."""

    request: Request
    work: ViewerWork
    case_id: int
    sent: Sent

    @property
    def revision(self) -> int:
        """The revision the form was made for. A form without one is as stale as can be."""
        return self.sent.number("revision") or 0

    @property
    def fingerprint(self) -> str:
        """A keyed hash of the form: tells whether the very same was sent before, and nothing else."""
        fields = [(key, value) for key, value in self.sent.fields.multi_items() if isinstance(value, str)]
        return self.work.vault.mac(json.dumps([self.sent.form, self.case_id, fields]).encode())[:12].hex()


async def _doing(
    request: Request, work: CounsellorWork, case_id: RowId, sent: Annotated[Sent, Depends(_sent)]
) -> _Doing:
    return _Doing(request, work, case_id, sent)


_DoingDep = Annotated[_Doing, Depends(_doing)]


def _route(action: Action) -> Callable[[_Doing], Response]:
    """The address that the forms of an action are sent to."""

    def answer(doing: _DoingDep) -> Response:
        return _act(action, doing)

    answer.__doc__ = action.about
    return answer


for _name, _action in ACTIONS.items():
    router.add_api_route(f"/cases/{{case_id}}/{_name}", _route(_action), methods=["POST"], name=_name)


@router.post("/cases/{case_id}/undo")
def take_back(doing: _DoingDep) -> Response:
    """Take back what one did last, within a minute, while nothing else has happened."""
    try:
        acting.undo(doing.work, doing.case_id, doing.revision)
    except (RefusedError, StaleError):
        doing.work.roll_back()
        return RedirectResponse(f"/cases/{doing.case_id}?told=undo", status_code=303)
    return RedirectResponse(f"/cases/{doing.case_id}?done=undo", status_code=303)


def _act(action: Action, doing: _Doing) -> Response:
    """Do what was chosen on the case as it stands, or show the page again with what is in the way.

    In a unit of work of its own: where new facts came in, a worker is woken, and waited for, only once they are
    committed.
    """
    state, work = doing.request.app.state, doing.work
    work.session.close()  # nobody holds a connection while waiting
    try:
        with begin(state.engine, work.vault, work.now) as begun:
            own = work_by(work.viewer, begun, work.pack)
            given, noted = partial(_given, action, doing.sent), {"form": doing.fingerprint}
            done = acting.act(own, doing.case_id, doing.revision, action, given, noted)
            wakes = done.act.submitted.wakes if isinstance(done.act, Correction) else ()
    except (RefusedError, StaleError) as error:
        return _again(doing, error)
    if wakes:
        wake(wakes, state.redis_url)
        patience.wait(state.engine, wakes)
    return _back(doing)


def _given(action: Action, sent: Sent, at: CaseContext) -> dict[str, Any]:
    """A value for each field of an action, from its form."""
    return {field.name: _value(field, sent, at) for field in action.fields}


def _value(field: Field, sent: Sent, at: CaseContext) -> Any:
    match field.kind:
        case "day":
            return sent.date(field.name)
        case "until":  # one of the presets, or any other day
            days = sent.number("days")
            return sent.date(field.name) or (None if days is None else at.today + dt.timedelta(days=days))
        case "call":  # so many minutes from now, or a moment of its own
            minutes = sent.number("call_in")
            return sent.instant(field.name, at.zone) or (minutes and at.now + dt.timedelta(minutes=minutes)) or None
        case "questions" | "papers":
            return sent.all(field.name)
        case "facts":
            return sent.cells()
        case "confirmed":
            return bool(sent.text(field.name))
        case _:
            return sent.text(field.name)


def _again(doing: _Doing, error: RefusedError | StaleError) -> Response:
    """The page as the case stands now, with what was typed; back to it at once if this very form was done before."""
    work = doing.work
    stale = isinstance(error, StaleError)
    if stale and review.done_already(work.session, work.viewer, doing.case_id, doing.fingerprint):
        return _back(doing)
    work.roll_back()
    case = opened(work, doing.case_id)
    if isinstance(case, PendingCase):
        raise HTTPException(404)
    errors = () if isinstance(error, StaleError) else error.errors
    return case_page(doing.request, work, case, Forms(doing.sent, errors), stale=stale, status=409 if stale else 422)


def _back(doing: _Doing) -> Response:
    return RedirectResponse(f"/cases/{doing.case_id}?done={doing.sent.form}", status_code=303)
