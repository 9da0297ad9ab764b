"""The queue of record, two of everything: what happens to a chunk happens to it alone, and to its batch alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import text
from sqlmodel import Session, col, select

from forbear.batch import chunks
from forbear.batch.chunks import MAX_TRIES, NOTHING, Claim, Wake
from models.database.session import session
from models.intake.batch import Batch, Chunk
from tests.support.desk.cases import NOW, VAULT, accepted, engine_of, many, submitted

LATER = NOW + dt.timedelta(hours=1)
MINUTE = dt.timedelta(minutes=1)
DIED = "the worker process died or took too long"


@pytest.fixture
def url(database_url: str) -> str:
    """Two batches of two chunks each: of three cases and of one, and of one case each."""
    submitted(database_url, many(4), VAULT, chunk_size=3)
    submitted(database_url, many(2, "D"), VAULT, chunk_size=1)
    return database_url


@contextmanager
def opened(url: str) -> Iterator[Session]:
    """A session in which whoever waits for another one's row fails: nobody of these ever should."""
    with engine_of(url) as engine, session(engine) as opening:
        opening.connection().execute(text("SET LOCAL lock_timeout = '5s'"))
        yield opening


def rows(url: str) -> list[Chunk]:
    with engine_of(url) as engine, Session(engine, expire_on_commit=False) as reading:
        return list(reading.exec(select(Chunk).order_by(col(Chunk.id))))


def ids(url: str) -> list[int]:
    return [chunk.id for chunk in rows(url)]


def seen(url: str, column: str) -> list[Any]:
    """A column of every chunk, in order."""
    return [getattr(chunk, column) for chunk in rows(url)]


def batches(url: str) -> dict[UUID, tuple[str, dt.datetime | None]]:
    with opened(url) as reading:
        return {batch.id: (batch.status, batch.completed_at) for batch in reading.exec(select(Batch))}


def states(url: str) -> list[str]:
    """The status of both batches, the one that was submitted first before the other."""
    found = batches(url)
    return [found[batch][0] for batch in dict.fromkeys(seen(url, "batch_id"))]


def change(url: str, number: int, **columns: Any) -> None:
    """Put values into one chunk's row, by its place among them."""
    with opened(url) as writing:
        chunk = writing.get_one(Chunk, ids(url)[number])
        for name, value in columns.items():
            setattr(chunk, name, value)
        writing.add(chunk)


def claim(url: str, number: int, now: dt.datetime = LATER) -> Claim:
    with opened(url) as claiming:
        return chunks.claim(claiming, ids(url)[number], now)


def test_a_claim_counts_a_try_of_its_own_chunk(url: str) -> None:
    mine = ids(url)[1]
    assert claim(url, 1) == Claim(mine=Wake(mine, "bulk"))
    assert claim(url, 1, LATER + MINUTE) == Claim(mine=Wake(mine, "bulk"))
    assert seen(url, "tries") == [0, 2, 0, 0]
    assert seen(url, "claimed_at") == [None, LATER + MINUTE, None, None]
    assert seen(url, "status") == ["pending"] * 4


def test_an_urgent_chunk_is_claimed_for_its_queue(database_url: str) -> None:
    submitted(database_url, [accepted(1, "calm"), accepted(2, "alarm", violence=True)], VAULT)
    found = {claim(database_url, number).mine for number in (0, 1)}
    assert found == {Wake(chunk.id, chunk.queue) for chunk in rows(database_url)}
    assert {wake.queue for wake in found if wake} == {"urgent", "bulk"}


def test_a_chunk_is_tried_so_often_and_then_halved(url: str) -> None:
    change(url, 0, error="ValueError in facts, line 7")
    for tries in range(1, MAX_TRIES + 1):
        assert claim(url, 0).mine
        assert seen(url, "tries")[0] == tries
    cases = seen(url, "case_version_ids")[0]
    found = claim(url, 0)
    whole, *_, first, second = rows(url)
    assert found == Claim(halves=(Wake(first.id, "bulk"), Wake(second.id, "bulk")))
    assert (whole.status, whole.done_at, whole.tries) == ("split", LATER, MAX_TRIES)
    assert (first.case_version_ids, second.case_version_ids) == (cases[:1], cases[1:])
    for half in (first, second):
        assert (half.batch_id, half.status, half.tries, half.woken_at) == (whole.batch_id, "pending", 0, LATER)
        assert (half.error, half.claimed_at, half.done_at) == ("ValueError in facts, line 7", None, None)
    assert states(url) == ["running", "running"]


@pytest.mark.parametrize(
    ("ago", "error", "status"),
    [(60, None, "pending"), (61, None, "failed"), (60, "ValueError", "failed"), (-1, None, "failed")],
)
def test_a_case_alone_is_given_up_when_its_last_try_is_over(url: str, ago: int, error: str | None, status: str) -> None:
    """Its worker may have lost the connection and be about to go on: till then no message comes to it either."""
    change(url, 2, tries=MAX_TRIES, claimed_at=LATER - dt.timedelta(seconds=ago), error=error)
    for other in (0, 1, 3):
        change(url, other, status="done")
    with opened(url) as working:
        assert chunks.next_up(working, ids(url)[2], LATER) == (None if status == "pending" else ids(url)[2])
    assert claim(url, 2) == NOTHING
    assert seen(url, "status")[2] == status


def test_one_poison_case_is_found_by_halving_and_fails_alone(url: str) -> None:
    """Every chunk that holds the third case dies; the others are done."""
    poison = seen(url, "case_version_ids")[0][2]
    waiting = ids(url)
    now = LATER
    while waiting:
        chunk_id = waiting.pop(0)
        now += 2 * MINUTE
        with opened(url) as working:
            found = chunks.claim(working, chunk_id, now)
        if found.mine is None:
            waiting += [half.chunk_id for half in found.halves]
            continue
        with opened(url) as working:
            chunk = chunks.take(working, chunk_id)
            assert chunk is not None
            if poison in chunk.case_version_ids:
                waiting.append(chunk_id)
            else:
                chunks.finish(working, chunk, LATER)
    ends = {tuple(chunk.case_version_ids): chunk.status for chunk in rows(url) if chunk.status != "split"}
    assert ends.pop((poison,)) == "failed"
    assert set(ends.values()) == {"done"}
    assert len(ends) == 5
    assert states(url) == ["complete", "complete"]


@pytest.mark.parametrize("error", [None, "ValueError in facts, line 7"])
def test_a_case_alone_that_used_up_its_tries_fails_and_keeps_what_went_wrong(url: str, error: str | None) -> None:
    change(url, 2, tries=MAX_TRIES, error=error)
    assert claim(url, 2) == NOTHING
    assert seen(url, "status") == ["pending", "pending", "failed", "pending"]
    assert seen(url, "error") == [None, None, error or DIED, None]
    assert seen(url, "done_at") == [None, None, LATER, None]
    assert states(url) == ["running", "running"]
    change(url, 3, tries=MAX_TRIES)
    assert claim(url, 3) == NOTHING
    assert states(url) == ["running", "complete"]


@pytest.mark.parametrize("status", ["done", "failed", "split"])
def test_a_chunk_that_is_not_pending_is_nobodys(url: str, status: str) -> None:
    change(url, 1, status=status)
    assert claim(url, 1) == NOTHING
    assert seen(url, "tries")[1] == 0
    assert claim(url, 0).mine


def test_a_chunk_that_somebody_works_on_is_left_alone_and_its_neighbour_is_not(url: str) -> None:
    one, other, *_ = ids(url)
    with opened(url) as working:
        assert chunks.take(working, one)
        assert claim(url, 0) == NOTHING
        assert claim(url, 1).mine == Wake(other, "bulk")
    assert claim(url, 0).mine == Wake(one, "bulk")


def test_what_went_wrong_is_written_on_its_own_chunk_and_only_while_it_is_pending(url: str) -> None:
    change(url, 3, status="done")
    with opened(url) as writing:
        chunks.note_error(writing, ids(url)[1], "ValueError in facts, line 7")
        chunks.note_error(writing, ids(url)[3], "too late")
    assert seen(url, "error") == [None, "ValueError in facts, line 7", None, None]


def test_only_the_chunks_asked_for_and_not_done_are_pending(url: str) -> None:
    change(url, 0, status="done")
    first, second, third, _ = ids(url)
    with opened(url) as reading:
        assert chunks.pending(reading, [first]) == 0
        assert chunks.pending(reading, [first, second, third]) == 2


def test_a_batch_is_complete_with_the_last_of_its_own_chunks(url: str) -> None:
    change(url, 0, error="once")
    for number, expected in ((0, ["running", "running"]), (1, ["complete", "running"])):
        with opened(url) as working:
            chunk = chunks.take(working, ids(url)[number])
            assert chunk is not None
            chunks.finish(working, chunk, LATER + number * MINUTE)
        assert states(url) == expected
    assert seen(url, "status") == ["done", "done", "pending", "pending"]
    assert seen(url, "done_at") == [LATER, LATER + MINUTE, None, None]
    assert seen(url, "error")[0] is None
    assert dict(batches(url).values()) == {"complete": LATER + MINUTE, "running": None}


def test_a_batch_is_completed_while_somebody_writes_a_row_that_names_it(url: str) -> None:
    batch_id = seen(url, "batch_id")[0]
    for number in (0, 1):
        change(url, number, status="done")
    with psycopg.connect(url) as other, opened(url) as working:
        other.execute("SELECT 1 FROM batch WHERE id = %s FOR KEY SHARE", [batch_id])  # as a foreign key does
        chunks.complete(working, batch_id, LATER)
    assert states(url) == ["complete", "running"]


def test_a_complete_batch_stays_as_it_is(url: str) -> None:
    batch_id = seen(url, "batch_id")[0]
    for number in (0, 1):
        change(url, number, status="done")
    for now in (LATER, LATER + MINUTE):
        with opened(url) as working:
            chunks.complete(working, batch_id, now)
    assert batches(url)[batch_id] == ("complete", LATER)


def test_a_sweep_finds_what_nobody_woke_or_claimed_and_leaves_the_rest(url: str) -> None:
    old, fresh = LATER - MINUTE, LATER - MINUTE + dt.timedelta(seconds=1)
    # The last one first: rows lie in the order in which they were written.
    change(url, 3, woken_at=old)
    change(url, 2, woken_at=old, claimed_at=fresh)
    change(url, 1, woken_at=fresh)
    change(url, 0, woken_at=old, claimed_at=old)
    first, _, _, last = ids(url)
    with opened(url) as sweeping:
        assert chunks.sweep(sweeping, LATER, MINUTE) == [Wake(first, "bulk"), Wake(last, "bulk")]
    assert seen(url, "woken_at") == [LATER, fresh, old, LATER]
    with opened(url) as sweeping:
        assert chunks.sweep(sweeping, LATER, MINUTE) == []  # they count as woken


def test_a_sweep_leaves_what_is_done_or_worked_on(url: str) -> None:
    for number, status in enumerate(("done", "failed", "split", "pending")):
        change(url, number, status=status, woken_at=NOW)
    with opened(url) as working:
        assert chunks.take(working, ids(url)[3])
        with opened(url) as sweeping:
            assert chunks.sweep(sweeping, LATER, MINUTE) == []


def test_a_sweep_completes_the_batch_that_nobody_did(url: str) -> None:
    for number in (0, 1, 2):
        change(url, number, status="done", woken_at=LATER)
    change(url, 3, woken_at=LATER)
    with opened(url) as sweeping:
        assert chunks.sweep(sweeping, LATER, MINUTE) == []
    assert states(url) == ["complete", "running"]


FAILED: dict[str, Any] = {
    "status": "failed",
    "tries": MAX_TRIES,
    "error": "once",
    "claimed_at": NOW,
    "done_at": NOW,
}


def test_a_retry_takes_up_the_failed_chunks_of_its_batch_with_all_their_tries(url: str) -> None:
    for number in (2, 1, 0):
        change(url, number, **FAILED)
    change(url, 3, status="done", done_at=NOW)
    batch_id, first, second = seen(url, "batch_id")[0], *ids(url)[:2]
    with opened(url) as working:
        for each in dict.fromkeys(seen(url, "batch_id")):
            chunks.complete(working, each, NOW)
    assert states(url) == ["complete", "complete"]
    with opened(url) as trying:
        assert chunks.retry(trying, batch_id, None, LATER) == (Wake(first, "bulk"), Wake(second, "bulk"))
    assert seen(url, "status") == ["pending", "pending", "failed", "done"]
    assert seen(url, "tries") == [0, 0, MAX_TRIES, 0]
    assert seen(url, "error") == [None, None, "once", None]
    assert seen(url, "woken_at")[:2] == [LATER, LATER]
    assert seen(url, "claimed_at") == [None, None, NOW, None]
    assert seen(url, "done_at") == [None, None, NOW, NOW]
    assert states(url) == ["running", "complete"]
    assert batches(url)[batch_id] == ("running", None)


def test_a_retry_of_one_chunk_leaves_the_other(url: str) -> None:
    for number in (0, 1):
        change(url, number, **FAILED)
    batch_id, second = seen(url, "batch_id")[0], ids(url)[1]
    with opened(url) as trying:
        assert chunks.retry(trying, batch_id, second, LATER) == (Wake(second, "bulk"),)
    assert seen(url, "status") == ["failed", "pending", "pending", "pending"]


def test_a_retry_of_what_did_not_fail_or_is_anothers_changes_nothing(url: str) -> None:
    for number in (0, 1):
        change(url, number, status="done", done_at=NOW)
    change(url, 2, **FAILED)
    mine, theirs = dict.fromkeys(seen(url, "batch_id"))
    with opened(url) as working:
        chunks.complete(working, mine, NOW)
    with opened(url) as trying:
        assert chunks.retry(trying, mine, None, LATER) == ()
        assert chunks.retry(trying, mine, ids(url)[2], LATER) == ()
    assert seen(url, "status") == ["done", "done", "failed", "pending"]
    assert batches(url) == {mine: ("complete", NOW), theirs: ("running", None)}
