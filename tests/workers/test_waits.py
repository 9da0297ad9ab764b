"""What a database does that is slow, locked or gone is no fault of the cases, and holds nobody up for good."""

import os
import signal
from collections.abc import Iterator
from unittest.mock import Mock

import psycopg
import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from sqlmodel import col, select

from forbear.base.vault import Vault
from forbear.batch.chunks import MAX_TRIES
from models.database import session as record
from models.database.session import Waits, make_engine, session
from models.intake.batch import Chunk
from tests.support.desk.cases import many, submitted
from tests.support.desk.failed_cases import active
from workers import tasks


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """That of a worker that waits a second for what others have."""
    made = make_engine(database_url, waits=Waits(lock=1))
    yield made
    made.dispose()


@pytest.fixture(autouse=True)
def worker(engine: Engine, vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    """This process works on chunks as a worker's does, without pauses and messages."""
    process = tasks._Process(engine, vault)
    monkeypatch.setattr(tasks, "_process", lambda: process)
    monkeypatch.setattr(tasks, "_PAUSES", ())
    monkeypatch.setattr(tasks, "_active", active)
    monkeypatch.setattr(tasks, "wake", lambda _: None)


def chunk(engine: Engine) -> Chunk:
    with session(engine) as opened:
        found = opened.exec(select(Chunk).order_by(col(Chunk.id))).one()
        opened.expunge_all()
        return found


def test_a_writer_that_hangs_uses_up_no_tries(database_url: str, engine: Engine, vault: Vault) -> None:
    (wake,) = submitted(database_url, many(1), vault, by=active()).wakes
    with psycopg.connect(database_url) as hanging:
        hanging.execute("SELECT FROM ledger_head FOR UPDATE")
        for _ in range(MAX_TRIES + 1):
            tasks.triage(wake.chunk_id)
            assert (chunk(engine).status, chunk(engine).tries) == ("pending", 1)
    tasks.triage(wake.chunk_id)
    assert (chunk(engine).status, chunk(engine).tries) == ("done", 1)


def test_what_is_larger_than_the_database_takes_is_a_fault_of_the_case(
    database_url: str, engine: Engine, vault: Vault
) -> None:
    (wake,) = submitted(database_url, many(1), vault, by=active()).wakes
    with psycopg.connect(database_url) as connection:
        connection.execute("""
            CREATE FUNCTION too_large() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION 'row is too big' USING ERRCODE = 'program_limit_exceeded'; END $$
        """)
        connection.execute("CREATE TRIGGER too_large BEFORE INSERT ON decision EXECUTE FUNCTION too_large()")
    for _ in range(MAX_TRIES + 1):
        tasks.triage(wake.chunk_id)
    assert (chunk(engine).status, chunk(engine).tries) == ("failed", MAX_TRIES)


def test_a_process_that_finds_no_memory_keeps_that_on_its_chunk_and_goes_on(
    database_url: str, engine: Engine, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    (wake,) = submitted(database_url, many(1), vault, by=active()).wakes
    with monkeypatch.context() as full:
        full.setattr(tasks, "triage_chunk", Mock(side_effect=MemoryError))
        tasks.triage(wake.chunk_id)
    assert (chunk(engine).status, str(chunk(engine).error)[:14]) == ("pending", "MemoryError in")
    tasks.triage(wake.chunk_id)
    assert (chunk(engine).status, chunk(engine).tries) == ("done", 2)


def test_a_transaction_in_which_nothing_goes_on_is_ended_and_what_it_held_is_free(database_url: str) -> None:
    stopped = make_engine(database_url, waits=Waits(idle=1))
    with stopped.connect() as holding, psycopg.connect(database_url) as waiting:
        holding.exec_driver_sql("SELECT FROM ledger_head FOR UPDATE")
        waiting.execute("SELECT FROM ledger_head FOR UPDATE")  # waits until the server has ended the other
        holding.invalidate()
    stopped.dispose()


def test_a_server_that_is_stopped_is_waited_for_a_little_longer_than_a_statement_may_take(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends no statement by itself, and answers nobody; whoever waits for it keeps others waiting."""
    monkeypatch.setattr(record, "_BEYOND", -0.5)
    limited = make_engine(database_url, waits=Waits(statement=1))
    with limited.connect() as opened:
        server = opened.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        os.kill(server, signal.SIGSTOP)
        try:
            with pytest.raises(OperationalError, match="does not answer any more"):
                opened.exec_driver_sql("SELECT 1")
        finally:
            os.kill(server, signal.SIGCONT)
    with limited.connect() as opened:
        assert opened.exec_driver_sql("SELECT 1").scalar_one() == 1, "the next has a connection of its own"
    limited.dispose()


def test_the_server_is_told_every_limit(database_url: str) -> None:
    limited = make_engine(database_url, waits=Waits(lock=7, idle=8, statement=9))
    names = ("lock_timeout", "idle_in_transaction_session_timeout", "statement_timeout")
    with limited.connect() as opened:
        assert [opened.exec_driver_sql(f"SHOW {name}").scalar_one() for name in names] == ["7s", "8s", "9s"]
    limited.dispose()
