"""Workers that meet: all end well, whoever comes first."""

import threading

import psycopg

from forbear.base.vault import Vault
from forbear.batch import chunks
from forbear.batch.triage import triage_chunk
from forbear.ledger.unit_of_work import begin
from tests.support.desk.cases import NOW, accepted, engine_of, many, progress, results_of, submitted
from tests.support.desk.threads import at_once, wait_for_lock


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
                wait_for_lock(database_url)

        def follow() -> None:
            waiting.wait(60)
            with begin(engine, vault, NOW) as work:
                written = [triage_chunk(work, wake.chunk_id, lambda: NOW) for wake in second.wakes]
                assert sum(filter(None, written)) == 1

        at_once([hold, follow])
    assert len(results_of(database_url, second.batch_id)) == 21
    with psycopg.connect(database_url) as connection:
        counted = connection.execute("SELECT sum(count) FROM daily_tally WHERE measure = 'decided'").fetchone()
        chained = connection.execute("SELECT sum(cardinality(ids)) FROM decision_tree").fetchone()
    assert (counted, chained) == ((21,), (21,))
    assert progress(database_url, second.batch_id).status == "complete"


def test_the_last_two_chunks_finished_at_once_complete_the_batch(database_url: str, vault: Vault) -> None:
    """Each, looking before the other commits, sees the other pending; the batch row makes one look again."""
    done = submitted(database_url, many(10), vault, chunk_size=5)
    with engine_of(database_url) as engine:
        waiting = threading.Event()

        def hold() -> None:
            with begin(engine, vault, NOW) as work:
                triage_chunk(work, done.wakes[0].chunk_id, lambda: NOW)
                waiting.set()
                wait_for_lock(database_url)

        def follow() -> None:
            waiting.wait(60)
            with begin(engine, vault, NOW) as work:
                triage_chunk(work, done.wakes[1].chunk_id, lambda: NOW)

        at_once([hold, follow])
    assert progress(database_url, done.batch_id).status == "complete"


def test_a_chunk_another_worker_has_is_left_to_it(database_url: str, vault: Vault) -> None:
    done = submitted(database_url, many(3), vault)
    chunk_id = done.wakes[0].chunk_id
    with engine_of(database_url) as engine, begin(engine, vault, NOW) as work:
        assert triage_chunk(work, chunk_id, lambda: NOW) == 3
        with begin(engine, vault, NOW) as other:
            assert triage_chunk(other, chunk_id, lambda: NOW) is None
            assert chunks.claim(other.session, chunk_id, NOW) == chunks.NOTHING
