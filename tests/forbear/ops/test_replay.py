"""A stored decision comes out the same again, and a changed one does not."""

import datetime as dt
from typing import Any

import psycopg
import pytest

from forbear.ops import replay
from forbear.ops.replay import Replayed
from models.database.session import snapshot
from rules.loading.loader import DEFAULT_PACK, load
from tests.support.desk.cases import VAULT, accepted, decided, engine_of, many
from tests.support.old.old_decisions import without_bodies


def replayed(url: str, submitter: str | None = None, case_ref: str | None = None) -> list[Replayed]:
    with engine_of(url) as engine, snapshot(engine) as opened:
        found = list(replay.replay(opened, submitter, case_ref))
        assert replay.count(opened, submitter, case_ref) == len(found)
        return found


def tamper(url: str, statement: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(statement.encode())


def test_every_decision_comes_out_the_same(database_url: str) -> None:
    decided(database_url, many(60), VAULT)
    decided(database_url, many(60), VAULT, as_of=dt.date(2026, 10, 24))
    found = replayed(database_url)
    assert len(found) == 120
    assert {each.differences for each in found} == {()}


def test_several_processes_find_what_one_finds(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    decided(database_url, many(30), VAULT)
    decided(database_url, many(5), VAULT, submitter="them")
    tamper(database_url, "UPDATE decision SET strategy = 'other' WHERE id IN (7, 25, 33)")
    for name, value in (("ALONE", 10), ("RANGE", 8), ("BLOCK", 3)):
        monkeypatch.setattr(replay, name, value)
    every = replayed(database_url)
    assert [each.decision_id for each in every if each.differences] == [7, 25, 33]
    assert list(replay.replay_all(database_url, None, 2)) == every
    assert list(replay.replay_all(database_url, "them", 1)) == every[30:]


def test_decisions_of_the_shipped_pack_come_out_the_same(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Byte by byte, so that nobody looks field by field; also where the due date stands in for the days overdue."""
    facts: dict[str, Any] = {
        "balance": 1_200_000,
        "income_monthly": 400_000,
        "essential_outgoings": 300_000,
        "monthly_due": 150_000,
    }
    rows = [
        accepted(1, "A", {"notes": "我不想活了"}, **facts),
        accepted(2, "B", borrower_ref="X", **facts),
        accepted(3, "C", borrower_ref="X", product="mortgage", days_overdue=None, **facts),
        accepted(4, "D", days_overdue=None, due_date=dt.date(2026, 9, 1), **facts),
    ]
    decided(database_url, rows, VAULT, by=load(DEFAULT_PACK))
    monkeypatch.setattr(replay, "_changes", lambda *_: pytest.fail("their bytes differ"))
    assert [each.differences for each in replayed(database_url)] == [(), (), (), ()]


def test_a_changed_decision_is_told_with_what_changed(database_url: str) -> None:
    decided(database_url, [accepted(1, "A"), accepted(2, "B")], VAULT)
    without_bodies(database_url)
    tamper(database_url, "UPDATE decision SET strategy = 'other' WHERE id = 1")
    tamper(database_url, "UPDATE decision SET facts = facts || '{\"days_overdue\": 1}' WHERE id = 2")
    first, second = replayed(database_url)
    assert first.case_ref == "A"
    assert len(first.differences) == 1
    assert first.differences[0].startswith('strategy: was "other", is "')
    assert second.differences


def test_one_case_or_one_submitter_at_a_time(database_url: str) -> None:
    decided(database_url, [accepted(1, "A"), accepted(2, "B")], VAULT)
    decided(database_url, [accepted(1, "A")], VAULT, submitter="them")
    assert [each.decision_id for each in replayed(database_url, "us", "A")] == [1]
    assert [each.decision_id for each in replayed(database_url, "them")] == [3]
    assert replayed(database_url, "us", "C") == []


def test_a_pack_that_cannot_be_read_any_more_is_said(database_url: str) -> None:
    decided(database_url, [accepted(1, "A")], VAULT)
    # A copy under another digest: what this process has read of the sound one stays read.
    tamper(database_url, "INSERT INTO pack SELECT repeat('0', 64), pack_id, version, '{}', created_at FROM pack")
    tamper(database_url, "UPDATE decision SET pack_sha256 = repeat('0', 64)")
    (found,) = replayed(database_url)
    assert found.differences == ()
    assert found.unreadable == (
        "The policy tiny 1.0.0 that this decision was made by cannot be read any more: triage the case again."
    )


def test_facts_that_are_not_of_their_pack_are_said_and_the_others_are_replayed(database_url: str) -> None:
    decided(database_url, [accepted(1, "A"), accepted(2, "B"), accepted(3, "C")], VAULT)
    without_bodies(database_url)
    tamper(database_url, 'UPDATE decision SET facts = facts || \'{"days_overdue": "many"}\' WHERE id = 2')
    found = replayed(database_url)
    assert {each.case_ref: each.unreadable for each in found} == {
        "A": None,
        "B": "Its facts are not those of the policy tiny 1.0.0.",
        "C": None,
    }


def test_a_fact_that_is_gone_from_a_decision_is_told(database_url: str) -> None:
    decided(database_url, [accepted(1, "A")], VAULT, by=load(DEFAULT_PACK))
    without_bodies(database_url)
    tamper(database_url, "UPDATE decision SET facts = facts - 'overdue_bucket'")
    assert [each.differences for each in replayed(database_url)] == [('facts.overdue_bucket: was null, is "B5"',)]
