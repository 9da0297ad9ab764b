"""What an installation has: the Dockerfile's own steps, in a clean environment outside the checkout."""

import csv
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.desk.processes import KEY

ROOT = Path(__file__).parents[3]
CASES = 5


def build_stage() -> Iterator[list[str]]:
    """The instructions of the image's first stage, each as words."""
    stage = (ROOT / "Dockerfile").read_text().split("\nFROM ")[1]
    return (shlex.split(line) for line in stage.splitlines() if line.startswith(("COPY ", "RUN pip ")))


@pytest.mark.timeout(3600)  # it fetches and unpacks every dependency, and builds durable-rules
def test_an_installation_by_the_lock_file_triages_cases(tmp_path: Path, database_url: str, redis_url: str) -> None:
    source, elsewhere, env = tmp_path / "src", tmp_path / "elsewhere", tmp_path / "forbear"
    source.mkdir()
    elsewhere.mkdir()
    subprocess.run([sys.executable, "-m", "venv", env], check=True)
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "FORBEAR_", "VIRTUAL"))}
    ours["PATH"] = f"{env / 'bin'}:{ours['PATH']}"

    def run(*command: str, **more: str) -> "subprocess.CompletedProcess[str]":
        where = source if command[0] == "pip" else elsewhere
        return subprocess.run(command, cwd=where, env={**ours, **more}, capture_output=True, text=True, check=False)

    for instruction, *words in build_stage():
        if instruction == "RUN":
            done = run(*words)
            assert done.returncode == 0, done.stderr
            continue
        for name in words[:-1]:
            found = ROOT / name
            (shutil.copytree if found.is_dir() else shutil.copy)(found, source / name)

    servers = {"FORBEAR_DATABASE_URL": database_url, "FORBEAR_REDIS_URL": redis_url, "FORBEAR_KEY": KEY}
    with (ROOT / "samples/cases.csv").open() as sample:
        (elsewhere / "cases.csv").write_text("".join(next(sample) for _ in range(CASES + 1)))
    done = run("forbear", "triage", "cases.csv", "--out", "results.csv", **servers)
    assert done.returncode == 0, done.stderr + (elsewhere / ".forbear/worker.log").read_text()
    with (elsewhere / "results.csv").open(encoding="utf-8-sig") as results:
        assert len([row for row in csv.DictReader(results) if row["strategy"]]) == CASES

    done = run("forbear", "migrate")
    assert done.returncode == 2
    assert done.stderr.strip().count("\n") == 0
    assert "FORBEAR_DATABASE_URL" in done.stderr
    assert "`embedded`" in done.stderr
