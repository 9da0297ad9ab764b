"""The identity provider of the settings: where it says that it is reached, and the keys that it signs with.

It is asked over https only (http for one on this machine), no redirect is followed, and what it names on another host
than its own must be a public machine. Few ask it at once, so that one that hangs keeps nobody from signing in with a
password.
"""

import datetime as dt
import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from joserfc.jwk import JWKRegistry, KeySet

from forbear.base.errors import ForbearError
from forbear.base.network import http
from forbear.base.network.http import NetworkError, UnfitTargetError
from forbear.base.settings import Settings

SECONDS: Final = 8.0  # for all that one sign-in asks of it
DOCUMENT_KEPT: Final = dt.timedelta(hours=1)
KEYS_KEPT: Final = dt.timedelta(minutes=10)  # one that was taken back counts that long at most
ASKED_AGAIN: Final = dt.timedelta(seconds=30)  # at most, for a key that is not known
AT_ONCE: Final = 2  # sign-ins that wait for it; others are told to come again
_PATIENCE: Final = 1.0  # seconds for that
_MOST: Final = 256 * 1024  # bytes of an answer
_KEYS: Final = 100
_ASYMMETRIC: Final = ("RSA", "EC", "OKP")  # whoever knows a symmetric key could sign too
Why = Literal["away", "busy", "nonsense", "refused", "expired", "mixed_up", "token", "weak"]


class UnvouchedError(Exception):
    """Nobody was signed in: a code that pages have a sentence for, and what exactly was wrong, for the log."""

    def __init__(self, code: Why, about: str) -> None:
        super().__init__(code)
        self.code: Why = code
        self.about = about


@dataclass(frozen=True)
class Document:
    """What a provider says of itself (OpenID Connect Discovery), as far as it is needed."""

    authorization: str
    token: str
    keys: str
    sign_out: str | None
    posts_secret: bool  # rather than sending it as a header
    names_itself: bool  # in its answers to browsers (RFC 9207)


class Asking:
    """One turn at the provider, with the time that is left of it."""

    def __init__(self, provider: "Provider") -> None:
        self._provider = provider
        self._end = time.monotonic() + provider.seconds

    def get(self, url: str) -> dict[str, Any]:
        """A document of the provider. Raises UnvouchedError."""
        status, told = self.send(url, "GET", None, {})
        if status != 200:
            raise UnvouchedError("away" if status >= 500 else "nonsense", f"{url} answers {status}")
        return told

    def send(
        self, url: str, method: Literal["GET", "POST"], body: bytes | None, headers: Mapping[str, str]
    ) -> tuple[int, dict[str, Any]]:
        """The status and the JSON object that the provider answers with; an empty one for one that failed."""
        target = self._provider.target(url)
        left, sent = max(0.0, self._end - time.monotonic()), {"Accept": "application/json", **headers}
        try:
            status, answer = http.exchange(target, method, body, sent, seconds=left, most=_MOST)
        except NetworkError as error:
            code: Why = "nonsense" if str(error) in ("too_large", "private_address") else "away"
            raise UnvouchedError(code, f"{url}: {error}") from None
        if status >= 500:
            return status, {}
        try:
            told = json.loads(answer)
        except (ValueError, RecursionError):
            told = None
        if not isinstance(told, dict):
            raise UnvouchedError("nonsense", f"{url} answers {status} and no JSON object")
        return status, told


@dataclass
class Provider:
    """An identity provider, and what is known of it."""

    issuer: str
    client_id: str
    secret: str = field(repr=False)
    name: str
    acr: tuple[str, ...] = ()
    within: dt.timedelta = dt.timedelta(minutes=30)  # of somebody having proved to it who they are
    seconds: float = SECONDS
    _turns: threading.BoundedSemaphore = field(default_factory=lambda: threading.BoundedSemaphore(AT_ONCE), repr=False)
    _document: tuple[dt.datetime, Document] | None = None
    _keys: tuple[dt.datetime, KeySet] | None = None

    @contextmanager
    def asking(self) -> Iterator[Asking]:
        """A turn at the provider. Raises UnvouchedError where too many wait for it."""
        if not self._turns.acquire(timeout=_PATIENCE):
            raise UnvouchedError("busy", f"{AT_ONCE} sign-ins wait for the provider")
        try:
            yield Asking(self)
        finally:
            self._turns.release()

    def target(self, url: str) -> http.Target:
        """Where a request to an address of the provider goes. Raises UnvouchedError where none may go."""
        try:
            return http.target_of(url, private=_host(url) == _host(self.issuer))
        except UnfitTargetError as error:
            raise UnvouchedError("nonsense", f"{url[: http.MAX_URL]!r}: {error.why}") from None

    def document(self, asking: Asking, now: dt.datetime) -> Document:
        """What the provider says of itself, at most an hour old. Raises UnvouchedError."""
        if self._document is None or not _is_of(self._document[0], DOCUMENT_KEPT, now):
            told = asking.get(f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
            self._document = now, self._understood(told)
        return self._document[1]

    def keys(self, asking: Asking, now: dt.datetime, key_id: str | None) -> KeySet:
        """The keys that it signs with, asked for anew where this one is not among them. Raises UnvouchedError."""
        document = self.document(asking, now)
        if self._keys is not None and _is_of(self._keys[0], KEYS_KEPT, now):
            known = key_id is None or any(key.kid == key_id for key in self._keys[1])
            if known or _is_of(self._keys[0], ASKED_AGAIN, now):
                return self._keys[1]
        self._keys = now, _usable(asking.get(document.keys))
        return self._keys[1]

    def _understood(self, told: Mapping[str, Any]) -> Document:
        if told.get("issuer") != self.issuer:
            raise UnvouchedError("nonsense", f"the document is of the issuer {told.get('issuer')!r:.200}")
        methods = told.get("token_endpoint_auth_methods_supported")
        return Document(
            self._address(told, "authorization_endpoint"),
            self._address(told, "token_endpoint"),
            self._address(told, "jwks_uri"),
            self._address(told, "end_session_endpoint") if told.get("end_session_endpoint") else None,
            isinstance(methods, list) and "client_secret_post" in methods,
            told.get("authorization_response_iss_parameter_supported") is True,
        )

    def _address(self, told: Mapping[str, Any], name: str) -> str:
        url = told.get(name)
        if not isinstance(url, str):
            raise UnvouchedError("nonsense", f"the document has no {name}")
        self.target(url)
        return url


def configured(settings: Settings) -> Provider | None:
    """The provider of the settings; None where there is none. Raises ForbearError where they are not whole."""
    given = {
        "FORBEAR_OIDC_ISSUER": settings.oidc_issuer,
        "FORBEAR_OIDC_CLIENT_ID": settings.oidc_client_id,
        "FORBEAR_OIDC_CLIENT_SECRET": settings.oidc_client_secret,
    }
    missing = [name for name, value in given.items() if value is None]
    if len(missing) == len(given):
        return None
    if missing:
        raise ForbearError(f"Single sign-on is set up in part: set {' and '.join(missing)} too, or none of the three.")
    issuer, client_id, secret = (str(value) for value in given.values())
    within = dt.timedelta(minutes=settings.sign_in_idle_minutes)
    return Provider(issuer, client_id, secret, settings.oidc_name or _host(issuer), settings.oidc_acr, within)


def _usable(told: Mapping[str, Any]) -> KeySet:
    """The keys of a set that anybody may know; what cannot be read as one is left out (RFC 7517, section 5)."""
    given = told.get("keys")
    if not isinstance(given, list):
        raise UnvouchedError("nonsense", "the keys are no set")
    found = []
    for each in given[:_KEYS]:
        if isinstance(each, dict) and each.get("kty") in _ASYMMETRIC:
            try:
                found.append(JWKRegistry.import_key(each))
            except Exception:  # noqa: S112 - what a library makes of what others wrote: no key of ours
                continue
    return KeySet(found)


def _is_of(asked: dt.datetime, kept: dt.timedelta, now: dt.datetime) -> bool:
    """Whether what was asked for then still counts; what is of later than now is of a clock that was put back."""
    return dt.timedelta(0) <= now - asked < kept


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
