"""The messages of a whole chunk to durable-rules, written column by column: the same, to the letter, as one by one.

The digits of what is compared by size are texts of a column. Of all else rules tell few values apart: what is said of
each is written once, by the writer of messages, and handed to the cases that have it. Where no case has a fact, what is
said of it is one text for all. Tests hold the messages to those of `rules.engines.message_bodies`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Final, TypeAlias

import polars as pl

from rules.engines.frame import as_text, day_number, end
from rules.engines.message import LARGEST, MessageKey, Writer, start_of
from rules.engines.message_bodies import asked_of, said
from rules.formulas.ends import SIDES, bounded
from rules.pack.files.schema import FactType, Vocabulary

_TEXTS: Final = ("enum", "text")
_MISSING, _OTHER, _FIRST = range(3)  # places among a fact's values: none, one that nobody asks for, the first of others
# What is said at one place of a message: the same of all cases, or a column.
_Piece: TypeAlias = str | pl.Series


class MessageColumns:
    """Writes the messages of chunks to some rulesets, whose keys are given."""

    def __init__(
        self, rulesets: Sequence[Sequence[MessageKey]], names: Mapping[str, str], vocabulary: Vocabulary
    ) -> None:
        """`names` are those that keys have in the message."""
        self._few: list[_FewValues] = []
        self._sizes: dict[str, _Size] = {}
        self._order: list[list[str]] = [[] for _ in rulesets]  # by ruleset, the names of the pieces
        for (fact, _), asking in asked_of(rulesets):
            few = {place: [key for key in keys if key.few] for place, keys in asking.items()}
            told = [place for place, keys in few.items() if keys]
            if told:
                self._few.append(_FewValues(fact, [few[place] for place in told], names, vocabulary.facts[fact].type))
            for place, keys in asking.items():
                if few[place]:
                    self._order[place].append(_FewValues.name(fact, told.index(place)))
                sizes = [key for key in keys if not key.few]
                self._order[place] += [key.name for key in sizes]
                self._sizes.update((key.name, _Size(key, names, vocabulary)) for key in sizes)
        self._numbers = {name for each in self._few for name in each.numbers}
        self._numbers.update(name for each in self._sizes.values() for name in each.columns)

    def write(self, table: pl.DataFrame, endings: Sequence[str]) -> list[tuple[str, ...]] | None:
        """The messages of each case, one a ruleset; `endings` are what stands at the end of each of a case.

        None where some number is too large for the engine: which case has it tells who writes one by one.
        """
        if any(_too_large(table[name]) for name in self._numbers):
            return None
        filled = {name for name in table.columns if table[name].null_count() < table.height}
        places = table.select(each.place for each in self._few if each.fact in filled and each.kind != "list")
        pieces: dict[str, _Piece] = {}
        for few in self._few:
            if few.fact not in filled:
                pieces.update(few.missing)
            else:
                pieces.update(few.in_list(table[few.fact]) if few.kind == "list" else few.at(places[few.fact]))
        sizes = {name: filled.issuperset(each.columns) for name, each in self._sizes.items()}
        pieces.update((name, each.blank) for name, each in self._sizes.items() if not sizes[name])
        pieces.update(
            (each.name, each) for each in table.select(self._sizes[name].piece for name in sizes if sizes[name])
        )
        columns = {name: each for name, each in pieces.items() if not isinstance(each, str)}
        return (
            pl.DataFrame({**columns, "": pl.Series(endings, dtype=pl.String)})
            .select(pl.concat_str(_joined(pieces, order)).alias(f"{place}") for place, order in enumerate(self._order))
            .rows()
        )


class _FewValues:
    """What rulesets are told of a fact of which their rules tell few values apart."""

    def __init__(
        self, fact: str, asking: Sequence[Sequence[MessageKey]], names: Mapping[str, str], kind: FactType
    ) -> None:
        self.fact, self.kind = fact, kind
        self._writers = [
            ([key.name for key in keys], Writer({key.name: key for key in keys}, names)) for keys in asking
        ]
        compared = [key for keys in asking for key in keys if key.kind == "value"]
        self.numbers = (fact,) if compared and kind not in (*_TEXTS, "list") else ()
        self._values: list[Any] = sorted({value for key in compared for value in (*key.words, *(key.only or ()))})
        other = "" if kind in _TEXTS else max(self._values, default=0) + 1
        self._texts = self._written([None, other, *self._values])
        self.missing = {name: texts[_MISSING] for name, texts in self._texts.items()}

    @staticmethod
    def name(fact: str, ruleset: int) -> str:
        """The name of the piece for one of the rulesets that ask about a fact."""
        return f"{fact}#{ruleset}"

    @cached_property
    def place(self) -> pl.Expr:
        """Where a case's value stands among those that are told apart."""
        if not self._values:
            return pl.when(pl.col(self.fact).is_null()).then(_MISSING).otherwise(_OTHER).alias(self.fact)
        value = _number(pl.col(self.fact), self.kind)
        places = range(_FIRST, _FIRST + len(self._values))
        found = value.replace_strict(self._values, places, default=_OTHER, return_dtype=pl.UInt32)
        return pl.when(value.is_null()).then(_MISSING).otherwise(found).alias(self.fact)

    @cached_property
    def _table(self) -> pl.DataFrame:
        """What is said of the values, in the order of their places."""
        return pl.DataFrame(self._texts)

    def at(self, places: pl.Series) -> Mapping[str, _Piece]:
        """What is said of values that stand at these places."""
        return {column.name: column for column in self._table[places]}

    def in_list(self, lists: pl.Series) -> Mapping[str, _Piece]:
        """What is said of lists, of which a chunk has few."""
        cells = [None if cell is None else tuple(cell) for cell in lists.to_list()]
        places = {cell: place for place, cell in enumerate(dict.fromkeys(cells))}
        told = pl.DataFrame(self._written(list(places)))[pl.Series([places[cell] for cell in cells], dtype=pl.UInt32)]
        return {column.name: column for column in told}

    def _written(self, values: Sequence[Any]) -> dict[str, list[str]]:
        """By piece what is said of each value."""
        cases = [{} if value is None else {self.fact: value} for value in values]
        return {
            self.name(self.fact, ruleset): [said(keys, writer.write(case)) for case in cases]
            for ruleset, (keys, writer) in enumerate(self._writers)
        }


class _Size:
    """What is told of a key that is compared by size: nothing where one of the columns that it reads has no value."""

    def __init__(self, key: MessageKey, names: Mapping[str, str], vocabulary: Vocabulary) -> None:
        self._key, self._vocabulary = key, vocabulary
        self._start = start_of(key.name, names)
        self.blank = said([key.name], Writer({key.name: key}, names).write({}))
        self.columns = self._columns()

    def _columns(self) -> tuple[str, ...]:
        key = self._key
        match key.kind:
            case "always":
                return ()
            case "sign":
                return key.fact, key.second
            case "bound":
                return (end(key.fact, key.side),)
            case "sign_bound":
                sides = key.side, SIDES[1 - SIDES.index(key.side)]
                return tuple(
                    end(fact, side) if bounded(self._vocabulary, fact) else fact
                    for fact, side in zip((key.fact, key.second), sides, strict=True)
                )
        return (key.fact,)

    @cached_property
    def piece(self) -> pl.Expr:
        """What is told, as a column. Made with the first chunk: Polars does not survive a fork."""
        return self._piece().fill_null("").alias(self._key.name)

    def _piece(self) -> pl.Expr:
        key, kind = self._key, self._vocabulary.facts[self._key.fact].type  # both facts of a pair are of one kind
        if not self.columns:
            return pl.lit(self.blank)
        one, *others = (
            _number(pl.col(name), kind) if name in (key.fact, key.second) else pl.col(name) for name in self.columns
        )
        if not others:
            return pl.concat_str(pl.lit(self._start), one, pl.lit(","))
        (other,) = others
        less = 1 if kind in _TEXTS else -1  # texts are equal or not, never more or less
        signs = pl.when(one == other).then(0).when(one > other).then(1).when(one < other).then(less)
        return pl.concat_str(pl.lit(self._start), signs, pl.lit(","))


def _number(value: pl.Expr, kind: FactType) -> pl.Expr:
    """A value as the engine compares it: the day of a date, and 1 for yes; a text is what it is."""
    return value.cast(pl.Int64) if kind == "bool" else day_number(as_text(value, kind), kind)


def _too_large(column: pl.Series) -> bool:
    if column.dtype != pl.Int64:
        return False
    ends: list[Any] = [column.min(), column.max()]
    return any(abs(each) > LARGEST for each in ends if each is not None)


def _joined(pieces: Mapping[str, _Piece], order: Iterable[str]) -> Iterator[pl.Expr]:
    """The pieces of a message in turn, between its brace and its ending; those that all cases share put together."""
    same = "{"
    for name in order:
        piece = pieces[name]
        if isinstance(piece, str):
            same += piece
            continue
        if same:
            yield pl.lit(same)
        yield pl.col(name)
        same = ""
    if same:
        yield pl.lit(same)
    yield pl.col("")
