"""The accounts page, for administrators: who may come in, as what."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response
from sqlmodel import col, select

from forbear.accounts import administration, passwords
from forbear.accounts.accounts import ROLES, UnfitError, ViewerWork
from models.account import Account
from web import auth
from web.auth import AdminWork, OurForm
from web.pages.accounts.own_account import RowId, account_at, proved, recovery
from web.views import flash, render

router = APIRouter()
ADDRESS = "/accounts"


@router.get(ADDRESS)
def show_accounts(request: Request, work: AdminWork) -> Response:
    """Every account."""
    return flash.forget(_page(request, work, said=flash.told(request, work.vault, work.viewer)), ADDRESS)


@router.post(ADDRESS, dependencies=[OurForm])
def add_account(
    request: Request,
    work: AdminWork,
    name: Annotated[str, Form()] = "",
    role: Annotated[str, Form()] = "",
    submitter: Annotated[str, Form()] = "",
    current: Annotated[str, Form()] = "",
    code: Annotated[str, Form()] = "",
) -> Response:
    """A new account with a password that the page shows once."""
    password = passwords.generated()
    try:
        proved(request, work, current, code)
        account = administration.add(work, name, role, submitter, password, handed_over=True)
    except UnfitError as error:
        return _page(request, work, error=error, typed={"name": name, "role": role, "submitter": submitter})
    return flash.to(request, ADDRESS, work.vault, work.viewer, "accounts.added", name=account.name, secret=password)


@router.get(f"{ADDRESS}/{{account_id}}/password")
def show_password(request: Request, work: AdminWork, account_id: RowId) -> Response:
    """Who is to have another password, and who asks for it."""
    return recovery(request, work, account_at(work, account_id), "password")


@router.post(f"{ADDRESS}/{{account_id}}/password", dependencies=[OurForm])
def set_password(
    request: Request,
    work: AdminWork,
    account_id: RowId,
    current: Annotated[str, Form()] = "",
    code: Annotated[str, Form()] = "",
    sure: Annotated[str, Form()] = "",
) -> Response:
    """Another password, which the page shows once; whoever used the account is signed out."""
    account, password = account_at(work, account_id), passwords.generated()
    try:
        proved(request, work, current, code)
        administration.set_password(work, account, password, handed_over=True, sure=sure)
    except UnfitError as error:
        return recovery(request, work, account, "password", error)
    return flash.to(request, ADDRESS, work.vault, work.viewer, "accounts.password", name=account.name, secret=password)


@router.post(f"{ADDRESS}/{{account_id}}/disable", dependencies=[OurForm])
def disable_account(request: Request, work: AdminWork, account_id: RowId) -> Response:
    """Close an account at once."""
    account = account_at(work, account_id)
    try:
        administration.disable(work, account)
    except UnfitError as error:
        return _page(request, work, error=error)
    return flash.to(request, ADDRESS, work.vault, work.viewer, "accounts.disabled", name=account.name)


@router.post(f"{ADDRESS}/{{account_id}}/enable", dependencies=[OurForm])
def enable_account(request: Request, work: AdminWork, account_id: RowId) -> Response:
    """Open a closed account again."""
    account = account_at(work, account_id)
    administration.enable(work, account)
    return flash.to(request, ADDRESS, work.vault, work.viewer, "accounts.enabled", name=account.name)


def _page(
    request: Request,
    work: ViewerWork,
    said: tuple[str, dict[str, str]] | None = None,
    error: UnfitError | None = None,
    typed: dict[str, str] | None = None,
) -> Response:
    closed, own = col(Account.disabled_at).is_not(None), work.session.get_one(Account, work.viewer.account_id)
    values: dict[str, Any] = {
        "accounts": list(work.session.exec(select(Account).order_by(closed, col(Account.name)))),
        "roles": ROLES,
        "provider": request.app.state.oidc,
        "asked": own.second_step,
        "passkey": auth.passkey_asked(request, work, own),
        "said": said,
        "error": error,
        "typed": typed or {"name": "", "role": "counsellor", "submitter": ""},
        "zone": work.pack.manifest.timezone,
    }
    status = 200 if error is None else 422
    return render.page(request, "account/accounts.html", values, status, ADDRESS)
