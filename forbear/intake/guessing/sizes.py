"""Sizes: how large the amounts of a column are; where they were others when it was confirmed, so may its unit be."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from forbear.intake.guessing.guessed import SAME_COLUMN, SAME_FILE, Guessed
from forbear.intake.headers import folded, unit_named
from forbear.intake.source import as_text
from forbear.locale import said
from rules.facts.notation.units import Unit
from rules.pack.files.schema import Vocabulary

_NUMBER: Final = re.compile(r"\d{1,12}(?:\.\d+)?|\d{1,3}(?:,\d{3}){1,3}(?:\.\d+)?", re.ASCII)
_OTHER: Final = 50  # times: thousands and ten thousands are more, one list of cases differs from the next by less
_LONGEST: Final = 40  # characters of a number


def with_sizes(
    vocabulary: Vocabulary, columns: Sequence[Guessed], cells: Sequence[Sequence[object]], before: Mapping[str, float]
) -> list[Guessed]:
    """The guesses with the size of each column of amounts, in yuan; likely only where it was another before.

    `before` are the sizes that were confirmed, by the headers as they are compared.
    """
    found = []
    for each, column in zip(columns, cells, strict=True):
        size = _size(vocabulary, each, column)
        each = replace(each, size=size)
        if each.weight in (SAME_FILE, SAME_COLUMN) and is_other(before.get(folded(each.header)), size):
            each = replace(each, sure="likely", why=said("guess.other_size"))
        found.append(each)
    return found


def is_other(before: float | None, now: float | None) -> bool:
    """Whether amounts are so much larger or smaller than before that their unit may be another."""
    return bool(before and now) and not 1 / _OTHER < (now or 0) / (before or 1) < _OTHER


def _size(vocabulary: Vocabulary, column: Guessed, cells: Sequence[object]) -> float | None:
    """The amount in the middle of those that stand there as bare numbers; None where there is none."""
    fact = None if column.use.fact is None else vocabulary.facts[column.use.fact]
    if fact is None or fact.type != "money":
        return None
    texts = (unicodedata.normalize("NFKC", as_text(cell)[:_LONGEST]).strip() for cell in cells)
    numbers = sorted(float(text.replace(",", "")) for text in texts if _NUMBER.fullmatch(text))
    sizes = [number for number in numbers if number > 0]
    if not sizes:
        return None
    unit = None if column.use.unit is None else unit_named(fact, column.use.unit)
    shift = unit.shift if isinstance(unit, Unit) else 0
    return float(sizes[len(sizes) // 2] * 10.0**shift)
