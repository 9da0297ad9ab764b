"""Danger in real Chromium: the number shown and dialled, contact recorded, the withheld page, crises on top."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from forbear.accounts.accounts import Role
from forbear.base.vault import Vault
from rules.loading.loader import DEFAULT_PACK, load
from tests.support.desk.case_on_desk import CaseOnDesk
from tests.support.desk.cases import NOW, accepted
from tests.support.desk.chromium import DESK, PHONE, axe_finds, signed_in
from tests.support.desk.desk_clients import Desk, account, cookie_of, served
from tests.support.desk.failed_cases import fails, put
from tests.support.desk.processes import DEADLINE
from tests.web.pages.test_crisis import CRISIS, MONEY, PERSON
from web.language import LANGUAGES, Language, message

pytestmark = pytest.mark.browser


@pytest.fixture
def work(database_url: str, redis_url: str, vault: Vault, monkeypatch: pytest.MonkeyPatch) -> Iterator[CaseOnDesk]:
    """A crisis, a case of the same borrower, one to be asked about, one that could not be evaluated, and a calm one."""
    monkeypatch.setattr("web.pages.case.patience._PATIENCE", 0)
    pack = load(DEFAULT_PACK)
    with served(database_url, redis_url, vault, NOW) as address:
        with Desk(base_url=address, trust_env=False, timeout=DEADLINE) as client:
            found = CaseOnDesk(client, database_url, vault)
            found.decide(accepted(1, "CALM", {}, **{**MONEY, "legal_stage": "complaint_served"}), by=pack)
            found.decide(accepted(1, "LIFE", {"notes": CRISIS, **PERSON}, borrower_ref="B", **MONEY), by=pack)
            found.decide(accepted(1, "BESIDE", {}, borrower_ref="B", **MONEY), by=pack)
            found.decide(accepted(1, "ASK", {"notes": "没有轻生念头"}, **MONEY), by=pack)
            fails(database_url, vault, accepted(1, "FAILED", {}, **MONEY))
            put(database_url, vault)
            yield found


def as_somebody(
    browser: Browser,
    work: CaseOnDesk,
    size: tuple[int, int] = DESK,
    lang: Language = "zh",
    role: Role = "counsellor",
    **terms: Any,
) -> Page:
    secret = cookie_of(work.url, account(work.url, f"{role}-{lang}-{size[0]}", role))
    return signed_in(browser, str(work.client.base_url), secret, size, lang, **terms).new_page()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
@pytest.mark.parametrize("lang", LANGUAGES)
def test_whoever_takes_a_crisis_calls_and_records_it(
    browser: Browser, work: CaseOnDesk, lang: Language, scripts: bool
) -> None:
    page = as_somebody(browser, work, lang=lang, scripts=scripts)
    page.goto("/")
    page.locator("#take").click()
    expect(page.locator("#crisis h2")).to_have_text(message(lang, "crisis.title.explicit"))
    expect(page.locator("#accept")).to_have_count(0)
    page.get_by_role("button", name=message(lang, "crisis.show")).click()
    expect(page.locator(".crisis .phone a[href^='tel:']")).to_have_attribute("href", "tel:13800138000")
    expect(page.locator(".crisis .script")).to_contain_text("12356")
    page.get_by_label(message(lang, "form.contact_result")).select_option("no_answer")
    page.get_by_role("button", name=message(lang, "crisis.send")).click()
    expect(page.get_by_role("status").filter(has_text=message(lang, "done.contact"))).to_be_visible()
    expect(page.locator(".crisis .calls")).to_contain_text(message(lang, "crisis.call_due"))
    expect(page.locator(".crisis")).not_to_contain_text("138 0013 8000")
    page.goto("/")
    expect(page.locator("tbody tr").first).to_contain_text("LIFE")
    page.goto("/cases/2")
    page.get_by_label(message(lang, "form.contact_result")).select_option("reached")
    page.get_by_role("button", name=message(lang, "crisis.send")).click()
    expect(page.get_by_role("alert")).to_contain_text("安全" if lang == "zh" else "safe")
    page.get_by_label(message(lang, "form.safety")).select_option("safe")
    page.get_by_role("button", name=message(lang, "crisis.send")).click()
    expect(page.locator("#crisis")).to_have_count(0)
    page.goto("/")
    expect(page.locator("tbody")).not_to_contain_text("LIFE")
    page.goto("/cases/3")
    expect(page.locator(".card.plans")).to_be_visible()


def test_crises_stand_first_and_the_page_is_withheld(browser: Browser, work: CaseOnDesk) -> None:
    page = as_somebody(browser, work)
    page.goto("/")
    first = page.locator("tbody tr")
    assert [row.split()[0] for row in page.locator("tbody th a").all_text_contents()][:2] == ["LIFE", "BESIDE"]
    expect(first.nth(0)).to_contain_text("危机")
    expect(first.nth(1)).to_contain_text("同一借款人有危机")
    page.goto("/cases/3")
    expect(page.locator("#crisis h2")).to_have_text(message("zh", "crisis.title.beside"))
    for withheld in (".card.plans", ".card.steps", ".kit", ".letter"):
        expect(page.locator(withheld)).to_have_count(0)
    page.get_by_role("link", name="打开案件 LIFE").click()
    expect(page).to_have_url(f"{str(work.client.base_url).rstrip('/')}/cases/2")
    page.goto("/cases/4")
    page.locator("#questions-self_harm_signal").first.select_option("false")
    page.locator(".crisis").get_by_role("button", name="提交答案").click()
    work.work_off()
    page.goto("/cases/4")
    expect(page.locator("#crisis")).to_have_count(0)
    expect(page.locator(".card.plans")).to_be_visible()


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("lang", LANGUAGES)
def test_axe_finds_nothing_where_somebody_is_in_danger(
    browser: Browser, work: CaseOnDesk, size: tuple[int, int], lang: Language
) -> None:
    page = as_somebody(browser, work, size, lang, "supervisor")
    for address in ("/", "/?crisis=no_contact", "/overview", *(f"/cases/{case_id}" for case_id in (2, 3, 4, 5))):
        page.goto(address)
        assert axe_finds(page) == "", address
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0], address
    page.goto("/cases/2")
    page.locator(".crisis .call button").click()
    expect(page.locator(".crisis .phone")).to_be_visible()
    assert axe_finds(page) == ""
