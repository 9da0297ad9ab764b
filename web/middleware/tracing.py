"""Tracing: each answer names its trace, as each line logged on the way to it does, and is logged, counted and timed.

All of it by the route, never by the address: an address names a case.
"""

import time

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from forbear.base import trace
from web.monitoring.metrics import ANSWERED
from web.route import actor_of, route_of, waited_of

HEADER = "X-Trace-Id"
REQUEST = "X-Request-Id"
METHODS = ("GET", "HEAD", "POST", "PATCH", "DELETE")  # a client can make up any other
REFUSED = (401, 403, 429)  # who it was may not, or not so often
_log = structlog.get_logger()


class Traced:
    """A middleware that gives each request a trace, and tells the log and the metrics how it was answered."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        found = trace.of_request(Headers(scope=scope).get("traceparent"))
        given = trace.request_of(Headers(scope=scope).get(REQUEST))
        started, status = time.perf_counter(), 500

        async def named(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[HEADER] = found
                if given is not None:
                    MutableHeaders(scope=message)[REQUEST] = given
            await send(message)

        with trace.told(trace=found, request=given):
            try:
                await self.app(scope, receive, named)
            finally:
                took, method, route = time.perf_counter() - started, scope["method"], route_of(scope)
                _log.info(
                    "request.answered",
                    method=method,
                    route=route,
                    status=status,
                    milliseconds=round(1000 * took),
                    waited=round(1000 * waited_of(scope)),
                )
                if status in REFUSED:
                    _log.warning("request.refused", route=route, status=status, actor=actor_of(scope))
                ANSWERED.labels(method if method in METHODS else "other", route, str(status)).observe(took)
