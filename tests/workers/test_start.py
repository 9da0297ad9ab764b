"""A worker makes everything before it forks its processes; and whoever ends, another one takes its queues."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from forbear.base import packs
from forbear.base.vault import Vault
from forbear.batch import triage
from forbear.cli.commands.serve import BULK, URGENT
from models.database.session import make_engine
from rules.decision import evaluate
from rules.facts import red_flags
from tests.support.desk.cases import many, submitted
from workers import tasks
from workers.app import QUEUES


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    made = make_engine(database_url)
    yield made
    made.dispose()


def test_the_first_chunk_of_a_process_finds_everything_made(
    database_url: str, engine: Engine, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that was killed is missed for as long as another takes to fork, and not for a second more."""
    process = tasks._Process(engine, vault)
    monkeypatch.setattr(tasks, "_process", lambda: process)
    monkeypatch.setattr(tasks, "wake", lambda _: None)
    monkeypatch.setattr(packs, "_packs", {})  # as in a process that has just begun
    red_flags._scanner.cache_clear()
    triage.evaluator.cache_clear()
    tasks._load()
    as_of = tasks._day(tasks._now())
    now = tasks._now()
    (waken,) = submitted(database_url, many(1), vault, by=tasks._active(), as_of=as_of, now=now).wakes
    before = red_flags._scanner.cache_info().misses, triage.evaluator.cache_info().misses, len(evaluate._made)
    tasks.triage(waken.chunk_id)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT status FROM chunk").scalar_one() == "done"
    assert (red_flags._scanner.cache_info().misses, triage.evaluator.cache_info().misses, len(evaluate._made)) == before


def test_nobody_waits_for_the_urgent_worker_to_start_again() -> None:
    assert set(BULK) == set(QUEUES)
    assert URGENT == ("urgent",)
