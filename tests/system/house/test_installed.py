"""What an installation has: a worker by the Dockerfile's own steps, laptops on other Pythons; in clean places."""

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
from contextlib import contextmanager
from dataclasses import dataclass
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


def pythons() -> list[str]:
    """A Python of each other version that Forbear is for, where this machine has one in its path or beside ours."""
    found = []
    for name in {"python3.11", "python3.12", "python3.13"} - {f"python3.{sys.version_info.minor}"}:
        beside = Path(sys.base_prefix).parent.glob(f"{name.removeprefix('python')}.*/bin/{name}")
        usable = "import ensurepip, os, sysconfig; os.stat(sysconfig.get_path('include') + '/Python.h')"
        for each in (shutil.which(name), *beside):
            if each and subprocess.run((each, "-c", usable), capture_output=True, check=False).returncode == 0:
                found.append(str(each))
                break
    return sorted(found)


def as_an_ordinary_user(python: str) -> bool:
    """Whether we may become one, and they would find this Python."""
    folders = Path(python).resolve().parents
    return os.getuid() == 0 and all(folder.stat().st_mode & stat.S_IXOTH for folder in folders)


@dataclass(frozen=True)
class Installation:
    """An environment of its own with its source, and a folder that whoever runs it may write to."""

    source: Path
    own: Path
    env: Path
    variables: dict[str, str]
    others: dict[str, Any]  # who runs it: an ordinary user where we may become one

    def build(self, command: str) -> None:
        """Do a step as whoever installs it."""
        terms: dict[str, Any] = {"cwd": self.source, "env": self.variables, "capture_output": True, "text": True}
        done = subprocess.run(("sh", "-c", command), check=False, **terms)
        assert done.returncode == 0, done.stderr

    def run(self, *command: str, **more: str) -> "subprocess.CompletedProcess[str]":
        """Run `forbear` as whoever uses it."""
        terms: dict[str, Any] = {"cwd": self.own, "env": self.variables | more, "capture_output": True, "text": True}
        return subprocess.run(("forbear", *command), check=False, **terms, **self.others)


@contextmanager
def installation(python: str, part: str) -> Iterator[Installation]:
    """Forbear by the image's steps, with a lock file as its part's."""
    with tempfile.TemporaryDirectory(prefix="fb-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        own, env = folder / "own", folder / "forbear"
        own.mkdir()
        others: dict[str, Any] = {}
        if as_an_ordinary_user(python):
            os.chown(own, ORDINARY, ORDINARY)
            others = {"user": ORDINARY, "group": ORDINARY, "extra_groups": []}
        subprocess.run((python, "-m", "venv", env), check=True)
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "FORBEAR_", "VIRTUAL"))
        }
        kept |= {"PATH": f"{env / 'bin'}:{kept['PATH']}", "PART": part, "HOME": str(own)}
        made = Installation(folder / "src", own, env, kept, others)
        for line in build_stage():
            instruction, rest = line.split(" ", 1)
            if instruction == "COPY":
                copy(rest.split(), made.source)
                shutil.copy(ROOT / "requirements.lock", made.source / "deploy/locks/laptop.lock")
            elif instruction == "ENV":
                flags = next(word for word in shlex.split(rest) if word.startswith("CPPFLAGS="))
                kept["CPPFLAGS"] = flags.removeprefix("CPPFLAGS=")
            else:
                made.build(rest)
        yield made


@pytest.mark.timeout(3600)  # it fetches and unpacks every dependency, and builds durable-rules
def test_a_worker_is_installed_from_its_lock_file(database_url: str, redis_url: str) -> None:
    with installation(sys.executable, "worker") as made:
        held = sum(file.lstat().st_size for file in made.env.rglob("*"))
        assert held <= WORKER_MEGABYTES * 1_000_000
        servers = {"FORBEAR_DATABASE_URL": database_url, "FORBEAR_REDIS_URL": redis_url, "FORBEAR_KEY": KEY}
        with (ROOT / "samples/cases.csv").open() as sample:
            (made.own / "cases.csv").write_text("".join(next(sample) for _ in range(CASES + 1)))
        done = made.run("triage", "cases.csv", "--out", "results.csv", **servers)
        assert done.returncode == 0, done.stderr + (made.own / ".forbear/worker.log").read_text()
        with (made.own / "results.csv").open(encoding="utf-8-sig") as results:
            assert len([row for row in csv.DictReader(results) if row["strategy"]]) == CASES

        without = {
            ("migrate",): ("FORBEAR_DATABASE_URL", "`embedded`"),
            ("web",): ("The web server", "`web`"),
            ("triage", "cases.csv", "--out", "r.parquet"): (".parquet", "`parquet`"),
        }
        for command, told in without.items():
            done = made.run(*command, **(servers if command != ("migrate",) else {}))
            assert done.returncode == 2, command
            assert done.stderr.strip().count("\n") == 0
            assert [each for each in told if each not in done.stderr] == [], done.stderr


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("python", pythons() or [sys.executable])
def test_a_laptop_is_installed_on_which_nothing_is_configured_and_nobody_is_root(python: str) -> None:
    with installation(python, "laptop") as made:
        assert made.run("--version").stdout.startswith("forbear ")
        done = made.run("demo", "--once")
        assert done.returncode == 0, done.stderr
        assert re.search(r"Decisions [1-9]\d*, .* failed 0\n", done.stdout), done.stdout
        port = str(free_port())
        with (made.own / "up.log").open("wb") as log:
            terms: dict[str, Any] = {"cwd": made.own, "env": made.variables, "stdout": log, "stderr": log}
            up = subprocess.Popen(("forbear", "up", "--port", port), **terms, **made.others)
            try:
                until(lambda: is_ready(port) or up.poll() is not None, "a desk that is ready")
                done = made.run("doctor")
                assert done.returncode == 0, done.stdout + (made.own / "up.log").read_text()
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
