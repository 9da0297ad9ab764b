"""How an engine is measured: several rounds, the least of what they took, and the hits of every way to ask it."""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias, TypeVar

# For each case the ids of the rules that hold, in order.
Hits: TypeAlias = Sequence[Sequence[str]]
T = TypeVar("T")


class Took(NamedTuple):
    """Seconds of the processor, of all threads of the process, and by the clock: the least of several rounds."""

    cpu: float
    clock: float


class Way(NamedTuple):
    """One way to ask an engine of all cases: what is measured, and the hits by what it gives."""

    ask: Callable[[], Any]
    hits: Callable[[Any], Hits]


def timed(work: Callable[[], T], rounds: int) -> tuple[Took, T]:
    """After a round that is not counted; Python collects nothing meanwhile."""
    found = work()
    cpu, clock = [], []
    gc.collect()
    gc.disable()
    try:
        for _ in range(rounds):
            began, spent = time.perf_counter(), time.process_time()
            found = work()
            cpu.append(time.process_time() - spent)
            clock.append(time.perf_counter() - began)
    finally:
        gc.enable()
    return Took(min(cpu), min(clock)), found


def measured(ways: Mapping[str, Way], cases: int, rounds: int) -> tuple[dict[str, dict[str, float]], dict[str, Hits]]:
    """Microseconds a case of each way, and the hits that it finds."""
    took: dict[str, dict[str, float]] = {}
    hits: dict[str, Hits] = {}
    for name, way in ways.items():
        (cpu, clock), found = timed(way.ask, rounds)
        took[name] = {"cpu_us": round(cpu / cases * 1e6, 3), "clock_us": round(clock / cases * 1e6, 3)}
        hits[name] = way.hits(found)
    return took, hits


def answer(ways: Callable[[dict[str, Any]], Mapping[str, Way]]) -> None:
    """Read what is asked from the standard input, measure, and write the answer as the last line of the output."""
    asked = json.load(sys.stdin)
    took, hits = measured(ways(asked), len(asked["cases"]), asked["rounds"])
    print(json.dumps({"ways": took, "hits": hits}))


def numbered(rules: Sequence[Mapping[str, Any]], rows: Sequence[Sequence[Any]]) -> Hits:
    """The hits of cases by what is true of each rule in turn."""
    ids = [rule["id"] for rule in rules]
    return [[rule for rule, holds in zip(ids, row, strict=True) if holds] for row in rows]


def comparison(leaf: Mapping[str, Any]) -> tuple[str, str, Any]:
    """A comparison of the table: fact, word, value."""
    ((word, value),) = ((word, value) for word, value in leaf.items() if word != "fact")
    return leaf["fact"], word, value
