"""Standstill: for how long, after a fault, nothing was finished in a queue although something waited there."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True)
class Finished:
    """A chunk: when it began to wait and when it was done, in seconds by one clock."""

    queue: str
    since: float
    done: float


def standstills(chunks: Iterable[Finished], faults: Sequence[float]) -> list[float]:
    """Of each fault, the longest time until the next in which nothing was finished though something waited.

    A pause counts for the last fault that came in it, from then on, or before it.
    """
    found = [0.0] * len(faults)
    by_queue: dict[str, list[Finished]] = {}
    for chunk in chunks:
        by_queue.setdefault(chunk.queue, []).append(chunk)
    for all_of_it in by_queue.values():
        for start, end in _pauses(all_of_it):
            number = bisect_left(faults, end) - 1
            if number >= 0:
                found[number] = max(found[number], end - max(start, faults[number]))
    return found


def _pauses(chunks: list[Finished]) -> Iterable[tuple[float, float]]:
    """From when to when nothing was finished in one queue, while something waited that was finished later."""
    chunks.sort(key=lambda chunk: chunk.done)
    waiting = [chunks[-1].since] * len(chunks)  # since when the first waited that was done then or later
    for number in range(len(chunks) - 2, -1, -1):
        waiting[number] = min(chunks[number].since, waiting[number + 1])
    yield waiting[0], chunks[0].done
    for number, (one, next_one) in enumerate(pairwise(chunks), 1):
        yield max(one.done, waiting[number]), next_one.done


def percentile(values: Sequence[float], part: float) -> float:
    """The value that this part of all values are not above."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))] if ordered else 0.0
