"""Redis as the broker of a worker that outlives it: kombu's transport, mended in one place.

When Redis dies, kombu 5.7 closes the channels of the connection one after another and stops at the first that fails.
A channel left open is closed again once its connection is gone, tries to give back what was not acknowledged, and
ends the worker by an AttributeError. There is nobody to give it back to: the visibility timeout does that, and the
sweep wakes what is pending.
"""

import contextlib

from kombu.transport import TRANSPORT_ALIASES, redis


class QoS(redis.QoS):
    """What a channel has delivered and not had acknowledged."""

    def restore_unacked(self, client: object = None) -> None:
        """Give it back to Redis, if there still is a connection, and a Redis at its end."""
        if self.channel.connection.client is not None:
            with contextlib.suppress(*self.channel.connection_errors):  # nobody there to take it: see above
                super().restore_unacked(client)  # type: ignore[no-untyped-call]  # kombu has no types
        self._delivered.clear()


class Channel(redis.Channel):
    """A channel whose end never ends the worker."""

    QoS = QoS


class Transport(redis.Transport):
    """What `redis://`, `rediss://` and `redis+socket://` name once `install` has run."""

    Channel = Channel


def install() -> None:
    """Put this transport in the place of kombu's, for every connection made from now on."""
    for name in ("redis", "rediss"):
        TRANSPORT_ALIASES[name] = f"{Transport.__module__}:{Transport.__qualname__}"
