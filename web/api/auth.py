"""Who calls the API: every route depends on a bearer token with its scope. Cookies count for nothing here."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlmodel import Session

from forbear.accounts import accounts
from forbear.accounts.accounts import Scope, Viewer, ViewerWork
from forbear.base.settings import settings
from forbear.webhooks import webhooks
from models.account import Account
from models.database.session import session
from web.api.problems import ProblemError
from web.deps import STEPS, NowDep, as_work_of
from web.route import asked_by

_CHALLENGE = 'Bearer realm="forbear"'
_scheme = HTTPBearer(
    scheme_name="token",
    description="A token of an account, made by `forbear token create` or on the account page; it starts with `fb_`.",
    auto_error=False,
)


def bearer(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_scheme)], now: NowDep
) -> Viewer:
    """The account that a token acts for.

    Looked up in a session of its own: a request that waits for a decision must not hold a connection meanwhile.
    """
    if credentials is None:
        raise ProblemError(401, "no_token", headers={"WWW-Authenticate": _CHALLENGE})
    with session(request.app.state.engine) as opened:
        viewer = accounts.token_viewer(opened, credentials.credentials, now)
    if viewer is None:
        raise ProblemError(401, "bad_token", headers={"WWW-Authenticate": f'{_CHALLENGE}, error="invalid_token"'})
    asked_by(request.scope, viewer.actor)
    return viewer


_Bearer = Annotated[Viewer, Depends(bearer, max_concurrency=STEPS)]


def scoped(scope: Scope) -> Callable[[Viewer], Awaitable[Viewer]]:
    """A dependency: the account of a token that has this scope; else 403."""

    async def allowed(viewer: _Bearer) -> Viewer:
        check_scope(viewer, scope)
        return viewer

    return allowed


def check_scope(viewer: Viewer, scope: Scope) -> None:
    """Refuse a token that has not this scope."""
    if scope not in viewer.scopes:
        challenge = f'{_CHALLENGE}, error="insufficient_scope", scope="{scope}"'
        raise ProblemError(403, "scope", headers={"WWW-Authenticate": challenge}, scope=scope)


def submitter_for(session: Session, viewer: Viewer, asked: str | None) -> str:
    """Whose cases a viewer hands in: a submitter its own; others say whose, by default their account's or ours."""
    if viewer.submitter is not None:
        if asked not in (None, viewer.submitter):
            raise ProblemError(403, "submitter", submitter=viewer.submitter)
        return viewer.submitter
    return asked or session.get_one(Account, viewer.account_id).submitter or settings().submitter


async def _reviewing(viewer: Annotated[Viewer, Depends(scoped("reviews:write"))]) -> Viewer:
    if not viewer.may_act_as("counsellor"):
        raise ProblemError(403, "role")
    return viewer


async def _keeping(viewer: Annotated[Viewer, Depends(scoped("webhooks"))]) -> Viewer:
    if not webhooks.allowed(viewer):
        raise ProblemError(403, "role")
    return viewer


_reading = scoped("cases:read")
Reader = Annotated[Viewer, Depends(_reading)]
_writing = scoped("cases:write")
Writer = Annotated[Viewer, Depends(_writing)]
Reviewer = Annotated[Viewer, Depends(_reviewing)]
# The unit of work of the request, by such an account.
ReaderWork = Annotated[ViewerWork, Depends(as_work_of(_reading))]
WriterWork = Annotated[ViewerWork, Depends(as_work_of(_writing))]
WebhookToken = Annotated[ViewerWork, Depends(as_work_of(_keeping))]
