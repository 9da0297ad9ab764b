"""Legends: lines beside the rows of a table that say what a column is in, by its name or its place: 第3列为逾期期数."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from typing import Final

from forbear.intake.headers import LONGEST, is_unit, says_unit
from forbear.intake.source import as_text
from rules.facts.notation.amounts import read_amount
from rules.facts.notation.letters import clean
from rules.locale.word_lists import word_lists

_WORDS: Final = word_lists("headings")
_COLUMN_AT: Final = re.compile(_WORDS["column_at"])
_PERIODS: Final = frozenset(word for words in _WORDS["other_periods"].values() for word in words)
_MOST_DEEP: Final = 5


def says_what_it_is_in(text: str) -> bool:
    """Whether a line says a unit, or speaks of a period that numbers may be in."""
    short = text[:LONGEST]
    return says_unit(short) or any(word in clean(short).casefold() for word in _PERIODS)


def columns_at(text: str) -> frozenset[int]:
    """The columns, from 0, that a line names by their places."""
    return frozenset(map(_place, _COLUMN_AT.finditer(clean(text[:LONGEST]).casefold())))


def _place(found: re.Match[str]) -> int:
    word = found["number"] or found["letter"] or found["either"]
    if word.isascii() and word.isalpha():
        return reduce(lambda number, letter: 26 * number + ord(letter) - ord("a") + 1, word, 0) - 1
    amount = read_amount(word)
    return -1 if amount is None else int(amount.value) - 1


def with_leaves(cells: Sequence[object], columns: Sequence[str]) -> list[object]:
    """The cells of a row of JSON, of objects and lists in it what they hold, each with the keys that lead there."""
    found: list[object] = []
    for cell, column in zip(cells, columns, strict=False):
        if not isinstance(cell, dict | list):
            found.append(cell)
            continue
        for keys, text in leaves((column,), cell):
            name = "".join(keys)
            named = f"{name}：{text}"
            found.append(f"{name}unit：{text}" if is_unit(text) and not says_unit(named) else named)
    return found


def leaves(keys: tuple[str, ...], value: object) -> Iterator[tuple[tuple[str, ...], str]]:
    """What an object or a list of JSON holds, as text, each with the keys that lead there."""
    if isinstance(value, Mapping) and len(keys) <= _MOST_DEEP:
        for key, inner in value.items():
            yield from leaves((*keys, key), inner)
    elif isinstance(value, list | tuple) and len(keys) <= _MOST_DEEP:
        for inner in value:
            yield from leaves(keys, inner)
    else:
        yield keys, as_text(value)
