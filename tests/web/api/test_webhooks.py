"""Webhooks over the API and on their page: one's own, by supervisors everybody's, failures visible, sent again."""

from collections.abc import Iterator
from typing import Any

import httpx
import psycopg
import pytest

from forbear.accounts.accounts import Role
from forbear.base.vault import Vault
from forbear.webhooks import outbox, webhooks
from models.database.session import session
from tests.support.desk.api import api, caller, token
from tests.support.desk.cases import NOW, engine_of
from tests.support.desk.desk_clients import Desk, account, desk
from tests.support.desk.page import Element, read_page

HOOK = {"url": "https://example.com/hook"}


@pytest.fixture
def client(database_url: str, redis_url: str, vault: Vault) -> Iterator[httpx.Client]:
    with api(database_url, redis_url, vault) as opened:
        yield opened


@pytest.fixture
def page(database_url: str, redis_url: str, vault: Vault) -> Iterator[Desk]:
    with desk(database_url, redis_url, vault, "supervisor") as opened:
        yield opened


def hooks(page: Desk) -> list[Element]:
    """The webhooks that its page lists."""
    return read_page(page.get("/webhooks").text).select(".hooks tbody tr")


def fail(url: str, count: int = 1) -> None:
    """Events of "us" that are given up at once."""
    with engine_of(url) as engine, session(engine) as opened:
        webhooks.tell(opened, "us", "batch.complete", ({"n": n} for n in range(count)), NOW)
        opened.flush()
        opened.connection().exec_driver_sql("UPDATE delivery SET status = 'failed', error = 'status_500', tries = 10")


def test_a_webhook_is_registered_and_its_secret_shown_once(client: httpx.Client) -> None:
    made = client.post("/webhooks", json=HOOK)
    hook = made.json()
    assert made.status_code == 201
    assert hook.pop("secret").startswith("whsec_")
    assert hook["events"] == ["batch.complete", "decision.changed", "case.aged", "review.recorded"]
    assert client.get("/webhooks").json() == {"webhooks": [hook]}
    assert client.get(f"/webhooks/{hook['id']}").json() == hook


def test_the_secret_is_sealed_in_the_record(client: httpx.Client, database_url: str) -> None:
    secret = client.post("/webhooks", json=HOOK).json()["secret"]
    with psycopg.connect(database_url) as connection:
        row = connection.execute("SELECT secret FROM webhook").fetchone()
    assert row is not None
    assert secret.encode() not in bytes(row[0])


@pytest.mark.parametrize(
    "body",
    [
        {"url": "http://example.com/"},
        {"url": "https://10.0.0.8/"},
        {"url": "https://localhost/"},
        {"url": ""},
        {},
        {"url": "https://example.com/", "events": []},
        {"url": "https://example.com/", "events": ["case.opened"]},
        {"url": "https://example.com/", "secret": "mine"},
        {"url": "https://example.com/", "submitter": "a\0"},
    ],
)
def test_what_cannot_be_is_refused_by_field(client: httpx.Client, body: dict[str, Any]) -> None:
    response = client.post("/webhooks", json=body)
    assert response.status_code == 422
    assert response.json()["errors"]


def test_a_submitter_has_at_most_so_many(client: httpx.Client) -> None:
    for number in range(webhooks.MOST):
        assert client.post("/webhooks", json={"url": f"https://example.com/{number}"}).status_code == 201
    assert client.post("/webhooks", json=HOOK).status_code == 409


def test_a_removed_webhook_is_gone(client: httpx.Client, database_url: str) -> None:
    hook = client.post("/webhooks", json=HOOK).json()["id"]
    assert client.delete(f"/webhooks/{hook}").status_code == 204
    assert client.delete(f"/webhooks/{hook}").status_code == 404
    assert client.get("/webhooks").json() == {"webhooks": []}
    with psycopg.connect(database_url) as connection:
        kinds = connection.execute("SELECT kind FROM ledger WHERE subject = 'webhook:1' ORDER BY seq").fetchall()
    assert kinds == [("webhook_added",), ("webhook_removed",)]


def test_deliveries_are_listed_newest_first_in_pages_and_by_status(client: httpx.Client, database_url: str) -> None:
    hook = client.post("/webhooks", json=HOOK).json()["id"]
    fail(database_url, 3)
    first = client.get(f"/webhooks/{hook}/deliveries", params={"limit": 2}).json()
    second = client.get(f"/webhooks/{hook}/deliveries", params={"limit": 2, "before": first["next"]}).json()
    ids = [each["id"] for page in (first, second) for each in page["deliveries"]]
    assert ids == sorted(ids, reverse=True)
    assert (len(ids), second["next"]) == (3, None)
    assert client.get(f"/webhooks/{hook}/deliveries", params={"status": "delivered"}).json()["deliveries"] == []


def test_a_failed_delivery_is_sent_again(client: httpx.Client, database_url: str) -> None:
    hook = client.post("/webhooks", json=HOOK).json()["id"]
    fail(database_url)
    [delivery] = client.get(f"/webhooks/{hook}/deliveries", params={"status": "failed"}).json()["deliveries"]
    assert (delivery["error"], delivery["tries"]) == ("status_500", outbox.TRIES)
    again = client.post(f"/webhooks/{hook}/deliveries/{delivery['id']}/redeliver")
    assert (again.status_code, again.json()["status"], again.json()["tries"]) == (202, "pending", 0)
    assert client.post(f"/webhooks/{hook}/deliveries/99/redeliver").status_code == 404


def test_a_webhook_is_changed_and_keeps_its_secret(client: httpx.Client, database_url: str) -> None:
    first = client.post("/webhooks", json=HOOK).json()
    other = client.post("/webhooks", json={"url": "https://example.com/other"}).json()
    address = f"/webhooks/{first['id']}"
    tag = client.get(address).headers["ETag"]
    moved = client.patch(address, json={"url": "https://example.com/new"}, headers={"If-Match": tag})
    assert (moved.status_code, moved.json()["url"], moved.json()["events"]) == (
        200,
        "https://example.com/new",
        first["events"],
    )
    late = client.patch(address, json={"events": ["case.aged"]}, headers={"If-Match": tag})
    assert (late.status_code, late.json()["type"]) == (412, "urn:forbear:problem:hook_changed")
    fewer = client.patch(address, json={"events": ["review.recorded", "batch.complete"]}).json()
    assert fewer["events"] == ["batch.complete", "review.recorded"] and fewer["url"] == moved.json()["url"]
    assert client.get(address).json() == fewer
    bodies: list[dict[str, Any]] = [{"url": other["url"]}, {"url": "http://example.com/"}, {"events": []}, {"id": 7}]
    for wrong in bodies:
        refused = client.patch(address, json=wrong)
        assert (refused.status_code, len(refused.json()["errors"])) == (422, 1), wrong
    assert client.get(address).json() == fewer
    with psycopg.connect(database_url) as connection:
        kinds = connection.execute("SELECT kind FROM ledger WHERE subject = 'webhook:1' ORDER BY seq").fetchall()
    assert kinds == [("webhook_added",), ("webhook_changed",), ("webhook_changed",)]


def test_an_address_is_registered_once(client: httpx.Client) -> None:
    first = client.post("/webhooks", json=HOOK)
    again = client.post("/webhooks", json=HOOK)
    assert (again.status_code, [each["field"] for each in again.json()["errors"]]) == (422, ["url"])
    client.delete(f"/webhooks/{first.json()['id']}")
    assert client.post("/webhooks", json=HOOK).status_code == 201


def test_a_secret_is_replaced_with_an_overlap(client: httpx.Client) -> None:
    first = client.post("/webhooks", json=HOOK).json()
    done = client.post(f"/webhooks/{first['id']}/rotate", json={"overlap_hours": 2})
    second = done.json()
    assert (done.status_code, second["old_until"]) == (201, "2026-11-23T10:00:00Z")
    assert second["secret"].startswith("whsec_") and second["secret"] != first["secret"]
    assert "secret" not in client.get(f"/webhooks/{first['id']}").json()
    assert client.post(f"/webhooks/{first['id']}/rotate", json={"overlap_hours": 169}).status_code == 422


def test_a_ping_is_a_delivery(client: httpx.Client) -> None:
    hook = client.post("/webhooks", json={**HOOK, "events": ["batch.complete"]}).json()["id"]
    pinged = client.post(f"/webhooks/{hook}/ping")
    assert (pinged.status_code, pinged.json()["event"], pinged.json()["status"]) == (202, "ping", "pending")
    assert pinged.json()["payload"]["data"] == {"webhook_id": hook}
    assert client.get(f"/webhooks/{hook}/deliveries").json()["deliveries"] == [pinged.json()]


@pytest.mark.parametrize(
    ("role", "submitter", "status"),
    [("submitter", "us", 200), ("counsellor", None, 403), ("supervisor", None, 200), ("admin", None, 200)],
)
def test_submitters_and_supervisors_look_after_webhooks(
    database_url: str, redis_url: str, vault: Vault, role: Role, submitter: str | None, status: int
) -> None:
    with api(database_url, redis_url, vault, role, submitter) as client:
        assert client.get("/webhooks").status_code == status
    with desk(database_url, redis_url, vault, role, submitter) as browser:
        assert browser.get("/webhooks").status_code == status


def test_a_supervisor_registers_for_a_submitter(client: httpx.Client, database_url: str) -> None:
    address = str(client.base_url).removesuffix("/api/v1/")
    with caller(address, token(database_url, account(database_url, "zhao", "supervisor"))) as other:
        assert other.post("/webhooks", json=HOOK | {"submitter": "us"}).json()["submitter"] == "us"
    assert client.post("/webhooks", json=HOOK | {"submitter": "them"}).status_code == 403
    assert len(client.get("/webhooks").json()["webhooks"]) == 1


FORM = {"url": "https://example.com/hook", "submitter": "us", "events": "batch.complete"}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_shows_the_secret_once_and_failures_for_as_long_as_they_are(
    page: Desk, database_url: str, language: str
) -> None:
    made = page.submit("/webhooks", FORM, params={"lang": language})
    assert made.status_code == 201
    assert "whsec_" in made.text
    assert "whsec_" not in page.get("/webhooks").text
    fail(database_url)
    listed = page.get("/webhooks", params={"lang": language}).text
    assert {"zh": "1 次未送达", "en": "1 not delivered"}[language] in listed
    deliveries = page.get("/webhooks/1", params={"lang": language}).text
    assert {"zh": "对方答复状态码 500", "en": "They answered with status 500"}[language] in deliveries
    assert page.submit("/webhooks/1/deliveries/1/redeliver").headers["Location"] == "/webhooks/1"
    assert len(read_page(page.get("/webhooks/1").text).select("tbody .mark.new")) == 1, "it is pending"
    assert page.submit("/webhooks/1/remove").headers["Location"] == "/webhooks"
    assert hooks(page) == []


@pytest.mark.parametrize(
    "change", [{"url": "http://example.com/"}, {"submitter": ""}, {"submitter": "x" * 65}, {"events": "other"}]
)
def test_the_page_says_what_is_wrong_beside_its_field_and_keeps_what_was_typed(
    page: Desk, change: dict[str, str]
) -> None:
    response = page.submit("/webhooks", FORM | change)
    [field] = change
    assert response.status_code == 422
    assert f'id="{field}-fault"' in response.text
    if field != "url":
        assert FORM["url"] in response.text
    assert hooks(page) == []


def test_a_form_of_another_site_does_nothing(page: Desk) -> None:
    page.submit("/webhooks", FORM)
    for address in ("/webhooks", "/webhooks/1/remove", "/webhooks/1/deliveries/1/redeliver"):
        assert page.post(address, data=FORM).status_code == 403
    assert len(hooks(page)) == 1


def test_a_submitter_sees_and_changes_only_its_own_on_the_page(database_url: str, redis_url: str, vault: Vault) -> None:
    with desk(database_url, redis_url, vault, "submitter", "us", "us") as ours:
        ours.submit("/webhooks", {"url": HOOK["url"], "events": "batch.complete", "submitter": "them"})
        assert [row.texts("td")[0] for row in hooks(ours)] == ["us"]
    with desk(database_url, redis_url, vault, "submitter", "them", "them") as theirs:
        assert hooks(theirs) == []
        assert theirs.get("/webhooks/1").status_code == 404
        assert theirs.submit("/webhooks/1/remove").status_code == 404
        assert theirs.submit("/webhooks/1/deliveries/1/redeliver").status_code == 404
