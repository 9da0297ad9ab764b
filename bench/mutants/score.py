"""How many of a module's mutants its tests notice, those left out that nobody can tell from the code."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from bench.mutants.modules import MODULES
from bench.mutants.mutant import digest, mutants
from bench.mutants.runner import ROOT, preload, run

REASONS: Final = ROOT / "bench/mutants/equivalent.yaml"
SEED: Final = 9


def equivalent() -> dict[str, dict[str, str]]:
    """The mutants nobody can tell from the code, by module: the fault and the reason."""
    return yaml.safe_load(REASONS.read_text()) or {}


def stale(scores: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The modules of the table without a score of the code as it is."""
    return [
        name
        for name, (file, _, _) in MODULES.items()
        if scores.get(name, {}).get("code") != digest((ROOT / file).read_text())
    ]


def score(name: str, sample: int, say: Callable[[str], None], last: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Try a sample of a module's mutants; of one scored before (`last`) only those that survived."""
    file, tests, _ = MODULES[name]
    paths = [f"tests/{test}.py" for test in tests]
    reasons = equivalent().get(name, {})
    preload(paths)
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        for _ in range(2):  # twice: what one run leaves behind must not fail the next
            begun = time.monotonic()
            if run(Path(file), None, paths, log, 600) != 0:
                raise SystemExit(f"{name}: the tests fail without any fault\n{log.read_text()[-3000:]}")
        most = 20 + 5 * (time.monotonic() - begun)
        source = (ROOT / file).read_text()
        every = mutants(source)
        chosen = random.Random(SEED).sample(every, min(sample, len(every)))
        if last is not None and (last.get("code"), last["possible"]) != (digest(source), len(every)):
            raise SystemExit(f"{name}: the module is another than when it was scored; try all again")
        survivors, same, noticed = [], [], 0
        for mutant in chosen:
            known = f"{mutant.where}: {mutant.change}"
            if known in reasons:
                same.append(known)
            elif last is not None and known not in last["survivors"]:
                noticed += 1
            elif run(Path(file), mutant.tree(source), paths, log, most) == 0:
                survivors.append(known)
                say(f"  {name}: survived: {known}")
            else:
                noticed += 1
    told = noticed + len(survivors)
    percent = round(100 * noticed / told, 1) if told else 100.0
    say(f"{name}: {noticed} of {told} noticed ({percent} %), {len(same)} equivalent, of {len(every)} possible")
    return {
        "file": file,
        "code": digest(source),
        "possible": len(every),
        "tried": len(chosen),
        "noticed": noticed,
        "equivalent": len(same),
        "percent": percent,
        "survivors": sorted(survivors),
    }
