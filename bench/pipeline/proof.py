"""`make bench-proof`: how long it takes to verify a ledger of a million entries, and what its proofs are worth.

A second library makes the same roots and proofs; and the verifier refuses every receipt that was tampered with. Writes
bench/pipeline/proof.json. Exits 1 if anything is found that should not be, or not found that should.
"""

import argparse
import datetime as dt
import json
import os
import platform
import random
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from pymerkle import InmemoryTree  # type: ignore[import-untyped]
from sqlalchemy import Engine, text

from forbear.accounts import administration
from forbear.base.packs import shipped
from forbear.base.settings import Settings
from forbear.base.vault import Vault
from forbear.ledger import audit, ledger, merkle
from forbear.ledger.checkpoint import verifier_key
from forbear.ledger.receipt import receipt
from forbear.ledger.unit_of_work import begin
from forbear.ops import embedded
from models.database import migrate
from models.database.copy import copy_into
from models.database.session import make_engine, snapshot
from tests.support.desk.cases import decided, many
from tests.support.tampered import variants
from tools.verify_receipt import RefusedError, verified

RESULTS = Path(__file__).with_suffix(".json")
_NOW = dt.datetime(2026, 11, 24, 8, tzinfo=dt.UTC)
_VAULT = Vault(bytes(32))
_CASES, _PEOPLE = 2_000, 40
_RECEIPTS = 600  # of two chunks
_AT_ONCE, _IN_A_ROW, _AT_WORK = 5_000, 500, 50  # entries of one transaction, of one person in it, and cases of it
# What people do at a desk, how often in a hundred entries. A review and a task are rows that are compared, too.
_MIX = {"review": 30, "task": 10, "reveal": 20, "sign_in": 10, "search": 15, "export": 15}
_TREE = 4_096  # leaves of a tree, at most
_REVIEW = ("id", "case_id", "decision_id", "account_id", "at", "action", "detail", "words")
_TASK = ("id", "case_id", "account_id", "owner_id", "due_on", "words", "made_at")


def main() -> None:
    """Measure, print and write bench/pipeline/proof.json."""
    parser = argparse.ArgumentParser(prog="python -m bench.pipeline.proof", description=__doc__)
    parser.add_argument("--entries", type=int, default=1_000_000, help="of the ledger (1000000); 0 keeps what there is")
    parser.add_argument("--proofs", type=int, default=100_000, help="that pymerkle makes as well (100000); 0: the same")
    parser.add_argument("--tampered", type=int, default=1_000_000, help="tampered receipts (1000000); 0: the same")
    parser.add_argument("--seed", type=int, default=1, help="that proofs and receipts are drawn by (1)")
    options = parser.parse_args()
    before = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    found = {"seed": options.seed, "python": platform.python_version()}
    for part, count, measure in (
        ("verify", options.entries, _ledger),
        ("pymerkle", options.proofs, _second_opinion),
        ("tampered", options.tampered, _tampered),
    ):
        now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        found[part] = {"measured_at": now, **measure(count, options.seed)} if count else before[part]
    RESULTS.write_text(json.dumps(found, indent=2) + "\n")
    print(RESULTS.read_text())
    good = not found["verify"]["faults"] and not found["pymerkle"]["different"] and not found["tampered"]["taken"]
    sys.exit(0 if good else 1)


@contextmanager
def _record() -> Iterator[str]:
    """The address of a database of its own."""
    home = Path(tempfile.mkdtemp(prefix="forbear-bench-"))
    try:
        with embedded.servers(Settings(home=home, database_url=None, redis_url=None)) as urls:
            migrate.upgrade(urls.database)
            yield urls.database
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _ledger(entries: int, seed: int) -> dict[str, Any]:
    """How long it takes to verify a ledger with so many entries."""
    with _record() as url:
        return _verified(url, entries, seed)


def _verified(url: str, entries: int, seed: int) -> dict[str, Any]:
    engine = make_engine(url, "bench")
    _people_and_cases(engine, url, _CASES)
    began = time.perf_counter()
    _fill(engine, entries, random.Random(seed))
    writing = time.perf_counter() - began
    engine.connect().execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("ANALYZE")
    with snapshot(engine) as session:
        server = int(session.connection().execute(text("SELECT pg_backend_pid()")).scalar_one())
        began, spent, spent_there = time.perf_counter(), time.process_time(), _cpu_of(server)
        report = audit.verify(session, _VAULT)
        took, cpu, cpu_there = time.perf_counter() - began, time.process_time() - spent, _cpu_of(server) - spent_there
    return {
        "entries": report.entries,
        "mix_in_100": _MIX,
        "cases": _CASES,
        "faults": report.count,
        "writing_seconds": round(writing, 1),
        "seconds": round(took, 1),
        "cpu_seconds": round(cpu, 1),
        "cpu_seconds_of_the_database": round(cpu_there, 1),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def _cpu_of(process: int) -> float:
    """Seconds of the processor that a process took so far, as Linux counts them; 0 elsewhere."""
    path = Path(f"/proc/{process}/stat")
    ticks = path.read_text().rpartition(")")[2].split()[11:13] if path.exists() else ()
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


def _people_and_cases(engine: Engine, url: str, count: int) -> None:
    with begin(engine, _VAULT, _NOW) as work:
        ledger.start(work.session, _VAULT, _NOW)
        for number in range(_PEOPLE):
            administration.add(work, f"wang{number}", "counsellor", None, f"a long enough password {number}")
    decided(url, many(count), _VAULT, by=shipped())


def _fill(engine: Engine, entries: int, chosen: random.Random) -> None:
    """Bring the ledger to so many entries, in transactions of some thousand."""
    with begin(engine, _VAULT, _NOW) as work:
        written = int(work.session.connection().execute(text("SELECT seq FROM ledger_head")).scalar_one())
    kinds, weights = list(_MIX), list(_MIX.values())
    ids = dict.fromkeys(("review", "task"), 0)
    while written < entries:
        count = min(_AT_ONCE, entries - written)
        now = _NOW + dt.timedelta(seconds=written)
        first = chosen.randrange(1, _CASES - _AT_WORK)
        with begin(engine, _VAULT, now) as work:
            rows: dict[str, list[tuple[Any, ...]]] = {"review": [], "task": []}
            for at, kind in enumerate(chosen.choices(kinds, weights, k=count)):
                who, case = 1 + (at // _IN_A_ROW) % _PEOPLE, first + chosen.randrange(_AT_WORK)
                subject = f"account:{who}" if kind in ("sign_in", "search") else f"case:{case}"
                if kind in rows:
                    ids[kind] += 1
                    subject = f"{kind}:{ids[kind]}"
                    row = (ids[kind], case, case, who, now, "note", "{}", b"x" * 60)
                    rows[kind].append(row if kind == "review" else (*row[:2], who, who, now.date(), b"x" * 60, now))
                work.note(kind, subject, {"reason": "contact", "fields": ["phone"]}, actor=f"account:{who}")
            copy_into(work.session, "review", _REVIEW, rows["review"])
            copy_into(work.session, "task", _TASK, rows["task"])
            work.touch({row[1] for row in rows["review"]})
        written += count
        print(f"{written:,} entries …", end="\r", flush=True)


def _second_opinion(count: int, seed: int) -> dict[str, Any]:
    """Roots and proofs of trees of all sizes, half of inclusion and half of consistency, by both libraries."""
    chosen, began = random.Random(seed), time.perf_counter()
    tree, leaves, different = InmemoryTree(algorithm="sha256"), [], 0
    for number in range(_TREE):
        tree.append_entry(str(number).encode())
        leaves.append(merkle.leaf_hash(str(number).encode()))
    node = merkle.of_leaves(leaves)
    for _ in range(count // 2):
        size = chosen.randrange(1, _TREE + 1)
        at, old = chosen.randrange(size), chosen.randrange(1, size + 1)
        root = tree.get_root(size)
        _, *path = tree.prove_inclusion(at + 1, size).serialize()["path"]
        ours = merkle.inclusion(node, at, size)
        same = [each.hex() for each in ours] == path and merkle.included(leaves[at], at, size, ours) == root
        proof = merkle.consistency(node, old, size)
        same &= merkle.consistent(old, tree.get_root(old), size, root, proof)
        different += not same
    return {
        "proofs": count,
        "largest_tree": _TREE,
        "different": different,
        "seconds": round(time.perf_counter() - began, 1),
    }


def _tampered(count: int, seed: int) -> dict[str, Any]:
    """So many texts that are no receipts of ours; each that is taken for one is printed."""
    with _record() as url:
        engine = make_engine(url, "bench")
        _people_and_cases(engine, url, _RECEIPTS)
        with snapshot(engine) as session:
            receipts = [receipt(session, _VAULT, decision) for decision in range(1, _RECEIPTS + 1)]
        engine.dispose()
    key, taken, began = str(verifier_key(_VAULT)), 0, time.perf_counter()
    for each in receipts:
        verified(each, key)
    for made in islice(variants(receipts, seed), count):
        try:
            verified(made, key)
        except RefusedError:
            continue
        taken += 1
        print(f"taken: {made!r}")
    return {
        "receipts": len(receipts),
        "variants": count,
        "taken": taken,
        "seconds": round(time.perf_counter() - began, 1),
    }


if __name__ == "__main__":
    main()
