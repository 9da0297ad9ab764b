"""What is wrong with a Redis is told in one sentence, with what to do."""

import datetime as dt
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import psycopg
import pytest

from forbear.ops.doctor import broker_fault, check_claims, check_consumption
from forbear.ops.metrics import measure
from models.database.session import session
from tests.support.desk.cases import NOW, VAULT, accepted, engine_of, many, submitted


@contextmanager
def answering(answer: bytes) -> Iterator[str]:
    """The host and port of a server that says this to whoever asks."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)

        def serve() -> None:
            with server.accept()[0] as client:
                client.recv(1024)
                client.sendall(answer)

        thread = Thread(target=serve)
        thread.start()
        yield f"127.0.0.1:{server.getsockname()[1]}"
        thread.join()


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (b"-NOAUTH Authentication required.\r\n", "the password is wrong or missing"),
        (b"-WRONGPASS invalid username-password pair\r\n", "the password is wrong or missing"),
        (b"-ERR DB index is out of range\r\n", "it refuses (DB index is out of range)"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "is no Redis: correct host and port"),
    ],
)
def test_a_redis_that_refuses_has_to_be_set_right(answer: bytes, sentence: str) -> None:
    with answering(answer) as address:
        fault = broker_fault(f"redis://{address}/0")
    assert fault is not None
    assert not fault.away
    assert sentence in fault.why


def test_a_redis_that_is_away_may_come_back(redis_url: str) -> None:
    assert broker_fault(redis_url) is None
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    for url in (f"redis://127.0.0.1:{port}", f"rediss://127.0.0.1:{port}", "redis+socket:///nowhere.sock"):
        fault = broker_fault(url)
        assert fault is not None
        assert fault.away
        assert "not reachable" in fault.why


@pytest.mark.parametrize(
    ("seconds", "ok", "told"),
    [
        (300, True, "its oldest was claimed 300 s ago"),
        (301, False, "claimed 301 s ago and is not done"),
        (-9, True, "its oldest was claimed 2 s ago"),
    ],
)
def test_a_claim_that_nobody_ends_is_told_with_its_age(database_url: str, seconds: int, ok: bool, told: str) -> None:
    submitted(database_url, many(4), VAULT, chunk_size=1)
    submitted(database_url, [accepted(1, "alone")], VAULT)
    assert check_claims(database_url, ("urgent", "bulk"), NOW) == []
    rows = [(seconds, "pending"), (None, "pending"), (1000, "done"), (2, "pending")]
    with psycopg.connect(database_url) as connection:
        for (age, status), row in zip(
            rows, connection.execute("SELECT id FROM chunk WHERE lane = 4").fetchall(), strict=True
        ):
            claimed = None if age is None else NOW - dt.timedelta(seconds=age)
            connection.execute("UPDATE chunk SET claimed_at = %s, status = %s WHERE id = %s", [claimed, status, row[0]])
    (found,) = check_claims(database_url, ("urgent", "bulk"), NOW)
    assert (found.what, found.ok) == ("work of bulk", ok)
    assert told in found.detail
    assert check_claims(database_url, ("urgent",), NOW) == []


@pytest.mark.parametrize(
    ("came", "finished", "claimed", "stalled"),
    [
        (180, None, None, 180),
        (181, None, None, 181),
        (1000, 180, None, 180),
        (1000, 181, None, 181),
        (1000, -9, None, 1000),  # a clock that was ahead proves nothing
        (1000, None, 10, None),  # somebody is at it
        (1000, None, 61, 1000),  # or was
        (1000, None, -9, 1000),
    ],
)
def test_work_that_waits_while_none_is_finished_is_told_whoever_sends_heartbeats(
    database_url: str, came: int, finished: int | None, claimed: int | None, stalled: int | None
) -> None:
    """Two queues: what is finished in one proves nothing of the other."""

    def ago(seconds: int | None) -> dt.datetime | None:
        return None if seconds is None else NOW - dt.timedelta(seconds=seconds)

    submitted(database_url, many(2), VAULT, now=NOW - dt.timedelta(seconds=came))
    submitted(database_url, [accepted(1, "alone")], VAULT, now=NOW - dt.timedelta(seconds=came))
    submitted(database_url, many(2, "later"), VAULT)
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE chunk SET status = 'done', done_at = %s WHERE queue = 'urgent'", [NOW])
        connection.execute("UPDATE chunk SET claimed_at = %s WHERE status = 'pending'", [ago(claimed)])
        connection.execute(
            "INSERT INTO chunk"
            " (batch_id, submitter, queue, lane, turn, case_version_ids, status, tries, woken_at, done_at)"
            " SELECT batch_id, submitter, queue, lane, turn, case_version_ids, 'done', 1, woken_at, %s FROM chunk"
            " WHERE queue = 'bulk' AND %s LIMIT 1",
            [ago(finished), finished is not None],
        )
    found = {each.what: each for each in check_consumption(database_url, ("urgent", "bulk"), NOW)}
    assert "progress of urgent" not in found
    if stalled is None:
        assert "progress of bulk" not in found
    else:
        assert found["progress of bulk"].ok == (stalled <= 180)
        assert f" {stalled} s" in found["progress of bulk"].detail
    with engine_of(database_url) as engine, session(engine) as opened:
        assert measure(opened, NOW).stalled_seconds == ({} if stalled is None else {"bulk": stalled})
