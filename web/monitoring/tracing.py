"""Tracing: each answer names its trace, and each line that is logged on the way to it does."""

import time

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from forbear.base import trace
from web.route import route_of

HEADER = "X-Trace-Id"
_log = structlog.get_logger()


class Traced:
    """A middleware that gives each request a trace, and logs how it was answered."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        found = trace.of_request(Headers(scope=scope).get("traceparent"))
        started, status = time.perf_counter(), 500

        async def named(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[HEADER] = found
            await send(message)

        with trace.told(trace=found):
            try:
                await self.app(scope, receive, named)
            finally:
                took = round(1000 * (time.perf_counter() - started))
                answered = {"method": scope["method"], "route": route_of(scope), "status": status}
                _log.info("request.answered", **answered, milliseconds=took)
