"""Submissions and workers that meet: both end well, whoever comes first."""

import threading
from collections.abc import Callable, Iterator

import psycopg

from forbear.base.vault import Vault
from forbear.batch import chunks
from forbear.batch.triage import triage_chunk
from forbear.intake import Accepted
from forbear.ledger.unit_of_work import begin
from tests.support.cases import NOW, accepted, engine_of, many, progress, results_of, submitted


def _at_once(works: list[Callable[[], object]]) -> None:
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
            with begin(engine, vault, NOW) as work:
                assert triage_chunk(work, first.wakes[0].chunk_id, lambda: NOW) == 20
                waiting.set()
                _wait_for_lock(database_url)

        def follow() -> None:
            waiting.wait(60)
            with begin(engine, vault, NOW) as work:
                written = [triage_chunk(work, wake.chunk_id, lambda: NOW) for wake in second.wakes]
                assert sum(filter(None, written)) == 1

        _at_once([hold, follow])
    assert len(results_of(database_url, second.batch_id)) == 21
    with psycopg.connect(database_url) as connection:
        counted = connection.execute("SELECT sum(count) FROM daily_tally WHERE measure = 'decided'").fetchone()
        chained = connection.execute("SELECT count(*) FROM ledger WHERE kind = 'decision'").fetchone()
    assert (counted, chained) == ((21,), (21,))
    assert progress(database_url, second.batch_id).status == "complete"


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
            with begin(engine, vault, NOW) as work:
                triage_chunk(work, done.wakes[0].chunk_id, lambda: NOW)
                waiting.set()
                _wait_for_lock(database_url)

        def follow() -> None:
            waiting.wait(60)
            with begin(engine, vault, NOW) as work:
                triage_chunk(work, done.wakes[1].chunk_id, lambda: NOW)

        _at_once([hold, follow])
    assert progress(database_url, done.batch_id).status == "complete"


def test_a_chunk_another_worker_has_is_left_to_it(database_url: str, vault: Vault) -> None:
    done = submitted(database_url, many(3), vault)
    chunk_id = done.wakes[0].chunk_id
    with engine_of(database_url) as engine, begin(engine, vault, NOW) as work:
        assert triage_chunk(work, chunk_id, lambda: NOW) == 3
        with begin(engine, vault, NOW) as other:
            assert triage_chunk(other, chunk_id, lambda: NOW) is None
            assert chunks.claim(other.session, chunk_id, NOW) == chunks.NOTHING


def test_two_submissions_of_the_same_cases_at_once_both_end_well(database_url: str, vault: Vault) -> None:
    """In opposite orders: rows locked as they come would deadlock."""
    submitted(database_url, many(1, "first"), vault)  # or they would wait for each other at the pack already
    cases, both, results = 20_000, threading.Barrier(2), []

    def work(days: int, order: int) -> None:
        references = [f"C{number}" for number in range(cases)][::order]
        rows = [accepted(row, reference, days_overdue=days) for row, reference in enumerate(references, 1)]

        def together() -> Iterator[Accepted]:
            yield from rows
            both.wait(60)

        results.append(submitted(database_url, together(), vault))

    _at_once([lambda: work(10, 1), lambda: work(20, -1)])
    assert [done.accepted for done in results] == [cases, cases]
    with psycopg.connect(database_url) as connection:
        versions = connection.execute("SELECT number, count(*) FROM case_version GROUP BY number").fetchall()
    assert sorted(versions) == [(1, cases + 1), (2, cases)]


def test_the_same_cases_submitted_twice_at_once_are_accepted_once(database_url: str, vault: Vault) -> None:
    both, results = threading.Barrier(2), []

    def work() -> None:
        def together() -> Iterator[Accepted]:
            yield from many(500)
            both.wait(60)

        results.append(submitted(database_url, together(), vault))

    _at_once([work, work])
    assert sorted((done.accepted, done.unchanged) for done in results) == [(0, 500), (500, 0)]
