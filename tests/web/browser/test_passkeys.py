"""Passwords in real Chromium, shown and measured while typed; and passkeys, made and used in the place of a code."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from forbear.accounts import administration
from forbear.base.settings import settings
from forbear.base.vault import Vault
from tests.support.desk.cases import working
from tests.support.desk.chromium import PHONE, axe_finds, signed_in
from tests.support.desk.desk_clients import served

pytestmark = pytest.mark.browser
PASSWORD = "correct horse battery"  # noqa: S105 - of a test
DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def _sound(page: Page) -> None:
    assert axe_finds(page) == ""
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0], page.url


def _password(page: Page) -> None:
    page.goto("/sign-in?next=/account")
    page.locator("#name").fill("wang")
    page.locator("#password").fill(PASSWORD)
    page.get_by_role("button", name="登录", exact=True).click()


def _shown_and_measured(page: Page) -> None:
    """On the sign-in page, and on the account page that it leads to."""
    page.goto("/sign-in?next=/account")
    page.locator("#name").fill("wang")
    field, button = page.locator("#password"), page.get_by_role("button", name="显示 密码")
    field.fill(PASSWORD)
    for kind, pressed in (("text", "true"), ("password", "false"), ("text", "true")):
        button.click()
        expect(field).to_have_attribute("type", kind)
        expect(button).to_have_attribute("aria-pressed", pressed)
    _sound(page)
    page.get_by_role("button", name="登录", exact=True).click()
    new, told = page.locator("#new"), page.locator("[data-measures]")
    expect(new).to_have_attribute("type", "password")
    for typed, says in (
        ("short", "至少要12个字符"),
        ("another horse", "合格"),
        ("Forbear2026!", "太容易猜到"),
    ):
        new.fill(typed)
        expect(told).to_contain_text(says)
    page.get_by_role("button", name="显示 新密码", exact=True).click()
    expect(new).to_have_attribute("type", "text")
    _sound(page)
    new.fill("")
    expect(told).to_be_empty()


def test_a_passkey_is_made_and_signs_in(
    browser: Browser, database_url: str, redis_url: str, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    with working(database_url, vault) as work:
        administration.add(work, "wang", "counsellor", None, PASSWORD)
    with served(database_url, redis_url, vault) as bare:
        address = bare.replace("127.0.0.1", "localhost")  # as browsers want it
        context = signed_in(browser, address, "nobody", PHONE)
        page = context.new_page()
        device = context.new_cdp_session(page)
        device.send("WebAuthn.enable")
        made = device.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
        _shown_and_measured(page)
        page.goto("/account/passkeys")
        page.locator("#passkey_name").fill("我的手机")
        page.locator("#current").fill(PASSWORD)
        page.get_by_role("button", name="继续").click()
        _sound(page)
        page.get_by_role("button", name="创建通行密钥").click()
        expect(page.locator(".secret")).to_contain_text("-")
        _sound(page)
        page.goto("/account")
        form = page.locator("form", has=page.locator("#token"))
        form.get_by_role("button", name="改用通行密钥").click()
        expect(form.get_by_text("通行密钥已确认")).to_be_visible()
        page.goto("/account/passkeys")
        page.get_by_role("link", name="移除 我的手机").click()
        expect(page.get_by_text("唯一的两步登录方式")).to_be_visible()
        context.clear_cookies(name="forbear")
        _password(page)
        _sound(page)
        button = page.get_by_role("button", name="使用通行密钥")
        device.send("WebAuthn.setUserVerified", {**made, "isUserVerified": False})
        button.click()
        expect(page.get_by_text("设备没有回应")).to_be_visible()
        device.send("WebAuthn.setUserVerified", {**made, "isUserVerified": True})
        button.click()
        expect(page).to_have_url(re.compile("/account$"))
        monkeypatch.setenv("FORBEAR_PASSKEY_SIGN_IN", "true")
        settings.cache_clear()
        context.clear_cookies(name="forbear")
        page.goto("/sign-in")
        page.get_by_role("button", name="改用通行密钥").click()
        expect(page).to_have_url(re.compile("/$"))
        context.close()
        without = signed_in(browser, address, "nobody", PHONE, scripts=False)
        plain = without.new_page()
        _password(plain)
        expect(plain.get_by_text("需要启用脚本")).to_be_visible()
        expect(plain.get_by_label("恢复码")).to_be_visible()
        expect(plain.get_by_role("button", name="改用通行密钥")).to_be_hidden()
        plain.goto("/sign-in")
        expect(plain.get_by_role("button")).to_have_count(1)  # none that does nothing
        without.close()
    monkeypatch.undo()
    settings.cache_clear()
