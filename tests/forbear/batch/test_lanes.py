"""Who is next: crises before single cases before files, and submitters by turns; a message is one piece of work."""

from __future__ import annotations

import datetime as dt
import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, Engine, event
from sqlmodel import Session, col, select

from forbear.base.packs import shipped
from forbear.batch import chunks
from forbear.batch.submission.submit import CRISIS_CHUNK
from models.database.session import make_engine, session
from models.intake.batch import Chunk, Lane
from tests.support.desk.cases import NOW, VAULT, accepted, many, submitted

DANGER = {"notes": "他说不想活了，已经买好了农药"}
SECOND = dt.timedelta(seconds=1)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    made = make_engine(database_url)
    yield made
    made.dispose()


def handed_in(engine: Engine, *rows: object, submitter: str = "us", chunk_size: int = 500) -> list[int]:
    """The chunks of a file, or of a case by itself, by the pack that comes with Forbear."""
    url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    done = submitted(url, rows, VAULT, by=shipped(), submitter=submitter, chunk_size=chunk_size)  # type: ignore[arg-type]
    return [wake.chunk_id for wake in done.wakes]


def lanes(engine: Engine, ids: list[int]) -> list[tuple[str, Lane]]:
    with session(engine) as opened:
        found = opened.exec(select(Chunk).where(col(Chunk.id).in_(ids)).order_by(col(Chunk.id)))
        return [(chunk.queue, Lane(chunk.lane)) for chunk in found]


@pytest.mark.parametrize(
    ("cases", "most", "sizes"),
    [
        (2, 5, [2]),
        (11, 5, [5, 5, 1]),
        (20, 5, [5, 5, 5, 5]),
        (21, 5, [3] * 7),  # more than four of the largest: as many for each of four workers
        (41, 5, [4] * 10 + [1]),
        (4_001, 2_000, [1_001, 1_001, 1_001, 998]),
        (2_600, 2_000, [867, 867, 866]),  # about a thousand in a piece, where there are no more
        (1_499, 2_000, [1_499]),
        (1_499, 1_200, [750, 749]),
    ],
)
def test_a_file_is_cut_for_a_few_workers_to_share(engine: Engine, cases: int, most: int, sizes: list[int]) -> None:
    ids = handed_in(engine, *many(cases), chunk_size=most)
    with session(engine) as opened:
        found = [len(opened.get_one(Chunk, each).case_version_ids) for each in ids]
    assert found == sizes


def order(engine: Engine, message: int, most: int = 99) -> list[int]:
    """The chunks that so many messages about one of a queue come to, each done before the next."""
    done: list[int] = []
    while len(done) < most:
        with session(engine) as opened:
            chunk_id = chunks.next_up(opened, message, NOW)
            if chunk_id is None:
                break
            chunk = chunks.take(opened, chunk_id)
            assert chunk is not None
            chunks.finish(opened, chunk, NOW)
            done.append(chunk_id)
    return done


def submitters(engine: Engine, ids: list[int]) -> str:
    with session(engine) as opened:
        return "".join(opened.get_one(Chunk, chunk_id).submitter for chunk_id in ids)


def test_a_case_has_the_lane_of_what_it_tells_of_and_how_it_came(engine: Engine) -> None:
    assert lanes(engine, handed_in(engine, accepted(1, "A", DANGER))) == [("urgent", Lane.CRISIS_ALONE)]
    assert lanes(engine, handed_in(engine, accepted(1, "B", violence=True))) == [("urgent", Lane.CRISIS_ALONE)]
    assert lanes(engine, handed_in(engine, accepted(1, "C", {}, {"随便": DANGER["notes"]}))) == [
        ("urgent", Lane.CRISIS_ALONE)
    ]
    assert lanes(engine, handed_in(engine, accepted(1, "D"))) == [("urgent", Lane.SINGLE)]
    assert lanes(engine, handed_in(engine, accepted(1, "E", legal_stage="hearing"))) == [("urgent", Lane.SINGLE)]
    file = [
        accepted(1, "F"),
        accepted(2, "G", legal_stage="hearing"),
        accepted(3, "H", {"notes": "收到了AB贷的短信"}),
        accepted(4, "I", DANGER),
    ]
    assert lanes(engine, handed_in(engine, *file)) == [
        ("urgent", Lane.CRISIS),
        ("urgent", Lane.FLAGGED),
        ("bulk", Lane.ORDINARY),
    ]


def test_crises_of_a_file_come_in_the_smallest_pieces(engine: Engine) -> None:
    rows = (accepted(number, f"C{number}", violence=True) for number in range(CRISIS_CHUNK + 1))
    ids = handed_in(engine, *rows)
    with session(engine) as opened:
        found = opened.exec(select(Chunk).where(col(Chunk.id).in_(ids)).order_by(col(Chunk.id)))
        assert [(chunk.lane, len(chunk.case_version_ids)) for chunk in found] == [
            (Lane.CRISIS, CRISIS_CHUNK),
            (Lane.CRISIS, 1),
        ]


def test_danger_that_was_asked_about_and_denied_is_no_crisis(engine: Engine) -> None:
    denied = accepted(1, "A", {"notes": "没有轻生念头"})
    asked = accepted(1, "B", {"notes": "没有轻生念头"}, self_harm_signal=False)
    assert lanes(engine, handed_in(engine, denied)) == [("urgent", Lane.CRISIS_ALONE)]
    assert lanes(engine, handed_in(engine, asked)) == [("urgent", Lane.SINGLE)]


def test_crises_overtake_single_cases_and_these_a_file_and_bulk_is_left_alone(engine: Engine) -> None:
    file = [accepted(1, "a"), accepted(2, "b", legal_stage="hearing"), accepted(3, "c", DANGER)]
    in_file, flagged, bulk = handed_in(engine, *file)
    singles = [chunk for number in range(3) for chunk in handed_in(engine, accepted(1, f"S{number}"))]
    [crisis] = handed_in(engine, accepted(1, "crisis", DANGER))
    assert order(engine, flagged) == [crisis, in_file, *singles, flagged]
    assert order(engine, flagged) == []
    assert order(engine, bulk) == [bulk]


def test_submitters_take_turns_by_cases_whenever_they_came(engine: Engine) -> None:
    ours = handed_in(engine, *many(12), submitter="a", chunk_size=2)
    assert order(engine, ours[0], 2) == ours[:2]
    handed_in(engine, *many(3), submitter="b", chunk_size=1)
    handed_in(engine, *many(2), submitter="c", chunk_size=2)
    assert submitters(engine, order(engine, ours[0])) == "abcbabaa"


def test_many_files_of_one_submitter_are_one_queue(engine: Engine) -> None:
    ours = [chunk for n in range(5) for chunk in handed_in(engine, accepted(1, f"A{n}"), submitter="a")]
    theirs = [chunk for n in range(2) for chunk in handed_in(engine, accepted(1, f"B{n}"), submitter="b")]
    assert order(engine, ours[0]) == [ours[0], theirs[0], ours[1], theirs[1], *ours[2:]]


def test_an_empty_lane_forgets_who_had_how_much(engine: Engine) -> None:
    first = handed_in(engine, *many(4), submitter="a", chunk_size=1)
    assert order(engine, first[0]) == first
    again = handed_in(engine, *many(2, "D"), submitter="a", chunk_size=1)
    theirs = handed_in(engine, *many(2), submitter="b", chunk_size=1)
    assert order(engine, again[0]) == [again[0], theirs[0], again[1], theirs[1]]


def test_what_is_tried_again_or_halved_keeps_its_place_at_the_front(engine: Engine) -> None:
    first, *others = handed_in(engine, *many(6), submitter="a", chunk_size=2)
    with session(engine) as opened:
        opened.add(opened.get_one(Chunk, first).sqlmodel_update({"tries": chunks.MAX_TRIES}))
    with session(engine) as opened:
        halves = [half.chunk_id for half in chunks.claim(opened, first, NOW).halves]
    assert order(engine, first, 2) == halves
    with session(engine) as opened:
        failed = opened.get_one(Chunk, halves[0])
        opened.add(failed.sqlmodel_update({"status": "failed", "turn": 10_000}))
        opened.flush()
        chunks.retry(opened, failed.batch_id, None, NOW)
    assert order(engine, first) == [others[0], halves[0], *others[1:]]


def test_what_fails_again_and_again_goes_behind_the_rest_of_its_submitter(engine: Engine) -> None:
    ours = handed_in(engine, *many(3), submitter="a", chunk_size=1)
    theirs = handed_in(engine, *many(5), submitter="b", chunk_size=1)

    def tried() -> int | None:
        with session(engine) as opened:
            chunk_id = chunks.next_up(opened, theirs[0], NOW)
            assert chunk_id is not None
            chunks.claim(opened, chunk_id, NOW)
            return chunk_id

    assert [tried(), tried()] == [ours[0], ours[0]], "a worker that was killed is no fault of the chunk"
    assert order(engine, ours[0]) == [theirs[0], ours[1], theirs[1], ours[2], theirs[2], ours[0], *theirs[3:]]


def test_what_somebody_works_on_or_is_about_to_is_passed_over(engine: Engine) -> None:
    first, second, third = handed_in(engine, *many(3), chunk_size=1)
    with session(engine) as claiming:
        assert chunks.next_up(claiming, third, NOW) == first
        assert next_of_another(engine, third, NOW) == second
        chunks.claim(claiming, first, NOW)
        claiming.commit()  # claimed, and not begun
        assert next_of_another(engine, third, NOW) == second
        assert next_of_another(engine, third, NOW + 10 * SECOND) == first, "stopped before it began"
        working = chunks.take(claiming, first)
        assert working is not None
        assert next_of_another(engine, third, NOW + 10 * SECOND) == second
    assert next_of_another(engine, third, NOW) == second
    with session(engine) as letting:
        chunks.let_go(letting)
    assert next_of_another(engine, third, NOW) == first


def next_of_another(engine: Engine, message: int, now: dt.datetime) -> int | None:
    other = make_engine(engine.url.set(drivername="postgresql").render_as_string(hide_password=False))
    try:
        with Session(other) as opened:
            return chunks.next_up(opened, message, now)
    finally:
        other.dispose()


def test_each_message_is_one_piece_of_work_however_many_are_at_it(engine: Engine) -> None:
    """Without the hold two workers would choose the same chunk between claim and work, and leave another."""
    ids = handed_in(engine, *many(60), chunk_size=1)
    messages = iter(ids)
    ready = threading.Barrier(4)

    def work() -> None:
        ready.wait()
        with engine.connect() as connection:
            for message in messages:
                with Session(connection) as claiming:
                    chunk_id = chunks.next_up(claiming, message, NOW)
                    assert chunk_id is not None
                    assert chunks.claim(claiming, chunk_id, NOW).mine
                    claiming.commit()
                with Session(connection) as working:
                    chunk = chunks.take(working, chunk_id)
                    assert chunk is not None
                    chunks.finish(working, chunk, NOW)
                    working.commit()

    with ThreadPoolExecutor(4) as workers:
        for done in [workers.submit(work) for _ in range(4)]:
            done.result()
    with session(engine) as opened:
        assert opened.exec(select(Chunk.status, Chunk.tries).distinct()).all() == [("done", 1)]


def test_a_message_about_a_chunk_that_is_gone_does_nothing(engine: Engine) -> None:
    [chunk] = handed_in(engine, accepted(1, "A"))
    with session(engine) as opened:
        assert chunks.next_up(opened, chunk + 1, NOW) is None


def test_what_is_next_among_a_hundred_thousand_is_found_by_an_index(database_url: str, engine: Engine) -> None:
    [bulk] = handed_in(engine, *many(2))
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO chunk (batch_id, submitter, queue, lane, turn, case_version_ids, status, tries, woken_at) "
            "SELECT batch_id, 's' || n % 7, queue, lane, n, '{1}', 'pending', 0, woken_at "
            "FROM chunk, generate_series(1, 100000) n"
        )
        connection.execute("ANALYZE chunk")
    found = explained(engine, lambda: order(engine, bulk, 1), lambda: handed_in(engine, *many(2, "D")))
    assert len(found) == 2
    for plan in found:
        assert not re.search(r"Seq Scan on chunk|Bitmap Heap Scan on chunk|Sort Key: (c\.|chunk\.)", plan), plan
        assert "ix_chunk_queue_lane_turn_id" in plan, plan


def explained(engine: Engine, *acts: Callable[[], object]) -> list[str]:
    """The plans of the statements by which these choose a chunk, or give one its turn."""
    plans: list[str] = []

    def explain(connection: Connection, _cursor: object, statement: str, values: Any, *_: object) -> None:
        if re.search(r"FROM chunk.*LIMIT", statement, re.DOTALL) and not statement.startswith("EXPLAIN"):
            rows = connection.exec_driver_sql(f"EXPLAIN {statement}", values)
            plans.append("\n".join(row[0] for row in rows))

    event.listen(Engine, "before_cursor_execute", explain)
    try:
        for act in acts:
            act()
    finally:
        event.remove(Engine, "before_cursor_execute", explain)
    return plans
