"""Programs that call the API of a real web server with a token, and a receiver of webhooks, for tests."""

import json
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

from forbear.accounts import accounts
from forbear.accounts.accounts import SCOPES, Role, Scope
from forbear.base.vault import Vault
from models.account import Account
from models.database.session import session
from tests.support.desk.cases import NOW, engine_of
from tests.support.desk.desk_clients import account, served
from tests.support.desk.serving import client_of

CASE: dict[str, Any] = {"case_ref": "C1", "product": "credit_card", "days_overdue": 100, "hardship": "unemployment"}


def token(url: str, account_id: int, scopes: Iterable[Scope] = SCOPES) -> str:
    """A token of an account that never ends."""
    with engine_of(url) as engine, session(engine) as opened:
        return accounts.create_token(opened, opened.get_one(Account, account_id), "test", scopes, None, NOW)


def caller(address: str, secret: str, language: str = "en") -> httpx.Client:
    """A program with a token."""
    headers = {"Authorization": f"Bearer {secret}", "Accept-Language": language}
    return client_of(f"{address}/api/v1", headers=headers)


@contextmanager
def api(
    url: str,
    redis_url: str,
    vault: Vault,
    role: Role = "submitter",
    submitter: str | None = "us",
    scopes: Iterable[Scope] = SCOPES,
) -> Iterator[httpx.Client]:
    """A program with a token of a new account, and the server it calls."""
    secret = token(url, account(url, f"program of {submitter} {role}", role, submitter), scopes)
    with served(url, redis_url, vault) as address, caller(address, secret) as client:
        yield client


@dataclass
class Receiver:
    """A web server that notes what it is sent and answers as it is told."""

    address: str = ""
    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    hold: threading.Event | None = None  # answers once this is set

    def bodies(self) -> list[dict[str, Any]]:
        """What was sent, as JSON."""
        return [json.loads(body) for _, body in self.got]


@contextmanager
def receiver() -> Iterator[Receiver]:
    """A receiver on a free port of this machine."""
    kept = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            kept.got.append((dict(self.headers.items()), body))
            if kept.hold is not None:
                kept.hold.wait(60)
            self.send_response(kept.status)
            for name, value in kept.headers.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    kept.address = f"http://127.0.0.1:{server.server_address[1]}/hook"
    try:
        yield kept
    finally:
        if kept.hold is not None:
            kept.hold.set()
        server.shutdown()
        thread.join()
        server.server_close()
