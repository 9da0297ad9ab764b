"""Units of formulas: what an expression is measured in, and which units go together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from rules.pack.files.schema import Fact, Unit


@dataclass(frozen=True, slots=True)
class Quantity:
    """A measure as exponents of the base units, and the decimals its canonical integers carry (fen: 2)."""

    yuan: int = 0
    days: int = 0
    months: int = 0
    years: int = 0
    scale: int = 0

    def __mul__(self, other: Quantity) -> Quantity:
        return Quantity(
            self.yuan + other.yuan,
            self.days + other.days,
            self.months + other.months,
            self.years + other.years,
            self.scale + other.scale,
        )

    def __truediv__(self, other: Quantity) -> Quantity:
        return Quantity(
            self.yuan - other.yuan,
            self.days - other.days,
            self.months - other.months,
            self.years - other.years,
            self.scale - other.scale,
        )

    @property
    def dimension(self) -> tuple[int, int, int, int]:
        """The exponents alone: a quotient is brought to other decimals, never to another dimension."""
        return self.yuan, self.days, self.months, self.years


# None: nothing is of every kind.
Kind: TypeAlias = Quantity | Literal["date", "bool", "word"] | None

# Working days are no measure: how many days they take depends on where they fall.
QUANTITIES: Final[Mapping[Unit, Quantity]] = {
    "yuan": Quantity(yuan=1, scale=2),
    "percent": Quantity(scale=4),
    "basis_points": Quantity(scale=4),
    "percent_a_day": Quantity(days=-1, scale=6),
    "days": Quantity(days=1),
    "months": Quantity(months=1),
    "years": Quantity(years=1),
    "count": Quantity(),
}
_BASE: Final = ("yuan", "days", "months", "years")


def kind_of(fact: Fact) -> Kind:
    """What a fact is measured in; None for one that formulas do not read."""
    match fact.type:
        case "money":
            return QUANTITIES["yuan"]
        case "rate":
            return QUANTITIES["percent"]
        case "int":
            return QUANTITIES[fact.unit or "count"]
        case "date":
            return "date"
        case "bool":
            return "bool"
        case "enum" | "text":
            return "word"
    return None


def told(kind: Kind) -> str:
    """A kind as a message names it."""
    if kind is None:
        return "nothing"
    if not isinstance(kind, Quantity):
        return {"date": "a date", "bool": "true or false", "word": "a word"}[kind]
    named = next((unit for unit, quantity in QUANTITIES.items() if quantity == kind), None)
    if named is not None:
        return named
    powers = [(unit, getattr(kind, unit)) for unit in _BASE if getattr(kind, unit)]
    shown = " × ".join(unit if power == 1 else f"{unit}^{power}" for unit, power in powers)
    return f"{shown or 'a bare number'} (with {kind.scale} decimals)" if kind.scale else shown
