"""A counsellor in a real browser, by keys alone: the next case, its reasons, a decision; how many keys that took."""

import time
from collections import Counter
from dataclasses import dataclass
from typing import Final

from playwright.sync_api import Error, Page

from tests.support.desk.chromium import chromium, signed_in

_LEADS_ON: Final = ("n", "t", "Control+Enter")
# What is read before a decision: who and how much, what is recommended, by when, what to do and ask, the first reason
# or what the crisis is; and then every reason.
_LEADS: Final = (
    ".head .who-what, .head .money, .head .by-when, .verdict, .deadlines, .tasks, .leading, .questions, .crisis"
)
_REASONS: Final = ".why"
_COUNT: Final = """wanted => [...document.querySelectorAll(wanted)]
  .map(each => each.innerText.replace(/\\s/g, '').length).reduce((sum, each) => sum + each, 0)"""


@dataclass(frozen=True)
class Handled:
    """A case that was taken and decided: with how many keys, what there was to read, seconds without the reading."""

    keys: int
    leading: int  # characters
    reasons: int
    seconds: float


def browse(address: str, secret: str, end: float, handled: list[Handled], faults: Counter[str]) -> None:
    """Work cases until the end."""
    with chromium() as browser:
        page = signed_in(browser, address, secret, (1440, 900)).new_page()
        page.goto("/")
        while time.monotonic() < end:
            try:
                if not page.locator("[data-key=n]").count():  # nothing is left, or the server says to come again
                    time.sleep(1)
                    page.goto("/")
                elif (case := _case(page)) is not None:
                    handled.append(case)
            except Error as error:
                faults[f"browser: {error.message.splitlines()[0]}"] += 1
                page.goto("/")


def _case(page: Page) -> Handled | None:
    """The next case, taken and decided; None where the server had no time for it, or it has nothing to be decided."""
    started = time.perf_counter()
    keys = press(page, "n")
    leading, reasons = int(page.evaluate(_COUNT, _LEADS)), 0
    if page.locator("[data-key=t]").count():
        keys += press(page, "t")
        if not page.locator("[data-key=w]").count():  # told to come again: on that page no key leads anywhere
            return None
        keys += press(page, "w", "ArrowDown", "Tab", "ArrowDown", "Control+Enter")
    elif page.locator("#accept").count():
        keys += press(page, "5")
        reasons = int(page.evaluate(_COUNT, _REASONS))
        keys += press(page, "a")
        page.wait_for_function("document.activeElement.closest('#accept')")
        if page.locator("#accept-confirmed").count():
            keys += press(page, "Space")
        keys += press(page, "Control+Enter")
    if not page.locator(".banner.done").count():
        return None
    return Handled(keys, leading, reasons, time.perf_counter() - started)


def press(page: Page, *keys: str) -> int:
    """Press one after the other, and wait for the page that some of them lead to; answers how many they are."""
    for key in keys:
        if key in _LEADS_ON:
            with page.expect_navigation():
                page.keyboard.press(key)
        else:
            page.keyboard.press(key)
    return len(keys)
