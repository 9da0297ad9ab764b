"""The queue page: who needs a counsellor, most urgent first."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session

from forbear.accounts import teams
from forbear.accounts.accounts import ViewerWork
from forbear.accounts.teams import ListedTeam
from forbear.base.errors import ForbearError
from forbear.case.actions import ACTIONS
from forbear.conversation import saying
from forbear.desk import assignment, changes, counting, queue, saved_filters
from forbear.desk.assignment import Assignee
from forbear.desk.filters import QueueFilter
from models.desk import STATUSES
from rules.facts import case_facts
from rules.pack.pack import Pack
from web import language
from web.auth import SignedIn, SignedInWork
from web.deps import SessionDep
from web.views import queue_query, render
from web.views.queue_columns import QueueColumns
from web.views.queue_query import AGES, QueueQuery, QueueQueryDep
from web.views.time_left import due, span

router = APIRouter()


@dataclass(frozen=True)
class Tools:
    """What a counsellor's queue has beside the list."""

    saved: list[saved_filters.ListedFilter]
    people: list[Assignee]
    teams: list[ListedTeam]
    has_team: bool  # the viewer is of one
    mine: int
    away: bool  # the viewer, today


@router.get("/")
def show_queue(
    request: Request,
    work: SignedInWork,
    terms: QueueQueryDep,
    after: Annotated[str | None, Query(max_length=64)] = None,
) -> Response:
    """Cases, most urgent first, with filters and counts."""
    place = _place(terms, after)
    session, pack, now = work.session, work.pack, work.now
    chosen = terms.filter(work.viewer, now, pack.manifest.timezone)
    counts = counting.counts(session, chosen, pack)
    sortable = counts.total.cases <= counting.BOUND and not counts.total.more
    sort = terms.sort if sortable else None
    listed = _listed(session, chosen, sort, place) if counts.total.cases else queue.QueuePage((), None)
    waiting, tools = queue.waiting(session), _tools(work)
    lang = language.chosen(request)
    values = {
        "listed": listed,
        "counts": counts,
        "terms": terms,
        "now": now,
        "head": changes.head(session),
        "waiting": waiting,
        "tools": tools,
        "later": place is not None,
        "sort": sort,
        "sortable": sortable,
        "columns": QueueColumns.of(request),
        "snooze_reasons": _reasons("snooze"),
        "escalate_reasons": _reasons("escalate"),
        "chips": _chips(terms, counts, tools, pack, lang),
        "due": due,
        "span": span,
        "products": _named(pack, "product", lang),
        "buckets": _named(pack, "overdue_bucket", lang),
        "ages": AGES,
        "statuses": STATUSES,
        "told": _told(request),
        "bound": counting.BOUND,
        "at_once": assignment.AT_ONCE,
    }
    return queue_query.keep(render.page(request, "queue/queue.html", values), terms, request)


def _place(terms: QueueQuery, after: str | None) -> queue.QueueCursor | int | None:
    """Where a page begins: after a case in the order of the queue, after so many rows in another."""
    if not after:
        return None
    if terms.sort is not None and after.isascii() and after.isdigit() and int(after) <= counting.BOUND:
        return int(after)
    try:
        return queue.QueueCursor.parse(after)
    except ForbearError:
        raise HTTPException(400) from None


def _listed(
    session: Session, chosen: QueueFilter, sort: queue.Sort | None, place: queue.QueueCursor | int | None
) -> queue.QueuePage:
    """The page that begins there."""
    if sort is not None:
        return queue.sorted_page(session, chosen, sort, place if isinstance(place, int) else 0)
    return queue.page(session, chosen, place if isinstance(place, queue.QueueCursor) else None)


def _reasons(action: str) -> tuple[str, ...]:
    """The codes of why an action is done."""
    return next(field.codes for field in ACTIONS[action].fields if field.name == "reason")


@router.get("/cases")
def find_case(
    viewer: SignedIn,
    session: SessionDep,
    ref: Annotated[str, Query(min_length=1, max_length=64, pattern=r"^[^\x00]*$")],
) -> Response:
    """The case with exactly this reference; the queue searched for it if there is none, or several use it."""
    found = queue.find(session, ref, viewer.submitter)
    address = f"/cases/{found[0]}" if len(found) == 1 else QueueQuery(ref=ref).link()
    return RedirectResponse(address, status_code=303)


def _tools(work: ViewerWork) -> Tools:
    session, viewer = work.session, work.viewer
    works = viewer.may_act_as("counsellor")
    listed = teams.teams(session) if works else []
    return Tools(
        saved_filters.saved(session, viewer),
        assignment.people(session) if works else [],
        listed,
        any(person.id == viewer.account_id for each in listed for person in each.members),
        assignment.held(session, viewer) if works else 0,
        works and teams.is_away(session, viewer.account_id, saying.today(work)),
    )


_OWN = {"assignee": ("me", "nobody"), "team": ("mine",)}  # beside numbers; a reference may be the same word


def _chips(
    terms: QueueQuery, counts: counting.QueueCounts, tools: Tools, pack: Pack, lang: language.Language
) -> list[tuple[str, str]]:
    """The terms that narrow, each with its value for people; blank where its name says it all."""
    strategies = {count.strategy: count.title.model_dump()[lang] for count in counts.by_strategy}
    people = {str(person.id): person.name for person in tools.people}
    named: dict[str, dict[str, str]] = {
        "product": dict(_named(pack, "product", lang)),
        "assignee": people,
        "team": {str(each.team.id): each.team.name for each in tools.teams},
        "bucket": dict(_named(pack, "overdue_bucket", lang)),
    }
    words = {"urgency", "status", "due", "crisis"}  # the page's own, by `queue.<name>.<value>`
    chips = []
    for name, value in terms.given.items():
        if name == "sort":
            continue
        if name == "strategy":
            shown = " / ".join(strategies.get(each, each) for each in terms.strategies)
        elif name in words or value in _OWN.get(name, ()):
            family = {"urgency": "urgency"}.get(name, "state" if value in STATUSES else f"queue.{name}")
            shown = language.message(lang, f"{family}.{value}")
        elif name == "age":
            shown = language.message(lang, "queue.age.days", n=value)
        elif value is True:
            shown = ""
        else:
            shown = named.get(name, {}).get(str(value), str(value))
        chips.append((name, shown))
    return chips


def _named(pack: Pack, fact: str, lang: language.Language) -> list[tuple[str, str]]:
    """The values of a fact, with their names."""
    if fact not in pack.vocabulary.facts:
        return []
    values = pack.vocabulary.facts[fact].values
    return [(value, case_facts.display(pack.vocabulary, fact, value, lang)) for value in values]


def _told(request: Request) -> dict[str, int]:
    """What the form before had done, as counts in the address."""
    given: dict[str, Any] = dict(request.query_params)
    return {
        name: int(given[name][:4])
        for name in ("done", "stale", "closed", "held", "none", "full", "acted", "refused")
        if given.get(name, "").isdecimal()
    }
