"""The ledger page: who did, saw and gave out what, newest first, for supervisors."""

from functools import partial
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response

from forbear import entries
from web import render
from web.auth import Supervisor
from web.deps import PackDep, SessionDep

router = APIRouter()
_Text = Annotated[str | None, Query(max_length=64)]


@router.get("/ledger")
def show_ledger(
    request: Request,
    viewer: Supervisor,
    session: SessionDep,
    pack: PackDep,
    kind: _Text = None,
    account: _Text = None,
    about: _Text = None,
    before: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
) -> Response:
    """A page of the ledger, with filters."""
    chosen = entries.Filter(*((given or "").strip() or None for given in (kind, account, about)))
    listed = entries.page(session, chosen, before)
    link = partial(_link, chosen)
    values = {
        "listed": listed, "chosen": chosen, "link": link, "later": before is not None, "kinds": entries.KINDS,
        "zone": pack.manifest.timezone,
    }  # fmt: skip
    return render.page(request, "ledger.html", values, _twin(listed, link))


def _link(chosen: entries.Filter, **changes: Any) -> str:
    query = {"kind": chosen.kind, "account": chosen.account, "about": chosen.about, **changes}
    given = urlencode({name: value for name, value in query.items() if value is not None})
    return f"/ledger?{given}" if given else "/ledger"


def _twin(listed: entries.Page, link: Any) -> dict[str, Any]:
    return {
        "length": listed.length,
        "entries": [
            {
                "seq": entry.seq,
                "at": entry.at.isoformat(),
                "actor": entry.actor,
                "account": entry.who,
                "kind": entry.kind,
                "subject": entry.subject,
                "detail": entry.detail,
            }
            for entry in listed.entries
        ],
        "next": None if listed.next is None else link(before=listed.next),
    }
