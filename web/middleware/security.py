"""Security: headers on every answer, known hosts only, bounded requests, and no traceback for anyone."""

import errno
import ipaddress
from collections.abc import Set
from typing import Final

import structlog
from sqlalchemy import exc
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.middleware.headers import HEADERS
from web.middleware.limits import FOR_MACHINES, SOON
from web.route import route_of
from web.views import render

WITHOUT_FILE: Final = 1024 * 1024  # bytes of a request that brings no file
_FILES: Final = ("/api/v1/batches",)  # whose body is a file, whatever its type
_HSTS = "max-age=31536000"  # a year; sent over https only, as the standard asks
_FULL = (errno.ENOSPC, errno.EDQUOT)  # the disk that what comes in and goes out is put down on
_UNREACHABLE = (exc.OperationalError, exc.InterfaceError, exc.TimeoutError)

log = structlog.get_logger()


class SecureAnswers:
    """Wraps the application, which answers at local addresses and under these names."""

    def __init__(self, app: ASGIApp, hosts: Set[str] = frozenset()) -> None:
        self.app = app
        self.hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, whatever happens inside."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def guarded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if scope["scheme"] == "https":
                    headers["Strict-Transport-Security"] = _HSTS
                if message["status"] == 200 and scope["path"].startswith("/static/") and scope["query_string"]:
                    headers["Cache-Control"] = "max-age=31536000, immutable"  # the address names the content
            await send(message)

        request = Request(scope)
        host = Headers(scope=scope).get("host", "")
        if scope["path"] not in FOR_MACHINES and not is_known(host, self.hosts):
            await render.failure(request, 421)(scope, receive, guarded)
            return
        try:
            await self.app(scope, receive, guarded)
        except Exception as error:
            log.error("request.failed", error=type(error).__name__, place=_place(error), route=route_of(scope))
            if started:
                raise
            await _failed(request, error)(scope, receive, guarded)


def _failed(request: Request, error: Exception) -> Response:
    """What is answered where something broke: when to come again if only the database was busy or away, or no room."""
    full = isinstance(error, OSError) and error.errno in _FULL
    if not (full or isinstance(error, _UNREACHABLE)):
        return render.failure(request, 500)
    answer = render.failure(request, 503, "full" if full else None)
    answer.headers["Retry-After"] = SOON
    return answer


def is_known(host: str, names: Set[str]) -> bool:
    """Whether a Host header is localhost, a bare address or one of these names.

    A web site that points its own name at this computer (DNS rebinding) would be let in by the browser: it is kept out
    here, and so is a link made for a name that is not ours.
    """
    name = (host.rsplit(":", 1)[0] if not host.endswith("]") else host).lower()
    if name == "localhost" or name in names:
        return True
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def _place(error: BaseException) -> str:
    """File and line where an error was raised: its message could carry a person's data."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "" if trace is None else f"{trace.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}"


class BodyLimit:
    """Wraps the application: beyond `limit` bytes of body its route is not reached, and the answer is 413.

    That is for files. Whatever else is sent is put together in memory and taken apart by the one thread that speaks to
    all clients: a form, a case as JSON. It has a limit of its own, within which that takes no time.
    """

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self.app = app
        self.limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, counting what it sends."""
        limit = self.limit if _has_file(scope) else min(self.limit, WITHOUT_FILE)
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > limit:
                # A browser shows an answer only when it could send everything; up to as much again is let go by.
                while message.get("more_body") and taken <= 2 * self.limit:
                    message = await receive()
                    taken += len(message.get("body", b""))
                raise HTTPException(413)
            return message

        await self.app(scope, counted, send)


def _has_file(scope: Scope) -> bool:
    if scope["type"] != "http":
        return False
    return scope["path"] in _FILES or Headers(scope=scope).get("content-type", "").startswith("multipart/form-data")
