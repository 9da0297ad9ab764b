"""The feed of events: every decision and review, each once, in one order, and of one's own only."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from forbear.base.vault import Vault
from forbear.webhooks import feed
from tests.support.desk.api import api, caller, token
from tests.support.desk.cases import accepted, decided
from tests.support.desk.desk_clients import account


@pytest.fixture
def client(database_url: str, redis_url: str, vault: Vault) -> Iterator[httpx.Client]:
    decided(database_url, [accepted(1, "A"), accepted(2, "B"), accepted(3, "C")], vault)
    with api(database_url, redis_url, vault, "counsellor", None) as opened:
        yield opened


def followed(client: httpx.Client, after: int = 0, **asked: str) -> tuple[list[dict[str, Any]], int]:
    """Everything since, page by page, and where to go on."""
    found = []
    while True:
        page = client.get("/events", params={"after": after, **asked}).raise_for_status().json()
        found += page["events"]
        after = page["next"]
        if page["last"]:
            return found, after


def test_decisions_and_reviews_come_once_and_in_order(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "SCANNED", 2)
    decisions, last = followed(client)
    assert [(each["kind"], each["case_ref"]) for each in decisions] == [("decision", ref) for ref in "ABC"]
    case = client.get("/cases/B").json()
    assert (decisions[1]["decision_id"], decisions[1]["strategy"]) == (case["decision_id"], case["strategy"])
    done = {"action": "escalate", "reason": "complex", "words": "请督导看一下这个案件的情况", "revision": 1}
    assert client.post("/cases/B/reviews", json=done).status_code == 201
    since, newest = followed(client, last)
    (review,) = since
    assert (review["kind"], review["case_ref"], review["action"], review["reason"]) == (
        "review",
        "B",
        "escalate",
        "complex",
    )
    assert review["decision_id"] == case["decision_id"] and review["urgency"] is None
    assert followed(client, newest) == ([], newest)


def test_a_submitter_hears_of_its_own_cases_only(client: httpx.Client, database_url: str, vault: Vault) -> None:
    decided(database_url, [accepted(1, "Z")], vault, submitter="rival")
    address = str(client.base_url).removesuffix("/api/v1/")
    with caller(address, token(database_url, account(database_url, "rival", "submitter", "rival"))) as other:
        assert [each["case_ref"] for each in followed(other)[0]] == ["Z"]
        assert other.get("/events", params={"submitter": "local"}).status_code == 403
    assert [each["case_ref"] for each in followed(client, submitter="rival")[0]] == ["Z"]
    assert len(followed(client)[0]) == 4
