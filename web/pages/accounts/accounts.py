"""The accounts page, for administrators: who may come in, as what."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, HTTPException, Request, Response
from sqlmodel import col, select

from forbear.accounts import passwords
from forbear.accounts.accounts import ROLES, UnfitError
from forbear.accounts.administration import AccountAdministration
from models.account import Account
from web.auth import Admin, OurForm
from web.pages.accounts.own_account import KeeperDep, RowId
from web.views import flash, render

router = APIRouter()
ADDRESS = "/accounts"


@router.get(ADDRESS)
def show_accounts(request: Request, viewer: Admin, keeper: KeeperDep) -> Response:
    """Every account."""
    return flash.forget(_page(request, keeper, said=flash.told(request, keeper.vault, viewer)), ADDRESS)


@router.post(ADDRESS, dependencies=[OurForm])
def add_account(
    request: Request,
    viewer: Admin,
    keeper: KeeperDep,
    name: Annotated[str, Form()] = "",
    role: Annotated[str, Form()] = "",
    submitter: Annotated[str, Form()] = "",
) -> Response:
    """A new account with a password that the page shows once."""
    password = passwords.generated()
    try:
        account = keeper.add(name, role, submitter, password)
    except UnfitError as error:
        return _page(request, keeper, error=error, typed={"name": name, "role": role, "submitter": submitter})
    return flash.to(request, ADDRESS, keeper.vault, viewer, "accounts.added", name=account.name, secret=password)


@router.post(f"{ADDRESS}/{{account_id}}/password", dependencies=[OurForm])
def set_password(request: Request, viewer: Admin, keeper: KeeperDep, account_id: RowId) -> Response:
    """Another password, which the page shows once; whoever used the account is signed out."""
    account, password = _account(keeper, account_id), passwords.generated()
    keeper.set_password(account, password)
    return flash.to(request, ADDRESS, keeper.vault, viewer, "accounts.password", name=account.name, secret=password)


@router.post(f"{ADDRESS}/{{account_id}}/disable", dependencies=[OurForm])
def disable_account(request: Request, viewer: Admin, keeper: KeeperDep, account_id: RowId) -> Response:
    """Close an account at once."""
    account = _account(keeper, account_id)
    try:
        keeper.disable(account)
    except UnfitError as error:
        return _page(request, keeper, error=error)
    return flash.to(request, ADDRESS, keeper.vault, viewer, "accounts.disabled", name=account.name)


@router.post(f"{ADDRESS}/{{account_id}}/enable", dependencies=[OurForm])
def enable_account(request: Request, viewer: Admin, keeper: KeeperDep, account_id: RowId) -> Response:
    """Open a closed account again."""
    account = _account(keeper, account_id)
    keeper.enable(account)
    return flash.to(request, ADDRESS, keeper.vault, viewer, "accounts.enabled", name=account.name)


def _account(keeper: AccountAdministration, account_id: int) -> Account:
    account = keeper.session.get(Account, account_id)
    if account is None:
        raise HTTPException(404)
    return account


def _page(
    request: Request,
    keeper: AccountAdministration,
    said: tuple[str, dict[str, str]] | None = None,
    error: UnfitError | None = None,
    typed: dict[str, str] | None = None,
) -> Response:
    closed = col(Account.disabled_at).is_not(None)
    values: dict[str, Any] = {
        "accounts": list(keeper.session.exec(select(Account).order_by(closed, col(Account.name)))),
        "roles": ROLES,
        "said": said,
        "error": error,
        "typed": typed or {"name": "", "role": "counsellor", "submitter": ""},
        "zone": request.app.state.pack.manifest.timezone,
    }
    status = 200 if error is None else 422
    return render.page(request, "accounts.html", values, status, ADDRESS)
