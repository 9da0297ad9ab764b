"""The queue's query: a filter of the queue as its address says it, and the links that change one of them."""

import datetime as dt
from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl, urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import Depends, HTTPException, Request, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from forbear.accounts.accounts import Viewer
from forbear.desk.filters import QueueFilter
from forbear.desk.queue import Sort
from models.desk import STATUSES, TO_DO
from rules.pack.files.schema import Urgency

Status = Literal["todo", "all", "open", "escalated", "reviewed", "waiting", "snoozed", "closed"]
Due = Literal["overdue", "soon", "today", "week"]
AGES = (1, 3, 7, 14, 30)  # days to choose from
_COOKIE = "queue"
_Word = Annotated[str, Field(max_length=64, pattern=r"^[^\x00]*$")]  # PostgreSQL keeps no NUL


class QueueQuery(BaseModel):
    """What the address may say; what it does not say is left open, and what is none of it is ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    ref: _Word | None = None
    urgency: Urgency | None = None
    status: Status | None = None
    strategy: Annotated[str, Field(max_length=1000, pattern=r"^[^\x00]*$")] | None = None  # several with commas
    due: Due | None = None
    assignee: Annotated[str, Field(pattern=r"^(me|nobody|[1-9][0-9]{0,17})$")] | None = None
    team: Annotated[str, Field(pattern=r"^(mine|[1-9][0-9]{0,17})$")] | None = None
    product: _Word | None = None
    bucket: _Word | None = None
    age: Annotated[int, Field(ge=1, le=36_500)] | None = None
    batch: UUID | None = None
    uncertain: bool | None = None
    disagree: bool | None = None
    changed: bool | None = None
    failed: bool | None = None
    crisis: Literal["all", "no_contact", "call_due", "possible"] | None = None
    sort: Sort | None = None  # crises stay first

    @field_validator("*", mode="before")
    @classmethod
    def _blank_is_open(cls, value: object) -> object:
        """A form sends a blank for what nobody chose."""
        return (value.strip() or None) if isinstance(value, str) else value

    @classmethod
    def parse(cls, query: str) -> "QueueQuery":
        """The terms that `query` wrote. Raises ValidationError."""
        return cls.model_validate(dict(parse_qsl(query[:2000])))

    @property
    def which(self) -> Status:
        """The status asked for: all where a reference is searched for, else what waits for a counsellor."""
        return self.status or ("all" if self.ref else "todo")

    @property
    def narrows(self) -> bool:
        """Whether any cases are left out."""
        return bool(self.given.keys() - {"sort"})

    @property
    def strategies(self) -> tuple[str, ...]:
        """The strategies asked for, each once."""
        return tuple(dict.fromkeys(filter(None, (self.strategy or "").split(","))))

    @property
    def given(self) -> dict[str, Any]:
        """The terms that are set, by name."""
        return {name: value for name, value in self if value not in (None, False)}

    def filter(self, viewer: Viewer, now: dt.datetime, zone: str) -> QueueFilter:
        """The cases meant, seen by this viewer at this moment; days begin and end in this time zone."""
        groups = {"todo": TO_DO, "all": STATUSES}
        whose: dict[str, int | Literal["nobody"]] = {"me": viewer.account_id, "nobody": "nobody"}
        return QueueFilter(
            urgency=self.urgency,
            strategies=self.strategies,
            case_ref=self.ref,
            submitter=viewer.submitter,
            statuses=groups.get(self.which, (self.which,)),
            product=self.product,
            bucket=self.bucket,
            batch=self.batch,
            assignee=None if self.assignee is None else whose.get(self.assignee) or int(self.assignee),
            team=None if self.team in (None, "mine") else int(self.team),
            team_of=viewer.account_id if self.team == "mine" else None,
            due_before=None if self.due is None else _end(self.due, now, ZoneInfo(zone)),
            due_from=now if self.due == "soon" else None,
            call_before=now if self.crisis == "call_due" else None,
            received_before=None if self.age is None else now - dt.timedelta(days=self.age),
            uncertain=bool(self.uncertain),
            disagree=bool(self.disagree),
            changed=bool(self.changed),
            failed=bool(self.failed),
            crisis=self.crisis,
        )

    def query(self, **changes: Any) -> str:
        """The address's part after the question mark, some of it changed; None takes a term away."""
        terms = self.given | changes
        return urlencode({name: _written(value) for name, value in terms.items() if value not in (None, False)})

    def link(self, **changes: Any) -> str:
        """The address of the queue with these terms, some of them changed."""
        query = self.query(**changes)
        return f"/?{query}" if query else "/"


def _end(due: Due, now: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """Overdue: now. Today and this week: the midnight that ends them, in the time zone of the people."""
    if due in ("overdue", "soon"):
        return now if due == "overdue" else now + dt.timedelta(days=1)
    today = now.astimezone(zone).date()
    days = 1 if due == "today" else 7 - today.weekday()
    return dt.datetime.combine(today + dt.timedelta(days=days), dt.time(), zone)


def _written(value: object) -> object:
    return 1 if value is True else value


async def _terms(request: Request) -> QueueQuery:
    """The terms of the address; a form sends each of several strategies by itself."""
    several = ",".join(filter(None, request.query_params.getlist("strategy")))
    try:
        return QueueQuery.model_validate({**dict(request.query_params), "strategy": several})
    except ValidationError:
        raise HTTPException(400) from None


def keep(response: Response, terms: QueueQuery, request: Request) -> Response:
    """The answer that lets the pages of cases lead back to the queue as it was filtered."""
    query = terms.query()
    if query != request.cookies.get(_COOKIE, ""):
        secure = request.url.scheme == "https"
        response.set_cookie(_COOKIE, query, httponly=True, secure=secure, samesite="lax")
    return response


def kept(request: Request) -> QueueQuery:
    """The queue that was looked at last in this browser; all of it where that is not known."""
    try:
        return QueueQuery.parse(request.cookies.get(_COOKIE, ""))
    except ValidationError:
        return QueueQuery()


QueueQueryDep = Annotated[QueueQuery, Depends(_terms)]
