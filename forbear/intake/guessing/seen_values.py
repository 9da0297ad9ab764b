"""Seen values: the first values of each column as they would be stored, and the words that stand for no value."""

from collections import Counter
from collections.abc import Mapping as Words
from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType
from typing import Final

from forbear.intake.date_order import DateOrder, SettledForms, in_order, order_in
from forbear.intake.headers import unit_named
from forbear.intake.mapping import Mapping
from forbear.intake.source import SourceFile, SourceRow, Unread, as_text, distinct, is_blank
from rules.facts.case_facts import reader
from rules.facts.cell_doubts import doubting
from rules.facts.cells import CellError, Reader, Value, fold, words_of_values
from rules.facts.notation.units import OWN, Unit
from rules.pack.files.schema import Fact, Vocabulary

SHOWN: Final = 3
MOST_WORDS: Final = 50  # unknown words of a fact that are listed
_KEPT: Final = 1_000  # words of a column that are told apart
_TRIED: Final = 200  # cells in which values to show are looked for
_LONGEST: Final = 60  # characters of a word


@dataclass(frozen=True)
class UnknownWord:
    """A word that stands for none of a fact's values, in how many rows it does, and the values nearest to it."""

    word: str
    rows: int
    near: tuple[str, ...]


class _Watched:
    """One column that holds a fact."""

    def __init__(self, at: int, name: str, fact: Fact, read: Reader, words: Words[str, str]) -> None:
        self.at, self.name, self.fact, self._read, self._words = at, name, fact, read, words
        self.values: list[Value] = []
        self.unknown: Counter[str] = Counter()
        self._tried = 0
        self._known: dict[str, bool] = {}
        self._counts = fact.type in ("enum", "bool") and bool(fact.values)

    def note(self, cell: object) -> None:
        """Look at one cell."""
        if is_blank([cell]) or type(cell) is Unread:
            return
        shown = len(self.values) >= SHOWN or self._tried >= _TRIED or self.fact.private
        if shown and not self._counts:
            return
        text = as_text(cell).strip()
        if text in self._known:
            if not self._known[text]:
                self.unknown[text] += 1
            return
        self._tried += 1
        cell = self._words.get(fold(text), cell) if self._words else cell
        try:
            value = self._read(cell)
        except CellError:
            known = False
        else:
            known = True
            if value is not None and not shown and value not in self.values:
                self.values.append(value)
        if self._counts and len(self._known) < _KEPT and len(text) <= _LONGEST:
            self._known[text] = known
            if not known:
                self.unknown[text] += 1


class SeenValues:
    """What the columns of a file held, row by row as they are read."""

    def __init__(
        self,
        vocabulary: Vocabulary,
        source: SourceFile,
        mapping: Mapping,
        date_forms: Words[str, SettledForms] = MappingProxyType({}),
    ) -> None:
        self._names = distinct(source.columns)
        self._watched = []
        for at, name in enumerate(self._names):
            use = mapping.columns[name]
            if use.fact is not None:
                fact = vocabulary.facts[use.fact]
                words = {fold(word): value for word, value in mapping.values.get(use.fact, {}).items()}
                unit = OWN if use.unit is None else unit_named(fact, use.unit)
                own = unit if isinstance(unit, Unit) else OWN
                read = _reader(vocabulary, use.fact, own, mapping.date_order, date_forms.get(name))
                self._watched.append(_Watched(at, use.fact, fact, read, words))

    def note(self, row: SourceRow) -> SourceRow:
        """Look at one row, and give it back."""
        if row.error is None:
            for column in self._watched:
                column.note(row.cells[column.at])
        return row

    @property
    def values(self) -> dict[str, tuple[Value, ...]]:
        """The first values of each column; none of a column that holds no fact or a personal one."""
        found = {self._names[column.at]: tuple(column.values) for column in self._watched}
        return {name: found.get(name, ()) for name in self._names}

    def unknown(self) -> dict[str, tuple[UnknownWord, ...]]:
        """By fact the words that are none of its values, those in most rows first."""
        found: dict[str, tuple[UnknownWord, ...]] = {}
        for column in self._watched:
            if column.unknown:
                near = _Near(column.fact)
                words = [
                    UnknownWord(word, rows, near.to(word)) for word, rows in column.unknown.most_common(MOST_WORDS)
                ]
                found[column.name] = (*found.get(column.name, ()), *words)
        return found


class _Near:
    def __init__(self, fact: Fact) -> None:
        self._table = words_of_values(fact)

    def to(self, word: str) -> tuple[str, ...]:
        close = get_close_matches(fold(word)[:_LONGEST], self._table, n=6, cutoff=0.34)
        return tuple(dict.fromkeys(name for known in close for name in self._table[known]))[:3]


def _reader(
    vocabulary: Vocabulary, name: str, unit: Unit, order: DateOrder | None, forms: SettledForms | None
) -> Reader:
    """What the rows of cases are read by: a value that is in doubt is none that would be stored."""
    fact = vocabulary.facts[name]
    read = doubting(reader(fact, unit, vocabulary.timezone), name, fact, vocabulary)
    if fact.type != "date":
        return read
    return lambda cell: read(in_order(cell, order_in(unit) or order, forms))
