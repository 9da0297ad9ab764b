"""`make screenshots`: pictures of every page for docs/screenshots, in both languages, from a desk at work."""

import datetime as dt
import shutil
import sys
import tempfile
from pathlib import Path

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
from web.app import create_app
from web.deps import now

FOLDER = Path(__file__).parents[1] / "docs" / "screenshots"
TALL = 2000  # pixels of a page that a picture shows
INTRODUCTION = """# Every page as a picture

Made by `make screenshots` from a desk at work with invented cases: the upper part of each page at 1280 pixels, and the
first screen of a phone."""
NOW = dt.datetime(2026, 11, 24, 2, 0, tzinfo=dt.UTC)  # ten in the morning in Shanghai: the same pictures on any day


def pages(ids: Busy) -> dict[str, tuple[str, str]]:
    """(role, address) of each picture, by its name."""
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
        "passkeys": ("supervisor", "/account/passkeys"),
        "passkey-off": ("supervisor", "/account/passkeys/1"),
        "notifications": ("counsellor", "/notifications"),
        "accounts": ("admin", "/accounts"),
        "teams": ("supervisor", "/teams"),
    }


def take(browser: Browser, address: str, secrets: dict[str, str], ids: Busy) -> list[str]:
    """Take every picture: whole pages on a desk, the first screen on a phone. Answers the pages that failed."""
    failed = []
    for lang in ("zh", "en"):
        for device, size in (("desk", DESK), ("phone", PHONE)):
            for name, (role, path) in pages(ids).items():
                context = signed_in(browser, address, secrets.get(role, "nobody"), size, lang)
                page = context.new_page()
                answer = page.goto(path)
                if answer is None or answer.status >= 400:
                    failed.append(f"{path} answers {answer and answer.status}")
                else:
                    _picture(page, FOLDER / f"{name}.{lang}.{device}.png", device == "desk")
                context.close()
    return failed


def _picture(page: Page, path: Path, tall: bool) -> None:
    """The first screen, or the page down to TALL pixels."""
    width, height = page.evaluate("[innerWidth, document.documentElement.scrollHeight]")
    clip: FloatRect = {"x": 0, "y": 0, "width": width, "height": min(height, TALL)}
    page.screenshot(path=path, full_page=tall, clip=clip if tall else None)


def _index(names: list[str]) -> str:
    """The page that shows them all."""
    lines = [INTRODUCTION]
    for name in names:
        lines.append(f"\n## {name.replace('-', ' ').capitalize()}\n")
        lines.append(
            f"| 中文 | English | 手机 phone |\n|---|---|---|\n| ![]({_at(name, 'zh', 'desk')}) "
            f"| ![]({_at(name, 'en', 'desk')}) | ![]({_at(name, 'zh', 'phone')}) |"
        )
    return "\n".join(lines) + "\n"


def _at(name: str, lang: str, device: str) -> str:
    return f"screenshots/{name}.{lang}.{device}.png"


def main() -> None:
    """Make docs/screenshots anew."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    vault, pack = Vault(bytes(range(32))), load(DEFAULT_PACK)
    home = Path(tempfile.mkdtemp(prefix="forbear-pictures-"))
    try:
        with embedded.servers(Settings(home=home, database_url=None, redis_url=None)) as urls:
            migrate.upgrade(urls.database)
            ids = busy(urls.database, vault, NOW)
            app = create_app(urls.database, urls.redis, vault, pack)
            app.dependency_overrides[now] = lambda: NOW
            app.state.oidc = Provider("https://id.example.org", "desk", "", "Example ID")  # nobody asks it
            secrets = {
                role: cookie_of(urls.database, getattr(ids, role), NOW)
                for role in ("admin", "supervisor", "counsellor", "submitter")
            }
            with serving(app) as address, chromium() as browser:
                named = address.replace("127.0.0.1", "localhost")  # there are no passkeys at a bare address
                failed = take(browser, named, secrets, ids)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    (FOLDER.parent / "screenshots.md").write_text(_index(list(pages(ids))), encoding="utf-8")
    if failed:
        sys.exit("\n".join(failed))


if __name__ == "__main__":
    main()
