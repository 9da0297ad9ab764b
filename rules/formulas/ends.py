"""Ends: the least and the most that a derived fact can be, as both engines compare it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

from rules.facts.cells import Value
from rules.formulas.bounds import Bound, Interval
from rules.pack.files.schema import FactType, Vocabulary

Side = Literal["low", "high"]
SIDES: Final[tuple[Side, Side]] = ("low", "high")
# By fact, what each derived one without a value may still become.
Bounds: TypeAlias = Mapping[str, Bound]
NO_BOUNDS: Final[Bounds] = {}
# Whole numbers, dates as day numbers; None where nothing is known, or where it may be that there is no value.
Ends: TypeAlias = tuple[int | None, int | None]

ORDERED: Final[frozenset[FactType]] = frozenset({"int", "money", "rate", "date"})


def bounded(vocabulary: Vocabulary, fact: str) -> bool:
    """Whether a fact is compared by its ends: a derived one of an ordered type."""
    known = vocabulary.facts[fact]
    return known.derived and known.type in ORDERED


def ends(value: Value | None, bound: Bound | None) -> Ends:
    """The ends of a fact with a value, or with a bound."""
    if value is not None:
        number = _number(value)
        return number, number
    if isinstance(bound, Interval) and not bound.nothing:
        return _number(bound.low), _number(bound.high)
    return None, None


def _number(end: object) -> int | None:
    if isinstance(end, dt.date):
        return end.toordinal()
    return end if isinstance(end, int) else None
