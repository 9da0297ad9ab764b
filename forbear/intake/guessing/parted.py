"""Parted: an empty column between two tables that stand side by side; what is beyond it may be said of other rows."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from forbear.intake.guessing.guessed import BY_NAME, Guessed
from forbear.locale import said


def with_parts(
    columns: Sequence[Guessed], cells: Sequence[Sequence[object]], covered: Sequence[int]
) -> Sequence[Guessed]:
    """The guesses with those that an empty column parts from most of the others no more than likely.

    Those that a merged header covers part nothing.
    """
    gaps = [at for at, each in enumerate(columns) if not (each.text.strip() or cells[at] or at in covered)]
    if not gaps:
        return columns
    bounds = [-1, *gaps, len(columns)]
    parts = [range(first + 1, last) for first, last in pairwise(bounds)]
    most = max(parts, key=lambda part: sum(_is_certain(columns[at]) for at in part))
    apart = {at for part in parts if part != most for at in part if _is_certain(columns[at])}
    why = said("guess.parted")
    return [replace(each, sure="likely", why=why) if at in apart else each for at, each in enumerate(columns)]


def _is_certain(each: Guessed) -> bool:
    return each.use.fact is not None and each.sure == "certain" and each.weight == BY_NAME
