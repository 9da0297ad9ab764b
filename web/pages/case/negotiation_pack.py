"""What is handed over from a case: the negotiation pack to print or as PDF, letters, the calendar, the plans drawn.

What leaves as a file is asked for by a form and noted in the ledger, like the downloads of a batch.
"""

import base64
import re
from collections.abc import Iterator
from functools import partial
from hashlib import sha256
from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Path, Query, Request, Response
from fastapi.responses import HTMLResponse

from forbear.accounts.accounts import ViewerWork
from forbear.batch.recorded_decision import RecordedDecision, current_decision
from forbear.case.negotiation import negotiation_files, pdf
from forbear.ledger import receipt as receipts
from rules.locale import Language, in_language
from rules.text.calendar import calendar
from rules.text.negotiation_pack import NegotiationPack
from rules.text.negotiation_words import money
from web import language
from web.auth import OurForm, SignedInWork
from web.charts import charts
from web.pages.case.case import RowId
from web.views import render

router = APIRouter()
_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)


@router.get("/cases/{case_id}/kit")
def show_negotiation_pack(request: Request, work: SignedInWork, case_id: RowId, both: bool = False) -> Response:
    """The negotiation pack as a page to print, in the language of the pages or in both."""
    html = negotiation_files.page(
        _kit(work, case_id), _languages(request, both), receipt=receipts.known(work.session, work.vault, case_id)
    )
    told = {"Content-Security-Policy": _policy(html), "Content-Language": language.chosen(request)}
    return HTMLResponse(html, headers=told)


@router.post("/cases/{case_id}/kit.pdf", dependencies=[OurForm])
def give_pdf(request: Request, work: SignedInWork, case_id: RowId, both: Annotated[bool, Form()] = False) -> Response:
    """The same as PDF; the page has no button for it where this machine cannot make one."""
    kit = _kit(work, case_id)
    if pdf.unavailable() is not None:
        raise HTTPException(404)
    page = negotiation_files.page(
        kit, _languages(request, both), receipt=receipts.known(work.session, work.vault, case_id)
    )
    made = pdf.render(page)
    return _handed_over(work, case_id, made, "application/pdf", "kit.pdf")


@router.post("/cases/{case_id}/letters/{number}.txt", dependencies=[OurForm])
def give_letter(
    request: Request, work: SignedInWork, case_id: RowId, number: Annotated[int, Path(ge=1, le=99)]
) -> Response:
    """A letter of the pack as plain text, in the language of the pages."""
    lang, letters = language.chosen(request), _kit(work, case_id).letters
    if number > len(letters):
        raise HTTPException(404)
    text = negotiation_files.letter(letters[number - 1], lang).encode()
    return _handed_over(work, case_id, text, "text/plain; charset=utf-8", f"letter-{number}.txt")


@router.post("/cases/{case_id}/deadlines.ics", dependencies=[OurForm])
def give_calendar(request: Request, work: SignedInWork, case_id: RowId) -> Response:
    """The days to keep, for a calendar."""
    kit = _kit(work, case_id)
    days = calendar(kit.case_ref, kit.days, work.now)
    return _handed_over(work, case_id, days, "text/calendar; charset=utf-8", "deadlines.ics")


@router.post("/cases/{case_id}/receipt.json", dependencies=[OurForm])
def give_receipt(request: Request, work: SignedInWork, case_id: RowId) -> Response:
    """The receipt of the decision, for whoever wants to check it without us."""
    _decided(work, case_id)
    told = receipts.known(work.session, work.vault, case_id)
    if told is None:
        return render.failure(request, 404, "no_receipt")
    return _handed_over(work, case_id, told.encode(), "application/json", "receipt.json")


@router.get("/cases/{case_id}/plans.svg")
def show_plans(
    request: Request, work: SignedInWork, case_id: RowId, width: Annotated[int, Query(ge=240, le=1200)] = charts.WIDE
) -> Response:
    """What is owed over time under each plan of the current decision, drawn; the page has the same as a table."""
    lang = language.chosen(request)
    courses = list(_courses(_decided(work, case_id), lang))
    if not courses:
        raise HTTPException(404)
    said = partial(language.message, lang)
    drawn = charts.balance(
        courses, name=said("plans.chart"), months=said("plans.chart_months"), yuan=said("plans.chart_yuan"), width=width
    )
    return Response(drawn, media_type="image/svg+xml")


def _courses(decided: RecordedDecision, lang: Language) -> Iterator[charts.Course]:
    """The plans that pay something off over time, named as in the table."""
    for plan in filter(charts.drawn, decided.outcome.plans):
        title = in_language(decided.pack.strategies[plan.strategy].title, lang)
        first = in_language(money(plan.monthly), lang)
        label = language.message(lang, "plans.label", title=title, months=plan.months, first=first)
        if course := charts.course(label, plan):
            yield course


def _kit(work: ViewerWork, case_id: int) -> NegotiationPack:
    kit = _decided(work, case_id).negotiation_pack()
    if kit is None:
        raise HTTPException(404)
    return kit


def _decided(work: ViewerWork, case_id: int) -> RecordedDecision:
    found = current_decision(work.session, case_id, work.vault, work.viewer.submitter)
    if found is None:
        raise HTTPException(404)
    return found


def _languages(request: Request, both: bool) -> tuple[Language, ...]:
    return language.LANGUAGES if both else (language.chosen(request),)


def _handed_over(work: ViewerWork, case_id: int, content: bytes, media_type: str, name: str) -> Response:
    work.note("export", f"case:{case_id}", {"files": [name]})
    return Response(content, media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _policy(html: str) -> str:
    """The page carries its own styles, so that it can be kept: they alone are let through, by their hash."""
    hashes = [base64.b64encode(sha256(style.encode()).digest()).decode() for style in _STYLE.findall(html)]
    styles = " ".join(f"'sha256-{each}'" for each in hashes) or "'none'"
    return f"default-src 'none'; style-src {styles}; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
