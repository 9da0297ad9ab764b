"""A day in real Chromium, with the real server, worker and database: from signing in to handing in again."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import psycopg
import pypdf
import pytest
from playwright.sync_api import Browser, Page, expect

from forbear.accounts import passwords
from forbear.base.vault import Vault
from forbear.ops.embedded import Urls
from models.account import Account
from models.database.session import session
from tests.support.desk.cases import engine_of
from tests.support.desk.processes import DEADLINE, Site
from tests.support.desk.serving import serving
from web.app import create_app

pytestmark = pytest.mark.browser
PASSWORD = "correct horse battery"  # noqa: S105 - of accounts that last as long as this test
HEAD = "编号;产品;逾期天数;困难原因;困难时长;余额;月供;月收入;基本生活支出;优先支出;法律阶段;愿意还款;其他月供"
ROWS = (
    "甲-1;信用卡;100;失业;中期;48000;2500;6000;4200;300;无;是;0",
    "甲-2;信用卡;95;失业;中期;30000;1800;6000;4200;300;支付令;是;0",
    "甲-3;花呗;40;降薪;中期;9000;900;5000;3000;200;无;是;0",
    "甲-4;飞船贷;40;降薪;中期;9000;900;5000;3000;200;无;是;0",
)
WORDS = "当事人更愿意先调解，银行网点已口头同意"


@pytest.fixture
def address(database_url: str, redis_url: str, vault: Vault, tmp_path: Path) -> Iterator[str]:
    with engine_of(database_url) as engine, session(engine) as opened:
        for name, role in (("wang", "counsellor"), ("li", "counsellor")):
            hashed = passwords.hashed(PASSWORD)
            opened.add(Account(name=name, role=role, password_hash=hashed, created_at=dt.datetime.now(dt.UTC)))
    with serving(create_app(database_url, redis_url, vault)) as served:
        with Site(Urls(database_url, redis_url), tmp_path).worker():
            yield served


def sign_in(browser: Browser, address: str, name: str) -> Page:
    context = browser.new_context(base_url=address, accept_downloads=True)
    context.set_default_timeout(1000 * DEADLINE)
    page = context.new_page()
    page.goto("/")
    expect(page).to_have_url(f"{address}/sign-in")
    page.get_by_label("账号").fill(name)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("案件队列")
    return page


def hand_in(page: Page, path: Path) -> None:
    page.get_by_role("link", name="批次", exact=True).click()
    page.get_by_label("案件表", exact=True).set_input_files(path)
    page.get_by_role("button", name="上传并预览").click()
    expect(page.get_by_role("button", name="确认提交").first).to_be_visible()
    for box in page.locator("input[name=sure]").all():  # what is not certain is confirmed
        box.check()
    page.get_by_role("button", name="确认提交").first.click()
    expect(page.get_by_role("heading", name="已全部分诊")).to_be_visible()


def test_from_signing_in_to_handing_the_corrected_rows_in_again(
    browser: Browser, address: str, database_url: str, tmp_path: Path
) -> None:
    wang, li = sign_in(browser, address, "wang"), sign_in(browser, address, "li")
    sheet = tmp_path / "客户 (最终).csv"
    sheet.write_bytes("\r\n".join([HEAD, *ROWS]).encode("gb18030"))

    hand_in(wang, sheet)  # the heading changes without a reload
    uploader, batch = wang, wang.url

    for page in (wang, li):
        page.goto("/")
    for page in (wang, li):
        page.locator("#take").click(no_wait_after=True)  # both before either has its answer
    for page in (wang, li):
        page.wait_for_url("**/cases/*")
    assert wang.url != li.url
    expect(li.get_by_role("heading", name="为什么", exact=True)).to_be_visible()

    wang, li = (wang, li) if "甲-1" in wang.content() else (li, wang)
    wang.goto("/cases?ref=甲-1")
    before = wang.locator("h1").inner_text()
    assert before != "信用卡个性化分期"
    for fact in ("hardship_evidence", "income_evidence"):
        asked = wang.locator(f"#questions-{fact}")
        if not asked.is_visible():  # among those that are asked later
            wang.locator("#questions-title ~ form details > summary").click()
        asked.select_option("official")
    wang.get_by_role("button", name="提交答案，重新分诊").click()
    expect(wang.locator("h1")).to_have_text("信用卡个性化分期")
    expect(wang.locator("#since")).to_contain_text(before)

    wang.locator("#override > summary").click()
    wang.locator("#override-strategy").select_option("mediation")
    wang.locator("#override-reason").select_option("borrower_wish")
    wang.locator("#override-words").fill(WORDS)
    wang.locator("#override [type=submit]").click()
    expect(wang.get_by_role("status").first).to_contain_text("已记下您选择的策略")
    expect(wang.locator("#timeline, .timeline").first).to_contain_text(WORDS)

    wang.get_by_role("link", name="联系").click()
    wang.get_by_role("link", name="打开完整的协商材料").click()
    wang.wait_for_url("**/kit*")
    printed = tmp_path / "kit.pdf"
    printed.write_bytes(wang.pdf(prefer_css_page_size=True))
    reader = pypdf.PdfReader(printed)
    assert {tuple(round(float(n)) for n in sheet.mediabox[2:]) for sheet in reader.pages} == {(595, 842)}, "A4"
    assert "甲-1" in "".join(sheet.extract_text() for sheet in reader.pages)

    uploader.goto(batch)  # to others what is wrong in a row is masked
    with uploader.expect_download() as download:
        uploader.get_by_role("button", name="下载退回的行").click()
    rejects = tmp_path / download.value.suggested_filename
    download.value.save_as(rejects)
    book = openpyxl.load_workbook(rejects)
    wrong = [cell for row in book.worksheets[0].iter_rows() for cell in row if cell.value == "飞船贷"]
    assert wrong
    for cell in wrong:
        cell.value = "花呗"
    book.save(rejects)
    hand_in(uploader, rejects)
    with psycopg.connect(database_url) as connection:
        rows = connection.execute("SELECT rows_read, accepted, rejected FROM batch ORDER BY created_at").fetchall()
        assert rows[0] == (4, 3, 1) and rows[-1] == (1, 1, 0)
        assert connection.execute("SELECT count(*) FROM desk_case").fetchone() == (4,)
