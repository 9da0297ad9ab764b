"""Wake: messages that carry a chunk's id and nothing else, sent after the commit."""

from collections.abc import Iterable

import structlog
from kombu.exceptions import OperationalError

from forbear.batch.chunks import Wake
from workers.app import app

_log = structlog.get_logger()


def wake(chunks: Iterable[Wake], broker_url: str | None = None) -> int:
    """Send a message for each chunk; answers how many were sent.

    A broker that is away is no error: the rows stay pending, and the sweep wakes them when it is back.
    """
    sent = 0
    try:
        with app.connection_for_write(broker_url) as connection, app.amqp.Producer(connection) as producer:
            for chunk in chunks:
                app.send_task("chunk.triage", (chunk.chunk_id,), queue=chunk.queue, producer=producer)
                sent += 1
    except OperationalError as error:
        _log.warning("broker.away", sent=sent, error=type(error).__name__)
    return sent
