"""Metrics tell how much is done, waits, is late or failed, and nothing of any case."""

import datetime as dt
import math
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest

from forbear.base.settings import Settings
from forbear.base.vault import Vault
from tests.support.desk.cases import NOW, accepted, decided, many, submitted
from tests.support.desk.desk_clients import served
from tests.support.desk.serving import client_of


@pytest.fixture
def client(database_url: str, redis_url: str, vault: Vault) -> Iterator[httpx.Client]:
    with served(database_url, redis_url, vault) as address, client_of(address) as opened:
        yield opened


def read(client: httpx.Client) -> dict[str, float]:
    text = client.get("/metrics").raise_for_status().text
    lines = [line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in lines}


def test_an_empty_record_is_all_zeros(client: httpx.Client) -> None:
    values = {name: value for name, value in read(client).items() if "http_request" not in name}
    never = {name: value for name, value in values.items() if name.startswith("forbear_heartbeat_seconds")}
    assert len(values) == 6 * 3 + 2 * 5 + 2 + 3 + 1
    assert set(never.values()) == {math.inf}
    assert {values[name] for name in values.keys() - never.keys()} == {0}


def test_the_record_is_counted(client: httpx.Client, database_url: str, vault: Vault) -> None:
    decided(database_url, [accepted(1, "urgent", violence=True), accepted(2, "A"), accepted(3, "B")], vault)
    submitted(database_url, many(3, "P"), vault, now=NOW - dt.timedelta(minutes=5))
    values = read(client)
    assert sum(value for name, value in values.items() if "decided" in name) == 3
    assert sum(value for name, value in values.items() if "cases_open" in name) == 3
    assert sum(value for name, value in values.items() if "overdue" in name) == 0
    assert values['forbear_chunks_pending{queue="bulk"}'] == 1
    assert values['forbear_oldest_pending_seconds{queue="bulk"}'] == 300
    assert values['forbear_oldest_claim_seconds{queue="bulk"}'] == 0
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE chunk SET claimed_at = %s", [NOW - dt.timedelta(seconds=90)])
    assert read(client)['forbear_oldest_claim_seconds{queue="bulk"}'] == 90
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE desk_case SET due_at = '2026-01-01'")
        connection.execute("UPDATE chunk SET status = 'failed' WHERE status = 'pending'")
    values = read(client)
    assert sum(value for name, value in values.items() if "overdue" in name) == 3
    assert values['forbear_chunks_failed{queue="bulk"}'] == 1


def test_answers_are_counted_by_route_and_never_by_address(client: httpx.Client) -> None:
    client.get("/api/v1/cases/somebody's-reference")
    client.request("BREW", "/pot")
    text = client.get("/metrics").text
    assert 'route="/api/v1/cases/{ref}"' in re.sub(r":path}", "}", text)
    assert "somebody" not in text
    assert "BREW" not in text
    assert 'route="other"' in text


def test_a_scraper_by_another_name_is_answered(client: httpx.Client) -> None:
    assert client.get("/metrics", headers={"Host": "web:8600"}).status_code == 200


# What one web process leaves when it has answered so often; another one beside it counts for itself.
COUNTER = """
import sys
from prometheus_client import CollectorRegistry, Histogram
labels, registry = ("method", "route", "status"), CollectorRegistry()
answered = Histogram("forbear_http_request_seconds", "-", labels, buckets=(0.25, 1), registry=registry)
for _ in range(int(sys.argv[1])):
    answered.labels("GET", "/", "200").observe(0.5)
"""


def test_what_several_web_processes_count_adds_up(
    client: httpx.Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    for times in ("2", "3"):
        subprocess.run([sys.executable, "-c", COUNTER, times], env=environment, check=True)
    monkeypatch.setattr(Settings, "counts", tmp_path)
    counted = {name: value for name, value in read(client).items() if "http_request" in name}
    at = 'method="GET",route="/",status="200"'
    assert counted[f"forbear_http_request_seconds_count{{{at}}}"] == 5
    assert counted[f'forbear_http_request_seconds_bucket{{le="1.0",{at}}}'] == 5
    assert counted[f'forbear_http_request_seconds_bucket{{le="0.25",{at}}}'] == 0
