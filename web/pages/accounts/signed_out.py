"""What somebody is told who is not signed in any more: to sign in, and what they had typed, so that it stays."""

import hmac
import re
from typing import Final, cast
from urllib.parse import urlencode

from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData

from forbear.accounts import accounts
from rules.pack.pack import Pack
from web import auth, language
from web.views import render
from web.views.forms import PREFIX, Sent, inputs
from web.views.typed import LABELS, TypedField, typed

# Fields that nobody typed, or that are no words: what pages put into forms, and what proves who somebody is.
NOT_TYPED: Final = re.compile(
    r"csrf|next|ticket|sealed|asked|back|chunk|ending|form|key|note|once|parameter|persons|revision|sheet|shown|team|terms|upload|what"
    r"|unit\..*|word\..*|current|password|new|again|code|passkey|username|tokens|sure"
)
_ABOUT = re.compile(r"/(cases|people|batches|uploads|webhooks)/[^/]+")


async def answer(request: Request, _error: Exception) -> Response:
    """To the sign-in page and back; from a form of ours with words in it, by a page that shows them."""
    if request.method == "POST":
        fields = await request.form()
        if words := _ours(request, fields) and _typed(request, fields):
            values = {"typed": words, "next": _sign_in(_before(request))}
            return render.page(request, "account/signed_out.html", values, 403, "/sign-in")
        return RedirectResponse("/sign-in", status_code=303)
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(_sign_in(wanted), status_code=303)


def _sign_in(wanted: str) -> str:
    return "/sign-in" if wanted == "/" else f"/sign-in?{urlencode({'next': wanted})}"


def _before(request: Request) -> str:
    """The page of what the form was about, or the queue: the browser does not tell where it comes from."""
    about = _ABOUT.match(request.url.path)
    return about[0] if about else "/"


def _ours(request: Request, fields: FormData) -> bool:
    """Whether the form is of a page that this browser had: no other site puts words on a page of ours."""
    secret, given = request.cookies.get(auth.COOKIE), fields.get("csrf")
    known = accounts.csrf_token(secret) if secret else ""
    return isinstance(given, str) and known != "" and hmac.compare_digest(given.encode(), known.encode())


def _typed(request: Request, fields: FormData) -> list[TypedField]:
    """What was filled in, under what its form called it where that is known."""
    pack, lang, sent = cast(Pack, request.app.state.pack), language.chosen(request), Sent("", fields)
    facts = [name.removeprefix(PREFIX) for name in fields if name.startswith(PREFIX)]
    told = list(typed(sent, inputs(pack, facts, {}), pack, lang))
    known = {*LABELS, *(PREFIX + name for name in pack.vocabulary.facts)}
    others = (name for name in fields if name not in known and not NOT_TYPED.fullmatch(name))
    rest = tuple(value.strip() for name in others for value in sent.all(name) if value.strip())
    return [*told, TypedField(language.message(lang, "signed_out.other"), rest)] if rest else told
