"""Answers of the pages: a template in the request's language; failures too."""

import datetime as dt
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PrefixLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException

from forbear.accounts import accounts
from forbear.base.packs import UnreadablePackError
from forbear.desk.review import NoCaseError
from forbear.locale import said
from rules.facts.case_facts import display
from rules.handbook.wording import TEMPLATES as HANDBOOK
from rules.locale import in_language
from rules.text.english import document_number
from rules.text.phrases import articles
from rules.text.workings import formula_text
from web import auth, language
from web.api import problems
from web.templates import compiler

_HERE = Path(__file__).parents[1]
_YEAR = 365 * 24 * 3600
# Address, words, and the least role that is shown the link.
NAVIGATION: tuple[tuple[str, str, accounts.Role], ...] = (
    ("/", "site.queue", "submitter"),
    ("/my-work", "my_work.nav", "counsellor"),
    ("/batches", "batches.title", "submitter"),
    ("/cases/new", "new_case.nav", "counsellor"),
    ("/search", "search.nav", "counsellor"),
    ("/overview", "overview.title", "supervisor"),
    ("/policy", "policy.title", "submitter"),
    ("/ledger", "ledger.title", "supervisor"),
    ("/accounts", "site.accounts", "admin"),
    ("/webhooks", "webhooks.nav", "supervisor"),
)
_OWED = {"password": "/account", "second_factor": "/account/second-factor"}
_TOLD = (400, 401, 403, 404, 405, 410, 413, 421, 500, 503)  # failures with a sentence of their own


def page(
    request: Request, template: str, values: Mapping[str, Any], status: int = 200, address: str | None = None
) -> Response:
    """A page, or a piece of one.

    `address` is that of the page, where a form with a fault in it was sent to another one.
    """
    lang = language.chosen(request)
    html = (
        _environment(lang)
        .get_template(template)
        .render(
            path=address or request.url.path,
            other_language=_switch(request, lang, address),
            viewer=getattr(request.state, "viewer", None),
            badges={"/my-work": getattr(request.state, "badge", 0)},
            unread=getattr(request.state, "unread", 0),
            csrf=auth.form_token(request),
            **values,
        )
    )
    response = HTMLResponse(html, status_code=status, headers={"Content-Language": lang, "Vary": "Cookie"})
    if language.asked(request):
        response.set_cookie(language.COOKIE, lang, max_age=_YEAR, httponly=True, samesite="lax")
    return response


def failure(request: Request, status: int, kind: str | None = None) -> Response:
    """One sentence saying what is wrong and what to do: that of the status, or of its kind where it has several."""
    if problems.is_of_api(request):
        return problems.plain(request, status, kind)
    kind = kind or str(status if status in _TOLD else (400 if status < 500 else 500))
    title = language.message(language.chosen(request), f"failure.{kind}.title")
    text = language.message(language.chosen(request), f"failure.{kind}.text")
    return page(request, "site/failure.html", {"title": title, "text": text, "status": status}, status)


def busy(request: Request) -> Response:
    """The failure of whom nobody has time for: where there are hundreds at once, nobody has any to make their pages.

    Its page is made once for each language, as for somebody of whom nothing is known.
    """
    if problems.is_of_api(request):
        return problems.plain(request, 503, "busy")
    lang = language.chosen(request)
    return HTMLResponse(_busy(lang), 503, {"Content-Language": lang, "Vary": "Cookie"})


@cache
def _busy(lang: language.Language) -> bytes:
    cookie = f"{language.COOKIE}={lang}".encode()
    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": [(b"cookie", cookie)]}
    return bytes(failure(Request(scope), 503, "busy").body)


def answer_failures(app: FastAPI) -> None:
    """Failures of the routes are answered as pages too."""
    app.add_exception_handler(HTTPException, _http_failure)
    app.add_exception_handler(auth.OwingError, _owing)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(problems.ProblemError, problems.answer)
    app.add_exception_handler(UnreadablePackError, _old_pack)
    app.add_exception_handler(NoCaseError, _no_case)


def _http_failure(request: Request, error: Exception) -> Response:
    raised = cast(HTTPException, error)
    kind = "expired" if raised.detail == "expired" else None
    if isinstance(raised.__context__, MultiPartException) and not problems.is_of_api(request):
        kind = "form"  # that could not be taken apart
    response = failure(request, raised.status_code, kind)
    response.headers.update(raised.headers or {})
    return response


def _owing(_request: Request, error: Exception) -> Response:
    """Led to where somebody gives the account what it has to have."""
    return RedirectResponse(_OWED[cast(auth.OwingError, error).owes], status_code=303)


def _old_pack(request: Request, _error: Exception) -> Response:
    """The decision was made by a pack that this version cannot read."""
    if problems.is_of_api(request):
        return problems.old_pack(request)
    return failure(request, 410)


def _no_case(request: Request, _error: Exception) -> Response:
    """There is no such case, or not for whoever asks."""
    return failure(request, 404)


def _invalid(request: Request, error: Exception) -> Response:
    """A path that cannot be (a case id that is no number) is not found; a query that cannot be is a bad request."""
    refused = cast(RequestValidationError, error)
    if problems.is_of_api(request):
        return problems.invalid(request, refused)
    parts = refused.errors()
    return failure(request, 404 if any(part["loc"][0] == "path" for part in parts) else 400)


def _switch(request: Request, lang: language.Language, address: str | None) -> dict[str, str]:
    """The link to the same page in the other language."""
    other: language.Language = "en" if lang == "zh" else "zh"
    url = request.url.include_query_params(lang=other)
    return {
        "lang": other,
        "href": f"{address or url.path}?{url.query}",
        "name": language.message(other, "language.name"),
    }


@cache
def _environment(lang: language.Language) -> Environment:
    environment = Environment(
        loader=ChoiceLoader(
            [FileSystemLoader(_HERE / "templates"), PrefixLoader({"handbook": FileSystemLoader(HANDBOOK)})]
        ),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,  # a page has fifty pieces: no look at the disk for each
    )
    compiler.speak(environment, lang)
    environment.globals["static"] = _static
    environment.globals["navigation"] = NAVIGATION
    environment.filters["moment"] = on_the_clock
    environment.filters["articles"] = articles
    environment.filters["in_english"] = document_number
    environment.filters["yuan"] = _yuan
    environment.filters["day"] = day
    environment.filters["file_name"] = _file_name
    environment.filters["instant"] = dt.datetime.fromisoformat
    environment.filters["say"] = in_language
    environment.globals["display"] = display
    environment.globals["reads_text"] = formula_text.reads_text
    return environment


def compile_templates() -> None:
    """Read all templates in each language, which takes two seconds."""
    for lang in language.LANGUAGES:
        for name in _environment(lang).list_templates(extensions=("html",)):
            _environment(lang).get_template(name)


@cache
def _static(name: str) -> str:
    """The address of a static file, changed whenever the file is, so that no browser shows an old one."""
    digest = sha256((_HERE / "static" / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={digest}"


def _file_name(name: str, lang: language.Language) -> str:
    """A batch's file; what somebody corrected on the desk has a name in both languages, of which one is shown."""
    both = said("correction.name")
    prefix = f"{both.zh} {both.en} "
    return f"{in_language(both, lang)} {name.removeprefix(prefix)}" if name.startswith(prefix) else name


def _yuan(fen: int) -> str:
    """Money for people."""
    return f"¥{fen // 100:,}.{fen % 100:02}"


def day(at: dt.datetime, zone: str) -> dt.date:
    """The date of a moment where the pack's law applies: days left are counted on that calendar."""
    return at.astimezone(ZoneInfo(zone)).date()


def on_the_clock(at: dt.datetime, zone: str) -> str:
    """A moment on the wall clock of the people who work the case."""
    return at.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")
