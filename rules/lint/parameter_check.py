"""Dated parameters and fees on a day for which nobody has confirmed them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Literal

from rules.pack.files.schema import Dated
from rules.pack.pack import Pack
from rules.pack.parameters import of_day


def unconfirmed(pack: Pack, on: dt.date) -> Iterator[tuple[Literal["error", "warning"], str, str]]:
    """Figures and fees that nobody confirmed for the day: level, file, message.

    An open point that names a figure makes a warning of it.
    """
    points = {name: point for point, entry in pack.open_points.items() for name in entry.parameters}
    for name, parameter in pack.parameters.items():
        problem = _problem(parameter.values, on)
        if problem and name in points:
            yield "warning", "parameters.yaml", f"{name}: {problem}; open point: {points[name]}"
        elif problem:
            told = f"{name}: {problem}; add a dated value, or name the figure in open_points.yaml"
            yield "error", "parameters.yaml", told
    for name, table in pack.fees.items():
        if problem := _problem(table.values, on):
            yield "error", "fees.yaml", f"{name}: {problem}; add a dated value"


def _problem(values: Sequence[Dated], on: dt.date) -> str | None:
    value = of_day(values, on)
    if value is not None:
        return f"the last confirmed value is carried on since {value.valid_from}" if value.carried else None
    ended = [each for each in values if each.valid_to is not None and each.valid_to < on]
    if not ended:
        return f"no value is in force on {on} (no value had begun)"
    newest = max(ended, key=lambda each: each.valid_from)
    return None if newest.final else f"no value is in force on {on} (the last value ended on {newest.valid_to})"
