"""Schedules of the simulation forced on PostgreSQL: two connections, the real functions, one statement at a time."""

import datetime as dt
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from sqlalchemy import Engine, text
from sqlmodel import Session, col, select

from forbear.accounts.accounts import Viewer
from forbear.base.vault import Vault
from forbear.batch import chunks
from forbear.batch.chunks import Wake
from forbear.batch.triage import triage_chunk
from forbear.desk import review
from forbear.desk.review import Act, StaleError
from forbear.ledger import ledger
from forbear.ledger.audit import verify
from forbear.ledger.ledger import LedgerEntry
from forbear.ledger.unit_of_work import begin
from models.database.session import Waits, make_engine, snapshot
from models.intake.batch import Batch, Chunk
from tests.support.desk.cases import NOW, VAULT, accepted, decided, engine_of, many, submitted, triaged, working_as
from tests.support.desk.desk_clients import account
from tests.support.desk.failed_cases import active
from tests.support.desk.processes import blocked, until
from workers import tasks

LATER = NOW + dt.timedelta(minutes=2)


@pytest.fixture
def engines(database_url: str) -> Iterator[tuple[Engine, Engine]]:
    """Those of two processes: what one holds for its connection the other does not."""
    made = (make_engine(database_url, waits=Waits(lock=20)), make_engine(database_url, waits=Waits(lock=20)))
    yield made
    for each in made:
        each.dispose()


@pytest.fixture
def work(database_url: str, vault: Vault) -> tuple[Wake, ...]:
    """Two chunks of two cases each."""
    return submitted(database_url, many(4), vault, chunk_size=2, by=active()).wakes


@contextmanager
def opened(engine: Engine) -> Iterator[Session]:
    """A transaction that the other process can be let run beside; committed at the end."""
    with Session(engine) as opening:
        yield opening
        opening.commit()


def rows(engine: Engine) -> list[Chunk]:
    with Session(engine, expire_on_commit=False) as reading:
        return list(reading.exec(select(Chunk).order_by(col(Chunk.id))))


def counted(engine: Engine, query: str) -> int:
    with Session(engine) as reading:
        return int(reading.connection().execute(text(query)).scalar_one())


def whole(engine: Engine, vault: Vault, decisions: int) -> None:
    """Each case decided once, the batch complete, and the ledger tells of all of it."""
    assert counted(engine, "SELECT count(*) FROM decision") == decisions
    assert counted(engine, "SELECT coalesce(sum(cardinality(ids)), 0) FROM decision_tree") == decisions
    with Session(engine) as reading:
        assert verify(reading, vault).faults == ()
        assert {batch.status for batch in reading.exec(select(Batch))} == {"complete"}


def test_two_claims_at_once_have_two_chunks(engines: tuple[Engine, Engine], work: tuple[Wake, ...]) -> None:
    """The second looks while the first has not committed, and when it has: they never have the same one, nor wait."""
    one, other = engines
    with opened(one) as first, opened(other) as second:
        mine = chunks.next_up(first, work[0].chunk_id, NOW)
        assert mine is not None
        theirs = chunks.next_up(second, work[0].chunk_id, NOW)
        assert theirs is not None
        assert {mine, theirs} == {wake.chunk_id for wake in work}
        assert chunks.claim(first, mine, NOW).mine == Wake(mine, "bulk")
        first.commit()
        assert chunks.next_up(second, work[0].chunk_id, NOW) == theirs
        assert chunks.claim(second, theirs, NOW).mine == Wake(theirs, "bulk")
    assert [row.tries for row in rows(one)] == [1, 1]


def test_two_workers_on_one_chunk_decide_it_once(
    engines: tuple[Engine, Engine], work: tuple[Wake, ...], vault: Vault
) -> None:
    """However both came to have claimed it: who comes second leaves it alone, meanwhile and afterwards."""
    one, other = engines
    for wake in work:
        with begin(one, vault, NOW) as first:
            assert triage_chunk(first, wake.chunk_id, lambda: NOW, active) == 2
            with begin(other, vault, NOW) as second:
                assert triage_chunk(second, wake.chunk_id, lambda: NOW, active) is None
        with begin(other, vault, NOW) as late:
            assert triage_chunk(late, wake.chunk_id, lambda: NOW, active) is None
    whole(one, vault, 4)


def test_a_sweep_beside_a_late_commit_wakes_nobody_for_it(
    engines: tuple[Engine, Engine], work: tuple[Wake, ...], vault: Vault
) -> None:
    """The sweep looks while a chunk is being committed, and while the last of a batch is."""
    one, other = engines
    first, last = (wake.chunk_id for wake in work)
    with begin(one, vault, NOW) as working:
        triage_chunk(working, first, lambda: NOW, active)
        with opened(other) as sweeping:
            assert chunks.sweep(sweeping, LATER, dt.timedelta()) == [Wake(last, "bulk")]
    with begin(one, vault, NOW) as working:
        triage_chunk(working, last, lambda: NOW, active)
        with opened(other) as sweeping:
            assert chunks.sweep(sweeping, LATER, dt.timedelta()) == []
    with opened(other) as sweeping:
        assert chunks.sweep(sweeping, LATER, dt.timedelta()) == []
    whole(one, vault, 4)


def test_two_last_chunks_at_once_complete_the_batch_once(
    engines: tuple[Engine, Engine], work: tuple[Wake, ...], vault: Vault, database_url: str
) -> None:
    """The second waits for the batch that the first is about to complete, and then for nobody."""
    one, other = engines

    def second() -> None:
        with begin(other, vault, NOW) as beside:
            triage_chunk(beside, work[1].chunk_id, lambda: NOW, active)

    thread = threading.Thread(target=second)
    with psycopg.connect(database_url, autocommit=True) as watcher:
        with begin(one, vault, NOW) as working:
            triage_chunk(working, work[0].chunk_id, lambda: NOW, active)
            thread.start()
            until(lambda: blocked(watcher) == 1, "the second one waiting for the batch")
    thread.join()
    whole(one, vault, 4)


def test_who_chains_second_goes_on_from_the_first_in_chain_and_tree(
    engines: tuple[Engine, Engine], work: tuple[Wake, ...], vault: Vault, database_url: str
) -> None:
    """A worker is done while somebody else's entries are written and not committed: both are leaves of one tree."""
    one, other = engines
    thread = threading.Thread(target=triaged, args=(database_url, vault, [wake.chunk_id for wake in work]))
    with psycopg.connect(database_url, autocommit=True) as watcher, opened(one) as first:
        ledger.append(first, vault, "system", [LedgerEntry("sign_in", f"account:{each}") for each in (1, 2, 3)], NOW)
        thread.start()
        until(lambda: blocked(watcher) == 1, "the worker waiting for the head")
    thread.join()
    whole(other, vault, 4)
    assert counted(other, "SELECT count(*) FROM ledger_node WHERE level = 0") == counted(
        other, "SELECT count(*) FROM ledger"
    )


@pytest.mark.parametrize("first", ["person", "worker"])
def test_who_acts_on_a_case_and_who_places_its_newer_decision_seal_one_row(database_url: str, first: str) -> None:
    """Whoever is second waits for the row, sees what the first made of it, and seals that and what it does itself."""
    decided(database_url, [accepted(1, "A")], VAULT)
    (newer,) = submitted(database_url, [accepted(1, "A", days_overdue=10)], VAULT).wakes
    viewer = Viewer(account(database_url), "wang", "counsellor", None)
    told: list[str] = []

    def person() -> None:
        with working_as(viewer, database_url) as acting:
            try:
                case = review.take_case(acting.session, viewer, 1, revision=1)
                review.perform(acting, case, Act("snooze", {"status": "snoozed", "follow_up_at": LATER}))
            except StaleError:
                told.append("stale")

    def worker() -> None:
        triaged(database_url, VAULT, [newer.chunk_id])

    second = threading.Thread(target=worker if first == "person" else person)
    with psycopg.connect(database_url, autocommit=True) as watcher, working_as(viewer, database_url) as acting:
        if first == "person":
            case = review.take_case(acting.session, viewer, 1, revision=1)
            review.perform(acting, case, Act("snooze", {"status": "snoozed", "follow_up_at": LATER}))
            acting.session.flush()
        else:
            triage_chunk(acting, newer.chunk_id, lambda: NOW)
        second.start()
        until(lambda: blocked(watcher) == 1, "the second one waiting for the row")
    second.join()
    with psycopg.connect(database_url) as record:
        (row,) = record.execute("SELECT version_number, revision FROM desk_case").fetchall()
        (reviews,) = record.execute("SELECT count(*) FROM review").fetchall()
    assert (row, reviews, told) == (((2, 3), (1,), []) if first == "person" else ((2, 2), (0,), ["stale"]))
    with engine_of(database_url) as engine, snapshot(engine) as reading:
        assert verify(reading, VAULT).faults == ()


def test_a_lease_that_is_lost_commits_nothing(
    engines: tuple[Engine, Engine], work: tuple[Wake, ...], vault: Vault, database_url: str
) -> None:
    """A worker is stopped before its commit, its connection ended; another does the chunk; then the first goes on."""
    one, other = engines
    first, last = (wake.chunk_id for wake in work)
    stopped = begin(one, vault, NOW)
    working = stopped.__enter__()
    assert chunks.next_up(working.session, first, NOW) == first
    triage_chunk(working, first, lambda: NOW, active)
    (pid,) = working.session.connection().execute(text("SELECT pg_backend_pid()")).one()
    with psycopg.connect(database_url, autocommit=True) as server:
        server.execute("SELECT pg_terminate_backend(%s)", [pid])
        until(
            lambda: server.execute("SELECT FROM pg_stat_activity WHERE pid = %s", [pid]).fetchone() is None, "its end"
        )
    with begin(other, vault, NOW) as taking_over:
        assert chunks.next_up(taking_over.session, first, NOW) == first
        assert triage_chunk(taking_over, first, lambda: NOW, active) == 2
    with pytest.raises(Exception, match=r"terminating connection|closed|consuming input failed"):
        stopped.__exit__(None, None, None)
    with begin(one, vault, NOW) as again:
        assert triage_chunk(again, first, lambda: NOW, active) is None
        triage_chunk(again, last, lambda: NOW, active)
    whole(other, vault, 4)


def test_a_sweep_between_claim_and_work_costs_the_chunk_no_try(
    database_url: str, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sweep of a worker that starts locks what waits for a moment: who had claimed it finds it locked."""
    (wake,) = submitted(database_url, many(1), vault, by=active()).wakes
    engine = make_engine(database_url)
    process = tasks._Process(engine, vault)
    monkeypatch.setattr(tasks, "_process", lambda: process)
    monkeypatch.setattr(tasks, "_active", active)
    monkeypatch.setattr(tasks, "wake", lambda _: None)
    sweeping = make_engine(database_url)
    work = tasks._evaluate

    def swept(mine: Wake) -> tuple[Wake, ...]:
        with opened(sweeping) as beside:
            chunks.sweep(beside, dt.datetime.now(dt.UTC), dt.timedelta())
            return work(mine)

    monkeypatch.setattr(tasks, "_evaluate", swept)
    for _ in range(chunks.MAX_TRIES + 1):
        tasks.triage(wake.chunk_id)
    monkeypatch.setattr(tasks, "_evaluate", work)
    tasks.triage(wake.chunk_id)
    (row,) = rows(engine)
    assert (row.status, row.tries) == ("done", 1)
    engine.dispose()
    sweeping.dispose()


def test_what_a_sweep_locks_for_a_moment_is_held_by_nobody_afterwards(
    engines: tuple[Engine, Engine], work: tuple[Wake, ...], database_url: str
) -> None:
    """A worker that found nothing free is idle from here on, its connection open: others find what it did not get."""
    one, other = engines
    sweeping = make_engine(database_url)
    with opened(one) as idle:
        with opened(sweeping) as beside:
            assert len(chunks.sweep(beside, LATER, dt.timedelta())) == 2
            assert chunks.next_up(idle, work[0].chunk_id, NOW) is None
        with opened(other) as looking:
            assert chunks.next_up(looking, work[0].chunk_id, NOW) == work[0].chunk_id
    sweeping.dispose()


def test_who_is_claimed_anew_between_two_looks_is_not_taken_for_stopped(
    database_url: str, vault: Vault, engines: tuple[Engine, Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A chunk whose worker died is claimed again: whoever saw the old claim must not have it, nor give it up."""
    (wake,) = submitted(database_url, many(1), vault, by=active()).wakes
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE chunk SET tries = 2, claimed_at = %s", [NOW - dt.timedelta(minutes=1)])
    one, other = engines
    take = chunks.take
    with opened(one) as first, opened(other) as second:
        assert chunks.next_up(first, wake.chunk_id, NOW) == wake.chunk_id

        def late(session: Session, *given: object, **more: object) -> Chunk | None:
            if session is second and first.in_transaction():
                assert chunks.claim(first, wake.chunk_id, NOW).mine == wake
                first.commit()
            return take(session, *given, **more)  # type: ignore[arg-type] # as it was called

        monkeypatch.setattr(chunks, "take", late)
        assert chunks.next_up(second, wake.chunk_id, NOW) is None
    (row,) = rows(one)
    assert (row.status, row.tries) == ("pending", 3)
