"""Real workers are killed, Redis is flushed, servers go away: no case is lost, none is decided twice."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from forbear.base.vault import Vault
from forbear.batch.progress import BatchProgress, EvaluationFailure, failures, progress_of
from forbear.batch.triage import triage_chunk
from forbear.ledger.unit_of_work import begin
from forbear.ops import embedded
from forbear.ops.embedded import Urls, redis_client
from models.database.session import session
from tests.support.desk.cases import NOW, accepted, engine_of, many, said_otherwise, submitted
from tests.support.desk.processes import Site, blocked_workers, kill_group, start_redis, until
from workers.wake import wake

Locks = psycopg.Connection[tuple[object, ...]]


@pytest.fixture
def site(database_url: str, redis_url: str, tmp_path: Path) -> Site:
    return Site(Urls(database_url, redis_url), tmp_path)


@pytest.fixture
def watcher(database_url: str) -> Iterator[Locks]:
    """A connection to look at the others with."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


def _progress(site: Site, batch_id: UUID) -> BatchProgress:
    with engine_of(site.urls.database) as engine, session(engine) as opened:
        found = progress_of(opened, batch_id)
    assert found is not None
    return found


def _failures(site: Site, batch_id: UUID) -> list[EvaluationFailure]:
    with engine_of(site.urls.database) as engine, session(engine) as opened:
        return failures(opened, batch_id)


def _wait_until_complete(site: Site, batch_id: UUID) -> BatchProgress:
    try:
        until(lambda: _progress(site, batch_id).status == "complete", "a complete batch")
    except AssertionError:
        raise AssertionError(site.logs()[-8000:]) from None
    return _progress(site, batch_id)


def _each_decided_once(site: Site, cases: int) -> bool:
    queries = (
        "SELECT count(*) FROM case_version",
        "SELECT count(*) FROM decision",
        "SELECT count(DISTINCT case_version_id) FROM decision",
    )
    return all(site.scalar(query) == cases for query in queries)


def test_killed_workers_and_a_flushed_redis_lose_and_double_nothing(site: Site, vault: Vault, watcher: Locks) -> None:
    done = submitted(site.urls.database, many(3200), vault, chunk_size=100)
    with engine_of(site.urls.database) as engine:
        for waken in done.wakes[:5]:
            with begin(engine, vault, NOW) as work:
                triage_chunk(work, waken.chunk_id, lambda: NOW)
    with psycopg.connect(site.urls.database) as gate, site.worker() as worker:
        gate.execute("LOCK TABLE decision IN EXCLUSIVE MODE")  # both processes stop where they write decisions
        assert wake(done.wakes, site.urls.redis) == 32
        until(lambda: len(blocked_workers(watcher)) == 2, "two workers in the middle of a chunk; " + site.logs())
        kill_group(worker)
        with redis_client(site.urls.redis) as client:
            client.flushall()
        progress = _progress(site, done.batch_id)
        assert (progress.status, progress.rows_read, progress.decided, progress.failed) == ("running", 3200, 500, 0)
        assert (progress.pending, progress.pending_chunks) == (2700, 27)
    # It finds what is pending by itself, with no message and no scheduler; and shares the two servers, no network.
    with site.worker(alone=True):
        progress = _wait_until_complete(site, done.batch_id)
        assert (progress.decided, progress.pending, progress.disagreements) == (3200, 0, 0)
        assert _each_decided_once(site, 3200)
        heartbeats = "SELECT count(*) FROM heartbeat"
        until(lambda: site.scalar(heartbeats) == 3, "a heartbeat of each queue")


def test_a_process_killed_in_the_middle_of_a_chunk_is_replaced(site: Site, vault: Vault, watcher: Locks) -> None:
    done = submitted(site.urls.database, many(1000), vault, chunk_size=100)
    with site.worker(), site.scheduler():
        with psycopg.connect(site.urls.database) as gate:
            gate.execute("LOCK TABLE decision IN EXCLUSIVE MODE")
            wake(done.wakes, site.urls.redis)
            until(lambda: len(blocked_workers(watcher)) == 2, "two workers in the middle of a chunk; " + site.logs())
            os.kill(blocked_workers(watcher)[0], signal.SIGKILL)
        assert _wait_until_complete(site, done.batch_id).decided == 1000
    assert _each_decided_once(site, 1000)


def test_a_case_that_breaks_the_evaluation_ends_alone(site: Site, vault: Vault, watcher: Locks) -> None:
    done = submitted(site.urls.database, many(60), vault, chunk_size=20)
    said_otherwise(site.urls.database, "C33", due_date="when Zhang San pays")
    with site.worker(processes=1):
        wake(done.wakes, site.urls.redis)
        progress = _wait_until_complete(site, done.batch_id)
    assert (progress.decided, progress.failed, progress.pending) == (59, 1, 0)
    [failure] = _failures(site, done.batch_id)
    assert failure.case_ref == "C33"
    assert failure.error.startswith("ValueError in case_facts, line ")
    assert "Zhang San" not in site.logs()


def test_a_case_that_kills_the_process_ends_alone(site: Site, vault: Vault, watcher: Locks) -> None:
    """As the out-of-memory killer would do it: whenever the case is written, its process is gone."""
    done = submitted(site.urls.database, many(3), vault)
    watcher.execute("SELECT pg_advisory_lock(33)")
    watcher.execute(
        "CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN PERFORM pg_advisory_xact_lock(33); RETURN NEW; END $$"
    )
    watcher.execute(
        "CREATE TRIGGER stop BEFORE INSERT ON decision FOR EACH ROW "
        "WHEN (NEW.case_version_id = 1) EXECUTE FUNCTION stop()"
    )

    def complete_or_killed() -> bool:
        for process in blocked_workers(watcher):
            os.kill(process, signal.SIGKILL)
            until(lambda gone=process: gone not in blocked_workers(watcher), "the end of a killed connection")  # type: ignore[misc]
            # A last try is waited for: a minute goes by.
            watcher.execute("UPDATE chunk SET claimed_at = claimed_at - interval '61 s' WHERE tries = 3")
        return _progress(site, done.batch_id).status == "complete"

    with site.worker(processes=1), site.scheduler():
        wake(done.wakes, site.urls.redis)
        until(complete_or_killed, "a complete batch; " + site.logs()[-2000:], deadline=240)
    progress = _progress(site, done.batch_id)
    assert (progress.decided, progress.failed) == (2, 1)
    assert _failures(site, done.batch_id) == [EvaluationFailure("C1", "the worker process died or took too long")]


def test_an_urgent_worker_leaves_bulk_alone(site: Site, vault: Vault) -> None:
    done = submitted(site.urls.database, [*many(50), accepted(51, "alarm", violence=True)], vault)
    with site.worker(queues=("urgent",), processes=1):
        wake(reversed(done.wakes), site.urls.redis)
        until(lambda: _progress(site, done.batch_id).decided > 0, "the urgent decision")
    progress = _progress(site, done.batch_id)
    assert (progress.decided, progress.pending) == (1, 50)


def test_a_worker_outlives_its_servers(site: Site, vault: Vault, watcher: Locks) -> None:
    """Redis is killed and comes back empty, PostgreSQL closes every connection: the same worker goes on."""
    socket = embedded.runtime_folder(site.folder) / "own.sock"
    own = Site(Urls(site.urls.database, f"redis+socket://{socket}"), site.folder)
    broker = start_redis(own.urls.redis)
    try:
        with own.worker() as worker, own.scheduler():
            first = submitted(own.urls.database, many(200), vault, chunk_size=50)
            wake(first.wakes, own.urls.redis)
            _wait_until_complete(own, first.batch_id)
            kill_group(broker)
            watcher.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'forbear worker %'"
            )
            second = submitted(own.urls.database, many(400, "D"), vault, chunk_size=50)
            assert wake(second.wakes, own.urls.redis) == 0
            broker = start_redis(own.urls.redis)
            assert _wait_until_complete(own, second.batch_id).decided == 400
            assert worker.poll() is None
    finally:
        kill_group(broker)
        socket.unlink(missing_ok=True)
    assert _each_decided_once(own, 600)
