"""Keys alone: how many it takes from the next case to a recorded decision, for cases of every urgency."""

import statistics
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import Browser, Page, expect

from forbear.base.vault import Vault
from forbear.intake import Accepted, rows
from rules.loading.loader import DEFAULT_PACK, load
from tests.support.desk.cases import NOW, decided
from tests.support.desk.chromium import signed_in
from tests.support.desk.desk_clients import account, cookie_of, served
from web.language import message

pytestmark = pytest.mark.browser
SAMPLE = Path(__file__).parents[3] / "samples" / "cases.csv"
MOST = 6  # in the median
LEADS_ON = ("n", "t", "u", "Control+Enter")


@pytest.fixture
def desk(database_url: str, redis_url: str, vault: Vault) -> Iterator[tuple[str, str]]:
    """Every sixteenth of the sample cases, a crisis among them."""
    pack = load(DEFAULT_PACK)
    cases = [row for row in rows(SAMPLE, pack.vocabulary) if isinstance(row, Accepted)]
    decided(database_url, cases[10::16], vault, by=pack)
    with served(database_url, redis_url, vault, NOW) as address:
        yield address, cookie_of(database_url, account(database_url))


def press(page: Page, *keys: str) -> int:
    for key in keys:
        if key in LEADS_ON:
            with page.expect_navigation():
                page.keyboard.press(key)
        else:
            page.keyboard.press(key)
    return len(keys)


def worked(page: Page) -> int:
    """Take the next case and decide it, or in a crisis record the call: with how many keys."""
    count = press(page, "n")
    if page.locator("#crisis").count():
        count += press(page, "t", "w")
        expect(page.locator("#contact-result")).to_be_focused()
        count += press(page, "ArrowDown", "Tab", "ArrowDown", "Control+Enter")  # reached, safe
        expect(page.get_by_role("status").filter(has_text=message("zh", "done.contact"))).to_be_visible()
        return count
    count += press(page, "5")
    expect(page.locator("#grounds-part")).to_be_in_viewport()
    count += press(page, "a")
    confirm = page.locator("#accept-confirmed")
    expect(confirm if confirm.count() else page.locator("#accept-follow_up")).to_be_focused()
    if confirm.count():
        count += press(page, "Space")
    count += press(page, "Control+Enter")
    expect(page.get_by_role("status").filter(has_text=message("zh", "done.accept"))).to_be_visible()
    return count


@pytest.mark.timeout(1_800)
def test_from_the_next_case_to_a_recorded_decision_it_takes_few_keys(
    browser: Browser, desk: tuple[str, str], database_url: str
) -> None:
    address, secret = desk
    page = signed_in(browser, address, secret).new_page()
    page.goto("/")
    counts = []
    while page.locator("[data-key=n]").count():
        counts.append(worked(page))
    press(page, "u")  # what was accepted last
    expect(page.get_by_role("status").filter(has_text=message("zh", "done.undo"))).to_be_visible()
    with psycopg.connect(database_url) as connection:
        done = connection.execute("SELECT action, count(DISTINCT case_id) FROM review GROUP BY 1").fetchall()
        (cases,) = connection.execute("SELECT count(*) FROM desk_case").fetchone() or (0,)
    found: dict[str, int] = dict(done)
    assert found["assign"] == cases == len(counts) > 20
    assert found["accept"] + found["contact"] == cases and found["contact"] > 0 and found["resume"] == 1
    assert statistics.median(counts) <= MOST and max(counts) <= MOST + 1, sorted(counts)
