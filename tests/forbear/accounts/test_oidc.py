"""What an identity provider signs and what settings say of one, without the provider."""

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet
from pydantic import ValidationError

from forbear.accounts.oidc import id_token
from forbear.accounts.oidc.provider import Provider, UnvouchedError, configured
from forbear.base.errors import ForbearError
from forbear.base.settings import Settings
from tests.support.desk.cases import NOW
from tests.support.identity_provider import CLIENT, Claims

AT = int(NOW.timestamp())
KEY = ECKey.generate_key("P-256", {"kid": "k"})
OURS = Provider("https://id.example", CLIENT, "s", "x")
GOOD = jwt.encode(
    {"alg": "ES256", "kid": "k"},
    {"iss": OURS.issuer, "aud": CLIENT, "sub": "a", "nonce": "n", "iat": AT, "exp": AT + 60},
    KEY,
    ["ES256"],
)
CLAIMS = ("iss", "sub", "aud", "exp", "iat", "nbf", "nonce", "azp", "acr", "auth_time", "amr")
JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=50)
@given(
    st.text(max_size=40)
    | st.builds(lambda at, sign: GOOD[:at] + sign + GOOD[at + 1 :], st.integers(0, len(GOOD) - 1), st.characters())
)
def test_whatever_is_no_token_of_the_provider_is_refused_and_never_a_traceback(token: str) -> None:
    try:
        id_token.key_id(token)
        subject = id_token.subject_of(token, KeySet([KEY]), OURS, "n", NOW)
    except UnvouchedError as error:
        assert error.code == "token"
    else:
        assert subject == "a"  # base64 has bits that say nothing


@settings(max_examples=50)
@given(
    st.dictionaries(
        st.sampled_from(["iss", "sub", "aud", "exp", "iat", "nbf", "nonce", "azp", "acr", "auth_time", "amr"]), JSONS
    )
)
def test_whatever_a_provider_signs_is_taken_or_refused(claims: Claims) -> None:
    good = {"iss": OURS.issuer, "aud": CLIENT, "sub": "a", "nonce": "n", "iat": AT, "exp": AT + 60}
    token = jwt.encode({"alg": "ES256", "kid": "k"}, good | claims, KEY, ["ES256"])
    for strict in (OURS, Provider("https://id.example", CLIENT, "s", "x", ("gold",))):
        try:
            assert id_token.subject_of(token, KeySet([KEY]), strict, "n", NOW) == (good | claims)["sub"]
        except UnvouchedError as error:
            assert error.code in ("token", "weak")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"oidc_issuer": "https://id.example"}, "set FORBEAR_OIDC_CLIENT_ID and FORBEAR_OIDC_CLIENT_SECRET too"),
        ({"oidc_client_secret": "s", "oidc_client_id": "c"}, "set FORBEAR_OIDC_ISSUER too"),
        ({"oidc_issuer": "http://id.example"}, "https://"),
        ({"oidc_issuer": "https://id.example?a=b"}, "it has a [?]"),
        ({"oidc_issuer": "id.example"}, "does not begin"),
        ({"oidc_client_secret": "密"}, "printable ASCII"),
    ],
)
def test_settings_are_whole_or_absent(given: dict[str, str], says: str) -> None:
    with pytest.raises((ForbearError, ValidationError), match=says):
        configured(Settings(**given))  # type: ignore[arg-type]


def test_a_provider_is_called_by_its_host_unless_it_has_a_name() -> None:
    whole = {"oidc_issuer": "https://id.example/realm", "oidc_client_id": "c", "oidc_client_secret": "s"}
    plain, named = configured(Settings(**whole)), configured(Settings(**whole, oidc_name="单位", oidc_acr="a, b"))  # type: ignore[arg-type]
    assert plain is not None and named is not None and configured(Settings()) is None
    assert (plain.name, plain.acr, plain.within) == ("id.example", (), dt.timedelta(minutes=30))
    assert (named.name, named.acr) == ("单位", ("a", "b"))
    assert "secret" not in repr(named) and "'s'" not in repr(named)
