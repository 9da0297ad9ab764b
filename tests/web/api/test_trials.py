"""A trial says what a case would come to, and leaves nothing behind: no row, no entry, no work for a counsellor."""

from collections.abc import Iterator
from typing import Any

import httpx
import psycopg
import pytest

from forbear.base.vault import Vault
from tests.support.desk.api import CASE, api
from tests.web.api.test_cases import worker

TABLES = ('"case"', "case_version", "batch", "chunk", "decision", "desk_case", "delivery", "ledger", "daily_tally")


@pytest.fixture
def client(database_url: str, redis_url: str, vault: Vault) -> Iterator[httpx.Client]:
    with api(database_url, redis_url, vault) as opened:
        yield opened


def rows(url: str) -> dict[str, int]:
    with psycopg.connect(url) as connection:
        return {each: len(connection.execute(f"SELECT FROM {each}".encode()).fetchall()) for each in TABLES}


def tried(client: httpx.Client, *cases: dict[str, Any], **asked: str) -> list[dict[str, Any]]:
    response = client.post("/trials", json={"cases": list(cases)}, params=asked)
    assert response.status_code == 200, response.text
    trials: list[dict[str, Any]] = response.json()["trials"]
    return trials


def test_a_trial_is_the_decision_that_would_be_made(client: httpx.Client, database_url: str, vault: Vault) -> None:
    case = {**CASE, "income_monthly": 6500, "essential_outgoings": 3800, "monthly_due": 1500, "incme": 1}
    before = rows(database_url)
    (trial,) = tried(client, case)
    assert rows(database_url) == before, "nothing is kept"
    assert client.get("/cases/C1").status_code == 404
    with worker(database_url, vault):
        made = client.post("/cases?wait=30", json=case).json()
    assert trial["decision"] == {name: made[name] for name in trial["decision"]}
    assert (trial["errors"], trial["danger"], trial["unused"]) == ([], False, ["incme"])


def test_danger_and_refusals_are_told_as_they_would_be(client: httpx.Client, database_url: str) -> None:
    before = rows(database_url)
    notes = "想自杀，不想活了"
    danger, refused, both = tried(
        client, {**CASE, "notes": notes}, {"case_ref": "X-1"}, {"case_ref": "X-2", "notes": notes}
    )
    assert danger["danger"] and danger["decision"]["safety_hold"] and danger["decision"]["plan_options"] == []
    assert refused["decision"] is None and not refused["danger"]
    assert {each["field"] for each in refused["errors"]} == {"product", "days_overdue", "hardship"}
    assert both["danger"] and both["errors"]
    assert rows(database_url) == before


def test_the_day_may_be_another_and_none_to_come(client: httpx.Client) -> None:
    (trial,) = tried(client, CASE, as_of="2026-10-01")
    assert trial["decision"]["as_of"] == "2026-10-01"
    assert client.post("/trials?as_of=2029-01-01", json={"cases": [CASE]}).status_code == 422


@pytest.mark.parametrize("body", [{}, {"cases": []}, {"cases": [1]}, {"cases": {}}, {"cases": [CASE] * 101}, CASE])
def test_what_is_no_list_of_cases_is_refused(client: httpx.Client, body: dict[str, Any]) -> None:
    response = client.post("/trials", json=body)
    assert (response.status_code, response.json()["type"]) == (422, "urn:forbear:problem:trial")
