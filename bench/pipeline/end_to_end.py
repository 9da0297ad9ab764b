"""Both ways end to end: from opening the file to the last committed decision, workers already warm."""

import contextlib
import datetime as dt
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg
from pydantic_core import to_jsonable_python
from sqlmodel import SQLModel

from bench.pipeline import cases
from forbear import intake
from forbear.base import packs
from forbear.base.settings import Settings
from forbear.base.vault import load_vault
from forbear.batch.progress import remaining
from forbear.batch.submission.submit import Head, submit
from forbear.intake import Accepted
from forbear.ledger.unit_of_work import begin
from forbear.ops.embedded import Urls
from forbear.ops.processes import running, worker_command
from models.database.session import make_engine, session

WARM_UP = 2_000  # enough chunks that each worker process gets one and compiles its rules
LONGEST_SECONDS = 600


@dataclass(frozen=True)
class Installation:
    """Where both ways run."""

    home: Path
    urls: Urls
    as_of: dt.date
    processes: int


def run_forbear(place: Installation, file: str, count: int, number: int, mode: str) -> dict[str, float]:
    """Forbear's own pipeline with its own worker; `file` is one of cases.FILES, `number` tells runs apart."""
    os.environ["FORBEAR_ASKED_ONCE"] = str(mode == "asked_once").lower()  # for the worker
    chosen = Settings(home=place.home, worker_processes=place.processes)
    vault = load_vault(Settings(home=place.home, database_url=None, key=None))
    engine = make_engine(place.urls.database, "bench")
    pack = packs.shipped()  # as whoever hands in has it

    def triage(file: Path) -> float:
        from workers.wake import wake

        source = intake.open_intake(file, pack.vocabulary)
        with begin(engine, vault, dt.datetime.now(dt.UTC)) as work:
            done = submit(
                work,
                source,
                head=Head(file.name, tuple(source.columns), tuple(source.unknown)),
                pack=pack,
                as_of=place.as_of,
                submitter="bench",
                chunk_size=chosen.chunk_size,
            )
        wake(done.wakes, place.urls.redis)
        handed_in = time.process_time()

        def complete() -> bool:
            with session(engine) as opened:
                return remaining(opened, done.batch_id).complete

        _until(complete)
        return handed_in

    command = worker_command(("urgent", "bulk", "upkeep"), place.processes, "WARNING")
    with running({"worker": command}, chosen, place.urls) as parts:
        return _measure(triage, place, (file, count), parts[0].process, f"{mode.split('_')[0]}-{file}{number}")


def run_plain(place: Installation, file: str, count: int, number: int) -> dict[str, float]:
    """The plain way with a worker of as many processes."""
    os.environ["BENCH_DATABASE_URL"], os.environ["BENCH_REDIS_URL"] = place.urls.database, place.urls.redis
    from bench.pipeline import plain

    pack = packs.shipped()
    engine = make_engine(place.urls.database, "bench")
    SQLModel.metadata.tables["plain_decision"].create(engine, checkfirst=True)

    def triage(file: Path) -> float:
        sent = 0
        for row in intake.rows(file, pack.vocabulary):
            if isinstance(row, Accepted):
                plain.triage.delay(row.case_ref, to_jsonable_python(row.facts), place.as_of.isoformat())
                sent += 1
        handed_in = time.process_time()
        prefix = f"{file.stem}-%"

        def complete() -> bool:
            with psycopg.connect(place.urls.database) as connection:
                query = "SELECT count(*) FROM plain_decision WHERE case_ref LIKE %s"
                found = connection.execute(query, [prefix]).fetchone()
            return found is not None and found[0] == sent

        _until(complete)
        return handed_in

    command = [sys.executable, "-m", "celery", "--app", "bench.pipeline.plain", "--quiet", "worker", "--without-gossip"]
    command += ["--concurrency", str(place.processes), "--loglevel", "WARNING", "--without-mingle"]
    with running({"plain": command}, Settings(home=place.home), place.urls) as parts:
        return _measure(triage, place, (file, count), parts[0].process, f"plain-{file}{number}")


def _measure(
    triage: Callable[[Path], float],
    place: Installation,
    of: tuple[str, int],
    worker: "subprocess.Popen[bytes]",
    stem: str,
) -> dict[str, float]:
    file, count = of
    for name, size in ((f"warm-{stem}", WARM_UP), (stem, count)):
        cases.write(place.home / f"{name}.csv", size, name, file)
    triage(place.home / f"warm-{stem}.csv")
    os.sync()  # what was written before is not this run's to wait for
    before, started = _processor(worker.pid, place), time.perf_counter()
    handed_in = triage(place.home / f"{stem}.csv")
    seconds, after = time.perf_counter() - started, _processor(worker.pid, place)
    after["submitting"] = handed_in  # asking whether it is done is no part of it
    return {
        "cases_per_second": round(count / seconds, 1),
        "seconds": round(seconds, 2),
        **{f"{part}_cpu_us": round(1e6 * (after[part] - before[part]) / count, 1) for part in after},
        "worker_peak_mb": round(max(_peak_mb(each) for each in _family(worker.pid)), 1),
        "submit_peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }


def _processor(worker: int, place: Installation) -> dict[str, float]:
    """The seconds of processor that each part has had: handing in, the workers, PostgreSQL."""
    postmaster = int((place.home / "postgres" / "postmaster.pid").read_text().split()[0])
    return {"submitting": time.process_time(), "workers": _seconds(worker), "database": _seconds(postmaster)}


def _seconds(pid: int) -> float:
    """Of a process with all its children, those that ended included."""
    total = 0.0
    for each in _family(pid):
        with contextlib.suppress(psutil.NoSuchProcess):  # it ended just now, and its time is its parent's
            total += sum(psutil.Process(each).cpu_times()[:4])
    return total


def _family(pid: int) -> list[int]:
    return [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]


def _peak_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LONGEST_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            sys.exit(f"The workers did not finish within {LONGEST_SECONDS} s.")
        time.sleep(0.02)
