"""Signing in: with name and password only, from a form of ours, slowed down for whoever guesses."""

import datetime as dt
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from fastapi.routing import iter_route_contexts
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url
from sqlmodel import col, select

from forbear.accounts import accounts, administration, devices
from forbear.accounts.sign_in import APART, WINDOW, Attempt, CodeNeeded, Refused, remember, sign_in
from models.account import SignIn, SignInAttempt
from models.database.session import session
from models.ledger import LedgerRow
from tests.support.desk.cases import NOW, VAULT, engine_of, working
from tests.support.desk.desk_clients import application
from tests.support.desk.page import read_page
from tests.support.desk.serving import client_of, serving
from web import auth
from web.app import create_app
from web.deps import now
from web.pages.accounts import signed_out

PASSWORD = "correct horse battery"  # noqa: S105 - of a test
SECOND = dt.timedelta(seconds=1)
IDLE, MINUTE = dt.timedelta(minutes=30), dt.timedelta(minutes=1)
TICK = dt.timedelta(microseconds=1)
FEW = 3


@dataclass
class Site:
    """A server with one account, `wang`, and a clock that is set by hand."""

    url: str
    address: str = ""
    clock: list[dt.datetime] = field(default_factory=lambda: [NOW])

    def browser(self) -> httpx.Client:
        return client_of(self.address)

    def attempt(
        self, name: str, password: str, address: str = "203.0.113.7", at: dt.datetime = NOW, devices: str = ""
    ) -> str | Refused:
        with working(self.url, now=at) as work:
            done = sign_in(work, Attempt(name, password, address, devices), None)
        assert not isinstance(done, CodeNeeded)
        return done

    def known(self, name: str = "wang", devices: str = "") -> str:
        """The cookie of devices after a sign-in."""
        assert isinstance(self.attempt(name, PASSWORD, devices=devices), str)
        return remember(VAULT, Attempt(name, PASSWORD, "", devices))

    def entries(self) -> list[tuple[str, str, str]]:
        with engine_of(self.url) as engine, session(engine) as opened:
            rows = opened.exec(select(LedgerRow).order_by(col(LedgerRow.seq)).offset(1))
            return [(row.actor, row.kind, row.subject) for row in rows]

    def failures(self) -> list[dict[str, object]]:
        with engine_of(self.url) as engine, session(engine) as opened:
            return [attempt.model_dump() for attempt in opened.exec(select(SignInAttempt))]


@pytest.fixture
def quiet(database_url: str) -> Site:
    """The record alone, without a server."""
    with working(database_url) as work:
        administration.add(work, "wang", "counsellor", None, PASSWORD)
    return Site(database_url)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """An address is slowed down after three failures rather than thirty: each costs Argon2's time."""
    monkeypatch.setattr("forbear.accounts.sign_in.FREE_FROM_ADDRESS", FEW)


@pytest.fixture
def site(quiet: Site, redis_url: str) -> Iterator[Site]:
    """With one connection: a request that took a second one while it has its first would wait for itself."""
    with application(quiet.url, redis_url, VAULT, lambda: quiet.clock[0]) as app:
        app.state.engine.dispose()
        url = make_url(quiet.url).set(drivername="postgresql+psycopg")
        app.state.engine = create_engine(url, pool_size=1, max_overflow=0, pool_timeout=2)
        with serving(app) as address:
            quiet.address = address
            yield quiet


def token_of(page: httpx.Response) -> str:
    """What proves that a form is ours."""
    return read_page(page.text).one("form input[name=csrf]").attributes["value"]


def enter(browser: httpx.Client, name: str = "wang", password: str = PASSWORD, **fields: str) -> httpx.Response:
    """Open the form and send it."""
    csrf = token_of(browser.get("/sign-in").raise_for_status())
    return browser.post("/sign-in", data={"csrf": csrf, "name": name, "password": password, **fields})


def is_in(browser: httpx.Client) -> bool:
    return browser.get("/").status_code == 200


def test_a_stranger_is_led_to_the_form_and_back_to_where_they_wanted_to_go(site: Site) -> None:
    with site.browser() as browser:
        led = browser.get("/?urgency=U3&ref=A%26B")
        assert (led.status_code, led.headers["location"]) == (303, "/sign-in?next=%2F%3Furgency%3DU3%26ref%3DA%2526B")
        page = browser.get(led.headers["location"]).text
        wanted = re.search(r'name="next" value="([^"]+)"', page)
        assert wanted is not None
        done = enter(browser, next=wanted[1].replace("&amp;", "&"))
        assert (done.status_code, done.headers["location"]) == (303, "/?urgency=U3&ref=A%26B")
        assert is_in(browser)


def test_a_wrong_password_and_an_unknown_name_are_told_alike_and_let_nobody_in(site: Site) -> None:
    with site.browser() as browser:
        told = [enter(browser, *typed) for typed in (("wang", "wrong"), ("nobody", PASSWORD), ("", ""), ("a\x00", "b"))]
        assert [answer.status_code for answer in told] == [403] * 4
        assert ["账号或密码不对" in answer.text for answer in told] == [True] * 4
        assert not is_in(browser)
    assert {attempt["at"] for attempt in site.failures()} == {NOW}


def test_a_name_is_told_again_as_text_and_a_password_never(site: Site) -> None:
    with site.browser() as browser:
        page = enter(browser, '"><script>', "a secret of mine").text
    assert "&#34;&gt;&lt;script&gt;" in page
    assert "a secret of mine" not in page


def test_what_was_typed_is_kept_nowhere(site: Site) -> None:
    with site.browser() as browser:
        enter(browser, "my password in the wrong field", PASSWORD)
    assert "my password" not in repr(site.failures())
    assert site.entries() == [("system", "sign_in_failed", "account:unknown")]


def test_the_ledger_tells_who_came_and_went_and_who_failed(site: Site) -> None:
    with site.browser() as browser:
        enter(browser, "wang", "wrong")
        site.clock[0] += SECOND
        enter(browser)
        csrf = accounts.csrf_token(browser.cookies[auth.COOKIE])
        assert browser.post("/sign-out", data={"csrf": csrf}).headers["location"] == "/sign-in"
        assert not is_in(browser)
    ours = "account:1"
    assert site.entries() == [("system", "sign_in_failed", ours), (ours, "sign_in", ours), (ours, "sign_out", ours)]


def test_a_secret_that_was_signed_out_is_nobodys(site: Site) -> None:
    with site.browser() as browser, site.browser() as thief:
        enter(browser)
        secret = browser.cookies[auth.COOKIE]
        browser.post("/sign-out", data={"csrf": accounts.csrf_token(secret)})
        thief.cookies.set(auth.COOKIE, secret)
        assert not is_in(thief)


def test_signing_out_needs_our_form(site: Site) -> None:
    with site.browser() as browser:
        enter(browser)
        assert browser.post("/sign-out").status_code == 403
        assert is_in(browser)


def test_a_sign_in_ends_after_its_hours(site: Site) -> None:
    with site.browser() as browser:
        enter(browser)
        while site.clock[0] < NOW + accounts.SIGNED_IN_FOR - IDLE:
            site.clock[0] += IDLE - MINUTE
            assert is_in(browser), "somebody is there"
        site.clock[0] = NOW + accounts.SIGNED_IN_FOR - SECOND
        assert is_in(browser)
        site.clock[0] = NOW + accounts.SIGNED_IN_FOR
        assert not is_in(browser)


def test_signing_in_makes_a_new_secret_and_ends_the_one_before(site: Site) -> None:
    with site.browser() as browser, site.browser() as other:
        browser.get("/sign-in")
        planted = browser.cookies[auth.COOKIE]
        enter(browser)
        first = browser.cookies[auth.COOKIE]
        browser.post("/sign-in", data={"csrf": accounts.csrf_token(first), "name": "wang", "password": PASSWORD})
        assert len({planted, first, browser.cookies[auth.COOKIE]}) == 3
        for secret in (planted, first):
            other.cookies.set(auth.COOKIE, secret)
            assert not is_in(other)
        assert is_in(browser)


def test_only_the_hash_of_a_secret_is_kept(site: Site) -> None:
    with site.browser() as browser:
        enter(browser)
        secret = browser.cookies[auth.COOKIE]
    with engine_of(site.url) as engine, session(engine) as opened:
        assert secret not in repr(opened.exec(select(SignIn)).one().model_dump())


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(site: Site) -> None:
    with site.browser() as browser:
        set_cookie = enter(browser).headers["set-cookie"]
    assert "HttpOnly" in set_cookie
    assert "SameSite=lax" in set_cookie
    assert f"Max-Age={24 * 3600}" in set_cookie, "longer than it counts, for words that are sent too late"
    assert "Secure" not in set_cookie


def test_over_https_the_cookie_and_the_site_stay_there(quiet: Site, redis_url: str) -> None:
    app = create_app(quiet.url, redis_url, VAULT, hosts={"desk.example"})
    app.dependency_overrides[now] = lambda: NOW
    behind_a_proxy = {"X-Forwarded-Proto": "https", "Host": "desk.example"}
    with serving(app) as address, client_of(address, headers=behind_a_proxy) as browser:
        page = browser.get("/sign-in")
        assert page.headers["strict-transport-security"] == "max-age=31536000"
        form = {"csrf": token_of(page), "name": "wang", "password": PASSWORD}
        done = browser.post("/sign-in", data=form, headers={"Cookie": page.headers["set-cookie"].split(";")[0]})
        assert done.status_code == 303
        for given in (page, done):
            for cookie in given.headers.get_list("set-cookie"):
                assert cookie.startswith("__Host-") and "Secure" in cookie and "Path=/" in cookie
                assert "domain" not in cookie.lower(), "browsers refuse it else"
        held = {"Cookie": done.headers["set-cookie"].split(";")[0]}
        assert browser.get("/", headers={"Host": "desk.example:8443", **held}).status_code == 200
        assert browser.get("/", headers={"Host": "evil.example", **held}).status_code == 421
        tossed = {"Cookie": held["Cookie"].removeprefix("__Host-")}
        assert browser.get("/", headers=tossed).status_code == 303, "a site beside ours may have set it"
        csrf = accounts.csrf_token(held["Cookie"].partition("=")[2])
        left = browser.post("/sign-out", data={"csrf": csrf}, headers=held).headers["set-cookie"]
        assert left.startswith('__Host-forbear="";') and "Secure" in left


def test_a_form_of_another_site_signs_nobody_in(site: Site) -> None:
    """Else a person would work, unknowing, in the account of whoever made the form."""
    fields = {"name": "wang", "password": PASSWORD}
    for csrf in ("", "0" * 64, accounts.csrf_token("")):
        with site.browser() as browser:
            assert browser.post("/sign-in", data={"csrf": csrf, **fields}).status_code == 403
            right = token_of(browser.get("/sign-in"))
            assert browser.post("/sign-in", data={"csrf": csrf, **fields}).status_code == 403
            elsewhere = browser.post(f"/sign-in?csrf={right}", data=fields)
            assert elsewhere.status_code == 403, "a field of a form counts in the form alone"
            twice = browser.post("/sign-in", data={"csrf": [right, csrf], **fields})
            assert twice.status_code == 403, "and of two the last one, as everywhere"
            assert not is_in(browser)
    assert site.failures() == [], "what is not ours does not count against anybody"


def test_whoever_is_signed_in_is_not_asked_again(site: Site) -> None:
    with site.browser() as browser:
        enter(browser)
        again = browser.get("/sign-in?next=/account")
        assert (again.status_code, again.headers["location"]) == (303, "/account")


@pytest.mark.parametrize(
    "wanted",
    [
        "//evil.example",
        r"/\evil.example",
        r"\/evil.example",
        "https://evil.example",
        "evil.example",
        "",
        "/\t/evil.example",
        "/\n/evil.example",
        "javascript:alert(1)",
        "/a\\..\\b",
        " /",
        "http:/evil",
        "@evil.example",
    ],
)
def test_nobody_is_led_away_from_this_site(site: Site, wanted: str) -> None:
    assert auth.local(wanted) == "/"
    with site.browser() as browser:
        assert enter(browser, next=wanted).headers["location"] == "/"
        assert browser.get("/sign-in", params={"next": wanted}).headers["location"] == "/"


@given(st.text(max_size=20) | st.text(alphabet="/\\.:@?# \t\nabé王", max_size=20))
def test_where_one_is_led_is_on_this_site(wanted: str) -> None:
    led = auth.local(wanted)
    assert led in {wanted, "/"}
    assert httpx.URL("http://us.example/sign-in").join(led).host == "us.example"


def test_each_failure_doubles_the_wait_up_to_a_minute_and_the_right_password_after_it_always_works(quiet: Site) -> None:
    at = NOW
    for seconds in (1, 2, 4, 8, 16, 32, 60, 60, 60):
        assert quiet.attempt("wang", "wrong", at=at) == Refused(seconds, looked=True)
        wait = seconds * SECOND
        assert quiet.attempt("WANG", PASSWORD, at=at + wait - TICK) == Refused(1, looked=False)
        at += wait
    assert len(quiet.failures()) == 9, "attempts that are not looked at are not counted"
    assert isinstance(quiet.attempt("wang", PASSWORD, at=at), str)


def test_a_name_that_nobody_has_is_slowed_down_alike(quiet: Site) -> None:
    for name in ("wang", "nobody", "what was typed in the wrong field"):
        assert quiet.attempt(name, "wrong") == Refused(1, looked=True)
        assert quiet.attempt(name, "wrong", at=NOW + SECOND) == Refused(2, looked=True)
        assert quiet.attempt(name, "wrong", at=NOW + SECOND) == Refused(2, looked=False)


def test_the_right_password_and_time_forget_failures(quiet: Site) -> None:
    for seconds in (0, 1, 3):
        quiet.attempt("wang", "wrong", at=NOW + seconds * SECOND)
    assert isinstance(quiet.attempt("wang", PASSWORD, at=NOW + 7 * SECOND), str)
    assert quiet.attempt("wang", "wrong", at=NOW + 7 * SECOND) == Refused(1, looked=True)
    assert quiet.attempt("wang", "wrong", at=NOW + 7 * SECOND + WINDOW - TICK) == Refused(2, looked=True)
    assert quiet.attempt("wang", "wrong", at=NOW + 7 * SECOND + 2 * WINDOW) == Refused(1, looked=True)


def test_failures_of_a_clock_that_was_ahead_keep_nobody_out(quiet: Site) -> None:
    for _ in range(9):
        quiet.attempt("wang", "wrong", at=NOW + dt.timedelta(days=1))
    assert isinstance(quiet.attempt("wang", PASSWORD), str)
    quiet.attempt("wang", "wrong", at=NOW + 30 * SECOND)
    assert quiet.attempt("wang", PASSWORD) == Refused(1, looked=False), "a little later is by another clock, or thread"


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("203.0.113.7", "203.0.113.7", True),
        ("203.0.113.7", "203.0.113.8", False),
        ("2001:db8::1", "2001:db8::2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:203.0.113.7", "::ffff:203.0.113.8", False),
    ],
)
def test_failures_from_elsewhere_slow_nobody_down(quiet: Site, first: str, second: str, same: bool) -> None:
    quiet.attempt("wang", "wrong", first)
    assert (quiet.attempt("wang", PASSWORD, second) == Refused(1, looked=False)) is same


def test_who_guesses_at_one_name_from_many_addresses_is_slowed_down_and_its_owner_goes_on(
    quiet: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("forbear.accounts.sign_in.FREE_ON_NAME", FEW)
    known = quiet.known()
    for number in range(FEW):
        assert quiet.attempt("wang", "wrong", f"198.51.100.{number}") == Refused(1, looked=True)
    soon = NOW + MINUTE - TICK
    assert quiet.attempt("wang", PASSWORD, "198.51.100.9", at=soon) == Refused(1, looked=False)
    assert isinstance(quiet.attempt("wang", PASSWORD, "198.51.100.9", at=soon, devices=known), str), "their own browser"
    assert quiet.attempt("li", "wrong", "198.51.100.9", at=soon) == Refused(1, looked=True), "nobody else is"
    assert isinstance(quiet.attempt("wang", PASSWORD, "198.51.100.9", at=NOW + MINUTE), str), "nor are they locked out"


@pytest.mark.usefixtures("few")
def test_failures_for_other_names_slow_nobody_down(quiet: Site) -> None:
    for number in range(FEW - 1):
        assert quiet.attempt(f"nobody{number}", "wrong") == Refused(1, looked=True)
    assert isinstance(quiet.attempt("wang", PASSWORD), str)


@pytest.mark.usefixtures("few")
def test_whoever_guesses_at_many_names_is_slowed_down_and_the_office_is_not_stopped(quiet: Site) -> None:
    known = quiet.known()
    for number in range(FEW):
        assert quiet.attempt(f"nobody{number}", "wrong") == Refused(1, looked=True)
    for number, name in enumerate(("nobody", "nobody else", "nobody at all")):
        at = NOW + number * APART
        assert quiet.attempt(name, "wrong", at=at + APART - TICK) == Refused(1, looked=False)
        assert quiet.attempt(name, "wrong", at=at + APART) == Refused(1, looked=True)
    last = NOW + 3 * APART
    assert quiet.attempt("wang", PASSWORD, at=last) == Refused(3, looked=False)
    assert isinstance(quiet.attempt("wang", PASSWORD, at=last, devices=known), str), "a known device goes on"
    assert isinstance(quiet.attempt("wang", PASSWORD, "203.0.113.8", at=last), str)
    assert isinstance(quiet.attempt("wang", PASSWORD, at=last + APART), str)


@pytest.mark.usefixtures("few")
def test_while_a_guess_is_looked_at_others_from_there_come_back_and_known_devices_go_on(quiet: Site) -> None:
    known = quiet.known()
    for number in range(FEW):
        quiet.attempt(f"nobody{number}", "wrong", at=NOW - APART)
    with working(quiet.url) as guessing:
        assert isinstance(sign_in(guessing, Attempt("nobody", "wrong", "203.0.113.7"), None), Refused)
        assert quiet.attempt("wang", PASSWORD) == Refused(3, looked=False)
        assert isinstance(quiet.attempt("wang", PASSWORD, devices=known), str)


def test_a_known_device_is_not_slowed_down_by_strangers_nor_they_by_it(quiet: Site) -> None:
    known = quiet.known()
    for _ in range(3):
        quiet.attempt("wang", "wrong", at=NOW - 10 * SECOND)
    quiet.attempt("wang", "wrong")
    assert isinstance(quiet.attempt("wang", PASSWORD, devices=known), str)
    assert quiet.attempt("wang", PASSWORD) == Refused(2, looked=False), "its sign-in forgives its own failures"
    assert quiet.attempt("wang", "wrong", devices=known) == Refused(1, looked=True)
    assert quiet.attempt("wang", PASSWORD, "198.51.100.1", devices=known) == Refused(1, looked=False)


def test_a_device_is_known_on_the_accounts_it_signed_in_on_and_on_no_other(quiet: Site) -> None:
    with working(quiet.url) as work:
        administration.add(work, "li", "counsellor", None, PASSWORD)
    wangs = quiet.known("wang")
    both = quiet.known("li", devices=wangs)
    for name in ("wang", "li"):
        quiet.attempt(name, "wrong")
        assert isinstance(quiet.attempt(name, PASSWORD, devices=both), str)
    assert quiet.attempt("li", PASSWORD, devices=wangs) == Refused(1, looked=False)


@pytest.mark.parametrize(
    "forge",
    [
        lambda known: "",
        lambda known: "~.~",
        lambda known: known[:-1] + ("0" if known[-1] != "0" else "1"),
        lambda known: "x" + known,
        lambda known: known.replace(".", ""),
        lambda known: "é.王",
        lambda known: "~" * 9 + known,
    ],
)
def test_a_cookie_that_is_not_ours_counts_as_none(quiet: Site, forge: Callable[[str], str]) -> None:
    forged = forge(quiet.known())
    quiet.attempt("wang", "wrong", devices=forged)
    assert quiet.attempt("wang", PASSWORD) == Refused(1, looked=False)


def test_a_browser_that_many_sign_in_on_keeps_the_latest_of_them(quiet: Site) -> None:
    cookie = ""
    for number in range(12):
        cookie = devices.remember(VAULT, f"name{number}", cookie)
    assert [bool(devices.known(VAULT, f"name{number}", cookie)) for number in range(12)] == [False] * 4 + [True] * 8
    assert devices.remember(VAULT, "name11", cookie) == cookie
    assert devices.known(VAULT, "name4", devices.remember(VAULT, "name4", cookie)) is not None


def test_attempts_in_the_same_moment_are_counted_one_after_another(quiet: Site) -> None:
    answers: list[str | Refused] = []
    ready = threading.Barrier(6)

    def guess(number: int) -> None:
        ready.wait()
        answers.append(quiet.attempt("wang", "wrong", at=NOW - number * TICK))

    threads = [threading.Thread(target=guess, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers, key=lambda answer: answer.looked) == [Refused(1, looked=False)] * 5 + [  # type: ignore[union-attr]
        Refused(1, looked=True)
    ]


def test_guesses_from_anywhere_hold_up_no_owner(quiet: Site) -> None:
    """Whoever guesses does not lock the account, however long that is looked at."""
    with working(quiet.url) as guessing:
        sign_in(guessing, Attempt("wang", "wrong", "198.51.100.1"), None)
        assert isinstance(quiet.attempt("wang", PASSWORD), str)


@pytest.mark.parametrize(
    ("lang", "says"),
    [("zh", ("，4 秒后再试", "请 3 秒后再试")), ("en", ("try again in 4 seconds", "Please try again in 3 seconds"))],
)
def test_whoever_must_wait_is_told_how_long(site: Site, lang: str, says: tuple[str, str]) -> None:
    for _ in range(2):
        site.attempt("wang", "wrong", "127.0.0.1", at=NOW - 10 * SECOND)
        site.attempt("wang", "wrong", "127.0.0.1", at=NOW - 9 * SECOND)
    with site.browser() as browser:
        browser.get(f"/sign-in?lang={lang}")
        for status, seconds, sentence in ((403, 4, says[0]), (429, 3, says[1])):
            told = enter(browser, password="wrong")  # noqa: S106 - of a test
            assert (told.status_code, told.headers["retry-after"]) == (status, str(seconds))
            assert sentence in told.text
            site.clock[0] += SECOND + TICK
        site.clock[0] += 2 * SECOND
        assert enter(browser).status_code == 303


def test_a_browser_stays_known_when_it_is_signed_out_and_its_cookie_is_out_of_reach(site: Site) -> None:
    with site.browser() as browser, site.browser() as stranger:
        done = enter(browser)
        [cookie] = [each for each in done.headers.get_list("set-cookie") if each.startswith(auth.DEVICES)]
        assert {"HttpOnly", "SameSite=lax", f"Max-Age={400 * 24 * 3600}"} <= set(cookie.split("; "))
        assert not {"wang", "1"} & set(re.split(r"[^\w]", browser.cookies[auth.DEVICES]))
        browser.post("/sign-out", data={"csrf": accounts.csrf_token(browser.cookies[auth.COOKIE])})
        for _ in range(2):
            enter(stranger, password="wrong")  # noqa: S106 - of a test
        assert enter(stranger).status_code == 429
        assert enter(browser).status_code == 303


def test_a_hash_of_weaker_parameters_is_made_anew_at_the_next_sign_in(quiet: Site) -> None:
    from argon2 import PasswordHasher

    weaker = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    with engine_of(quiet.url) as engine, session(engine) as opened:
        account = accounts.find(opened, "wang")
        assert account is not None
        account.password_hash = weaker
    assert isinstance(quiet.attempt("wang", PASSWORD), str)
    with engine_of(quiet.url) as engine, session(engine) as opened:
        account = accounts.find(opened, "wang")
        assert account is not None
        assert account.password_hash != weaker
    assert isinstance(quiet.attempt("wang", PASSWORD), str)


def test_who_does_nothing_for_half_an_hour_signs_in_again(site: Site) -> None:
    with site.browser() as browser:
        enter(browser)
        site.clock[0] = NOW + IDLE - TICK
        assert is_in(browser), "and that was something done"
        site.clock[0] += IDLE - TICK
        assert is_in(browser)
        for _ in range(3):
            site.clock[0] += MINUTE - TICK  # too soon to be written down again
            assert is_in(browser)
        site.clock[0] += IDLE
        assert not is_in(browser)
        assert browser.get("/account").status_code == 303


def test_a_page_that_asks_by_itself_keeps_nobody_signed_in(site: Site) -> None:
    with site.browser() as browser:
        enter(browser)
        csrf = accounts.csrf_token(browser.cookies[auth.COOKIE])
        for _ in range(2):
            site.clock[0] += IDLE / 2 - TICK
            assert browser.get("/queue/live?after=0").status_code == 200
            assert browser.post("/cases/1/presence", data={"csrf": csrf}).status_code in (200, 404)
            for polled in ("/batches/00000000-0000-0000-0000-000000000000/live", "/cases/1/outdated"):
                assert browser.get(polled).status_code == 404
        site.clock[0] += 2 * TICK
        assert browser.get("/queue/live?after=0").status_code == 303


def test_every_address_that_a_page_polls_is_known_to_be_one() -> None:
    templates = "".join(
        path.read_text(encoding="utf-8") for path in (Path(auth.__file__).parent / "templates").rglob("*.html")
    )
    asked = re.findall(r'data-(?:poll|live)="(/[^"]+)"|class="presence"[^>]* action="([^"]+)"', templates)
    plain = {re.sub(r"{{.*?}}", "*", first or second).partition("?")[0] for first, second in asked}
    app = create_app("postgresql://nobody@127.0.0.1:1/none", "redis://127.0.0.1:1", VAULT)
    tagged = {each.path for each in iter_route_contexts(app.routes) if auth.POLLED in getattr(each, "tags", ())}
    assert {re.sub(r"{.*?}", "*", each or "") for each in tagged} == plain


def test_what_was_typed_too_late_is_shown_to_who_typed_it(site: Site) -> None:
    words = "对方同意分 12 期，\n<b>下周一</b>回电"
    with site.browser() as browser, site.browser() as stranger:
        enter(browser)
        csrf = accounts.csrf_token(browser.cookies[auth.COOKIE])
        form = {
            "csrf": csrf,
            "form": "note",
            "words": words,
            "once": "f1",
            "fact.income_monthly": "5300",
            "rent": "1200",
        }
        for later in (IDLE, accounts.SIGNED_IN_FOR):
            site.clock[0] = NOW + later
            late = browser.post("/cases/7/notes", data=form)
            assert late.status_code == 403
            page = read_page(late.text)
            kept = page.texts(".kept")
            assert kept == ["5300", " ".join(words.split()), "1200"], "facts, fields that are known, and others"
            assert page.texts("main b")[1:] == ["理由", "填写的内容"] and "月收入" in page.texts("main b")[0]
            assert page.one("main a.button").attributes["href"] == "/sign-in?next=%2Fcases%2F7"
        assert "f1" not in kept and "&lt;b&gt;" in late.text
        for nothing in (form | {"csrf": "0" * 64}, {"csrf": csrf, "current": "my password", "code": "123456"}):
            told = browser.post("/cases/7/notes", data=nothing)
            assert told.status_code in (303, 403) and "kept" not in told.text
        assert "kept" not in stranger.post("/cases/7/notes", data=form).text
        assert browser.post("/sign-out", data={"csrf": csrf}).headers["location"] == "/sign-in"


def test_what_pages_put_into_forms_is_not_taken_for_words() -> None:
    templates = "".join(
        path.read_text(encoding="utf-8") for path in (Path(auth.__file__).parent / "templates").rglob("*.html")
    )
    hidden = {
        name
        for tag in re.findall(r'<input[^>]*type="hidden"[^>]*>', templates)
        for name in re.findall(r'name="(\w+\.?)', tag)
    }
    assert {each for each in hidden if not signed_out.NOT_TYPED.fullmatch(each)} == set()
