"""Single sign-on on the pages: to the identity provider and back, and which accounts are linked to whom it knows."""

from typing import Annotated, Any, Final

import structlog
from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request, Response
from fastapi.responses import RedirectResponse

from forbear.accounts import accounts, administration, sign_in
from forbear.accounts.accounts import UnfitError, ViewerWork
from forbear.accounts.oidc import flow
from forbear.accounts.oidc.flow import Returned
from forbear.accounts.oidc.provider import Provider, UnvouchedError
from forbear.ledger.unit_of_work import begin
from models.account import Account
from models.database.session import session as opened
from web import auth
from web.auth import AdminWork, OurForm
from web.deps import NowDep, VaultDep
from web.pages.accounts import sign_in as sign_in_page
from web.pages.accounts.own_account import RowId, proved, stay
from web.views import flash, render

router = APIRouter()
ADDRESS: Final = "/sign-in/oidc"
_OTHERS: Final = "/accounts/{account_id}/single-sign-on"
_LONGEST: Final = 500  # characters of where somebody wanted to go: it travels in an address
_STATUS: Final = {"away": 503, "busy": 503, "nonsense": 502}
_TOLD: Final = ("token", "weak")  # to the ledger, too: only whom the provider knows comes so far

log = structlog.get_logger()


def _configured(request: Request) -> Provider:
    provider: Provider | None = request.app.state.oidc
    if provider is None:
        raise HTTPException(404)
    return provider


ProviderDep = Annotated[Provider, Depends(_configured)]


# These ask the provider before they have a transaction: none is open while somebody else is waited for.
@router.get(ADDRESS)
def set_out(
    request: Request,
    vault: VaultDep,
    now: NowDep,
    provider: ProviderDep,
    wanted: Annotated[str, Query(alias="next")] = "/",
    again: bool = False,
) -> Response:
    """To the provider, from where one comes back to the wanted page."""
    known = request.cookies.get(auth.COOKIE)
    secret = known or auth.give_stranger_cookie(request)
    wanted = auth.local(wanted) if len(wanted) <= _LONGEST else "/"
    back = str(request.base_url.replace(path=f"{ADDRESS}/back"))
    try:
        address = flow.set_out(provider, vault, secret, redirect=back, wanted=wanted, again=again, now=now)
        response: Response = RedirectResponse(address, status_code=303)
    except UnvouchedError as error:
        response = _refused(request, error, wanted)
    if not known:
        auth.keep(request, response, secret)
    return response


@router.get(f"{ADDRESS}/back")
def come_back(
    request: Request,
    vault: VaultDep,
    now: NowDep,
    provider: ProviderDep,
    answer: Annotated[Returned, Depends(lambda state="", code="", error="", iss="": Returned(state, code, error, iss))],
) -> Response:
    """Sign in whoever the provider says it is, if an account is linked to them, and go to the wanted page."""
    secret, state = request.cookies.get(auth.COOKIE, ""), request.app.state
    try:
        journey = flow.journey_of(vault, secret, answer.state, now)
    except UnvouchedError as error:
        with opened(state.engine) as asked:
            there = accounts.signed_in(asked, secret, now)
        return _refused(request, error, "/") if there is None else RedirectResponse("/", status_code=303)
    try:
        subject = flow.arrive(provider, journey, answer, now)
    except UnvouchedError as error:
        if error.code in _TOLD:
            with begin(state.engine, vault, now) as work:
                sign_in.refused_by_provider(work, error.code)
        return _refused(request, error, journey.wanted)
    with begin(state.engine, vault, now) as work:
        done = sign_in.sign_in_linked(work, provider.issuer, subject, secret)
        if done is not None:
            attempt = auth.attempt(request, done[1].name, "")
            return sign_in_page.entered(request, work, done[0], attempt, journey.wanted)
    log.warning("oidc.not_linked")
    return sign_in_page.form_with(request, "oidc.not_linked", journey.wanted, 403, subject=subject)


@router.get(f"{ADDRESS}/leave")
def leave(request: Request, now: NowDep, provider: ProviderDep) -> Response:
    """To where one is signed out at the provider, too."""
    try:
        address = flow.sign_out_address(provider, str(request.base_url.replace(path="/sign-in")), now)
    except UnvouchedError as error:
        return _refused(request, error, "/")
    if address is None:
        return sign_in_page.form_with(request, "oidc.no_sign_out", "/", 404)
    return RedirectResponse(address, status_code=303)


@router.get(_OTHERS)
def show_link(request: Request, work: AdminWork, account_id: RowId) -> Response:
    """Whom an account is linked to."""
    return _page(request, work, _account(work, account_id))


@router.post(_OTHERS, dependencies=[OurForm])
def link(
    request: Request,
    work: AdminWork,
    provider: ProviderDep,
    account_id: RowId,
    subject: Annotated[str, Form()] = "",
    current: Annotated[str, Form()] = "",
    code: Annotated[str, Form()] = "",
) -> Response:
    """Link an account; whoever used it is signed out."""
    account = _account(work, account_id)
    try:
        proved(request, work, current, code)
        administration.link(work, account, provider.issuer, subject)
    except UnfitError as error:
        return _page(request, work, account, error, subject)
    return _done(request, work, account, "oidc.linked")


@router.post(f"{_OTHERS}/end", dependencies=[OurForm])
def unlink(request: Request, work: AdminWork, account_id: RowId) -> Response:
    """Link an account to nobody; whoever used it is signed out."""
    account = _account(work, account_id)
    administration.unlink(work, account)
    return _done(request, work, account, "oidc.unlinked")


def _refused(request: Request, error: UnvouchedError, wanted: str) -> Response:
    log.warning("oidc.refused", why=error.code, about=error.about)
    return sign_in_page.form_with(request, f"oidc.refused.{error.code}", wanted, _STATUS.get(error.code, 403))


def _account(work: ViewerWork, account_id: int) -> Account:
    account = work.session.get(Account, account_id)
    if account is None:
        raise HTTPException(404)
    return account


def _done(request: Request, work: ViewerWork, account: Account, said: str) -> Response:
    """The list again; who changed their own account stays signed in here."""
    response = flash.to(request, "/accounts", work.vault, work.viewer, said, name=account.name)
    return stay(request, work, account, response) if account.id == work.viewer.account_id else response


def _page(
    request: Request, work: ViewerWork, account: Account, error: UnfitError | None = None, subject: str = ""
) -> Response:
    asked = work.session.get_one(Account, work.viewer.account_id).second_factor is not None
    provider: Provider | None = request.app.state.oidc
    values: dict[str, Any] = {"account": account, "asked": asked, "error": error, "subject": subject}
    values["provider"] = provider
    address = _OTHERS.format(account_id=account.id)
    return render.page(request, "account/single_sign_on.html", values, 200 if error is None else 422, address)
