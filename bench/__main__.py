"""`make bench`: Forbear and the plain way on the same servers, pack, cases and processes; then the engines alone."""

import argparse
import datetime as dt
import json
import platform
import shutil
import statistics
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from bench.pipeline import cases, engines
from bench.pipeline import end_to_end as pipeline
from forbear.base.settings import Settings
from forbear.ops import embedded
from models.database import migrate
from rules.loading import loader

RESULTS = Path(__file__).parent / "results.json"
MODES = ("every_case", "asked_once")  # whether durable-rules evaluates each case, or each distinct question once


def main() -> None:
    """Measure, print and write bench/results.json."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--cases", type=int, default=5_000, help="cases both ways triage in a round (5000)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds, one way after the other in each (3)")
    parser.add_argument("--processes", type=int, default=2, help="worker processes of both (2)")
    parser.add_argument("--files", nargs="+", choices=cases.FILES, default=list(cases.FILES), help="which of the files")
    options = parser.parse_args()
    pack = loader.load(loader.DEFAULT_PACK)
    as_of = pack.manifest.reviewed_on
    home = Path(tempfile.mkdtemp(prefix="forbear-bench-"))
    try:
        with embedded.servers(Settings(home=home, database_url=None, redis_url=None)) as urls:
            migrate.upgrade(urls.database)
            place = pipeline.Installation(home, urls, as_of, options.processes)
            found = {file: _rounds(place, file, options.cases, options.rounds) for file in options.files}
        alone = engines.run(pack, as_of, home, options.cases)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    results = {
        "measured_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "pack": {"id": pack.manifest.id, "version": pack.manifest.version, "rules": len(pack.rules)},
        "cases": options.cases,
        "rounds": options.rounds,
        "worker_processes": options.processes,
        "end_to_end": {file: {mode: _summary(rounds, mode) for mode in MODES} for file, rounds in found.items()},
        "evaluation_alone": alone,
    }
    RESULTS.write_text(json.dumps(results, indent=2) + "\n")
    show(results)


def _rounds(place: pipeline.Installation, file: str, count: int, rounds: int) -> list[dict[str, dict[str, float]]]:
    """Forbear in each mode and the plain way by turns, on other cases of the same kind each time."""
    return [
        {
            **{mode: pipeline.run_forbear(place, file, count, number, mode) for mode in MODES},
            "plain": pipeline.run_plain(place, file, count, number),
        }
        for number in range(rounds)
    ]


def _summary(rounds: list[dict[str, dict[str, float]]], mode: str) -> dict[str, Any]:
    """The medians of a mode's figures, how often it is as fast as the plain way, and that one's figures."""
    ratios = [round(each[mode]["cases_per_second"] / each["plain"]["cases_per_second"], 1) for each in rounds]
    ours, plain = (
        {key: _median(each[way][key] for each in rounds) for key in rounds[0][way]} for way in (mode, "plain")
    )
    return {"ratio": _median(ratios), "ratio_of_each_round": ratios, **ours, "plain": plain}


def _median(values: Iterable[float]) -> float:
    return round(statistics.median(values), 1)


def show(results: dict[str, Any]) -> None:
    """The figures in words."""
    print(f"{results['cases']} cases, {results['pack']['rules']} rules, {results['worker_processes']} worker processes")
    for file, modes in results["end_to_end"].items():
        for name, way in (*modes.items(), ("plain way", modes["every_case"]["plain"])):
            parts = ", ".join(f"{part} {way[f'{part}_cpu_us']:,.0f}" for part in ("submitting", "workers", "database"))
            print(
                f"  {file:10} {name:10} {way['cases_per_second']:>7,.0f} cases/s; processor a case, µs: {parts};"
                f" peak {way['worker_peak_mb']:.0f} MB a worker process"
            )
        for name, way in modes.items():
            rounds = ", ".join(map(str, way["ratio_of_each_round"]))
            print(f"  {file:10} {name:10} {way['ratio']:>7.1f} times the plain way (median of the rounds: {rounds})")
    print("evaluation alone, one process:")
    for name, rate in results["evaluation_alone"].items():
        print(f"  {name.replace('_', ' '):42} {rate:>10,.0f} cases/s")
    print(f"written to {RESULTS}")


if __name__ == "__main__":
    main()
