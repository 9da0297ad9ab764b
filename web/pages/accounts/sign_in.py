"""Signing in and out."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from forbear.accounts import accounts, sign_in
from forbear.accounts.sign_in import Refused
from web import auth
from web.auth import OurForm, SignedInWork
from web.deps import WorkDep
from web.views import render

router = APIRouter()


@router.get("/sign-in")
def show_sign_in(request: Request, work: WorkDep, wanted: Annotated[str, Query(alias="next")] = "/") -> Response:
    """The form, or the wanted page for whoever is signed in already."""
    secret = request.cookies.get(auth.COOKIE)
    if secret and accounts.signed_in(work.session, secret, work.now):
        return RedirectResponse(auth.local(wanted), status_code=303)
    stranger = None if secret else auth.give_stranger_cookie(request)
    response = _form(request, {"next": auth.local(wanted), "name": "", "error": None})
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
    """Sign in with a new secret, whatever cookie the browser had, and go to the wanted page."""
    attempt = auth.attempt(request, name, password)
    done = sign_in.sign_in(work, attempt, request.cookies.get(auth.COOKIE))
    if isinstance(done, Refused):
        return _refusal(request, done, {"next": auth.local(wanted), "name": name})
    response = RedirectResponse(auth.local(wanted), status_code=303)
    auth.keep(request, response, done, int(accounts.SIGNED_IN_FOR.total_seconds()))
    auth.remember(request, response, work.vault, attempt)
    return response


@router.post("/sign-out", dependencies=[OurForm])
def leave(request: Request, work: SignedInWork) -> Response:
    """Sign out this browser."""
    sign_in.sign_out(work, request.cookies[auth.COOKIE])
    response = RedirectResponse("/sign-in", status_code=303)
    response.delete_cookie(auth.COOKIE)
    return response


def _refusal(request: Request, refused: Refused, values: dict[str, str]) -> Response:
    error, status = ("sign_in.wrong", 403) if refused.looked else ("sign_in.too_soon", 429)
    response = _form(request, {**values, "error": error, "seconds": refused.seconds}, status)
    response.headers["Retry-After"] = str(refused.seconds)
    return response


def _form(request: Request, values: dict[str, object], status: int = 200) -> Response:
    return render.page(request, "account/sign_in.html", values, status)
