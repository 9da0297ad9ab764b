"""The account page: a person's own password, sign-ins and tokens."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, HTTPException, Path, Request, Response
from fastapi.responses import RedirectResponse

from forbear.accounts import accounts, sign_in
from forbear.accounts.accounts import SCOPES, UnfitError, Viewer
from forbear.accounts.administration import TOKEN_DAYS, AccountAdministration
from forbear.accounts.sign_in import Attempt, Refused
from models.account import Account, Token
from web import auth
from web.auth import OurForm, SignedIn
from web.deps import NowDep, SessionDep, VaultDep
from web.views import flash, render

router = APIRouter()
ADDRESS = "/account"
RowId = Annotated[int, Path(ge=1, lt=2**63)]


def _keeper(viewer: SignedIn, session: SessionDep, vault: VaultDep, now: NowDep) -> AccountAdministration:
    return AccountAdministration(session, vault, viewer.actor, now)


KeeperDep = Annotated[AccountAdministration, Depends(_keeper)]


@router.get(ADDRESS)
def show_account(request: Request, viewer: SignedIn, keeper: KeeperDep) -> Response:
    """The account of who is signed in."""
    said = flash.told(request, keeper.vault, viewer)
    return flash.forget(_page(request, viewer, keeper, said=said), ADDRESS)


@router.post(f"{ADDRESS}/password", dependencies=[OurForm])
def change_password(
    request: Request,
    viewer: SignedIn,
    keeper: KeeperDep,
    current: Annotated[str, Form()] = "",
    new: Annotated[str, Form()] = "",
    again: Annotated[str, Form()] = "",
) -> Response:
    """Another password. Other browsers are signed out; this one goes on with a new secret."""
    attempt = Attempt(viewer.name, current, auth.client_address(request))
    account = sign_in.prove(keeper.session, keeper.vault, attempt, keeper.now)
    if isinstance(account, Refused):
        reason = "wrong" if account.again_at is None else "locked"
        return _page(request, viewer, keeper, error=UnfitError("current", reason, "This is not the current password."))
    try:
        if new != again:
            raise UnfitError("again", "differs", "The new password was typed in two ways.")
        keeper.set_password(account, new)
    except UnfitError as error:
        return _page(request, viewer, keeper, error=error)
    response = flash.to(request, ADDRESS, keeper.vault, viewer, "account.password.done")
    secret = accounts.start(keeper.session, account, keeper.now)
    auth.keep(request, response, secret, int(accounts.SIGNED_IN_FOR.total_seconds()))
    return response


@router.post(f"{ADDRESS}/sign-out-everywhere", dependencies=[OurForm])
def sign_out_everywhere(request: Request, viewer: SignedIn, keeper: KeeperDep) -> Response:
    """End every sign-in of this account, this one included."""
    keeper.sign_out_everywhere(_own(viewer, keeper))
    response = RedirectResponse("/sign-in", status_code=303)
    response.delete_cookie(auth.COOKIE)
    return response


@router.post(f"{ADDRESS}/tokens", dependencies=[OurForm])
def create_token(
    request: Request,
    viewer: SignedIn,
    keeper: KeeperDep,
    days: Annotated[int, Form()],
    name: Annotated[str, Form()] = "",
    scopes: Annotated[list[str], Form()] = [],  # noqa: B006 - FastAPI copies it
) -> Response:
    """A new token, whose secret the page shows once."""
    if days not in TOKEN_DAYS:
        raise HTTPException(400)
    try:
        secret = keeper.give_token(_own(viewer, keeper), name, scopes, days)
    except UnfitError as error:
        return _page(request, viewer, keeper, error=error, typed={"name": name, "scopes": scopes, "days": days})
    return flash.to(request, ADDRESS, keeper.vault, viewer, "account.token.done", secret=secret)


@router.post(f"{ADDRESS}/tokens/{{token_id}}/revoke", dependencies=[OurForm])
def revoke_token(request: Request, viewer: SignedIn, keeper: KeeperDep, token_id: RowId) -> Response:
    """End a token of one's own."""
    token = keeper.session.get(Token, token_id)
    if token is None or token.account_id != viewer.account_id:
        raise HTTPException(404)
    keeper.revoke(token)
    return flash.to(request, ADDRESS, keeper.vault, viewer, "account.token.revoked")


def _own(viewer: Viewer, keeper: AccountAdministration) -> Account:
    return keeper.session.get_one(Account, viewer.account_id)


def _page(
    request: Request,
    viewer: Viewer,
    keeper: AccountAdministration,
    said: tuple[str, dict[str, str]] | None = None,
    error: UnfitError | None = None,
    typed: dict[str, Any] | None = None,
) -> Response:
    account, now = _own(viewer, keeper), keeper.now
    values = {
        "account": account,
        "sign_ins": accounts.sign_ins(keeper.session, account.id, now),
        "tokens": accounts.tokens(keeper.session, account.id, now),
        "scopes": SCOPES,
        "days": TOKEN_DAYS,
        "typed": {"name": "", "scopes": [], "days": TOKEN_DAYS[-1]} | (typed or {}),
        "said": said,
        "error": error,
        "zone": request.app.state.pack.manifest.timezone,
    }
    status = 200 if error is None else 422
    return render.page(request, "account.html", values, status, ADDRESS)
