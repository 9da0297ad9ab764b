"""No case page asks for a picture that is not there."""

import html
import re
from pathlib import Path

from forbear.base.vault import Vault
from forbear.intake import Accepted, rows
from rules.loading.loader import DEFAULT_PACK, load
from tests.support.desk.cases import decided
from tests.support.desk.desk_clients import desk

SAMPLE = Path(__file__).parents[3] / "samples/cases.csv"


def test_every_picture_of_a_case_page_is_there(database_url: str, redis_url: str, vault: Vault) -> None:
    pack = load(DEFAULT_PACK)
    cases = [row for row in rows(SAMPLE, pack.vocabulary) if isinstance(row, Accepted)]
    decided(database_url, [*cases[:20], *cases[-20:]], vault, by=pack)
    pictured, planned = 0, 0
    with desk(database_url, redis_url, vault) as client:
        for number in range(1, 41):
            page = client.get(f"/cases/{number}").raise_for_status().text
            asked = re.findall(r'<(?:img|source)[^>]* (?:src|srcset)="([^"]+)"', page)
            for address in asked:
                answer = client.get(html.unescape(address))
                assert (answer.status_code, answer.headers["content-type"]) == (200, "image/svg+xml"), (number, address)
            pictured += "plans.svg" in page
            planned += 'id="plans"' in page
    assert 0 < pictured < planned, "plans that are drawn, and plans that pay nothing off"
