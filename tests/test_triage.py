"""A chunk is decided whole, in one transaction and once, with what the record adds to its facts."""

import datetime as dt
import threading
from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import Engine

from forbear import chunks
from forbear.intake import Accepted
from forbear.privacy import Vault
from forbear.progress import BatchProgress, progress_of
from forbear.submit import Submitted
from forbear.triage import decision_of, decisions_of, stored_pack, triage_chunk
from models.session import session
from tests.cases import AS_OF, NOW, accepted, engine_of, many, pack, submitted


def _triage(url: str, vault: Vault, chunk_ids: Iterable[int]) -> list[int | None]:
    """What a worker does, without one."""
    written = []
    with engine_of(url) as engine:
        for chunk_id in chunk_ids:
            with session(engine) as opened:
                written.append(triage_chunk(opened, chunk_id, vault, NOW))
    return written


def _decided(url: str, rows: Iterable[Accepted], vault: Vault, **terms: object) -> Submitted:
    done = submitted(url, rows, vault, **terms)
    _triage(url, vault, [wake.chunk_id for wake in done.wakes])
    return done


def _results(url: str, batch_id: UUID) -> list[dict[str, Any]]:
    with engine_of(url) as engine, session(engine) as opened:
        return list(decisions_of(opened, batch_id))


def _progress(url: str, batch_id: UUID) -> BatchProgress:
    with engine_of(url) as engine, session(engine) as opened:
        found = progress_of(opened, batch_id)
    assert found is not None
    return found


def _facts(url: str, case_ref: str) -> dict[str, Any]:
    with engine_of(url) as engine, session(engine) as opened:
        decided = decision_of(opened, "us", case_ref)
    assert decided is not None
    return dict(decided.facts)


def test_every_case_of_a_chunk_gets_its_decision(database_url: str, vault: Vault) -> None:
    done = _decided(database_url, many(12), vault, chunk_size=5)
    results = _results(database_url, done.batch_id)
    assert [result["case_ref"] for result in results] == [f"C{number}" for number in range(1, 13)]
    assert {result["pack"]["sha256"] for result in results} == {pack().sha256}
    assert all(result["engines_agree"] for result in results)


def test_progress_counts_what_the_rows_say(database_url: str, vault: Vault) -> None:
    done = submitted(database_url, many(12), vault, chunk_size=5)
    first, *_ = done.wakes
    _triage(database_url, vault, [first.chunk_id])
    progress = _progress(database_url, done.batch_id)
    assert (progress.status, progress.rows_read, progress.accepted) == ("running", 12, 12)
    assert (progress.decided, progress.failed, progress.pending, progress.pending_chunks) == (5, 0, 7, 2)
    assert sum(progress.strategies.values()) == sum(progress.urgencies.values()) == 5
    assert progress.disagreements == 0


def test_a_batch_is_complete_with_its_last_chunk(database_url: str, vault: Vault) -> None:
    done = submitted(database_url, many(10), vault, chunk_size=5)
    for wake, status in zip(done.wakes, ("running", "complete"), strict=True):
        _triage(database_url, vault, [wake.chunk_id])
        assert _progress(database_url, done.batch_id).status == status


def test_a_chunk_delivered_again_is_a_no_op(database_url: str, vault: Vault) -> None:
    done = submitted(database_url, many(3), vault)
    chunk_id = done.wakes[0].chunk_id
    assert _triage(database_url, vault, [chunk_id, chunk_id]) == [3, None]
    assert _progress(database_url, done.batch_id).decided == 3


def test_a_chunk_that_does_not_exist_is_a_no_op(database_url: str, vault: Vault) -> None:
    assert _triage(database_url, vault, [4711]) == [None]


def test_results_hold_what_was_decided_before(database_url: str, vault: Vault) -> None:
    _decided(database_url, many(3), vault)
    again = _decided(database_url, [accepted(9, "C9"), *many(3)], vault)
    assert (again.accepted, again.unchanged) == (1, 3)
    assert sorted(result["case_ref"] for result in _results(database_url, again.batch_id)) == ["C1", "C2", "C3", "C9"]
    progress = _progress(database_url, again.batch_id)
    assert (progress.status, progress.decided, progress.unchanged) == ("complete", 4, 3)


def test_a_changed_case_gets_a_decision_of_its_own_and_keeps_the_old_one(database_url: str, vault: Vault) -> None:
    first = _decided(database_url, [accepted(1, "C1", days_overdue=90)], vault)
    second = _decided(database_url, [accepted(1, "C1", days_overdue=91)], vault)
    assert len(_results(database_url, first.batch_id)) == len(_results(database_url, second.batch_id)) == 1
    assert _facts(database_url, "C1")["days_overdue"] == 91


def test_the_same_facts_give_the_same_decision_byte_for_byte(database_url: str, vault: Vault) -> None:
    for submitter in ("us", "them"):
        _decided(database_url, many(5), vault, submitter=submitter)
    with psycopg.connect(database_url) as connection:
        different = connection.execute(
            "SELECT count(DISTINCT (d.facts::text, d.outcome::text)) FROM decision d "
            'JOIN case_version v ON v.id = d.case_version_id JOIN "case" c ON c.id = v.case_id GROUP BY c.case_ref'
        ).fetchall()
    assert different == [(1,)] * 5


def test_the_record_keeps_the_pack_that_decided(database_url: str, vault: Vault) -> None:
    _decided(database_url, many(1), vault)
    with engine_of(database_url) as engine, session(engine) as opened:
        kept = stored_pack(opened, pack().sha256)
    assert (kept.sha256, kept.files) == (pack().sha256, pack().files)


def test_alarming_notes_decide_and_are_not_stored_in_the_open(database_url: str, vault: Vault) -> None:
    _decided(database_url, [accepted(1, "C1", {"notes": "我不想活了"}), accepted(2, "C2", {"notes": "还好"})], vault)
    assert _facts(database_url, "C1")["note_flags"] == ("self_harm",)
    assert _facts(database_url, "C2")["note_flags"] == ()
    assert "notes" not in _facts(database_url, "C1")
    with engine_of(database_url) as engine, session(engine) as opened:
        decided = decision_of(opened, "us", "C1")
    assert decided is not None
    assert decided.in_words()["strategy"] == "crisis_support"


def test_blank_notes_raise_no_flag(database_url: str, vault: Vault) -> None:
    _decided(database_url, [accepted(1, "C1")], vault)
    assert _facts(database_url, "C1")["note_flags"] == ()


BORROWER = (
    accepted(1, "C1", borrower_ref="B1", lender="甲银行", monthly_due=100_00),
    accepted(2, "C2", borrower_ref="B1", lender="乙小贷", monthly_due=200_00),
    accepted(3, "C3", borrower_ref="B1", lender="乙小贷", monthly_due=300_00),
    accepted(4, "C4", borrower_ref="B1", lender="丙消金", monthly_due=400_00, days_overdue=0),
    accepted(5, "C5", borrower_ref="B2", lender="丁银行", monthly_due=500_00),
)


def test_what_a_borrower_owes_elsewhere_is_counted_from_the_other_cases(database_url: str, vault: Vault) -> None:
    _decided(database_url, BORROWER, vault)
    facts = _facts(database_url, "C1")
    assert facts["creditors_overdue"] == 2  # 甲 and 乙; 丙 is not overdue
    assert facts["other_debt_payments"] == 900_00


def test_what_was_given_is_not_counted(database_url: str, vault: Vault) -> None:
    given = accepted(6, "C6", borrower_ref="B1", creditors_overdue=7, other_debt_payments=1)
    _decided(database_url, [*BORROWER, given], vault)
    facts = _facts(database_url, "C6")
    assert (facts["creditors_overdue"], facts["other_debt_payments"]) == (7, 1)


def test_a_borrower_with_one_case_stays_unknown(database_url: str, vault: Vault) -> None:
    _decided(database_url, BORROWER, vault)
    assert {"creditors_overdue", "other_debt_payments"}.isdisjoint(_facts(database_url, "C5"))


def test_a_sum_with_an_unknown_part_stays_unknown(database_url: str, vault: Vault) -> None:
    _decided(database_url, [*BORROWER, accepted(6, "C6", borrower_ref="B1")], vault)
    facts = _facts(database_url, "C1")
    assert facts["creditors_overdue"] == 3  # without a lender's name a case counts as a creditor of its own
    assert "other_debt_payments" not in facts


@pytest.mark.parametrize(
    ("changes", "creditors"),
    [
        ({"legal_stage": "settled"}, 1),
        ({"legal_stage": "none"}, 2),
        ({"days_overdue": None, "due_date": AS_OF}, 1),
        ({"days_overdue": None, "due_date": AS_OF - dt.timedelta(1)}, 2),
    ],
)
def test_only_open_and_overdue_cases_count(
    database_url: str, vault: Vault, changes: dict[str, object], creditors: int
) -> None:
    first = accepted(1, "C1", borrower_ref="B1", lender="甲", monthly_due=1)
    second = accepted(2, "C2", None, None, **{"borrower_ref": "B1", "lender": "乙", **changes})
    third = accepted(3, "C3", borrower_ref="B1", lender="甲", monthly_due=1)
    _decided(database_url, [first, second, third], vault)
    assert _facts(database_url, "C1")["creditors_overdue"] == creditors


def test_a_borrower_of_another_submitter_does_not_count(database_url: str, vault: Vault) -> None:
    _decided(database_url, BORROWER, vault, submitter="them")
    _decided(database_url, [BORROWER[0]], vault)
    assert "creditors_overdue" not in _facts(database_url, "C1")


def test_the_newest_version_of_another_case_counts(database_url: str, vault: Vault) -> None:
    _decided(database_url, BORROWER, vault)
    _decided(database_url, [accepted(1, "C2", borrower_ref="B1", lender="乙小贷", monthly_due=201_00)], vault)
    _decided(database_url, [accepted(1, "C1", borrower_ref="B1", lender="甲银行", monthly_due=101_00)], vault)
    assert _facts(database_url, "C1")["other_debt_payments"] == 901_00


def _at_once(engine: Engine, works: list[Callable[[], object]]) -> None:
    failures: list[BaseException] = []

    def guarded(work: Callable[[], object]) -> None:
        try:
            work()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=guarded, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_two_batches_that_decide_the_same_version_at_once_write_it_once(database_url: str, vault: Vault) -> None:
    """The second waits for the first at the unique key, and then writes only what is left."""
    first = submitted(database_url, many(20), vault)
    second = submitted(database_url, [*many(20), accepted(21, "C21")], vault)
    with engine_of(database_url) as engine:
        waiting = threading.Event()

        def hold() -> None:
            with session(engine) as opened:
                assert triage_chunk(opened, first.wakes[0].chunk_id, vault, NOW) == 20
                waiting.set()
                _wait_for_lock(database_url)

        def follow() -> None:
            waiting.wait(60)
            with session(engine) as opened:
                written = [triage_chunk(opened, wake.chunk_id, vault, NOW) for wake in second.wakes]
                assert sum(filter(None, written)) == 1

        _at_once(engine, [hold, follow])
    assert len(_results(database_url, second.batch_id)) == 21
    assert _progress(database_url, second.batch_id).status == "complete"


def _wait_for_lock(url: str) -> None:
    """Return once some connection waits for another one's transaction."""
    with psycopg.connect(url, autocommit=True) as connection:
        for _ in range(6000):
            if connection.execute("SELECT 1 FROM pg_locks WHERE NOT granted").fetchone():
                return
            connection.execute("SELECT pg_sleep(0.01)")
    raise AssertionError("nobody waited")


def test_the_last_two_chunks_finished_at_once_complete_the_batch(database_url: str, vault: Vault) -> None:
    """Each, looking before the other commits, sees the other pending; the batch row makes one look again."""
    done = submitted(database_url, many(10), vault, chunk_size=5)
    with engine_of(database_url) as engine:
        waiting = threading.Event()

        def hold() -> None:
            with session(engine) as opened:
                triage_chunk(opened, done.wakes[0].chunk_id, vault, NOW)
                waiting.set()
                _wait_for_lock(database_url)

        def follow() -> None:
            waiting.wait(60)
            with session(engine) as opened:
                triage_chunk(opened, done.wakes[1].chunk_id, vault, NOW)

        _at_once(engine, [hold, follow])
    assert _progress(database_url, done.batch_id).status == "complete"


def test_a_chunk_another_worker_has_is_left_to_it(database_url: str, vault: Vault) -> None:
    done = submitted(database_url, many(3), vault)
    chunk_id = done.wakes[0].chunk_id
    with engine_of(database_url) as engine, session(engine) as opened:
        assert triage_chunk(opened, chunk_id, vault, NOW) == 3
        with session(engine) as other:
            assert triage_chunk(other, chunk_id, vault, NOW) is None
            assert chunks.claim(other, chunk_id, NOW) == chunks.NOTHING


def test_a_case_without_a_decision_has_none(database_url: str, vault: Vault) -> None:
    submitted(database_url, many(1), vault)
    with engine_of(database_url) as engine, session(engine) as opened:
        assert decision_of(opened, "us", "C1") is None
        assert decision_of(opened, "us", "no such case") is None
