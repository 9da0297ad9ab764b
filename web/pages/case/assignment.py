"""Taking cases: the next one, some chosen ones for somebody, and giving one back. Forms of the queue and the case."""

import datetime as dt
import re
from typing import Annotated, Any

from fastapi import APIRouter, Form, HTTPException, Path, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from forbear.accounts.accounts import ViewerWork
from forbear.case import acting
from forbear.case.actions import ACTIONS
from forbear.desk import assignment, saved_filters
from web.auth import CounsellorWork, OurForm, SignedIn
from web.deps import SessionDep
from web.views.queue_columns import COLUMNS, QueueColumns
from web.views.queue_query import QueueQuery

router = APIRouter()
_CASE = re.compile(r"([1-9][0-9]{0,17}):([1-9][0-9]{0,8})")  # its id, and its revision as it was seen
_Filters = Annotated[str, Form(max_length=2000)]
Revision = Annotated[int, Form(ge=1, lt=2**31)]
RowId = Annotated[int, Path(ge=1, lt=2**63)]


@router.post("/queue/take", dependencies=[OurForm])
def take(work: CounsellorWork, terms: _Filters = "") -> Response:
    """Take the most urgent free case of the filter on the screen, and open it."""
    asked = _parsed(terms)
    case = assignment.take_next(work, asked.filter(work.viewer, work.now, work.pack.manifest.timezone))
    return _to(asked.link(none=1) if case is None else f"/cases/{case.case_id}")


@router.post("/queue/assign", dependencies=[OurForm])
def assign(
    work: CounsellorWork,
    assignee: Annotated[str, Form(pattern=r"^(me|nobody|[1-9][0-9]{0,17})$")],
    case: Annotated[list[str] | None, Form(max_length=assignment.AT_ONCE)] = None,
    terms: _Filters = "",
) -> Response:
    """Assign the ticked cases to somebody, or give them back; told what became of each."""
    wanted, asked = _wanted(case), _parsed(terms)
    whom = {"me": work.viewer.account_id, "nobody": None}
    try:
        came = assignment.assign(work, wanted, whom[assignee] if assignee in whom else int(assignee))
    except assignment.NobodyError:
        raise HTTPException(403) from None
    return _to(asked.link(done=str(came.done), **came.refused))


@router.post("/queue/snooze", dependencies=[OurForm])
def snooze(
    work: CounsellorWork,
    snooze_reason: str = Form("", max_length=64),
    snooze_until: str = Form("", max_length=10),
    case: Annotated[list[str] | None, Form(max_length=assignment.AT_ONCE)] = None,
    terms: _Filters = "",
) -> Response:
    """Put the ticked cases aside until a day; told on how many it was done."""
    try:
        until = dt.date.fromisoformat(snooze_until)
    except ValueError:
        until = None
    return _all(work, "snooze", case, terms, {"until": until, "reason": snooze_reason, "words": ""})


@router.post("/queue/escalate", dependencies=[OurForm])
def escalate(
    work: CounsellorWork,
    escalate_reason: str = Form("", max_length=64),
    escalate_words: str = Form("", max_length=2000),
    case: Annotated[list[str] | None, Form(max_length=assignment.AT_ONCE)] = None,
    terms: _Filters = "",
) -> Response:
    """Leave the ticked cases to the supervisors; told on how many it was done."""
    return _all(work, "escalate", case, terms, {"reason": escalate_reason, "words": escalate_words})


@router.post("/queue/columns", dependencies=[OurForm])
def columns(
    request: Request,
    _viewer: SignedIn,
    column: Annotated[list[str] | None, Form(max_length=len(COLUMNS))] = None,
    dense: bool = Form(default=False),
    terms: _Filters = "",
) -> Response:
    """Which columns the queue has in this browser, and how close its rows stand."""
    shown = tuple(name for name in COLUMNS if name in (column or ()))
    return QueueColumns(shown, dense).keep(request, _to(_parsed(terms).link()))


@router.post("/cases/{case_id}/take", dependencies=[OurForm])
def take_one(work: CounsellorWork, case_id: RowId, revision: Revision) -> Response:
    """Take this case."""
    return _to(_case(case_id, assignment.assign(work, [(case_id, revision)], work.viewer.account_id)))


@router.post("/cases/{case_id}/release", dependencies=[OurForm])
def release(work: CounsellorWork, case_id: RowId, revision: Revision) -> Response:
    """Give this case back, for anybody to take."""
    return _to(_case(case_id, assignment.assign(work, [(case_id, revision)], None)))


@router.post("/queue/filters", dependencies=[OurForm])
def save_filter(
    viewer: SignedIn,
    session: SessionDep,
    name: Annotated[str, Form(min_length=1, max_length=64, pattern=r"^[^\x00]*\S[^\x00]*$")],
    terms: _Filters = "",
    shared: bool = Form(default=False),
) -> Response:
    """Keep the filter on the screen under a name, for oneself or for colleagues too."""
    asked = _parsed(terms)
    try:
        saved_filters.save(session, viewer, name.strip(), asked.query(), shared=shared)
    except saved_filters.TooManyError:
        return _to(asked.link(full=1))
    return _to(asked.link())


@router.post("/queue/filters/{filter_id}/delete", dependencies=[OurForm])
def forget_filter(viewer: SignedIn, session: SessionDep, filter_id: RowId, terms: _Filters = "") -> Response:
    """Delete a kept filter: one's own, or as a supervisor one that is shared."""
    saved_filters.forget(session, viewer, filter_id)
    return _to(_parsed(terms).link())


def _wanted(case: list[str] | None) -> list[tuple[int, int]]:
    """The ticked cases, each with the revision it was seen at."""
    found = [_CASE.fullmatch(each) for each in case or ()]
    wanted = [(int(match[1]), int(match[2])) for match in found if match]
    if len(wanted) < len(found):
        raise HTTPException(400)
    return wanted


def _all(work: ViewerWork, name: str, case: list[str] | None, terms: str, given: dict[str, Any]) -> Response:
    done, refused = acting.act_on_all(work, _wanted(case), ACTIONS[name], given)
    return _to(_parsed(terms).link(acted=str(done), refused=refused or None))


def _case(case_id: int, came: assignment.Assigned) -> str:
    """The page of the case as it is now; `told` says why nothing was done."""
    why = next((reason for reason, cases in came.refused.items() if cases), None)
    return f"/cases/{case_id}" if why is None else f"/cases/{case_id}?told={why}"


def _parsed(terms: str) -> QueueQuery:
    try:
        return QueueQuery.parse(terms)
    except ValidationError:
        raise HTTPException(400) from None


def _to(address: str) -> Response:
    return RedirectResponse(address, status_code=303)
