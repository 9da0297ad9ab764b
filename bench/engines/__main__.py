"""`python -m bench.engines`: one table of rules through our engines and those of others, all checked to the same hits.

The others need an interpreter that has them: `--others PYTHON` (python -m venv … && pip install zen-engine
business-rules rule-engine openfisca-core drools_jpy). Those that it has not are left out, and it is said. Exits 1 at
the first engine that finds other hits, and writes nothing of it.
"""

import argparse
import datetime as dt
import json
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from bench.engines import others, ours, table
from bench.engines.beside.timing import Hits, Took, Way, measured
from rules.pack.files.schema import Vocabulary

RESULTS = Path(__file__).parent / "results.json"
PARTS = ("equal", "tables", "scale")
SEED = 1
COLUMNS = "openfisca-core"  # the one of the others that works on columns: it gets more and more cases too
MOST_TOLD = 10**5  # cases that are written to it


def main() -> None:
    """Measure, print and write bench/engines/results.json."""
    parser = argparse.ArgumentParser(prog="python -m bench.engines", description=__doc__)
    parser.add_argument("--others", metavar="PYTHON", help="an interpreter that has engines of others")
    parser.add_argument("--rules", type=int, default=40, help="rules of the table that all engines get (40)")
    parser.add_argument("--cases", type=int, default=2_000, help="cases that all engines get (2000)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds, of which the least counts (3)")
    parser.add_argument(
        "--scale",
        type=int,
        nargs="+",
        default=[10**3, 10**4, 10**5, 10**6],
        help="cases that the second engine gets of the same table (1000 10000 100000 1000000)",
    )
    parser.add_argument("--tables", type=int, nargs="+", default=[25, 50, 100, 200], help="rules of our own tables")
    parser.add_argument("--many", type=int, default=10**5, help="cases the second engine gets of these (100000)")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS, help="what is measured; the rest is kept")
    options = parser.parse_args()
    vocabulary, rounds = table.vocabulary(), options.rounds
    results: dict[str, Any] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    if "equal" in options.parts:
        results["equal"] = equal(vocabulary, options.rules, options.cases, rounds, options.others)
    if "tables" in options.parts:
        known = ours.columns(vocabulary, table.cases(SEED, options.many))
        results["tables"] = [
            {
                **scale(vocabulary, rules, known, [options.many], rounds)[0],
                "durable-rules": _ours(vocabulary, rules, options.cases, rounds)[0][ours.DURABLE],
            }
            for rules in options.tables
        ]
    if "scale" in options.parts:
        known = ours.columns(vocabulary, table.cases(SEED, max(options.scale)))
        python = options.others if COLUMNS in results["equal"]["engines"] else None
        results["scale"] = scale(vocabulary, options.rules, known, options.scale, rounds, python)
    results |= {
        "measured_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "load_average": round(os.getloadavg()[0], 1),
        "rounds": rounds,
    }
    RESULTS.write_text(json.dumps(results, indent=2) + "\n")
    print(RESULTS.read_text())


def equal(vocabulary: Vocabulary, rules: int, cases: int, rounds: int, python: str | None) -> dict[str, Any]:
    """Every engine on the same table and cases, each in every way that it can be asked."""
    engines, hits = _ours(vocabulary, rules, cases, rounds)
    found = others.versions(python) if python else {}
    why = others.left_out(found)
    asked = table.asked(table.rules(SEED, rules), _cases(cases), rounds)
    for name in others.ENGINES:
        if name in why:
            print(f"{name} {why[name]}: left out", file=sys.stderr)
            continue
        answer = others.ask(str(python), name, asked)
        engines[name] = answer["ways"]
        hits |= {f"{name}, {way}": told for way, told in answer["hits"].items()}
        stop_at_a_difference(hits)
        print(f"{name}: {engines[name]}", file=sys.stderr, flush=True)
    stop_at_a_difference(hits)
    measured_too = {name: version for name, version in found.items() if name not in why}
    return {
        "rules": rules,
        "cases": cases,
        "hits": sum(map(len, next(iter(hits.values())))),
        "versions": measured_too,
        "left_out": why,
        "engines": engines,
    }


def _ours(
    vocabulary: Vocabulary, rules: int, cases: int, rounds: int
) -> tuple[dict[str, dict[str, dict[str, float]]], dict[str, Hits]]:
    drawn, known = table.rules(SEED, rules), _cases(cases)
    engines: dict[str, dict[str, dict[str, float]]] = {}
    hits: dict[str, Hits] = {}
    made: dict[str, Mapping[str, Way]] = {
        ours.DURABLE: ours.durable(drawn, vocabulary, known),
        ours.SECOND: ours.second(drawn, vocabulary, known),
    }
    for name, ways in made.items():
        engines[name], told = measured(ways, cases, rounds)
        hits |= {f"{name}, {way}": each for way, each in told.items()}
    stop_at_a_difference(hits)
    return engines, hits


def scale(
    vocabulary: Vocabulary,
    rules: int,
    known: pl.DataFrame,
    sizes: Sequence[int],
    rounds: int,
    python: str | None = None,
) -> list[dict[str, Any]]:
    """The second engine over so many of the first cases, all of which durable-rules is asked of too.

    With an interpreter that has it, openfisca-core as well.
    """
    drawn = table.rules(SEED, rules)
    decided = ours.durable_hits(drawn, vocabulary, known.head(max(sizes)))
    rows = []
    for size in sizes:
        found = ours.scaled(drawn, vocabulary, known.head(size), rounds)
        hits: dict[str, Hits] = {ours.DURABLE: decided[:size], ours.SECOND: found.hits}
        row = {"rules": rules, "cases": size, "bits": _each(found.bits, size), "listed": _each(found.listed, size)}
        if python and size <= MOST_TOLD:
            answer = others.ask(python, COLUMNS, table.asked(drawn, _cases(size), rounds))
            row[COLUMNS], hits = answer["ways"], hits | answer["hits"]
        stop_at_a_difference(hits)
        rows.append(row)
        print(row, file=sys.stderr, flush=True)
    return rows


def _cases(count: int) -> list[table.Case]:
    return [case for block in table.cases(SEED, count) for case in block]


def _each(took: Took, cases: int) -> dict[str, float]:
    """Microseconds a case."""
    return {"cpu_us": round(took.cpu / cases * 1e6, 4), "clock_us": round(took.clock / cases * 1e6, 4)}


def stop_at_a_difference(hits: Mapping[str, Hits]) -> None:
    """End the bench where an engine finds other hits than the first, for the first such case."""
    first, *rest = hits
    for name in rest:
        if len(hits[name]) != len(hits[first]):
            raise SystemExit(f"{name} answers for {len(hits[name])} cases, {first} for {len(hits[first])}")
        for number, (one, other) in enumerate(zip(hits[first], hits[name], strict=True)):
            if tuple(one) != tuple(other):
                raise SystemExit(f"case {number}: {first} finds {list(one)}, {name} {list(other)}")


if __name__ == "__main__":
    main()
