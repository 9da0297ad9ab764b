"""A linear classifier with a squared hinge, by dual coordinate descent: nothing but Python, and the same every time."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain


@dataclass(frozen=True)
class Sample:
    """What an example is made of, how long it is, whether it is to score high, and how much it counts."""

    pieces: frozenset[str]
    length: float
    high: bool
    counts: float = 1.0


@dataclass(frozen=True)
class Classifier:
    """The score of an example is the base and the weights of its pieces, these divided by its length."""

    base: float
    weights: dict[str, float]


def fitted(samples: Sequence[Sample], cost: float, kept: int, rounds: int = 24) -> Classifier:
    """A classifier of the pieces that weigh most, fitted again when the others have gone."""
    found_in = Counter(chain.from_iterable(sorted(each.pieces) for each in samples))
    rarity = {piece: math.log((1 + len(samples)) / (1 + times)) for piece, times in found_in.items() if times > 1}
    first = _descended(samples, rarity, cost, rounds // 2)
    matter = {piece: abs(weight) * math.sqrt(found_in[piece]) for piece, weight in first.weights.items()}
    most = sorted(matter, key=lambda piece: (-matter[piece], piece))[:kept]
    return _descended(samples, {piece: rarity[piece] for piece in most}, cost, rounds)


def _descended(samples: Sequence[Sample], rarity: dict[str, float], cost: float, rounds: int) -> Classifier:
    """A piece's value in an example is its rarity by the example's length."""
    number = {piece: at for at, piece in enumerate(rarity)}
    squares = [value * value for value in rarity.values()]
    rows = [[number[piece] for piece in sorted(each.pieces) if piece in number] for each in samples]
    signs = [1.0 if each.high else -1.0 for each in samples]
    slack = [1 / (2 * cost * each.counts) for each in samples]
    shrunk = [1 / each.length for each in samples]
    norms = [1 + shrunk[at] ** 2 * sum(squares[piece] for piece in row) + slack[at] for at, row in enumerate(rows)]
    dual = [0.0] * len(samples)
    weights, base = [0.0] * len(squares), 0.0
    order, chance = list(range(len(samples))), random.Random(0)
    for _ in range(rounds):
        chance.shuffle(order)
        for at in order:
            row, by = rows[at], shrunk[at]
            score = base + by * sum([weights[piece] for piece in row])
            gradient = signs[at] * score - 1 + slack[at] * dual[at]
            if dual[at] == 0 and gradient >= 0:
                continue
            step = max(dual[at] - gradient / norms[at], 0.0) - dual[at]
            dual[at] += step
            base += step * signs[at]
            change = step * signs[at] * by
            for piece in row:
                weights[piece] += change * squares[piece]
    return Classifier(base, dict(zip(rarity, weights, strict=True)))
