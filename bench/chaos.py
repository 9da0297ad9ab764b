"""`python -m bench.chaos`: real processes, killed and stopped by a seed, and whether anything was lost or stood still.

Workers, scheduler and servers run as `forbear up` runs them, with the settings as they are by default, and what ends is
started again as it does that. Cases come in as a file and one by one all the while. When everything has settled, the
record says what became of each.
"""

import argparse
import contextlib
import datetime as dt
import json
import os
import random
import shutil
import signal
import statistics
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import psycopg

from forbear.base.settings import Settings
from forbear.base.vault import Vault, load_vault
from forbear.batch.chunks import Wake
from forbear.batch.submission.submit import Head, submit
from forbear.intake import Accepted
from forbear.ledger import audit
from forbear.ledger.unit_of_work import begin
from forbear.ops import embedded
from forbear.ops.processes import Part, keep_up, running, scheduler_command, worker_command
from models.database import migrate
from models.database.session import make_engine, snapshot
from rules.loading import loader
from rules.pack.pack import Pack
from workers.app import QUEUES
from workers.wake import wake

RESULTS = Path(__file__).parent / "chaos.json"
CHUNK = 50
_LONGEST_SECONDS = 900  # after which what has not settled never will
# Of what was accepted: what has no decision and did not fail, what has two, what is decided by a chunk that is not
# done, what is still to be done; and what failed, though nothing is wrong with any case.
_COUNTS = {
    "lost": """SELECT count(*) FROM batch_case b WHERE NOT EXISTS (
        SELECT FROM decision d WHERE d.case_version_id = b.case_version_id) AND NOT EXISTS (
        SELECT FROM chunk c WHERE c.status IN ('pending', 'failed') AND b.case_version_id = ANY(c.case_version_ids))""",
    "doubled": "SELECT count(*) - count(DISTINCT (case_version_id, pack_sha256, as_of)) FROM decision",
    "partial": "SELECT count(*) FROM decision d JOIN chunk c ON c.id = d.chunk_id WHERE c.status <> 'done'",
    "stalled": "SELECT count(*) FROM chunk WHERE status = 'pending'",
    "failed": "SELECT count(*) FROM chunk WHERE status = 'failed'",
    "not_complete": "SELECT count(*) FROM batch WHERE status <> 'complete'",
}


@dataclass
class Site:
    """What is broken: the processes, the servers, the record."""

    urls: embedded.Urls
    vault: Vault
    pack: Pack
    parts: list[Part]
    chance: random.Random
    record: "psycopg.Connection[tuple[Any, ...]]"
    timers: list[threading.Timer] = field(default_factory=list)

    def worker_processes(self) -> list[psutil.Process]:
        """The processes that evaluate: children of the workers."""
        found: list[psutil.Process] = []
        for part in self.parts:
            if "worker" in part.name:
                with contextlib.suppress(psutil.NoSuchProcess):
                    found += psutil.Process(part.process.pid).children()
        return found

    def kill_process(self) -> None:
        """kill -9 one worker process."""
        if found := self.worker_processes():
            with contextlib.suppress(psutil.NoSuchProcess):
                self.chance.choice(found).kill()

    def kill_worker(self) -> None:
        """kill -9 a worker with all its processes; it is started again."""
        part = self.chance.choice([part for part in self.parts if "worker" in part.name])
        with contextlib.suppress(ProcessLookupError):
            os.killpg(part.process.pid, signal.SIGKILL)

    def end_worker(self) -> None:
        """SIGTERM a worker in the middle of its work; it is started again."""
        self.chance.choice([part for part in self.parts if "worker" in part.name]).process.terminate()

    def stop_process(self) -> None:
        """SIGSTOP one worker process, SIGCONT after five seconds."""
        if found := self.worker_processes():
            stopped = self.chance.choice(found)
            with contextlib.suppress(psutil.NoSuchProcess):
                stopped.suspend()
                self.timers.append(threading.Timer(5.0, partial(_resume, stopped)))
                self.timers[-1].start()

    def kill_scheduler(self) -> None:
        """kill -9 the scheduler; it is started again."""
        next(part for part in self.parts if part.name == "scheduler").process.kill()

    def flush_redis(self) -> None:
        """FLUSHALL: every message is gone."""
        with contextlib.suppress(Exception), embedded.redis_client(self.urls.redis) as client:
            client.flushall()

    def kill_redis(self) -> None:
        """kill -9 Redis; it is started again, empty."""
        with contextlib.suppress(Exception), embedded.redis_client(self.urls.redis) as client:
            os.kill(int(client.info("server")["process_id"]), signal.SIGKILL)

    def end_connections(self) -> None:
        """PostgreSQL ends every worker's connection."""
        self.record.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'forbear worker %'"
        )

    def repeat_messages(self) -> None:
        """The messages of fifty chunks ten times more, done ones among them."""
        rows = self.record.execute("SELECT id, queue FROM chunk ORDER BY random() LIMIT 50").fetchall()
        wake([Wake(*row) for row in rows] * 10, self.urls.redis)

    def hold_ledger(self) -> None:
        """A writer hangs for three seconds with the head of the ledger in its hands."""
        with psycopg.connect(self.urls.database) as hanging:
            hanging.execute("SELECT FROM ledger_head FOR UPDATE")
            time.sleep(3)

    def hand_in(self, first: int, count: int, chunk: int) -> None:
        """Cases that nothing is wrong with, and a message for each chunk."""
        engine = make_engine(self.urls.database, "chaos")
        with begin(engine, self.vault, dt.datetime.now(dt.UTC)) as work:
            done = submit(
                work,
                (_case(row, first + row) for row in range(1, count + 1)),
                head=Head("chaos", ()),
                pack=self.pack,
                as_of=self.pack.manifest.reviewed_on,
                submitter="chaos",
                chunk_size=chunk,
            )
        engine.dispose()
        wake(done.wakes, self.urls.redis)

    def settled(self) -> bool:
        """Whether there is nothing left to do."""
        return all(_count(self.record, _COUNTS[name]) == 0 for name in ("stalled", "not_complete"))


def _resume(process: psutil.Process) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        process.resume()


def _case(row: int, number: int) -> Accepted:
    facts: dict[str, Any] = {"product": "credit_card", "hardship": "unemployment", "days_overdue": number % 400}
    return Accepted(row, f"chaos-{number}", None, {"case_ref": f"chaos-{number}", **facts}, {}, {})


def _count(record: "psycopg.Connection[tuple[Any, ...]]", query: str) -> int:
    row = record.execute(query).fetchone()
    return int(row[0]) if row else 0


FAULTS: dict[str, Callable[[Site], None]] = {
    "kill -9 a worker process": Site.kill_process,
    "kill -9 a worker": Site.kill_worker,
    "SIGTERM a worker": Site.end_worker,
    "SIGSTOP a worker process for 5 s": Site.stop_process,
    "kill -9 the scheduler": Site.kill_scheduler,
    "FLUSHALL": Site.flush_redis,
    "kill -9 Redis": Site.kill_redis,
    "end every connection of PostgreSQL": Site.end_connections,
    "repeat messages": Site.repeat_messages,
    "hold the ledger's head for 3 s": Site.hold_ledger,
}


@contextlib.contextmanager
def _site(seed: int) -> Iterator[Site]:
    home = Path(tempfile.mkdtemp(prefix="forbear-chaos-"))
    chosen = Settings(home=home, database_url=None, redis_url=None, key=None)
    commands = {
        "worker": worker_command(("bulk", "upkeep"), 2, "WARNING"),
        "urgent-worker": worker_command(("urgent",), 1, "WARNING"),
        "scheduler": scheduler_command(home, "WARNING"),
    }
    try:
        with embedded.servers(chosen) as urls:
            migrate.upgrade(urls.database)
            vault, pack = load_vault(chosen), loader.load(loader.DEFAULT_PACK)
            with running(commands, chosen, urls) as parts, psycopg.connect(urls.database, autocommit=True) as record:
                site = Site(urls, vault, pack, parts, random.Random(seed), record)
                threading.Thread(target=_attend, args=(parts, chosen, urls), daemon=True).start()
                yield site
                for timer in site.timers:
                    timer.join()
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _attend(parts: list[Part], chosen: Settings, urls: embedded.Urls) -> None:
    """As forbear/cli/commands/serve.py:attend."""
    for told in keep_up(parts, partial(embedded.mend_redis, chosen, urls)):
        print(f"  {told.split(':')[0]}", flush=True)


def _until_consumed(site: Site) -> None:
    end = time.monotonic() + _LONGEST_SECONDS
    while _count(site.record, "SELECT count(*) FROM heartbeat") < len(QUEUES):
        if time.monotonic() > end:
            sys.exit("The workers did not start.")
        time.sleep(0.2)


def main() -> None:
    """Break, wait, count; print and write bench/chaos.json. Exit 1 if anything is not as it must be."""
    parser = argparse.ArgumentParser(prog="python -m bench.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=2, help="how often each fault comes")
    parser.add_argument("--cases", type=int, default=500, help="handed in as a file before each fault")
    options = parser.parse_args()
    order = list(FAULTS) * options.rounds
    random.Random(options.seed).shuffle(order)
    stood: dict[str, list[float]] = defaultdict(list)
    came = 0
    with _site(options.seed) as site:
        _until_consumed(site)
        for fault in order:
            site.hand_in(came, options.cases, CHUNK)
            came += options.cases
            for _ in range(5):
                site.hand_in(came, 1, 1)
                came += 1
            time.sleep(site.chance.uniform(0.2, 1.5))
            stood[fault].append(_standstill(site, fault))
            print(f"{fault}: {stood[fault][-1]:.1f} s", flush=True)
        end = time.monotonic() + _LONGEST_SECONDS
        while not site.settled() and time.monotonic() < end:
            time.sleep(0.2)
        counts = {name: _count(site.record, query) for name, query in _COUNTS.items()}
        decided = _count(site.record, "SELECT count(*) FROM decision")
        engine = make_engine(site.urls.database, "chaos")
        with snapshot(engine) as reading:
            counts["ledger_faults"] = audit.verify(reading, site.vault).count
        engine.dispose()
    results = {
        "measured_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "seed": options.seed,
        "faults": len(order),
        "accepted": came,
        "decided": decided,
        **counts,
        "standstill_seconds": {
            fault: {"median": round(statistics.median(each), 1), "worst": round(max(each), 1)}
            for fault, each in sorted(stood.items())
        },
    }
    RESULTS.write_text(json.dumps(results, indent=2) + "\n")
    print(json.dumps(results, indent=2))
    sys.exit(0 if decided == came and not any(counts.values()) else 1)


def _standstill(site: Site, fault: str) -> float:
    """How long after a fault nothing is finished, while something waits: until another chunk is seen to be done."""
    done = "SELECT count(*) FROM chunk WHERE status <> 'pending'"
    before, began = _count(site.record, done), time.monotonic()
    FAULTS[fault](site)
    while time.monotonic() - began < _LONGEST_SECONDS and _count(site.record, done) == before:
        if site.settled():
            return 0.0
        time.sleep(0.02)
    return time.monotonic() - began


if __name__ == "__main__":
    main()
