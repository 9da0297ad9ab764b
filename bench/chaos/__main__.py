"""`python -m bench.chaos`: real processes, killed and stopped by a seed, and whether anything was lost or stood still.

Workers, scheduler and servers run as `forbear up` runs them, with the settings as they are by default, and what ends is
started again as it does that. Cases come in as a file and one by one all the while. When everything has settled, the
record says what became of each.
"""

import argparse
import datetime as dt
import json
import random
import statistics
import sys
import time
from collections import defaultdict
from pathlib import Path

from bench.chaos.site import CHUNK, COUNTS, FAULTS, LONGEST_SECONDS, Site, counted, opened, until_consumed
from forbear.ledger import audit
from models.database.session import make_engine, snapshot

RESULTS = Path(__file__).parent / "results.json"


def main() -> None:
    """Break, wait, count; print and write bench/chaos/results.json. Exit 1 if anything is not as it must be."""
    parser = argparse.ArgumentParser(prog="python -m bench.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=2, help="how often each fault comes")
    parser.add_argument("--cases", type=int, default=500, help="handed in as a file before each fault")
    options = parser.parse_args()
    order = list(FAULTS) * options.rounds
    random.Random(options.seed).shuffle(order)
    stood: dict[str, list[float]] = defaultdict(list)
    came = 0
    with opened(options.seed) as site:
        until_consumed(site)
        for fault in order:
            site.hand_in(came, options.cases, CHUNK)
            came += options.cases
            for _ in range(5):
                site.hand_in(came, 1, 1)
                came += 1
            time.sleep(site.chance.uniform(0.2, 1.5))
            stood[fault].append(_standstill(site, fault))
            print(f"{fault}: {stood[fault][-1]:.1f} s", flush=True)
        end = time.monotonic() + LONGEST_SECONDS
        while not site.settled() and time.monotonic() < end:
            time.sleep(0.2)
        counts = {name: counted(site.record, query) for name, query in COUNTS.items()}
        # Of versions: where the hour of ageing came meanwhile, some were rightly decided again for today.
        decided = counted(site.record, "SELECT count(DISTINCT case_version_id) FROM decision")
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
    before, began = counted(site.record, done), time.monotonic()
    FAULTS[fault](site)
    while time.monotonic() - began < LONGEST_SECONDS and counted(site.record, done) == before:
        if site.settled():
            return 0.0
        time.sleep(0.02)
    return time.monotonic() - began


if __name__ == "__main__":
    main()
