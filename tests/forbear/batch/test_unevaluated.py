"""A case that could not be evaluated is on the queue as urgent work, however it failed, and never nowhere."""

import datetime as dt
from typing import Any

import psycopg
import pytest

from forbear.base.vault import Vault
from forbear.batch import chunks, unevaluated
from forbear.batch.recorded_decision import decision_on_desk
from forbear.desk import queue
from forbear.desk.filters import QueueFilter
from forbear.ledger import ledger
from models.database.session import session
from models.desk import WorklistItem
from rules.pack.pack import Pack
from tests.forbear.ledger.test_audit import faults, tamper
from tests.support.desk.cases import NOW, accepted, decided, engine_of, submitted, triaged, working
from tests.support.desk.failed_cases import active, fails, put
from tests.support.packs.tiny_pack import tiny
from workers import tasks

HOUR = dt.timedelta(hours=1)


def desk(url: str) -> dict[str, dict[str, Any]]:
    with psycopg.connect(url) as connection:
        return {row["case_ref"]: row for (row,) in connection.execute("SELECT to_jsonb(d) FROM desk_case d").fetchall()}


def test_it_is_urgent_work_and_danger_is_seen_all_the_same(
    database_url: str, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unevaluated, "_AT_ONCE", 2)
    fails(
        database_url,
        vault,
        accepted(1, "PLAIN"),
        accepted(1, "LIFE", {"notes": "想自杀，不想活了"}),
        accepted(1, "FORCE", {"notes": "催收砸门打人"}),
        accepted(1, "PLAIN"),  # by a second batch, before anybody knew of the first
    )
    assert [len(put(database_url, vault)) for _ in range(3)] == [2, 1, 0], "each once"
    rows = desk(database_url)
    assert {ref: (row["urgency"], row["danger"], row["calm"], row["status"]) for ref, row in rows.items()} == {
        "PLAIN": ("U1", None, True, "open"),
        "LIFE": ("U0", "explicit", False, "open"),
        "FORCE": ("U1", "explicit", False, "open"),
    }
    assert {ref: row["revision"] for ref, row in rows.items()} == {"PLAIN": 1, "LIFE": 2, "FORCE": 2}, "told once"
    assert rows["PLAIN"]["decision_id"] is None and rows["PLAIN"]["strategy"] == "counsellor_review"
    answer_by = {ref: dt.datetime.fromisoformat(row["respond_by"]) for ref, row in rows.items()}
    hours = active().manifest.response_hours
    assert answer_by == {
        "PLAIN": NOW + hours["U1"] * HOUR,
        "LIFE": NOW + hours["U0"] * HOUR,
        "FORCE": NOW + hours["U1"] * HOUR,
    }


def test_texts_that_break_the_scan_do_not_take_the_case_away(database_url: str, vault: Vault) -> None:
    fails(database_url, vault, accepted(1, "A", {"notes": "想自杀"}))
    with working(database_url, vault) as work:
        (version,) = unevaluated.put_on_desk(work, active)
    with pytest.raises(ZeroDivisionError), working(database_url, vault) as work:
        unevaluated.heed(work, version, lambda: 1 // 0)  # type: ignore[arg-type,return-value] # what fails
    assert desk(database_url)["A"]["urgency"] == "U1"


def test_a_decided_case_whose_newer_facts_fail_comes_back(database_url: str, vault: Vault) -> None:
    done = submitted(database_url, [accepted(1, "A"), accepted(2, "B")], vault, by=active())
    triaged(database_url, vault, [wake.chunk_id for wake in done.wakes])
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE desk_case SET status = 'snoozed', follow_up_at = %s", [NOW + HOUR])
    fails(database_url, vault, accepted(1, "A", days_overdue=200), now=NOW + HOUR)
    assert len(put(database_url, vault, NOW + HOUR)) == 1
    rows = desk(database_url)
    assert (rows["A"]["status"], rows["A"]["urgency"]) == ("open", "U1") and rows["A"]["failed_at"] is not None
    assert (rows["B"]["status"], rows["B"]["failed_at"]) == ("snoozed", None)
    with working(database_url, vault) as work:
        newest, other = (dict(unevaluated.plain_facts(work.session, case, active())) for case in (1, 2))
    days = active().vocabulary.facts["days_overdue"].title
    assert newest[days].en == "200" != other[days].en


def test_what_another_batch_decides_meanwhile_is_not_told_to_have_failed(database_url: str, vault: Vault) -> None:
    fails(database_url, vault, accepted(1, "A"))
    other = submitted(database_url, [accepted(1, "A")], vault, by=active())

    def meanwhile() -> Pack:
        triaged(database_url, vault, [wake.chunk_id for wake in other.wakes])
        return active()

    with working(database_url, vault) as work:
        assert unevaluated.put_on_desk(work, meanwhile) == [], (
            "that was asked for once it was found, and before it is put"
        )
    row = desk(database_url)["A"]
    assert (row["failed_at"], row["revision"]) == (None, 1) and row["decision_id"] is not None
    assert put(database_url, vault) == []


def test_a_retry_that_succeeds_takes_its_place(database_url: str, vault: Vault) -> None:
    (chunk,) = fails(database_url, vault, accepted(1, "A", {"notes": "想自杀"}))
    put(database_url, vault)
    with working(database_url, vault) as work:
        found = unevaluated.failed_evaluation(work.session, 1)
        assert found is not None and found.chunk == chunk
        chunks.retry(work.session, found.batch_id, found.chunk, NOW)
    assert triaged(database_url, vault, [chunk]) == [1]
    row = desk(database_url)["A"]
    assert (row["failed_at"], row["strategy"], row["danger"]) == (None, "crisis_support", "explicit")
    assert row["decision_id"] is not None
    with working(database_url, vault) as work:
        assert unevaluated.failed_evaluation(work.session, 1) is None


def test_a_pack_that_says_no_time_to_answer_wants_an_answer_at_once(database_url: str, vault: Vault) -> None:
    with working(database_url, vault) as work:
        ledger.start(work.session, vault, NOW)  # from here on the worklist is sealed
    fails(database_url, vault, accepted(1, "A"))
    with working(database_url, vault) as work:
        unevaluated.put_on_desk(work, tiny)
    row = desk(database_url)["A"]
    assert tiny().manifest.response_hours == {}
    assert {dt.datetime.fromisoformat(row[name]) for name in ("respond_by", "due_at")} == {NOW}
    assert faults(database_url) == [], "its row is sealed"


def test_a_crisis_in_one_stands_over_the_other_cases_of_its_borrower(database_url: str, vault: Vault) -> None:
    both = (
        accepted(1, "LIFE", {"notes": "想自杀，催收砸门打人，孩子三天没饭吃"}, borrower_ref="B1"),
        accepted(1, "BESIDE", borrower_ref="B1"),
    )
    fails(database_url, vault, *both, accepted(1, "OTHER", borrower_ref="B2"))
    put(database_url, vault)
    rows = desk(database_url)
    assert {ref: row["crisis_beside"] for ref, row in rows.items()} == {"LIFE": False, "BESIDE": True, "OTHER": False}
    with psycopg.connect(database_url) as connection:
        ((kinds,),) = connection.execute("SELECT detail -> 'kinds' FROM ledger WHERE kind = 'danger'").fetchall()
    assert len(kinds) > 1 and kinds == sorted(kinds)


def test_a_person_sees_it_without_what_broke_it(database_url: str, vault: Vault) -> None:
    odd: dict[str, Any] = {
        "monthly_due": "lots",
        "nowhere_known": 7,
    }  # what a person reads says nothing of what broke the rest
    fails(database_url, vault, accepted(1, "A", balance=1234500, willing_to_pay=True, accelerated=False, **odd))
    put(database_url, vault)
    with engine_of(database_url) as engine, session(engine) as opened:
        found = decision_on_desk(opened, opened.get_one(WorklistItem, 1), vault)
        assert not found.evaluated and found.facts == {} and found.negotiation_pack() is None
        assert found.view().strategy == "counsellor_review" and found.view().reasons == ()
        plain = {title.en: value.en for title, value in unevaluated.plain_facts(opened, 1, active())}
    assert {"12345.00", "Credit card", "yes", "no", "lots"} <= set(plain.values())


def test_facts_that_nobody_can_read_stop_nothing_else(database_url: str, vault: Vault) -> None:
    """What is sealed of it is still searched, the queue is there, and the borrower's other case is decided."""
    fails(database_url, vault, accepted(1, "A", {"notes": "想自杀"}, borrower_ref="B"))
    tamper(database_url, "UPDATE case_version SET facts = substr(facts, 1, 20) WHERE id = 1")
    put(database_url, vault)
    row = desk(database_url)["A"]
    assert (row["urgency"], row["danger"]) == ("U0", "explicit")
    decided(database_url, [accepted(1, "BESIDE", borrower_ref="B")], vault, by=active())
    with engine_of(database_url) as engine, session(engine) as opened:
        assert unevaluated.plain_facts(opened, 1, active()) == ()
        shown = {each.case.case_ref for each in queue.page(opened, QueueFilter()).entries}
    assert shown == {"A", "BESIDE"}


def test_the_worker_puts_it_there(database_url: str, vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    with engine_of(database_url) as engine:
        monkeypatch.setattr(tasks, "_process", lambda: tasks._Process(engine, vault))
        monkeypatch.setattr(tasks, "_active", active)
        monkeypatch.setattr(tasks, "triage_chunk", lambda *_: 1 // 0)
        done = submitted(database_url, [accepted(1, "A", {"notes": "想自杀"})], vault, by=active())
        (wake,) = done.wakes
        for _ in range(chunks.MAX_TRIES + 1):
            tasks._work(wake.chunk_id)
    row = desk(database_url)["A"]
    assert (row["urgency"], row["danger"]) == ("U0", "explicit") and row["failed_at"] is not None
