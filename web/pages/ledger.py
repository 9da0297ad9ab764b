"""The ledger page: who did, saw and gave out what, newest first, for supervisors."""

from functools import partial
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response

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
}
_BETWEEN = {"zh": ("；", "、"), "en": ("; ", ", ")}
_Text = Annotated[str | None, Query(max_length=64)]


@router.get("/ledger")
def show_ledger(
    request: Request,
    work: SupervisorWork,
    kind: _Text = None,
    account: _Text = None,
    about: _Text = None,
    before: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
) -> Response:
    """A page of the ledger, with filters."""
    chosen = listing.LedgerFilter(*((given or "").strip() or None for given in (kind, account, about)))
    listed = listing.page(work.session, chosen, before)
    link, lang = partial(_link, chosen), language.chosen(request)
    values = {
        "listed": listed,
        "chosen": chosen,
        "link": link,
        "later": before is not None,
        "kinds": listing.KINDS,
        "people": listing.PEOPLE,
        "zone": work.pack.manifest.timezone,
        "told": partial(_told, lang),
        "named": partial(_named, lang),
        "references": queue.references(work.session, {each.case_id for each in listed.entries if each.case_id}),
    }
    return render.page(request, "site/ledger.html", values)


def _told(lang: language.Language, key: str, value: Any) -> str:
    """A detail in words: codes that the pages have words for in those, the rest as it is."""
    if isinstance(value, dict):
        return _BETWEEN[lang][0].join(
            f"{_named(lang, 'detail', name)} {_told(lang, name, each)}" for name, each in value.items()
        )
    if isinstance(value, list):
        return _BETWEEN[lang][1].join(_told(lang, key, each) for each in value) or "–"
    family = _FAMILIES.get(key)
    word = f"{family}.{value}"
    return language.message(lang, word) if family and language.has(word) else "–" if value is None else str(value)


def _named(lang: language.Language, family: str, name: str) -> str:
    """What a part of an entry is called, or its name where the pages have no word for it."""
    key = f"ledger.{family}.{name}"
    return language.message(lang, key) if language.has(key) else name


def _link(chosen: listing.LedgerFilter, **changes: Any) -> str:
    query = {"kind": chosen.kind, "account": chosen.account, "about": chosen.about, **changes}
    given = urlencode({name: value for name, value in query.items() if value is not None})
    return f"/ledger?{given}" if given else "/ledger"
