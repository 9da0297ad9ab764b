"""A Redis that dies under a connection with unacknowledged messages ends nothing but the connection."""

import socket
from pathlib import Path
from typing import Any

import pytest
from kombu.entity import Queue
from kombu.exceptions import OperationalError
from kombu.utils import functional

from forbear.batch.chunks import Wake
from forbear.ops import embedded
from tests.support.desk.processes import free_port, kill_group, start_redis
from workers import wake as waking
from workers.app import app


def test_the_close_of_a_connection_whose_redis_died_in_the_middle_of_a_poll_is_no_error(tmp_path: Path) -> None:
    """As Celery closes it: once to drop what it held, once for good. A second channel's close fails in between."""
    socket = embedded.runtime_folder(tmp_path) / "own.sock"
    url = f"redis+socket://{socket}"
    server = start_redis(url)
    try:
        queue = Queue("bulk")  # type: ignore[no-untyped-call]
        with app.connection_for_write(url=url) as writer:
            writer.Producer().publish({"chunk": 1}, routing_key="bulk", declare=[queue])
        connection: Any = app.connection_for_read(url=url)
        taken: list[Any] = []
        connection.Consumer([queue], callbacks=[lambda _, message: taken.append(message)], accept=["json"]).consume()
        mailbox = app.control.mailbox.Node("another", channel=connection.channel())
        mailbox.listen(callback=lambda *_: None)
        while not taken:
            connection.drain_events(timeout=60)
        with pytest.raises(TimeoutError):  # when both channels wait for their next message
            while True:
                connection.drain_events(timeout=0.2)
        kill_group(server)
        connection.collect(socket_timeout=1)
        connection.close()
        [message] = taken
        assert message.payload == {"chunk": 1}
        with pytest.raises(connection.connection_errors):  # as Celery expects of a process that was still at work
            message.ack()
    finally:
        kill_group(server)
        socket.unlink(missing_ok=True)


def test_who_sends_again_and_again_on_one_connection_goes_on_once_redis_takes_something_again(tmp_path: Path) -> None:
    """As the scheduler does. Where that raised, no sweep was ever sent again: what had lost its message stood still."""
    socket = embedded.runtime_folder(tmp_path) / "own.sock"
    server = start_redis(url := f"redis+socket://{socket}")
    try:
        with app.connection_for_write(url=url) as connection, embedded.redis_client(url) as redis:
            producer = connection.Producer()

            def send(number: int) -> None:
                policy = {"max_retries": 1, "interval_start": 0, "interval_step": 0}
                found = {"routing_key": "bulk", "declare": [Queue("bulk")]}  # type: ignore[no-untyped-call]
                producer.publish({"number": number}, retry=True, retry_policy=policy, **found)

            send(1)
            redis.config_set("maxmemory", 1)
            for _ in range(2):
                with pytest.raises((OperationalError, *connection.connection_errors)):
                    send(2)
            redis.config_set("maxmemory", 0)
            send(3)
            assert redis.llen("bulk") == 2
    finally:
        kill_group(server)
        socket.unlink(missing_ok=True)


def test_a_redis_without_memory_ends_nothing_of_who_takes_messages_from_it(tmp_path: Path) -> None:
    """What was taken before can be acknowledged, and what lies there be taken, worked on and acknowledged too."""
    socket = embedded.runtime_folder(tmp_path) / "own.sock"
    server = start_redis(url := f"redis+socket://{socket}")
    try:
        queue = Queue("bulk")  # type: ignore[no-untyped-call]
        with app.connection_for_write(url=url) as writer:
            for number in (1, 2, 3):
                writer.Producer().publish({"chunk": number}, routing_key="bulk", declare=[queue])
        with app.connection_for_read(url=url) as connection, embedded.redis_client(url) as redis:
            taken: list[Any] = []
            channel: Any = connection.channel()
            take = {"callbacks": [lambda _, message: taken.append(message)], "accept": ["json"]}
            channel.basic_qos(0, 1, False)
            connection.Consumer([queue], channel=channel, **take).consume()
            for number in (1, 2, 3):
                while len(taken) < number:
                    connection.drain_events(timeout=60)
                redis.config_set("maxmemory", 1)
                taken[-1].ack()
                channel.qos.restore_visible(interval=1)
            assert [message.payload["chunk"] for message in taken] == [1, 2, 3]
            assert redis.exists("unacked", "unacked_index", "bulk") == 0
    finally:
        kill_group(server)
        socket.unlink(missing_ok=True)


def test_a_redis_that_is_away_is_asked_again_every_second_or_two(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kombu would wait two seconds longer each time, up to thirty: as long as that after Redis is back."""
    monkeypatch.setattr(functional, "sleep", lambda _: None)
    pauses: list[float] = []
    connection: Any = app.connection_for_read(url=f"redis://127.0.0.1:{free_port()}/0")
    with pytest.raises(OperationalError):
        connection.ensure_connection(lambda _, pause: pauses.append(pause), 8)
    assert pauses == [0.5, 1, 1.5, 2, 2, 2, 2, 2]


def test_nobody_waits_long_for_a_redis_that_takes_connections_and_says_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Stopped, or behind a wall. Whoever hands a case in has a turn of the web process, and there are few."""
    assert waking.PATIENCE["socket_timeout"] == waking.PATIENCE["socket_connect_timeout"] == waking.SECONDS <= 2
    monkeypatch.setattr(waking, "PATIENCE", {**waking.PATIENCE, "socket_timeout": 0.05})
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        assert waking.wake([Wake(1, "bulk")], url) == 0
        silent.settimeout(0)
        silent.accept()[0].close()
        with pytest.raises(BlockingIOError):
            silent.accept()  # it was tried once, not again and again
