"""What is wrong with dated figures: in themselves, and on a day when nobody has confirmed them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from itertools import pairwise
from typing import Literal

from rules.pack import Pack
from rules.parameters import canonical, value_on
from rules.schema import Parameter, ParameterValue


def mistakes(parameter: Parameter) -> Iterator[str]:
    """What can't be right about a figure, whatever the day."""
    ordered = sorted(parameter.values, key=lambda value: value.valid_from)
    for number, value in enumerate(parameter.values):
        yield from (f"values[{number}].{error}" for error in _value(parameter, value, last=value is ordered[-1]))
    for earlier, later in pairwise(ordered):
        if earlier.valid_to is None or earlier.valid_to >= later.valid_from:
            yield (
                f"values: two values are in force on {later.valid_from}; "
                f"end the one from {earlier.valid_from} the day before"
            )


def _value(parameter: Parameter, value: ParameterValue, *, last: bool) -> Iterator[str]:
    try:
        canonical(value.value, parameter.unit)
    except ValueError as error:
        yield f"value: {error}"
    if value.valid_to is not None and value.valid_to < value.valid_from:
        yield f"valid_to: {value.valid_to} is before valid_from {value.valid_from}"
    if value.status not in {reference.status for reference in value.references}:
        yield f"status: is {value.status}, but no reference of the value is; make them agree"
    if value.carried and not last:
        yield "carried: only the last value is carried on; confirm this one or remove it"
    if value.final and (not last or value.valid_to is None):
        yield "final: is for a last value with a valid_to; remove the key"


def lapsed(pack: Pack, on: dt.date) -> Iterator[tuple[Literal["error", "warning"], str]]:
    """Figures that nobody confirmed for the day. An open point that names one makes a warning of it."""
    points = {name: point for point, entry in pack.open_points.items() for name in entry.parameters}
    for name, parameter in pack.parameters.items():
        problem = _problem(parameter, on)
        if problem is None:
            continue
        if name in points:
            yield "warning", f"{name}: {problem}; open point: {points[name]}"
        else:
            yield "error", f"{name}: {problem}; add a dated value, or name the figure in open_points.yaml"


def _problem(parameter: Parameter, on: dt.date) -> str | None:
    value = value_on(parameter, on)
    if value is not None:
        return f"{value.value} is carried on since {value.valid_from} without confirmation" if value.carried else None
    ended = [each for each in parameter.values if each.valid_to is not None and each.valid_to < on]
    if not ended:
        return f"no value is in force on {on} (no value had begun)"
    newest = max(ended, key=lambda each: each.valid_from)
    return None if newest.final else f"no value is in force on {on} (the last value ended on {newest.valid_to})"
