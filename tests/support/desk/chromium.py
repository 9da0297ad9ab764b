"""Real Chromium for tests of pages, and the walk that opens one page of every route a role can reach."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from starlette.routing import compile_path

from tests.support.desk.processes import DEADLINE
from web import auth

# Chromium keeps to itself: no updates, no services of its maker.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESK, PHONE = (1280, 800), (390, 844)
BETWEEN = {"/sign-in/oidc", "/sign-in/oidc/back", "/sign-in/oidc/leave"}  # ours and an identity provider's
_FOR_MACHINES = ("/healthz", "/readyz", "/metrics", "/docs", "/redoc", "/openapi.json")
_NO_PAGES = (
    "/live",
    ".svg",
    ".txt",
    ".ics",
    ".pdf",
    ".csv",
    ".xlsx",
    ".jsonl",
    ".json",
    ".parquet",
    ".tsv",
    ".md",
    "/live",
    "/state",
    "/outdated",
)

# What stays in sight while a page is scrolled, put where it stands in the page, and back again.
_IN_SIGHT = """(position) => {
    const stays = (each) => /sticky|fixed/.test(getComputedStyle(each).position);
    if (position) window.inSight = [...document.querySelectorAll("*")].filter(stays);
    for (const each of window.inSight) {
        each.style.position = position;
        each.style.inset = position && "auto";
    }
}"""

# What is found is told whole; what is in order, which is nearly everything, is not described element by element.
_WCAG = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]},
    "resultTypes": ["violations"],
}


def axe_finds(page: Page) -> str:
    """What axe finds on this page, told whole; nothing if it is in order.

    A page that is still coming in may end in a button whose words are on their way, so it is waited for. A head or bar
    that stays in sight lies on whatever happens to be scrolled beneath it: that is nobody's fault, so it is put aside.
    """
    page.wait_for_load_state()
    page.evaluate(_IN_SIGHT, "relative")
    result = Axe().run(page, options=_WCAG)
    page.evaluate(_IN_SIGHT, "")
    return result.generate_report() if result.violations_count else ""


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser until the block ends."""
    found = shutil.which("chromium")
    assert found, "chromium is not on the PATH: install it (Debian: apt-get install chromium)"
    expect.set_options(timeout=1000 * DEADLINE)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield launched
        launched.close()


def signed_in(
    browser: Browser,
    address: str,
    secret: str,
    size: tuple[int, int] = DESK,
    lang: str = "zh",
    *,
    scripts: bool = True,
    dark: bool = False,
) -> BrowserContext:
    """A window of this size whose cookie holds this secret."""
    context = browser.new_context(
        base_url=address,
        viewport={"width": size[0], "height": size[1]},
        java_script_enabled=scripts,
        color_scheme="dark" if dark else "light",
        reduced_motion="reduce",  # where a page has been scrolled to is not a matter of when it is looked at
    )
    context.set_default_timeout(1000 * DEADLINE)
    context.add_cookies(
        [{"name": auth.COOKIE, "value": secret, "url": address}, {"name": "lang", "value": lang, "url": address}]
    )
    return context


def page_routes(app: FastAPI) -> list[str]:
    """The address patterns of everything a person may open, in the order in which they are tried."""
    found = [
        str(route.path)
        for route in iter_route_contexts(app.routes)
        if "GET" in (route.methods or ()) and not str(route.path).startswith(("/api", "/static"))
    ]
    return [path for path in found if path not in _FOR_MACHINES and not path.endswith(_NO_PAGES)]


def walk(app: FastAPI, page: Page, *starts: str) -> Iterator[str]:
    """Open pages by following links, one of each route; yields the pattern of each while the page is open."""
    routes = [(pattern, compile_path(pattern)[0]) for pattern in page_routes(app)]
    waiting, seen = list(starts), set[str]()
    while waiting:
        address = waiting.pop(0)
        path = urlsplit(address).path
        pattern = next((pattern for pattern, found in routes if found.match(path)), None)
        if pattern is None or pattern in seen or path.endswith(_NO_PAGES):
            continue
        seen.add(pattern)
        answer = page.goto(address)
        assert answer is not None and answer.status < 400, f"{address} answers {answer and answer.status}"
        links = page.eval_on_selector_all("a[href]", "all => all.map(a => a.href)")
        own = [link for link in links if urlsplit(link).netloc == urlsplit(page.url).netloc]
        waiting += [f"{urlsplit(link).path}?{urlsplit(link).query}".rstrip("?") for link in own]
        yield pattern
