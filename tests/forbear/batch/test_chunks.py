"""Rows are the queue: claimed, counted, split, swept; messages only wake."""

import base64
import datetime as dt
import json
from pathlib import Path

import pytest
from sqlmodel import col, select

from forbear.base.vault import Vault
from forbear.batch import chunks
from forbear.batch.chunks import MAX_TRIES, NOTHING, Claim, Wake
from forbear.batch.progress import Remaining, recent, remaining
from forbear.ops.embedded import redis_client
from forbear.ops.heartbeat import FRESH, beat
from models.database.session import session
from models.intake.batch import Batch, Chunk
from models.operation.heartbeat import Heartbeat
from tests.support.desk.cases import NOW, accepted, engine_of, many, submitted
from workers.app import QUEUES, app
from workers.schedule import EXPIRES_SECONDS, schedule
from workers.wake import under_way, wake

MINUTE = dt.timedelta(minutes=1)
TICK = dt.timedelta(microseconds=1)


def _claim(url: str, chunk_id: int, now: dt.datetime = NOW) -> Claim:
    with engine_of(url) as engine, session(engine) as opened:
        return chunks.claim(opened, chunk_id, now)


def _sweep(url: str, now: dt.datetime, sent: dict[str, int] | None = None) -> list[Wake]:
    with engine_of(url) as engine, session(engine) as opened:
        return chunks.sweep(opened, now, MINUTE, sent)


def _chunks(url: str) -> list[Chunk]:
    with engine_of(url) as engine, session(engine) as opened:
        found = list(opened.exec(select(Chunk).order_by(col(Chunk.id))))
        opened.expunge_all()
    return found


def _chunk(url: str, vault: Vault, cases: int = 3) -> Wake:
    return submitted(url, many(cases), vault).wakes[0]


def test_a_claim_counts_a_try(database_url: str, vault: Vault) -> None:
    chunk = _chunk(database_url, vault)
    assert _claim(database_url, chunk.chunk_id) == Claim(mine=chunk)
    [row] = _chunks(database_url)
    assert (row.tries, row.status, row.claimed_at) == (1, "pending", NOW)


def test_a_chunk_is_split_after_its_last_try(database_url: str, vault: Vault) -> None:
    chunk = _chunk(database_url, vault)
    for _ in range(MAX_TRIES):
        assert _claim(database_url, chunk.chunk_id).mine == chunk
    halves = _claim(database_url, chunk.chunk_id).halves
    whole, first, second = _chunks(database_url)
    assert (whole.status, first.status, second.status) == ("split", "pending", "pending")
    assert halves == (Wake(first.id, "bulk"), Wake(second.id, "bulk"))
    assert [len(first.case_version_ids), len(second.case_version_ids)] == [1, 2]
    assert first.case_version_ids + second.case_version_ids == whole.case_version_ids
    assert first.tries == second.tries == 0
    assert _claim(database_url, chunk.chunk_id) == NOTHING


def test_a_case_alone_fails_after_its_last_try_and_completes_the_batch(database_url: str, vault: Vault) -> None:
    chunk = _chunk(database_url, vault, cases=1)
    for _ in range(MAX_TRIES):
        assert _claim(database_url, chunk.chunk_id).mine == chunk
    with engine_of(database_url) as engine, session(engine) as opened:
        chunks.note_error(opened, chunk.chunk_id, "ValueError in facts, line 1")
    assert _claim(database_url, chunk.chunk_id) == NOTHING
    [row] = _chunks(database_url)
    assert (row.status, row.error) == ("failed", "ValueError in facts, line 1")
    with engine_of(database_url) as engine, session(engine) as opened:
        assert opened.exec(select(Batch.status)).one() == "complete"


def test_claiming_waits_for_nobody(database_url: str, vault: Vault) -> None:
    chunk = _chunk(database_url, vault)
    with engine_of(database_url) as engine, session(engine) as opened:
        assert chunks.take(opened, chunk.chunk_id) is not None
        assert _claim(database_url, chunk.chunk_id) == NOTHING
    [row] = _chunks(database_url)
    assert row.tries == 0


def test_the_sweep_wakes_what_nobody_woke_for_the_interval(database_url: str, vault: Vault) -> None:
    chunk = _chunk(database_url, vault)
    assert _sweep(database_url, NOW + MINUTE - TICK) == []
    assert _sweep(database_url, NOW + MINUTE) == [chunk]


def test_what_was_swept_counts_as_woken(database_url: str, vault: Vault) -> None:
    chunk = _chunk(database_url, vault)
    assert _sweep(database_url, NOW + MINUTE) == [chunk]
    assert _sweep(database_url, NOW + 2 * MINUTE - TICK) == []
    assert _sweep(database_url, NOW + 2 * MINUTE) == [chunk]


def test_the_sweep_sends_only_what_messages_are_missing_in_each_queue(database_url: str, vault: Vault) -> None:
    """A message stands for one piece of work: those that wait are enough for as many chunks, whichever they name."""
    rows = [*many(3), accepted(9, "urgent", violence=True)]
    waiting = submitted(database_url, rows, vault, chunk_size=1).wakes
    bulk = [woken for woken in waiting if woken.queue == "bulk"]
    urgent = [woken for woken in waiting if woken.queue == "urgent"]
    later = NOW + MINUTE
    assert _sweep(database_url, later, {"bulk": 3, "urgent": 1}) == []
    assert _sweep(database_url, later, {"bulk": 2, "urgent": 5, "upkeep": 9}) == bulk[:1]
    assert _sweep(database_url, later, {"bulk": 1}) == [*urgent, bulk[1]]  # the first counts as woken now
    assert _sweep(database_url, later + MINUTE, {}) == [*urgent, *bulk]


def test_the_sweep_sends_no_more_than_workers_can_take_until_the_next(
    database_url: str, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunks, "_SWEPT", 2)
    waiting = list(submitted(database_url, many(3), vault, chunk_size=1).wakes)
    later = NOW + MINUTE
    assert _sweep(database_url, later, {"bulk": 2}) == []
    assert _sweep(database_url, later) == waiting[:2]
    assert _sweep(database_url, later) == waiting[2:]


def test_the_sweep_leaves_what_was_claimed_lately(database_url: str, vault: Vault) -> None:
    chunk = _chunk(database_url, vault)
    claimed = NOW + MINUTE
    _claim(database_url, chunk.chunk_id, claimed)
    assert _sweep(database_url, claimed + MINUTE - TICK) == []
    assert _sweep(database_url, claimed + MINUTE) == [chunk]


def test_what_a_clock_ahead_has_woken_and_claimed_is_woken_when_it_is_put_right(
    database_url: str, vault: Vault
) -> None:
    chunk = _chunk(database_url, vault)
    ahead = NOW + dt.timedelta(days=1)
    assert _claim(database_url, chunk.chunk_id, ahead).mine == chunk
    assert _sweep(database_url, ahead + MINUTE) == [chunk]
    assert _sweep(database_url, NOW) == [chunk]
    assert _sweep(database_url, NOW + TICK) == []


def test_a_try_is_given_back_only_while_there_is_one_to_give(database_url: str, vault: Vault) -> None:
    chunk = _chunk(database_url, vault)
    for _ in range(2):
        with engine_of(database_url) as engine, session(engine) as opened:
            chunks.give_back(opened, [chunk.chunk_id])
        assert _chunks(database_url)[0].tries == 0
    _claim(database_url, chunk.chunk_id)
    with engine_of(database_url) as engine, session(engine) as opened:
        chunks.give_back(opened, [chunk.chunk_id])
    assert _chunks(database_url)[0].tries == 0
    _claim(database_url, chunk.chunk_id)
    with engine_of(database_url) as engine, session(engine) as opened:
        chunks.finish(opened, opened.get_one(Chunk, chunk.chunk_id), NOW)
        chunks.give_back(opened, [chunk.chunk_id])
    assert _chunks(database_url)[0].tries == 1  # what is done keeps its tries


def test_the_sweep_leaves_what_somebody_works_on(database_url: str, vault: Vault) -> None:
    chunk = _chunk(database_url, vault)
    with engine_of(database_url) as engine, session(engine) as opened:
        chunks.take(opened, chunk.chunk_id)
        assert _sweep(database_url, NOW + MINUTE) == []


def test_the_sweep_completes_a_batch_that_nobody_marked(database_url: str, vault: Vault) -> None:
    _chunk(database_url, vault)
    with engine_of(database_url) as engine, session(engine) as opened:
        [chunk] = opened.exec(select(Chunk))
        chunk.status = "done"
        opened.add(chunk)
    assert _sweep(database_url, NOW + MINUTE) == []
    with engine_of(database_url) as engine, session(engine) as opened:
        assert opened.exec(select(Batch.status)).one() == "complete"


def test_an_error_is_kept_only_while_the_chunk_is_pending(database_url: str, vault: Vault) -> None:
    chunk = _chunk(database_url, vault)
    with engine_of(database_url) as engine, session(engine) as opened:
        chunks.note_error(opened, chunk.chunk_id, "first")
        found = chunks.take(opened, chunk.chunk_id)
        assert found is not None
        opened.refresh(found)
        assert found.error == "first"
        chunks.finish(opened, found, NOW)
        opened.flush()
        chunks.note_error(opened, chunk.chunk_id, "late")
    [row] = _chunks(database_url)
    assert (row.status, row.error) == ("done", None)


def test_what_is_left_of_a_batch_counts_cases(database_url: str, vault: Vault) -> None:
    done = submitted(database_url, many(7), vault, chunk_size=5)
    with engine_of(database_url) as engine, session(engine) as opened:
        assert remaining(opened, done.batch_id) == Remaining(complete=False, cases=7, total=7)
        found = chunks.take(opened, done.wakes[0].chunk_id)
        assert found is not None
        chunks.finish(opened, found, NOW)
        assert remaining(opened, done.batch_id) == Remaining(complete=False, cases=2, total=7)
        assert recent(opened) == [done.batch_id]


def test_a_message_carries_a_chunk_id_and_nothing_else(database_url: str, redis_url: str, vault: Vault) -> None:
    done = submitted(database_url, [accepted(9, "C1", {"name": "张三"}, violence=True), *many(2, "D")], vault)
    assert wake(done.wakes, redis_url) == 2
    with redis_client(redis_url) as client:
        for queue, woken in zip(("urgent", "bulk"), done.wakes, strict=True):
            [message] = client.lrange(queue, 0, -1)
            decoded = json.loads(message)
            args, kwargs, _ = json.loads(base64.b64decode(decoded["body"]))
            assert (decoded["headers"]["task"], args, kwargs) == ("chunk.triage", [woken.chunk_id], {})
    assert under_way(redis_url) == {"urgent": 1, "bulk": 1, "upkeep": 0}


def test_waking_over_a_flushed_redis_still_arrives(redis_url: str) -> None:
    assert wake([Wake(1, "bulk")], redis_url) == 1
    with redis_client(redis_url) as client:
        client.flushall()
        assert wake([Wake(2, "bulk")], redis_url) == 1
        assert client.llen("bulk") == 1


def test_a_broker_that_is_away_is_no_error(tmp_path: Path) -> None:
    nobody = f"redis+socket://{tmp_path}/nobody.sock"
    assert (wake([Wake(1, "bulk")], nobody), under_way(nobody)) == (0, {})


def test_the_scheduler_sweeps_keeps_the_record_and_sends_a_heartbeat_to_every_queue() -> None:
    entries = schedule(60, QUEUES).values()
    assert {(entry["task"], entry["options"]["queue"]) for entry in entries} == {
        *(
            (f"upkeep.{name}", "upkeep")
            for name in (
                "sweep",
                "purge",
                "deliver",
                "forget",
                "fold",
                "return",
                "tidy",
                "tie",
                "deal",
                "tell",
                "pack",
                "age",
                "follow",
                "notice",
            )
        ),
        *(("upkeep.heartbeat", queue) for queue in QUEUES),
    }
    assert {entry["task"] for entry in entries} <= set(_task_names())
    # Two machines' clocks may differ by seconds: nothing is dropped for that.
    assert min(entry["options"]["expires"] for entry in schedule(1, QUEUES).values()) == EXPIRES_SECONDS == 60


def test_a_process_that_is_slow_to_begin_is_given_as_long_as_a_task() -> None:
    """Celery kills one that has not begun within four seconds, and so its successor: nothing was done for a quarter of
    an hour on a machine with a thirtieth of a core for each.
    """
    assert app.conf.worker_proc_alive_timeout == app.conf.task_time_limit


def _task_names() -> list[str]:
    app.loader.import_default_modules()
    return sorted(app.tasks)


@pytest.mark.parametrize(("age", "kept"), [(FRESH, False), (FRESH + TICK, True)])
def test_a_fresh_heartbeat_is_not_written_again(database_url: str, age: dt.timedelta, kept: bool) -> None:
    with engine_of(database_url) as engine, session(engine) as opened:
        beat(opened, "bulk", NOW)
        beat(opened, "bulk", NOW + age)
        assert opened.get_one(Heartbeat, "bulk").consumed_at == (NOW + age if kept else NOW)


def test_a_heartbeat_to_come_gives_way_to_the_present_one(database_url: str) -> None:
    with engine_of(database_url) as engine, session(engine) as opened:
        beat(opened, "bulk", NOW + dt.timedelta(days=1))
        beat(opened, "bulk", NOW)
        assert opened.get_one(Heartbeat, "bulk").consumed_at == NOW
