"""What is to be decided stands on the first screens: by every sample case, at a desk and on a phone."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import Browser

from forbear.base.vault import Vault
from forbear.intake import Accepted, rows
from rules.loading.loader import DEFAULT_PACK, load
from tests.support.desk.cases import NOW, decided
from tests.support.desk.chromium import signed_in
from tests.support.desk.desk_clients import account, cookie_of, served

pytestmark = pytest.mark.browser
SAMPLE = Path(__file__).parents[3] / "samples" / "cases.csv"
DESK, PHONE = (1440, 900), (390, 844)
# Pixels of what is to be decided. English takes more room than Chinese: half a screen more on a phone.
MOST = {"zh": {DESK: 1800, PHONE: 3 * PHONE[1]}, "en": {DESK: 1800, PHONE: 7 * PHONE[1] // 2}}
# Every page is had once and laid out as often as there are sizes, in the place of the first.
FETCH = """async addresses => { window.found = []; for (const address of addresses) {
  const page = new DOMParser().parseFromString(await (await fetch(address)).text(), 'text/html');
  window.found.push(page.querySelector('main').innerHTML);
} }"""
TALL = """() => window.found.map(html => { const main = document.querySelector('main'); main.innerHTML = html;
  return [main.querySelector('#decide').getBoundingClientRect().height, document.documentElement.scrollWidth]; })"""
TALLEST = 12  # that are looked at in English too


@pytest.fixture
def served_samples(database_url: str, redis_url: str, vault: Vault) -> Iterator[tuple[str, str, list[int]]]:
    pack = load(DEFAULT_PACK)
    cases = [row for row in rows(SAMPLE, pack.vocabulary) if isinstance(row, Accepted)]
    decided(database_url, cases, vault, by=pack)
    later = NOW + dt.timedelta(hours=1)
    secret = cookie_of(database_url, account(database_url), later)
    with psycopg.connect(database_url) as connection:
        found = [row[0] for row in connection.execute("SELECT case_id FROM desk_case ORDER BY case_id")]
    with served(database_url, redis_url, vault, later) as address:
        yield address, secret, found


@pytest.mark.timeout(1_800)
def test_what_is_to_be_decided_keeps_to_the_first_screens(
    browser: Browser, served_samples: tuple[str, str, list[int]]
) -> None:
    address, secret, cases = served_samples
    assert len(cases) > 300
    over: list[tuple[str, int, tuple[int, int], float]] = []
    for lang in ("zh", "en"):
        page = signed_in(browser, address, secret, DESK, lang).new_page()
        page.goto(f"/cases/{cases[0]}")
        page.evaluate(FETCH, [f"/cases/{case_id}" for case_id in cases])
        tall: dict[int, float] = {}
        for size, most in MOST[lang].items():
            page.set_viewport_size({"width": size[0], "height": size[1]})
            for case_id, (height, width) in zip(cases, page.evaluate(TALL), strict=True):
                tall[case_id] = height
                if height > most or width > size[0]:
                    over.append((lang, case_id, size, height))
        page.context.close()
        cases = sorted(tall, key=lambda case_id: tall[case_id])[-TALLEST:]
    assert over == []
