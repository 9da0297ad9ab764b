"""Sizes: how large the numbers of formulas get, whatever the case and the day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Final

from rules.formulas import bounds as b
from rules.formulas.reader import State, Surroundings, reader
from rules.pack import formulas as f

WHOLE: Final = 10_000  # basis points
WIDEST: Final = 2**127 - 1  # what a column holds that has room for products


@dataclass(frozen=True)
class Sizes:
    """Measures expressions by what they read at any time; `state` is what every derived fact before them can be."""

    around: Surroundings
    state: State

    def ends(self, expression: f.Expression) -> tuple[int, int]:
        """The least and the most that a number comes to; what is no number comes to 0."""
        low, high = b.ends(reader(expression, self.around)(self.state))
        return (low, high) if isinstance(low, int) else (0, 0)

    def most(self, expression: f.Expression) -> int:
        """The most that an expression comes to, above 0 or below."""
        return max(map(abs, self.ends(expression)))

    def on_the_way(self, expression: f.Expression) -> int:
        """The most that an operator reckons with before its result is there; a quotient rounded half up is doubled."""
        match expression:
            case f.Add(operands) | f.Multiply(operands):
                pass
            case f.Subtract(one, other) | f.Portion(one, other) | f.Divide(one, other):
                operands = (one, other)
            case f.Share(of, balance, before, total):
                operands = (of, balance, before, total)
            case _:
                return self.most(expression)
        return reckoned(expression, [self.most(each) for each in operands])


def reckoned(expression: f.Expression, most: Sequence[int]) -> int:
    """The most that an operator reckons with where its operands come to so much at most."""
    match expression:
        case f.Multiply():
            return prod(max(1, each) for each in most)
        case f.Portion():
            return 2 * prod(most) + WHOLE
        case f.Divide():
            up, down = expression.factors
            return 2 * (most[0] * up + most[1] * down)
        case f.Share():
            return most[0] * sum(most[1:])
    return sum(most)
