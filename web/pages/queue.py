"""The queue page: who needs a counsellor, most urgent first."""

from functools import partial
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.responses import RedirectResponse

from forbear import queue
from forbear.errors import ForbearError
from rules.schema import Urgency
from web import render, twins
from web.auth import SignedIn
from web.deps import NowDep, SessionDep

router = APIRouter()
_Text = Annotated[str | None, Query(max_length=64)]


@router.get("/")
def show_queue(
    request: Request,
    viewer: SignedIn,
    session: SessionDep,
    now: NowDep,
    urgency: Urgency | None = None,
    strategy: _Text = None,
    ref: _Text = None,
    after: _Text = None,
) -> Response:
    """Cases, most urgent first, with filters and counts."""
    chosen = queue.Filter(urgency, strategy or None, (ref or "").strip() or None, viewer.submitter)
    try:
        place = queue.Place.parse(after) if after else None
    except ForbearError:
        raise HTTPException(400) from None
    listed, counts, waiting = queue.page(session, chosen, place), queue.counts(session, chosen), queue.waiting(session)
    link = partial(_queue_link, chosen)
    values = {
        "listed": listed, "counts": counts, "chosen": chosen, "link": link, "now": now, "waiting": waiting,
        "later": place is not None,
    }  # fmt: skip
    return render.page(request, "queue.html", values, twins.queue(listed, counts, waiting, link))


@router.get("/cases")
def find_case(
    viewer: SignedIn, session: SessionDep, ref: Annotated[str, Query(min_length=1, max_length=64)]
) -> Response:
    """The case with exactly this reference; the queue searched for it if there is none, or several use it."""
    found = queue.find(session, ref, viewer.submitter)
    address = f"/cases/{found[0]}" if len(found) == 1 else _queue_link(queue.Filter(case_ref=ref))
    return RedirectResponse(address, status_code=303)


def _queue_link(chosen: queue.Filter, **changes: Any) -> str:
    """The address of the queue with this filter, some of it changed."""
    query = {"urgency": chosen.urgency, "strategy": chosen.strategy, "ref": chosen.case_ref, **changes}
    given = urlencode({name: value for name, value in query.items() if value is not None})
    return f"/?{given}" if given else "/"
