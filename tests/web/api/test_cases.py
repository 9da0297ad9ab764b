"""Cases over the API: one handed in is answered with its decision, by any reference, only one's own."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import httpx
import psycopg
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as limits
from hypothesis import strategies as st

from forbear.base.vault import Vault
from tests.support.desk.api import CASE, api, caller, token
from tests.support.desk.cases import accepted, decided, facts_told, submitted, triaged
from tests.support.desk.desk_clients import account


@pytest.fixture
def client(database_url: str, redis_url: str, vault: Vault) -> Iterator[httpx.Client]:
    with api(database_url, redis_url, vault) as opened:
        yield opened


@contextmanager
def worker(url: str, vault: Vault) -> Iterator[None]:
    """Decides whatever is pending, as a worker would, until the block ends."""
    stop = threading.Event()

    def work() -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            while not stop.wait(0.02):
                rows = connection.execute("SELECT id FROM chunk WHERE status = 'pending'").fetchall()
                triaged(url, vault, [chunk for (chunk,) in rows])

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def test_a_case_is_answered_with_its_decision(client: httpx.Client, database_url: str, vault: Vault) -> None:
    with worker(database_url, vault):
        response = client.post("/cases", json=CASE, params={"wait": 30})
    case = response.json()
    assert response.status_code == 201
    assert response.headers["Location"] == "/api/v1/cases/C1"
    assert (case["case_ref"], case["status"], case["submitter"], case["revision"]) == ("C1", "open", "us", 1)
    assert case["strategy_label"].keys() == {"zh", "en"}
    assert client.get("/cases/C1").json() == case


def test_the_same_case_again_is_the_same_case(client: httpx.Client, database_url: str, vault: Vault) -> None:
    with worker(database_url, vault):
        first = client.post("/cases", json=CASE, params={"wait": 30})
        second = client.post("/cases", json=CASE, params={"wait": 30})
        third = client.post("/cases", json=CASE | {"days_overdue": 101}, params={"wait": 30})
    assert (first.status_code, second.status_code, third.status_code) == (201, 200, 201)
    assert first.json() == second.json()


def test_a_case_that_takes_longer_is_answered_with_where_to_ask(
    client: httpx.Client, database_url: str, vault: Vault
) -> None:
    response = client.post("/cases", json=CASE, params={"wait": 0})
    assert (response.status_code, response.json()["status"]) == (202, "pending")
    again = client.get(response.headers["Location"].removeprefix("/api/v1"))
    assert (again.status_code, again.json()) == (202, response.json())
    triaged(database_url, vault, [1])
    assert client.get("/cases/C1").status_code == 200


def test_a_case_that_could_not_be_evaluated_is_told(client: httpx.Client, database_url: str) -> None:
    def fail() -> None:
        with psycopg.connect(database_url, autocommit=True) as connection:
            while not connection.execute("UPDATE chunk SET status = 'failed'").rowcount:
                pass
            connection.execute("UPDATE batch SET status = 'complete', completed_at = now()")

    thread = threading.Thread(target=fail)
    thread.start()
    response = client.post("/cases", json=CASE, params={"wait": 30})
    thread.join()
    assert (response.status_code, response.json()["status"]) == (202, "failed")


def test_every_fault_of_a_case_is_told_by_field(client: httpx.Client, database_url: str) -> None:
    given = {"case_ref": "C1", "product": "credit_card", "days_overdue": -1, "notes": "客户说不想活了"}
    response = client.post("/cases", json=given, headers={"Accept-Language": "en"})
    problem = response.json()
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.status_code == 422
    assert problem["danger"]
    assert problem["detail"].startswith("[Call the person first]")
    assert {error["field"] for error in problem["errors"]} == {"days_overdue", "hardship"}
    assert all(error["zh"] and error["en"] for error in problem["errors"])
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT FROM batch").fetchall() == []


def test_an_empty_case_lacks_what_is_required(client: httpx.Client) -> None:
    errors = client.post("/cases", json={}).json()["errors"]
    assert {error["field"] for error in errors} == {"case_ref", "product", "days_overdue", "hardship"}


def test_a_case_may_be_in_chinese(client: httpx.Client) -> None:
    case = {"案件编号": "甲-1", "贷款产品": "信用卡", "逾期天数": "45天", "困难原因": "失业"}
    response = client.post("/cases", json=case, params={"wait": 0})
    assert (response.status_code, response.json()["case_ref"]) == (202, "甲-1")


def test_a_fact_given_twice_is_refused(client: httpx.Client) -> None:
    response = client.post("/cases", json=CASE | {"案件编号": "C2"})
    assert (response.status_code, response.json()["type"]) == (422, "urn:forbear:problem:unreadable")


def test_numbers_are_read_as_they_were_written(client: httpx.Client, database_url: str) -> None:
    body = json.dumps(CASE)[:-1] + ', "annual_rate_percent": 18.25, "balance": 12345678.90}'
    headers = {"Content-Type": "application/json"}
    assert client.post("/cases", content=body, params={"wait": 0}, headers=headers).status_code == 202
    with psycopg.connect(database_url) as connection:
        row = connection.execute("SELECT facts FROM case_version").fetchone()
    assert row is not None
    facts = facts_told(row[0], database_url)
    assert (facts["annual_rate_percent"], facts["balance"]) == (1825, 1234567890)


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        (b"", 400, "not_json"),
        (b"{", 400, "not_json"),
        (b"\xff\xfe", 400, "not_json"),
        (b"[" * 100_000, 400, "not_json"),
        (b"[]", 400, "not_object"),
        (b'"C1"', 400, "not_object"),
        (b"null", 400, "not_object"),
    ],
)
def test_what_is_no_object_is_refused(client: httpx.Client, body: bytes, status: int, kind: str) -> None:
    response = client.post("/cases", content=body, headers={"Content-Type": "application/json"})
    assert (response.status_code, response.json()["type"]) == (status, f"urn:forbear:problem:{kind}")


def test_what_does_not_say_it_is_json_is_refused(client: httpx.Client) -> None:
    response = client.post("/cases", content=json.dumps(CASE), headers={"Content-Type": "text/plain"})
    assert response.status_code == 415


@pytest.mark.parametrize("value", ["\ud800", "a\0b", "x" * 65, "", " ", {"a": 1}, [1], 1e400, True])
def test_a_reference_that_cannot_be_is_refused_or_taken_but_never_breaks(client: httpx.Client, value: object) -> None:
    headers = {"Content-Type": "application/json"}
    response = client.post(
        "/cases", content=json.dumps(CASE | {"case_ref": value}), params={"wait": 0}, headers=headers
    )
    assert response.status_code in (202, 422)


REFS = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), min_size=1, max_size=64).filter(
    lambda ref: ref.strip() == ref and ref not in (".", "..")
)


@limits(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(REFS)
def test_a_case_is_found_by_whatever_reference_it_has(client: httpx.Client, ref: str) -> None:
    made = client.post("/cases", json=CASE | {"case_ref": ref}, params={"wait": 0})
    if made.status_code == 202:  # some of these characters are no reference
        kept = made.json()["case_ref"]
        found = client.get(made.headers["Location"].removeprefix("/api/v1"))
        assert (found.status_code, found.json()["case_ref"]) == (202, kept)


@pytest.mark.parametrize(
    "ref", ["a/b", "a/reviews", "reviews", "?a=b", "#", "100%", "a b", "案/件", "a//b", "/a", "a/"]
)
def test_a_reference_may_look_like_an_address(client: httpx.Client, database_url: str, vault: Vault, ref: str) -> None:
    decided(database_url, [accepted(1, ref)], vault)
    assert client.get(f"/cases/{quote(ref, safe='')}").json()["case_ref"] == ref
    review = {"action": "accept", "confirmed": True, "revision": 1}
    with caller(str(client.base_url).removesuffix("/api/v1/"), token(database_url, account(database_url))) as other:
        assert other.post(f"/cases/{quote(ref, safe='')}/reviews", json=review).status_code == 201


@pytest.mark.parametrize("ref", ["nobody", "%00", "a%00b", "%FF"])
def test_a_case_that_is_none_is_told(client: httpx.Client, ref: str) -> None:
    assert client.get(f"/cases/{ref}").status_code == 404


def test_a_case_of_another_submitter_is_no_case(client: httpx.Client, database_url: str, vault: Vault) -> None:
    decided(database_url, [accepted(1, "theirs")], vault, submitter="them")
    other, none = client.get("/cases/theirs"), client.get("/cases/nobody")
    assert (other.status_code, other.json()) == (404, none.json())
    assert client.get("/cases/theirs", params={"submitter": "them"}).status_code == 403
    assert client.get("/cases").json() == {"cases": [], "next": None, "last": True}


def test_two_submitters_may_use_one_reference(client: httpx.Client, database_url: str, vault: Vault) -> None:
    decided(database_url, [accepted(1, "A")], vault)
    decided(database_url, [accepted(1, "A", days_overdue=5)], vault, submitter="them")
    assert client.get("/cases/A").json()["submitter"] == "us"
    with caller(str(client.base_url).removesuffix("/api/v1/"), token(database_url, account(database_url))) as other:
        problem = other.get("/cases/A")
        assert (problem.status_code, problem.json()["submitters"]) == (409, ["them", "us"])
        assert other.get("/cases/A", params={"submitter": "them"}).json()["submitter"] == "them"


def test_newer_facts_that_wait_are_told(client: httpx.Client, database_url: str, vault: Vault) -> None:
    decided(database_url, [accepted(1, "A")], vault)
    assert client.get("/cases/A").json()["outdated"] is False
    submitted(database_url, [accepted(1, "A", days_overdue=5)], vault)
    assert client.get("/cases/A").json()["outdated"] is True


def test_cases_are_listed_most_urgent_first_in_pages(client: httpx.Client, database_url: str, vault: Vault) -> None:
    rows = [accepted(n, f"C{n}", violence=True if n == 4 else None) for n in range(1, 6)]
    decided(database_url, rows, vault)
    seen: list[dict[str, Any]] = []
    after = None
    while True:
        page = client.get("/cases", params={"limit": 2} | ({"after": after} if after else {})).json()
        seen += page["cases"]
        after = page["next"]
        if after is None:
            break
    assert len({case["case_ref"] for case in seen}) == 5
    assert [case["urgency"] for case in seen] == sorted(case["urgency"] for case in seen)
    assert all(client.get(case["address"].removeprefix("/api/v1")).status_code == 200 for case in seen)
    one = client.get("/cases", params={"ref": "C3"}).json()["cases"]
    assert [case["case_ref"] for case in one] == ["C3"]


def test_nothing_personal_is_answered(client: httpx.Client, database_url: str, vault: Vault) -> None:
    private = {"phone": "13800000001", "id_number": "000000190001000001", "notes": "家里有老人"}
    decided(database_url, [accepted(1, "A", private)], vault)
    said = client.get("/cases/A").text + client.get("/cases").text
    assert not any(value in said for value in private.values())


def test_a_key_that_is_no_fact_is_told_or_refused(client: httpx.Client, database_url: str, vault: Vault) -> None:
    wrong = {**CASE, "case_ref": "C9", "incme_monthly": 9000}
    refused = client.post("/cases?strict=true", json=wrong)
    assert (refused.status_code, [each["field"] for each in refused.json()["errors"]]) == (422, ["incme_monthly"])
    assert client.get("/cases/C9").status_code == 404
    with worker(database_url, vault):
        told = client.post("/cases?wait=30", json=wrong)
    assert (told.status_code, told.json()["unused"]) == (201, ["incme_monthly"])
    assert client.get("/cases/C9").json()["unused"] == []
    listed = client.post("/batches?strict=true", json=[{**wrong, "case_ref": "C10"}])
    assert (listed.status_code, listed.json()["errors"][0]["field"]) == (422, "incme_monthly")


def test_an_answer_never_mixes_two_decisions(client: httpx.Client, database_url: str, vault: Vault) -> None:
    with worker(database_url, vault):
        client.post("/cases?wait=30", json=CASE)
        past = client.post("/cases?wait=30&as_of=2026-10-01", json=CASE).json()
    now = client.get("/cases/C1").json()
    for answered in (past, now):
        with psycopg.connect(database_url) as connection:
            row = connection.execute("SELECT as_of FROM decision WHERE id = %s", [answered["decision_id"]]).fetchone()
        assert row is not None and row[0].isoformat() == answered["as_of"]


def test_a_key_twice_is_told_by_its_name(client: httpx.Client) -> None:
    body = '{"case_ref": "C1", "product": "credit_card", "days_overdue": 45, "days_overdue": 90}'
    response = client.post("/cases", content=body, headers={"Content-Type": "application/json"})
    assert (response.status_code, response.json()["type"]) == (400, "urn:forbear:problem:key_twice")
    assert response.json()["detail"].startswith("days_overdue is in the object twice")
