"""The policy page: the handbook of the active pack, searchable, each rule with how it fared."""

import datetime as dt
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.responses import RedirectResponse

from forbear.accounts.accounts import ViewerWork
from forbear.desk import rule_usage
from rules.handbook.document import Handbook
from rules.handbook.search import entries, search
from web import language
from web.auth import SignedInWork
from web.views import render

router = APIRouter(prefix="/policy")
_SINCE = dt.timedelta(days=90)
_RULES = "section.rules"
_MOST = 30  # places a search shows


def _book(request: Request, work: ViewerWork) -> Handbook:
    day = render.day(work.now, work.pack.manifest.timezone)
    return rule_usage.handbook(work.pack, day, language.chosen(request))


def _address(anchor: str) -> str:
    return f"/policy/{anchor}"


@router.get("")
def show_policy(request: Request, work: SignedInWork, q: Annotated[str, Query(max_length=100)] = "") -> Response:
    """The contents of the handbook, and what a search finds in it."""
    book, pack = _book(request, work), work.pack
    query = " ".join(q.split())
    found = search(book, query, _MOST + 1)
    hits = found[:_MOST]
    more = len(found) > _MOST
    values = {"book": book, "pack": pack, "query": query, "hits": hits, "more": more, "target": _address}
    return render.page(request, "policy/policy.html", values)


@router.get("/{anchor}")
def show_anchor(request: Request, work: SignedInWork, anchor: str) -> Response:
    """A chapter, or one entry of it; a point within a chapter leads to its chapter."""
    book, pack = _book(request, work), work.pack
    section, entry = entries(book).get(anchor, (None, None))
    if section is None:
        raise HTTPException(404)
    if entry is None and anchor != section.anchor:
        return RedirectResponse(f"{_address(section.anchor)}#{anchor}", status_code=303)
    since = render.day(work.now - _SINCE, pack.manifest.timezone)
    rates = rule_usage.rates(work.session, since) if section.anchor == _RULES else {}
    ids = {rule.rule.id for rule in pack.rules}
    values = {
        "book": book,
        "pack": pack,
        "section": section,
        "entry": entry,
        "rates": rates,
        "ids": ids,
        "since": since,
        "untried": rule_usage.RuleUsage(),
        "target": _address,
    }
    return render.page(request, "policy/policy_chapter.html", values)
