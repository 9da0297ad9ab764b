"""The ledger page: who did, saw and gave out what, newest first, for supervisors."""

import datetime as dt
from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, HTTPException, Query, Request, Response

from forbear.desk import queue
from forbear.ledger import listing
from web import language
from web.auth import SupervisorWork
from web.views import render

router = APIRouter()
# Where the words of a detail's codes are.
_FAMILIES = {
    "action": "event",
    "reason": "reveal.reason",
    "way": "consent.way",
    "scopes": "consent.scope",
    "files": "ledger.file",
    "why": "ledger.moved",
    "what": "ledger.what",
    "automatic": "ledger.switch",
    "masked": "ledger.switch",
    "sure": "recovery.sure",
}
_BETWEEN = {"zh": ("；", "、"), "en": ("; ", ", ")}
_Day = Annotated[str | None, Query(pattern=r"^([0-9]{4}-[0-9]{2}-[0-9]{2})?$")]
_Text = Annotated[str | None, Query(max_length=64)]


@router.get("/ledger")
def show_ledger(
    request: Request,
    work: SupervisorWork,
    kind: _Text = None,
    account: _Text = None,
    about: _Text = None,
    since: _Day = None,
    until: _Day = None,
    before: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
) -> Response:
    """A page of the ledger, with filters."""
    zone = work.pack.manifest.timezone
    asked = {"kind": kind, "account": account, "about": about, "since": since, "until": until}
    chosen = filter_of(asked, zone)
    listed = listing.page(work.session, chosen, before)
    link, lang = partial(_link, asked), language.chosen(request)
    values = {
        "listed": listed,
        "chosen": chosen,
        "since": since,
        "until": until,
        "query": urlencode({name: value for name, value in asked.items() if value}),
        "link": link,
        "later": before is not None,
        "kinds": listing.KINDS,
        "people": listing.PEOPLE,
        "zone": zone,
        "told": partial(told, lang),
        "named": partial(named, lang),
        "references": queue.references(work.session, {each.case_id for each in listed.entries if each.case_id}),
    }
    return render.page(request, "site/ledger.html", values)


def told(lang: language.Language, key: str, value: Any) -> str:
    """A detail in words: codes that the pages have words for in those, the rest as it is."""
    if isinstance(value, dict):
        return _BETWEEN[lang][0].join(
            f"{named(lang, 'detail', name)} {told(lang, name, each)}" for name, each in value.items()
        )
    if isinstance(value, list):
        return _BETWEEN[lang][1].join(told(lang, key, each) for each in value) or "–"
    family = _FAMILIES.get(key)
    word = f"{family}.{value}"
    return language.message(lang, word) if family and language.has(word) else "–" if value is None else str(value)


def named(lang: language.Language, family: str, name: str) -> str:
    """What a part of an entry is called, or its name where the pages have no word for it."""
    key = f"ledger.{family}.{name}"
    return language.message(lang, key) if language.has(key) else name


def filter_of(asked: Mapping[str, str | None], zone: str) -> listing.LedgerFilter:
    """Which entries an address asks for; the last day is one of them. A day that there is not is a bad request."""
    try:
        first, last = (dt.date.fromisoformat(day) if day else None for day in (asked.get("since"), asked.get("until")))
        midnight = [
            None if day is None else dt.datetime.combine(day + dt.timedelta(days=more), dt.time(), ZoneInfo(zone))
            for day, more in ((first, 0), (last, 1))
        ]
    except (ValueError, OverflowError):
        raise HTTPException(400) from None
    kind, account, about = ((asked.get(name) or "").strip() or None for name in ("kind", "account", "about"))
    return listing.LedgerFilter(kind, account, about, *midnight)


def _link(asked: Mapping[str, str | None], **changes: Any) -> str:
    query = {**asked, **changes}
    given = urlencode({name: value for name, value in query.items() if value})
    return f"/ledger?{given}" if given else "/ledger"
