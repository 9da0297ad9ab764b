"""Every page and state: nothing for axe, nothing unheard, nothing wider than the screen, no foreign word."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser

from forbear.accounts.oidc.provider import Provider
from forbear.base.vault import Vault
from rules.loading.loader import DEFAULT_PACK, load
from tests.support.desk.cases import NOW
from tests.support.desk.chromium import BETWEEN, DESK, PHONE, axe_finds, page_routes, signed_in, walk
from tests.support.desk.desk_clients import cookie_of
from tests.support.desk.heard import unheard
from tests.support.desk.populated_desk import Busy, busy
from tests.support.desk.serving import serving
from tests.support.page_states import STATES, Stage, staged
from web.app import create_app
from web.deps import now
from web.language import messages

pytestmark = pytest.mark.browser
ROLES = ("admin", "supervisor", "counsellor", "submitter")
# What a page says in a language: without what is marked as not to be translated, code, or what people wrote.
SAID = """() => {
  const copy = document.body.cloneNode(true);
  copy.querySelectorAll('[translate=no], [lang], code, pre, textarea, option[lang], script').forEach(e => e.remove());
  const spoken = [...copy.querySelectorAll('[aria-label], [title], [alt], [placeholder]')]
    .flatMap(e => ['aria-label', 'title', 'alt', 'placeholder'].map(name => e.getAttribute(name) || ''));
  return [copy.textContent, ...spoken].join('\\n');
}"""


@dataclass(frozen=True)
class Desk:
    app: FastAPI
    address: str
    secrets: dict[str, str]
    ids: Busy
    stage: Stage

    @property
    def starts(self) -> tuple[str, ...]:
        """Where the walk begins: pages that lead on, and those that no link leads to."""
        fresh, worked = self.ids.fresh_case, self.ids.worked_case
        return ("/", f"/cases/{worked}", f"/cases/{fresh}", f"/batches/{self.ids.batch}")


# An administrator sees every page, the others fewer and some of them otherwise.
WALKED = {DESK: ("counsellor", "admin"), PHONE: ("submitter", "counsellor", "admin")}


@pytest.fixture
def desk(database_url: str, redis_url: str, vault: Vault) -> Iterator[Desk]:
    ids = busy(database_url, vault, NOW)
    stage = staged(database_url, vault, NOW, ids)
    app = create_app(database_url, redis_url, vault, load(DEFAULT_PACK))
    app.dependency_overrides[now] = lambda: NOW
    app.state.oidc = Provider("https://id.example.org", "desk", "", "ID")  # nobody asks it
    secrets = {role: cookie_of(database_url, getattr(ids, role)) for role in ROLES}
    secrets["newcomer"] = cookie_of(database_url, stage.newcomer)
    with serving(app) as address:
        yield Desk(app, address, secrets, ids, stage)


def _in_every_state(browser: Browser, desk: Desk) -> dict[str, str]:
    """What axe finds where a form is refused, somebody else was faster, nothing is found and so on, in the dark."""
    found = {}
    for state in STATES:
        lang, device, _ = state.look
        size = DESK if device == "desk" else PHONE
        context = signed_in(browser, desk.address, desk.secrets[state.role], size, lang, dark=True)
        page = context.new_page()
        state.reach(page, desk.stage)
        page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")  # a bar at the edge covers nothing there
        if barriers := axe_finds(page):
            found[state.name] = barriers
        if page.locator("main > .notice > .eyebrow", has_text="500").count():
            found[f"{state.name} answered"] = "500"
        if untold := unheard(page):
            found[f"{state.name} heard"] = "\n".join(untold)
        context.close()
    return found


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.timeout(1_800)  # every page of a role, in both languages and widths
def test_axe_finds_nothing_on_any_page(browser: Browser, desk: Desk, size: tuple[int, int]) -> None:
    found: dict[str, str] = {}
    opened: set[str] = set()
    for role in WALKED[size]:
        # Every page that there is in one of the themes at a desk, in the other on a phone.
        context = signed_in(browser, desk.address, desk.secrets[role], size, dark=(role == "admin") == (size == DESK))
        page = context.new_page()
        starts = desk.starts if role != "admin" else (*desk.starts, "/what-if?parameter=several_creditors&value=5")
        for pattern in walk(desk.app, page, *starts):
            page.evaluate("document.querySelectorAll('details').forEach(e => e.open = true)")
            if barriers := axe_finds(page):
                found[f"{role} {page.url}"] = barriers
            assert page.evaluate("document.documentElement.scrollWidth") <= size[0], f"{role} {page.url}"
            if size == DESK and (untold := unheard(page)):
                found[f"{role} {page.url} heard"] = "\n".join(untold)
            opened.add(pattern)
        context.close()
    if size == DESK:
        found |= _in_every_state(browser, desk)
    stranger = browser.new_page(base_url=desk.address)
    stranger.goto("/sign-in")
    if barriers := axe_finds(stranger):
        found["/sign-in"] = barriers
    stranger.close()
    assert not found, "\n".join(f"{page}: {what}" for page, what in found.items())
    assert set(page_routes(desk.app)) - opened - {"/sign-in", "/cases"} - BETWEEN == set(), (
        "no link leads to these pages"
    )
    assert len(opened) > 10


@pytest.mark.timeout(1_800)
def test_no_page_leaves_words_in_the_other_language(browser: Browser, desk: Desk) -> None:
    left: dict[str, list[str]] = {}
    english = {text for text in messages("en").values() if len(text) > 12 and "{" not in text}
    for lang, size in (("zh", DESK), ("en", PHONE)):
        for role in WALKED[size]:
            context = signed_in(browser, desk.address, desk.secrets[role], size, lang)
            page = context.new_page()
            for _ in walk(desk.app, page, *desk.starts):
                assert page.evaluate("document.documentElement.scrollWidth") <= size[0], f"{role} {page.url}"
                said = page.evaluate(SAID)
                if lang == "en":
                    odd = re.findall(r"[\u4e00-\u9fff]+", said)
                else:
                    odd = [text for text in english if text in said]
                if odd:
                    left[f"{lang} {role} {page.url}"] = odd[:5]
            context.close()
    assert left == {}
