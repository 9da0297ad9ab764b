"""Redis as the broker of a worker that outlives it: kombu's transport, mended where a connection is gone.

When Redis dies, kombu 5.7 closes the channels of the connection, and stops at the first that fails; what a channel had
delivered is given back or acknowledged when the connection is gone already. Then kombu looks up the server's name on a
connection that is None, and the AttributeError ends the worker. Here that is a lost connection like any other, which
Celery expects. Nobody needs what is not given back: the visibility timeout does that, and the sweep wakes what is
pending.

A Redis that has no memory left refuses what a worker notes of a message it took, and, within a transaction, even to
forget it: that ended the worker too. Here it goes on, and forgets without a transaction.

Between attempts to reach a Redis that is away kombu waits two seconds longer each time, up to half a minute, and would
see as late that it is back. An attempt costs nothing: here one is made every second or two.
"""

import contextlib
from collections.abc import Iterator
from typing import Any

from celery.app.amqp import AMQP
from kombu import connection
from kombu.transport import TRANSPORT_ALIASES, redis, virtual
from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import OutOfMemoryError


class QoS(redis.QoS):
    """What a channel has delivered and not had acknowledged."""

    def append(self, message: Any, delivery_tag: str) -> None:
        """Note it, if Redis has room: it is worked on in any case, and the sweep sends it again should that end."""
        try:
            super().append(message, delivery_tag)  # type: ignore[no-untyped-call]  # kombu has no types
        except OutOfMemoryError:
            virtual.QoS.append(self, message, delivery_tag)  # type: ignore[no-untyped-call]

    @contextlib.contextmanager
    def pipe_or_acquire(self, pipe: Any = None, client: Any = None) -> Iterator[Any]:
        """Where commands are put together: no transaction, in which a full Redis would take not even what frees it."""
        if pipe:
            yield pipe
            return
        with self.channel.conn_or_acquire(client) as found:
            yield found.pipeline(transaction=False)

    def restore_visible(self, *args: int, **named: int) -> None:
        """Send again what nobody acknowledged in time; not while Redis has no room for that."""
        with contextlib.suppress(OutOfMemoryError):
            super().restore_visible(*args, **named)  # type: ignore[no-untyped-call]

    def restore_unacked(self, client: object = None) -> None:
        """Give it back to Redis, if there still is one."""
        with contextlib.suppress(*self.channel.connection_errors):  # nobody there to take it: see above
            super().restore_unacked(client)  # type: ignore[no-untyped-call]  # kombu has no types
        self._delivered.clear()


class Channel(redis.Channel):
    """A channel that outlives its connection."""

    QoS = QoS

    def _connparams(self, asynchronous: bool = False) -> dict[str, Any]:
        """How to connect anew. Raises ConnectionLost where the connection that knew is gone."""
        if self.connection is None or self.connection.client is None:
            raise ConnectionLost("the connection of this channel is gone")
        found: dict[str, Any] = super()._connparams(asynchronous)  # type: ignore[no-untyped-call]
        return found


class Transport(redis.Transport):
    """What `redis://`, `rediss://` and `redis+socket://` name once `install` has run."""

    Channel = Channel


class Connection(connection.Connection):
    """A connection that is soon there again once Redis is."""

    def _ensure_connection(  # type: ignore[override] # kombu's own parameters: it fills some by place and some by name
        self,
        errback: Any = None,
        max_retries: int | None = None,
        interval_start: float = 0.5,
        interval_step: float = 0.5,
        interval_max: float = 2.0,
        **options: Any,
    ) -> Any:
        pauses = (interval_start, interval_step, interval_max)
        return super()._ensure_connection(errback, max_retries, *pauses, **options)  # type: ignore[no-untyped-call]


class Messages(AMQP):  # type: ignore[misc] # Celery has no types
    """How Celery's application makes its connections: as ours."""

    Connection = Connection


def install() -> None:
    """Put this transport in the place of kombu's, for every connection made from now on."""
    for name in ("redis", "rediss"):
        TRANSPORT_ALIASES[name] = f"{Transport.__module__}:{Transport.__qualname__}"
