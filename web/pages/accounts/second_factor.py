"""The second factor on the pages: set up and taken off by its owner, taken off by an administrator for who lost it."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Annotated, Any

from fastapi import APIRouter, Form, HTTPException, Request, Response
from markupsafe import Markup

from forbear.accounts import administration, second_factor
from forbear.accounts.accounts import UnfitError, ViewerWork
from forbear.base import qr_code
from forbear.base.errors import ForbearError
from models.account import Account
from web import auth
from web.auth import AdminWork, KnownWork, OurForm
from web.pages.accounts.own_account import ADDRESS as OWN
from web.pages.accounts.own_account import RowId, account_at, proved, recovery, stay
from web.views import flash, render

router = APIRouter()
ADDRESS = f"{OWN}/second-factor"
_OTHERS = "/accounts/{account_id}/second-factor"
_PIXELS = 220  # of the QR code


@router.get(ADDRESS)
def show_second_factor(request: Request, work: KnownWork) -> Response:
    """How to set it up, with a secret made for it; or how to take it off."""
    return _page(request, work)


@router.post(ADDRESS, dependencies=[OurForm])
def turn_on(
    request: Request,
    work: KnownWork,
    sealed: Annotated[str, Form()] = "",
    current: Annotated[str, Form()] = "",
    code: Annotated[str, Form()] = "",
    passkey: Annotated[str, Form()] = "",
) -> Response:
    """Ask for codes from now on, once one was right; the next page shows the recovery codes. Other browsers end."""
    secret = _opened(work, sealed)
    try:
        account = _proved(request, work, current, passkey)
        codes = administration.second_factor_on(work, account, secret, code)
    except UnfitError as error:
        return _page(request, work, secret, error)
    shown = " ".join(codes)
    return stay(
        request, work, account, flash.to(request, OWN, work.vault, work.viewer, "second_factor.done", secret=shown)
    )


@router.post(f"{ADDRESS}/off", dependencies=[OurForm])
def turn_off(
    request: Request,
    work: KnownWork,
    current: Annotated[str, Form()] = "",
    code: Annotated[str, Form()] = "",
) -> Response:
    """Ask for codes no more. Other browsers end."""
    try:
        account = proved(request, work, current, code)
    except UnfitError as error:
        return _page(request, work, error=error)
    administration.second_factor_off(work, account)
    return stay(request, work, account, flash.to(request, OWN, work.vault, work.viewer, "second_factor.is_off"))


@router.get(_OTHERS)
def show_other(request: Request, work: AdminWork, account_id: RowId) -> Response:
    """Whose second factor is to be taken off, and who asks for it."""
    return _other(request, work, _account(work, account_id))


@router.post(_OTHERS, dependencies=[OurForm])
def take_off(
    request: Request,
    work: AdminWork,
    account_id: RowId,
    current: Annotated[str, Form()] = "",
    code: Annotated[str, Form()] = "",
    sure: Annotated[str, Form()] = "",
) -> Response:
    """Take it off somebody who lost it; whoever used the account is signed out."""
    account = _account(work, account_id)
    try:
        proved(request, work, current, code)
        administration.second_factor_off(work, account, passkeys_too=True, sure=sure)
    except UnfitError as error:
        return _other(request, work, account, error)
    return flash.to(request, "/accounts", work.vault, work.viewer, "second_factor.taken_off", name=account.name)


def _proved(request: Request, work: ViewerWork, current: str, shown: str) -> Account:
    """As `proved`, where the code is the new one's and what shows a passkey of before came in a field of its own."""
    try:
        return proved(request, work, current, shown)
    except UnfitError as error:
        error.field = "passkey" if error.field == "code" else error.field
        raise


def _account(work: ViewerWork, account_id: int) -> Account:
    """Somebody else's account that has one."""
    account = account_at(work, account_id)
    if not account.has_second_factor or account.id == work.viewer.account_id:
        raise HTTPException(404)
    return account


def _opened(work: ViewerWork, sealed: str) -> str:
    """The secret that the page showed to this viewer."""
    try:
        secret: str = work.vault.open(urlsafe_b64decode(sealed), _place(work))
    except (binascii.Error, ValueError, ForbearError):
        raise HTTPException(400) from None
    return secret


def _place(work: ViewerWork) -> str:
    return f"account.second_factor.new:{work.viewer.account_id}"


def _page(request: Request, work: ViewerWork, secret: str | None = None, error: UnfitError | None = None) -> Response:
    account = work.session.get_one(Account, work.viewer.account_id)
    values: dict[str, Any] = {"account": account, "error": error, "passkey": auth.passkey_asked(request, work, account)}
    if account.second_factor is None:
        secret = secret or second_factor.new_secret()
        values["sealed"] = urlsafe_b64encode(work.vault.seal(secret, _place(work))).decode()
        values["secret"] = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
        values["picture"] = Markup(qr_code.svg(second_factor.address(secret, account.name), _PIXELS))  # noqa: S704
    return render.page(request, "account/second_factor.html", values, 200 if error is None else 422, ADDRESS)


def _other(request: Request, work: ViewerWork, account: Account, error: UnfitError | None = None) -> Response:
    return recovery(request, work, account, "second_factor", error)
