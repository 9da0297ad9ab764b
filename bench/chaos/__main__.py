"""`python -m bench.chaos`: real processes, killed and stopped by a seed, and whether anything was lost or stood still.

Workers, scheduler and servers run as `forbear up` runs them, with the settings as they are by default, and what ends is
started again as it does that. Cases come in as a file and one by one all the while. When everything has settled, the
record says what became of each.
"""

import argparse
import datetime as dt
import json
import os
import random
import statistics
import sys
import time
from pathlib import Path

from bench.chaos.site import CHUNK, COUNTS, FAULTS, LONGEST_SECONDS, Site, counted, opened, until_consumed
from bench.chaos.standstill import Finished, percentile, standstills
from forbear.ledger import audit
from models.database.session import make_engine, snapshot

RESULTS = Path(__file__).parent / "results.json"
_SLOWEST = 20  # cases a second, below which something stands still
_FINISHED = """
    SELECT c.queue, extract(epoch FROM b.created_at)::float8, extract(epoch FROM c.done_at)::float8
    FROM chunk c JOIN batch b ON b.id = c.batch_id WHERE c.status = 'done' AND b.submitter = 'chaos'
"""


def main() -> None:
    """Break, wait, count; print and write bench/chaos/results.json. Exit 1 if anything is not as it must be."""
    parser = argparse.ArgumentParser(prog="python -m bench.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=2, help="how often each fault comes")
    parser.add_argument("--cases", type=int, default=500, help="handed in as a file before each fault")
    parser.add_argument("--chunk", type=int, default=CHUNK, help=f"cases of a chunk of these ({CHUNK})")
    parser.add_argument("--faults", nargs="+", choices=FAULTS, default=list(FAULTS), metavar="FAULT", help="these only")
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    order = options.faults * options.rounds
    random.Random(options.seed).shuffle(order)
    over: list[float] = []
    came, began, load = 0, time.monotonic(), os.getloadavg()[0]
    with opened(options.seed) as site:
        until_consumed(site)
        for number, fault in enumerate(order, 1):
            site.hand_in(came, options.cases, options.chunk)
            came += options.cases
            for _ in range(5):
                site.hand_in(came, 1, 1)
                came += 1
            time.sleep(site.chance.uniform(0.2, 1.5))
            over.append(_broken(site, fault))
            print(f"{number} of {len(order)}: {fault}", flush=True)
        end = time.monotonic() + max(LONGEST_SECONDS, came / _SLOWEST)
        while not site.settled() and time.monotonic() < end:
            time.sleep(0.2)
        taken = time.monotonic() - began
        counts = {name: counted(site.record, query) for name, query in COUNTS.items()}
        # Of versions: where the hour of ageing came meanwhile, some were rightly decided again for today.
        decided = counted(site.record, "SELECT count(DISTINCT case_version_id) FROM decision")
        recovery = standstills((Finished(*row) for row in site.record.execute(_FINISHED)), over)
        engine = make_engine(site.urls.database, "chaos")
        with snapshot(engine) as reading:
            counts["ledger_faults"] = audit.verify(reading, site.vault).count
        engine.dispose()
    by_fault = {
        fault: [took for one, took in zip(order, recovery, strict=True) if one == fault] for fault in set(order)
    }
    results = {
        "measured_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "load_average": {"before": round(load, 1), "after": round(os.getloadavg()[0], 1)},
        "seed": options.seed,
        "faults": len(order),
        "seconds": round(taken),
        "accepted": came,
        "decided": decided,
        **counts,
        "recovery_seconds": {
            "p99": round(percentile(recovery, 0.99), 1),
            "by_fault": {
                fault: {"times": len(each), "median": round(statistics.median(each), 1), "worst": round(max(each), 1)}
                for fault, each in sorted(by_fault.items())
            },
        },
    }
    options.out.write_text(json.dumps(results, indent=2) + "\n")
    print(json.dumps(results, indent=2))
    sys.exit(0 if decided == came and not any(counts.values()) else 1)


def _broken(site: Site, fault: str) -> float:
    """Break it, and wait until another chunk is done; when the fault was over, by the record's clock."""
    done = "SELECT count(*) FROM chunk WHERE status <> 'pending'"
    before, began = counted(site.record, done), time.monotonic()
    FAULTS[fault](site)
    (over,) = site.record.execute("SELECT extract(epoch FROM clock_timestamp())::float8").fetchone() or (0.0,)
    while time.monotonic() - began < LONGEST_SECONDS and counted(site.record, done) == before and not site.settled():
        time.sleep(0.02)
    return float(over)


if __name__ == "__main__":
    main()
