"""ID tokens: what a provider signed of who somebody is, checked by authlib (OpenID Connect Core, section 3.1.3.7)."""

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

from authlib.oidc.core import CodeIDToken
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from forbear.accounts.accounts import is_subject
from forbear.accounts.oidc.provider import Provider, UnvouchedError

# Never `none`, and none whose key is a secret that both sides have.
ALGORITHMS: Final = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA", "Ed25519"),
)
LEEWAY: Final = dt.timedelta(seconds=60)  # by which the provider's clock and ours may differ
_TOKEN: Final = 64 * 1024
_REGISTRY: Final = jws.JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)


def key_id(token: object) -> str | None:
    """Which key a token says that it is signed with. Raises UnvouchedError for what is no token."""
    if not isinstance(token, str) or len(token) > _TOKEN:
        raise UnvouchedError("token", "no ID token came")
    try:
        named = jws.extract_compact(token.encode()).headers().get("kid")
    except Exception as error:  # anybody may have written it: whatever the library meets in it, it vouches for nobody
        raise UnvouchedError("token", _what(error)) from None
    return named if isinstance(named, str) else None


def subject_of(token: str, keys: KeySet, provider: Provider, nonce: str, now: dt.datetime) -> str:
    """Who a token is of, by the provider's name for them. Raises UnvouchedError unless it is for us and now."""
    options: Any = {
        "iss": {"essential": True, "value": provider.issuer},
        "aud": {"essential": True, "value": provider.client_id},
    }
    params = {"client_id": provider.client_id, "nonce": nonce}
    try:
        decoded = jwt.decode(token, keys, registry=_REGISTRY)
        claims = CodeIDToken(decoded.claims, decoded.header, options, params)
        claims.validate(now=int(now.timestamp()), leeway=int(LEEWAY.total_seconds()))
    except Exception as error:  # as above
        raise UnvouchedError("token", _what(error)) from None
    _check_proof(claims, provider, now)
    subject = claims["sub"]
    if not is_subject(subject):
        raise UnvouchedError("token", "sub is no name")
    return str(subject)


def _check_proof(claims: Mapping[str, Any], provider: Provider, now: dt.datetime) -> None:
    """That the person proved who they are in the way, and as lately, as was asked for."""
    if provider.acr and claims.get("acr") not in provider.acr:
        raise UnvouchedError("weak", "acr is not one of FORBEAR_OIDC_ACR")
    at, earliest = claims.get("auth_time"), (now - provider.within - LEEWAY).timestamp()
    if at is not None and not (isinstance(at, int | float) and at >= earliest):
        raise UnvouchedError("weak", "auth_time is too long ago")


def _what(error: Exception) -> str:
    """What was wrong, without what the token says: `missing_claim: nonce`."""
    claim = getattr(error, "claim", "")
    return f"{error.error if isinstance(error, JoseError) else type(error).__name__} {claim}".strip()
