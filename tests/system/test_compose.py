"""compose.yaml is true: what it starts works together, is healthy, and lets nobody in without a password."""

import base64
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psycopg
import pytest
import redis

from forbear.base.settings import Settings
from tests.support.desk.compose import ROOT, Compose
from tests.support.desk.processes import free_port, until

KEYS = {"key", "previous_keys"}
WITH_KEY = {"web", "worker", "urgent-worker"}  # who opens or seals anything
CASES = (
    "case_ref,product,days_overdue,hardship,notes\n"
    "C-1,huabei,12,unemployment,\nC-2,credit_card,120,income_reduction,不想活\n"
)


def made_secrets(folder: Path) -> Path:
    """What deploy/secrets.sh makes, once."""
    secrets = folder / "secrets"
    subprocess.run(["sh", ROOT / "deploy/secrets.sh", secrets], check=True, capture_output=True)
    assert len(base64.b64decode((secrets / "key").read_text())) == 32
    return secrets


def test_every_service_works_and_is_healthy_by_its_own_check(database_url: str, tmp_path: Path) -> None:
    """Commands, environment and checks are those of the file; PostgreSQL is the embedded one, addresses are ours."""
    ports = {there: free_port() for there in ("6379", "8600", "5555")}
    secrets = made_secrets(tmp_path)
    address = (secrets / "database_url").read_text().strip()
    elsewhere = {address: database_url, "redis:6379": "127.0.0.1:6379", **{a: str(b) for a, b in ports.items()}}
    variables = {"FORBEAR_SECRETS": str(secrets), "FORBEAR_WORKER_PROCESSES": "1"}
    compose = Compose(variables, elsewhere, tmp_path)
    (tmp_path / "cases.csv").write_text(CASES)

    with psycopg.connect(database_url, autocommit=True) as watcher:
        folder = str(watcher.info.host)
        beside = Compose(variables, {"127.0.0.1": folder}, tmp_path)
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
                flower_password = (secrets / "flower_password").read_text().strip()
                flower = f"http://127.0.0.1:{ports['5555']}/workers"
                assert httpx.get(flower, trust_env=False).status_code == 401
                assert httpx.get(flower, trust_env=False, auth=("forbear", flower_password)).status_code == 200
    held = {each.read_text().strip() for each in secrets.iterdir()} - {""}  # no key before
    for name in compose.services:
        assert held.isdisjoint(compose.environment(name).values()), name
    assert {name for name, service in compose.services.items() if "key" in service.get("secrets", ())} == WITH_KEY
    assert made_secrets(tmp_path) == secrets
    assert {each.read_text().strip() for each in secrets.iterdir()} - {""} == held, "what is there stays"


def test_every_setting_reaches_every_service_that_reads_settings(tmp_path: Path) -> None:
    in_files = {"database_url", "redis_url", *KEYS}
    fixed = {"home", "web_host", "web_port", *in_files}
    given = {name: f"value-of-{name}" for name in Settings.model_fields}
    variables = {f"FORBEAR_{name.upper()}": value for name, value in given.items()}
    variables["FORBEAR_SECRETS"] = str(made_secrets(tmp_path))
    compose = Compose(variables, {}, tmp_path)
    for service in ("migrate", "web", "worker", "urgent-worker", "scheduler"):
        environment = compose.environment(service)
        for name, value in given.items():
            variable = f"FORBEAR_{name.upper()}{'_FILE' * (name in in_files)}"
            assert name in fixed or environment[variable] == value, service
            assert bool(environment[variable]) is (service in WITH_KEY or name not in KEYS), service
    environment = compose.environment("web")
    assert {name for name in in_files if not Path(environment[f"FORBEAR_{name.upper()}_FILE"]).read_text()} == {
        "previous_keys"
    }


def test_logs_and_memory_of_every_service_have_an_end(tmp_path: Path) -> None:
    for name, service in Compose({}, {}, tmp_path).services.items():
        assert service["mem_limit"], name
        assert set(service["logging"]["options"]) == {"max-size", "max-file"}, name
