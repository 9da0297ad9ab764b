"""Single sign-on: to a real provider and back by HTTP, with whatever may go wrong on the way."""

import base64
import datetime as dt
import hmac
import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey
from sqlmodel import col, select

from forbear.accounts import accounts, administration, sign_in
from forbear.accounts.oidc.flow import WITHIN
from forbear.accounts.oidc.provider import (
    ASKED_AGAIN,
    AT_ONCE,
    DOCUMENT_KEPT,
    KEYS_KEPT,
    Provider,
)
from forbear.ops import embedded
from models.account import Account
from models.database.session import session
from models.ledger import LedgerRow
from tests.support.desk.cases import NOW, VAULT, engine_of, working
from tests.support.desk.desk_clients import cookie_of, holding
from tests.support.desk.page import read_page
from tests.support.desk.serving import client_of, serving
from tests.support.identity_provider import CLIENT, Claims, IdentityProvider, identity_provider, rsa_key
from web import auth
from web.app import create_app
from web.deps import now

PASSWORD = "correct horse battery"  # noqa: S105 - of a test
WANG, CHIEF = 1, 2
SECOND, MINUTE = dt.timedelta(seconds=1), dt.timedelta(minutes=1)


@dataclass
class Site:
    """A desk with two accounts, `wang` linked and `chief` not, a provider, and a clock that is set by hand."""

    url: str
    there: IdentityProvider
    provider: Provider
    address: str = ""
    clock: list[dt.datetime] = field(default_factory=lambda: [NOW])

    def browser(self) -> httpx.Client:
        return client_of(self.address)

    def led(self, browser: httpx.Client, wanted: str = "/") -> str:
        """The provider's address that a browser is led to."""
        answer = browser.get("/sign-in/oidc", params={"next": wanted})
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    def enter(self, browser: httpx.Client, wanted: str = "/", **more: str) -> httpx.Response:
        return browser.get(self.there.authorize(self.led(browser, wanted), **more))

    def refused(self, **more: str) -> str:
        """The one sentence for whom the sign-in page did not let in."""
        with self.browser() as browser:
            return said(self.enter(browser, **more))

    def entries(self) -> list[tuple[str, str, str | None]]:
        """What the ledger tells of sign-ins, and why they failed."""
        with engine_of(self.url) as engine, session(engine) as opened:
            rows = opened.exec(
                select(LedgerRow).where(col(LedgerRow.kind).contains("sign_in")).order_by(col(LedgerRow.seq))
            )
            return [(row.kind, row.subject, row.detail.get("why")) for row in rows]

    def forget(self, **terms: object) -> None:
        """Know nothing of the provider, as a new process does."""
        for name, value in vars(self.there.provider(**terms)).items():
            setattr(self.provider, name, value)


def said(answer: httpx.Response) -> str:
    assert answer.status_code in (403, 404, 502, 503), answer.text
    assert 'action="/sign-in"' in answer.text, "the password works beside it"
    return read_page(answer.text).one("#refused").text


@pytest.fixture(scope="module")
def served(shared_database_url: str, servers: embedded.Urls) -> Iterator[Site]:
    with identity_provider() as there:
        with working(shared_database_url) as work:
            wang = administration.add(work, "wang", "counsellor", None, PASSWORD, handed_over=True)
            administration.add(work, "chief", "admin", None, PASSWORD)
            administration.link(work, wang, there.issuer, there.subject)
        app = create_app(shared_database_url, servers.redis, VAULT)
        site = Site(shared_database_url, there, there.provider())
        app.state.oidc = site.provider
        app.dependency_overrides[now] = lambda: site.clock[0]
        with serving(app) as site.address:
            yield site


@pytest.fixture
def site(served: Site) -> Site:
    """The same, with an honest provider that nothing is known of."""
    honest = IdentityProvider(served.there.issuer, keys=served.there.keys)
    for each in fields(honest):
        setattr(served.there, each.name, getattr(honest, each.name))
    served.clock[0] = NOW
    served.forget()
    return served


def test_whoever_is_linked_comes_in_and_back_to_where_they_wanted_to_go(site: Site) -> None:
    before = site.entries()
    with site.browser() as browser:
        page = read_page(browser.get("/sign-in?next=/batches%3Fa%3Db").text)
        [button] = [each for each in page.select("a.button") if each.text == "用 Example ID 登录"]
        led = browser.get(button.attributes["href"])
        asked = {name: values[0] for name, values in parse_qs(urlsplit(led.headers["location"]).query).items()}
        assert set(asked) == {
            *("response_type", "client_id", "redirect_uri", "scope", "state", "nonce", "max_age"),
            *("code_challenge", "code_challenge_method"),
        }
        assert asked["redirect_uri"] == f"{site.address}/sign-in/oidc/back"
        back = site.there.authorize(led.headers["location"])
        done = browser.get(back)
        assert (done.status_code, done.headers["location"]) == (303, "/batches?a=b")
        assert browser.get("/").status_code == 200, "a first password and a second factor are for passwords"
        assert "HttpOnly" in done.headers["set-cookie"] and "SameSite=lax" in done.headers["set-cookie"]
        assert browser.get(back).headers["location"] == "/", "who is in, is in"
        secret = browser.cookies[auth.COOKIE]
        browser.cookies.delete(auth.COOKIE)
        assert "请重新登录" in said(browser.get(back)), "the state was of the cookie before"
    with site.browser() as thief:
        assert "请重新登录" in said(thief.get(back))
    assert site.entries() == [*before, ("sign_in", "account:1", None)]
    with engine_of(site.url) as engine, session(engine) as opened:
        assert accounts.was_vouched(opened, secret) and secret not in repr(site.there.codes)


def test_signing_out_and_doing_nothing_work_as_for_others(site: Site) -> None:
    idle = dt.timedelta(minutes=30)
    with site.browser() as browser:
        site.enter(browser)
        csrf = accounts.csrf_token(browser.cookies[auth.COOKIE])
        gone = browser.post("/sign-out", data={"csrf": csrf})
        assert gone.headers["location"] == "/sign-in?left=oidc" and browser.get("/").status_code == 303
        assert 'href="/sign-in/oidc/leave"' in browser.get("/sign-in?left=oidc").text
        there = urlsplit(browser.get("/sign-in/oidc/leave").headers["location"])
        assert there.path == "/leave"
        assert parse_qs(there.query) == {
            "client_id": [CLIENT],
            "post_logout_redirect_uri": [f"{site.address}/sign-in"],
        }
        site.enter(browser)
        site.clock[0] += idle - SECOND
        assert browser.get("/").status_code == 200
        site.clock[0] += idle
        assert browser.get("/").status_code == 303
        everywhere = {"csrf": accounts.csrf_token(browser.cookies[auth.COOKIE])}
        assert browser.post("/account/sign-out-everywhere", data=everywhere).status_code == 303
        site.there.says = {"end_session_endpoint": None}
        site.forget()
        assert "没有提供退出的地址" in said(browser.get("/sign-in/oidc/leave"))


def test_who_is_not_linked_or_closed_is_told_whom_to_ask_and_what_to_tell_them(site: Site) -> None:
    site.there.subject = "a-stranger<1>"
    before = len(site.entries())
    with site.browser() as browser:
        answer = site.enter(browser, "/batches")
        assert "请管理员把下面的标识关联到您的账号" in said(answer)
        assert read_page(answer.text).one("code.secret").text == "a-stranger<1>"
        assert 'value="/batches"' in answer.text
        assert browser.get("/").status_code == 303
    with working(site.url) as work:
        administration.disable(work, work.session.get_one(Account, WANG))
    site.there.subject = "wang@there"
    try:
        assert "请管理员" in site.refused()
    finally:
        with working(site.url) as work:
            administration.enable(work, work.session.get_one(Account, WANG))
    failed = [("sign_in_failed", about, "not_linked") for about in ("account:unknown", "account:1")]
    assert site.entries()[before:] == failed


def written(header: dict[str, str], claims: Claims, sign: Callable[[bytes], bytes]) -> str:
    """A token put together by hand, as no library would."""
    parts = [base64.urlsafe_b64encode(json.dumps(each).encode()).rstrip(b"=") for each in (header, claims)]
    return b".".join([*parts, base64.urlsafe_b64encode(sign(b".".join(parts))).rstrip(b"=")]).decode()


def by_public_key(site: Site) -> Callable[[Claims], str]:
    """HS256, with the public key as the secret: whoever lets a token say how it is checked takes it."""
    key = site.there.keys[0]
    pem = key.as_pem(private=False)
    return lambda claims: written(
        {"alg": "HS256", "kid": key.kid or ""}, claims, lambda text: hmac.digest(pem, text, "sha256")
    )


def by_nobody(site: Site) -> Callable[[Claims], str]:
    other = ECKey.generate_key("P-256", {"kid": site.there.keys[0].kid or ""})
    return lambda claims: jwt.encode({"alg": "ES256", "kid": other.kid}, claims, other, ["ES256"])


FORGED: dict[str, Callable[[Site], Callable[[Claims], str]]] = {
    "alg none": lambda _: lambda claims: written({"alg": "none"}, claims, lambda _: b""),
    "HS256 with the public key": by_public_key,
    "signed by another key": by_nobody,
    "no token": lambda _: lambda _: "",
    "babble": lambda _: lambda _: "a.b.c",
    "too long": lambda _: lambda _: "a" * 70_000,
    "a key that brings itself": lambda site: (
        lambda claims: jwt.encode(
            {"alg": "ES256", "kid": "mine", "jwk": ECKey.generate_key("P-256").as_dict(private=False)},
            claims,
            ECKey.generate_key("P-256"),
            ["ES256"],
        )
    ),
}
AT = int(NOW.timestamp())
WRONG: dict[str, Claims] = {
    "another nonce": {"nonce": "x"},
    "no nonce": {"nonce": None},
    "another issuer": {"iss": "https://other.example"},
    "for another client": {"aud": "other"},
    "for us and others": {"aud": [CLIENT, "other"]},
    "for others by us": {"aud": ["other"], "azp": CLIENT},
    "another party": {"azp": "other"},
    "expired": {"exp": AT - 60},
    "never expires": {"exp": None},
    "of the future": {"iat": AT + 61},
    "not yet": {"nbf": AT + 61},
    "nobody": {"sub": ""},
    "no text": {"sub": 7},
    "lines": {"sub": "a\nb"},
    "too long a name": {"sub": "a" * 256},
    "no time": {"exp": "soon", "auth_time": "long ago"},
}


def test_a_token_that_does_not_pass_signs_nobody_in_and_is_told(site: Site) -> None:
    before = len(site.entries())
    for what, forge in FORGED.items():
        site.there.token = forge(site)
        assert "没有通过核对" in site.refused(), what
    site.there.token = None
    for what, claims in WRONG.items():
        site.there.claims = claims
        assert "没有通过核对" in site.refused(), what
    told = site.entries()[before:]
    assert told == [("sign_in_failed", "account:unknown", "token")] * (len(FORGED) + len(WRONG))


def test_what_is_right_counts_up_to_its_bounds(site: Site) -> None:
    for claims in (
        {"exp": AT - 59},
        {"iat": AT + 60, "nbf": AT + 60},
        {"aud": [CLIENT, "other"], "azp": CLIENT},
        {"auth_time": AT - 31 * 60},
        {"auth_time": None},
    ):
        site.there.claims = claims
        with site.browser() as browser:
            assert site.enter(browser).status_code == 303, claims
    site.there.claims = {"auth_time": AT - 31 * 60 - 1}
    with site.browser() as browser:
        answer = site.enter(browser, "/batches")
        assert "时间太久" in said(answer), "else idle time would end nothing"
        again = read_page(answer.text).one(".or a").attributes["href"]
        assert "prompt=login" in browser.get(again).headers["location"], "also where a provider knows no max_age"
        assert "prompt" not in site.led(browser)
    site.there.claims = {"auth_time": float("nan")}
    assert "时间太久" in site.refused()
    site.forget(acr=("mfa", "gold"))
    site.there.claims = {}
    with site.browser() as browser:
        assert "acr_values=mfa+gold" in site.led(browser)
    assert "没有达到这里的要求" in site.refused()
    site.there.claims = {"acr": "gold"}
    with site.browser() as browser:
        assert site.enter(browser).status_code == 303


def test_a_code_of_somebody_else_is_of_no_use(site: Site) -> None:
    """Put into another person's way back it has another verifier, and where that is not looked at, another nonce."""
    with site.browser() as victim, site.browser() as attacker:
        theirs = parse_qs(urlsplit(site.there.authorize(site.led(attacker))).query)["code"][0]
        ours = site.there.authorize(site.led(victim), code=theirs)
        assert "没有确认您的身份" in said(victim.get(ours))
        site.there.checks = False
        assert "没有通过核对" in said(victim.get(site.there.authorize(site.led(victim), code=theirs)))
        mine = site.there.authorize(site.led(attacker))
        assert "请重新登录" in said(victim.get(mine)), "nor signs a way that another browser set out on anybody in"
        for name in ("state", "code"):
            assert said(victim.get(site.there.authorize(site.led(victim), **{name: ""})))
        late = site.there.authorize(site.led(victim))
        site.clock[0] += WITHIN
        assert "请重新登录" in said(victim.get(late))


def test_an_answer_of_another_issuer_is_sent_to_nobody(site: Site) -> None:
    for issuer in ("https://other.example", ""):
        assert "不是 Example ID 给的" in site.refused(iss=issuer)
    assert "/token" not in site.there.asked
    site.there.says = {"authorization_response_iss_parameter_supported": False}
    site.forget()
    with site.browser() as browser:
        assert site.enter(browser, iss="").status_code == 303, "many name nobody"
    assert "没有确认您的身份" in site.refused(error="access_denied", code="")


DOCUMENT = "/.well-known/openid-configuration"
BABBLE: dict[str, tuple[str, bytes]] = {
    "no JSON": ("不能用", b"<html>"),
    "no object": ("不能用", b"[]"),
    "deep": ("不能用", b"[" * 100_000),
    "no text": ("不能用", b"\xff"),
    "endless": ("不能用", b" " * 300_000),
}


@pytest.mark.parametrize("path", [DOCUMENT, "/token", "/keys"])
def test_a_provider_that_talks_nonsense_or_is_broken_gets_one_sentence(site: Site, path: str) -> None:
    told = {what: (200, body, says) for what, (says, body) in BABBLE.items()}
    told |= {"broken": (500, b"", "现在连不上"), "elsewhere": (307, b"", "不能用")}
    for what, (status, body, says) in told.items():
        site.forget()
        site.there.answers = {path: (status, body)}
        with site.browser() as browser:
            answer = browser.get("/sign-in/oidc")
            if answer.status_code == 303:
                answer = browser.get(site.there.authorize(answer.headers["location"]))
            assert says in said(answer), what
    assert "/elsewhere" not in site.there.asked, "no redirect is followed"


@pytest.mark.parametrize(
    "says",
    [
        {"issuer": "https://other.example"},
        {"token_endpoint": None},
        {"token_endpoint": 7},
        {"jwks_uri": "http://id.example/keys"},
        {"token_endpoint": "https://10.0.0.8/token"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"end_session_endpoint": "https://localhost/leave"},
    ],
)
def test_a_document_that_leads_elsewhere_is_not_followed(site: Site, says: dict[str, object]) -> None:
    site.there.says = says
    with site.browser() as browser:
        assert "不能用" in said(browser.get("/sign-in/oidc"))


def test_a_provider_that_is_away_or_slow_holds_up_nobody_else(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("forbear.accounts.oidc.provider._PATIENCE", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    site.provider.issuer = f"http://127.0.0.1:{port}"
    with site.browser() as browser:
        assert "现在连不上" in said(browser.get("/sign-in/oidc"))
    site.forget(seconds=0.3)
    site.there.hold = threading.Event()
    with site.browser() as browser:
        assert "现在连不上" in said(browser.get("/sign-in/oidc"))
        for _ in range(AT_ONCE):
            site.provider._turns.acquire()
        assert "太多" in said(browser.get("/sign-in/oidc"))
        for _ in range(AT_ONCE):
            site.provider._turns.release()
        page = browser.get("/sign-in")
        token = read_page(page.text).one("form input[name=csrf]").attributes["value"]
        done = browser.post("/sign-in", data={"csrf": token, "name": "chief", "password": PASSWORD})
        assert done.headers["location"] == "/", "a password needs no provider"
    site.there.hold.set()


def test_keys_and_document_are_kept_for_a_while_and_a_new_key_is_asked_for(site: Site) -> None:
    def entered() -> bool:
        with site.browser() as browser:
            return site.enter(browser).status_code == 303

    for _ in range(3):
        assert entered()
    assert sorted(site.there.asked) == sorted([DOCUMENT, "/keys", *["/token"] * 3])
    first, second = site.there.keys[0], rsa_key("second")
    site.there.keys, site.there.alg = [second], "RS256"
    assert not entered(), "keys were asked for a moment ago"
    site.clock[0] += ASKED_AGAIN
    assert entered() and site.there.asked.count("/keys") == 2
    site.there.keys, site.there.alg = [first, second], "ES256"
    site.clock[0] += KEYS_KEPT - SECOND
    site.there.now = site.clock[0].timestamp()
    assert entered() and site.there.asked.count("/keys") == 3
    site.there.keys = [second]
    site.there.token = lambda claims: jwt.encode({"alg": "ES256", "kid": first.kid}, claims, first, ["ES256"])
    assert entered(), "one that was taken back counts for ten minutes at most"
    site.clock[0] += KEYS_KEPT
    site.there.now = site.clock[0].timestamp()
    assert not entered()
    site.there.keys, site.there.token = [first], None
    site.there.answers = {"/keys": (200, json.dumps({"keys": [{"kty": "oct", "k": "AA"}, 7, {"kty": "RSA"}]}).encode())}
    site.clock[0] += DOCUMENT_KEPT
    site.there.now = site.clock[0].timestamp()
    assert not entered() and site.there.asked.count(DOCUMENT) == 2


def test_administrators_link_accounts_with_their_password_and_end_links(site: Site) -> None:
    page = f"/accounts/{CHIEF}/single-sign-on"
    with (
        holding(site.address, cookie_of(site.url, CHIEF)) as chief,
        holding(site.address, cookie_of(site.url, WANG)) as wang,
    ):
        assert f'href="{page}"' in chief.get("/accounts").text
        assert wang.get("/accounts").headers["location"] == "/account", "by the cookie of a password it owes a new one"
        assert "wang@there" in chief.get(f"/accounts/{WANG}/single-sign-on").text
        assert "没有关联" in chief.get(page).text
        for fields_, fault in (
            ({"subject": "chief"}, "current-error"),
            ({"subject": "", "current": PASSWORD}, "subject-error"),
            ({"subject": "wang@there", "current": PASSWORD}, "subject-error"),
        ):
            with working(site.url) as work:
                sign_in.forgive(work.session, work.vault, "chief")
            answer = chief.submit(page, fields_)
            assert answer.status_code == 422 and f'id="{fault}"' in answer.text, fields_
        done = chief.submit(page, {"subject": " chief ", "current": PASSWORD})
        assert done.headers["location"] == "/accounts"
        assert "账号 chief 已关联" in chief.get("/accounts").text, "and stays signed in here"
        site.there.subject = "chief"
        with site.browser() as browser:
            assert site.enter(browser).status_code == 303
            assert chief.submit(f"{page}/end").headers["location"] == "/accounts"
            assert "账号 chief 已取消关联" in chief.get("/accounts").text
            assert browser.get("/").status_code == 303
        assert "请管理员" in site.refused()
        assert chief.get("/accounts/99/single-sign-on").status_code == 404
        site.provider.issuer = "https://other.example"
        assert "现在不起作用" in chief.get(f"/accounts/{WANG}/single-sign-on").text
    with engine_of(site.url) as engine, session(engine) as opened:
        told = select(LedgerRow.kind).where(col(LedgerRow.subject) == f"account:{CHIEF}")
        kinds = opened.exec(told.order_by(col(LedgerRow.seq)))
        assert [kind for kind in kinds if "link" in kind] == ["account_linked", "account_unlinked"]


def test_without_a_provider_nothing_is_offered(site: Site) -> None:
    app = create_app(site.url, "redis://127.0.0.1:1", VAULT)
    assert app.state.oidc is None
    app.dependency_overrides[now] = lambda: NOW
    with serving(app) as address, client_of(address) as browser:
        assert "oidc" not in browser.get("/sign-in").text
        for path in ("/sign-in/oidc", "/sign-in/oidc/back", "/sign-in/oidc/leave"):
            assert browser.get(path).status_code == 404
        with holding(address, cookie_of(site.url, CHIEF)) as chief:
            assert "现在不起作用" in chief.get(f"/accounts/{WANG}/single-sign-on").text
            assert chief.submit(f"/accounts/{WANG}/single-sign-on", {"subject": "x"}).status_code == 404


def test_every_refusal_has_its_sentence_in_both_languages(site: Site) -> None:
    with site.browser() as browser:
        browser.get("/sign-in?lang=en")
        site.there.subject = "nobody"
        assert "ask an administrator" in said(site.enter(browser))
        assert re.search("begun too long ago", said(browser.get("/sign-in/oidc/back")))
