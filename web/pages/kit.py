"""What is handed over from a case: the negotiation pack to print, letters as text, the calendar, the plans drawn."""

import base64
import re
from collections.abc import Iterator
from functools import partial
from hashlib import sha256
from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Query, Response
from fastapi.responses import HTMLResponse

from forbear import prepare
from forbear.packs import UnreadablePackError
from forbear.triage import Decided
from rules.diary import calendar
from rules.facts import Language
from rules.kit import Kit
from rules.kit_words import money
from rules.phrases import say
from web import charts, language
from web.case_view import Looking
from web.pages.case import LookingDep, RowId, opened

router = APIRouter()
_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)


@router.get("/cases/{case_id}/kit")
def show_kit(looking: LookingDep, case_id: RowId, both: bool = False) -> Response:
    """The negotiation pack as a page to print, in the language of the pages or in both."""
    lang = language.chosen(looking.request)
    languages: tuple[Language, ...] = ("zh", "en") if both else (lang,)
    html = prepare.page(_kit(looking, case_id), languages)
    return HTMLResponse(html, headers={"Content-Security-Policy": _policy(html), "Content-Language": lang})


@router.get("/cases/{case_id}/letters/{number}.txt")
def show_letter(looking: LookingDep, case_id: RowId, number: Annotated[int, Path(ge=1, le=99)]) -> Response:
    """A letter of the pack as plain text, in the language of the pages."""
    lang, letters = language.chosen(looking.request), _kit(looking, case_id).letters
    if number > len(letters):
        raise HTTPException(404)
    return _download(
        prepare.letter(letters[number - 1], lang).encode(), "text/plain; charset=utf-8", f"letter-{number}.txt"
    )


@router.get("/cases/{case_id}/deadlines.ics")
def show_calendar(looking: LookingDep, case_id: RowId) -> Response:
    """The days to keep, for a calendar."""
    kit = _kit(looking, case_id)
    return _download(calendar(kit.case_ref, kit.days, looking.now), "text/calendar; charset=utf-8", "deadlines.ics")


@router.get("/cases/{case_id}/plans.svg")
def show_plans(
    looking: LookingDep, case_id: RowId, width: Annotated[int, Query(ge=240, le=1200)] = charts.WIDE
) -> Response:
    """What is owed over time under each plan of the current decision, drawn; the page has the same as a table."""
    file = opened(looking, case_id)
    lang = language.chosen(looking.request)
    courses = [] if file.judgement is None else list(_courses(file.judgement.decided, lang))
    if not courses:
        raise HTTPException(404)
    said = partial(language.message, lang)
    drawn = charts.balance(
        courses, name=said("plans.chart"), months=said("plans.chart_months"), yuan=said("plans.chart_yuan"), width=width
    )
    return Response(drawn, media_type="image/svg+xml")


def _courses(decided: Decided, lang: Language) -> Iterator[charts.Course]:
    """The plans that pay something off over time, named as in the table."""
    for plan in decided.outcome.plans:
        title = say(decided.pack.strategies[plan.strategy].title, lang)
        first = say(money(plan.monthly), lang)
        course = charts.course(
            language.message(lang, "plans.label", title=title, months=plan.months, first=first), plan
        )
        if course is not None and plan.months > 1:
            yield course


def _kit(looking: Looking, case_id: int) -> Kit:
    file = opened(looking, case_id)
    try:
        kit = None if file.judgement is None else file.judgement.decided.kit()
    except UnreadablePackError:
        raise HTTPException(410) from None
    if kit is None:
        raise HTTPException(404)
    return kit


def _download(content: bytes, media_type: str, name: str) -> Response:
    return Response(content, media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _policy(html: str) -> str:
    """The page carries its own styles, so that it can be kept: they alone are let through, by their hash."""
    hashes = [base64.b64encode(sha256(style.encode()).digest()).decode() for style in _STYLE.findall(html)]
    styles = " ".join(f"'sha256-{each}'" for each in hashes) or "'none'"
    return f"default-src 'none'; style-src {styles}; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
