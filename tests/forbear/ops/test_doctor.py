"""What is wrong with a Redis is told in one sentence, with what to do."""

import datetime as dt
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import psycopg
import pytest

from forbear.ops.doctor import broker_fault, check_claims
from tests.support.desk.cases import NOW, VAULT, accepted, many, submitted


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
