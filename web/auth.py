"""Who makes a request: every route depends on one of these. Pages send strangers to the sign-in page."""

import hmac
import re
import secrets
from collections.abc import Awaitable, Callable
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import Depends, Form, HTTPException, Request, Response

from forbear.accounts import accounts, passkeys, sign_in
from forbear.accounts.accounts import Owed, Role, Viewer, ViewerWork
from forbear.accounts.devices import KEPT_FOR
from forbear.accounts.passkeys import PasskeySite
from forbear.accounts.sign_in import Attempt, SecondStep
from forbear.base.vault import Vault
from forbear.conversation import my_work
from forbear.ledger.unit_of_work import Work
from models.account import Account
from web.deps import NowDep, SessionDep, as_work_of
from web.route import asked_by

COOKIE = "forbear"
DEVICES = "forbear_devices"  # the accounts that somebody once signed in on in this browser
# Seconds a browser keeps the cookie of a sign-in: longer than that counts, to show that a form is of a page of ours.
KEPT = 2 * int(accounts.SIGNED_IN_FOR.total_seconds())
POLLED = "polled"  # a tag of routes that a page asks by itself, while nobody may sit in front of it
# Neither //host nor /\host, which browsers take for another site's, nor what they drop before they look.
_LOCAL = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]*")


class SignInNeededError(Exception):
    """Nobody is signed in, or no longer."""


class OwingError(Exception):
    """Somebody is signed in, and has to see to their own account before anything else."""

    def __init__(self, owes: Owed) -> None:
        super().__init__(owes)
        self.owes = owes


def _known(request: Request, session: SessionDep, now: NowDep) -> Viewer:
    secret = request.cookies.get(COOKIE)
    held = None if secret is None else accounts.holder(session, secret, now)
    if held is None:
        raise SignInNeededError
    viewer, unseen = held
    if unseen and POLLED not in request.scope["route"].tags:
        request.state.seen = secret
    asked_by(request.scope, viewer.actor)
    request.state.viewer = viewer  # for the navigation of the page, as is how much waits there
    if viewer.may_act_as("counsellor"):
        zone = ZoneInfo(request.app.state.pack.manifest.timezone)
        waits = my_work.waiting(session, viewer, now.astimezone(zone).date())
        request.state.badge, request.state.unread = waits.work, waits.unread
    return viewer


async def _signed_in(viewer: Annotated[Viewer, Depends(_known)]) -> Viewer:
    if viewer.owes is not None:
        raise OwingError(viewer.owes)
    return viewer


def at_least(role: Role) -> Callable[[Viewer], Awaitable[Viewer]]:
    """A dependency: the signed-in account, if its role is at least this one; else 403."""

    async def allowed(viewer: SignedIn) -> Viewer:
        if not viewer.may_act_as(role):
            raise HTTPException(403)
        return viewer

    return allowed


async def _form_is_ours(request: Request, csrf: Annotated[str, Form()] = "") -> None:
    """Refuse a form that did not come from a page of ours (cross-site request forgery)."""
    secret = request.cookies.get(COOKIE)
    if not secret or not hmac.compare_digest(csrf.encode(), accounts.csrf_token(secret).encode()):
        raise HTTPException(403, "expired")


def form_token(request: Request) -> str:
    """What the forms of a page carry."""
    return accounts.csrf_token(_secret(request))


def _secret(request: Request) -> str:
    return getattr(request.state, "secret", None) or request.cookies.get(COOKIE, "")


def give_stranger_cookie(request: Request) -> str:
    """A cookie that is nobody's, so that the form of the sign-in page can prove to be ours as well."""
    request.state.secret = secrets.token_urlsafe(32)
    return str(request.state.secret)


def keep(request: Request, response: Response, secret: str, seconds: int | None = None) -> None:
    """Set the cookie: kept for so long, or until the browser is closed."""
    secure = request.url.scheme == "https"
    response.set_cookie(COOKIE, secret, max_age=seconds, httponly=True, secure=secure, samesite="lax")


def attempt(request: Request, name: str, password: str) -> Attempt:
    """What was typed, and where: the address as far as the server knows (behind a proxy, see FORBEAR_WEB_PROXY)."""
    address = request.client.host if request.client else ""
    return Attempt(name, password, address, request.cookies.get(DEVICES, ""))


def passkey_site(request: Request) -> PasskeySite | None:
    """This browser at one of our names; the address is that of the request, which is one of them."""
    return PasskeySite.at(request.headers.get("host", "").lower(), form_token(request))


def passkey_asked(request: Request, work: Work, account: Account | None) -> str | None:
    """What the page asks a browser for to show a passkey of this account, or of any; None where there is none."""
    site = passkey_site(request)
    return None if site is None else passkeys.to_use(work, site, account)


def second_step(request: Request, code: str) -> SecondStep:
    """What came in the field of the code: one that was typed, or in its place what a passkey answered."""
    return passkeys.shown(passkey_site(request), code) if code.startswith("{") else code


def remember(request: Request, response: Response, vault: Vault, done: Attempt) -> None:
    """Let the browser be known on the account that somebody has just signed in on."""
    cookie, seconds = sign_in.remember(vault, done), int(KEPT_FOR.total_seconds())
    secure = request.url.scheme == "https"
    response.set_cookie(DEVICES, cookie, max_age=seconds, httponly=True, secure=secure, samesite="lax")


def local(address: str) -> str:
    """Where to go after signing in: the address if it is a path of ours, else the queue."""
    return address if _LOCAL.fullmatch(address) else "/"


SignedIn = Annotated[Viewer, Depends(_signed_in)]
_counsellor, _supervisor, _admin = at_least("counsellor"), at_least("supervisor"), at_least("admin")
Counsellor = Annotated[Viewer, Depends(_counsellor)]
Supervisor = Annotated[Viewer, Depends(_supervisor)]
Admin = Annotated[Viewer, Depends(_admin)]
# The unit of work of the request, by somebody of that role.
KnownWork = Annotated[ViewerWork, Depends(as_work_of(_known))]  # where somebody sees to what their account owes
SignedInWork = Annotated[ViewerWork, Depends(as_work_of(_signed_in))]
CounsellorWork = Annotated[ViewerWork, Depends(as_work_of(_counsellor))]
SupervisorWork = Annotated[ViewerWork, Depends(as_work_of(_supervisor))]
AdminWork = Annotated[ViewerWork, Depends(as_work_of(_admin))]
OurForm = Depends(_form_is_ours)  # dependencies=[OurForm] on every route that takes a form
