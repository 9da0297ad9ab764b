"""How fast one token may ask: so many requests in a minute, by each web process for itself."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from hashlib import sha256
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.views import render

_API: Final = "/api/"
_WINDOW: Final = 60  # seconds
_KNOWN: Final = 10_000  # tokens that are counted at once; who has not asked for longest is forgotten


class Rates:
    """Wraps the application: a token that has used up its minute is told when to come again, and nothing is done.

    What it may still ask grows back evenly, so that a burst is served and a stream is slowed. It is a promise to the
    others, not a lock: the count is in memory, and each web process has its own.
    """

    def __init__(self, app: ASGIApp, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.app = app
        self._most = most
        self._clock = clock
        self._left: OrderedDict[bytes, tuple[float, float]] = OrderedDict()  # by token: requests left, and when

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request if its token has one left."""
        token = Headers(scope=scope).get("authorization") if scope["type"] == "http" else None
        if token is None or not scope["path"].startswith(_API):
            await self.app(scope, receive, send)
            return
        left = self._take(sha256(token.encode()).digest())

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.append("RateLimit-Policy", f'"token";q={self._most};w={_WINDOW}')
                headers.append("RateLimit", f'"token";r={max(0, math.floor(left))};t={self._full_in(left)}')
            await send(message)

        if left >= 0:
            await self.app(scope, receive, told)
            return
        refused = render.failure(Request(scope), 429)
        refused.headers["Retry-After"] = str(math.ceil(-left * _WINDOW / self._most))
        await refused(scope, receive, told)

    def _take(self, token: bytes) -> float:
        """How many requests this token has left once this one is counted; below 0 where it had none."""
        now = self._clock()
        before, since = self._left.pop(token, (float(self._most), now))
        left = min(float(self._most), before + (now - since) * self._most / _WINDOW) - 1
        self._left[token] = (left if left >= 0 else left + 1, now)  # what is refused takes nothing
        if len(self._left) > _KNOWN:
            self._left.popitem(last=False)
        return left

    def _full_in(self, left: float) -> int:
        return math.ceil((self._most - max(0.0, left)) * _WINDOW / self._most)
