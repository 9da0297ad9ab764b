"""No page of the desk reads a large table from end to end, or asks the record more often than it has to."""

from bench.desk import data as desk_data
from bench.desk import pages as desk
from forbear.base.vault import Vault
from rules.loading.loader import DEFAULT_PACK, load


def test_every_page_finds_its_rows_by_an_index(database_url: str, redis_url: str, vault: Vault) -> None:
    desk_data.fill(database_url, vault, load(DEFAULT_PACK), 20_000, desk.NOW)
    found = list(desk.measure(database_url, redis_url, vault, runs=0))
    assert {
        "queue, first page",
        "search, absent",
        "take next",
        "case",
        "person",
        "find a borrower",
        "find a name",
        "a submitter's queue",
    } <= {page.name for page in found}
    assert [f"{page.name}: {scan}" for page in found for scan in page.scans] == []
    asked = {page.name: page.statements for page in found}
    # What a record asks once a process of its key and packs is in them; each page has few more than it has parts.
    most = {"queue, first page": 17, "case": 23, "search, absent": 16, "take next": 24}
    assert {name: asked[name] for name in most if asked[name] > most[name]} == {}
