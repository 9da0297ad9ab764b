"""Guess: what each column of a file seems to hold, and how sure that is; from its header, its cells and the past."""

import re
from collections.abc import Container, Sequence
from collections.abc import Mapping as Known
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final

from forbear.intake import date_order
from forbear.intake.columns import NOTES, added_by_rejects, as_submitted, missing_facts
from forbear.intake.date_order import DateOrder, SettledForms
from forbear.intake.guessing import shapes
from forbear.intake.guessing.first_rows import around, sample
from forbear.intake.guessing.guessed import BY_NAME, GIVEN, OTHER_SHAPE, PROPOSED, SAME_COLUMN, SAME_FILE, Guessed
from forbear.intake.guessing.likeness import Likeness, is_anothers, is_place, likest, of_others, sounds_like_notes
from forbear.intake.guessing.orders import open_orders, settled_forms, with_orders
from forbear.intake.guessing.parted import with_parts
from forbear.intake.guessing.remembered import Remembered, with_remembered
from forbear.intake.guessing.rivals import each_fact_once
from forbear.intake.guessing.shapes import Shape
from forbear.intake.guessing.sizes import with_sizes
from forbear.intake.headers import Around, Names, Refusal, folded, says_unit, stated_in, unit_beside, unit_named
from forbear.intake.layouts import wide
from forbear.intake.mapping import ColumnUse, Mapping, check, check_held_once
from forbear.intake.source import IntakeError, SourceFile, as_text, distinct
from forbear.locale import said
from rules.facts.case_facts import reader
from rules.facts.cells import CellError, Reader, fold, words_of_values
from rules.facts.notation.units import OWN, Unit
from rules.locale import listed
from rules.pack.files.schema import Text, Vocabulary

_LIKE: Final = 0.6  # how like a header must be to the name of a fact to be proposed as one
_ENOUGH: Final = 0.8  # of a column's cells: as many as the fact must be able to read
_TRIED: Final = 30  # cells that are tried
_NUMBERED: Final = re.compile(r"\d+$", re.ASCII)
_DECIMAL: Final = re.compile(r"[\d,]+\.\d+", re.ASCII)
_UNIT_ALONE: Final = re.compile(r"^.*(?:[:(]|\bin\b)", re.DOTALL)
_ORDERS: Final = frozenset(date_order.ORDERS)
_UNUSED: Final = ColumnUse(fact=None)
_BY_SHAPE: Final[tuple[Shape, ...]] = ("phone", "id_number")  # that facts have as their code


@dataclass(frozen=True)
class Guess:
    """A file's mapping as far as it shows, the guesses that are not certain among it."""

    mapping: Mapping
    columns: tuple[Guessed, ...]
    missing: tuple[str, ...]  # facts that every case must have and that stand nowhere
    date_orders: tuple[DateOrder, ...]  # one has to be chosen of these; none where it is no question
    sure_debts: bool = True  # whether that a row holds several debts is certain
    fault: IntakeError | None = None  # two columns that are called the same and are not the same
    date_forms: Known[str, SettledForms] = field(default_factory=dict)  # of columns of dates, by their headers

    @property
    def unconfirmed(self) -> tuple[Guessed, ...]:
        """The columns that somebody has to confirm."""
        return tuple(each for each in self.columns if each.sure != "certain")

    def check_confirmed(self) -> None:
        """Raise IntakeError while a guess that is not certain is taken for nothing but a guess."""
        if self.unconfirmed:
            columns = listed(said("notice.column", column=each.header.strip()) for each in self.unconfirmed)
            raise IntakeError("mapping.unconfirmed", n=len(self.unconfirmed), columns=columns)
        if self.date_orders:
            raise IntakeError("mapping.order_open")

    def with_suggestions(
        self, vocabulary: Vocabulary, missing: IntakeError, given: Container[str | None]
    ) -> IntakeError:
        """What is missing, with the columns that may be it."""
        names = missing_facts(vocabulary, given)
        wanted = {*names, *(fact.required_unless for fact in names.values())}
        maybe = [
            said("mapping.maybe", column=each.header.strip(), field=vocabulary.facts[each.use.fact].title)
            for each in self.unconfirmed
            if each.use.fact is not None and each.use.fact in wanted
        ]
        if not maybe:
            unlike = next((each for each in self.unconfirmed if not wanted.isdisjoint(each.called)), None)
            if unlike is None:
                return missing
            fault = Text(zh=missing.zh, en=missing.en)
            return IntakeError("mapping.contradicted", fault=fault, column=unlike.header.strip(), why=unlike.why)
        return IntakeError("mapping.suggestion", fault=Text(zh=missing.zh, en=missing.en), columns=listed(maybe))

    @property
    def certain(self) -> Mapping:
        """The mapping with nothing in it that is not certain."""
        columns = {each.header: each.use if each.sure == "certain" else each.alone or _UNUSED for each in self.columns}
        debts = self.mapping.debts if self.sure_debts else {}
        return self.mapping.model_copy(update={"columns": columns, "debts": debts})


def guess(
    vocabulary: Vocabulary, source: SourceFile, given: Mapping | None = None, remembered: Remembered | None = None
) -> Guess:
    """What a file's columns hold: as it is given, as it was confirmed before, and else as it seems.

    Raises IntakeError if the mapping that is given cannot be followed.
    """
    given, past = given or Mapping(), remembered or Remembered()
    check(given, vocabulary, source.columns)
    base = with_remembered(past.whole or Mapping(), given)
    cells, lines = sample(source)
    guesser = _Guesser(vocabulary, around(source, lines), given, past)
    guesser.lookwith_remembered(source.columns)
    names = distinct(source.columns)
    named = zip(names, source.columns, cells, strict=True)
    columns: Sequence[Guessed] = [replace(guesser.column(*column), text=column[1]) for column in named]
    columns = with_parts(columns, cells, source.covered)
    columns, debts = wide.proposed(vocabulary, guesser.names, columns, cells, base)
    columns, fault = each_fact_once(vocabulary, columns, cells)
    columns = with_orders(vocabulary, guesser.with_units(columns), cells, base.date_order)
    columns = with_sizes(vocabulary, columns, cells, past.all_sizes if not added_by_rejects(names) else {})
    mapping = base.model_copy(
        update={"columns": {each.header: each.use for each in columns}, "debts": {**debts, **base.debts}}
    )
    left_open = open_orders(vocabulary, columns, cells) if base.date_order is None else ()
    place = {"sheet": mapping.sheet or source.sheet, "header_row": mapping.header_row or source.header_row or None}
    return Guess(
        mapping.model_copy(update=place),
        tuple(columns),
        missing=tuple(missing_facts(vocabulary, mapping.facts())),
        date_orders=left_open,
        sure_debts=not debts,
        fault=fault or guesser.refusal or _held_twice(vocabulary, columns, mapping),
        date_forms=settled_forms(vocabulary, columns, cells, base.date_order),
    )


def _held_twice(vocabulary: Vocabulary, columns: Sequence[Guessed], mapping: Mapping) -> IntakeError | None:
    """That a fact is said to be the same in every row, and a column certainly holds it."""
    held = {each.header: each.use for each in columns if each.sure == "certain"}
    try:
        check_held_once(mapping.model_copy(update={"columns": held}), vocabulary)
    except IntakeError as error:
        return error
    return None


class _Guesser:
    """Guesses one column after the other, each by itself."""

    def __init__(self, vocabulary: Vocabulary, beside: Known[str, Around], given: Mapping, past: Remembered) -> None:
        self.names = Names(vocabulary)
        self.refusal: IntakeError | None = None  # of a column that is called like a fact and is in another unit
        self._facts = {name: fact for name, fact in vocabulary.facts.items() if not fact.derived and not fact.given}
        self._around, self._given, self._past = beside, given, past
        self._vocabulary = vocabulary
        self._certain: set[str] = set()
        self._of_others = frozenset[str]()  # headers of columns behind somebody else's
        self._added = frozenset[str]()  # columns of a rejects file
        self._before: dict[str, str] = {}  # what columns of a rejects file were called in the file that it is from

    def lookwith_remembered(self, headers: Sequence[str]) -> None:
        """What a header means may hang on what the others are called."""
        known = (self.names.of(header) for header in headers)
        named = distinct(headers)
        self._added, self._before = added_by_rejects(named), dict(zip(named, as_submitted(named), strict=True))
        self._certain = {header.facts[0] for header in known if header is not None and header.sure}
        self._of_others = of_others(headers)

    @cached_property
    def _likeness(self) -> Likeness:
        return Likeness(self._vocabulary)

    @cached_property
    def _confirmed(self) -> dict[str, ColumnUse]:
        whole = self._past.whole
        return {} if whole is None else {folded(name): use for name, use in whole.columns.items()}

    @cached_property
    def _words(self) -> dict[str, set[str]]:
        return {name: set(words_of_values(fact)) for name, fact in self._facts.items() if fact.values}

    def column(self, header: str, text: str, cells: Sequence[object]) -> Guessed:
        """One column, by its header and by what that is among the others."""
        shape = shapes.shape_of(cells)
        if header in self._given.columns:
            return Guessed(header, self._given.columns[header], "certain", said("guess.given"), shape, GIVEN)
        if header in self._added:
            return Guessed(header, _UNUSED, "certain", said("guess.rejects"), shape)
        if (found := self._remembered(header, shape)) is not None:
            return found
        if text in self._of_others:
            return Guessed(header, _UNUSED, "certain", said("guess.unknown"), shape)
        known = self.names.of(text)
        if known is None and NOTES in self._facts and self._is_notes(_NUMBERED.sub("", folded(text))):
            return Guessed(header, ColumnUse(fact=NOTES), "certain", said("guess.name"), shape, BY_NAME)
        if known is None:
            return self._like(header, cells, shape)
        if not known.sure:
            return self._asked(header, known.facts, cells, shape)
        name = known.facts[0]
        if shape is not None and self._contradicts(shape, name):
            why = said("guess.contradicted", field=self._facts[name].title, shape=shapes.named(shape))
            return Guessed(header, _UNUSED, "open", why, shape, called=(name,))
        return Guessed(header, ColumnUse(fact=name), "certain", said("guess.name"), shape, BY_NAME)

    def _contradicts(self, shape: Shape | None, name: str) -> bool:
        """Whether such cells speak against a fact. Among rejected rows they do not: wrong cells are all there is."""
        return not self._added and shapes.contradicts(shape, self._facts[name])

    def with_units(self, columns: Sequence[Guessed]) -> list[Guessed]:
        """The guesses with their units. The unit of a group in which no amount is may be meant for the whole table."""
        groups = {self._around[each.header].group for each in columns}
        amounts = {
            self._around[each.header].group
            for each in columns
            if each.use.fact is not None and self._facts[each.use.fact].type == "money"
        }
        titles = tuple(sorted(group for group in groups - amounts if says_unit(group)))
        self._around = {name: replace(each, titles=(*each.titles, *titles)) for name, each in self._around.items()}
        return [self._with_unit(each) for each in columns]

    def _with_unit(self, each: Guessed) -> Guessed:
        """The guess with the unit that stands beside its header or above the table; left open where that is another.

        Raises IntakeError where the mapping that is given says another unit than the file.
        """
        name = each.use.fact
        if name is None:
            return each
        fact = self._facts[name]
        shown = unit_beside(self.names, name, fact, each.text, self._around[each.header])
        said_unit = None if each.use.unit is None else unit_named(fact, each.use.unit)
        if isinstance(said_unit, Unit):
            return self._as_said(each, said_unit, shown)
        if isinstance(shown, Refusal):
            if each.sure == "certain":
                self.refusal = self.refusal or IntakeError.of(shown.text)
            return replace(each, use=_UNUSED, sure="open", why=shown.text)
        if shown == OWN:
            return each
        short = _UNIT_ALONE.sub("", shown.name).strip(" )")  # of what stands above a table, the unit alone
        unit = short if unit_named(fact, short) == replace(shown, name=short) else shown.name
        use = each.use.model_copy(update={"unit": unit})
        return replace(each, use=use, unit_shown=True, stated=self._stated(each, name))

    def _stated(self, each: Guessed, name: str) -> str:
        """What says a column's unit where its header does not."""
        if unit_beside(self.names, name, self._facts[name], each.text, Around()) != OWN:
            return ""
        return stated_in(self._facts[name], self._around[each.header])

    def _as_said(self, each: Guessed, unit: Unit, shown: Unit | Refusal) -> Guessed:
        """A column in the unit that it is said to be in; a file that says another is not what was meant."""
        if isinstance(shown, Refusal):
            return self._against_its_header(each)
        if shown == OWN:
            return each
        if (shown.shift, shown.kinds & _ORDERS) == (unit.shift, unit.kinds & _ORDERS):
            return replace(each, unit_shown=True, stated=self._stated(each, each.use.fact or ""))
        if each.weight == GIVEN:
            raise IntakeError("mapping.unit_differs", column=each.text.strip(), unit=unit.name, shown=shown.name)
        why = said("guess.unit_differs", unit=unit.name, shown=shown.name)
        return replace(each, use=_UNUSED, sure="open", why=why)

    def _against_its_header(self, each: Guessed) -> Guessed:
        """A column that is said to be in a unit; what its own header says cannot be talked away, be it of dollars."""
        name = each.use.fact or ""
        own = unit_beside(self.names, name, self._facts[name], each.text, Around())
        if not isinstance(own, Refusal):
            return each
        if each.weight == GIVEN:
            raise IntakeError.of(own.text)
        return replace(each, use=_UNUSED, sure="open", why=own.text)

    def _is_notes(self, name: str) -> bool:
        known = self.names.of(name)
        return known is not None and known.sure and known.facts[0] == NOTES

    def _asked(self, header: str, names: Sequence[str], cells: Sequence[object], shape: Shape | None) -> Guessed:
        """A header that may mean these facts, or something else."""
        likeliest = sorted((name for name in names if name in self._facts), key=self._stood_in_for)
        fitting = [name for name in likeliest if self._readable(name, cells, shape, OWN)]
        if not fitting:
            titles = listed(self._facts[name].title for name in names)
            why = said("guess.contradicted", field=titles, shape=shapes.named(shape or "mixed"))
            return Guessed(header, _UNUSED, "open", why, shape, called=tuple(names))
        why = said("guess.asked", field=self._facts[fitting[0]].title)
        return Guessed(
            header, ColumnUse(fact=fitting[0]), "likely", why, shape, PROPOSED + self._rank(fitting[0], header)
        )

    def _stood_in_for(self, name: str) -> bool:
        """Whether a file does without this fact, since a column of it holds the one that it stands in for."""
        return any(fact.required_unless == name and other in self._certain for other, fact in self._facts.items())

    def _rank(self, name: str, header: str) -> float:
        """Of the headers that may mean a fact the pack names the likeliest first."""
        asks = [folded(each) for each in self._facts[name].asks]
        form = folded(header)
        return 1 - asks.index(form) / len(asks) if form in asks else 0.0

    def _remembered(self, header: str, shape: Shape | None) -> Guessed | None:
        before = folded(self._before[header])
        known = self._past.columns.get(folded(header)) or self._past.columns.get(before)
        use = self._confirmed.get(folded(header)) or self._confirmed.get(before)
        same = use is not None
        if use is None and known is not None:
            use = known.use
        if use is None:
            return None
        if use.fact is not None and (use.fact not in self._facts or self._contradicts(shape, use.fact)):
            return None  # another policy knew that fact
        if same:
            return Guessed(header, use, "certain", said("guess.same_file"), shape, SAME_FILE)
        if known is not None and (known.shape == shape or shape is None):
            return Guessed(header, use, "certain", said("guess.same_column"), shape, SAME_COLUMN)
        return Guessed(header, use, "likely", said("guess.other_shape"), shape, OTHER_SHAPE)

    def _like(self, header: str, cells: Sequence[object], shape: Shape | None) -> Guessed:
        found = self._likeness.best(header)
        for name, score in likest(found, self._facts):
            if score < _LIKE:
                break
            unit = unit_beside(self.names, name, self._facts[name], header, self._around[header])
            if isinstance(unit, Unit) and self._readable(name, cells, shape, unit):
                why = said("guess.like", field=self._facts[name].title)
                return Guessed(header, ColumnUse(fact=name), "likely", why, shape, score)
        if NOTES in self._facts and (
            (shape == "sentence" and not is_place(header))
            or (shape in ("mixed", "word", None) and sounds_like_notes(header) and _own_words(cells))
        ):
            return Guessed(header, ColumnUse(fact=NOTES), "likely", said("guess.sentences"), shape, 0.5)
        by_shape = None if is_anothers(header) else self._by_shape(shape)
        if shape is not None and by_shape is not None:
            why = said("guess.shape", shape=shapes.named(shape))
            return Guessed(header, ColumnUse(fact=by_shape), "likely", why, shape, 0.4)
        by_words = [] if is_anothers(header) else self._by_words(cells)
        if len(by_words) == 1:
            why = said("guess.words", field=self._facts[by_words[0]].title)
            return Guessed(header, ColumnUse(fact=by_words[0]), "likely", why, shape, 0.3)
        return Guessed(header, _UNUSED, "certain", said("guess.unknown"), shape)

    def _by_shape(self, shape: Shape | None) -> str | None:
        """The fact that such cells can only be, a phone or an ID number."""
        if shape not in _BY_SHAPE:
            return None
        return next((name for name, fact in self._facts.items() if fact.code == shape), None)

    def _readable(self, name: str, cells: Sequence[object], shape: Shape | None, unit: Unit) -> bool:
        """Whether the cells can be read as this fact, nearly all of them."""
        fact = self._facts[name]
        if shapes.contradicts(shape, fact) or (fact.type == "text" and shape == "sentence" and not fact.free):
            return False
        if fact.type == "text" and fact.code is None and shape in ("number", "long_number", "date"):
            return False
        if fact.code == "reference" and sum(map(_has_digit, cells)) * 2 < len(cells):
            return False  # names and words are no references
        if fact.values and shape == "number":
            return False
        if fact.values and fact.type != "list":
            words = {fold(str(cell)) for cell in cells[:_TRIED]}
            return not words or len(words & self._words[name]) * 2 >= len(words) or fact.type != "bool"
        if fact.type == "date" and shape == "date":
            return True
        tried = cells[:_TRIED]
        read = reader(fact, unit)
        return sum(_reads(read, cell) for cell in tried) >= _ENOUGH * len(tried)

    def _by_words(self, cells: Sequence[object]) -> list[str]:
        """The facts whose values these words are, beyond yes, no and none."""
        words = {fold(str(cell)) for cell in cells if isinstance(cell, str)}
        if not words or len(words) > _TRIED:
            return []
        fitting = []
        for name, known in self._words.items():
            if self._facts[name].type == "enum" and len(words & known) >= _ENOUGH * len(words):
                fitting.append(name)
        return fitting


def _reads(read: Reader, cell: object) -> bool:
    try:
        read(cell)
    except CellError:
        return False
    return True


def _has_digit(cell: object) -> bool:
    text = as_text(cell)
    return any(map(str.isdigit, text)) and not _DECIMAL.fullmatch(text)


def _own_words(cells: Sequence[object]) -> bool:
    """Whether these are words of one's own, not figures, and not a few codes over and over."""
    texts = [as_text(cell) for cell in cells]
    spoken = sum(any(map(str.isalpha, text)) for text in texts)
    return len(set(texts)) * 2 >= len(texts) and spoken * 2 >= len(texts)
