"""What is broken: workers, scheduler and servers as `forbear up` runs them; and what is done to them."""

import contextlib
import datetime as dt
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import psycopg
import psycopg.sql

from forbear.base.settings import Settings
from forbear.base.vault import Vault, load_vault
from forbear.batch.chunks import Wake
from forbear.batch.submission.submit import Head, submit
from forbear.cli.commands.serve import BULK, URGENT
from forbear.intake import Accepted
from forbear.ledger.unit_of_work import begin
from forbear.ops import embedded
from forbear.ops.processes import Part, keep_up, running, scheduler_command, worker_command
from models.database import migrate
from models.database.session import make_engine
from rules.loading import loader
from rules.pack.pack import Pack
from workers.app import QUEUES
from workers.wake import wake

CHUNK = 50
LONGEST_SECONDS = 900  # after which what has not settled never will
# Of what was accepted: what has no decision and did not fail, what has two, what is decided by a chunk that is not
# done, what is still to be done; and what failed, though nothing is wrong with any case.
COUNTS = {
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

    def stop_redis(self) -> None:
        """SIGSTOP Redis, SIGCONT after five seconds."""
        with contextlib.suppress(Exception), embedded.redis_client(self.urls.redis) as client:
            stopped = psutil.Process(int(client.info("server")["process_id"]))
            stopped.suspend()
            self.timers.append(threading.Timer(5.0, partial(_resume, stopped)))
            self.timers[-1].start()

    def fill_redis(self) -> None:
        """Redis is full for five seconds, and takes no message."""

        def empty() -> None:
            with contextlib.suppress(Exception), embedded.redis_client(self.urls.redis) as client:
                client.config_set("maxmemory", 0)

        with contextlib.suppress(Exception), embedded.redis_client(self.urls.redis) as client:
            client.config_set("maxmemory", 1)
            self.timers.append(threading.Timer(5.0, empty))
            self.timers[-1].start()

    def reset_redis(self) -> None:
        """Redis ends every connection, four times in two seconds."""
        with contextlib.suppress(Exception), embedded.redis_client(self.urls.redis) as client:
            for _ in range(4):
                client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
                time.sleep(0.5)

    def database_away(self) -> None:
        """For five seconds PostgreSQL lets no worker in, and those that were are out."""
        name = self.record.info.dbname
        with psycopg.connect(self.urls.database, dbname="template1", autocommit=True) as beside:
            beside.execute(
                psycopg.sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(psycopg.sql.Identifier(name))
            )
            self.end_connections()
            time.sleep(5)
            beside.execute(
                psycopg.sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(psycopg.sql.Identifier(name))
            )

    def clock_was_ahead(self) -> None:
        """What waits was woken by a clock a day ahead, and its messages are lost; so say the heartbeats, too."""
        self.record.execute("UPDATE chunk SET woken_at = now() + interval '1 day' WHERE status = 'pending'")
        self.record.execute("UPDATE heartbeat SET consumed_at = now() + interval '1 day'")
        self.flush_redis()

    def second_scheduler(self) -> None:
        """Another scheduler beside the first, for five seconds."""
        part = next(part for part in self.parts if part.name == "scheduler")
        second = subprocess.Popen(
            part.command, env=part.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        time.sleep(5)
        second.terminate()
        second.wait()

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
        return all(counted(self.record, COUNTS[name]) == 0 for name in ("stalled", "not_complete"))


def _resume(process: psutil.Process) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        process.resume()


def _case(row: int, number: int) -> Accepted:
    facts: dict[str, Any] = {"product": "credit_card", "hardship": "unemployment", "days_overdue": number % 400}
    return Accepted(row, f"chaos-{number}", None, {"case_ref": f"chaos-{number}", **facts}, {}, {})


def counted(record: "psycopg.Connection[tuple[Any, ...]]", query: str) -> int:
    """A number from the record."""
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
    "SIGSTOP Redis for 5 s": Site.stop_redis,
    "Redis full for 5 s": Site.fill_redis,
    "end every connection of Redis, 4 times": Site.reset_redis,
    "PostgreSQL away for 5 s": Site.database_away,
    "a clock a day ahead, put right, messages lost": Site.clock_was_ahead,
    "a second scheduler for 5 s": Site.second_scheduler,
}


@contextlib.contextmanager
def opened(seed: int) -> Iterator[Site]:
    """A site of its own, its parts started again as `forbear up` does that."""
    home = Path(tempfile.mkdtemp(prefix="forbear-chaos-"))
    chosen = Settings(home=home, database_url=None, redis_url=None, key=None)
    commands = {
        "worker": worker_command(BULK, 2, "WARNING"),
        "urgent-worker": worker_command(URGENT, 1, "WARNING"),
        "scheduler": scheduler_command(home, "WARNING"),
    }
    try:
        with embedded.servers(chosen) as urls:
            migrate.upgrade(urls.database)
            vault, pack = load_vault(chosen), loader.load(loader.DEFAULT_PACK)
            with running(commands, chosen, urls) as parts, psycopg.connect(urls.database, autocommit=True) as record:
                site = Site(urls, vault, pack, parts, random.Random(seed), record)
                over = threading.Event()
                attending = threading.Thread(target=_attend, args=(parts, chosen, urls, over))
                attending.start()
                try:
                    yield site
                    for timer in site.timers:
                        timer.join()
                finally:
                    over.set()
                    attending.join()
    finally:
        shutil.rmtree(home, ignore_errors=True)


class _OverError(Exception):
    """Nobody is to be started again any more."""


def _attend(parts: list[Part], chosen: Settings, urls: embedded.Urls, over: threading.Event) -> None:
    """As forbear/cli/commands/serve.py:attend, until it is over."""

    def mended() -> bool:
        if over.is_set():
            raise _OverError
        return embedded.mend_redis(chosen, urls)

    with contextlib.suppress(_OverError):
        for told in keep_up(parts, mended):
            print(f"  {told.split(':')[0]}", flush=True)


def until_consumed(site: Site) -> None:
    """Wait until every queue has its worker."""
    end = time.monotonic() + LONGEST_SECONDS
    while counted(site.record, "SELECT count(*) FROM heartbeat") < len(QUEUES):
        if time.monotonic() > end:
            sys.exit("The workers did not start.")
        time.sleep(0.2)
