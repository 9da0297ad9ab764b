"""compose.yaml is true: what it starts works together, is healthy, and lets nobody in without a password."""

import base64
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psycopg
import pytest
import redis

from forbear.base.settings import Settings
from tests.support.desk.compose import Compose
from tests.support.desk.processes import KEY, until

PASSWORDS = {"POSTGRES_PASSWORD": "pw-postgres", "REDIS_PASSWORD": "pw-redis", "FLOWER_PASSWORD": "pw-flower"}
CASES = (
    "case_ref,product,days_overdue,hardship,notes\n"
    "C-1,huabei,12,unemployment,\nC-2,credit_card,120,income_reduction,不想活\n"
)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def test_every_service_works_and_is_healthy_by_its_own_check(database_url: str, tmp_path: Path) -> None:
    """Commands, environment and checks are those of the file; PostgreSQL is the embedded one, addresses are ours."""
    ports = {there: free_port() for there in ("6379", "8600", "5555")}
    address = "postgresql://forbear:pw-postgres@postgres:5432/forbear"
    elsewhere = {address: database_url, "redis:6379": "127.0.0.1:6379", **{a: str(b) for a, b in ports.items()}}
    compose = Compose({**PASSWORDS, "FORBEAR_KEY": KEY, "FORBEAR_WORKER_PROCESSES": "1"}, elsewhere, tmp_path)
    (tmp_path / "cases.csv").write_text(CASES)

    with psycopg.connect(database_url, autocommit=True) as watcher:
        folder = str(watcher.info.host)
        beside = Compose(PASSWORDS, {"127.0.0.1": folder}, tmp_path)
        assert beside.is_healthy("postgres")
        assert not compose.is_healthy("redis")
        with compose.running("redis"):
            until(lambda: compose.is_healthy("redis"), "a healthy Redis")
            broker = redis.Redis(port=ports["6379"])
            with pytest.raises(redis.AuthenticationError), broker:
                broker.ping()
            assert compose.run("migrate", "forbear", "migrate").returncode == 0
            with compose.running("web", "worker", "urgent-worker", "scheduler", "flower"):
                submitted = compose.run("web", "forbear", "submit", "cases.csv", "--wait")
                assert submitted.returncode == 0, submitted.stderr + compose.log("worker")
                batch = submitted.stdout.split()[0]
                assert "complete" in compose.run("web", "forbear", "status", batch).stdout
                results = compose.run("web", "forbear", "results", batch, "--out", "r.csv")
                assert results.returncode == 0, results.stderr
                assert len((tmp_path / "r.csv").read_text(encoding="utf-8-sig").splitlines()) == 3
                explained = compose.run("web", "forbear", "explain", "C-2", "--lang", "en").stdout
                assert "U0" in explained
                assert " cn_consumer " in explained
                consumed = "SELECT count(*) FROM heartbeat"
                until(lambda: watcher.execute(consumed).fetchone() == (3,), "a heartbeat of each queue")
                checked = ("web", "worker", "urgent-worker", "scheduler", "flower")
                with ThreadPoolExecutor(2) as threads:
                    healthy = dict(zip(checked, threads.map(compose.is_healthy, checked), strict=True))
                assert healthy == dict.fromkeys(checked, True), [compose.log(name) for name in checked]
                flower = f"http://127.0.0.1:{ports['5555']}/workers"
                assert httpx.get(flower, trust_env=False).status_code == 401
                assert httpx.get(flower, trust_env=False, auth=("forbear", "pw-flower")).status_code == 200
    assert "FORBEAR_KEY" not in compose.environment("flower")
    assert base64.b64decode(compose.environment("web")["FORBEAR_KEY"]) == bytes(range(32))


def test_every_setting_reaches_every_service_that_reads_settings(tmp_path: Path) -> None:
    fixed = {"home", "database_url", "redis_url", "key", "web_host", "web_port"}
    given = {name: f"value-of-{name}" for name in Settings.model_fields}
    variables = {f"FORBEAR_{name.upper()}": value for name, value in given.items()}
    compose = Compose({**PASSWORDS, **variables}, {}, tmp_path)
    for service in ("migrate", "web", "worker", "urgent-worker", "scheduler"):
        environment = compose.environment(service)
        for name, value in given.items():
            assert f"FORBEAR_{name.upper()}" in environment, service
            assert name in fixed or environment[f"FORBEAR_{name.upper()}"] == value, service
    unset = Compose({**PASSWORDS, "FORBEAR_KEY": KEY}, {}, tmp_path).environment("web")
    assert {name for name in fixed if not unset[f"FORBEAR_{name.upper()}"]} == set()
