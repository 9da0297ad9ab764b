"""Evaluation alone, in one process: each engine by itself, and all that a worker does but reading and writing."""

import datetime as dt
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.pipeline import cases
from forbear import intake
from forbear.intake import Accepted
from rules.decision.evaluate import Evaluator
from rules.engines.durable import DurableEngine
from rules.engines.polars_engine import PolarsEngine
from rules.facts.case_facts import Facts
from rules.formulas import derivation
from rules.pack import parameters
from rules.pack.logic.condition_parser import resolve
from rules.pack.pack import Pack

CHUNK = 500


def run(pack: Pack, as_of: dt.date, home: Path, count: int) -> dict[str, float]:
    """Cases a second of each."""
    cases.write(home / "alone.csv", count, "alone", "sample")
    rows = intake.rows(home / "alone.csv", pack.vocabulary)
    submitted: list[Facts] = [{**row.facts, "note_flags": ()} for row in rows if isinstance(row, Accepted)]
    in_force = parameters.in_force(pack, as_of)
    known = [derivation.derive(pack, facts, as_of).facts for facts in submitted]
    rules = [(rule.rule.id, resolve(rule.when, in_force)) for rule in pack.rules]
    engine, twin = DurableEngine(rules, pack.vocabulary), PolarsEngine(rules, pack.vocabulary)
    evaluator = Evaluator(pack, as_of)
    return {
        "durable_rules": _rate(known, lambda chunk: [engine.hits(facts) for facts in chunk]),
        "polars_twin": _rate(known, twin.evaluate),
        "derived_facts_both_engines_and_outcome": _rate(submitted, evaluator.evaluate),
    }


def _rate(facts: Sequence[Facts], evaluate: Callable[[Sequence[Facts]], object]) -> float:
    chunks = [facts[start : start + CHUNK] for start in range(0, len(facts), CHUNK)]
    evaluate(chunks[0])
    started = time.perf_counter()
    for chunk in chunks:
        evaluate(chunk)
    return round(len(facts) / (time.perf_counter() - started), 1)
