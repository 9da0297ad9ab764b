"""Dated policy numbers: their canonical integers, and which of them are in force on a day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, TypeVar

from rules.pack.files.schema import Dated, Parameter, ParameterValue, Unit

if TYPE_CHECKING:
    from rules.pack.pack import Pack

# A yuan is 100 fen and a percent 100 basis points, daily rates are finer; everything else is counted as written.
DECIMALS: Mapping[Unit, int] = {"yuan": 2, "percent": 2, "percent_a_day": 4}
_MAX_DIGITS = 12
_D = TypeVar("_D", bound=Dated)


def canonical(value: Decimal, unit: Unit) -> int:
    """The value as the engines see it. Raises ValueError with a sentence where it has none."""
    if not value.is_finite() or value.adjusted() >= _MAX_DIGITS:
        raise ValueError(f"must be a number of at most {_MAX_DIGITS} digits")
    decimals = DECIMALS.get(unit, 0)
    rounded = value.quantize(Decimal(1).scaleb(-decimals))
    if rounded != value:
        raise ValueError(f"{value} has too many decimals: {unit} takes {decimals or 'none'}")
    return int(rounded.scaleb(decimals))


def value_on(parameter: Parameter, on: dt.date) -> ParameterValue | None:
    """The dated value in force on the day, if there is one."""
    return of_day(parameter.values, on)


def of_day(values: Iterable[_D], on: dt.date) -> _D | None:
    """Which of dated values is in force on the day."""
    for value in values:
        if value.valid_from <= on and (value.valid_to is None or on <= value.valid_to):
            return value
    return None


def misdated(values: Sequence[Dated]) -> Iterator[str]:
    """What is wrong with the days on which dated values are in force."""
    for number, value in enumerate(values):
        if value.valid_to is not None and value.valid_to < value.valid_from:
            yield f"values[{number}].valid_to: {value.valid_to} is before valid_from {value.valid_from}"
    for earlier, later in pairwise(sorted(values, key=lambda value: value.valid_from)):
        if earlier.valid_to is None or earlier.valid_to >= later.valid_from:
            yield (
                f"values: two values are in force on {later.valid_from}; "
                f"end the one from {earlier.valid_from} the day before"
            )


def in_force(pack: Pack, on: dt.date) -> dict[str, int]:
    """Every parameter's canonical value on the day; one without a value in force is left out."""
    return dict(_in_force(pack, on))


@lru_cache(maxsize=64)
def _in_force(pack: Pack, on: dt.date) -> Mapping[str, int]:
    found = ((name, parameter.unit, value_on(parameter, on)) for name, parameter in pack.parameters.items())
    return {name: canonical(value.value, unit) for name, unit, value in found if value is not None}


def mistakes(parameter: Parameter) -> Iterator[str]:
    """What can't be right about a parameter, whatever the day."""
    last = max(parameter.values, key=lambda value: value.valid_from)
    for number, value in enumerate(parameter.values):
        place = f"values[{number}]"
        try:
            canonical(value.value, parameter.unit)
        except ValueError as error:
            yield f"{place}.value: {error}"
        if value.status not in {reference.status for reference in value.references}:
            yield f"{place}.status: is {value.status}, but no reference of the value is; make them agree"
        if value.carried and value is not last:
            yield f"{place}.carried: only the last value is carried on; confirm this one or remove the key"
        if value.final and (value is not last or value.valid_to is None):
            yield f"{place}.final: is for a last value with a valid_to; remove the key"
    yield from misdated(parameter.values)
