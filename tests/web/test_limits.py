"""What one client may cost another: turns, and an end to waiting for those who send or read nothing."""

import asyncio
import errno
import gc
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from types import SimpleNamespace
from unittest.mock import patch

import httpx
import pytest
import uvicorn
from fastapi import routing
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Match, Route, Router
from starlette.types import ASGIApp
from structlog.testing import capture_logs

from forbear.base.settings import Settings
from forbear.base.vault import Vault
from forbear.desk import rule_usage
from forbear.ops.processes import web_command
from tests.support.desk.processes import DEADLINE, until
from tests.support.desk.serving import client_of
from web import app as web_app
from web import auth
from web.app import create_app
from web.middleware import limits, rates
from web.middleware.headers import HEADERS
from web.middleware.limits import Protocol, Turns
from web.middleware.rates import Rates
from web.middleware.security import SecureAnswers
from web.middleware.tracing import Traced
from web.route import asked_by
from web.views import render

LARGE = 50_000_000  # bytes, more than any buffer between us takes
OURS = {"Cookie": f"{auth.COOKIE}=x"}


class Doors:
    """An application that keeps who asks for /wait waiting until it is let go."""

    def __init__(self) -> None:
        self.entered = threading.Semaphore(0)
        self.open = threading.Event()
        self.app = Starlette(
            routes=[
                Route("/wait", self.wait),
                Route("/api/v1/file", self.take, methods=["POST"]),
                Route("/", lambda _: PlainTextResponse("here")),
                Route("/healthz", lambda _: PlainTextResponse("the long way"), methods=["GET", "POST"]),
                Route("/readyz", lambda _: PlainTextResponse("ready")),
                Route("/file", self.take, methods=["POST"]),
                Route("/large", lambda _: PlainTextResponse("x" * LARGE)),
            ]
        )

    def wait(self, _request: Request) -> Response:
        self.entered.release()
        assert self.open.wait(DEADLINE)
        return PlainTextResponse("let go")

    async def take(self, request: Request) -> Response:
        return PlainTextResponse(str(len(await request.body())))


@contextmanager
def served(app: ASGIApp) -> Iterator[tuple[httpx.URL, uvicorn.Server]]:
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, ws="none", log_config=None, http=Protocol))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
        port = server.servers[0].sockets[0].getsockname()[1]
        yield httpx.URL(f"http://127.0.0.1:{port}"), server
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def kept_waiting(doors: Doors, address: httpx.URL, **headers: str) -> Iterator[None]:
    """Somebody is being served until the block ends."""

    def ask() -> None:
        with client_of(address) as client:
            answers.append(client.get("/wait", headers=headers).text)

    answers: list[str] = []
    thread = threading.Thread(target=ask)
    thread.start()
    try:
        assert doors.entered.acquire(timeout=DEADLINE)
        yield
    finally:
        doors.open.set()
        thread.join()
    assert answers == ["let go"]


def connected(address: httpx.URL) -> socket.socket:
    found = socket.create_connection((address.host, address.port))
    found.settimeout(DEADLINE)
    return found


def all_of(client: socket.socket) -> str:
    """What comes until the connection ends."""
    told = b""
    with suppress(ConnectionResetError):
        while more := client.recv(10_000):
            told += more
    return told.decode()


def test_who_has_no_turn_in_time_is_told_to_come_again() -> None:
    doors = Doors()
    with (
        served(Turns(doors.app, turns=1, wait=0.05, brief=DEADLINE)) as (address, _),
        client_of(address, headers=OURS) as client,
    ):
        with kept_waiting(doors, address, **OURS):
            busy = client.get("/")
            assert (busy.status_code, busy.headers["Retry-After"]) == (503, limits.SOON)
            assert "请过几秒再刷新" in busy.text
            assert "?lang=en" in busy.text
            assert client.get("/no", params={"lang": "en"}).headers["Content-Language"] == "en"
            told = client.post("/api/v1/file", json={"a": 1}, headers={"Accept-Language": "en"})
            assert (told.status_code, told.headers["Retry-After"]) == (503, limits.SOON)
            assert "Too many requests" in told.json()["detail"]
            assert client.get("/healthz").json() == {"status": "alive"}, "takes no turn"
            assert client.get("/readyz").text == "ready", "machines have one of their own"
        assert client.get("/").text == "here"


def test_a_crowd_of_strangers_does_not_keep_out_who_is_signed_in() -> None:
    doors = Doors()
    with served(Turns(doors.app, turns=1, wait=0.05, brief=DEADLINE)) as (address, _), kept_waiting(doors, address):
        with client_of(address) as stranger:
            assert stranger.get("/").status_code == 503
        for ours in (OURS, {"Authorization": "Bearer x"}):
            with client_of(address, headers=ours) as client:
                assert client.get("/").text == "here"


def test_a_turn_that_was_waited_for_comes() -> None:
    doors = Doors()
    with (
        served(Turns(doors.app, turns=1, wait=DEADLINE, brief=DEADLINE)) as (address, _),
        client_of(address, headers=OURS) as client,
    ):
        with kept_waiting(doors, address, **OURS):
            threading.Timer(0.05, doors.open.set).start()
            assert client.get("/").text == "here"


def test_who_takes_long_steps_aside_for_the_next_and_only_so_many_do() -> None:
    doors = Doors()
    with (
        served(Turns(doors.app, turns=1, wait=0.05, brief=0.01)) as (address, _),
        client_of(address, headers=OURS) as client,
        ExitStack() as taking_long,
    ):
        for _ in range(6):
            taking_long.enter_context(kept_waiting(doors, address, **OURS))
            until(lambda: client.get("/").text == "here", "who takes long has stepped aside")
        taking_long.enter_context(kept_waiting(doors, address, **OURS))
        assert client.get("/").status_code == 503, "six are beside the seventh, and no more"
        doors.open.set()
        until(lambda: client.get("/").text == "here", "they are done")


def test_a_slow_sender_and_a_slow_reader_hold_no_turn() -> None:
    with served(Turns(Doors().app, turns=1, wait=DEADLINE, brief=DEADLINE)) as (address, _):
        head = f"Host: x\r\nCookie: {OURS['Cookie']}\r\n"
        with connected(address) as sender, connected(address) as reader, client_of(address, headers=OURS) as client:
            sender.sendall(f"POST /file HTTP/1.1\r\n{head}Content-Length: 4\r\n\r\nab".encode())
            reader.sendall(f"GET /large HTTP/1.1\r\n{head}\r\n".encode())
            assert reader.recv(1) == b"H", "its answer has begun"
            assert client.get("/").text == "here"
            sender.sendall(b"cd")
            assert sender.recv(1000).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("", ""),
        ("GET / HTTP/1.1\r\nHo", "408 Request Timeout"),
        ("POST /file HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nab", "408 Request Timeout"),
    ],
    ids=["nothing", "half a head", "half a body"],
)
def test_a_client_that_says_no_more_is_told_and_left(said: str, status: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_HEADERS_SECONDS", 0.05)
    monkeypatch.setattr(limits, "settings", lambda: SimpleNamespace(body_seconds=0.05))
    with served(Doors().app) as (address, _), connected(address) as client:
        client.sendall(said.encode())
        told = all_of(client)
        assert told.partition("\r\n")[0] == (f"HTTP/1.1 {status}" if status else "")
        assert ("send it again" in told) == ("请重新发送" in told) == bool(status)
        with client_of(address) as other:
            assert other.get("/").text == "here"


def test_a_client_that_says_a_byte_now_and_then_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each byte comes in time, all of them would take for ever."""
    monkeypatch.setattr(limits, "_LEAST", 10**6)
    monkeypatch.setattr(limits, "settings", lambda: SimpleNamespace(body_seconds=0.5))
    with served(Doors().app) as (address, _), connected(address) as client:
        client.sendall(b"POST /file HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n")
        for _ in range(int(DEADLINE / 0.05)):
            try:
                client.sendall(b"x")
            except OSError:
                break
            threading.Event().wait(0.05)
        else:
            pytest.fail("it was let go on for ever")
        with client_of(address) as other:
            assert other.get("/").text == "here"


def test_what_is_no_request_is_answered_with_what_to_do() -> None:
    with served(Doors().app) as (address, _):
        for said in (b"GET / HTTP/1.1\r\nCookie: " + b"x" * 100_000, b"\x16\x03\x01\r\n\r\n"):
            with connected(address) as client:
                client.sendall(said)
                told = all_of(client)
                assert told.startswith("HTTP/1.1 400 Bad Request\r\n")
                assert "delete the cookies of this site" in told
                assert "content-security-policy: default-src 'none'" in told


def test_a_client_that_takes_nothing_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "settings", lambda: SimpleNamespace(download_seconds=0.05))
    with served(Doors().app) as (address, server), connected(address) as client:
        client.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
        client.recv(1)
        while server.server_state.connections:
            threading.Event().wait(0.01)
        taken = 0
        with suppress(ConnectionResetError):
            while more := client.recv(1_000_000):
                taken += len(more)
        assert taken < LARGE


def test_who_goes_on_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "settings", lambda: SimpleNamespace(body_seconds=DEADLINE, download_seconds=DEADLINE))
    with served(Doors().app) as (address, _), client_of(address) as client:
        assert client.post("/file", content=b"x" * 1_000_000).text == "1000000"
        assert len(client.get("/large").content) == LARGE
        assert client.get("/").text == "here"


def test_whether_we_are_alive_is_answered_as_soon_as_it_is_read_and_disturbs_nothing() -> None:
    """On a connection of its own and on one that others are asked on; the whole of it by itself, else the long way."""
    health = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    with served(Doors().app) as (address, server), client_of(address) as client, connected(address) as raw:
        answers = [client.get(path) for path in ("/healthz", "/", "/healthz")]
        assert [answer.text for answer in answers] == ['{"status":"alive"}', "here", '{"status":"alive"}']
        assert answers[0].headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert client.get("/healthz", headers={"Connection": "close"}).json() == {"status": "alive"}
        assert client.head("/healthz").status_code == 200
        assert client.post("/healthz", content=b"x").text == "the long way"
        raw.sendall(health[:20])
        while not any(each.conn.trailing_data[0] for each in server.server_state.connections):  # type: ignore[union-attr]
            threading.Event().wait(0.01)
        raw.sendall(health[20:] + health)
        told = b""
        while told.count(b"the long way") < 2:
            told += raw.recv(10_000)
        raw.sendall(health)
        assert raw.recv(10_000).endswith(b'{"status":"alive"}')


def here(_: Request) -> Response:
    return PlainTextResponse("here", headers={"RateLimit": '"turns";r=8'})


def test_a_token_that_asks_too_fast_is_told_when_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    app = Starlette(routes=[Route("/api/v1/cases", here), Route("/", here)])
    with served(Rates(app, most=6, clock=lambda: now[0])) as (address, _), client_of(address) as client:

        def asked(who: str = "a", path: str = "/api/v1/cases") -> "tuple[int, str | None]":
            answer = client.get(path, headers={"Authorization": f"Bearer {who}", "Accept-Language": "en"})
            if answer.status_code == 429:
                assert answer.headers["content-type"].startswith("application/problem+json")
                assert "as many requests as it may" in answer.json()["detail"]
            return answer.status_code, answer.headers.get("Retry-After")

        first = client.get("/api/v1/cases", headers={"Authorization": "Bearer a"})
        assert first.headers["RateLimit-Policy"] == '"token";q=6;w=60'
        assert first.headers["RateLimit"] == '"turns";r=8, "token";r=5;t=10'
        assert [asked() for _ in range(5)] == [(200, None)] * 5
        assert [asked() for _ in range(3)] == [(429, "10")] * 3, "what is refused takes nothing"
        assert asked("b") == (200, None), "another token has its own"
        assert asked(path="/") == (200, None), "pages have turns alone"
        assert "RateLimit-Policy" not in client.get("/api/v1/cases").headers, "nobody's"
        now[0] += 4
        assert asked() == (429, "6")
        now[0] += 6
        assert [asked(), asked()] == [(200, None), (429, "10")]
        now[0] += 3600
        assert [asked()[0] for _ in range(7)] == [200] * 6 + [429], "no more than a minute is saved up"

        monkeypatch.setattr(rates, "_KNOWN", 1)
        assert [asked(who)[0] for who in "cd"] == [200, 200]
        assert asked() == (200, None), "who was forgotten begins anew"


def test_a_full_disk_is_told_and_nothing_else_is_taken_for_one() -> None:
    def put_down(request: Request) -> Response:
        raise OSError(int(request.path_params["number"]), "no")

    routes = [Route(path, put_down) for path in ("/files/{number}", "/api/files/{number}")]
    with served(SecureAnswers(Router(routes))) as (address, _), client_of(address) as client:
        page = client.get(f"/files/{errno.ENOSPC}", params={"lang": "en"})
        assert (page.status_code, page.headers["Retry-After"]) == (503, limits.SOON)
        assert "no room to put the file down" in page.text
        told = client.get(f"/api/files/{errno.ENOSPC}", headers={"Accept-Language": "en"})
        assert told.json()["detail"].startswith("The server's disk is full and nothing was kept")
        assert client.get(f"/files/{errno.EIO}").status_code == 500


def test_routes_are_made_before_the_first_request(database_url: str, redis_url: str, vault: Vault) -> None:
    """FastAPI makes them when they are first asked for: a quarter of a second of the thread that speaks to all."""
    app = create_app(database_url, redis_url, vault)

    async def ask_first() -> None:
        async with app.router.lifespan_context(app):
            with patch.object(routing, "_populate_api_route_state", side_effect=AssertionError):
                scope = {"type": "http", "method": "GET", "path": "/api/v1/none", "headers": []}
                assert not any(route.matches(scope)[0] is Match.FULL for route in app.routes)

    asyncio.run(ask_first())


def test_all_that_is_made_ahead_is_made_before_anybody_is_answered_and_is_out_of_the_search_for_garbage(
    database_url: str, redis_url: str, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was made beside those who asked kept the thread that speaks to clients from its work for half a second."""
    app = create_app(database_url, redis_url, vault)
    app.state.ahead = True
    seen = list[str]()
    monkeypatch.setattr(render, "compile_templates", lambda: seen.append("templates"))
    monkeypatch.setattr(web_app, "prepare", lambda *_: seen.append("evaluator"))
    monkeypatch.setattr(rule_usage, "handbook", lambda *_: seen.append("handbook"))
    monkeypatch.setattr(gc, "freeze", lambda: seen.append("out of the search"))

    async def start() -> None:
        async with app.router.lifespan_context(app):
            seen.append("answered from now on")

    asyncio.run(start())
    made = ["templates", "evaluator", "handbook", "handbook", "out of the search"]
    assert seen == [*made, "answered from now on"]


def test_a_refusal_is_logged_with_who_asked_and_the_route_alone() -> None:
    def refuse(request: Request) -> Response:
        if "known" in request.headers:
            asked_by(request.scope, "account:7")
        return PlainTextResponse("no", int(request.headers["status"]))

    app = Traced(Starlette(routes=[Route("/cases/{ref}", refuse)]))
    with capture_logs() as lines, served(app) as (address, _), client_of(address) as client:
        for headers in ({"status": "403", "known": "1"}, {"status": "401"}, {"status": "200"}, {"status": "404"}):
            client.get("/cases/13812345678", headers=headers)
        until(lambda: sum(line["event"] == "request.answered" for line in lines) == 4, "the line of the last answer")
    refused = [line for line in lines if line["event"] == "request.refused"]
    assert [(line["status"], line["actor"], line["log_level"]) for line in refused] == [
        (403, "account:7", "warning"),
        (401, None, "warning"),
    ]
    assert "13812345678" not in str(lines)


def test_no_answer_tells_which_version_of_what_made_it() -> None:
    assert "--no-server-header" in web_command(Settings())
    assert {"Server", "X-Powered-By", "Via"}.isdisjoint(HEADERS)
