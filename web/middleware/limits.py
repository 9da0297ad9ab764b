"""What one client may cost another: turns for requests, and patience with clients that send or read nothing."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, Literal

import h11
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from forbear.base.settings import settings
from web import auth, language
from web.middleware.headers import HEADERS
from web.route import waited
from web.views import render

SOON: Final = "2"  # seconds after which to try again where something was busy or away
FOR_MACHINES: Final = ("/healthz", "/readyz", "/metrics")  # asked by names of containers, and tell nothing about cases
_API: Final = "/api/"  # whose answers tell the limit
_FREE: Final = ("/healthz", "/static/")  # answered without a thread of work
_HEADERS_SECONDS: Final = 10  # in which a connection has to say what it wants
_LEAST: Final = 1_000  # bytes a second that a body has to come with on the whole: a byte now and then is no sending
BRIEF: Final = 0.25  # seconds that most answers take less than
_ASIDE: Final = 6  # may go on beside those who have a turn; of strangers and machines:
_FEW_ASIDE: Final = 2


class Turns:
    """Wraps the application: so many requests are worked on at once, others wait a moment, and are told to come again.

    Who shows neither a session nor a token, and machines that ask how we are, have turns of their own, so that no crowd
    of strangers keeps out who works here. A request has its turn from when it has been read until its answer begins:
    neither a slow sender nor a slow reader holds one. Turns are few, for each thread that works on Python code keeps
    the others waiting, and first of all the one that speaks to clients; so who takes long goes on beside them.
    """

    def __init__(self, app: ASGIApp, turns: int, wait: float, brief: float = BRIEF) -> None:
        self.app = app
        self._wait = wait
        self._brief = brief
        self._ours = _Lane(turns, _ASIDE)
        self._strangers = _Lane(max(1, turns // 4), _FEW_ASIDE)
        self._machines = _Lane(1, _FEW_ASIDE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request when it has its turn."""
        if scope["type"] != "http" or scope["path"].startswith(_FREE):
            await self.app(scope, receive, send)
            return
        asked = _Asked(scope, receive, send, self._lane(scope), self._wait, self._brief)
        try:
            if _has_body(scope):
                await self.app(scope, asked.read, asked.answer)
            elif await asked.take_turn():
                await self.app(scope, receive, asked.answer)
        except Exception:
            if not asked.refused:  # else it broke off only because we told it that nobody waits
                raise
        finally:
            asked.give_back()

    def _lane(self, scope: Scope) -> _Lane:
        if scope["path"] in FOR_MACHINES:
            return self._machines
        headers = Headers(scope=scope)
        known = "authorization" in headers or f"{auth.COOKIE}=" in headers.get("cookie", "")
        return self._ours if known else self._strangers


class _Lane(asyncio.Semaphore):
    """So many turns, how many of them are free, and how many requests may still step aside for the next one."""

    def __init__(self, turns: int, aside: int) -> None:
        super().__init__(turns)
        self.turns = self.free = turns
        self.aside = aside

    async def acquire(self) -> Literal[True]:
        """Take a turn once there is one."""
        await super().acquire()
        self.free -= 1
        return True

    def release(self) -> None:
        """Give one back."""
        self.free += 1
        super().release()


@dataclass
class _Asked:
    """A request and its turn."""

    scope: Scope
    receive: Receive
    send: Send
    lane: _Lane
    wait: float
    brief: float
    held: bool = False
    aside: bool = False
    refused: bool = False
    _overdue: asyncio.TimerHandle | None = None

    async def read(self) -> Message:
        """The next part of the request; behind the last one it has its turn."""
        message = await self.receive()
        if message["type"] == "http.request" and not message.get("more_body") and not await self.take_turn():
            return {"type": "http.disconnect"}
        return message

    async def answer(self, message: Message) -> None:
        """A part of the answer: with the first the turn is over."""
        self.give_back()
        if not self.refused:
            self._tell_limit(message)
            await self.send(message)

    def _tell_limit(self, message: Message) -> None:
        """What a program may have worked on at once, and how much of it is free (the draft of RateLimit headers)."""
        if message["type"] == "http.response.start" and self.scope["path"].startswith(_API):
            headers = MutableHeaders(scope=message)
            headers["RateLimit-Policy"] = f'"turns";q={self.lane.turns};qu="concurrent-requests"'
            headers["RateLimit"] = f'"turns";r={self.lane.free}'

    async def take_turn(self) -> bool:
        """Wait for a turn; false if it did not come in time, and that is answered."""
        asked = time.perf_counter()
        try:
            await asyncio.wait_for(self.lane.acquire(), self.wait)
        except TimeoutError:
            self.refused = True
            busy = render.busy(Request(self.scope))
            busy.headers["Retry-After"] = SOON

            async def told(message: Message) -> None:
                self._tell_limit(message)
                await self.send(message)

            await busy(self.scope, self.receive, told)
            return False
        finally:
            waited(self.scope, time.perf_counter() - asked)
        self.held = True
        self._await_brief()
        return True

    def _await_brief(self) -> None:
        self._overdue = asyncio.get_running_loop().call_later(self.brief, self._step_aside)

    def _step_aside(self) -> None:
        """Let the next one have the turn, and go on beside it, if not too many do."""
        if not self.lane.aside:
            self._await_brief()
            return
        self.lane.aside -= 1
        self.aside, self.held = True, False
        self.lane.release()

    def give_back(self) -> None:
        """Let the next one have what it held."""
        if self._overdue:
            self._overdue.cancel()
        if self.held:
            self.held = False
            self.lane.release()
        if self.aside:
            self.aside = False
            self.lane.aside += 1


def _has_body(scope: Scope) -> bool:
    headers = Headers(scope=scope)
    return headers.get("content-length", "0") != "0" or "transfer-encoding" in headers


def _answer(status: HTTPStatus, message: str) -> bytes:
    """A whole answer where there is no request to make one of: a sentence in each language."""
    text = "".join(f"{language.message(lang, message)}\n" for lang in language.LANGUAGES).encode()
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}",
        *("content-type: text/plain; charset=utf-8", f"content-length: {len(text)}", "connection: close"),
        *(f"{name.lower()}: {value}" for name, value in HEADERS.items()),
    )
    return "\r\n".join((*head, "", "")).encode() + text


_HEALTH: Final = b"GET /healthz HTTP/1.1\r\n"
_ALIVE: Final = "\r\n".join(
    (
        *("HTTP/1.1 200 OK", "content-type: application/json", "content-length: 18"),
        *(f"{name.lower()}: {value}" for name, value in HEADERS.items()),
        *("", '{"status":"alive"}'),
    )
).encode()


class Protocol(H11Protocol):
    """HTTP as uvicorn speaks it, but who sends nothing of a request, or takes nothing of an answer, is left alone.

    It holds nothing but its connection; without an end, a few thousand of them would be all the connections there are.
    Whether we are alive is answered as soon as it is read: what comes after that waits for the others' threads again
    and again.
    """

    _silent: asyncio.TimerHandle | None = None  # we wait for what the client says
    _since: float | None = None  # when the body that we read began to come
    _came = 0  # how much of it has
    _full: asyncio.TimerHandle | None = None  # the client takes nothing

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's own
        """Wait for the first request."""
        super().connection_made(transport)
        with contextlib.suppress(OSError):  # from a socket that several processes share asyncio knows it for no TCP
            transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        transport.set_write_buffer_limits(high=0)  # or what is a little less would wait for the client unseen
        self._await_client(_HEADERS_SECONDS)

    def data_received(self, data: bytes) -> None:
        """Wait for more of the request, if there has to be more."""
        if data.startswith(_HEALTH) and self._is_whole(data):
            self.transport.write(_ALIVE)
            self._await_client(_HEADERS_SECONDS)
            if b"\r\nconnection: close\r\n" in data.lower():
                self.transport.close()
            return
        super().data_received(data)
        if self.conn.their_state is h11.SEND_BODY:
            self._await_client(self._patience(len(data)))
            return
        self._since = None
        if self.conn.their_state is not h11.IDLE:
            self._stop("_silent")
        elif self._silent is None:  # the rest of a head, not its next byte: that could go on for ever
            self._await_client(_HEADERS_SECONDS)

    def _is_whole(self, data: bytes) -> bool:
        """Whether this is one request without a body, and nothing is left of those before it, nor of their answers."""
        before = self.conn.trailing_data[0] or self.conn.their_state is not h11.IDLE
        before = before or self.transport.get_write_buffer_size() > 0
        return not before and data.endswith(b"\r\n\r\n") and data.count(b"\r\n\r\n") == 1

    def _patience(self, more: int) -> float:
        """For how many seconds the client may say nothing now: fewer, where little of its body came in a long time."""
        now, whole = self.loop.time(), settings().body_seconds
        if self._since is None or self.flow.read_paused:
            self._since, self._came = now, 0
        self._came += more
        return min(whole, self._since + whole + self._came / _LEAST - now)

    def pause_writing(self) -> None:
        """The client does not take what it asked for as fast as it comes."""
        super().pause_writing()
        self._full = self.loop.call_later(settings().download_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """It took something."""
        self._stop("_full")
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody is waited for any longer."""
        self._stop("_silent")
        self._stop("_full")
        super().connection_lost(exc)

    def _await_client(self, seconds: float) -> None:
        self._stop("_silent")
        self._silent = self.loop.call_later(seconds, self._give_up)

    def _give_up(self) -> None:
        if self.flow.read_paused:  # it is we who have not read on
            self._await_client(self._patience(0))
            return
        begun = self.conn.their_state is h11.SEND_BODY or self.conn.trailing_data[0]
        if begun and self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):  # nothing was answered as yet
            self.transport.write(_answer(HTTPStatus.REQUEST_TIMEOUT, "failure.late"))
        if self.transport.get_write_buffer_size():
            self.transport.abort()
        else:
            self.transport.close()

    def send_400_response(self, msg: str) -> None:
        """What cannot be read, or has a head without end."""
        self.transport.write(_answer(HTTPStatus.BAD_REQUEST, "failure.broken"))
        self.transport.close()

    def _stop(self, timer: Literal["_silent", "_full"]) -> None:
        if running := getattr(self, timer):
            running.cancel()
            setattr(self, timer, None)
