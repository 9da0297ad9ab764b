"""The pages of batches in real Chromium with real workers: the ugly spreadsheet, progress, a phone, no JavaScript."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import openpyxl
import psycopg
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from forbear.base.vault import Vault
from forbear.ops.embedded import Urls
from tests.support.desk.cases import NOW, VAULT, many, submitted, triaged
from tests.support.desk.chromium import DESK, PHONE, axe_finds
from tests.support.desk.desk_clients import account, cookie_of, served
from tests.support.desk.processes import DEADLINE, Site
from tests.system.test_spreadsheet import ROWS, spreadsheet  # noqa: F401 - the fixture
from web import auth

pytestmark = pytest.mark.browser


@pytest.fixture
def address(database_url: str, redis_url: str, vault: Vault) -> Iterator[str]:
    with served(database_url, redis_url, vault) as found:
        yield found


@contextmanager
def _signed_in(browser: Browser, address: str, secret: str, **terms: object) -> Iterator[tuple[BrowserContext, Page]]:
    context = browser.new_context(accept_downloads=True, **terms)  # type: ignore[arg-type]
    context.set_default_timeout(1000 * DEADLINE)
    context.add_cookies([{"name": auth.COOKIE, "value": secret, "url": address}])
    page = context.new_page()
    loud: list[str] = []
    page.on("console", lambda message: loud.append(message.text))
    page.on("pageerror", lambda error: loud.append(str(error)))
    yield context, page
    context.close()
    assert [line for line in loud if "422" not in line] == []


def _sound(page: Page) -> None:
    """Nothing that an eye or a keyboard would stumble over."""
    assert axe_finds(page) == ""
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "it scrolls sideways"
    assert page.locator("h1").count() == 1


def test_the_ugly_spreadsheet_goes_through_the_page(
    browser: Browser,
    address: str,
    database_url: str,
    redis_url: str,
    spreadsheet: Path,  # noqa: F811
    tmp_path: Path,
) -> None:
    secret = cookie_of(database_url, account(database_url, role="supervisor"))
    with _signed_in(browser, address, secret, viewport={"width": DESK[0], "height": DESK[1]}) as (_, page):
        page.goto(f"{address}/batches")
        _sound(page)
        page.get_by_label("案件表", exact=True).set_input_files(spreadsheet)
        page.get_by_role("button", name="上传并预览").press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("导出数据(最终版).xlsx")
        expect(
            page.get_by_text(f"共 {ROWS:,} 行，全部看过。").or_(page.get_by_text("后面的提交时再看。"))
        ).to_be_visible()
        expect(page.get_by_text("跟进人").first).to_be_visible()
        assert "测试1" not in page.content()
        _sound(page)
        for box in page.locator("input[name=sure]").all():  # what is not certain is confirmed
            box.check()
        page.get_by_role("button", name="确认提交").first.press("Enter")
        expect(page.get_by_role("heading", name="分诊中")).to_be_visible()
        _sound(page)
        with Site(Urls(database_url, redis_url), tmp_path).worker():
            expect(page.get_by_role("heading", name="已全部分诊")).to_be_visible()  # without a reload
        expect(page.locator("#announced")).to_have_text("已全部分诊")
        _sound(page)
        with psycopg.connect(database_url) as connection:
            counts = connection.execute("SELECT rows_read, accepted, rejected, unchanged FROM batch").fetchone()
        assert counts is not None
        assert counts[0] == ROWS == sum(counts[1:])
        with page.expect_download() as download:
            page.get_by_role("button", name="下载退回的行").click()
        assert download.value.suggested_filename == "导出数据(最终版)-待改正.xlsx"
        path = tmp_path / download.value.suggested_filename
        download.value.save_as(path)
        page.goto(f"{address}/batches")
        page.get_by_label("案件表", exact=True).set_input_files(path)
        page.get_by_role("button", name="上传并预览").click()
        seen = page.get_by_text(f"共 {counts[2]:,} 行，全部看过。")
        expect(seen.or_(page.get_by_text("后面的提交时再看。"))).to_be_visible()
        expect(page.get_by_text("看过的行都要退回")).to_be_visible()


def test_progress_moves_in_the_list_and_on_the_page_and_leaves_the_focus_alone(
    browser: Browser, address: str, database_url: str
) -> None:
    done = submitted(database_url, many(4), VAULT, chunk_size=2)
    submitted(database_url, many(2, "other"), VAULT, now=NOW.replace(hour=7))
    secret = cookie_of(database_url, account(database_url))
    first, second = (wake.chunk_id for wake in done.wakes)
    with _signed_in(browser, address, secret) as (context, page):
        listed = context.new_page()
        page.goto(f"{address}/batches/{done.batch_id}")
        listed.goto(f"{address}/batches")
        link = page.locator(".urgencies a").first
        link.focus()
        triaged(database_url, VAULT, [first])
        for one in (page.locator("#live"), listed.locator(f"#state-{done.batch_id.hex}")):
            expect(one.locator(".done")).to_contain_text("2 / 4", timeout=60_000)
            assert one.locator("progress").evaluate("bar => bar.value / bar.max") == 0.5
        expect(link).to_be_focused()
        assert sum(map(int, page.locator("#live .urgencies b").all_inner_texts())) == 2
        triaged(database_url, VAULT, [second])
        expect(page.locator("#state")).to_have_text("已全部分诊", timeout=60_000)
        expect(page.get_by_text("分诊还没有结束")).to_have_count(0)
        expect(listed.locator(f"#state-{done.batch_id.hex}")).to_have_text("已完成", timeout=60_000)
        expect(listed.locator("[data-poll]")).to_have_count(1)  # the other one goes on


def _ugly() -> bytes:
    """A workbook as somebody keeps it: titles, a unit in a header, words of their own, a hidden row, a totals row."""
    made = openpyxl.Workbook()
    about = made.active
    about.title = "填写说明"
    about.append(["请按模板填写，不要改动表头"])
    for name in ("上月", "本月"):
        sheet = made.create_sheet(name)
        sheet.append(["逾期客户明细表（内部资料）"])
        sheet.append(["制表单位：某某公司", None, None, "制表日期：2026-11-20"])
        sheet.append(["个案序列号", "贷款品种", "逾期天数", "欠款余额（万元）", "备注1", "栏目甲", "跟进人"])
        sheet.append(["A-1", "蚂蚁花呗", 100, 12, "打不通", "说家里人都还不知道，让别打单位电话。", "小王"])
        sheet.append(["A-2", "月月分期", "45天", 3.5, "", "承诺月底还，工资要到二十五号。", "小李"])
        sheet.append(["A-3", "蚂蚁花呗", "很久", 0.8, "已失联", "", "小李"])
        sheet.append(["合计", None, None, 16.3])
        sheet.row_dimensions[5].hidden = True
    held = io.BytesIO()
    made.save(held)
    return held.getvalue()


def _fits(page: Page) -> None:
    """Nothing reaches beyond the screen of a phone or a desk, and there is one heading above all."""
    for width, height in (PHONE, DESK):
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{page.url} at {width}"
    assert page.locator("h1").count() == 1


# What is chosen, and what is said of it, in both languages.
_SAID = {
    "zh": {
        "choose": "读这一张",
        "hidden": "也照样读取（文件的第 5 行）",
        "total": "合计",
        "stored": "¥120,000.00",
        "again": "按所选重新读取",
        "confirm": "确认提交",
    },
    "en": {
        "choose": "Read this one",
        "hidden": "A hidden row was read like the others (row 5 of the file).",
        "total": "total",
        "stored": "¥120,000.00",
        "again": "Read again",
        "confirm": "Submit",
    },
}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_an_ugly_file_is_handed_in_without_javascript(
    browser: Browser, address: str, database_url: str, language: str
) -> None:
    secret, words = cookie_of(database_url, account(database_url, role="submitter", submitter="us")), _SAID[language]

    with _signed_in(browser, address, secret, java_script_enabled=False) as (context, page):
        context.add_cookies([{"name": "lang", "value": language, "url": address}])
        page.goto(f"{address}/batches")
        _fits(page)
        page.locator("#file").set_input_files({"name": "委案.xlsx", "mimeType": "", "buffer": _ugly()})
        page.locator(".upload button").click()
        page.get_by_label("本月").check()
        _fits(page)
        page.get_by_role("button", name=words["choose"]).click()
        expect(page.get_by_text(words["stored"])).to_be_visible()
        expect(page.locator("#notices + ul")).to_contain_text(words["hidden"])
        _fits(page)
        for header, fact in (("个案序列号", "case_ref"), ("贷款品种", "product")):
            row = page.locator("#mapping tr", has=page.locator("th[scope=row]", has_text=header))
            row.locator("select").first.select_option(fact)
        page.locator("#constant-hardship").select_option("none_stated")
        page.get_by_role("button", name=words["again"]).last.click()
        page.get_by_role("button", name=words["confirm"]).last.click()  # what was guessed is not confirmed
        expect(page.get_by_role("alert").filter(has_text="栏目甲")).to_be_visible()
        _fits(page)
        for box in page.locator("input[name=sure]").all():
            box.check()
        page.locator("ul.words select").select_option("pay_later")
        page.get_by_role("button", name=words["confirm"]).last.click()
        expect(page.locator("section[aria-labelledby=problems]")).to_contain_text(words["total"])
        _fits(page)
        page.get_by_role("button", name=words["confirm"]).last.click()
        page.wait_for_url("**/batches/*")
        expect(page.locator("#live .sum b")).to_have_text(["4", "2", "2", "0"])
        expect(page.locator("noscript a, #live a").first).to_be_visible()
        batch = page.url
    with _signed_in(browser, address, secret) as (context, page):
        context.add_cookies([{"name": "lang", "value": language, "url": address}])
        for width, height in (PHONE, DESK):
            page.set_viewport_size({"width": width, "height": height})
            for opened in (batch, f"{address}/batches"):
                page.goto(opened)
                _sound(page)


def test_a_file_that_is_too_large_is_told_before_it_travels(
    browser: Browser, address: str, database_url: str, tmp_path: Path
) -> None:
    secret = cookie_of(database_url, account(database_url))
    with _signed_in(browser, address, secret) as (_, page):
        page.goto(f"{address}/batches")
        large = tmp_path / "large.csv"
        large.write_bytes(b"x" * (20 * 1024 * 1024 + 1))
        page.locator("#file").set_input_files(large)
        assert page.locator("#file").evaluate("input => input.validationMessage") == (
            "文件超过 20 MB：请拆成几个文件，或用命令行提交。"
        )
