"""The pages of the second factor: set up, asked for, needed of others, taken off."""

import datetime as dt

import httpx
import pyotp
import pytest

from forbear.accounts import administration, second_factor, sign_in
from forbear.base.settings import settings
from forbear.base.vault import Vault
from models.account import Account
from tests.support.desk.cases import NOW, working
from tests.support.desk.desk_clients import Desk, cookie_of, holding
from tests.support.desk.page import read_page
from tests.support.desk.serving import client_of
from tests.support.qr_reading import read
from tests.web.pages.accounts.conftest import CHIEF, PASSWORD, WANG
from tests.web.pages.accounts.test_accounts import secret_on

PATH = "/account/second-factor"


def as_account(address: str, url: str, account_id: int = WANG) -> Desk:
    return holding(address, cookie_of(url, account_id))


def turned_on(url: str, vault: Vault, account_id: int = WANG) -> str:
    """Turn it on without the page, an hour ago; answers the secret."""
    secret = second_factor.new_secret()
    with working(url, vault, now=NOW - dt.timedelta(hours=1)) as work:
        account = work.session.get_one(Account, account_id)
        administration.second_factor_on(work, account, secret, pyotp.TOTP(secret).at(work.now))
    return secret


def filled(page: httpx.Response, **fields: str) -> dict[str, str]:
    """What the form in the middle of a page would send, with these fields."""
    hidden = read_page(page.text).select("main form.fields input[type=hidden]")
    return {each.attributes["name"]: each.attributes["value"] for each in hidden} | fields


def test_it_is_set_up_by_its_owner_and_asked_for_from_then_on(address: str, database_url: str) -> None:
    with as_account(address, database_url) as here, as_account(address, database_url) as there:
        page = here.get(PATH)
        (code,) = read(page.text)
        secret = "".join(read_page(page.text).one("code.secret").text.split())
        assert pyotp.parse_uri(code).secret == secret
        assert (pyotp.parse_uri(code).name, pyotp.parse_uri(code).issuer) == ("wang", "Forbear")
        wrong = here.post(PATH, data=filled(page, current=PASSWORD, code="000000"))
        assert wrong.status_code == 422 and 'id="code-error"' in wrong.text
        assert read(wrong.text) == [code], "the same secret is shown again"
        assert here.submit(PATH, {"sealed": "x", "current": PASSWORD}).status_code == 400
        assert here.get("/account").text.count("未开启") == 1
        done = here.post(PATH, data=filled(wrong, current=PASSWORD, code=pyotp.TOTP(secret).at(NOW)))
        assert done.headers["location"] == "/account"
        codes = secret_on(here.get("/account").text).split()
        assert len(codes) == second_factor.RECOVERY_CODES
        assert "还剩 10 个恢复码" in here.get("/account").text
        assert (here.get("/").status_code, there.get("/").status_code) == (200, 303), "other browsers are signed out"
        token = {"name": "x", "scopes": "cases:read", "days": "30", "current": PASSWORD}
        assert 'id="token-code-error"' in here.submit("/account/tokens", token).text
    with client_of(address) as browser:
        typed = filled(browser.get("/sign-in?next=/batches"), name="wang", password=PASSWORD)
        asked = browser.post("/sign-in", data=typed)
        assert asked.status_code == 200 and "输入验证码" in asked.text
        assert browser.get("/").status_code == 303, "nobody is signed in as yet"
        soon = browser.post("/sign-in/code", data=filled(asked, code=codes[0]))
        assert (soon.status_code, soon.headers["retry-after"]) == (429, "1"), "a code was wrong a moment ago"
        with working(database_url) as work:
            sign_in.forgive(work.session, work.vault, "wang")
        used = browser.post("/sign-in/code", data=filled(soon, code=pyotp.TOTP(secret).at(NOW)))
        assert (used.status_code, used.headers["retry-after"]) == (403, "1"), "it was used to turn this on"
        expired = browser.post("/sign-in/code", data=filled(asked, code=codes[0], ticket="x"))
        assert expired.status_code == 403 and "请重新登录" in expired.text
    with working(database_url) as work:
        sign_in.forgive(work.session, work.vault, "wang")
    with as_account(address, database_url) as here:
        assert here.submit(f"{PATH}/off", {"current": PASSWORD, "code": codes[0]}).headers["location"] == "/account"
        assert "两步登录已关闭" in here.get("/account").text


def test_the_second_step_leads_to_where_one_wanted_to_go(address: str, database_url: str, vault: Vault) -> None:
    secret = turned_on(database_url, vault)
    with client_of(address) as browser:
        typed = filled(browser.get("/sign-in?next=/batches"), name="wang", password=PASSWORD)
        asked = browser.post("/sign-in", data=typed)
        done = browser.post("/sign-in/code", data=filled(asked, code=pyotp.TOTP(secret).at(NOW)))
        assert (done.status_code, done.headers["location"]) == (303, "/batches")
        assert browser.get("/batches").status_code == 200


def test_an_administrator_takes_it_off_who_lost_it_and_gives_their_own_password(
    address: str, database_url: str, vault: Vault
) -> None:
    turned_on(database_url, vault)
    path = f"/accounts/{WANG}/second-factor"
    with as_account(address, database_url, CHIEF) as chief, as_account(address, database_url) as wang:
        assert f'href="{path}"' in chief.get("/accounts").text
        assert (wang.get(path).status_code, wang.submit(path, {"current": PASSWORD}).status_code) == (403, 403)
        assert chief.get(path).status_code == 200
        assert chief.submit(path, {}).status_code == 422
        assert wang.get("/").status_code == 200
    with working(database_url, vault) as work:
        sign_in.forgive(work.session, work.vault, "chief")
    with as_account(address, database_url, CHIEF) as chief, as_account(address, database_url) as wang:
        assert 'id="sure-error"' in chief.submit(path, {"current": PASSWORD}).text
        assert chief.submit(path, {"current": PASSWORD, "sure": "call"}).headers["location"] == "/accounts"
        assert "wang 的两步登录已关闭" in chief.get("/accounts").text
        assert wang.get("/").status_code == 303
        assert chief.get(path).status_code == 404


def test_who_needs_one_is_led_to_set_it_up_first(
    address: str, database_url: str, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORBEAR_SECOND_FACTOR", "supervisors")
    settings.cache_clear()
    try:
        with as_account(address, database_url, CHIEF) as chief, as_account(address, database_url) as wang:
            assert wang.get("/").status_code == 200
            for path in ("/", "/accounts", "/cases/1"):
                assert chief.get(path).headers["location"] == PATH
            assert chief.submit("/accounts", {"name": "li", "role": "admin"}).headers["location"] == PATH
            page = chief.get(PATH)
            assert "必须开启" in page.text
            secret = "".join(read_page(page.text).one("code.secret").text.split())
            chief.post(PATH, data=filled(page, current=PASSWORD, code=pyotp.TOTP(secret).at(NOW)))
            assert chief.get("/accounts").status_code == 200
    finally:
        monkeypatch.undo()
        settings.cache_clear()
