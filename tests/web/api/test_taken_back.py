"""What was handed in by mistake is taken back: a case is closed, a batch cancelled; danger in it never is."""

from collections.abc import Iterator
from typing import Any

import httpx
import psycopg
import pytest

from forbear.base.vault import Vault
from forbear.ledger import audit
from models.database.session import session
from rules.loading.loader import DEFAULT_PACK, load
from tests.support.desk.api import api, caller, token
from tests.support.desk.cases import accepted, decided, engine_of, triaged
from tests.support.desk.desk_clients import account

PACK = load(DEFAULT_PACK)
CASE = {"product": "credit_card", "days_overdue": 100, "hardship": "unemployment"}
DANGER = {"notes": "想自杀，不想活了"}


@pytest.fixture
def client(database_url: str, redis_url: str, vault: Vault) -> Iterator[httpx.Client]:
    rows = [accepted(1, "A", borrower_ref="P"), accepted(2, "B", DANGER), accepted(3, "C")]
    decided(database_url, rows, vault, by=PACK)
    with api(database_url, redis_url, vault) as opened:
        yield opened


def read(url: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(query.encode()).fetchall()


def decide_the_rest(url: str, vault: Vault) -> None:
    triaged(url, vault, [chunk for (chunk,) in read(url, "SELECT id FROM chunk WHERE status = 'pending'")])


def test_a_submitter_closes_a_case_that_is_none(client: httpx.Client, database_url: str) -> None:
    done = client.post("/cases/A/withdraw", json={"why": "mistake", "words": "Handed in twice"})
    assert (done.status_code, done.json()["status"], done.json()["revision"]) == (201, "closed", 2)
    assert client.get("/cases/A").json()["status"] == "closed"
    (told,) = client.get("/cases/A/reviews").json()["reviews"]
    assert (told["action"], told["reason"], told["detail"]) == ("outcome", "closed", {"why": "mistake"})
    assert read(database_url, "SELECT actor FROM ledger WHERE kind = 'review'") == [("token:1",)]
    again = client.post("/cases/A/withdraw", json={"why": "mistake"})
    assert (again.status_code, again.json()["errors"][0]["en"]) == (422, "This case is closed already.")


def test_danger_is_not_closed_away(client: httpx.Client) -> None:
    refused = client.post("/cases/B/withdraw", json={"why": "mistake"})
    assert (refused.status_code, "in danger" in refused.json()["errors"][0]["en"]) == (422, True)
    assert client.get("/cases/B").json()["status"] == "open"


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        ({"why": "x"}, {}, 422),
        ({"why": "mistake", "revision": 9}, {}, 409),
        ({"why": "mistake"}, {"If-Match": '"9-abc"'}, 412),
        ({"why": "repaid", "revision": 1}, {}, 201),
    ],
)
def test_it_is_closed_as_it_was_looked_at(
    client: httpx.Client, body: dict[str, Any], headers: dict[str, str], status: int
) -> None:
    assert client.post("/cases/C/withdraw", json=body, headers=headers).status_code == status


def test_what_a_supervisor_has_is_left_to_the_supervisor(client: httpx.Client, database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE desk_case SET status = 'escalated' WHERE case_ref = 'A'")
    assert client.post("/cases/A/withdraw", json={"why": "other"}).status_code == 422


def test_a_batch_is_cancelled_as_if_it_had_never_been_handed_in(
    client: httpx.Client, database_url: str, vault: Vault
) -> None:
    before = client.get("/cases/A").json()
    cases = [{**CASE, "case_ref": "A", "days_overdue": 7, "borrower_ref": "Q"}, {**CASE, "case_ref": "N"}]
    batch = client.post("/batches", json=cases).json()["id"]
    assert client.get("/cases/N").status_code == 202 and client.get("/cases/A").json()["outdated"]
    done = client.post(f"/batches/{batch}/cancel")
    told = done.json()
    assert (done.status_code, told["status"], told["cancelled"], told["pending"]) == (200, "complete", 2, 0)
    assert (told["rows_read"], told["accepted"]) == (2, 2)
    assert client.get("/cases/N").status_code == 404
    assert client.get("/cases/A").json() == before
    assert read(database_url, "SELECT borrower_ref, keyed FROM \"case\" WHERE case_ref = 'A'") == [("p", False)]
    decide_the_rest(database_url, vault)
    assert client.get("/cases/N").status_code == 404
    late = client.post(f"/batches/{batch}/cancel")
    assert (late.status_code, late.json()["type"]) == (409, "urn:forbear:problem:batch_done")
    again = client.post("/batches", json=cases).json()
    assert (again["accepted"], again["unchanged"]) == (2, 0)
    decide_the_rest(database_url, vault)
    assert client.get("/cases/N").status_code == 200
    with engine_of(database_url) as engine, session(engine) as opened:
        assert audit.verify(opened, vault).faults == ()


def test_danger_in_a_cancelled_batch_is_decided_all_the_same(
    client: httpx.Client, database_url: str, vault: Vault
) -> None:
    cases = [{**CASE, "case_ref": "N"}, {**CASE, "case_ref": "D", **DANGER}]
    batch = client.post("/batches", json=cases).json()["id"]
    told = client.post(f"/batches/{batch}/cancel").json()
    assert (told["status"], told["cancelled"], told["pending"]) == ("running", 1, 1)
    decide_the_rest(database_url, vault)
    assert client.get("/cases/D").json()["danger"] == "explicit"
    assert client.get("/cases/N").status_code == 404
    after = client.get(f"/batches/{batch}").json()
    assert (after["status"], after["decided"], after["cancelled"]) == ("complete", 1, 1)


def test_what_another_batch_waits_for_is_not_taken_away(client: httpx.Client, database_url: str, vault: Vault) -> None:
    first = client.post("/batches", json=[{**CASE, "case_ref": "N"}]).json()["id"]
    second = client.post("/batches", json=[{**CASE, "case_ref": "N"}]).json()
    assert second["unchanged"] == 1
    assert client.post(f"/batches/{first}/cancel").json()["cancelled"] == 1
    decide_the_rest(database_url, vault)
    assert client.get("/cases/N").status_code == 200
    assert client.get(f"/batches/{second['id']}").json()["decided"] == 1


def test_a_batch_of_somebody_else_is_none(client: httpx.Client, database_url: str) -> None:
    batch = client.post("/batches", json=[{**CASE, "case_ref": "N"}]).json()["id"]
    address = str(client.base_url).removesuffix("/api/v1/")
    with caller(address, token(database_url, account(database_url, "rival", "submitter", "rival"))) as other:
        assert other.post(f"/batches/{batch}/cancel").status_code == 404
        assert other.post("/cases/A/withdraw", json={"why": "mistake"}).status_code == 404
    assert client.get("/cases/N").status_code == 202
