"""The pages of passkeys: made in two steps, asked for at sign-in and wherever a code is, and taken off."""

import httpx
import pytest

from forbear.accounts import administration, second_factor, sign_in
from forbear.base.settings import settings
from forbear.base.vault import Vault
from models.account import Account
from tests.forbear.ledger.test_audit import verified
from tests.support.desk.cases import working
from tests.support.desk.desk_clients import Desk, cookie_of, holding
from tests.support.desk.page import read_page
from tests.support.desk.serving import client_of
from tests.support.passkey_device import PasskeyDevice
from tests.web.pages.accounts.conftest import CHIEF, PASSWORD, WANG
from tests.web.pages.accounts.test_accounts import secret_on
from tests.web.pages.accounts.test_second_factor import filled

PATH = "/account/passkeys"


def by_name(client: httpx.Client) -> None:
    """Reach the server under a name: passkeys are of none at a bare address."""
    client.headers["host"] = "localhost"


def as_account(address: str, url: str, account_id: int = WANG) -> Desk:
    client = holding(address, cookie_of(url, account_id))
    by_name(client)
    return client


def asked(page: httpx.Response) -> str:
    """What the page has the browser ask a device."""
    options = {each.attributes["data-passkey"] for each in read_page(page.text).select("[data-passkey]")}
    assert len(options) == 1, "one question on one page"
    return options.pop()


def added(client: Desk, device: PasskeyDevice, name: str, **shown: str) -> httpx.Response:
    page = client.submit(PATH, {"name": name, "current": PASSWORD, **shown})
    assert page.status_code == 200, page.text
    return client.submit(f"{PATH}/made", {"passkey": device.make(asked(page))})


def test_one_is_made_asked_for_from_then_on_and_taken_off(
    address: str, database_url: str, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone, key = PasskeyDevice(), PasskeyDevice()
    monkeypatch.setenv("FORBEAR_SECOND_FACTOR", "all")
    settings.cache_clear()
    with as_account(address, database_url) as here, as_account(address, database_url) as there:
        page = here.get(here.get("/").headers["location"])
        assert f'href="{PATH}"' in page.text, "who owes a second factor may have a passkey instead"
        page = here.get(PATH)
        assert "必须开启" in page.text and "data-passkey" not in page.text
        for fields, fault in (
            ({"name": " ", "current": PASSWORD}, "passkey_name-error"),
            ({"name": "x"}, "current-error"),
        ):
            wrong = here.submit(PATH, fields)
            assert wrong.status_code == 422 and f'id="{fault}"' in wrong.text and "data-passkey" not in wrong.text
        with working(database_url) as work:
            sign_in.forgive(work.session, work.vault, "wang")
        late = here.submit(f"{PATH}/made", {"passkey": "{}"})
        assert late.status_code == 422 and "请重新开始" in late.text
        done = added(here, phone, "我的手机")
        assert done.headers["location"] == PATH
        first = here.get(PATH)
        codes = secret_on(first.text).split()
        assert len(codes) == second_factor.RECOVERY_CODES and "我的手机" in first.text and "尚未使用" in first.text
        assert (here.get("/").status_code, there.get("/").status_code) == (200, 303), "other browsers are signed out"
        account = here.get("/account")
        assert "还剩 10 个恢复码" in account.text and "1 个通行密钥" in account.text
        token = {"name": "x", "scopes": "cases:read", "days": "30", "current": PASSWORD}
        assert 'id="token-code-error"' in here.submit("/account/tokens", token).text
        with working(database_url) as work:
            sign_in.forgive(work.session, work.vault, "wang")
        made = here.submit("/account/tokens", {**token, "code": phone.use(asked(account))})
        assert made.headers["location"] == "/account", "a passkey counts where a code does"
        assert added(here, key, "蓝色钥匙", code=codes[0]).headers["location"] == PATH, "a recovery code too"
        assert "蓝色钥匙" in here.get(PATH).text
        assert here.get("/account/second-factor").text.count("data-passkey") == 1
    with client_of(address) as browser:
        by_name(browser)
        typed = filled(browser.get("/sign-in?next=/batches"), name="wang", password=PASSWORD)
        page = browser.post("/sign-in", data=typed)
        assert "使用您的通行密钥" in page.text and browser.get("/").status_code == 303
        wrong = browser.post(
            "/sign-in/code", data=filled(page, code=phone.use(asked(page), "https://localhost.example"))
        )
        assert wrong.status_code == 403 and "未被接受" in wrong.text
        with working(database_url) as work:
            sign_in.forgive(work.session, work.vault, "wang")
        entered = browser.post("/sign-in/code", data=filled(wrong, code=key.use(asked(wrong))))
        assert entered.headers["location"] == "/batches" and browser.get("/batches").status_code == 200
    with as_account(address, database_url) as here, as_account(address, database_url, CHIEF) as chief:
        assert (here.get(f"{PATH}/9").status_code, chief.get(f"{PATH}/1").status_code) == (404, 404)
        assert chief.submit(f"{PATH}/1", {"current": PASSWORD}).status_code == 404
        page = here.get(f"{PATH}/1")
        assert here.submit(f"{PATH}/1", {"current": PASSWORD}).status_code == 422
        with working(database_url) as work:
            sign_in.forgive(work.session, work.vault, "wang")
        off = here.submit(f"{PATH}/1", {"current": PASSWORD, "code": key.use(asked(page))})
        assert off.headers["location"] == PATH and "我的手机" not in here.get(PATH).text
        assert "只凭密码" in here.get(f"{PATH}/2").text, "the last one is told"
        added(chief, PasskeyDevice(), "x")
        lost = f"/accounts/{WANG}/second-factor"
        assert f'href="{lost}"' in chief.get("/accounts").text
    with working(database_url) as work:
        for row in work.session.connection().exec_driver_sql("SELECT name, passkeys FROM account ORDER BY id"):
            assert row.passkeys == 1
        administration.second_factor_off(work, work.session.get_one(Account, WANG), passkeys_too=True)
    monkeypatch.undo()
    settings.cache_clear()
    assert verified(database_url).faults == ()


def test_a_passkey_alone_signs_in_where_the_setting_says_so(
    address: str, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone = PasskeyDevice()
    with as_account(address, database_url) as here, holding(address, cookie_of(database_url, CHIEF)) as bare:
        added(here, phone, "x")
        assert "localhost" in bare.get(PATH).text and bare.submit(PATH, {"name": "x"}).status_code == 422
    with client_of(address) as browser:
        by_name(browser)
        page = browser.get("/sign-in")
        assert "data-passkey" not in page.text
        assert browser.post("/sign-in/passkey", data=filled(page, passkey="{}")).status_code == 404
        monkeypatch.setenv("FORBEAR_PASSKEY_SIGN_IN", "true")
        settings.cache_clear()
        try:
            page = browser.get("/sign-in?next=/batches")
            sent = {"csrf": filled(page)["csrf"], "next": "/batches", "passkey": phone.use(asked(page))}
            done = browser.post("/sign-in/passkey", data=sent)
            assert done.headers["location"] == "/batches" and browser.get("/batches").status_code == 200
            browser.cookies.clear()
            page = browser.get("/sign-in")
            again = browser.post("/sign-in/passkey", data={**sent, "csrf": filled(page)["csrf"]})
            assert again.status_code == 403 and "未被接受" in again.text, "it was another browser's, and was used"
        finally:
            monkeypatch.undo()
            settings.cache_clear()
