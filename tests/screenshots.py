"""`make screenshots`: every page and state for docs/screenshots, by language and theme, from a desk at work."""

import datetime as dt
import io
import shutil
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, FloatRect, Page

from forbear.accounts.oidc.provider import Provider
from forbear.base.settings import Settings
from forbear.base.vault import Vault
from forbear.ops import embedded
from models.database import migrate
from rules.loading.loader import DEFAULT_PACK, load
from tests.support.desk.chromium import DESK, PHONE, chromium, signed_in
from tests.support.desk.desk_clients import cookie_of
from tests.support.desk.populated_desk import Busy, busy
from tests.support.desk.serving import serving
from tests.support.page_states import STATES, Stage, staged
from web.app import create_app
from web.deps import now

FOLDER = Path(__file__).parents[1] / "docs" / "screenshots"
TALL = 1600  # pixels of a page that a picture shows
SIZES = {"desk": DESK, "phone": PHONE}
# Of every page: a language, a device and a theme.
LOOKS = (
    ("zh", "desk", "light"),
    ("en", "desk", "light"),
    ("zh", "phone", "light"),
    ("en", "phone", "light"),
    ("zh", "desk", "dark"),
)
UNAVAILABLE = ("unavailable", ("zh", "phone", "dark"), "the database does not answer")
INTRODUCTION = """# Every page as a picture

Made by `make screenshots` from a desk at work with invented cases: the upper part of each page at 1280 pixels, and the
first screen of a phone. Colours are rounded a little, so that the files are small."""
NOW = dt.datetime(2026, 11, 24, 2, 0, tzinfo=dt.UTC)  # ten in the morning in Shanghai: the same pictures on any day


def pages(ids: Busy) -> dict[str, tuple[str, str]]:
    """(role, address) of each page, by its name."""
    return {
        "sign-in": ("", "/sign-in"),
        "queue": ("counsellor", "/"),
        "case": ("counsellor", f"/cases/{ids.fresh_case}"),
        "case-worked-on": ("counsellor", f"/cases/{ids.worked_case}"),
        "conversation": ("counsellor", f"/cases/{ids.worked_case}/conversation"),
        "my-work": ("counsellor", "/my-work"),
        "negotiation-pack": ("counsellor", f"/cases/{ids.fresh_case}/kit"),
        "compare": ("counsellor", f"/cases/{ids.worked_case}/compare?from={ids.earlier}&to={ids.later}"),
        "search": ("counsellor", "/search"),
        "person": ("counsellor", f"/people/{ids.fresh_case}"),
        "letters": ("counsellor", f"/people/{ids.fresh_case}/letters"),
        "batches": ("submitter", "/batches"),
        "upload": ("counsellor", f"/uploads/{ids.upload}"),
        "batch": ("submitter", f"/batches/{ids.batch}"),
        "new-case": ("counsellor", "/cases/new"),
        "overview": ("supervisor", "/overview"),
        "cases-behind-a-figure": ("supervisor", "/overview/cases?figure=actions&days=30"),
        "what-if": ("supervisor", "/what-if?parameter=several_creditors&value=5"),
        "policy": ("counsellor", "/policy"),
        "chapter": ("counsellor", "/policy/section.rules"),
        "rule": ("counsellor", "/policy/card-personalised-instalment"),
        "ledger": ("supervisor", "/ledger"),
        "webhooks": ("supervisor", "/webhooks"),
        "webhook": ("supervisor", f"/webhooks/{ids.webhook}"),
        "account": ("counsellor", "/account"),
        "second-factor": ("counsellor", "/account/second-factor"),
        "single-sign-on": ("admin", f"/accounts/{ids.supervisor}/single-sign-on"),
        "second-factor-off": ("admin", f"/accounts/{ids.supervisor}/second-factor"),
        "passkeys": ("admin", "/account/passkeys"),
        "passkey-off": ("admin", "/account/passkeys/1"),
        "notifications": ("counsellor", "/notifications"),
        "accounts": ("admin", "/accounts"),
        "teams": ("supervisor", "/teams"),
    }


def names(ids: Busy) -> list[str]:
    """The files there are: those of the pages, then those of the states."""
    found = [_file(name, look) for name in pages(ids) for look in LOOKS]
    return [*found, *(_file(state.name, state.look) for state in STATES), _file(*UNAVAILABLE[:2])]


def take(browser: Browser, address: str, secrets: dict[str, str], stage: Stage, only: set[str]) -> list[str]:
    """Take the pictures: whole pages on a desk, the first screen on a phone. Answers the pages that failed."""
    failed = []
    for look in LOOKS:
        shown = {role: _window(browser, address, secret, look) for role, secret in {**secrets, "": "nobody"}.items()}
        for name, (role, path) in pages(stage.ids).items():
            if only and name not in only:
                continue
            answer = shown[role].goto(path)
            if answer is None or answer.status >= 400:
                failed.append(f"{path} answers {answer and answer.status}")
            else:
                _picture(shown[role], name, look)
        for page in shown.values():
            page.context.close()
    for state in STATES:
        if only and state.name not in only:
            continue
        page = _window(browser, address, secrets[state.role], state.look)
        state.reach(page, stage)
        if page.locator("main > .notice > .eyebrow", has_text="500").count():
            failed.append(state.name)
        _picture(page, state.name, state.look)
        page.context.close()
    return failed


def _window(browser: Browser, address: str, secret: str, look: tuple[str, str, str]) -> Page:
    lang, device, theme = look
    return signed_in(browser, address, secret, SIZES[device], lang, dark=theme == "dark").new_page()


def _picture(page: Page, name: str, look: tuple[str, str, str]) -> None:
    """The first screen, or the page down to TALL pixels."""
    width, height = page.evaluate("[innerWidth, document.documentElement.scrollHeight]")
    floats = page.locator("dialog[open], .bulk:not([hidden])").count()
    tall = look[1] == "desk" and not floats
    clip: FloatRect = {"x": 0, "y": 0, "width": width, "height": min(height, TALL)}
    taken = page.screenshot(full_page=tall, clip=clip if tall else None, animations="disabled")
    few = Image.open(io.BytesIO(taken)).convert("RGB").point([min(255, (each + 4) // 8 * 8) for each in range(256)] * 3)
    few.save(FOLDER / _file(name, look), lossless=True, method=3)


def _file(name: str, look: tuple[str, str, str]) -> str:
    return f"{name}.{'.'.join(look)}.webp"


def _index() -> str:
    """The page that shows them all."""
    lines = [INTRODUCTION]
    for name in pages(Busy(0, 0, 0, 0, "", "", 0, 0, 0, 0, 0)):
        shown = " | ".join(f"![](screenshots/{_file(name, look)})" for look in LOOKS)
        lines.append(
            f"\n## {_title(name)}\n\n| 中文 | English | 手机 | phone | 深色 dark |\n|---|---|---|---|---|\n| {shown} |"
        )
    lines.append("\n# Every state as a picture\n\nEach once, in one of the languages, widths and themes.")
    states = [(state.name, state.look, state.shows) for state in STATES]
    for name, look, shows in (*states, UNAVAILABLE):
        lines.append(f"\n## {_title(name)}\n\n{shows[0].upper()}{shows[1:]}.\n\n![](screenshots/{_file(name, look)})")
    return "\n".join(lines) + "\n"


def _title(name: str) -> str:
    return name.replace("-", " ").capitalize()


def main() -> None:
    """Make docs/screenshots anew, or what is named on the command line."""
    only = set(sys.argv[1:])
    if not only:
        shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True, exist_ok=True)
    vault, pack = Vault(bytes(range(32))), load(DEFAULT_PACK)
    home = Path(tempfile.mkdtemp(prefix="forbear-pictures-"))
    try:
        with embedded.servers(Settings(home=home, database_url=None, redis_url=None)) as urls:
            migrate.upgrade(urls.database)
            ids = busy(urls.database, vault, NOW)
            stage = staged(urls.database, vault, NOW, ids)
            app = create_app(urls.database, urls.redis, vault, pack)
            app.dependency_overrides[now] = lambda: NOW
            app.state.oidc = Provider("https://id.example.org", "desk", "", "Example ID")  # nobody asks it
            secrets = {
                role: cookie_of(urls.database, getattr(ids, role), NOW)
                for role in ("admin", "supervisor", "counsellor", "submitter")
            }
            secrets["newcomer"] = cookie_of(urls.database, stage.newcomer, NOW)
            with serving(app) as address, chromium() as browser:
                named = address.replace("127.0.0.1", "localhost")  # there are no passkeys at a bare address
                failed = take(browser, named, secrets, stage, only)
                dead = create_app("postgresql://nobody@127.0.0.1:1/none", urls.redis, vault, pack)
                with serving(dead) as nowhere:
                    page = _window(browser, nowhere, "nobody", UNAVAILABLE[1])
                    page.goto("/")
                    _picture(page, *UNAVAILABLE[:2])
    finally:
        shutil.rmtree(home, ignore_errors=True)
    (FOLDER.parent / "screenshots.md").write_text(_index(), encoding="utf-8")
    if failed:
        sys.exit("\n".join(failed))


if __name__ == "__main__":
    main()
