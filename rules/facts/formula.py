"""What a derived fact is computed from: a formula, the case's facts, and the day with the figures in force on it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from rules.facts.cells import Value
from rules.pack.pack import Pack
from rules.pack.parameters import canonical, value_on
from rules.pack.schema import FactType


@dataclass(frozen=True, slots=True)
class EvaluationDay:
    """The day a case is looked at, and the policy numbers of that day."""

    pack: Pack
    as_of: dt.date
    parameters: Mapping[str, int]

    def on(self, parameter: str, day: dt.date) -> int | None:
        """A figure as it was on another day, the day of the contract for one."""
        return _figure(self.pack, parameter, day)

    def ago(self, days: int) -> dt.date:
        """The day so many days before."""
        return dt.date.fromordinal(max(1, self.as_of.toordinal() - days))


@lru_cache(maxsize=10_000)
def _figure(pack: Pack, parameter: str, day: dt.date) -> int | None:
    entry = pack.parameters[parameter]
    value = value_on(entry, day)
    return None if value is None else canonical(value.value, entry.unit)


Facts: TypeAlias = Mapping[str, Value]
Compute: TypeAlias = Callable[[Facts, EvaluationDay], Value | None]


@dataclass(frozen=True, slots=True)
class Formula:
    """How one derived fact is computed.

    A formula must be stable: what it says of some facts, it says whatever else becomes known. That is what makes
    a decision that does not depend on an unknown rule certain.
    """

    type: FactType
    inputs: tuple[str, ...]  # all it reads
    compute: Compute  # gives None for unknown
    needs: tuple[str, ...] = ()  # parameters; without one in force the fact is unknown
    uses: tuple[str, ...] = ()  # parameters it can do without
    dated: tuple[tuple[str, str], ...] = ()  # parameters it reads on the day that another fact gives

    @property
    def parameters(self) -> tuple[str, ...]:
        """Every policy number it looks at, on whatever day."""
        return (*self.needs, *self.uses, *(parameter for parameter, _ in self.dated))


def number(facts: Facts, name: str) -> int | None:
    """A fact that is a number."""
    value = facts.get(name)
    return value if isinstance(value, int) else None


def day(facts: Facts, name: str) -> dt.date | None:
    """A fact that is a date."""
    value = facts.get(name)
    return value if isinstance(value, dt.date) else None
