"""What people decide by hand in real Chromium: how an ugly file is read, and one case typed in."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from forbear.base.vault import Vault
from tests.support.desk.chromium import DESK, PHONE, axe_finds, signed_in
from tests.support.desk.desk_clients import account, cookie_of, served
from tests.web.api.test_cases import worker
from tests.web.pages.test_mapping import book
from web.language import message

pytestmark = pytest.mark.browser


@pytest.fixture
def address(database_url: str, redis_url: str, vault: Vault) -> Iterator[str]:
    with served(database_url, redis_url, vault) as found:
        yield found


def _sound(page: Page) -> None:
    """Nothing that an eye or a keyboard would stumble over, whatever the width."""
    page.evaluate("document.querySelectorAll('details').forEach(e => e.open = true)")
    for width, height in (PHONE, DESK):
        page.set_viewport_size({"width": width, "height": height})
        assert axe_finds(page) == ""
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{page.url} at {width}"


def _choose(page: Page, header: str, fact: str) -> None:
    page.locator("#mapping tr", has=page.locator("th[scope=row]", has_text=header)).locator(
        "select"
    ).first.select_option(fact)


def test_an_ugly_file_is_understood_by_what_is_chosen_on_its_preview(
    browser: Browser, address: str, database_url: str
) -> None:
    context = signed_in(browser, address, cookie_of(database_url, account(database_url)))
    page = context.new_page()
    page.goto("/batches")
    day = page.get_by_label("计算日", exact=True)
    today = day.input_value()
    for typed, shown, fits in (
        ("2026/1/5", "2026-01-05", True),
        ("2026年1月5日", "2026-01-05", True),
        ("2026-2-30", "2026-2-30", False),
        ("2099-01-01", "2099-01-01", False),  # after today, which this field may not be
        (today, today, True),
    ):
        day.fill(typed)
        day.blur()
        expect(day).to_have_value(shown)
        assert day.evaluate("e => e.validationMessage") == ("" if fits else message("zh", "form.no_day"))
    expect(page.get_by_role("button", name="打开日历： 计算日")).to_be_visible()
    expect(page.locator(".choose-file")).to_have_text("选择文件")
    file = {"name": "委案.xlsx", "mimeType": "application/octet-stream", "buffer": book(sheets=2)}
    page.locator("#file").set_input_files(file)  # type: ignore[arg-type]
    page.get_by_role("button", name="上传并预览").click()
    _sound(page)
    page.get_by_label("数据2").check()
    page.get_by_role("button", name="读这一张").click()
    expect(page.get_by_text("¥120,000.00")).to_be_visible()
    _sound(page)
    _choose(page, "个案序列号", "case_ref")
    _choose(page, "贷款品种", "product")
    page.locator("#constant-hardship").select_option("none_stated")
    page.get_by_role("button", name="按所选重新读取").last.click()
    page.get_by_role("button", name="确认提交").last.click()  # what was guessed is not confirmed
    expect(page.get_by_role("alert").filter(has_text="栏目甲")).to_be_visible()
    _sound(page)
    for box in page.locator("input[name=sure]").all():
        box.check()
    page.locator("ul.words select").select_option("pay_later")
    page.get_by_role("button", name="确认提交").last.press("Enter")
    expect(page.get_by_role("status").filter(has_text="已按您的选择重新读取")).to_be_visible()
    page.goto(f"{page.url.split('?')[0]}?lang=en")
    _sound(page)
    page.get_by_role("button", name="Submit 2 cases").last.click()
    page.wait_for_url("**/batches/*")
    _sound(page)
    expect(page.locator("#live .sum b")).to_have_text(["2", "2", "0", "0"])
    context.close()


def test_one_case_is_typed_in_on_a_phone_without_scripts_and_leads_to_the_crisis_card(
    browser: Browser, address: str, database_url: str, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.pages.case.patience._PATIENCE", 60)
    secret = cookie_of(database_url, account(database_url))
    with_scripts = signed_in(browser, address, secret)
    page = with_scripts.new_page()
    page.goto("/cases/new?lang=en")
    _sound(page)
    page.get_by_role("button", name="Enter and triage").click()
    expect(page.get_by_role("alert")).to_contain_text("Product is missing")
    _sound(page)
    with_scripts.close()
    context = signed_in(browser, address, secret, PHONE, scripts=False)
    page = context.new_page()
    page.goto("/")
    page.get_by_text("菜单", exact=True).click()
    page.get_by_role("link", name="案件", exact=False).and_(page.locator("[href='/cases/new']")).click()
    page.get_by_label("备注").fill("再催我就不活了，想自杀")
    page.get_by_label("案件编号").fill("AJ-9")
    page.get_by_label("贷款产品").select_option("credit_card")
    page.get_by_label("逾期天数").fill("很多")
    page.get_by_label("困难原因").select_option("unemployment")
    page.get_by_role("button", name="录入并分诊").click()
    expect(page.locator("#new-days_overdue-error")).to_be_visible()
    expect(page.get_by_label("备注")).to_have_value("再催我就不活了，想自杀")
    page.get_by_label("逾期天数").fill("90 天")
    with worker(database_url, vault):
        page.get_by_role("button", name="录入并分诊").click()
        page.wait_for_url(re.compile(r"/cases/\d+$"))
    expect(page.locator("#crisis")).to_be_visible()
    context.close()
