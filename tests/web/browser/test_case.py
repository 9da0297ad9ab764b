"""The case page in real Chromium: by keyboard, without JavaScript, on a phone, and by two people at once."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pypdf
import pytest
from playwright.sync_api import Browser, Page, expect

from forbear.accounts.accounts import Role
from forbear.base.vault import Vault
from rules.loading.loader import DEFAULT_PACK, load
from tests.support.desk.case_on_desk import WORDS, CaseOnDesk
from tests.support.desk.cases import NOW, accepted, decided
from tests.support.desk.chromium import DESK, PHONE, signed_in
from tests.support.desk.desk_clients import Desk, account, cookie_of, served
from tests.support.desk.processes import DEADLINE
from web.language import LANGUAGES, Language

pytestmark = pytest.mark.browser
# Uncertain until the income is known.
FACTS: dict[str, Any] = {
    "hardship_duration": "medium",
    "hardship_evidence": "official",
    "income_evidence": "official",
    "balance": 4_800_000,
    "monthly_due": 250_000,
    "essential_outgoings": 420_000,
    "priority_payments": 30_000,
    "willing_to_pay": True,
    "legal_stage": "none",
}


@pytest.fixture
def work(database_url: str, redis_url: str, vault: Vault, monkeypatch: pytest.MonkeyPatch) -> Iterator[CaseOnDesk]:
    monkeypatch.setattr("web.pages.case.patience._PATIENCE", 0)  # no worker runs here: the tests do its work
    decided(database_url, [accepted(1, "A", **FACTS)], vault, by=load(DEFAULT_PACK))
    with served(database_url, redis_url, vault, NOW) as address:
        with Desk(base_url=address, trust_env=False, timeout=DEADLINE) as client:
            yield CaseOnDesk(client, database_url, vault)


def open_case(
    browser: Browser,
    work: CaseOnDesk,
    name: str = "wang",
    role: Role = "supervisor",
    *,
    scripts: bool = True,
    size: tuple[int, int] = DESK,
    lang: Language = "zh",
) -> Page:
    secret = cookie_of(work.url, account(work.url, name, role))
    page = signed_in(browser, str(work.client.base_url), secret, size, lang, scripts=scripts).new_page()
    page.goto("/cases/1")
    return page


def test_a_case_is_accepted_by_keyboard_alone(browser: Browser, work: CaseOnDesk) -> None:
    page = open_case(browser, work)
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "接受推荐":
            break
    page.keyboard.press("Enter")
    expect(page.locator("#accept .panel")).to_be_visible()
    expect(page.locator("#accept-confirmed")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#accept .panel")).to_be_hidden()
    page.keyboard.press("Enter")
    expect(page.locator("#accept-confirmed")).to_be_focused()
    page.keyboard.press("Space")
    page.locator("#accept [type=submit]").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="已接受推荐")).to_be_visible()
    assert work.desk()["status"] == "reviewed"


def test_a_question_is_answered_without_javascript(browser: Browser, work: CaseOnDesk) -> None:
    page = open_case(browser, work, scripts=False)
    page.locator("#questions-income_monthly").fill("6000")
    page.get_by_role("button", name="提交答案").click()
    expect(page.get_by_text("收到了更新的资料")).to_be_visible()
    work.work_off()
    page.get_by_role("link", name="刷新看看").click()
    page.locator("#since > summary").click()
    expect(page.locator("#since")).to_contain_text("¥6,000.00")


def test_the_page_comes_back_by_itself_with_the_new_decision(browser: Browser, work: CaseOnDesk) -> None:
    page = open_case(browser, work)
    page.locator("#questions-income_monthly").fill("6000")
    page.get_by_role("button", name="提交答案").click()
    expect(page.get_by_text("收到了更新的资料")).to_be_visible()
    work.work_off()
    expect(page.locator("#since[open]")).to_contain_text("¥6,000.00")
    expect(page.get_by_text("收到了更新的资料")).to_have_count(0)


def test_a_letter_is_copied_as_it_stands(browser: Browser, work: CaseOnDesk) -> None:
    page = open_case(browser, work)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("link", name="联系").click()
    page.locator("details.talk > summary").click()
    page.locator("button[data-copy=script]").click()
    expect(page.locator("button[data-copy=script]")).to_have_text("已复制")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == "\n".join(page.locator("#script li").all_text_contents())


def test_of_two_people_the_second_sees_what_the_first_did_and_keeps_what_they_typed(
    browser: Browser, work: CaseOnDesk
) -> None:
    first, second = open_case(browser, work, "wang"), open_case(browser, work, "li")
    second.locator("#override > summary").click()
    second.locator("#override-strategy").select_option("mediation")
    second.locator("#override-reason").select_option("lender_practice")
    second.locator("#override-words").fill(WORDS)
    first.locator("#accept > summary").click()
    first.locator("#accept-confirmed").check()
    first.locator("#accept [type=submit]").click()
    expect(first.get_by_role("status").filter(has_text="已接受推荐")).to_be_visible()
    second.locator("#override [type=submit]").click()
    expect(second.get_by_role("alert")).to_contain_text("刚才的操作没有执行")
    expect(second.locator(".state-of")).to_have_text("已审定")
    expect(second.locator("#override-words")).to_have_value(WORDS)
    second.locator("#override [type=submit]").click()
    expect(second.get_by_role("status").filter(has_text="已记下您选择的策略")).to_be_visible()
    assert [kept["action"] for kept in work.reviews()] == ["accept", "override"]


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_was_typed_for_a_case_that_a_colleague_took_can_be_copied(
    browser: Browser, work: CaseOnDesk, size: tuple[int, int], lang: Language
) -> None:
    first = open_case(browser, work, "wang")
    second = open_case(browser, work, "li", "counsellor", size=size, lang=lang)
    second.context.grant_permissions(["clipboard-read", "clipboard-write"])
    second.locator("#override > summary").click()
    second.locator("#override-strategy").select_option("mediation")
    second.locator("#override-words").fill(WORDS)
    first.locator("#accept > summary").click()
    first.locator("#accept-confirmed").check()
    first.locator("#accept [type=submit]").click()
    expect(first.get_by_role("status").filter(has_text="已接受推荐")).to_be_visible()
    second.locator("#override [type=submit]").click()
    expect(second.locator("#override")).to_have_count(0)
    second.get_by_role("alert").get_by_role("link").click()
    expect(second.locator("#typed")).to_be_in_viewport()
    expect(second.locator("#typed-words")).to_contain_text(WORDS)
    second.locator("button[data-copy=typed-words]").click()
    expect(second.locator("button[data-copy=typed-words]")).to_have_text({"zh": "已复制", "en": "Copied"}[lang])
    assert WORDS in second.evaluate("navigator.clipboard.readText()")
    assert second.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_on_a_phone_the_actions_stay_below_the_thumb_and_nothing_is_wider_than_the_screen(
    browser: Browser, work: CaseOnDesk
) -> None:
    page = open_case(browser, work, size=PHONE)
    expect(page.locator("#accept > summary")).to_be_in_viewport()
    page.locator(".others > summary").click()
    page.locator("#escalate > summary").click()
    expect(page.locator("#escalate-words")).to_be_visible()
    page.evaluate("document.querySelectorAll('details').forEach(e => e.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]


def test_the_bar_stays_in_sight_on_a_desk(browser: Browser, work: CaseOnDesk) -> None:
    page = open_case(browser, work)
    page.get_by_role("link", name="依据").click()
    expect(page.locator(".card.why")).to_be_visible()
    page.mouse.wheel(0, 400)
    expect(page.locator("#accept > summary")).to_be_in_viewport()
    expect(page.locator(".reference")).to_be_in_viewport()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_the_negotiation_pack_is_had_as_pdf_with_chinese_in_it(
    browser: Browser, work: CaseOnDesk, tmp_path: Path, scripts: bool
) -> None:
    page = open_case(browser, work, scripts=scripts)
    page.get_by_role("link", name="联系").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="下载 PDF").click()
    download.value.save_as(tmp_path / "kit.pdf")
    reader = pypdf.PdfReader(tmp_path / "kit.pdf")
    text = "".join(sheet.extract_text() for sheet in reader.pages)
    assert "案件" in text and "A" in text
    assert download.value.suggested_filename == "kit.pdf"
