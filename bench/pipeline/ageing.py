"""`python -m bench.pipeline.ageing`: what it costs to look for open cases whose day has come, and to claim a day's.

First on a day on which nothing is due, then on the next, on which one case in 366 is.
"""

import argparse
import datetime as dt
import shutil
import statistics
import tempfile
import time
from pathlib import Path

from sqlalchemy import Engine, text

from bench.desk import data as desk_data
from forbear.base.settings import Settings
from forbear.base.vault import Vault
from forbear.batch import ageing
from forbear.ledger.unit_of_work import begin
from forbear.ops import embedded
from models.database import migrate
from models.database.session import make_engine
from rules.loading import loader
from rules.pack.pack import Pack

NOW = dt.datetime(2026, 11, 24, 8, tzinfo=dt.UTC)
_OPEN = text("SELECT count(*) FROM desk_case WHERE status <> 'closed' AND valid_until IS NOT NULL")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.pipeline.ageing", description=__doc__)
    parser.add_argument("--cases", type=int, default=1_250_000, help="cases, five sixths of them open (1250000)")
    count = parser.parse_args().cases
    pack, vault = loader.load(loader.DEFAULT_PACK), Vault(bytes(32))
    home = Path(tempfile.mkdtemp(prefix="forbear-bench-"))
    try:
        with embedded.servers(Settings(home=home, database_url=None, redis_url=None)) as urls:
            migrate.upgrade(urls.database)
            desk_data.fill(urls.database, vault, pack, count, NOW)
            engine = make_engine(urls.database)
            with begin(engine, vault, NOW) as work:
                waiting = work.session.connection().execute(_OPEN).scalar_one()
            while _claim(engine, vault, pack, NOW)[1]:
                pass  # the samples themselves
            nothing = [_claim(engine, vault, pack, NOW) for _ in range(20)]
            day = []
            while (claimed := _claim(engine, vault, pack, NOW + dt.timedelta(days=1)))[1]:
                day.append(claimed[0])
    finally:
        shutil.rmtree(home, ignore_errors=True)
    took = [seconds * 1000 for seconds, _ in nothing]
    print(f"{waiting:,} open cases, none due: {statistics.median(took):.1f} ms, at most {max(took):.1f} ms")
    print(f"a day's: {len(day)} times up to {ageing.AT_ONCE:,} cases claimed, {sum(day):.1f} s")


def _claim(engine: Engine, vault: Vault, pack: Pack, now: dt.datetime) -> tuple[float, bool]:
    """How many seconds one claim takes, its transaction and all, and whether there was anything."""
    started = time.perf_counter()
    with begin(engine, vault, now) as work:
        found = ageing.claim(work, lambda: pack, Settings().chunk_size)
    return time.perf_counter() - started, found is not None


if __name__ == "__main__":
    main()
