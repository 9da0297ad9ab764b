"""Formulas as columns: every derived fact of a whole chunk at once, exact, with its ends where something is unknown.

The meaning of every node is that of `rules.formulas.reader`, which reads case by case; nothing but the policy's numbers
and the calendar is shared with it, so that the two readings vouch for each other.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, reduce
from types import MappingProxyType
from typing import Final, cast

import polars as pl

from rules.formulas import bounds as b
from rules.formulas.columns import column_nodes as nodes
from rules.formulas.columns import column_readings as r
from rules.formulas.columns.column_conditions import compared, decided
from rules.formulas.columns.column_dates import asked, day_numbers, days_after, full_years, months_begun
from rules.formulas.columns.column_nodes import ChunkColumns, Read
from rules.formulas.columns.column_readings import NOTHING, Column, Number, Reading, TextColumn, Truth, Word
from rules.formulas.columns.column_values import TYPES, ends_of, value_of
from rules.formulas.dates import years_after
from rules.formulas.derivation import anytime, missing
from rules.formulas.ends import ORDERED
from rules.formulas.functions import FUNCTIONS
from rules.formulas.reader import State, reader
from rules.formulas.sizes import WHOLE, WIDEST, Sizes, reckoned
from rules.pack import formulas as f
from rules.pack.pack import Pack
from rules.pack.parameters import in_force

_ROOM: Final = 2**63


@dataclass(frozen=True)
class DerivedColumns:
    """Every derived fact of a chunk: a column of values, of the ends of those that have an order, and its reading."""

    values: dict[str, pl.Series]
    ends: dict[str, tuple[pl.Series, pl.Series]]
    readings: dict[str, Reading]  # but of those that stand in for a submitted fact


class FormulaColumns:
    """Reads the formulas of a pack on one day, a chunk at a time: those of the facts that are needed."""

    def __init__(self, pack: Pack, as_of: dt.date, needed: Collection[str] | None = None) -> None:
        self._facts = pack.vocabulary.facts
        self._missing = missing(self._facts, as_of)
        self._parameters = pack.parameters
        self._figures = in_force(pack, as_of)
        self._today = as_of.toordinal()
        around = anytime(self._facts, pack.parameters.items())
        seen: State = {}  # what every derived fact can ever be
        self._sizes = Sizes(around, seen)
        self._made: dict[f.Expression, Read] = {}
        self._readers: list[tuple[str, Read]] = []
        for name, each in pack.formulas.items():
            if needed is None or name in needed:
                self._readers.append((name, self._reader(each.expression)))
            if self._facts[name].derived:
                seen[name] = reader(each.expression, around)(seen)

    def derive(
        self,
        table: pl.DataFrame,
        known: Mapping[str, pl.Series] = MappingProxyType({}),
        readings: Mapping[str, Reading] = MappingProxyType({}),
    ) -> DerivedColumns:
        """What follows from the facts of a frame. A derived fact that is given already is kept as it is.

        What followed for the same cases by the same formulas, with its readings, may be `known`, and is not told again.
        """
        chunk = ChunkColumns(table, {name: values for name, values in known.items() if name in self._missing})
        chunk.facts.update(readings)
        chunk.facts.update((name, self._submitted(name, values)) for name, values in chunk.stood_in.items())
        values: dict[str, pl.Series] = {}
        ends: dict[str, tuple[pl.Series, pl.Series]] = {}
        for name, read in self._readers:
            if name in known:
                continue
            fact, given = self._facts[name], table[name] if name in table.columns else None
            reading = read(chunk)
            value = value_of(reading, fact, table.height)
            values[name] = value if given is None else given.cast(value.dtype).zip_with(given == given, value)
            if name in self._missing:  # it stands in for a submitted fact, and that may still be given
                chunk.stood_in[name] = values[name]
                chunk.facts[name] = self._submitted(name, values[name])
                continue
            if given is not None and given.null_count() < table.height:
                reading = nodes.kept(self._submitted(name, given), reading, r.present(given))
            chunk.facts[name] = reading
            if fact.type in ORDERED:
                number = reading if isinstance(reading, Number) else Number(None, None, True)
                ends[name] = ends_of(number, table.height)
        return DerivedColumns(values, ends, {name: chunk.facts[name] for name in values if name not in self._missing})

    def _submitted(self, name: str, column: pl.Series) -> Reading:
        """What a fact may be by its column."""
        fact = self._facts[name]
        gone = name not in self._missing  # what only the application gives, and did not give, is nothing
        nothing = r.blank(column) if gone else False
        match fact.type:
            case "bool":
                return Truth(r.filled(column, not gone), r.filled(~column, not gone), nothing)
            case "enum":
                words = tuple(fact.values)
                return Word(
                    words,
                    cache(lambda word: r.filled(column == word, not gone)),
                    cache(lambda word: len(words) > 1 and r.filled(column != word, not gone)),
                    nothing,
                )
            case "text":
                return TextColumn(column)
        if fact.type == "date":
            column = day_numbers(column)
        if gone or not column.null_count():
            return Number(column, column, nothing)
        low, high = (_plain(end) for end in b.ends(self._missing[name]))
        if column.null_count() == len(column):
            return Number(low, high)
        return Number(r.filled(column, low), r.filled(column, high))

    # --- nodes ------------------------------------------------------------------------------------------------------

    def _reader(self, expression: f.Expression) -> Read:
        """The reading of a node; one that stands in several places is read once a chunk."""
        if expression not in self._made:
            read, number = self._node(expression), len(self._made)

            def once(chunk: ChunkColumns) -> Reading:
                if number not in chunk.done:
                    chunk.done[number] = read(chunk)
                return chunk.done[number]

            self._made[expression] = once
        return self._made[expression]

    def _node(self, expression: f.Expression) -> Read:
        match expression:
            case f.FactNode(name):
                return self._fact(name)
            case f.ParameterNode(name, None):
                return _same(_number(self._figures.get(name)))
            case f.ParameterNode(name, f.FactNode() as on):
                return nodes.dated(self._parameters[name], self._reader(on))
            case f.Constant(bool(value)):
                return _same(Truth(value, not value))
            case f.Constant(str(value)):
                return _same(r.constant(value))
            case f.Constant(value):
                return _same(_number(_plain(value)))
            case f.Today():
                return _same(_number(self._today))
            case f.NothingNode():
                return _same(NOTHING)
            case f.Endless():
                return _same(_number(b.ENDLESS))
        return self._arithmetic(expression) or self._dates(expression) or self._logic(expression)

    def _fact(self, name: str) -> Read:
        def read(chunk: ChunkColumns) -> Reading:
            if name not in chunk.facts:
                if name in chunk.table.columns:
                    chunk.facts[name] = self._submitted(name, chunk.table[name])
                else:
                    kind = TYPES[self._facts[name].type]
                    chunk.facts[name] = self._submitted(
                        name, pl.Series([None], dtype=kind).new_from_index(0, chunk.table.height)
                    )
            return chunk.facts[name]

        return read

    def _arithmetic(self, expression: f.Expression) -> Read | None:
        match expression:
            case f.Add(terms):
                return self._chain(r.sum_of, terms, [1] * len(terms), expression)
            case f.Subtract(left, right):
                return self._carried(r.minus, (left, right), (1, -1), expression)
            case f.Multiply(factors):
                return self._chain(r.product, factors, [self._rising(*factors)] * len(factors), expression)
            case f.Portion(of, percent, rounding):
                return self._carried(
                    lambda whole, share: r.quotient(rounding, r.product(whole, share), WHOLE),
                    (of, percent),
                    [self._rising(of, percent)] * 2,
                    expression,
                )
            case f.Divide():
                return self._division(expression)
            case f.Share(of, balance, before, total):
                return self._fitted(
                    nodes.share(expression, [self._reader(each) for each in (of, balance, before, total)]), expression
                )
            case f.Least(terms):
                return self._chain(r.least, terms, [1] * len(terms), expression)
            case f.Greatest(terms):
                return self._chain(r.greatest, terms, [1] * len(terms), expression)
        return None

    def _chain(
        self,
        step: Callable[[Column, Column], Column],
        terms: Sequence[f.Expression],
        signs: Sequence[int],
        whole: f.Expression,
    ) -> Read:
        return self._carried(lambda *columns: reduce(step, columns), terms, signs, whole)

    def _carried(
        self, function: Callable[..., Column], terms: Sequence[f.Expression], signs: Sequence[int], whole: f.Expression
    ) -> Read:
        readers, broad = [self._reader(each) for each in terms], self._broad(whole)

        def read(chunk: ChunkColumns) -> Reading:
            readings = [each(chunk) for each in readers]
            numbers = [each for each in readings if isinstance(each, Number)]
            if len(numbers) < len(readings):
                return NOTHING
            wide = broad and not _fits(whole, numbers)
            return r.carried(function, [r.widened(each) for each in numbers] if wide else numbers, signs)

        return self._fitted(read, whole)

    def _fitted(self, read: Read, whole: f.Expression) -> Read:
        """What is known to fit in 64 bits in as many again."""
        if self._sizes.most(whole) >= _ROOM:
            return read

        def fitted(chunk: ChunkColumns) -> Reading:
            found = read(chunk)
            return r.narrowed(found) if isinstance(found, Number) else found

        return fitted

    def _division(self, expression: f.Divide) -> Read:
        dividend, divisor = self._reader(expression.dividend), self._reader(expression.divisor)
        zero = self._reader(f.NothingNode() if expression.zero is None else expression.zero)
        (up, down), broad = expression.factors, self._broad(expression)
        signs = (1, -1) if self._rising(expression.dividend) else (0, 0)

        def divided(one: Column, other: Column) -> Column:
            one = one if up == 1 else r.product(one, up)
            other = other if down == 1 else r.product(other, down)
            return r.quotient(expression.rounding, one, other)

        def read(chunk: ChunkColumns) -> Reading:
            one, other = dividend(chunk), divisor(chunk)
            if not isinstance(one, Number) or not isinstance(other, Number):
                return NOTHING
            if broad and not _fits(expression, [one, other]):
                one, other = r.widened(one), r.widened(other)
            low, high = other.low, other.high
            least_one, least_negative = r.more(high, 0), r.more(0, low)
            branches: list[tuple[r.Flag, Reading]] = []
            at_zero = r.both(r.more(0, low, equal=True), r.more(high, 0, equal=True))
            if one.nothing is not False:  # nothing divided is nothing, by 0 too
                at_zero = r.both(at_zero, nodes.there(one.low))
            if (at_zero := r.folded(at_zero)) is not False:
                branches.append((at_zero, zero(chunk)))
            if (above := r.folded(least_one)) is not False:
                smallest = r.greatest(low, 1)
                positive = Number(smallest, smallest if low is high else high)
                branches.append((above, r.carried(divided, [one, positive], signs)))
            if (below := r.folded(least_negative)) is not False:
                largest = r.least(high, -1)
                branches.append((below, r.carried(divided, [one, Number(low, largest)], (0, 0))))
            return r.joined(branches, r.either(one.nothing, other.nothing))

        return self._fitted(read, expression)

    def _dates(self, expression: f.Expression) -> Read | None:
        match expression:
            case f.DaysBetween(start, end):
                return self._carried(lambda one, other: r.minus(other, one), (start, end), (-1, 1), expression)
            case f.MonthsBegun(start, end):
                return self._carried(months_begun, (start, end), (-1, 1), expression)
            case f.YearsFull(start, end):
                return self._carried(full_years, (start, end), (-1, 1), expression)
            case f.Shift(date, amount, unit):
                moved = days_after if unit == "days" else asked(years_after, True, False)
                return self._carried(moved, (date, amount), (1, 1), expression)
            case f.FunctionCall(name, arguments):
                function = FUNCTIONS[name]
                if function.of_day:
                    counted = asked(function.of_day, True)
                    return self._carried(
                        lambda start, days: counted(days_after(start, days)), arguments, (1, 1), expression
                    )
                answers = asked(function.compute, *(each == "date" for each in function.arguments))
                return self._carried(answers, arguments, [0] * len(arguments), expression)
        return None

    def _logic(self, expression: f.Expression) -> Read:
        match expression:
            case f.CompareNode(left, word, right):
                one, other = self._reader(left), self._reader(right)
                return lambda chunk: compared(one(chunk), word, other(chunk))
            case f.AllOf(members) | f.AnyOf(members):
                readers, deciding = [self._reader(each) for each in members], isinstance(expression, f.AnyOf)
                return lambda chunk: decided([each(chunk) for each in readers], deciding=deciding)
            case f.NotOf(member):
                return nodes.negated(self._reader(member))
            case f.Exists(of):
                return nodes.exists(self._reader(of))
            case f.If(condition, then, otherwise):
                return nodes.choice(*(self._reader(each) for each in (condition, then, otherwise)))
            case f.Otherwise(first, second):
                return nodes.fallback(self._reader(first), self._reader(second))
            case f.Once(given, then):
                return self._once(given, self._reader(then))
            case f.Buckets(of, buckets, above):
                gives = [self._reader(each) for each in (*(bucket.gives for bucket in buckets), above)]
                return nodes.buckets(self._reader(of), [each.up_to for each in buckets], gives)
            case f.Match():
                return self._match(expression)
        raise TypeError(f"no column for {expression!r}")

    def _once(self, given: Sequence[str], then: Read) -> Read:
        def blank(chunk: ChunkColumns, name: str) -> r.Flag:
            if name in chunk.stood_in:  # what stands in for a fact is as good as the fact
                return r.folded(r.blank(chunk.stood_in[name]))
            return r.folded(r.blank(chunk.table[name])) if name in chunk.table.columns else True

        return lambda chunk: r.with_nothing(then(chunk), r.some(blank(chunk, name) for name in given))

    def _match(self, expression: f.Match) -> Read:
        of = self._reader(expression.of)
        gives = [self._reader(each) for each in (*(case.gives for case in expression.cases), expression.otherwise)]
        places: dict[str, int] = {}
        for place, case in enumerate(expression.cases):
            for word in case.words:
                places.setdefault(word, place)

        def chosen(text: str | None) -> int | None:
            if text is None:
                return None
            if not expression.contains:
                return places.get(text, len(gives) - 1)
            folded = text.casefold()
            return next((place for word, place in places.items() if word in folded), len(gives) - 1)

        def read(chunk: ChunkColumns) -> Reading:
            reading = of(chunk)
            if isinstance(reading, TextColumn):
                place = nodes.of_texts(reading.values, chosen)
                flags: list[r.Flag] = [r.filled(place == number, True) for number in range(len(gives))]
                return r.joined([(r.folded(flag), each(chunk)) for flag, each in zip(flags, gives, strict=True)])
            if not isinstance(reading, Word):
                return NOTHING
            flags = [False] * len(gives)
            for word in reading.words:
                number = cast(int, chosen(word))
                flags[number] = r.either(flags[number], reading.may(word))
            return r.joined(
                [(r.folded(flag), each(chunk)) for flag, each in zip(flags, gives, strict=True)], reading.nothing
            )

        return read

    # --- how large a number can ever be -------------------------------------------------------------------------------

    def _rising(self, *expressions: f.Expression) -> int:
        """1 where none is ever below 0, so that products of them rise in each; else 0, either way."""
        return int(all(self._sizes.ends(each)[0] >= 0 for each in expressions))

    def _broad(self, expression: f.Expression) -> bool:
        """Whether an operator needs more than 64 bits on the way."""
        size = self._sizes.on_the_way(expression)
        if size > WIDEST:
            raise ValueError("a formula comes to more than a whole number of 128 bits holds on the way")
        return size >= _ROOM


def _fits(expression: f.Expression, numbers: Sequence[Number]) -> bool:
    """Whether an operator needs no more than 64 bits on the way for what the numbers of a chunk are."""
    return reckoned(expression, [r.largest(each) for each in numbers]) < _ROOM


def _same(reading: Reading) -> Read:
    return lambda _: reading


def _number(value: int | None) -> Reading:
    return NOTHING if value is None else Number(value, value)


def _plain(value: object) -> int:
    return value.toordinal() if isinstance(value, dt.date) else cast(int, value)
