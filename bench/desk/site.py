"""A web process of its own on a desk with any number of cases, and who may sign in to it."""

import asyncio
import ctypes
import datetime as dt
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from sqlmodel import col, select

from bench.desk import data as desk_data
from forbear.accounts import accounts
from forbear.base.settings import Settings
from forbear.base.vault import Vault, check_key, load_vault
from forbear.ops import embedded
from forbear.ops.embedded import Urls
from forbear.ops.processes import Part, running, web_commands
from models.account import Account
from models.database import migrate
from models.database.session import make_engine, session
from models.desk import WorklistItem
from rules.loading import loader
from web import auth

_DROP, _PRECEDENCE = 24, 23  # PR_CAPBSET_DROP of CAP_SYS_NICE: nothing that is started from now on takes it


@dataclass(frozen=True)
class Site:
    """The web process under load and who may sign in to it."""

    port: int
    processes: tuple[psutil.Process, ...]  # of the web
    cookies: tuple[str, ...]
    csrf: tuple[str, ...]
    cases: tuple[int, ...]
    supervisors: tuple[str, ...]  # cookies too
    database: str
    logs: tuple[Path, ...]

    def megabytes(self) -> float:
        """What the web processes hold in memory."""
        return round(sum(each.memory_info().rss for each in self.processes) / 2**20, 1)

    def processor_ms(self) -> float:
        """What the web processes have used of a processor; the waiting of a busy machine is not in it."""
        times = [each.cpu_times() for each in self.processes]
        return 1000 * sum(each.user + each.system for each in times)

    def told(self) -> tuple[bytes, ...]:
        """What they have logged."""
        return tuple(each.read_bytes() for each in self.logs)

    async def ask(self, path: str, cookie: str | None = None, form: tuple[bytes, str] | None = None) -> tuple[int, str]:
        """One request on a connection of its own: the answer's status and head."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(self.request(path, cookie, form))
            await writer.drain()
            answer = await reader.read()
        finally:
            writer.close()
        head = answer.partition(b"\r\n\r\n")[0].decode("latin-1")
        return int(head.split(" ", 2)[1]), head

    def request(self, path: str, cookie: str | None, form: tuple[bytes, str] | None = None) -> bytes:
        """The bytes of a request."""
        lines = [f"{'POST' if form else 'GET'} {path} HTTP/1.1", f"Host: 127.0.0.1:{self.port}", "Connection: close"]
        if cookie:
            lines.append(f"Cookie: {auth.COOKIE}={cookie}")
        if form:
            lines += [f"Content-Length: {len(form[0])}", f"Content-Type: {form[1]}"]
        return "\r\n".join([*lines, "", ""]).encode() + (form[0] if form else b"")


@contextmanager
def served(cases: int, whole: int = 1000, processes: int = 1) -> Iterator[Site]:
    """A desk with so many cases, one of `whole` of them with its facts, and so many web processes."""
    home = Path(tempfile.mkdtemp(prefix="forbear-bench-"))
    chosen = Settings(home=home, database_url=None, redis_url=None, key=None, web_processes=processes)
    try:
        with embedded.servers(chosen) as urls:
            migrate.upgrade(urls.database)
            vault, now = load_vault(chosen), dt.datetime.now(dt.UTC)
            _note_key(urls, vault)
            desk_data.fill(urls.database, vault, loader.load(loader.DEFAULT_PACK), cases, now, whole)
            with (
                web_commands(chosen, port := _free()) as (commands, shared),
                running(commands, chosen, urls, shared=shared) as parts,
            ):
                yield _signed_in(urls, port, parts, now)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _note_key(urls: Urls, vault: Vault) -> None:
    """As `forbear up` does; a record that names no key is asked for it by every page."""
    engine = make_engine(urls.database, "bench")
    with session(engine) as opened:
        check_key(opened, vault)
    engine.dispose()


def _free() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def _signed_in(urls: Urls, port: int, parts: Sequence[Part], now: dt.datetime) -> Site:
    engine = make_engine(urls.database, "bench")
    with session(engine) as opened:

        def cookies_of(role: str) -> tuple[str, ...]:
            people = opened.exec(select(Account).where(col(Account.role) == role).order_by(col(Account.id))).all()
            return tuple(accounts.start(opened, each, now) for each in people)

        cookies, supervisors = cookies_of("counsellor"), cookies_of("supervisor")
        opened.commit()
        # The first are whole: their pages are those of cases that were decided.
        cases = tuple(opened.exec(select(WorklistItem.case_id).order_by(col(WorklistItem.case_id)).limit(150)).all())
    engine.dispose()
    tokens = tuple(accounts.csrf_token(each) for each in cookies)
    processes = tuple(psutil.Process(each.process.pid) for each in parts)
    logs = tuple(each.log for each in parts if each.log is not None)
    return Site(port, processes, cookies, tokens, cases, supervisors, urls.database, logs)


def stand_back() -> None:
    """Leave the processors to the server: whoever asks it sits at another machine.

    Chromium gives itself precedence over everything where it may, as it may for root.
    """
    os.nice(10)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DROP, _PRECEDENCE)
