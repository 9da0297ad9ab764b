"""Generated clients hand in, follow, review and hear: made without a warning, run against a real server.

The generators are no dependency of ours: each is installed, in a version that is named here, into a folder of the
test's. Where that cannot be done the test is skipped, and says what is missing.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from forbear.base.packs import shipped
from forbear.base.settings import child_environment
from forbear.base.vault import Vault
from forbear.webhooks import outbox
from models.database.session import session
from rules.loading.loader import DEFAULT_PACK, load
from tests.support.desk.api import receiver, token
from tests.support.desk.cases import NOW, accepted, decided, engine_of
from tests.support.desk.desk_clients import account, served
from tests.web.api.test_cases import worker
from web.api import reviews
from web.api.openapi import EXAMPLES, described

HERE, ROOT = Path(__file__).parent, Path(__file__).parents[4]
PYTHON = "openapi-python-client==0.29.1"
NODE = ("openapi-typescript@7.13.0", "openapi-fetch@0.17.0", "typescript@5.9.3", "@types/node@22.19.1")
DANGER = {"notes": "想自杀，不想活了"}


def ran(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=600, env=child_environment())
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def installed(what: str, *command: str | Path, cwd: Path) -> None:
    try:
        done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=600)
    except (OSError, subprocess.TimeoutExpired) as error:
        pytest.skip(f"{what} cannot be installed here: {error}")
    if done.returncode != 0:
        pytest.skip(f"{what} cannot be installed here: {done.stderr.strip()[-300:]}")


@pytest.fixture(scope="module")
def description(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("api") / "openapi.json"
    path.write_text(json.dumps(described(shipped())), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def python_client(description: Path) -> tuple[Path, Path]:
    """A Python with the generated package `made`, and the folder that it is in."""
    folder = description.parent / "python"
    installed("a virtual environment", sys.executable, "-m", "venv", folder, cwd=description.parent)
    python = folder / "bin/python"
    installed(PYTHON, python, "-m", "pip", "install", "--quiet", PYTHON, cwd=folder)
    config = folder / "config.yaml"
    config.write_text("post_hooks: []\n")
    made = folder / "made"
    said = ran(
        folder / "bin/openapi-python-client",
        *("generate", "--path", description, "--output-path", made, "--meta", "none", "--config", config),
        cwd=folder,
    )
    assert "arning" not in said, said
    shutil.copy(HERE / "round_trip.py", folder)
    return python, folder


@pytest.fixture(scope="module")
def types(description: Path) -> Path:
    """A folder with the generated types and what compiles against them."""
    if shutil.which("npm") is None:
        pytest.skip("npm is missing: openapi-typescript cannot be run here")
    folder = description.parent / "node"
    folder.mkdir()
    (folder / "package.json").write_text('{"type": "module", "private": true}')
    installed(", ".join(NODE), "npm", "install", "--no-audit", "--no-fund", "--silent", *NODE, cwd=folder)
    said = ran("npx", "openapi-typescript", description, "-o", "schema.d.ts", cwd=folder)
    assert "arning" not in said, said
    shutil.copy(HERE / "round_trip.ts", folder)
    return folder


@contextmanager
def site(url: str, redis_url: str, vault: Vault, submitter: str) -> Iterator[tuple[str, str]]:
    """A server whose cases are decided as they come in, with a case in danger, and a supervisor's token."""
    decided(url, [accepted(1, "DANGER", DANGER)], vault, by=load(DEFAULT_PACK), submitter=submitter)
    secret = token(url, account(url, "program", "supervisor", submitter))
    with served(url, redis_url, vault) as address, worker(url, vault):
        yield address, secret


def delivered(url: str, vault: Vault, folder: Path) -> tuple[str, Path]:
    """Send what waits to a receiver of ours; answers the signature and where the body is."""
    with receiver() as there:
        with psycopg.connect(url) as connection:
            connection.execute("UPDATE webhook SET url = %s", [there.address])
        with engine_of(url) as engine, session(engine) as opened:
            opened.connection().exec_driver_sql("UPDATE delivery SET status = 'failed' WHERE event <> 'ping'")
            parcels = outbox.claim(opened, NOW)
        assert set(outbox.send(parcels, vault, lambda: NOW, private=True).values()) == {None}
        [(headers, body)] = there.got
    file = folder / "body.json"
    file.write_bytes(body)
    return headers["Forbear-Signature"], file


def round_trip(run: Callable[..., str], arguments: Sequence[str | Path], url: str, vault: Vault, folder: Path) -> None:
    """Go, and let each secret that was given out verify what arrives."""
    secrets = json.loads(run("go", *arguments).strip().splitlines()[-1])
    header, body = delivered(url, vault, folder)
    for secret in secrets:
        run("verify", secret, header, body)


def test_a_python_client_does_all_of_it(
    python_client: tuple[Path, Path], database_url: str, redis_url: str, vault: Vault
) -> None:
    python, folder = python_client
    given: dict[str, Any] = {
        "case": {name: value for name, value in EXAMPLES["SubmittedCase"].items() if name != "income_monthly"},
        "actions": {**reviews.EXAMPLES},
        "withdrawal": EXAMPLES["Withdrawal"],
        "danger": "DANGER",
    }
    given["actions"]["Resume"] = given["actions"].pop("Resume")  # what is opened again was put aside before
    given["actions"]["Contact"] = {**given["actions"]["Contact"], "next_call": None}  # the example's is days ahead
    (folder / "examples.json").write_text(json.dumps(given), encoding="utf-8")

    def run(*arguments: str | Path) -> str:
        return ran(python, "round_trip.py", *arguments, cwd=folder)

    with site(database_url, redis_url, vault, "local") as (address, secret):
        arguments = (address, secret, ROOT / "samples/cases.csv", folder / "examples.json")
        round_trip(run, arguments, database_url, vault, folder)


def test_the_types_fit_every_documented_example_and_a_typescript_client_does_all_of_it(
    types: Path, database_url: str, redis_url: str, vault: Vault
) -> None:
    schemas = described(shipped())["components"]["schemas"]
    head = 'import type { components } from "./schema";\ntype Schemas = components["schemas"];\n'
    typed = [
        f'export const {name}: Schemas["{name}"] = {json.dumps(example)};'
        for name, schema in schemas.items()
        for example in schema.get("examples", ())
    ]
    (types / "examples.ts").write_text(head + "\n".join(typed), encoding="utf-8")
    target = ("--module", "es2022", "--target", "es2022", "--moduleResolution", "bundler")
    options = ("--strict", "--skipLibCheck", "--types", "node", *target)
    ran("npx", "tsc", *options, "--outDir", "out", "examples.ts", "round_trip.ts", cwd=types)

    def run(*arguments: str | Path) -> str:
        return ran("node", "out/round_trip.js", *arguments, cwd=types)

    with site(database_url, redis_url, vault, "local") as (address, secret):
        arguments = (address, secret, ROOT / "samples/cases.csv", "DANGER")
        round_trip(run, arguments, database_url, vault, types)
