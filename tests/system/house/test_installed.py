"""What an installation has: the Dockerfile's own steps, then a laptop's, in a clean environment elsewhere."""

import csv
import os
import re
import shlex
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from tests.support.desk.processes import KEY, free_port, until

ROOT = Path(__file__).parents[3]
CASES = 5
WORKER_MEGABYTES = 400
ORDINARY = 65534  # nobody


def build_stage() -> Iterator[str]:
    """The instructions of the image's first stage."""
    stage = (ROOT / "Dockerfile").read_text().split("\nFROM ")[1]
    return (line for line in stage.splitlines() if line.startswith(("COPY ", "RUN pip ", "ENV PATH")))


def copy(words: list[str], source: Path) -> None:
    *names, target = words
    for name in names:
        found = ROOT / name
        there = source / target if target == name else source / target / found.name
        there.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if found.is_dir() else shutil.copy)(found, there)


def as_an_ordinary_user() -> bool:
    """Whether we may become one, and they would find this Python."""
    folders = Path(sys.executable).resolve().parents
    return os.getuid() == 0 and all(folder.stat().st_mode & stat.S_IXOTH for folder in folders)


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that an ordinary user may look into, and one of their own in it."""
    with tempfile.TemporaryDirectory(prefix="fb-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "own").mkdir()
        if as_an_ordinary_user():
            os.chown(folder / "own", ORDINARY, ORDINARY)
        yield folder


@pytest.mark.timeout(3600)  # it fetches and unpacks every dependency, and builds durable-rules
def test_worker_and_laptop_are_installed_from_their_lock_files(place: Path, database_url: str, redis_url: str) -> None:
    source, own, env = place / "src", place / "own", place / "forbear"
    subprocess.run([sys.executable, "-m", "venv", env], check=True)
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "FORBEAR_", "VIRTUAL"))}
    ours |= {"PATH": f"{env / 'bin'}:{ours['PATH']}", "PART": "worker", "HOME": str(own)}
    others: dict[str, Any] = {"user": ORDINARY, "group": ORDINARY, "extra_groups": []} if as_an_ordinary_user() else {}

    def build(command: str) -> None:
        done = subprocess.run(["sh", "-c", command], cwd=source, env=ours, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    def run(*command: str, **more: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            ("forbear", *command), cwd=own, env=ours | more, capture_output=True, text=True, check=False, **others
        )

    for line in build_stage():
        instruction, rest = line.split(" ", 1)
        if instruction == "COPY":
            copy(rest.split(), source)
        elif instruction == "ENV":
            flags = next(word for word in shlex.split(rest) if word.startswith("CPPFLAGS="))
            ours["CPPFLAGS"] = flags.removeprefix("CPPFLAGS=")
        else:
            build(rest)
    held = sum(file.lstat().st_size for file in env.rglob("*"))
    assert held <= WORKER_MEGABYTES * 1_000_000

    servers = {"FORBEAR_DATABASE_URL": database_url, "FORBEAR_REDIS_URL": redis_url, "FORBEAR_KEY": KEY}
    with (ROOT / "samples/cases.csv").open() as sample:
        (own / "cases.csv").write_text("".join(next(sample) for _ in range(CASES + 1)))
    done = run("triage", "cases.csv", "--out", "results.csv", **servers)
    assert done.returncode == 0, done.stderr + (own / ".forbear/worker.log").read_text()
    with (own / "results.csv").open(encoding="utf-8-sig") as results:
        assert len([row for row in csv.DictReader(results) if row["strategy"]]) == CASES

    without = {
        ("migrate",): ("FORBEAR_DATABASE_URL", "`embedded`"),
        ("web",): ("The web server", "`web`"),
        ("triage", "cases.csv", "--out", "r.parquet"): (".parquet", "`parquet`"),
    }
    for command, told in without.items():
        done = run(*command, **(servers if command != ("migrate",) else {}))
        assert done.returncode == 2, command
        assert done.stderr.strip().count("\n") == 0
        assert [each for each in told if each not in done.stderr] == [], done.stderr

    # What it goes without is added: a laptop, on which nothing is configured and nobody is root.
    shutil.copy(ROOT / "requirements.lock", source)
    build("python -m ensurepip && python -m pip install --require-hashes -r requirements.lock")
    assert run("--version").stdout.startswith("forbear ")
    done = run("demo", "--once")
    assert done.returncode == 0, done.stderr
    assert re.search(r"Decisions [1-9]\d*, .* failed 0\n", done.stdout), done.stdout
    port = str(free_port())
    with (own / "up.log").open("wb") as log:
        up = subprocess.Popen(("forbear", "up", "--port", port), cwd=own, env=ours, stdout=log, stderr=log, **others)
        try:
            until(lambda: is_ready(port) or up.poll() is not None, "a desk that is ready")
            done = run("doctor")
            assert done.returncode == 0, done.stdout + (own / "up.log").read_text()
            assert "ok    broker: reachable, and opens as workers open it" in done.stdout
        finally:
            up.send_signal(signal.SIGINT)
            up.wait(120)


def is_ready(port: str) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
