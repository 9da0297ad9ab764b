"""What is sent again with its key does nothing twice, and what has changed meanwhile is neither sent again nor hit."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import psycopg
import pytest
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from forbear.base.settings import settings
from forbear.base.vault import Vault
from rules.loading.loader import DEFAULT_PACK, load
from tests.support.desk.api import CASE, api
from tests.support.desk.cases import accepted, decided, triaged
from tests.support.desk.processes import until

ACCEPT = {"action": "accept", "confirmed": True, "revision": 1}
SNOOZE = {"action": "snooze", "until": "2026-12-08", "reason": "lender_answer", "revision": 1}
HOOK = {"url": "https://example.com/hook"}
KEY = {"Idempotency-Key": "night-7"}


@pytest.fixture
def client(database_url: str, redis_url: str, vault: Vault) -> Iterator[httpx.Client]:
    decided(database_url, [accepted(1, "A"), accepted(2, "B")], vault, by=load(DEFAULT_PACK))
    with api(database_url, redis_url, vault, "supervisor", "us") as opened:
        yield opened


def rows(url: str, table: str) -> int:
    with psycopg.connect(url) as connection:
        return len(connection.execute(f"SELECT FROM {table}".encode()).fetchall())


@pytest.mark.parametrize(
    ("address", "body", "other", "table"),
    [
        ("/batches", [CASE], [{**CASE, "days_overdue": 5}], "batch"),
        ("/cases?wait=0", CASE, {**CASE, "days_overdue": 5}, "batch"),
        ("/cases/A/reviews", ACCEPT, SNOOZE, "review"),
        ("/webhooks", HOOK, {**HOOK, "events": ["batch.complete"]}, "webhook"),
    ],
)
def test_a_request_sent_again_is_answered_again_and_does_nothing(
    client: httpx.Client, database_url: str, address: str, body: Any, other: Any, table: str
) -> None:
    before = rows(database_url, table)
    first, second = (client.post(address, json=body, headers=KEY) for _ in range(2))
    assert first.status_code in (201, 202)
    assert (second.status_code, second.json()) == (first.status_code, first.json())
    assert second.headers["Location"] == first.headers["Location"]
    assert ("Idempotency-Replayed" in first.headers, second.headers["Idempotency-Replayed"]) == (False, "true")
    assert rows(database_url, table) == before + 1
    refused = client.post(address, json=other, headers=KEY)
    assert (refused.status_code, refused.json()["type"]) == (422, "urn:forbear:problem:key_reused")
    elsewhere = client.post("/cases/B/reviews", json=ACCEPT, headers=KEY)
    assert elsewhere.json()["type"] == "urn:forbear:problem:key_reused", "a key is for one address"
    assert rows(database_url, table) == before + 1


def test_a_case_sent_again_is_answered_with_what_became_of_it(
    client: httpx.Client, database_url: str, vault: Vault
) -> None:
    first = client.post("/cases?wait=0", json={**CASE, "unknown": 1}, headers=KEY)
    assert (first.status_code, first.json()["status"]) == (202, "pending")
    with psycopg.connect(database_url) as connection:
        chunks = connection.execute("SELECT id FROM chunk WHERE status = 'pending'").fetchall()
    triaged(database_url, vault, [chunk for (chunk,) in chunks])
    second = client.post("/cases?wait=0", json={**CASE, "unknown": 1}, headers=KEY)
    assert (second.status_code, second.headers["Idempotency-Replayed"]) == (201, "true")
    assert second.json()["unused"] == ["unknown"]
    assert client.post("/cases?wait=0", json={**CASE, "unknown": 1}).status_code == 200


def test_a_delivery_is_sent_again_once(client: httpx.Client, database_url: str, vault: Vault) -> None:
    hook = client.post("/webhooks", json=HOOK).json()["id"]
    decided(database_url, [accepted(1, "C")], vault)
    [delivery, *_] = client.get(f"/webhooks/{hook}/deliveries").json()["deliveries"]
    address = f"/webhooks/{hook}/deliveries/{delivery['id']}/redeliver"
    first = client.post(address, headers=KEY)
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE delivery SET status = 'delivered'")
    second = client.post(address, headers=KEY)
    assert (first.status_code, second.status_code) == (202, 202)
    assert client.get(f"/webhooks/{hook}/deliveries").json()["deliveries"][0]["status"] == "delivered"
    assert client.post(address).json()["status"] == "pending"


def test_what_takes_back_or_concerns_a_webhook_is_done_once_too(
    client: httpx.Client, database_url: str, vault: Vault
) -> None:
    """Each with a key, twice: the same answer, and one row of the ledger or one delivery for it."""
    hook = client.post("/webhooks", json=HOOK).json()["id"]
    case = {**CASE, "case_ref": "D"}
    batch = client.post("/batches", json=[case]).json()["id"]
    asked: list[tuple[str, dict[str, Any], str]] = [
        ("/cases/A/withdraw", {"why": "mistake"}, "SELECT FROM review"),
        (f"/batches/{batch}/cancel", {}, "SELECT FROM ledger WHERE kind = 'batch_cancelled'"),
        (f"/webhooks/{hook}/ping", {}, "SELECT FROM delivery WHERE event = 'ping'"),
        (f"/webhooks/{hook}/rotate", {"overlap_hours": 1}, "SELECT FROM ledger WHERE kind = 'webhook_rotated'"),
    ]
    for number, (address, body, done) in enumerate(asked):
        key = {"Idempotency-Key": f"once-{number}"}
        first, second = (client.post(address, json=body, headers=key) for _ in range(2))
        assert first.is_success, (address, first.text)
        assert (second.status_code, second.content) == (first.status_code, first.content), address
        assert ("Idempotency-Replayed" in first.headers, second.headers["Idempotency-Replayed"]) == (False, "true")
        with psycopg.connect(database_url) as connection:
            assert len(connection.execute(done.encode()).fetchall()) == 1, address


def test_of_one_review_many_times_at_once_one_is_done(client: httpx.Client, database_url: str) -> None:
    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(lambda _: client.post("/cases/A/reviews", json=ACCEPT, headers=KEY), range(6)))
    assert {answer.status_code for answer in answers} == {201}
    assert {answer.json()["id"] for answer in answers} == {1}
    assert sum("Idempotency-Replayed" in answer.headers for answer in answers) == 5
    assert rows(database_url, "review") == 1


def test_what_was_refused_leaves_its_key_free(client: httpx.Client) -> None:
    assert client.post("/cases/A/reviews", json={**ACCEPT, "revision": 9}, headers=KEY).status_code == 409
    assert client.post("/cases/A/reviews", json=ACCEPT, headers=KEY).status_code == 201


def test_what_was_answered_is_sealed(client: httpx.Client, database_url: str) -> None:
    secret = client.post("/webhooks", json=HOOK, headers=KEY).json()["secret"]
    with psycopg.connect(database_url) as connection:
        (kept,) = connection.execute("SELECT answer FROM idempotency_key").fetchone() or (b"",)
    assert kept and secret.encode() not in bytes(kept)


@pytest.mark.parametrize("address", ["/cases/A", "/cases", "/policy", "/batches", "/cases/A/reviews", "/webhooks"])
def test_what_a_program_has_already_is_not_sent_again(client: httpx.Client, address: str) -> None:
    first = client.get(address)
    tag = first.headers["ETag"]
    known = client.get(address, headers={"If-None-Match": f'"x", {tag}'})
    assert (known.status_code, known.content, known.headers["ETag"]) == (304, b"", tag.removeprefix("W/"))
    assert client.get(address, headers={"If-None-Match": '"x"'}).json() == first.json()
    assert client.head(address).headers["ETag"] == tag


def test_a_review_may_name_what_it_was_made_for_by_its_tag(client: httpx.Client) -> None:
    tag = client.get("/cases/A").headers["ETag"]
    assert tag.removeprefix("W/").startswith('"1-')
    plain = {name: value for name, value in SNOOZE.items() if name != "revision"}
    done = client.post("/cases/A/reviews", json=plain, headers={"If-Match": f'"0-0", {tag}'})
    assert (done.status_code, done.json()["revision"]) == (201, 2)
    assert client.get("/cases/A", headers={"If-None-Match": tag}).status_code == 200
    stale = client.post("/cases/A/reviews", json=plain, headers={"If-Match": tag})
    assert (stale.status_code, stale.json()["type"], stale.json()["revision"]) == (
        412,
        "urn:forbear:problem:changed",
        2,
    )
    assert client.post("/cases/A/reviews", json={**plain, "revision": 2}, headers={"If-Match": tag}).status_code == 412
    for headers in ({}, {"If-Match": "*"}):
        lacking = client.post("/cases/A/reviews", json=plain, headers=headers)
        assert (lacking.status_code, [each["field"] for each in lacking.json()["errors"]]) == (422, ["revision"])
    resume = {"action": "resume", "revision": 2}
    assert client.post("/cases/A/reviews", json=resume, headers={"If-Match": "*"}).status_code == 201


def test_an_id_of_the_programs_own_leads_to_log_and_ledger(client: httpx.Client, database_url: str) -> None:
    given = {"X-Request-Id": "night-7:row.12"}
    with capture_logs(processors=[merge_contextvars]) as lines:
        done = client.post("/cases/A/reviews", json=ACCEPT, headers=given)
        # The line follows the last byte of the answer: whoever reads fast is there before it.
        until(lambda: any(line["event"] == "request.answered" for line in lines), "the line of the answer")
    assert done.headers["X-Request-Id"] == given["X-Request-Id"]
    assert [line["request"] for line in lines if line["event"] == "request.answered"] == [given["X-Request-Id"]]
    with psycopg.connect(database_url) as connection:
        (detail,) = connection.execute("SELECT detail FROM ledger WHERE kind = 'review'").fetchone() or ({},)
    assert detail["request"] == given["X-Request-Id"]
    for odd in ("张三", "a b", "x" * 65, ""):
        answered = client.get("/policy", headers={b"X-Request-Id": odd.encode()})
        assert (answered.status_code, "X-Request-Id" in answered.headers) == (200, False)


def test_what_is_long_is_sent_smaller_where_that_can_be_read(client: httpx.Client) -> None:
    plain = client.get("/cases/A", headers={"Accept-Encoding": "identity"})
    small = client.get("/cases/A", headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in plain.headers and small.headers["Content-Encoding"] == "gzip"
    assert plain.json() == small.json()
    assert int(small.headers["Content-Length"]) < len(plain.content) / 2
    assert small.headers["ETag"] == f"W/{plain.headers['ETag']}"
    assert client.get("/cases/A", headers={"If-None-Match": small.headers["ETag"]}).status_code == 304
    batch = client.get("/batches").json()["batches"][0]["id"]
    lines = client.get(f"/batches/{batch}/results")
    assert lines.headers["Content-Encoding"] == "gzip" and len(lines.text.splitlines()) == 2
    page = str(client.base_url).removesuffix("/api/v1/") + "/sign-in"
    assert "Content-Encoding" not in client.get(page).headers, "a page holds the secret of its form"


def test_a_program_hears_how_much_is_worked_on_at_once(client: httpx.Client) -> None:
    answered = client.get("/cases/A")
    policy, left = answered.headers["RateLimit-Policy"], answered.headers["RateLimit"]
    turns = settings().web_turns
    most = settings().token_requests
    assert policy == f'"turns";q={turns};qu="concurrent-requests", "token";q={most};w=60'
    assert left == f'"turns";r={turns}, "token";r={most - 1};t=1'
