"""The account page: a person's own password, sign-ins and tokens."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, HTTPException, Path, Request, Response
from fastapi.responses import RedirectResponse

from forbear.accounts import accounts, administration, sign_in
from forbear.accounts.accounts import SCOPES, UnfitError, ViewerWork
from forbear.accounts.administration import TOKEN_DAYS
from forbear.accounts.sign_in import Refused
from models.account import Account, Token
from web import auth
from web.auth import OurForm, SignedInWork
from web.views import flash, render

router = APIRouter()
ADDRESS = "/account"
RowId = Annotated[int, Path(ge=1, lt=2**63)]


@router.get(ADDRESS)
def show_account(request: Request, work: SignedInWork) -> Response:
    """The account of who is signed in."""
    said = flash.told(request, work.vault, work.viewer)
    return flash.forget(_page(request, work, said=said), ADDRESS)


@router.post(f"{ADDRESS}/password", dependencies=[OurForm])
def change_password(
    request: Request,
    work: SignedInWork,
    current: Annotated[str, Form()] = "",
    new: Annotated[str, Form()] = "",
    again: Annotated[str, Form()] = "",
) -> Response:
    """Another password. Other browsers are signed out; this one goes on with a new secret."""
    account = sign_in.prove(work, auth.attempt(request, work.viewer.name, current))
    if isinstance(account, Refused):
        reason = "wrong" if account.looked else "too_soon"
        error = UnfitError("current", reason, "This is not the current password.", n=account.seconds)
        return _page(request, work, error=error)
    try:
        if new != again:
            raise UnfitError("again", "differs", "The new password was typed in two ways.")
        administration.set_password(work, account, new)
    except UnfitError as error:
        return _page(request, work, error=error)
    response = flash.to(request, ADDRESS, work.vault, work.viewer, "account.password.done")
    secret = accounts.start(work.session, account, work.now)
    auth.keep(request, response, secret, int(accounts.SIGNED_IN_FOR.total_seconds()))
    return response


@router.post(f"{ADDRESS}/sign-out-everywhere", dependencies=[OurForm])
def sign_out_everywhere(request: Request, work: SignedInWork) -> Response:
    """End every sign-in of this account, this one included."""
    administration.sign_out_everywhere(work, _own(work))
    response = RedirectResponse("/sign-in", status_code=303)
    response.delete_cookie(auth.COOKIE)
    return response


@router.post(f"{ADDRESS}/tokens", dependencies=[OurForm])
def create_token(
    request: Request,
    work: SignedInWork,
    days: Annotated[int, Form()],
    name: Annotated[str, Form()] = "",
    scopes: Annotated[list[str], Form()] = [],  # noqa: B006 - FastAPI copies it
) -> Response:
    """A new token, whose secret the page shows once."""
    if days not in TOKEN_DAYS:
        raise HTTPException(400)
    try:
        secret = administration.give_token(work, _own(work), name, scopes, days)
    except UnfitError as error:
        return _page(request, work, error=error, typed={"name": name, "scopes": scopes, "days": days})
    return flash.to(request, ADDRESS, work.vault, work.viewer, "account.token.done", secret=secret)


@router.post(f"{ADDRESS}/tokens/{{token_id}}/revoke", dependencies=[OurForm])
def revoke_token(request: Request, work: SignedInWork, token_id: RowId) -> Response:
    """End a token of one's own."""
    token = work.session.get(Token, token_id)
    if token is None or token.account_id != work.viewer.account_id:
        raise HTTPException(404)
    administration.revoke(work, token)
    return flash.to(request, ADDRESS, work.vault, work.viewer, "account.token.revoked")


def _own(work: ViewerWork) -> Account:
    return work.session.get_one(Account, work.viewer.account_id)


def _page(
    request: Request,
    work: ViewerWork,
    said: tuple[str, dict[str, str]] | None = None,
    error: UnfitError | None = None,
    typed: dict[str, Any] | None = None,
) -> Response:
    account, now = _own(work), work.now
    values = {
        "account": account,
        "sign_ins": accounts.sign_ins(work.session, account.id, now),
        "tokens": accounts.tokens(work.session, account.id, now),
        "scopes": SCOPES,
        "days": TOKEN_DAYS,
        "typed": {"name": "", "scopes": [], "days": TOKEN_DAYS[-1]} | (typed or {}),
        "said": said,
        "error": error,
        "zone": work.pack.manifest.timezone,
    }
    status = 200 if error is None else 422
    return render.page(request, "account/account.html", values, status, ADDRESS)
