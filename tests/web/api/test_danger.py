"""Danger over the API: what is withheld, contact recorded, crises listed, cases that could not be evaluated."""

import csv
import io
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from forbear.base.vault import Vault
from rules.loading.loader import DEFAULT_PACK, load
from tests.support.desk.api import api
from tests.support.desk.cases import accepted, decided
from tests.support.desk.failed_cases import fails, put
from tests.web.pages.test_crisis import CRISIS, MONEY, PERSON

HALF_AN_HOUR_LATER = "2026-11-23T08:30:00Z"


@pytest.fixture
def client(database_url: str, redis_url: str, vault: Vault) -> Iterator[httpx.Client]:
    rows = [
        accepted(1, "LIFE", {"notes": CRISIS, **PERSON}, borrower_ref="B", **MONEY),
        accepted(2, "BESIDE", {}, borrower_ref="B", **MONEY),
        accepted(3, "ASK", {"notes": "没有轻生念头"}, **MONEY),
        accepted(4, "CALM", {}, **MONEY),
    ]
    decided(database_url, rows, vault, by=load(DEFAULT_PACK))
    with api(database_url, redis_url, vault, "counsellor", None) as opened:
        yield opened


def contact(client: httpx.Client, ref: str = "LIFE", **body: Any) -> httpx.Response:
    revision = client.get(f"/cases/{ref}").json()["revision"]
    return client.post(f"/cases/{ref}/reviews", json={"action": "contact", "revision": revision, **body})


def results(client: httpx.Client, ending: str = "json") -> dict[str, Any]:
    batch = client.get("/cases/CALM").json()["batch_id"]
    found = client.get(f"/batches/{batch}/results?format={ending}").raise_for_status()
    rows = found.json() if ending == "json" else csv.DictReader(io.StringIO(found.text.removeprefix("\ufeff")))
    return {row["case_ref"]: row for row in rows}


def test_nothing_is_given_by_case_or_in_results_before_the_question_is_answered(client: httpx.Client) -> None:
    for ref, grade in (("LIFE", "explicit"), ("BESIDE", "explicit"), ("ASK", "possible")):
        for case in (client.get(f"/cases/{ref}").json(), results(client)[ref]):
            assert (case["plan_options"], case["recourse"]) == ([], []), ref
            assert case["safety_hold"]["grade"] == grade and case["safety_hold"]["text"]["zh"]
        assert results(client, "csv")[ref]["plan_options"] == "" and results(client, "csv")[ref]["safety_hold"]
    assert client.get("/cases/BESIDE").json()["steps"] == []
    assert client.get("/cases/BESIDE").json()["safety_hold"]["beside"] == "LIFE"
    calm = results(client)["CALM"]
    assert calm["safety_hold"] is None and calm["plan_options"] and calm["steps"]


def test_contact_is_recorded_and_only_somebody_safe_lifts_it(client: httpx.Client) -> None:
    assert contact(client, result="reached").json()["errors"][0]["field"] == "safety"
    assert contact(client, result="no_answer").status_code == 201
    case = client.get("/cases/LIFE").json()
    assert (case["status"], case["danger"], case["call_at"]) == ("open", "explicit", HALF_AN_HOUR_LATER)
    assert contact(client, result="no_answer", next_call="2026-11-23T18:00:00+08:00").status_code == 201
    assert client.get("/cases/LIFE").json()["call_at"] == "2026-11-23T10:00:00Z"
    assert contact(client, result="no_answer", next_call="2026-11-23T18:00:00").status_code == 422, "no time zone"
    assert contact(client, result="reached", safety="safe", words="妹妹陪着，约好明天再聊").status_code == 201
    assert client.get("/cases/LIFE").json()["safety_hold"] is None
    assert client.get("/cases/BESIDE").json()["plan_options"] != []
    assert contact(client, result="no_answer").status_code == 422, "nothing is left to be settled"


def test_what_cannot_be_done_in_danger_says_so(client: httpx.Client) -> None:
    for action, body in (("accept", {}), ("snooze", {"until": "2026-12-01", "reason": "papers"})):
        refused = client.post("/cases/ASK/reviews", json={"action": action, "revision": 1, **body})
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, action)


def test_words_of_a_review_raise_a_case(client: httpx.Client) -> None:
    body = {
        "action": "outcome",
        "revision": 1,
        "outcome": "contacted",
        "words": "he says he wants to die, no reason to live",
    }
    assert client.post("/cases/CALM/reviews", json=body).status_code == 201
    case = client.get("/cases/CALM").json()
    assert (case["danger"], case["urgency"], case["plan_options"]) == ("explicit", "U0", [])


def test_crises_are_listed_first_and_by_themselves(client: httpx.Client) -> None:
    assert [case["case_ref"] for case in client.get("/cases").json()["cases"]] == ["LIFE", "BESIDE", "ASK", "CALM"]
    assert [case["case_ref"] for case in client.get("/cases?crisis=no_contact").json()["cases"]] == ["LIFE"]
    first = client.get("/cases?limit=1").json()
    rest = client.get("/cases", params={"after": first["next"]}).json()["cases"]
    assert [case["case_ref"] for case in rest] == ["BESIDE", "ASK", "CALM"]


def test_a_case_that_could_not_be_evaluated_is_answered_and_listed(
    client: httpx.Client, database_url: str, vault: Vault
) -> None:
    fails(database_url, vault, accepted(1, "FAILED", {"notes": CRISIS}, **MONEY))
    put(database_url, vault)
    case = client.get("/cases/FAILED").json()
    assert (case["strategy"], case["urgency"], case["danger"]) == ("counsellor_review", "U0", "explicit")
    assert case["decision_id"] is None and case["failed_at"] and case["plan_options"] == []
    assert "FAILED" in [each["case_ref"] for each in client.get("/cases?crisis=all").json()["cases"]]
    assert contact(client, "FAILED", result="no_answer").status_code == 201
