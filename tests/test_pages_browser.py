"""The pages in real Chromium: readable on a phone, usable by keyboard, quiet in the console, without JavaScript."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from forbear.intake import Accepted
from forbear.privacy import Vault
from forbear.triage import triage_chunk
from models.session import session
from rules.facts import Parser
from rules.loader import DEFAULT_PACK, load
from tests.cases import NOW, engine_of, submitted
from tests.serving import serving
from web.app import create_app
from web.deps import now

pytestmark = pytest.mark.browser
# Chromium keeps to itself: no updates, no services of its maker.
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
DESK, PHONE = (1280, 800), (390, 844)
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
  .filter(e => { const box = e.getBoundingClientRect(); return box.width < 24 || box.height < 24; })
  .map(e => e.outerHTML.slice(0, 120))"""
DUPLICATE_IDS = """() => { const ids = [...document.querySelectorAll('[id]')].map(e => e.id);
  return ids.filter((id, i) => ids.indexOf(id) !== i); }"""
UNNAMED = """() => [...document.querySelectorAll('a, button, input:not([type=hidden]), select')]
  .filter(e => !(e.textContent.trim() || e.getAttribute('aria-label') || (e.labels && e.labels.length)))
  .map(e => e.outerHTML.slice(0, 120))"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium")
    assert chromium, "chromium is not on the PATH: install it (Debian: apt-get install chromium)"
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield launched
        launched.close()


def _rows() -> list[Accepted]:
    """A case of most kinds, as the pack that ships sees them."""
    parser = Parser(load(DEFAULT_PACK).vocabulary)
    common = {"product": "信用卡", "days_overdue": 100, "hardship": "失业", "balance": "48000", "monthly_due": "2500"}
    money = {"income_monthly": "6000", "essential_outgoings": "4200", "priority_payments": "300"}
    given: list[dict[str, object]] = [
        {**common, **money, "hardship_duration": "medium", "hardship_evidence": "official",
         "income_evidence": "official", "willing_to_pay": "是", "legal_stage": "none", "lump_sum_available": "9000"},
        {**common, "legal_stage": "payment_order", "served_on": "2026-11-10"},
        {**common, "legal_stage": "complaint_served"},
        {**common, "self_harm_signal": "是"},
        {**common, "product": "花呗", "days_overdue": 10, "resume_date": "2027-02-01"},
        {**common, "product": "房贷", "days_overdue": 65},
        {**common, "not_my_loan": "是"},
        {**common, "notes": NOTES},
    ]  # fmt: skip
    rows = []
    for number, cells in enumerate(given, start=1):
        facts, errors = parser.parse({**cells, "case_ref": f"2026-CASE-{number:04}"})
        assert errors == []
        private = {"notes": str(facts.pop("notes"))} if "notes" in facts else {}
        rows.append(Accepted(number, f"2026-CASE-{number:04}", None, facts, private, {}))
    return rows


@pytest.fixture
def address(database_url: str, redis_url: str, vault: Vault) -> Iterator[str]:
    done = submitted(database_url, _rows(), vault, by=load(DEFAULT_PACK))
    with engine_of(database_url) as engine:
        for wake in done.wakes:
            with session(engine) as opened:
                triage_chunk(opened, wake.chunk_id, vault, lambda: NOW)
    app = create_app(database_url, redis_url, vault)
    app.dependency_overrides[now] = lambda: NOW
    with serving(app) as served:
        yield served


@pytest.fixture
def context(browser: Browser, address: str) -> Iterator[BrowserContext]:
    opened = browser.new_context(base_url=address, java_script_enabled=False)
    yield opened
    opened.close()


def _every_page(page: Page) -> Iterator[str]:
    """Go to the queue, each case, an empty result and a failure, in both languages."""
    page.goto("/")
    cases = [link.get_attribute("href") for link in page.locator(".queue a").all()]
    assert len(cases) == len(_rows())
    for lang in ("zh", "en"):
        for path in ["/", *cases, "/?ref=nobody", "/nothing"]:
            page.goto(f"{path}{'&' if '?' in str(path) else '?'}lang={lang}")
            yield page.url


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_every_page_fits_reads_and_is_named(browser: Browser, address: str, size: tuple[int, int]) -> None:
    opened = browser.new_context(base_url=address, viewport={"width": size[0], "height": size[1]})
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
        ("zh", "备注里的警示", "可能是否定表述，请人工核实"),
        ("en", "Red flags in the notes", "possibly negated, a person checks"),
    ],
)
def test_the_words_that_raised_a_flag_are_shown_to_the_counsellor(
    browser: Browser, address: str, size: tuple[int, int], lang: str, title: str, hint: str
) -> None:
    opened = browser.new_context(base_url=address, viewport={"width": size[0], "height": size[1]})
    page = opened.new_page()
    page.goto(f"/cases?ref=2026-CASE-0008&lang={lang}")
    page.goto(f"{page.url}?lang={lang}")
    section = page.get_by_role("region", name=title)
    flags = section.locator("ul > li")
    assert [flag.locator("q").all_inner_texts() for flag in flags.all()] == [
        ["家暴"], ["先交 保证金", "交出手机卡"], ["borrowed to pay", "以贷养贷"], ["PS流水"],
    ]  # fmt: skip
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
    page.locator(".queue a").focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("危机干预转介")
    page.locator(".back a").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".queue tbody tr")).to_have_count(len(_rows()))


def test_what_has_the_focus_shows_it(browser: Browser, address: str) -> None:
    opened = browser.new_context(base_url=address)
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
    page.get_by_label("Strategy").select_option(index=1)
    page.get_by_role("button", name="Search").click()
    assert "strategy=" in page.url


def test_a_phone_shows_each_case_as_a_card_that_is_one_link(browser: Browser, address: str) -> None:
    opened = browser.new_context(base_url=address, viewport={"width": PHONE[0], "height": PHONE[1]}, has_touch=True)
    page = opened.new_page()
    page.goto("/?ref=case-0004")
    card = page.locator(".queue tbody tr")
    box = card.bounding_box()
    assert box is not None
    page.touchscreen.tap(box["x"] + box["width"] - 8, box["y"] + box["height"] - 8)
    expect(page.locator("h1")).to_have_text("危机干预转介")
    opened.close()
