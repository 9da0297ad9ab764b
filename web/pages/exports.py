"""Lists as workbooks: the queue, one's tasks, the ledger, the overview. Forms that are posted, and in the ledger.

A GET may not write, and whatever is given out is told of; so none of these is a link.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Literal
from urllib.parse import parse_qsl, quote

from fastapi import APIRouter, Form, HTTPException, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import ValidationError

from forbear.accounts.accounts import ViewerWork
from forbear.base.spool import held
from forbear.conversation import tasks
from forbear.desk import queue
from forbear.desk.queue import QueueRow
from forbear.intake.formats.format import Cell, Content
from forbear.intake.formats.workbooks.xlsx import XLSX
from forbear.ledger import listing
from rules.locale import in_language
from web import language
from web.auth import OurForm, SignedInWork
from web.pages import ledger, overview
from web.views import render
from web.views.queue_query import QueueQuery

router = APIRouter()
MOST = 10_000  # rows of a file
_BLOCK = 500
List = Literal["queue", "tasks", "ledger", "overview"]
_NEEDS = {"queue": "submitter", "tasks": "counsellor", "ledger": "supervisor", "overview": "supervisor"}
_QUEUE = ("urgency", "plan", "case", "status", "product", "overdue", "lender", "amount", "city", "due", "deadline")
Table = tuple[list[str], Sequence[Sequence[Cell]]]


@router.post("/export/{what}", dependencies=[OurForm])
def give_out(
    request: Request, work: SignedInWork, what: List, terms: Annotated[str, Form(max_length=2000)] = ""
) -> Response:
    """The list on the screen as a file, all its pages, up to a bound."""
    if not work.viewer.may_act_as(_NEEDS[what]):  # type: ignore[arg-type] # roles, as that table has them
        raise HTTPException(403)
    lang = language.chosen(request)
    table = {"queue": _queue, "tasks": _tasks, "ledger": _ledger, "overview": _overview}[what]
    try:
        header, rows = table(work, terms, lang)
    except ValidationError:
        raise HTTPException(400) from None
    with TemporaryDirectory(prefix="forbear-") as folder:
        file = held(XLSX.write(Content(lambda: iter(()), lambda: (header, (list(row) for row in rows))), Path(folder)))
    work.note("export", f"account:{work.viewer.account_id}", {"what": what, "format": XLSX.suffix, "rows": len(rows)})
    name = (
        f"{language.message(lang, f'export.{what}')}-{render.day(work.now, work.pack.manifest.timezone)}{XLSX.suffix}"
    )
    disposition = f"attachment; filename=\"forbear-{what}{XLSX.suffix}\"; filename*=UTF-8''{quote(name)}"
    return StreamingResponse(file, media_type=XLSX.media_type, headers={"Content-Disposition": disposition})


def _queue(work: ViewerWork, terms: str, lang: language.Language) -> Table:
    """Cases of a filter, in the order of the queue."""
    said = partial(language.message, lang)
    chosen = QueueQuery.parse(terms).filter(work.viewer, work.now, work.pack.manifest.timezone)
    header = [said(f"queue.{name}") for name in (*_QUEUE, "since", "assignee")]
    rows: list[list[Cell]] = []
    after = None
    while len(rows) < MOST:
        page = queue.page(work.session, chosen, after, min(_BLOCK, MOST - len(rows)))
        rows += [_case(entry, lang) for entry in page.entries]
        after = page.next
        if after is None:
            break
    return header, rows


def _case(entry: QueueRow, lang: language.Language) -> list[Cell]:
    case, at = entry.case, partial(_moment, entry.pack.manifest.timezone)
    return [
        f"{case.urgency} {language.message(lang, f'urgency.{case.urgency}')}",
        in_language(entry.title, lang),
        case.case_ref,
        language.message(lang, f"state.{case.status}"),
        entry.shown("product", lang) or "",
        "" if case.days_overdue is None else str(case.days_overdue),
        *(entry.shown(fact, lang) or "" for fact in ("lender", "balance", "city")),
        at(case.due_at) if case.due_at.year < 9000 else "",
        "" if case.deadline is None else case.deadline.isoformat(),
        at(case.received_at),
        entry.assignee or "",
    ]


def _tasks(work: ViewerWork, _terms: str, lang: language.Language) -> Table:
    """What the viewer has to do."""
    header = [language.message(lang, f"export.tasks.{name}") for name in ("due", "case", "words")]
    return header, [[each.due_on.isoformat(), each.case_ref, each.words] for each in tasks.of_viewer(work)]


def _ledger(work: ViewerWork, terms: str, lang: language.Language) -> Table:
    """Entries of a filter, the newest first."""
    zone = work.pack.manifest.timezone
    chosen = ledger.filter_of(dict(parse_qsl(terms)), zone)
    header = [language.message(lang, f"ledger.{name}") for name in ("number", "at", "who", "what", "subject", "detail")]
    return header, [
        [
            str(each.seq),
            _moment(zone, each.at),
            language.message(lang, "ledger.system") if each.actor == "system" else each.who or each.actor,
            ledger.named(lang, "kind", each.kind),
            each.subject,
            ledger.told(lang, "", each.detail),
        ]
        for each in _entries(work, chosen)
    ]


def _entries(work: ViewerWork, chosen: listing.LedgerFilter) -> Iterator[listing.ListedEntry]:
    before, left = None, MOST
    while left > 0:
        page = listing.page(work.session, chosen, before, min(_BLOCK, left))
        yield from page.entries
        before, left = page.next, left - len(page.entries)
        if before is None:
            return


def _overview(work: ViewerWork, terms: str, lang: language.Language) -> Table:
    """The figures of the page, each with its name."""
    header = [language.message(lang, f"export.overview.{name}") for name in ("what", "of", "figure")]
    return header, overview.as_rows(work, dict(parse_qsl(terms)), lang)


def _moment(zone: str, at: dt.datetime) -> str:
    return render.on_the_clock(at, zone)
