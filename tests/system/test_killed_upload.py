"""A web server that is killed in the middle of an upload leaves nothing of it that anybody could read."""

import datetime as dt
import os
import signal
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest

from forbear.accounts import accounts
from forbear.accounts.accounts import Viewer
from forbear.base.vault import Vault
from forbear.batch.submission import uploads
from forbear.ops.embedded import Urls
from tests.support.desk.api import token
from tests.support.desk.cases import AS_OF, working_as
from tests.support.desk.desk_clients import account, cookie_of
from tests.support.desk.processes import DEADLINE, Site, blocked, until
from web.auth import COOKIE

NAME, ID_NUMBER = "欧阳若雪", "330106199001011234"
FILE_NAME = "欧阳若雪的案件.csv"
ROW = f"C-{{}},credit_card,3,unemployment,{NAME},{ID_NUMBER}\n"
HEAD = "案件编号,product,days_overdue,hardship,姓名,身份证号\n"
CONTENT = (HEAD + ROW.format(1) + ROW.format(2)).encode()
Sending = Callable[[str, str], object]


def _by_program(url: str, address: str) -> object:
    """A program sends a batch."""
    secret = token(url, account(url, "program", "submitter", "us"))
    headers = {"Authorization": f"Bearer {secret}"}
    files = {"file": (FILE_NAME, CONTENT)}
    return httpx.post(f"{address}/api/v1/batches", headers=headers, files=files, timeout=DEADLINE, trust_env=False)


def _by_hand(url: str, address: str) -> object:
    """Somebody submits the upload whose preview they saw."""
    vault, at = Vault(bytes(range(32))), dt.datetime.now(dt.UTC)
    mine = account(url)
    secret = cookie_of(url, mine, at)
    with working_as(Viewer(mine, "wang", "counsellor", None), url, vault, at) as work:
        upload = uploads.keep(work, FILE_NAME, CONTENT, "us", AS_OF)
    fields = {"csrf": accounts.csrf_token(secret)}
    return httpx.post(
        f"{address}/uploads/{upload}/submit", data=fields, cookies={COOKIE: secret}, timeout=DEADLINE, trust_env=False
    )


@contextmanager
def _killed(urls: Urls, folder: Path, happening: Callable[["Popen[bytes]"], bool], send: Sending) -> Iterator[Path]:
    """The temporary folder of a server that was killed while something was happening."""
    temporary = folder / "temporary"
    temporary.mkdir()
    site = Site(urls, folder)
    with site.web(temporary) as (process, address), ThreadPoolExecutor(1) as sender:
        sending = sender.submit(send, urls.database, address)
        until(lambda: happening(process) or sending.done(), "it is happening")
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert isinstance(sending.exception(), httpx.TransportError | OSError), f"{sending} {site.logs()}"
    yield temporary


@pytest.mark.parametrize("send", [_by_program, _by_hand])
def test_a_server_killed_while_a_file_is_read_leaves_nothing_of_it(
    database_url: str, redis_url: str, tmp_path: Path, send: Sending
) -> None:
    with psycopg.connect(database_url) as holding, psycopg.connect(database_url, autocommit=True) as looking:
        holding.execute("LOCK TABLE batch")  # so that it cannot be submitted, and stays where it is read from
        with _killed(Urls(database_url, redis_url), tmp_path, lambda _: blocked(looking) > 0, send) as temporary:
            assert _left(temporary) == []


def test_a_server_killed_while_a_file_arrives_leaves_nothing_of_it(
    database_url: str, redis_url: str, tmp_path: Path
) -> None:
    """Half of a form with a file too large for the memory that forms are given."""

    def send(url: str, address: str) -> None:
        form = f'--x\r\nContent-Disposition: form-data; name="file"; filename="{FILE_NAME}"\r\n\r\n'.encode() + CONTENT
        body = form + CONTENT * (2 * 1024 * 1024 // len(CONTENT))
        headers = (
            "POST /uploads HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=x\r\n"
            f"Cookie: {COOKIE}=nobody\r\nContent-Length: {2 * len(body)}\r\n\r\n"
        )
        place = urlsplit(address)
        with socket.create_connection((place.hostname, place.port), timeout=DEADLINE) as sent:
            sent.sendall(headers.encode() + body)
            if not sent.recv(1):
                raise ConnectionResetError

    def happening(process: "Popen[bytes]") -> bool:
        return any(str(tmp_path / "temporary") in held for held in _held(process))

    with _killed(Urls(database_url, redis_url), tmp_path, happening, send) as temporary:
        assert _left(temporary) == []


def _held(process: "Popen[bytes]") -> list[str]:
    """The files that a process has open."""
    folder = Path(f"/proc/{process.pid}/fd")
    return [str(each.readlink()) for each in folder.iterdir() if each.is_symlink()]


def _left(folder: Path) -> list[str]:
    """Files of a folder in whose name or content a planted word is."""
    words = [word.encode() for word in (NAME, ID_NUMBER)]
    files = [path for path in folder.rglob("*") if not path.is_dir()]
    return [str(path) for path in files if any(word in os.fsencode(path) + _content(path) for word in words)]


def _content(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b""
