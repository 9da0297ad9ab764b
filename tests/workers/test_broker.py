"""A Redis that dies under a connection with unacknowledged messages ends nothing but the connection."""

from pathlib import Path
from typing import Any

import pytest
from kombu.entity import Queue

from forbear.ops import embedded
from tests.support.desk.processes import kill_group, start_redis
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
