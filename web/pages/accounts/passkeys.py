"""The pages of passkeys: one's own, made in two steps, and taken off."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, HTTPException, Request, Response

from forbear.accounts import administration, passkeys
from forbear.accounts.accounts import UnfitError, ViewerWork
from models.account import Account, Passkey
from web import auth
from web.auth import KnownWork, OurForm
from web.pages.accounts.own_account import ADDRESS as OWN
from web.pages.accounts.own_account import RowId, proved, stay
from web.views import flash, render

router = APIRouter()
ADDRESS = f"{OWN}/passkeys"


@router.get(ADDRESS)
def show_passkeys(request: Request, work: KnownWork) -> Response:
    """Those there are, and how to add one."""
    return flash.forget(_page(request, work, said=flash.told(request, work.vault, work.viewer)), ADDRESS)


@router.post(ADDRESS, dependencies=[OurForm])
def ask_for_passkey(
    request: Request,
    work: KnownWork,
    name: Annotated[str, Form()] = "",
    current: Annotated[str, Form()] = "",
    code: Annotated[str, Form()] = "",
) -> Response:
    """The first step, by password and second factor: the device is asked to make one."""
    site = auth.passkey_site(request)
    try:
        if site is None:
            raise UnfitError("passkey", "nowhere", "Passkeys need an address with a name.")
        kept = administration.may_have_passkey(_own(work), name)
        account = proved(request, work, current, code)
    except UnfitError as error:
        return _page(request, work, error=error, name=name)
    values = {"name": kept, "options": passkeys.to_make(work, account, site, kept)}
    return render.page(request, "account/passkey_made.html", values, 200, ADDRESS)


@router.post(f"{ADDRESS}/made", dependencies=[OurForm])
def add_passkey(request: Request, work: KnownWork, passkey: Annotated[str, Form()] = "") -> Response:
    """The second step: what the device made is kept, with recovery codes if it is the first. Other browsers end."""
    site, account = auth.passkey_site(request), _own(work)
    if site is None:
        raise HTTPException(400)
    try:
        codes = administration.add_passkey(work, account, passkeys.made(work, account, site, passkey))
    except UnfitError as error:
        return _page(request, work, error=error)
    told = flash.to(request, ADDRESS, work.vault, work.viewer, "passkey.added")
    if codes:
        told = flash.to(request, ADDRESS, work.vault, work.viewer, "passkey.first", secret=" ".join(codes))
    return stay(request, work, account, told)


@router.get(f"{ADDRESS}/{{passkey_id}}")
def show_passkey(request: Request, work: KnownWork, passkey_id: RowId) -> Response:
    """Which one is to be taken off, and who asks for it."""
    return _one(request, work, _theirs(work, passkey_id))


@router.post(f"{ADDRESS}/{{passkey_id}}", dependencies=[OurForm])
def remove_passkey(
    request: Request,
    work: KnownWork,
    passkey_id: RowId,
    current: Annotated[str, Form()] = "",
    code: Annotated[str, Form()] = "",
) -> Response:
    """Take it off. Other browsers end."""
    passkey = _theirs(work, passkey_id)
    try:
        account = proved(request, work, current, code)
    except UnfitError as error:
        return _one(request, work, passkey, error)
    administration.remove_passkey(work, account, passkey)
    return stay(request, work, account, flash.to(request, ADDRESS, work.vault, work.viewer, "passkey.removed"))


def _own(work: ViewerWork) -> Account:
    return work.session.get_one(Account, work.viewer.account_id)


def _theirs(work: ViewerWork, passkey_id: int) -> Passkey:
    passkey = work.session.get(Passkey, passkey_id)
    if passkey is None or passkey.account_id != work.viewer.account_id:
        raise HTTPException(404)
    return passkey


def _page(
    request: Request,
    work: ViewerWork,
    said: tuple[str, dict[str, str]] | None = None,
    error: UnfitError | None = None,
    name: str = "",
) -> Response:
    account = _own(work)
    values: dict[str, Any] = {
        "account": account,
        "passkeys": passkeys.of_account(work.session, account),
        "most": administration.MOST_PASSKEYS,
        "passkey": auth.passkey_asked(request, work, account),
        "nowhere": auth.passkey_site(request) is None,
        "name": name,
        "said": said,
        "error": error,
        "zone": work.pack.manifest.timezone,
    }
    return render.page(request, "account/passkeys.html", values, 200 if error is None else 422, ADDRESS)


def _one(request: Request, work: ViewerWork, passkey: Passkey, error: UnfitError | None = None) -> Response:
    account = _own(work)
    values: dict[str, Any] = {"account": account, "one": passkey, "error": error}
    values["passkey"] = auth.passkey_asked(request, work, account)
    address = f"{ADDRESS}/{passkey.id}"
    return render.page(request, "account/passkey_off.html", values, 200 if error is None else 422, address)
