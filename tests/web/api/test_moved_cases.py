"""A program that asks for the cases that moved keeps a record that is right, whatever moved them and however late."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import httpx
import psycopg
import pytest
from sqlmodel import select

from forbear.accounts.accounts import viewer_of
from forbear.base.vault import Vault
from forbear.case import acting
from forbear.case.actions import ACTIONS
from forbear.desk import changes, maintenance, siblings
from models.account import Account
from models.database.session import session
from models.desk import WorklistItem
from rules.loading.loader import DEFAULT_PACK, load
from tests.support.desk.api import api, caller, token
from tests.support.desk.cases import NOW, accepted, decided, engine_of, working, working_as
from tests.support.desk.desk_clients import account
from tests.support.desk.failed_cases import fails, put

PACK = load(DEFAULT_PACK)
PHONE = {"phone": "13800138000"}


class Mirror:
    """A program's own record of cases, kept by nothing but the cases that moved."""

    def __init__(self, client: httpx.Client) -> None:
        self.client, self.at, self.cases = client, "0", dict[str, dict[str, Any]]()

    def follow(self) -> list[str]:
        """Ask until nothing more moved; answers what did."""
        moved: list[str] = []
        while True:
            page = self.client.get("/cases", params={"updated_after": self.at, "limit": 2}).raise_for_status().json()
            self.cases |= {case["case_ref"]: case for case in page["cases"]}
            moved += [case["case_ref"] for case in page["cases"]]
            self.at = page["next"]
            if page["last"]:
                return moved

    def is_true(self) -> bool:
        """Whether the record says what the whole queue says."""
        whole = self.client.get("/cases", params={"limit": 200}).raise_for_status().json()["cases"]
        return self.cases == {case["case_ref"]: case for case in whole}


@pytest.fixture
def client(database_url: str, redis_url: str, vault: Vault) -> Iterator[httpx.Client]:
    decided(database_url, [accepted(n, ref, PHONE) for n, ref in enumerate("ABCD", 1)], vault, by=PACK)
    with api(database_url, redis_url, vault, "counsellor", None) as opened:
        yield opened


def acted(client: httpx.Client, ref: str, **action: Any) -> None:
    revision = client.get(f"/cases/{ref}").json()["revision"]
    client.post(f"/cases/{ref}/reviews", json={**action, "revision": revision}).raise_for_status()


def test_whatever_moves_a_case_is_followed(
    client: httpx.Client, database_url: str, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "SCANNED", 3)
    mirror = Mirror(client)
    assert sorted(mirror.follow()) == ["A", "B", "C", "D"] and mirror.is_true()
    assert mirror.follow() == []

    decided(database_url, [accepted(1, "A", PHONE, days_overdue=7), accepted(2, "B", PHONE)], vault, by=PACK)
    assert mirror.follow() == ["A"] and mirror.is_true(), "new facts of one case, the same of another"

    acted(client, "B", action="snooze", until="2026-12-08", reason="lender_answer")
    assert mirror.follow() == ["B"] and mirror.cases["B"]["status"] == "snoozed" and mirror.is_true()

    later = NOW + dt.timedelta(days=30)
    with working(database_url, vault, later) as work:
        assert maintenance.bring_back(work) == 1
    assert mirror.follow() == ["B"] and mirror.cases["B"]["status"] == "open" and mirror.is_true()
    assert dt.datetime.fromisoformat(mirror.cases["B"]["updated_at"]) == later

    fails(database_url, vault, accepted(1, "E"), accepted(1, "C", PHONE, days_overdue=9))
    put(database_url, vault)
    assert set(mirror.follow()) == {"C", "E"} and mirror.cases["C"]["failed_at"] and mirror.is_true()

    danger = {**PHONE, "notes": "想自杀，不想活了"}
    decided(database_url, [accepted(1, "F", danger)], vault, by=PACK)
    assert set(mirror.follow()) == {"A", "B", "C", "D", "F"} and mirror.is_true(), "a crisis stands over the others"

    with psycopg.connect(database_url) as connection:  # as two transactions that could not see each other leave it
        connection.execute("UPDATE desk_case SET crisis_beside = false WHERE case_ref = 'D'")
    with working(database_url, vault) as work:
        assert siblings.reconcile(work) == 1
    assert mirror.follow() == ["D"] and mirror.is_true()


def test_what_is_committed_late_is_not_missed(client: httpx.Client, database_url: str, vault: Vault) -> None:
    """One transaction begins and changes a case; another does so after it and commits before it."""
    mirror = Mirror(client)
    mirror.follow()
    who = account(database_url, "li", "supervisor")
    with engine_of(database_url) as engine, session(engine) as opened:
        viewer = viewer_of(opened.get_one(Account, who))
    given = {"reason": "complex", "words": "请督导看一下这个案件的情况"}

    with working_as(viewer, database_url, vault, NOW) as first:
        (one,) = first.session.exec(select(WorklistItem.case_id).where(WorklistItem.case_ref == "A"))
        acting.act(first, one, 1, ACTIONS["escalate"], lambda _: given)
        with working_as(viewer, database_url, vault, NOW + dt.timedelta(seconds=5)) as second:
            (other,) = second.session.exec(select(WorklistItem.case_id).where(WorklistItem.case_ref == "B"))
            acting.act(second, other, 1, ACTIONS["escalate"], lambda _: given)
        assert mirror.follow() == ["B"]
    assert mirror.follow() == ["A"] and mirror.is_true()


def test_a_moment_begins_where_a_number_would(client: httpx.Client, database_url: str, vault: Vault) -> None:
    def since(moment: dt.datetime) -> list[str]:
        page = client.get("/cases", params={"updated_after": moment.isoformat()}).raise_for_status().json()
        assert page["last"]
        return [case["case_ref"] for case in page["cases"]]

    tick = dt.timedelta(microseconds=1)
    assert since(NOW - tick) == ["A", "B", "C", "D"]
    assert since(NOW) == []
    with working(database_url, vault, NOW + tick) as work:
        work.note("moved", "case:2", {"why": "returned"})
    assert since(NOW) == ["B"]
    assert since(NOW + tick) == []
    page = client.get("/cases", params={"updated_after": "2030-01-01T00:00:00Z"}).json()
    assert Mirror(client).follow() and client.get("/cases", params={"updated_after": page["next"]}).json()["last"]


def test_one_hears_of_ones_own_cases_alone(client: httpx.Client, database_url: str, vault: Vault) -> None:
    decided(database_url, [accepted(1, "Z")], vault, submitter="rival", by=PACK)
    address = str(client.base_url).removesuffix("/api/v1/")
    with caller(address, token(database_url, account(database_url, "rival", "submitter", "rival"))) as other:
        assert Mirror(other).follow() == ["Z"]
    assert client.get("/cases?updated_after=0&submitter=rival").json()["cases"][0]["case_ref"] == "Z"


@pytest.mark.parametrize("asked", ["urgency=U0", "strategy=x", "ref=A", "crisis=all", "after=1_U0_1_1"])
def test_what_moved_is_not_narrowed_for_a_case_would_leave_unseen(client: httpx.Client, asked: str) -> None:
    response = client.get(f"/cases?updated_after=0&{asked}")
    assert response.status_code == 422
    assert [each["field"] for each in response.json()["errors"]] == [asked.split("=")[0]]


@pytest.mark.parametrize("asked", ["-1", "x", "2026-11-01T00:00:00", str(2**63), ""])
def test_what_is_no_place_is_refused(client: httpx.Client, asked: str) -> None:
    response = client.get("/cases", params={"updated_after": asked})
    assert response.status_code == 422
    assert {each["field"].split(".")[0] for each in response.json()["errors"]} == {"updated_after"}


def test_a_line_has_what_its_case_has(client: httpx.Client) -> None:
    for line in client.get("/cases").json()["cases"]:
        case = client.get(line["address"].removeprefix("/api/v1")).json()
        assert line["facts"] and line["decision_id"] and line["revision"] and line["submitter"] == "us"
        shared = set(line) & set(case)
        assert {"facts", "decision_id", "revision", "status", "submitter", "updated_at", "due_at"} <= shared
        assert {name: line[name] for name in shared} == {name: case[name] for name in shared}


def test_a_line_of_results_can_be_reviewed_as_it_stands(client: httpx.Client, database_url: str, vault: Vault) -> None:
    batch = client.get("/batches").json()["batches"][0]["id"]
    lines = [httpx.Response(200, content=each).json() for each in client.get(f"/batches/{batch}/results").iter_lines()]
    assert [(each["case_ref"], each["submitter"], each["status"], each["current"]) for each in lines] == [
        (ref, "us", "open", True) for ref in "ABCD"
    ]
    case = client.get("/cases/A").json()
    assert {name: lines[0][name] for name in set(lines[0]) & set(case)} == {
        name: case[name] for name in set(lines[0]) & set(case)
    }
    done = {"action": "accept", "confirmed": True, "revision": lines[0]["revision"]}
    assert client.post("/cases/A/reviews", json=done).status_code == 201
    decided(database_url, [accepted(1, "B", PHONE, days_overdue=7)], vault, by=PACK)
    table = client.get(f"/batches/{batch}/results?format=csv").text.splitlines()
    head, first, second, *_ = (row.split(",") for row in table)
    assert head[-9:] == [
        "submitter",
        "decision_id",
        "decided_at",
        "current",
        "revision",
        "status",
        "chosen_strategy",
        "due_at",
        "follow_up_at",
    ]
    assert first[-6:-3] == ["true", "2", "reviewed"]
    assert second[-6:-3] == ["false", "2", "open"]


def test_an_answer_is_as_much_as_is_asked_for(client: httpx.Client) -> None:
    whole = client.get("/cases/A").json()
    some = client.get("/cases/A", params={"fields": "strategy, facts,strategy_label", "lang": "en"}).json()
    label = {"zh": "", "en": whole["strategy_label"]["en"]}
    assert some == {"strategy": whole["strategy"], "facts": whole["facts"], "strategy_label": label}
    english = client.get("/cases/A?lang=en").json()
    assert english.keys() == whole.keys() and english["reasons"][0]["text"]["zh"] == ""
    listed = client.get("/cases?fields=case_ref,revision&limit=2").json()
    assert [each.keys() for each in listed["cases"]] == [{"case_ref", "revision"}] * 2 and listed["next"]
    batch = client.get("/batches").json()["batches"][0]["id"]
    lines = client.get(f"/batches/{batch}/results?fields=case_ref&lang=zh").text.splitlines()
    assert lines == [f'{{"case_ref":"{ref}"}}' for ref in "ABCD"]
    for address, field in (
        ("/cases/A?fields=x", "fields"),
        ("/cases?fields=facts,reasons", "fields"),
        ("/cases/A?lang=fr", "lang"),
        (f"/batches/{batch}/results?format=csv&lang=zh", "lang"),
        (f"/batches/{batch}/results?fields=", "fields"),
    ):
        refused = client.get(address)
        assert (refused.status_code, [each["field"] for each in refused.json()["errors"]]) == (422, [field]), address
