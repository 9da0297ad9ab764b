"""The client's page and the negotiation pack over the API: as on the page, noted, and nothing of it in danger."""

from collections.abc import Iterator

import httpx
import psycopg
import pytest

from forbear.base.vault import Vault
from forbear.case.negotiation import pdf
from forbear.ledger.checkpoint import verifier_key
from rules.loading.loader import DEFAULT_PACK, load
from tests.support.desk.api import api, caller, token
from tests.support.desk.cases import accepted, decided
from tests.support.desk.desk_clients import account
from tests.support.old.old_decisions import without_bodies
from tests.web.pages.test_crisis import CRISIS, MONEY, PERSON
from tools.verify_receipt import verified

NOBODY = {"name": "李某某", "phone": "13900139000"}
BOTH = ("plan", "negotiation-pack")


@pytest.fixture
def client(database_url: str, redis_url: str, vault: Vault) -> Iterator[httpx.Client]:
    rows = [
        accepted(1, "LIFE", {"notes": CRISIS, **PERSON}, borrower_ref="B", **MONEY),
        accepted(2, "BESIDE", {}, borrower_ref="B", **MONEY),
        accepted(3, "ASK", {"notes": "没有轻生念头"}, **MONEY),
        accepted(4, "CALM", NOBODY, **MONEY),
        accepted(5, "x/plan", {}, **MONEY),
    ]
    decided(database_url, rows, vault, by=load(DEFAULT_PACK))
    with api(database_url, redis_url, vault) as opened:
        yield opened


def exports(url: str) -> list[list[str]]:
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT detail FROM ledger WHERE kind = 'export' ORDER BY seq").fetchall()
    return [detail["files"] for (detail,) in rows]


def test_the_receipt_of_a_decision_is_checked_by_others(client: httpx.Client, database_url: str, vault: Vault) -> None:
    """Also while somebody may be in danger: it tells nothing of the case."""
    key = str(verifier_key(vault))
    for number, ref in ((1, "LIFE"), (4, "CALM")):
        told = client.get(f"/cases/{ref}/receipt")
        assert told.headers["Content-Type"] == "application/json"
        assert verified(told.text, key)["decision"] == number
    assert exports(database_url) == [["receipt.json"]] * 2
    without_bodies(database_url)
    refused = client.get("/cases/CALM/receipt")
    assert (refused.status_code, refused.json()["type"]) == (404, "urn:forbear:problem:no_receipt")
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE desk_case SET decision_id = NULL")
    assert client.get("/cases/CALM/receipt").status_code == 409


def test_a_calm_case_hands_out_what_its_page_does(client: httpx.Client, database_url: str) -> None:
    case = client.get("/cases/CALM").json()
    plan = client.get("/cases/CALM/plan").json()
    assert plan["plan_for_client"] == case["plan_for_client"] and plan["strategy"] == case["strategy"]
    pack = client.get("/cases/CALM/negotiation-pack").json()
    assert pack["say"] and pack["letters"] and pack["offers"] and pack["calls"] and pack["days"]
    assert pack["offers"][0]["plan"]["monthly"] == case["plan_options"][0]["monthly"]
    assert pack["plan_for_client"] == case["plan_for_client"]
    assert all(letter["text"]["zh"] and letter["text"]["en"] for letter in pack["letters"])
    assert not any(value in str(pack) for value in NOBODY.values())
    assert exports(database_url) == [["plan.json"], ["negotiation-pack.json"]]


@pytest.mark.parametrize("ref", ["LIFE", "ASK", "BESIDE"])
def test_in_danger_there_is_no_script_plan_or_letter(client: httpx.Client, database_url: str, ref: str) -> None:
    held = client.get(f"/cases/{ref}").json()["safety_hold"]
    pack = client.get(f"/cases/{ref}/negotiation-pack").json()
    assert pack["staff"] and pack["safety_hold"] == held
    assert (pack["letters"], pack["offers"], pack["plan_for_client"]) == ([], [], None)
    plan = client.get(f"/cases/{ref}/plan", headers={"Accept-Language": "zh"})
    assert (plan.status_code, plan.json()["type"], plan.json()["danger"]) == (409, "urn:forbear:problem:held", True)
    assert plan.json()["detail"] == held["text"]["zh"]
    assert exports(database_url) == [["negotiation-pack.json"]]


def test_what_is_printed_is_a_pdf_or_said_to_be_none(client: httpx.Client, database_url: str) -> None:
    for what in BOTH:
        printed = client.get(f"/cases/CALM/{what}", params={"format": "pdf", "lang": "both"})
        if pdf.unavailable() is None:
            assert (printed.status_code, printed.headers["Content-Type"]) == (200, "application/pdf")
            assert printed.content.startswith(b"%PDF")
        else:
            assert (printed.status_code, printed.json()["type"]) == (501, "urn:forbear:problem:no_pdf")
            assert exports(database_url) == []
    refused = client.get("/cases/LIFE/plan?format=pdf")
    assert refused.status_code in (409, 501)


def test_only_ones_own_and_only_what_is_there(client: httpx.Client, database_url: str) -> None:
    address = str(client.base_url).removesuffix("/api/v1/")
    with caller(address, token(database_url, account(database_url, "rival", "submitter", "rival"))) as other:
        assert {other.get(f"/cases/CALM/{what}").status_code for what in BOTH} == {404}
    assert {client.get(f"/cases/nobody/{what}").status_code for what in BOTH} == {404}
    assert client.get("/cases/CALM/plan?format=docx").status_code == 422
    assert client.get("/cases/x%2Fplan").json()["case_ref"] == "x/plan"
    assert client.get("/cases/x%2Fplan/plan").json()["case_ref"] == "x/plan"
    assert exports(database_url) == [["plan.json"]]
