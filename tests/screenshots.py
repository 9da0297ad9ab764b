"""`make screenshots`: pictures of every page for docs/screenshots, in both languages, from a desk at work."""

import datetime as dt
import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser

from forbear import embedded
from forbear.privacy import Vault
from forbear.settings import Settings
from models import migrate
from rules.loader import DEFAULT_PACK, load
from tests.busy import Busy, busy
from tests.chromium import DESK, PHONE, chromium, signed_in
from tests.desk import cookie_of
from tests.serving import serving
from web.app import create_app
from web.deps import now

FOLDER = Path(__file__).parents[1] / "docs" / "screenshots"
NOW = dt.datetime(2026, 11, 24, 2, 0, tzinfo=dt.UTC)  # ten in the morning in Shanghai: the same pictures on any day


def pages(ids: Busy) -> dict[str, tuple[str, str]]:
    """(role, address) of each picture, by its name."""
    return {
        "sign-in": ("", "/sign-in"),
        "queue": ("counsellor", "/"),
        "case": ("counsellor", f"/cases/{ids.fresh_case}"),
        "case-worked-on": ("counsellor", f"/cases/{ids.worked_case}"),
        "negotiation-pack": ("counsellor", f"/cases/{ids.fresh_case}/kit"),
        "batches": ("submitter", "/batches"),
        "batch": ("submitter", f"/batches/{ids.batch}"),
        "overview": ("supervisor", "/overview"),
        "policy": ("counsellor", "/policy"),
        "rule": ("counsellor", "/policy/card-personalised-instalment"),
        "ledger": ("supervisor", "/ledger"),
        "webhooks": ("supervisor", "/webhooks"),
        "account": ("counsellor", "/account"),
        "accounts": ("admin", "/accounts"),
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
                    page.screenshot(path=FOLDER / f"{name}.{lang}.{device}.png", full_page=device == "desk")
                context.close()
    return failed


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
            secrets = {
                role: cookie_of(urls.database, getattr(ids, role), NOW)
                for role in ("admin", "supervisor", "counsellor", "submitter")
            }
            with serving(app) as address, chromium() as browser:
                failed = take(browser, address, secrets, ids)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    if failed:
        sys.exit("\n".join(failed))


if __name__ == "__main__":
    main()
