"""`python -m bench.pipeline.what_if`: another policy over stored cases, a figure moved over them, and replay.

`stored` is a record with so many cases that were handed in, decided and packed; `invented` are the columns of so many
cases in no record, 100,000 of them drawn each by itself and those over again: what they take is what judging takes.
"""

import argparse
import dataclasses
import datetime as dt
import itertools
import json
import platform
import resource
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from bench.pipeline import cases
from forbear import intake
from forbear.base.settings import Settings
from forbear.base.vault import Vault
from forbear.batch.submission.submit import Head, submit
from forbear.batch.triage import triage_chunk
from forbear.ledger.unit_of_work import begin
from forbear.ops import embedded, portfolio, replay
from models.database import migrate
from models.database.session import make_engine, snapshot
from rules.decision.whatif.comparison import Block, Judge, Wanted, beside, compared
from rules.decision.whatif.given import Given, given_facts, slices
from rules.decision.whatif.lens import SLICE, Lens
from rules.decision.whatif.moved import movable, moved
from rules.loading import loader
from rules.pack.pack import Pack
from tests.support.packs import random_cases

RESULTS = Path(__file__).parents[1] / "whatif.json"
PARAMETERS = {"rules_alone": ("dsr_distressed", "60"), "formulas_too": ("first_month_days", "60")}
SHOWN = Wanted(0, 50)  # some of the cases that flip, as the page tells them one by one
_DRAWN = 100_000
T = TypeVar("T")


def main() -> None:
    """Measure, print and write bench/whatif.json."""
    parser = argparse.ArgumentParser(prog="python -m bench.pipeline.what_if", description=__doc__)
    parser.add_argument("--stored", type=int, default=20_000, help="cases of a record (20000); 0 keeps what there is")
    parser.add_argument(
        "--invented",
        type=int,
        nargs="*",
        default=[100_000],
        help="cases in no record (100000); none keeps what there is",
    )
    parser.add_argument("--file", choices=cases.FILES, default="sample", help="which of the files is stored")
    parser.add_argument("--processes", type=int, default=2, help="processes that replay (2)")
    options = parser.parse_args()
    pack = loader.load(loader.DEFAULT_PACK)
    day = pack.manifest.reviewed_on
    before = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    stored = _with_servers(pack, day, options) if options.stored else before["stored"]
    found = {
        "measured_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "pack": {"id": pack.manifest.id, "version": pack.manifest.version, "rules": len(pack.rules)},
        "stored": stored,
        "invented": [_invented(pack, day, count) for count in options.invented] or before["invented"],
    }
    RESULTS.write_text(json.dumps(found, indent=2) + "\n")
    print(RESULTS.read_text())


def _with_servers(pack: Pack, day: dt.date, options: argparse.Namespace) -> dict[str, Any]:
    home = Path(tempfile.mkdtemp(prefix="forbear-bench-"))
    try:
        with embedded.servers(Settings(home=home, database_url=None, redis_url=None)) as urls:
            migrate.upgrade(urls.database)
            return _stored(urls.database, home, pack, day, options)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _timed(work: Callable[[], T]) -> tuple[dict[str, float], T]:
    """Seconds by the clock, and those of the processor that this process took."""
    began, spent = time.perf_counter(), time.process_time()
    done = work()
    return {"seconds": round(time.perf_counter() - began, 3), "cpu": round(time.process_time() - spent, 3)}, done


def _stored(url: str, home: Path, pack: Pack, day: dt.date, options: argparse.Namespace) -> dict[str, Any]:
    vault, file = Vault(bytes(32)), home / "cases.csv"
    cases.write(file, options.stored, "W", options.file)
    engine = make_engine(url, "bench")
    source = intake.open_intake(file, pack.vocabulary)
    with begin(engine, vault, dt.datetime.now(dt.UTC)) as work:
        head = Head(file.name, tuple(source.columns), tuple(source.unknown))
        done = submit(work, source, head=head, pack=pack, as_of=day, submitter="bench", chunk_size=2_000)
    for wake in done.wakes:
        with begin(engine, vault, dt.datetime.now(dt.UTC)) as work:
            triage_chunk(work, wake.chunk_id, lambda: dt.datetime.now(dt.UTC))
    found: dict[str, Any] = {"cases": options.stored, "file": options.file}
    unpacked = _read(url)
    found["read_from_rows"] = unpacked[0]

    def packed() -> None:
        more = 1
        while more:
            with begin(engine, vault, dt.datetime.now(dt.UTC)) as work:
                more = portfolio.pack(work)

    found["pack"] = _timed(packed)[0]
    with snapshot(engine) as session:
        size = "SELECT sum((SELECT sum(length(part)) FROM unnest(columns) AS part)) FROM portfolio_block"
        found["bytes_a_case"] = round(int(session.connection().exec_driver_sql(size).scalar_one()) / options.stored, 1)
    found["read_packed"], parts = _read(url)
    if sum(each.height for each in parts) != sum(each.height for each in unpacked[1]):
        raise SystemExit("what is packed is not what was decided")
    other = _without_a_rule(pack)
    with snapshot(engine) as session:
        found["compare"] = _timed(lambda: _compare(pack, other, day, portfolio.read(session, SLICE)))[0]
    found["replay"] = {"processes": options.processes}
    began = time.perf_counter()
    bad = sum(bool(each.differences or each.unreadable) for each in replay.replay_all(url, None, options.processes))
    took = time.perf_counter() - began
    with snapshot(engine) as session:
        sum(1 for _ in replay.replay(session, None, None, (1, 200)))  # what is made once a process
        alone, _ = _timed(lambda: sum(1 for _ in replay.replay(session, None, None, (1, 8_000))))
    found["replay"] |= {
        "decisions_per_second": round(options.stored / took),
        "different": bad,
        "cpu_us": round(alone["cpu"] / min(8_000, options.stored) * 1e6, 1),
    }
    engine.dispose()
    return found


def _read(url: str) -> tuple[dict[str, float], list[Given]]:
    engine = make_engine(url, "bench")
    with snapshot(engine) as session:
        found = _timed(lambda: list(portfolio.read(session, SLICE)))
    engine.dispose()
    return found


def _without_a_rule(pack: Pack) -> Pack:
    """The policy without the rule that comes in the middle."""
    gone = len(pack.rules) // 2
    rules = tuple(each for at, each in enumerate(pack.rules) if at != gone)
    return dataclasses.replace(pack, rules=rules, sha256="without")


def _compare(one: Pack, other: Pack, day: dt.date, parts: Iterable[Given]) -> int:
    first, second = Judge(one, day), Judge(other, day)
    found = compared(one, other, (_block(first, second, each) for each in parts))
    return found.cases


def _block(first: Judge, second: Judge, given: Given) -> Block:
    return Block(*beside(first, second, given), lambda listed: [str(each) for each in listed])


def _invented(pack: Pack, day: dt.date, count: int) -> dict[str, Any]:
    bodies = list(_bodies(pack, count))

    def parts() -> Iterator[Given]:
        return slices((Given.unpacked(each) for each in bodies), SLICE)

    found: dict[str, Any] = {"cases": count, "bytes_a_case": round(sum(map(len, bodies)) / count, 1)}
    _compare(pack, pack, day, slices([Given.unpacked(bodies[0]).first(1_000)], SLICE))  # what is made once a process
    found["unpack"] = _timed(lambda: sum(each.height for each in parts()))[0]
    found["derive"] = _timed(lambda: [Judge(pack, day).frame(each).table.height for each in parts()])[0]
    found["compare"] = _timed(lambda: _compare(pack, _without_a_rule(pack), day, parts()))[0]
    found["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

    def looked() -> Lens:
        lens = Lens(pack, day, lambda cases: [str(case) for case in cases])
        for each in parts():
            lens.add(each)
        return lens

    found["lens"], lens = _timed(looked)
    for kind, (name, value) in PARAMETERS.items():
        moving = movable(pack, day)[name]
        other = moved(pack, moving, Decimal(value))
        first, *others = (
            _timed(lambda: compared(pack, other, lens.moved(other, moving), SHOWN))[0]  # noqa: B023 - called at once
            for _ in range(4)
        )
        found[kind] = {"parameter": name, **min(others, key=lambda each: each["cpu"]), "first": first}
    return found


def _bodies(pack: Pack, count: int) -> Iterator[bytes]:
    """Columns of invented cases, packed as upkeep packs them."""
    if count > _DRAWN:
        yield from itertools.islice(itertools.cycle(list(_bodies(pack, _DRAWN))), count // portfolio.PACKED_AT_ONCE)
        return
    for seed, first in enumerate(range(0, count, portfolio.PACKED_AT_ONCE)):
        size = min(portfolio.PACKED_AT_ONCE, count - first)
        drawn = (given_facts(pack, {**case, "note_flags": ()}) for case in random_cases.cases(seed, size))
        rows = ((first + at, first + at, _stored_form(case)) for at, case in enumerate(drawn))
        yield Given.of(pack, rows).packed()


def _stored_form(facts: Any) -> dict[str, object]:
    return {
        name: value.isoformat() if isinstance(value, dt.date) else list(value) if isinstance(value, tuple) else value
        for name, value in facts.items()
    }


if __name__ == "__main__":
    main()
