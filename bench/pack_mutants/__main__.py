"""`make pack-mutants`: try a sample of the pack's mutants, keep the score, and fail where too little was noticed."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

import yaml

import bench.pack_mutants
from bench.pack_mutants.entry_faults import entry_faults
from bench.pack_mutants.fault import Fault
from bench.pack_mutants.judge import ROOT, Judge
from bench.pack_mutants.rule_faults import formula_faults, rule_faults

SCORE: Final = ROOT / "bench/pack_mutants/scores.json"
REASONS: Final = ROOT / "bench/pack_mutants/equivalent.yaml"
SEED: Final = 10
ENOUGH: Final = 98  # percent of what can be noticed


def main() -> int:
    """Try the sample, mutant by mutant, and write down each as it is judged."""
    parser = argparse.ArgumentParser(prog="python -m bench.pack_mutants", description=bench.pack_mutants.__doc__)
    parser.add_argument("--sample", type=int, default=500, help="how many mutants (default 500)")
    parser.add_argument(
        "--seed", type=int, default=SEED, help=f"another sample (default {SEED}); its score is not kept"
    )
    parser.add_argument("--again", action="store_true", help="only what survived the last time, or was not tried yet")
    asked = parser.parse_args()
    judge, reasons = Judge(), yaml.safe_load(REASONS.read_text()) or {}
    chosen = sampled(list(faults(judge)), asked.sample, asked.seed)
    last: Mapping[str, str] = json.loads(SCORE.read_text())["mutants"] if asked.again and SCORE.exists() else {}
    noticed: dict[str, str | None] = {name: by for name, by in last.items() if name in chosen and by}
    for number, (name, fault) in enumerate(chosen.items(), 1):
        if name in reasons:
            noticed[name] = "equivalent"
        elif name not in noticed or noticed[name] == "equivalent":
            noticed[name] = judge.notice(fault.files(judge.data))
            if noticed[name] is None:
                print(f"  {number}: survived: {name}", flush=True)
        if asked.seed == SEED:
            _keep(judge.pack.sha256, chosen, noticed)
    found = scored(chosen, noticed)
    print(
        f"pack: {found['noticed']} of {found['told']} noticed ({found['percent']} %), {found['equivalent']} equivalent"
    )
    return int(found["percent"] < ENOUGH)


def faults(judge: Judge) -> Iterator[Fault]:
    """Every mutant of the pack."""
    yield from rule_faults(judge.pack, judge.data)
    yield from formula_faults(judge.pack, judge.data)
    yield from entry_faults(judge.pack, judge.data)


def sampled(every: list[Fault], size: int, seed: int) -> dict[str, Fault]:
    """So many mutants by name, as many of each kind as of any other, as far as there are.

    Each has its own lot: a change of the pack changes little of the sample.
    """
    kinds: dict[str, list[Fault]] = {}
    for fault in sorted(every, key=lambda each: hashlib.sha256(f"{seed} {each.name}".encode()).digest()):
        kinds.setdefault(fault.kind, []).append(fault)
    chosen: dict[str, Fault] = {}
    while len(chosen) < min(size, len(every)) and any(kinds.values()):
        for kind in sorted(kinds):
            if kinds[kind] and len(chosen) < size:
                fault = kinds[kind].pop()
                chosen.setdefault(fault.name, fault)
    return dict(sorted(chosen.items()))


def scored(chosen: Mapping[str, Fault], noticed: Mapping[str, str | None]) -> dict[str, Any]:
    """How many were noticed, by whom, and of which kind."""
    tried = {name: by for name, by in noticed.items() if name in chosen}
    same = sum(by == "equivalent" for by in tried.values())
    told = len(tried) - same
    survivors = [name for name, by in tried.items() if by is None]
    kinds = {}
    for kind in sorted({chosen[name].kind for name in tried}):
        of = Counter("survived" if by is None else by for name, by in tried.items() if chosen[name].kind == kind)
        kinds[kind] = {"tried": of.total(), **dict(of.most_common())}
    return {
        "tried": len(tried),
        "equivalent": same,
        "told": told,
        "noticed": told - len(survivors),
        "percent": round(100 * (told - len(survivors)) / told, 1) if told else 100.0,
        "by": dict(Counter(by for by in tried.values() if by).most_common()),
        "kinds": kinds,
        "survivors": survivors,
    }


def _keep(pack: str, chosen: Mapping[str, Fault], noticed: Mapping[str, str | None]) -> None:
    """Write the score down, with the hash of the pack that it was measured on."""
    judged = {name: noticed[name] for name in chosen if name in noticed}
    kept = {"pack": pack, **scored(chosen, noticed), "mutants": judged}
    SCORE.write_text(json.dumps(kept, ensure_ascii=False, indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main())
