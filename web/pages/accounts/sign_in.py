"""Signing in and out."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Form, HTTPException, Query, Request, Response
from fastapi.responses import RedirectResponse

from forbear.accounts import accounts, passkeys, sign_in
from forbear.accounts.oidc.provider import Provider
from forbear.accounts.sign_in import OIDC, Attempt, CodeNeeded, ExpiredError, Refused
from forbear.base.settings import settings
from forbear.ledger.unit_of_work import Work
from web import auth
from web.auth import KnownWork, OurForm
from web.deps import WorkDep
from web.views import render

router = APIRouter()


@router.get("/sign-in")
def show_sign_in(
    request: Request, work: WorkDep, wanted: Annotated[str, Query(alias="next")] = "/", left: str = ""
) -> Response:
    """The form, or the wanted page for whoever is signed in already."""
    secret = request.cookies.get(auth.COOKIE)
    if secret and accounts.signed_in(work.session, secret, work.now):
        return RedirectResponse(auth.local(wanted), status_code=303)
    stranger = None if secret else auth.give_stranger_cookie(request)
    values = {"next": auth.local(wanted), "name": "", "error": None, "left": left == OIDC}
    response = _form(request, work, values)
    if stranger:
        auth.keep(request, response, stranger)
    return response


@router.post("/sign-in", dependencies=[OurForm])
def enter(
    request: Request,
    work: WorkDep,
    name: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    wanted: Annotated[str, Form(alias="next")] = "/",
) -> Response:
    """Sign in with a new secret, whatever cookie the browser had, and go to the wanted page; or ask for a code."""
    attempt, wanted = auth.attempt(request, name, password), auth.local(wanted)
    done = sign_in.sign_in(work, attempt, request.cookies.get(auth.COOKIE))
    if isinstance(done, CodeNeeded):
        return _code_form(request, work, {"next": wanted, "ticket": done.ticket, "error": None})
    if isinstance(done, Refused):
        return _refused(partial(_form, request, work), done, {"next": wanted, "name": name})
    return entered(request, work, done, attempt, wanted)


@router.post("/sign-in/code", dependencies=[OurForm])
def enter_code(
    request: Request,
    work: WorkDep,
    ticket: Annotated[str, Form()] = "",
    code: Annotated[str, Form()] = "",
    wanted: Annotated[str, Form(alias="next")] = "/",
) -> Response:
    """The second step of who has a second factor: a code, or what a passkey answered in its place."""
    wanted, cookies = auth.local(wanted), request.cookies
    shown, devices = auth.second_step(request, code), cookies.get(auth.DEVICES, "")
    try:
        done = sign_in.sign_in_by_code(work, ticket, shown, devices, cookies.get(auth.COOKIE))
    except ExpiredError:
        return _form(request, work, {"next": wanted, "name": "", "error": "sign_in.expired"}, 403)
    if isinstance(done, Refused):
        wrong = "sign_in.code.wrong" if shown is code else "sign_in.passkey.wrong"
        return _refused(partial(_code_form, request, work), done, {"next": wanted, "ticket": ticket}, wrong)
    secret, account = done
    return entered(request, work, secret, auth.attempt(request, account.name, ""), wanted)


@router.post("/sign-in/passkey", dependencies=[OurForm])
def enter_by_passkey(
    request: Request,
    work: WorkDep,
    passkey: Annotated[str, Form()] = "",
    wanted: Annotated[str, Form(alias="next")] = "/",
) -> Response:
    """Sign in by a passkey alone, where the setting allows it."""
    wanted, site, before = auth.local(wanted), auth.passkey_site(request), request.cookies.get(auth.COOKIE)
    if site is None or not settings().passkey_sign_in:
        raise HTTPException(404)
    address = auth.attempt(request, "", "").address
    done = sign_in.sign_in_alone(work, address, lambda work: passkeys.owner(work, site, passkey), before)
    if isinstance(done, Refused):
        values = {"next": wanted, "name": ""}
        return _refused(partial(_form, request, work), done, values, "sign_in.passkey.wrong")
    secret, account = done
    return entered(request, work, secret, auth.attempt(request, account.name, ""), wanted)


@router.post("/sign-out", dependencies=[OurForm])
def leave(request: Request, work: KnownWork) -> Response:
    """Sign out this browser."""
    secret = request.cookies[auth.COOKIE]
    vouched = accounts.was_vouched(work.session, secret)
    sign_in.sign_out(work, secret)
    return gone(vouched=vouched)


def gone(*, vouched: bool) -> Response:
    """To the sign-in page, signed out; it says that one may still be signed in at the identity provider."""
    response = RedirectResponse(f"/sign-in?left={OIDC}" if vouched else "/sign-in", status_code=303)
    response.delete_cookie(auth.COOKIE)
    return response


def entered(request: Request, work: Work, secret: str, attempt: Attempt, wanted: str) -> Response:
    """To the wanted page, with the cookie of a new sign-in."""
    response = RedirectResponse(wanted, status_code=303)
    auth.keep(request, response, secret, auth.KEPT)
    auth.remember(request, response, work.vault, attempt)
    return response


def _refused(
    form: Callable[..., Response],
    refused: Refused,
    values: dict[str, str],
    wrong: str = "sign_in.wrong",
) -> Response:
    error, status = (wrong, 403) if refused.looked else ("sign_in.too_soon", 429)
    response = form({**values, "error": error, "seconds": refused.seconds}, status)
    response.headers["Retry-After"] = str(refused.seconds)
    return response


def form_with(
    request: Request, work: Work, error: str, wanted: str, status: int, subject: str | None = None
) -> Response:
    """The form for whom an identity provider did not bring in; `subject` is what it calls them."""
    values = {"next": wanted, "name": "", "error": error, "subject": subject, "again": error == "oidc.refused.weak"}
    return _form(request, work, values, status)


def _form(request: Request, work: Work, values: dict[str, Any], status: int = 200) -> Response:
    passkey = auth.passkey_asked(request, work, None) if settings().passkey_sign_in else None
    provider: Provider | None = request.app.state.oidc
    more = {"provider": provider.name if provider else None, "left": False, "again": False, "subject": None}
    values = {"seconds": None, "passkey": passkey, **more, **values}
    return render.page(request, "account/sign_in.html", values, status, "/sign-in")


def _code_form(request: Request, work: Work, values: dict[str, Any], status: int = 200) -> Response:
    account = sign_in.account_of(work, values["ticket"], request.cookies.get(auth.COOKIE))
    values = {"codes": account.second_factor is not None, **values}
    values["passkey"] = auth.passkey_asked(request, work, account)
    return render.page(request, "account/sign_in_code.html", {"seconds": None, **values}, status, "/sign-in")
