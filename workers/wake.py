"""Wake: messages that carry a chunk's id and nothing else, sent after the commit; and how many are under way."""

from collections.abc import Iterable
from typing import Final

import structlog
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from forbear.base.settings import settings
from forbear.batch.chunks import Wake
from forbear.ops.embedded import redis_client
from workers.app import QUEUES, app

_log = structlog.get_logger()
# For a message that the sweep makes good in as long nobody waits longer: not a page, whose turn others wait for.
SECONDS: Final = 2
PATIENCE: Final = {"socket_timeout": SECONDS, "socket_connect_timeout": SECONDS, "max_retries": 0}


def wake(chunks: Iterable[Wake], broker_url: str | None = None) -> int:
    """Send a message for each chunk; answers how many were sent.

    A broker that is away, or that does not answer, is no error: the rows stay pending, and the sweep wakes them when it
    is back.
    """
    sent = 0
    try:
        with (
            app.connection_for_write(broker_url, transport_options=PATIENCE) as connection,
            app.amqp.Producer(connection) as producer,
        ):
            for chunk in chunks:
                app.send_task("chunk.triage", (chunk.chunk_id,), queue=chunk.queue, producer=producer, retry=False)
                sent += 1
    except OperationalError as error:
        _log.warning("broker.away", sent=sent, error=type(error).__name__)
    return sent


def under_way(broker_url: str | None = None) -> dict[str, int]:
    """By queue, how many messages nobody has taken yet; none where the broker is away."""
    try:
        with redis_client(broker_url or settings().redis_url or "") as client:
            return {queue: int(client.llen(queue)) for queue in QUEUES}
    except (RedisError, ValueError) as error:
        _log.warning("broker.away", error=type(error).__name__)
        return {}
