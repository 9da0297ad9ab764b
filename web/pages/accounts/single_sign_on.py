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
from forbear.ledger.unit_of_work import Work, begin
from models.account import Account
from web import auth
from web.auth import AdminWork, OurForm
from web.deps import NowDep, VaultDep
from web.pages.accounts import sign_in as sign_in_page
from web.pages.accounts.own_account import RowId, account_at, proved, stay
from web.views import flash, render

router = APIRouter()
ADDRESS: Final = "/sign-in/oidc"
_OTHERS: Final = "/accounts/{account_id}/single-sign-on"
_LONGEST: Final = 500  # characters of where somebody wanted to go: it travels in an address
_STATUS: Final = {"away": 503, "busy": 503, "nonsense": 502}
_TOLD: Final = ("token", "weak")  # to the ledger, too: only whom the provider knows comes so far

log = structlog.get_logger()


async def _configured(request: Request) -> Provider:
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
        with begin(request.app.state.engine, vault, now, to_read=True) as work:
            response = _refused(request, work, error, wanted)
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
    secret, wanted = request.cookies.get(auth.COOKIE, ""), "/"
    found: str | UnvouchedError
    try:
        journey = flow.journey_of(vault, secret, answer.state, now)
        wanted = journey.wanted
        found = flow.arrive(provider, journey, answer, now)
    except UnvouchedError as error:
        found = error
    with begin(request.app.state.engine, vault, now) as work:
        if isinstance(found, UnvouchedError):
            return _turned_away(request, work, found, wanted)
        done = sign_in.sign_in_linked(work, provider.issuer, found, secret)
        if done is not None:
            return sign_in_page.entered(request, work, done[0], auth.attempt(request, done[1].name, ""), wanted)
        log.warning("oidc.not_linked")
        return sign_in_page.form_with(request, work, "oidc.not_linked", wanted, 403, subject=found)


@router.get(f"{ADDRESS}/leave")
def leave(request: Request, vault: VaultDep, now: NowDep, provider: ProviderDep) -> Response:
    """To where one is signed out at the provider, too."""
    found: str | UnvouchedError | None
    try:
        found = flow.sign_out_address(provider, str(request.base_url.replace(path="/sign-in")), now)
    except UnvouchedError as error:
        found = error
    if isinstance(found, str):
        return RedirectResponse(found, status_code=303)
    with begin(request.app.state.engine, vault, now, to_read=True) as work:
        if found is None:
            return sign_in_page.form_with(request, work, "oidc.no_sign_out", "/", 404)
        return _refused(request, work, found, "/")


@router.get(_OTHERS)
def show_link(request: Request, work: AdminWork, account_id: RowId) -> Response:
    """Whom an account is linked to."""
    return _page(request, work, account_at(work, account_id))


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
    account = account_at(work, account_id)
    try:
        proved(request, work, current, code)
        administration.link(work, account, provider.issuer, subject)
    except UnfitError as error:
        return _page(request, work, account, error, subject)
    return _done(request, work, account, "oidc.linked")


@router.post(f"{_OTHERS}/end", dependencies=[OurForm])
def unlink(request: Request, work: AdminWork, account_id: RowId) -> Response:
    """Link an account to nobody; whoever used it is signed out."""
    account = account_at(work, account_id)
    administration.unlink(work, account)
    return _done(request, work, account, "oidc.unlinked")


def _turned_away(request: Request, work: Work, error: UnvouchedError, wanted: str) -> Response:
    """One sentence, for the ledger too; whoever is signed in already just goes on."""
    if error.code == "expired" and accounts.signed_in(work.session, request.cookies.get(auth.COOKIE, ""), work.now):
        return RedirectResponse("/", status_code=303)
    if error.code in _TOLD:
        sign_in.refused_by_provider(work, error.code)
    return _refused(request, work, error, wanted)


def _refused(request: Request, work: Work, error: UnvouchedError, wanted: str) -> Response:
    log.warning("oidc.refused", why=error.code, about=error.about)
    return sign_in_page.form_with(request, work, f"oidc.refused.{error.code}", wanted, _STATUS.get(error.code, 403))


def _done(request: Request, work: ViewerWork, account: Account, said: str) -> Response:
    """The list again; who changed their own account stays signed in here."""
    response = flash.to(request, "/accounts", work.vault, work.viewer, said, name=account.name)
    return stay(request, work, account, response) if account.id == work.viewer.account_id else response


def _page(
    request: Request, work: ViewerWork, account: Account, error: UnfitError | None = None, subject: str = ""
) -> Response:
    own = work.session.get_one(Account, work.viewer.account_id)
    values: dict[str, Any] = {"account": account, "asked": own.second_step, "error": error, "subject": subject}
    values |= {"passkey": auth.passkey_asked(request, work, own), "provider": request.app.state.oidc}
    address = _OTHERS.format(account_id=account.id)
    return render.page(request, "account/single_sign_on.html", values, 200 if error is None else 422, address)
