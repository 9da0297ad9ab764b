"""The client that the docs point at does what they say, and is short."""

import datetime as dt
import json
import socket
import subprocess
import sys
from pathlib import Path

import psycopg

from forbear.base.settings import child_environment
from forbear.base.vault import Vault
from forbear.webhooks import outbox
from forbear.webhooks.outbox import Parcel
from tests.support.desk.api import token
from tests.support.desk.cases import VAULT
from tests.support.desk.desk_clients import account, served
from tests.support.desk.processes import until
from tests.web.api.test_cases import worker

ROOT = Path(__file__).parents[4]
CLIENT = ROOT / "samples/client.py"


def test_it_is_less_than_a_hundred_lines() -> None:
    assert len(CLIENT.read_text(encoding="utf-8").splitlines()) < 100


def test_it_hands_in_waits_takes_and_follows(database_url: str, redis_url: str, vault: Vault, tmp_path: Path) -> None:
    secret = token(database_url, account(database_url, "nightly", "submitter", "us"))
    with served(database_url, redis_url, vault) as address, worker(database_url, vault):
        environment = child_environment(FORBEAR=f"{address}/api/v1", TOKEN=secret, NO_PROXY="127.0.0.1")
        command = (sys.executable, CLIENT, ROOT / "samples/cases.csv")
        for _ in range(2):
            done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300)
            assert done.returncode == 0, done.stderr
    lines = (tmp_path / "results.jsonl").read_text(encoding="utf-8").splitlines()
    assert f"{len(lines)} decided" in done.stdout and f"{len(lines)} moved" in done.stdout
    assert json.loads(lines[0])["submitter"] == "us"
    assert (tmp_path / "rejects.csv").stat().st_size > 0
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT count(*) FROM batch").fetchone() == (1,), "sent again it is the same batch"


def test_it_takes_what_a_webhook_is_sent_and_nothing_else(tmp_path: Path) -> None:
    """By the very code that sends: signed with its secret, and with another."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = child_environment(SECRET="whsec_1")  # noqa: S106
    with (
        (tmp_path / "told").open("w+") as told,
        subprocess.Popen((sys.executable, CLIENT, "--listen", str(port)), env=environment, stdout=told) as listening,
    ):
        try:
            until(lambda: sent(port, "whsec_1") is None, "the client takes what is signed with its secret")
            assert sent(port, "whsec_2") == "status_403"
        finally:
            listening.terminate()
            listening.wait()
        told.seek(0)
        assert {json.loads(line)["event"] for line in told} == {"ping"}


def sent(port: int, secret: str) -> str | None:
    """What went wrong with a message that is signed with a secret."""
    parcel = Parcel(
        1, 1, f"http://127.0.0.1:{port}/", VAULT.seal(secret, "webhook.secret:1"), None, "ping", {"event": "ping"}, 1
    )
    return outbox.send([parcel], VAULT, lambda: dt.datetime.now(dt.UTC), private=True)[1]
