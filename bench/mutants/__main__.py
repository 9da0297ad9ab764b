"""`make mutants`: score modules, keep the scores, and fail where too little was noticed."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, Final

import bench.mutants
from bench.mutants.modules import MODULES
from bench.mutants.runner import ROOT
from bench.mutants.score import score, stale

SCORES: Final = ROOT / "bench/mutants/scores.json"
ENOUGH: Final = 95  # percent of what can be noticed
URLS: Final = "FORBEAR_TEST_SERVERS"  # tests/conftest.py takes these servers instead of starting its own


def main() -> int:
    """Score the modules asked for, keep the result, and fail where too little was noticed."""
    parser = argparse.ArgumentParser(prog="python -m bench.mutants", description=bench.mutants.__doc__)
    parser.add_argument("modules", nargs="*", metavar="MODULE", help=f"of {', '.join(MODULES)}; all by default")
    parser.add_argument("--sample", type=int, default=60, help="how many mutants of each module (default 60)")
    parser.add_argument("--again", action="store_true", help="only what survived the last time, once tests are written")
    parser.add_argument("--stale", action="store_true", help="only those without a score of the code as it is")
    asked = parser.parse_args()
    scores = kept()
    left = stale(scores)
    print(f"without a score of the code as it is: {', '.join(left) or 'none'}", flush=True)
    names = [name for name in asked.modules or MODULES if not asked.stale or name in left]
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    with ExitStack() as stack:
        if any(MODULES[name][2] for name in names):
            os.environ[URLS] = stack.enter_context(_servers())
        for name in names:
            last = scores.get(name) if asked.again else None
            sample = asked.sample if last is None else int(last["tried"])
            scores[name] = score(name, sample, lambda line: print(line, flush=True), last)
            scores = keep(name, scores[name])
    return int(any(scores[name]["percent"] < ENOUGH for name in names))


def kept() -> dict[str, Any]:
    """The scores so far, by module."""
    return json.loads(SCORES.read_text()) if SCORES.exists() else {}


def keep(name: str, found: Mapping[str, Any]) -> dict[str, Any]:
    """Keep the score of a module beside the others, those included that another run kept meanwhile."""
    scores = {**kept(), name: found}
    ordered = {each: scores[each] for each in MODULES if each in scores}
    SCORES.write_text(json.dumps(ordered, ensure_ascii=False, indent=2) + "\n")
    return ordered


@contextmanager
def _servers() -> Iterator[str]:
    """One PostgreSQL for all tests, served by another process: here nothing of Forbear is imported before the fault."""
    with tempfile.TemporaryDirectory(prefix="forbear-mutants-") as home:
        command = [sys.executable, "-c", _SERVE.format(home=home)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as serving:
            yield serving.stdout.readline().strip() if serving.stdout else ""
            if serving.stdin:
                serving.stdin.close()


_SERVE: Final = """
import sys
from pathlib import Path
import psycopg
from forbear.ops import embedded
from forbear.base.settings import Settings
with embedded.servers(Settings(home=Path("{home}"), database_url=None, redis_url=None)) as urls:
    with psycopg.connect(urls.database, autocommit=True) as connection:  # as tests/conftest.py has it
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("SELECT pg_reload_conf()")
    print(urls.database, urls.redis, flush=True)
    sys.stdin.read()
"""


if __name__ == "__main__":
    sys.exit(main())
