"""The pages in real Chromium: readable on a phone, usable by keyboard, quiet in the console, without JavaScript."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from forbear.base.vault import Vault
from forbear.intake import Accepted
from rules.facts.case_facts import Parser
from rules.loading.loader import DEFAULT_PACK, load
from tests.support.desk.cases import decided
from tests.support.desk.chromium import DESK, PHONE, signed_in
from tests.support.desk.desk_clients import account, cookie_of, served
from web.language import LANGUAGES

pytestmark = pytest.mark.browser
FILTERED = "/?product=credit_card&uncertain=1&status=all&due=week"
NOTES = "住在幸福路。没有被家暴，中介让先交 保证金、交出手机卡，想了很久要不要 PS流水；borrowed to pay，以贷养贷三年"
# One colour over another by the formula of WCAG 2.2: text that is not large needs a contrast of 4.5, large text of 3.
CONTRASTS = """() => {
  const channels = text => text.match(/[\\d.]+/g).map(Number);
  const light = text => channels(text).slice(0, 3).map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = e => {
    for (; e; e = e.parentElement) {
      const colour = getComputedStyle(e).backgroundColor, c = channels(colour);
      if (c.length < 4 || c[3] === 1) return colour;
    }
    return 'rgb(255, 255, 255)';
  };
  const poor = [];
  for (const e of document.querySelectorAll('body *')) {
    if (![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())) continue;
    if (!e.checkVisibility()) continue;
    const style = getComputedStyle(e), size = parseFloat(style.fontSize);
    const [a, b] = [light(style.color), light(behind(e))].sort((x, y) => y - x);
    const large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    if ((a + 0.05) / (b + 0.05) < (large ? 3 : 4.5)) poor.push(e.outerHTML.slice(0, 120));
  }
  return poor;
}"""
# Links and controls that are not part of a sentence are at least 24 pixels each way (WCAG 2.2, 2.5.8).
SMALL_TARGETS = """() => [...document.querySelectorAll('a, button, input:not([type=hidden]), select')]
  .filter(e => e.checkVisibility() && !e.closest('p, .skip') && !e.classList.contains('skip'))
  .map(e => e.closest('label') || e)
  .filter(e => { const box = e.getBoundingClientRect(); return box.width < 24 || box.height < 24; })
  .map(e => e.outerHTML.slice(0, 120))"""
DUPLICATE_IDS = """() => { const ids = [...document.querySelectorAll('[id]')].map(e => e.id);
  return ids.filter((id, i) => ids.indexOf(id) !== i); }"""
UNNAMED = """() => [...document.querySelectorAll('a, button, input:not([type=hidden]), select')]
  .filter(e => !(e.textContent.trim() || e.getAttribute('aria-label') || (e.labels && e.labels.length)))
  .map(e => e.outerHTML.slice(0, 120))"""

# Parts of a page's head that can be used and lie on each other, or end beyond the window.
CROWDED = """() => {
  const parts = [...document.querySelectorAll('header.site :is(a, button, summary, input:not([type=hidden]), select)')]
    .filter(e => e.checkVisibility()).map(e => [e, e.getBoundingClientRect()]).filter(([e, box]) => box.width > 1);
  const meet = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1;
  return parts.flatMap(([e, box], i) => [
    ...parts.slice(i + 1).filter(([o, other]) => !e.contains(o) && meet(box, other)).map(([o]) => o),
    ...(box.left < 0 || box.right > innerWidth ? [e] : []),
  ]).map(e => e.outerHTML.slice(0, 120));
}"""


def _rows() -> list[Accepted]:
    """A case of most kinds, as the pack that ships sees them."""
    parser = Parser(load(DEFAULT_PACK).vocabulary)
    common = {"product": "信用卡", "days_overdue": 100, "hardship": "失业", "balance": "48000", "monthly_due": "2500"}
    money = {"income_monthly": "6000", "essential_outgoings": "4200", "priority_payments": "300"}
    given: list[dict[str, object]] = [
        {
            **common,
            **money,
            "hardship_duration": "medium",
            "hardship_evidence": "official",
            "income_evidence": "official",
            "willing_to_pay": "是",
            "legal_stage": "none",
            "lump_sum_available": "9000",
        },
        {**common, "legal_stage": "payment_order", "served_on": "2026-11-10"},
        {**common, "legal_stage": "complaint_served"},
        {**common, "self_harm_signal": "是"},
        {**common, "product": "花呗", "days_overdue": 10, "resume_date": "2027-02-01"},
        {**common, "product": "房贷", "days_overdue": 65},
        {**common, "not_my_loan": "是"},
        {**common, "notes": NOTES},
    ]
    rows = []
    for number, cells in enumerate(given, start=1):
        facts, errors = parser.parse({**cells, "case_ref": f"2026-CASE-{number:04}"})
        assert errors == []
        private = {"notes": str(facts.pop("notes"))} if "notes" in facts else {}
        rows.append(Accepted(number, f"2026-CASE-{number:04}", None, facts, private, {}))
    return rows


@dataclass(frozen=True)
class Place:
    """The pages, and two people who are signed in."""

    url: str
    secrets: dict[str, str]

    def window(
        self, browser: Browser, who: str = "wang", size: tuple[int, int] = DESK, *, scripts: bool = True
    ) -> BrowserContext:
        """A window of somebody."""
        return signed_in(browser, self.url, self.secrets[who], size, scripts=scripts)


@pytest.fixture
def place(database_url: str, redis_url: str, vault: Vault) -> Iterator[Place]:
    decided(database_url, _rows(), vault, by=load(DEFAULT_PACK))
    secrets = {name: cookie_of(database_url, account(database_url, name)) for name in ("wang", "li")}
    with served(database_url, redis_url, vault) as url:
        yield Place(url, secrets)


@pytest.fixture
def context(browser: Browser, place: Place) -> Iterator[BrowserContext]:
    opened = place.window(browser, scripts=False)
    yield opened
    opened.close()


def _every_page(page: Page) -> Iterator[str]:
    """Go to the queue, each case, an empty result and a failure, in both languages."""
    page.goto("/")
    cases = [link.get_attribute("href") for link in page.locator(".queue .in-case a").all()]
    assert len(cases) == len(_rows())
    for lang in ("zh", "en"):
        for path in ["/", *cases, FILTERED, "/?ref=nobody", "/nothing"]:
            page.goto(f"{path}{'&' if '?' in str(path) else '?'}lang={lang}")
            yield page.url


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_every_page_fits_reads_and_is_named(browser: Browser, place: Place, size: tuple[int, int]) -> None:
    opened = place.window(browser, size=size)
    page = opened.new_page()
    refused: list[str] = []
    page.on("console", lambda said: refused.append(said.text) if "Content Security" in said.text else None)
    for url in _every_page(page):
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0], url
        assert page.evaluate(CONTRASTS) == [], url
        assert page.evaluate(SMALL_TARGETS) == [], url
        assert page.evaluate(DUPLICATE_IDS) == [], url
        assert page.evaluate(UNNAMED) == [], url
        assert page.locator("h1").count() == 1, url
    assert refused == []
    opened.close()


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize(
    ("lang", "title", "hint"),
    [
        ("zh", "备注里的警示", "可能并非本意，请人工核实"),
        ("en", "Red flags in the notes", "may not be meant this way; a person checks"),
    ],
)
def test_the_words_that_raised_a_flag_are_shown_to_the_counsellor(
    browser: Browser, place: Place, size: tuple[int, int], lang: str, title: str, hint: str
) -> None:
    opened = place.window(browser, size=size)
    page = opened.new_page()
    page.goto(f"/cases?ref=2026-CASE-0008&lang={lang}")
    page.goto(f"{page.url}?lang={lang}")
    section = page.get_by_role("region", name=title)
    flags = section.locator("ul > li")
    assert [flag.locator("q").all_inner_texts() for flag in flags.all()] == [
        ["家暴"],
        ["交出手机卡"],
        ["先交 保证金、交出手机卡"],
        ["borrowed to pay", "以贷养贷"],
        ["PS流水"],
    ]
    expect(flags.filter(has_text=hint)).to_have_count(1)
    expect(flags.first).to_contain_text(hint)
    assert "幸福路" not in page.content()
    assert section.evaluate("e => e.scrollWidth <= e.clientWidth")
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    assert page.evaluate(CONTRASTS) == []
    opened.close()


def test_a_case_is_found_opened_and_left_by_keyboard_alone(context: BrowserContext) -> None:
    page = context.new_page()
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.locator("#ref").focus()
    page.keyboard.type("case-0004")
    page.keyboard.press("Enter")
    expect(page.locator(".queue tbody tr")).to_have_count(1)
    page.locator(".queue .in-case a").focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("危机干预转介")
    page.locator(".back a").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#ref")).to_have_value("case-0004")  # the queue as it was left
    expect(page.locator(".queue tbody tr")).to_have_count(1)


def test_what_has_the_focus_shows_it(browser: Browser, place: Place) -> None:
    opened = place.window(browser)
    page = opened.new_page()
    page.goto("/")
    for _ in range(12):
        page.keyboard.press("Tab")
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid", page.evaluate("document.activeElement.outerHTML")
    opened.close()


def test_filters_language_and_counts_work_without_javascript(context: BrowserContext) -> None:
    page = context.new_page()
    page.goto("/")
    page.get_by_role("link", name="U0").click()
    expect(page.locator(".queue tbody tr")).to_have_count(1)
    page.get_by_role("link", name="English").click()
    expect(page.locator("h1")).to_have_text("Case queue")
    expect(page.locator(".queue tbody tr")).to_have_count(1)
    page.get_by_role("link", name="Clear filters").click()
    expect(page.locator(".total")).to_have_text(f"{len(_rows())} cases")
    page.get_by_label("Strategy", exact=True).select_option("crisis_support")
    page.get_by_role("button", name="Filter", exact=True).click()
    expect(page.locator(".queue tbody tr")).to_have_count(1)
    page.get_by_text("Saved filters").click()
    page.get_by_label("Save these filters as").fill("Crises")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("link", name="Clear filters").click()
    page.get_by_role("link", name="Crises").click()
    expect(page.locator(".queue tbody tr")).to_have_count(1)


def test_a_phone_shows_each_case_as_a_card_that_is_one_link(browser: Browser, place: Place) -> None:
    opened = place.window(browser, size=PHONE)
    page = opened.new_page()
    page.goto("/?ref=case-0004")
    card = page.locator(".queue tbody tr")
    box = card.bounding_box()
    assert box is not None
    card.click(position={"x": box["width"] - 8, "y": 8})
    expect(page.locator("h1")).to_have_text("危机干预转介")
    opened.close()


def test_the_queue_is_worked_with_single_keys(browser: Browser, place: Place) -> None:
    page = place.window(browser).new_page()
    page.goto("/")
    references = page.locator(".queue .in-case a").all_inner_texts()
    for keys, at in (("j", 0), ("jj", 2), ("k", 1)):
        for key in keys:
            page.keyboard.press(key)
        expect(page.locator(".queue .in-case a:focus")).to_have_text(references[at])
    page.keyboard.press("x")
    ticked, bar = page.locator("tbody .in-choice input:checked"), page.locator(".bulk")
    expect(ticked).to_have_count(1)
    expect(bar).to_contain_text("1")
    page.locator("tbody .in-choice input").nth(4).click(modifiers=["Shift"])  # the second was ticked last
    expect(ticked).to_have_count(4)
    expect(bar).to_be_in_viewport()
    expect(bar).to_contain_text("4")
    page.keyboard.press("X")
    expect(ticked).to_have_count(len(references))
    page.keyboard.press("X")
    expect(bar).to_be_hidden()
    tall = page.locator("tbody tr").nth(5).bounding_box()
    page.locator(".look > summary").click()
    page.locator("input[name=dense]").check()
    page.locator(".look button").click()
    expect(page.locator("table.dense")).to_be_visible()
    low = page.locator("tbody tr").nth(5).bounding_box()
    assert tall and low and low["height"] < tall["height"]
    page.keyboard.press("/")
    expect(page.locator("#ref")).to_be_focused()
    page.keyboard.type("jxn?")
    expect(page.locator("#ref")).to_have_value("jxn?")
    page.locator("h1").click()
    page.keyboard.press("n")
    page.wait_for_url("**/cases/*")
    page.context.close()


def test_single_keys_can_be_turned_off(browser: Browser, place: Place) -> None:
    page = place.window(browser).new_page()
    page.goto("/")
    page.keyboard.press("?")
    page.get_by_label("启用单键快捷键").uncheck()
    page.keyboard.press("Escape")
    page.locator("h1").click()
    page.reload()
    page.keyboard.press("j")
    expect(page.locator(".queue a:focus")).to_have_count(0)
    page.keyboard.press("n")
    expect(page.locator("h1")).to_have_text("案件队列")
    page.context.close()


def test_an_address_made_by_the_filters_has_no_blanks(browser: Browser, place: Place) -> None:
    page = place.window(browser).new_page()
    page.goto("/")
    page.locator("#due").select_option("week")
    page.get_by_role("button", name="筛选", exact=True).click()
    page.wait_for_url("**/?due=week")
    page.context.close()


def test_two_people_who_take_the_next_case_at_once_get_different_ones(browser: Browser, place: Place) -> None:
    pages = [place.window(browser, who, scripts=False).new_page() for who in ("wang", "li")]
    for page in pages:
        page.goto("/")
    for page in pages:
        page.get_by_role("button", name="领取下一件").click()
    assert pages[0].url != pages[1].url
    pages[1].goto("/")
    mine, others = pages[1].locator(".in-assignee b"), pages[1].locator(".in-assignee", has_text="wang")
    expect(mine).to_have_count(1)
    expect(others).to_have_count(1)
    for page in pages:
        page.context.close()


def test_nothing_in_the_head_of_a_page_lies_on_something_else_at_any_width(
    browser: Browser, place: Place, database_url: str
) -> None:
    secret = cookie_of(database_url, account(database_url, "zhao", "admin"))  # who sees most
    for lang in LANGUAGES:
        opened = signed_in(browser, place.url, secret, lang=lang)
        page = opened.new_page()
        page.goto("/")
        for width in range(320, 1_440, 20):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate(CROWDED) == [], f"{lang}, {width} pixels"
        opened.close()


def test_ticked_cases_are_taken_on_a_phone_without_scripts(browser: Browser, place: Place) -> None:
    page = place.window(browser, size=PHONE, scripts=False).new_page()
    page.goto("/")
    for choice in page.locator("tbody .in-choice input").all()[:2]:
        choice.check()
    page.get_by_role("button", name="确定", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="已分派 2 件。")).to_be_visible()
    expect(page.locator(".take a")).to_have_text("我手上有 2 件")
    page.context.close()


def test_a_phone_folds_the_filters_until_one_is_on(browser: Browser, place: Place) -> None:
    page = place.window(browser, size=PHONE).new_page()
    page.goto("/")
    expect(page.locator("#due")).to_be_hidden()
    page.locator(".choose > summary").click()
    expect(page.locator("#due")).to_be_visible()
    page.goto("/?due=week")
    expect(page.locator("#due")).to_be_visible()
    page.context.close()
