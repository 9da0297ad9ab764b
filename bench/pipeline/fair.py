"""`python -m bench.pipeline.fair`: how long a crisis waits behind a large file and single cases, as a ratio to idle.

One urgent worker and two bulk processes, as `forbear up` runs them on two cores. The single cases are handed in first
and all woken at once, then the crisis; it is decided when its decision is committed.
"""

import argparse
import datetime as dt
import json
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, text

from forbear.base.settings import Settings
from forbear.base.vault import Vault, load_vault
from forbear.batch.progress import remaining
from forbear.batch.submission.submit import Head, Submitted, submit
from forbear.cli.commands.serve import BULK, URGENT
from forbear.intake import Accepted
from forbear.ledger.unit_of_work import begin
from forbear.ops import embedded
from forbear.ops.processes import running, worker_command
from models.database import migrate
from models.database.session import make_engine, session
from rules.loading import loader
from rules.pack.pack import Pack
from workers.wake import wake

RESULTS = Path(__file__).parent / "fair.json"
SINGLES = 200
_LONGEST_SECONDS = 900
_OVERTAKEN = text("""
    SELECT count(*) FROM decision d JOIN chunk k ON k.id = d.chunk_id
    WHERE k.batch_id = ANY(:singles) AND d.id < (
        SELECT d.id FROM decision d JOIN chunk k ON k.id = d.chunk_id WHERE k.batch_id = :crisis
    )
""")


@dataclass(frozen=True)
class Desk:
    """What cases are handed in to."""

    engine: Engine
    vault: Vault
    pack: Pack
    redis: str

    def hand_in(self, rows: Iterable[Any], name: str) -> Submitted:
        """A batch; nobody is woken."""
        with begin(self.engine, self.vault, dt.datetime.now(dt.UTC)) as work:
            return submit(
                work,
                rows,
                head=Head(name, ()),
                pack=self.pack,
                as_of=self.pack.manifest.reviewed_on,
                submitter="bench",
                chunk_size=Settings().chunk_size,
            )

    def wake(self, *batches: Submitted) -> None:
        """Wake workers for all of these."""
        wake([each for batch in batches for each in batch.wakes], self.redis)

    def single(self, reference: str, **facts: object) -> Submitted:
        """A case by itself."""
        return self.hand_in([_case(1, reference, **facts)], reference)

    def crisis(self, reference: str) -> tuple[float, UUID]:
        """How many seconds it takes from handing in a case of danger until it is decided."""
        started = time.perf_counter()
        done = self.single(reference, self_harm_signal=True)
        self.wake(done)
        self.until_decided(done)
        return time.perf_counter() - started, done.batch_id

    def until_decided(self, *batches: Submitted) -> None:
        """Wait until all of these are."""
        end = time.monotonic() + _LONGEST_SECONDS
        for batch in batches:
            while not self._complete(batch.batch_id):
                if time.monotonic() > end:
                    sys.exit(f"The workers did not finish within {_LONGEST_SECONDS} s.")
                time.sleep(0.02)

    def _complete(self, batch: UUID) -> bool:
        with session(self.engine) as opened:
            return remaining(opened, batch).complete


def _case(row: int, reference: str, **facts: object) -> Accepted:
    known: Any = {"case_ref": reference, "product": "credit_card", "hardship": "unemployment", **facts}
    return Accepted(row, reference, None, known, {}, {})


def _file(rows: int) -> Iterator[Accepted]:
    """A file, in which every hundredth case is a crisis and every tenth has a day in court."""
    for row in range(1, rows + 1):
        facts: dict[str, object] = {"days_overdue": row % 400, "balance": 100_000 + row}
        facts |= {"legal_stage": "hearing"} if row % 10 == 0 else {}
        yield _case(row, f"file-{row}", **facts, **({"violence": True} if row % 100 == 0 else {}))


@contextmanager
def _desk() -> Iterator[Desk]:
    home = Path(tempfile.mkdtemp(prefix="forbear-bench-"))
    chosen = Settings(home=home, database_url=None, redis_url=None, key=None)
    try:
        with embedded.servers(chosen) as urls:
            migrate.upgrade(urls.database)
            pack = loader.load(loader.DEFAULT_PACK)
            desk = Desk(make_engine(urls.database, "bench"), load_vault(chosen), pack, urls.redis)
            commands = {
                "worker": worker_command(BULK, 2, "WARNING"),
                "urgent-worker": worker_command(URGENT, 1, "WARNING"),
            }
            with running(commands, chosen, urls):
                yield desk
            desk.engine.dispose()
    finally:
        shutil.rmtree(home, ignore_errors=True)


def main() -> None:
    """Measure, print and write bench/pipeline/fair.json."""
    parser = argparse.ArgumentParser(prog="python -m bench.pipeline.fair", description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000, help="cases of the file (100000)")
    parser.add_argument("--rounds", type=int, default=5, help="crises, each behind as many single cases (5)")
    options = parser.parse_args()
    with _desk() as desk:
        warm = [desk.single(f"warm-{number}") for number in range(20)]
        desk.wake(*warm)
        desk.until_decided(*warm)
        idle = [desk.crisis(f"idle-{number}")[0] for number in range(2 * options.rounds)]
        large = desk.hand_in(_file(options.rows), "file")
        desk.wake(large)
        rounds = [_behind(desk, number) for number in range(options.rounds)]
        with session(desk.engine) as opened:
            left = remaining(opened, large.batch_id).cases
    results = {
        "measured_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "rows_of_the_file": options.rows,
        "rows_left_at_the_end": left,
        "single_cases": SINGLES,
        "rounds": options.rounds,
        "idle_seconds": round(statistics.median(idle), 3),
        "behind_seconds": round(statistics.median(seconds for seconds, _ in rounds), 3),
        "ratio": round(statistics.median(seconds for seconds, _ in rounds) / statistics.median(idle), 1),
        "worst_ratio": round(max(seconds for seconds, _ in rounds) / statistics.median(idle), 1),
        "single_cases_before_it": max(before for _, before in rounds),
    }
    RESULTS.write_text(json.dumps(results, indent=2) + "\n")
    print(json.dumps(results, indent=2))


def _behind(desk: Desk, number: int) -> tuple[float, int]:
    """Seconds of a crisis behind single cases, and how many of these were decided before it."""
    singles = [desk.single(f"single-{number}-{each}") for each in range(SINGLES)]
    desk.wake(*singles)
    seconds, crisis = desk.crisis(f"crisis-{number}")
    desk.until_decided(*singles)
    values = {"singles": [each.batch_id for each in singles], "crisis": crisis}
    with session(desk.engine) as opened:
        return seconds, opened.connection().execute(_OVERTAKEN, values).scalar_one()


if __name__ == "__main__":
    main()
