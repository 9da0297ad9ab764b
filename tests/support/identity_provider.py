"""An identity provider that answers by HTTP: discovery, authorization, token and keys, honest unless told otherwise."""

import base64
import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from forbear.accounts.oidc.provider import Provider
from tests.support.desk.cases import NOW

CLIENT, SECRET = "desk", "secret: of a client"
Claims = dict[str, Any]
_LIFETIME = 300


@dataclass
class IdentityProvider:
    """What it knows, and how it lies: `claims` are put over those of a token, `says` over its document."""

    issuer: str = ""
    subject: str = "wang@there"
    keys: list[ECKey | RSAKey] = field(
        default_factory=lambda: [ECKey.generate_key("P-256", {"kid": "first", "use": "sig"})]
    )
    alg: str = "ES256"
    claims: Claims = field(default_factory=dict)
    says: dict[str, Any] = field(default_factory=dict)
    token: Callable[[Claims], str] | None = None  # in place of one that is signed by the first key
    checks: bool = True  # that the verifier is that of the code, and the code was not used
    answers: dict[str, tuple[int, bytes]] = field(default_factory=dict)  # by path, in place of its own
    hold: threading.Event | None = None  # it answers once this is set
    codes: dict[str, dict[str, str]] = field(default_factory=dict)  # what each was asked with
    asked: list[str] = field(default_factory=list)  # paths
    now: float = NOW.timestamp()

    def provider(self, **terms: Any) -> Provider:
        """As the settings of a desk name it."""
        return Provider(self.issuer, CLIENT, SECRET, "Example ID", **terms)

    def sign(self, claims: Claims, **header: Any) -> str:
        """A token of these claims."""
        key = self.keys[0]
        return jwt.encode({"alg": self.alg, "kid": key.kid, **header}, claims, key, [self.alg])

    def authorize(self, address: str, **more: str) -> str:
        """Where a browser is sent back to that came with this address: whoever sits there is known already."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert (asked["client_id"], asked["response_type"], asked["scope"]) == (CLIENT, "code", "openid")
        assert asked["code_challenge_method"] == "S256"
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked
        return (
            f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state'], 'iss': self.issuer} | more)}"
        )

    def document(self) -> dict[str, Any]:
        """What it says of itself."""
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "end_session_endpoint": f"{self.issuer}/leave",
            "authorization_response_iss_parameter_supported": True,
        } | self.says

    def redeem(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """The tokens for a code."""
        asked = self.codes.get(form["code"])
        basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        posted = form.get("client_id"), form.get("client_secret")
        known = authorization == f"Basic {basic}" or posted == (CLIENT, SECRET)
        if not known:
            return 401, {"error": "invalid_client"}
        proof = base64.urlsafe_b64encode(sha256(form["code_verifier"].encode()).digest()).decode().rstrip("=")
        if asked is None or asked["redirect_uri"] != form["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        if self.checks and (asked["code_challenge"] != proof or asked.get("used")):
            return 400, {"error": "invalid_grant"}
        asked["used"] = "yes"
        claims: Claims = {"iss": self.issuer, "sub": self.subject, "aud": CLIENT, "nonce": asked["nonce"]}
        claims |= {"iat": int(self.now), "exp": int(self.now) + _LIFETIME, "auth_time": int(self.now)} | self.claims
        told = {name: value for name, value in claims.items() if value is not None}
        token = self.token(told) if self.token else self.sign(told)
        return 200, {"access_token": "a", "token_type": "Bearer", "id_token": token}


def rsa_key(name: str) -> RSAKey:
    """Another kind of key."""
    return RSAKey.generate_key(2048, {"kid": name})


class _Server(ThreadingHTTPServer):
    def __init__(self, found: IdentityProvider) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.found = found


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers["Content-Length"])))

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _answer(self, body: bytes) -> None:
        path, found = urlsplit(self.path).path, self.server.found
        found.asked.append(path)
        if found.hold is not None:
            found.hold.wait()
        status, told = found.answers.get(path) or self._told(path, found, body)
        self.send_response(status)
        self.send_header("Content-Length", str(len(told)))
        back = found.authorize(self.path) if path == "/authorize" else f"{found.issuer}/elsewhere"
        self.send_header("Location", back)
        with contextlib.suppress(OSError):  # whoever asked had enough
            self.end_headers()
            self.wfile.write(told)

    def _told(self, path: str, found: IdentityProvider, body: bytes) -> tuple[int, bytes]:
        if path == "/token":
            form = {name: each[0] for name, each in parse_qs(body.decode()).items()}
            status, told = found.redeem(form, self.headers.get("Authorization", ""))
            return status, json.dumps(told).encode()
        if path == "/authorize":
            return 303, b""
        if path == "/keys":
            return 200, json.dumps({"keys": [key.as_dict(private=False) for key in found.keys]}).encode()
        return 200, json.dumps(found.document()).encode()


@contextmanager
def identity_provider() -> Iterator[IdentityProvider]:
    """One at an address of its own until the block ends."""
    found = IdentityProvider()
    server = _Server(found)
    found.issuer = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
