"""Events: what happened to cases, in order, for a program that keeps its own record in step."""

import datetime as dt
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from forbear.webhooks import feed
from rules.pack.files.schema import Urgency
from web.api.auth import Reader, submitter_for
from web.api.batches import Whose
from web.api.schemas.cases import Shape
from web.api.schemas.events import ActionDone
from web.api.wire.describe import problems
from web.api.wire.strict import StrictRoute
from web.deps import SessionDep

router = APIRouter(prefix="/api/v1/events", tags=["events"], route_class=StrictRoute)


class EventView(Shape):
    """A decision on a case, or something that somebody did on it. What it is about is asked for at its address."""

    seq: int
    at: dt.datetime
    kind: Literal["decision", "review"]
    case_ref: str
    submitter: str
    decision_id: int | None = Field(description="The decision, or the one that was on the screen")
    strategy: str | None = Field(description="Recommended by the decision, or chosen by the review")
    urgency: Urgency | None = Field(description="Of a decision")
    action: ActionDone | None = Field(description="Of a review")
    reason: str | None = Field(description="Of a review: why, or what came of it")


class Events(Shape):
    """What happened after a number, oldest first. A page may hold none of one's own and go on all the same."""

    events: list[EventView]
    next: int = Field(description="For `after` of the next request, now or later")
    last: bool = Field(description="Nothing more had happened when this was answered")


@router.get("", responses=problems(401, 403, 422))
def list_events(
    viewer: Reader,
    session: SessionDep,
    after: Annotated[int, Query(ge=0, lt=2**63, description="`next` of the page before; 0 begins at the first")] = 0,
    submitter: Whose = None,
) -> Events:
    """Every decision and every review since, each once, in one order that never changes."""
    whose = None if viewer.submitter is None and submitter is None else submitter_for(session, viewer, submitter)
    page = feed.page(session, after, whose)
    events = [EventView(**{name: getattr(each, name) for name in EventView.model_fields}) for each in page.events]
    return Events(events=events, next=page.next, last=page.last)
