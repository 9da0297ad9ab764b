"""Sizes: how large the numbers of formulas get, whatever the case and the day."""

from __future__ import annotations

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
        most = self.most
        match expression:
            case f.Add(terms):
                return sum(map(most, terms))
            case f.Subtract(left, right):
                return most(left) + most(right)
            case f.Multiply(factors):
                return prod(max(1, most(each)) for each in factors)
            case f.Portion(of, percent):
                return 2 * most(of) * most(percent) + WHOLE
            case f.Divide(dividend, divisor):
                up, down = expression.factors
                return 2 * (most(dividend) * up + most(divisor) * down)
            case f.Share(of, balance, before, total):
                return most(of) * (most(balance) + most(before) + most(total))
        return most(expression)
