"""Reviews over the API: appended like those of the page, refused when stale, for counsellors only."""

from collections.abc import Iterator
from typing import Any

import httpx
import psycopg
import pytest

from forbear.base.vault import Vault
from rules.loading.loader import DEFAULT_PACK, load
from tests.support.desk.api import api, caller, token
from tests.support.desk.cases import accepted, decided, facts_told
from tests.support.desk.desk_clients import account

WORDS = "借款人更愿意先和银行协商"


@pytest.fixture
def client(database_url: str, redis_url: str, vault: Vault) -> Iterator[httpx.Client]:
    decided(database_url, [accepted(1, "A")], vault, by=load(DEFAULT_PACK))
    with api(database_url, redis_url, vault, "counsellor", None) as opened:
        yield opened


def review(client: httpx.Client, action: str, ref: str = "A", revision: int = 1, **body: Any) -> httpx.Response:
    seen = {"confirmed": True} if action == "accept" else {}
    return client.post(f"/cases/{ref}/reviews", json={"action": action, "revision": revision, **seen, **body})


def kinds(url: str) -> list[tuple[str, str]]:
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT actor, kind FROM ledger WHERE kind = 'review' ORDER BY seq").fetchall()


def test_a_recommendation_is_accepted(client: httpx.Client, database_url: str) -> None:
    recommended = client.get("/cases/A").json()["strategy"]
    response = review(client, "accept", words=WORDS)
    done = response.json()
    assert (response.status_code, done["status"], done["revision"], done["strategy"]) == (
        201,
        "reviewed",
        2,
        recommended,
    )
    case = client.get("/cases/A").json()
    assert (case["status"], case["revision"], case["chosen_strategy"]) == ("reviewed", 2, recommended)
    assert kinds(database_url) == [("token:1", "review")]


def test_another_strategy_is_chosen_with_a_reason(client: httpx.Client) -> None:
    case = client.get("/cases/A").json()
    other = next(name for name in ("mediation", "collect_evidence") if name not in (case["strategy"], *case["blocked"]))
    done = review(client, "override", strategy=other, reason="borrower_wish", words=WORDS)
    assert (done.status_code, done.json()["strategy"]) == (201, other)


def test_an_override_without_words_names_the_field(client: httpx.Client, database_url: str) -> None:
    response = review(client, "override", strategy="mediation", reason="other", words="短")
    assert (response.status_code, response.json()["errors"][0]["field"]) == (422, "words")
    assert kinds(database_url) == []


@pytest.mark.parametrize(
    "body",
    [
        {"action": "escalate", "reason": "complex", "words": WORDS},
        {"action": "snooze", "reason": "papers", "until": "2026-12-01"},
        {"action": "ask", "questions": ["income_monthly"]},
        {"action": "outcome", "outcome": "contacted"},
        {"action": "outcome", "outcome": "closed", "why": "repaid"},
    ],
)
def test_every_action_of_the_page_is_there(client: httpx.Client, body: dict[str, Any]) -> None:
    response = client.post("/cases/A/reviews", json=body | {"revision": 1})
    assert (response.status_code, response.json().get("action")) == (201, body["action"]), response.text


def test_a_closed_case_is_opened_again(client: httpx.Client) -> None:
    review(client, "outcome", outcome="closed", why="repaid")
    assert review(client, "accept", revision=2).status_code == 422
    assert review(client, "resume", revision=2).json()["status"] == "open"


def test_an_answer_makes_a_new_version(client: httpx.Client, database_url: str) -> None:
    response = review(client, "answer", facts={"days_overdue": 5, "income_monthly": 6500.5, "lender": None})
    assert (response.status_code, response.json()["batch_id"] is not None) == (201, True), response.text
    assert client.get("/cases/A").json()["outdated"] is True
    with psycopg.connect(database_url) as connection:
        row = connection.execute("SELECT facts FROM case_version WHERE number = 2").fetchone()
    assert row is not None
    facts = facts_told(row[0], database_url)
    assert (facts["days_overdue"], facts["income_monthly"]) == (5, 650050)


def test_an_answer_that_cannot_be_names_the_fact(client: httpx.Client) -> None:
    response = review(client, "answer", facts={"days_overdue": "soon"})
    assert (response.status_code, response.json()["errors"][0]["field"]) == (422, "days_overdue")


def test_papers_are_ticked_and_ticking_them_again_changes_nothing(client: httpx.Client) -> None:
    documents = [each["id"] for each in client.get("/cases/A").json()["documents"]]
    first = review(client, "document", have=documents[:1]).json()
    second = review(client, "document", revision=first["revision"], have=documents[:1]).json()
    assert first["id"] is not None
    assert (second["id"], second["revision"]) == (None, first["revision"])


def test_a_stale_review_does_nothing_and_tells_the_newer_revision(client: httpx.Client, database_url: str) -> None:
    review(client, "accept")
    response = review(client, "accept")
    problem = response.json()
    assert (response.status_code, problem["type"], problem["revision"]) == (409, "urn:forbear:problem:stale", 2)
    assert len(kinds(database_url)) == 1


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"action": "accept"},
        {"action": "dance", "revision": 1},
        {"action": "accept", "revision": 0},
        {"action": "accept", "revision": 1, "wrods": "x"},
        {"action": "reveal", "revision": 1},
        {"action": "override", "revision": 1, "strategy": "mediation", "reason": "because", "words": WORDS},
        {"action": "answer", "revision": 1, "facts": {}},
        {"action": "accept", "revision": 1, "words": "a\0b"},
        [],
        None,
    ],
)
def test_what_is_no_action_is_refused(client: httpx.Client, database_url: str, body: Any) -> None:
    response = client.post("/cases/A/reviews", json=body)
    assert response.status_code == 422
    assert response.json()["errors"]
    assert kinds(database_url) == []


def test_a_case_without_a_decision_waits(client: httpx.Client) -> None:
    client.post(
        "/cases",
        json={"case_ref": "B", "product": "credit_card", "days_overdue": 1, "hardship": "death"},
        params={"wait": 0, "submitter": "us"},
    )
    assert review(client, "accept", "B").json()["type"] == "urn:forbear:problem:undecided"


def test_a_submitter_reviews_nothing(client: httpx.Client, database_url: str) -> None:
    address = str(client.base_url).removesuffix("/api/v1/")
    with caller(address, token(database_url, account(database_url, "us", "submitter", "us"))) as submitter:
        response = review(submitter, "accept")
    assert (response.status_code, response.json()["type"]) == (403, "urn:forbear:problem:role")
    assert kinds(database_url) == []


def test_a_case_that_a_colleague_holds_is_theirs(client: httpx.Client, database_url: str) -> None:
    review(client, "accept")
    address = str(client.base_url).removesuffix("/api/v1/")
    with caller(address, token(database_url, account(database_url, "li"))) as colleague:
        assert review(colleague, "resume", revision=2).status_code == 422
    with caller(address, token(database_url, account(database_url, "zhao", "supervisor"))) as supervisor:
        assert review(supervisor, "resume", revision=2).status_code == 201


def test_the_strategy_chosen_is_the_one_of_the_case(client: httpx.Client) -> None:
    recommended = client.get("/cases/A").json()["strategy"]
    chosen = "counsellor_review" if recommended != "counsellor_review" else "card_plan"
    given: dict[str, Any] = {"strategy": chosen, "reason": "borrower_wish", "words": WORDS}
    assert review(client, "override", **given).status_code == 201
    found = client.get("/cases/A").json()
    assert (found["strategy"], found["recommended"], found["chosen_strategy"]) == (chosen, recommended, chosen)
    assert found["plan_for_client"]["sentence"]["zh"]


def test_what_is_unclear_is_accepted_only_when_confirmed(client: httpx.Client) -> None:
    assert not client.get("/cases/A").json()["certain"]
    refused = client.post("/cases/A/reviews", json={"action": "accept", "revision": 1})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "confirmed")
    assert review(client, "accept").status_code == 201


def test_what_was_done_is_read_back_without_what_was_written(client: httpx.Client) -> None:
    assert client.get("/cases/A/reviews").json() == {"reviews": []}
    case = client.get("/cases/A").json()
    review(client, "accept", words=WORDS)
    review(client, "escalate", revision=2, reason="complex", words=WORDS)
    found = client.get("/cases/A/reviews")
    done = found.json()["reviews"]
    assert [(each["action"], each["strategy"], each["reason"]) for each in done] == [
        ("escalate", None, "complex"),
        ("accept", case["strategy"], None),
    ]
    assert done[1]["decision_id"] == case["decision_id"] and done[1]["by"]
    assert WORDS not in found.text
    assert client.get("/cases/none/reviews").status_code == 404


@pytest.mark.parametrize(
    ("body", "field", "told"),
    [
        ({"action": "override", "strategy": "mediation", "reason": "mood", "words": WORDS}, "reason", "borrower_wish"),
        ({"action": "acept"}, "action", "override"),
        ({"action": "accept", "revison": 1}, "revison", "no such field"),
        ({}, "action", "missing"),
        ({"action": "document", "have": ["nonsense"]}, "have", "does not have: nonsense"),
        ({"action": "ask", "questions": ["income_monthly", "nonsense"]}, "questions", "nonsense"),
    ],
)
def test_what_is_wrong_is_named_as_it_was_sent_with_what_is_allowed(
    client: httpx.Client, body: dict[str, Any], field: str, told: str
) -> None:
    response = client.post("/cases/A/reviews", json={"revision": 1, **body})
    (fault,) = response.json()["errors"]
    assert (response.status_code, fault["field"]) == (422, field)
    assert told in fault["en"] and (
        told in fault["zh"] or told in ("missing", "no such field", "does not have: nonsense")
    )
