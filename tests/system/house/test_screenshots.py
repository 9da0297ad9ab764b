"""docs/screenshots has a picture of every page and state; docs/plots shows what the benches wrote."""

import re
from urllib.parse import urlsplit

from starlette.routing import compile_path

from bench.plots import PLOTS, drawn
from forbear.base.vault import Vault
from tests.screenshots import FOLDER, names, pages
from tests.support.desk.chromium import BETWEEN, page_routes
from tests.support.desk.populated_desk import Busy
from web.app import create_app

# One that leads elsewhere, and those like another: an earlier decision is the case page at that decision, and another
# password is given on the page that takes a second factor off.
NO_PICTURES = BETWEEN | {"/cases", "/cases/{case_id}/decisions/{decision_id}", "/accounts/{account_id}/password"}
MOST_BYTES = 7_000_000
IDS = Busy(1, 1, 1, 1, "b", "u", 1, 1, 1, 1, 2)


def test_every_page_has_a_picture() -> None:
    app = create_app("postgresql://nobody@127.0.0.1:1/none", "redis://127.0.0.1:1", Vault(bytes(32)))
    paths = [urlsplit(address).path for _, address in pages(IDS).values()]
    shown = {next(pattern for pattern in page_routes(app) if compile_path(pattern)[0].match(path)) for path in paths}
    assert set(page_routes(app)) - NO_PICTURES == shown


def test_the_pictures_are_those_of_the_script_and_small() -> None:
    sizes = {path.name: path.stat().st_size for path in FOLDER.iterdir()}
    assert set(sizes) == {*names(IDS)}
    assert sum(sizes.values()) < MOST_BYTES
    linked = re.findall(r"\(screenshots/([^)]+)\)", (FOLDER.parent / "screenshots.md").read_text(encoding="utf-8"))
    assert sorted(linked) == sorted(sizes), "the page shows every one"


def test_pictures_are_drawn_from_what_the_benches_wrote() -> None:
    there = {path.name: path.read_text(encoding="utf-8") for path in PLOTS.iterdir()}
    assert there == drawn(), "python -m bench.plots draws them anew"
