"""The account page: a person's own password, sign-ins and tokens."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, HTTPException, Path, Request, Response

from forbear.accounts import accounts, administration, passwords, sign_in
from forbear.accounts.accounts import SCOPES, UnfitError, ViewerWork
from forbear.accounts.administration import TOKEN_DAYS
from models.account import Account, Token
from web import auth
from web.auth import KnownWork, OurForm, SignedInWork
from web.pages.accounts.sign_in import gone
from web.views import flash, render

router = APIRouter()
ADDRESS = "/account"
RowId = Annotated[int, Path(ge=1, lt=2**63)]


@router.get(ADDRESS)
def show_account(request: Request, work: KnownWork) -> Response:
    """The account of who is signed in."""
    said = flash.told(request, work.vault, work.viewer)
    return flash.forget(_page(request, work, said=said), ADDRESS)


@router.post(f"{ADDRESS}/password", dependencies=[OurForm])
def change_password(
    request: Request,
    work: KnownWork,
    current: Annotated[str, Form()] = "",
    code: Annotated[str, Form()] = "",
    new: Annotated[str, Form()] = "",
    again: Annotated[str, Form()] = "",
    tokens: Annotated[bool, Form()] = False,
) -> Response:
    """Another password. Other browsers are signed out; this one goes on with a new secret."""
    try:
        account = proved(request, work, current, code)
        if new != again:
            raise UnfitError("again", "differs", "The new password was typed in two ways.")
        administration.set_password(work, account, new, tokens_too=tokens)
    except UnfitError as error:
        return _page(request, work, error=error)
    done = "account.password.done_tokens" if tokens else "account.password.done"
    return stay(request, work, account, flash.to(request, ADDRESS, work.vault, work.viewer, done))


@router.post(f"{ADDRESS}/password/strength", dependencies=[OurForm])
def tell_strength(request: Request, work: KnownWork, new: Annotated[str, Form()] = "") -> Response:
    """What a new password is worth, while it is typed: by what it is measured with when it is sent.

    Whether it is the one of now is told only then, or this would be a way to guess that one.
    """
    values: dict[str, Any] = {"error": None, "score": 1}
    try:
        values["score"] = passwords.check(new, work.viewer.name)
    except UnfitError as error:
        values["error"] = error
    return render.page(request, "account/password_strength.html", values)


@router.post(f"{ADDRESS}/sign-out-everywhere", dependencies=[OurForm])
def sign_out_everywhere(
    request: Request,
    work: SignedInWork,
    current: Annotated[str, Form()] = "",
    code: Annotated[str, Form()] = "",
) -> Response:
    """End every sign-in of this account, this one included."""
    vouched = accounts.was_vouched(work.session, request.cookies[auth.COOKIE])
    try:
        administration.sign_out_everywhere(work, proved(request, work, current, code))
    except UnfitError as error:
        return _page(request, work, error=error, form="sign_ins")
    return gone(vouched=vouched)


@router.post(f"{ADDRESS}/tokens", dependencies=[OurForm])
def create_token(
    request: Request,
    work: SignedInWork,
    days: Annotated[int, Form()],
    current: Annotated[str, Form()] = "",
    code: Annotated[str, Form()] = "",
    name: Annotated[str, Form()] = "",
    scopes: Annotated[list[str], Form()] = [],  # noqa: B006 - FastAPI copies it
) -> Response:
    """A new token, whose secret the page shows once."""
    if days not in TOKEN_DAYS:
        raise HTTPException(400)
    try:
        secret = administration.give_token(work, proved(request, work, current, code), name, scopes, days)
    except UnfitError as error:
        typed = {"name": name, "scopes": scopes, "days": days}
        return _page(request, work, error=error, form="token", typed=typed)
    return flash.to(request, ADDRESS, work.vault, work.viewer, "account.token.done", secret=secret)


@router.post(f"{ADDRESS}/tokens/{{token_id}}/revoke", dependencies=[OurForm])
def revoke_token(request: Request, work: SignedInWork, token_id: RowId) -> Response:
    """End a token of one's own."""
    token = work.session.get(Token, token_id)
    if token is None or token.account_id != work.viewer.account_id:
        raise HTTPException(404)
    administration.revoke(work, token)
    return flash.to(request, ADDRESS, work.vault, work.viewer, "account.token.revoked")


def proved(request: Request, work: ViewerWork, password: str, code: str) -> Account:
    """The account of who is signed in, who gave the password again and a second factor if any. Raises UnfitError."""
    attempt = auth.attempt(request, work.viewer.name, password)
    return sign_in.prove_again(work, attempt, auth.second_step(request, code))


def stay(request: Request, work: ViewerWork, account: Account, response: Response) -> Response:
    """The answer, with a new secret for this browser: every sign-in of the account ended."""
    auth.keep(request, response, sign_in.begin(work, account), auth.KEPT)
    return response


def account_at(work: ViewerWork, account_id: int) -> Account:
    """Anybody's account; else 404."""
    account = work.session.get(Account, account_id)
    if account is None:
        raise HTTPException(404)
    return account


def recovery(
    request: Request, work: ViewerWork, account: Account, lost: str, error: UnfitError | None = None
) -> Response:
    """The page by which an administrator lets somebody in again who lost their password or second factor."""
    own, address = _own(work), f"/accounts/{account.id}/{lost.replace('_', '-')}"
    values: dict[str, Any] = {"account": account, "asked": own.second_step, "error": error, "lost": lost}
    values |= {"passkey": auth.passkey_asked(request, work, own), "ways": administration.SURE, "to": address}
    return render.page(request, "account/recovery.html", values, 200 if error is None else 422, address)


def _own(work: ViewerWork) -> Account:
    return work.session.get_one(Account, work.viewer.account_id)


def _page(
    request: Request,
    work: ViewerWork,
    said: tuple[str, dict[str, str]] | None = None,
    error: UnfitError | None = None,
    form: str = "password",
    typed: dict[str, Any] | None = None,
) -> Response:
    account, now = _own(work), work.now
    values = {
        "account": account,
        "passkey": auth.passkey_asked(request, work, account),
        "sign_ins": accounts.sign_ins(work.session, account.id, now),
        "tokens": accounts.tokens(work.session, account.id, now),
        "scopes": SCOPES,
        "days": TOKEN_DAYS,
        "typed": {"name": "", "scopes": [], "days": TOKEN_DAYS[-1]} | (typed or {}),
        "said": said,
        "error": error,
        "form": form,
        "zone": work.pack.manifest.timezone,
    }
    status = 200 if error is None else 422
    return render.page(request, "account/account.html", values, status, ADDRESS)
