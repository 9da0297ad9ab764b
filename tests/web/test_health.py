"""/healthz and /readyz: alive is not ready, and what is missing is named."""

import datetime as dt
from collections.abc import Iterator

import httpx
import psycopg
import pytest

from forbear.base.vault import Vault
from forbear.ops.heartbeat import beat
from models.database.session import session
from tests.support.desk.cases import NOW, engine_of, many, submitted
from tests.support.desk.processes import DEADLINE
from tests.support.desk.serving import client_of, serving
from web.app import create_app
from web.deps import now
from workers.app import QUEUES


@pytest.fixture
def client(database_url: str, redis_url: str, vault: Vault) -> Iterator[httpx.Client]:
    app = create_app(database_url, redis_url, vault)
    app.dependency_overrides[now] = lambda: NOW
    with serving(app) as address, client_of(address) as opened:
        yield opened


def heartbeats(url: str, seconds_ago: int, queues: tuple[str, ...] = QUEUES) -> None:
    with engine_of(url) as engine, session(engine) as opened:
        for queue in queues:
            beat(opened, queue, NOW - dt.timedelta(seconds=seconds_ago))


def test_a_process_that_answers_is_alive(client: httpx.Client) -> None:
    assert client.get("/healthz").json() == {"status": "alive"}


def test_a_form_that_cannot_be_taken_apart_is_told_what_to_do(client: httpx.Client) -> None:
    for sent in (
        {"files": [(f"field-{number}", (None, "x")) for number in range(1001)]},
        {"data": {f"field-{number}": "x" for number in range(1001)}},
        {"content": b"--b", "headers": {"Content-Type": "multipart/form-data"}},
    ):
        answer = client.post("/sign-in", params={"lang": "en"}, **sent)
        assert (answer.status_code, "open the page again and send less at once" in answer.text) == (400, True), sent


def test_ready_is_when_every_queue_is_consumed(client: httpx.Client, database_url: str) -> None:
    heartbeats(database_url, seconds_ago=60)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["failed"]) == (200, [])


def test_a_heartbeat_older_than_a_minute_is_no_sign_of_life(client: httpx.Client, database_url: str) -> None:
    heartbeats(database_url, seconds_ago=0, queues=tuple(queue for queue in QUEUES if queue != "bulk"))
    heartbeats(database_url, seconds_ago=61, queues=("bulk",))
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["failed"]) == (503, ["queue bulk"])


@pytest.mark.parametrize(("ahead", "failed"), [(5, []), (6, [f"queue {queue}" for queue in QUEUES])])
def test_a_heartbeat_to_come_is_no_sign_of_life(
    client: httpx.Client, database_url: str, ahead: int, failed: list[str]
) -> None:
    heartbeats(database_url, seconds_ago=-ahead)
    answer = client.get("/readyz")
    assert answer.json()["failed"] == failed
    assert not failed or "set the clocks" in answer.json()["checks"]["queue bulk"]["detail"]


def test_heartbeats_alone_are_no_sign_of_work(client: httpx.Client, database_url: str, vault: Vault) -> None:
    heartbeats(database_url, seconds_ago=0)
    submitted(database_url, many(2), vault, now=NOW - dt.timedelta(seconds=181))
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["failed"]) == (503, ["progress of bulk"])


def test_without_any_worker_no_queue_is_ready(client: httpx.Client) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["failed"] == [f"queue {queue}" for queue in QUEUES]


def test_a_database_that_was_not_migrated_is_not_ready(client: httpx.Client, database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0001'")
    answer = client.get("/readyz").json()
    assert "database" in answer["failed"]
    assert "forbear migrate" in answer["checks"]["database"]["detail"]


def test_servers_that_cannot_be_reached_are_named(vault: Vault) -> None:
    app = create_app("postgresql://nobody@127.0.0.1:1/nothing", "redis://127.0.0.1:1/0", vault)
    with serving(app) as address:
        answer = httpx.get(f"{address}/readyz", trust_env=False, timeout=DEADLINE)
    assert (answer.status_code, answer.json()["failed"]) == (503, ["database", "broker"])
