"""The way to the provider and back: authorization code, with PKCE, state and nonce.

What has to be known on the way back travels as the state, sealed for the browser that set out: nobody else can use or
make one, nor read it, and nothing of it is kept.
"""

import binascii
import datetime as dt
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from hashlib import sha256
from typing import Final
from urllib.parse import urlencode

from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from forbear.accounts.oidc import id_token
from forbear.accounts.oidc.provider import Asking, Document, Provider, UnvouchedError
from forbear.base.errors import ForbearError
from forbear.base.vault import Vault

WITHIN: Final = dt.timedelta(minutes=10)  # of setting out one has to be back
_CODE: Final = 4096  # characters at most
_ERROR: Final = 60
_FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True)
class Journey:
    """What a browser set out with: secrets of this sign-in, and where it is to end."""

    nonce: str
    verifier: str
    redirect: str  # where the provider sends the browser
    wanted: str  # where the person wanted to go
    until: dt.datetime


@dataclass(frozen=True)
class Returned:
    """What the provider sent a browser back with: `error` in place of a code; `issuer` is whose answer it is."""

    state: str = ""
    code: str = ""
    error: str = ""
    issuer: str = ""


def set_out(
    provider: Provider, vault: Vault, browser: str, *, redirect: str, wanted: str, again: bool, now: dt.datetime
) -> str:
    """The provider's address for a browser (known by its cookie) to go to. Raises UnvouchedError.

    Whoever proved who they are longer ago than a sign-in may be idle has to do so again, and everybody where `again`.
    """
    with provider.asking() as asking:
        document = provider.document(asking, now)
    journey = Journey(secrets.token_urlsafe(32), secrets.token_urlsafe(48), redirect, wanted, now + WITHIN)
    return str(
        prepare_grant_uri(
            document.authorization,
            client_id=provider.client_id,
            response_type="code",
            redirect_uri=redirect,
            scope="openid",
            state=_sealed(vault, browser, journey),
            nonce=journey.nonce,
            code_challenge=create_s256_code_challenge(journey.verifier),
            code_challenge_method="S256",
            prompt="login" if again else None,
            max_age=str(int(provider.within.total_seconds())),
            acr_values=" ".join(provider.acr) or None,
        )
    )


def journey_of(vault: Vault, browser: str, state: str, now: dt.datetime) -> Journey:
    """What this browser set out with. Raises UnvouchedError where it did not, or too long ago."""
    try:
        nonce, verifier, redirect, wanted, until = vault.open(urlsafe_b64decode(state), _of_browser(browser))
    except (binascii.Error, ValueError, ForbearError):
        raise UnvouchedError("expired", "the state is not of this browser") from None
    journey = Journey(nonce, verifier, redirect, wanted, dt.datetime.fromisoformat(until))
    if now >= journey.until:
        raise UnvouchedError("expired", "the state is too old")
    return journey


def arrive(provider: Provider, journey: Journey, answer: Returned, now: dt.datetime) -> str:
    """Who came back, by the provider's name for them. Raises UnvouchedError."""
    with provider.asking() as asking:
        document = provider.document(asking, now)
        _check_issuer(provider, document, answer)
        if answer.error or not 0 < len(answer.code) <= _CODE:
            raise UnvouchedError("refused", f"error {answer.error[:_ERROR]!r}")
        token = _redeemed(provider, asking, document, journey, answer.code)
        keys = provider.keys(asking, now, id_token.key_id(token))
    return id_token.subject_of(token, keys, provider, journey.nonce, now)


def sign_out_address(provider: Provider, back: str, now: dt.datetime) -> str | None:
    """Where a browser is signed out at the provider too; None if it has no such place. Raises UnvouchedError."""
    with provider.asking() as asking:
        place = provider.document(asking, now).sign_out
    if place is None:
        return None
    query = urlencode({"client_id": provider.client_id, "post_logout_redirect_uri": back})
    return f"{place}{'&' if '?' in place else '?'}{query}"


def _check_issuer(provider: Provider, document: Document, answer: Returned) -> None:
    """That the answer is of the provider that was asked (RFC 9207): a code of another one is sent to nobody."""
    if answer.issuer != provider.issuer and (answer.issuer or document.names_itself):
        raise UnvouchedError("mixed_up", "the answer is of another issuer, or of none")


def _redeemed(provider: Provider, asking: Asking, document: Document, journey: Journey, code: str) -> str:
    """The ID token for a code."""
    body = prepare_token_request(
        "authorization_code", redirect_uri=journey.redirect, code=code, code_verifier=journey.verifier
    )
    method = "client_secret_post" if document.posts_secret else "client_secret_basic"
    client = ClientAuth(provider.client_id, provider.secret, method)
    url, headers, body = client.prepare("POST", document.token, dict(_FORM), body)
    status, told = asking.send(url, "POST", body.encode(), headers)
    if status >= 500:
        raise UnvouchedError("away", f"{url} answers {status}")
    if status != 200 or "error" in told:
        raise UnvouchedError("refused", f"{url} answers {status} {str(told.get('error'))[:_ERROR]!r}")
    token = told.get("id_token")
    return token if isinstance(token, str) else ""


def _sealed(vault: Vault, browser: str, journey: Journey) -> str:
    told = [journey.nonce, journey.verifier, journey.redirect, journey.wanted, journey.until.isoformat()]
    return urlsafe_b64encode(vault.seal(told, _of_browser(browser))).decode()


def _of_browser(secret: str) -> str:
    return f"oidc.state:{sha256(secret.encode()).hexdigest()}"
