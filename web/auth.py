"""Who makes a request: every route depends on one of these. Pages send strangers to the sign-in page."""

import hmac
from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Form, HTTPException, Request

from forbear import accounts
from forbear.accounts import Role, Viewer
from web.deps import NowDep, SessionDep

COOKIE = "forbear"


class SignInNeededError(Exception):
    """Nobody is signed in, or no longer."""


def _signed_in(request: Request, session: SessionDep, now: NowDep) -> Viewer:
    secret = request.cookies.get(COOKIE)
    viewer = None if secret is None else accounts.signed_in(session, secret, now)
    if viewer is None:
        raise SignInNeededError
    request.state.viewer = viewer  # for the navigation of the page
    return viewer


def at_least(role: Role) -> Callable[[Viewer], Viewer]:
    """A dependency: the signed-in account, if its role is at least this one; else 403."""

    def allowed(viewer: SignedIn) -> Viewer:
        if not viewer.may_act_as(role):
            raise HTTPException(403)
        return viewer

    return allowed


def _form_is_ours(request: Request, csrf: Annotated[str, Form()] = "") -> None:
    """Refuse a form that did not come from a page of ours (cross-site request forgery)."""
    expected = accounts.csrf_token(request.cookies.get(COOKIE, ""))
    if not hmac.compare_digest(csrf.encode(), expected.encode()):
        raise HTTPException(403)


SignedIn = Annotated[Viewer, Depends(_signed_in)]
Counsellor = Annotated[Viewer, Depends(at_least("counsellor"))]
Supervisor = Annotated[Viewer, Depends(at_least("supervisor"))]
Admin = Annotated[Viewer, Depends(at_least("admin"))]
OurForm = Depends(_form_is_ours)  # dependencies=[OurForm] on every route that takes a form
