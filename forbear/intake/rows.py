"""From rows of cells to cases: typed facts with personal data set apart, or a rejection that says what to correct."""

import datetime as dt
from array import array
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Mapping as Titles
from dataclasses import dataclass
from dataclasses import field as part
from itertools import chain, islice
from pathlib import Path

from forbear.intake import beside
from forbear.intake.columns import NOTES, added_by_rejects, missing_columns, refuse_masked, why_no_header
from forbear.intake.date_order import SettledForms, half_converted
from forbear.intake.formats.tables.no_cases import TOTAL
from forbear.intake.formats.tables.totals import is_label
from forbear.intake.formats.text_files import is_readable, readable
from forbear.intake.guessing.commas import Commas
from forbear.intake.guessing.guess import Guess, guess
from forbear.intake.guessing.legends import leaves
from forbear.intake.guessing.remembered import Remembered
from forbear.intake.guessing.scales import Scales
from forbear.intake.layouts import wide
from forbear.intake.layouts.layout import Layout, taker
from forbear.intake.layouts.parts import Parts
from forbear.intake.mapping import Mapping
from forbear.intake.notices import asked_notices, comma_notices, notices_of
from forbear.intake.source import MAX_CELL, Remark, SourceFile, SourceRow, Unread, as_text, distinct
from forbear.locale import said
from rules.facts.case_facts import Facts, FieldError, Parser, display
from rules.facts.cells import shown
from rules.facts.doubts import SAMPLE, RowDoubts, columns_in_doubt
from rules.facts.notation.codes import UNREAD, lengths_with_lost_digits
from rules.facts.notation.garbled import is_garbled
from rules.facts.notation.letters import one_form
from rules.locale import said as of_cell
from rules.pack.files.doubts import IN_DOUBT, Below
from rules.pack.files.schema import Text, Vocabulary

_QUOTED = 40  # letters of a cell that a sentence quotes
_NAMES = ("case_ref", "borrower_ref", "name")  # where a row of totals is called so


@dataclass(frozen=True, slots=True)
class Accepted:
    """A row that is a case."""

    row: int
    case_ref: str
    borrower_ref: str | None
    facts: Facts
    private: dict[str, str]
    extra: dict[str, str]  # the unknown columns' filled cells


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that is none, with its cells as they came. Several fields and sentences are joined."""

    row: int
    field: str
    zh: str
    en: str
    cells: tuple[str, ...]
    faults: tuple[FieldError, ...] = part(default=(), compare=False)  # each by itself; not kept with the batch

    @property
    def error(self) -> str:
        """What a rejects file says."""
        return f"{self.zh} / {self.en}"


@dataclass(frozen=True)
class Intake:
    """A file whose columns are understood; iterating gives its rows, every one of them."""

    path: Path
    columns: list[str]
    unknown: list[str]  # the columns that no fact is in
    fields: list[str | None]  # the fact of each column
    mapping: Mapping  # as it is followed
    guess: Guess  # and what it was taken from
    _source: SourceFile
    _vocabulary: Vocabulary
    _asked: dict[str, list[int]] = part(default_factory=dict)  # by doubt, the rows in which a value was left out
    _commas: Commas = part(default_factory=Commas)

    def __iter__(self) -> Iterator[Accepted | Rejected]:
        return self.on(None)

    def on(self, as_of: dt.date | None) -> Iterator[Accepted | Rejected]:
        """Every row as it is read on the day of triage: what is said to have happened later is refused."""
        self._asked.clear()
        reader = _RowReader(
            self._vocabulary, self.columns, self.mapping, as_of, self._asked, self.guess.date_forms, self._commas
        )
        rows = Parts(self._vocabulary, self.guess, self.mapping).rows(iter(self._source))
        first = list(islice(rows, SAMPLE))
        reader.look_over(first)
        for row in chain(first, rows):
            yield from reader.read(row)

    def _place(self, row: int) -> int:
        """Where a row stands in the file, by the file's own count."""
        return self._source.header_row + (row // wide.SCALE if self.mapping.numbers else row)

    def left_out(self) -> Iterator[SourceRow]:
        """Rows of the file that came into no case and are no rejected rows, once all were read."""
        yield from self._source.left_out()

    @property
    def remarks(self) -> Iterator[Remark]:
        """What the file says beside its rows."""
        return self._source.remarks

    @property
    def notices(self) -> tuple[Text, ...]:
        """What is not used, adjusted or still open, in sentences; what only the rows show, once they are read."""
        asked = asked_notices(self._vocabulary, self._asked, self._place)
        return (
            *notices_of(self._vocabulary, self._source, self.guess, self.mapping),
            *comma_notices(self._commas, self._place),
            *asked,
        )


def understand(
    source: SourceFile, vocabulary: Vocabulary, given: Mapping | None = None, remembered: Remembered | None = None
) -> Intake:
    """Find the facts of a source's columns: as given, as confirmed before, else those that are certain.

    Raises IntakeError if one is missing or given twice, or if the mapping that is given cannot be followed.
    """
    guessed = guess(vocabulary, source, given, remembered)
    if guessed.fault is not None:
        raise guessed.fault
    return follow(source, vocabulary, guessed, guessed.certain)


def follow(source: SourceFile, vocabulary: Vocabulary, guessed: Guess, mapping: Mapping) -> Intake:
    """Read a source by a mapping of all its columns. Raises IntakeError for a missing fact or masked cells."""
    refuse_masked(source.columns)
    fault = missing_columns(vocabulary, mapping.facts())
    if fault is not None:
        raise why_no_header(source, vocabulary, fault) or guessed.with_suggestions(vocabulary, fault, mapping.facts())
    names = distinct(source.columns)
    fields = [mapping.columns[name].fact for name in names]
    added = added_by_rejects(names)
    unknown = [
        column
        for column, name, field in zip(source.columns, names, fields, strict=True)
        if field is None and column.strip() and name not in added
    ]
    return Intake(source.path, source.columns, unknown, fields, mapping, guessed, source, vocabulary)


class _RowReader:
    """Reads the rows of one file in order, remembering which case references it has met."""

    def __init__(
        self,
        vocabulary: Vocabulary,
        columns: list[str],
        mapping: Mapping,
        as_of: dt.date | None,
        asked: dict[str, list[int]],
        date_forms: Titles[str, SettledForms],
        commas: Commas,
    ) -> None:
        self._vocabulary, self._asked, self._commas, self._scales = vocabulary, asked, commas, Scales()
        self._doubts = RowDoubts(vocabulary, as_of)
        self._columns: dict[int | None, dict[str, FieldError]] = {}  # that are in doubt as a whole
        self._lost: dict[str, dict[int, int]] = {}  # of codes, the lengths at which last digits were lost
        self._as_of = as_of
        self._past = past_of(vocabulary)
        self._layout = Layout(vocabulary, distinct(columns), mapping, date_forms)
        self._amounts = taker([at for at, _, _ in self._layout.amounts])
        self._parsers = {debt: Parser(vocabulary, units=units) for debt, units in self._layout.units.items()}
        self._met = _Met()

    def look_over(self, rows: Sequence[SourceRow]) -> None:
        """Judge the columns by the first rows: a unit shows in many numbers where it does not in one."""
        read: dict[int | None, list[Facts]] = {debt: [] for debt in self._layout.units}
        codes: dict[str, list[str]] = {name: [] for _, name in self._layout.codes}
        for row in rows:
            for each, debt in self._layout.rows(row):
                if each.error is None:
                    read[debt].append(self._facts(each, debt)[0])
            for at, name in self._layout.codes if row.error is None else ():
                codes[name].append(as_text(row.cells[at]).strip())
        amounts = [(at, row.cells[at]) for row in rows if row.error is None for at, _, _ in self._layout.amounts]
        self._commas.start(cell for _, cell in amounts)
        self._scales.start(amounts, [at for at, name, debt in self._layout.amounts if self._says_unit(name, debt)])
        self._lost = {name: found for name, texts in codes.items() if (found := lengths_with_lost_digits(texts))}
        self._columns = {
            debt: columns_in_doubt(self._vocabulary, facts, self._sure(debt)) for debt, facts in read.items()
        }
        for at, fact, debt in self._layout.dates:
            if half_converted(row.cells[at] for row in rows if row.error is None):
                title = self._vocabulary.facts[fact].title
                for number in self._columns if debt is None else [debt]:
                    self._columns[number][fact] = FieldError.of(fact, said("row.half_converted", field=title))

    def _says_unit(self, name: str, debt: int | None) -> bool:
        """Whether a column is no amount of money, or the file says its unit."""
        unit = self._layout.units[debt].get(name)
        return self._vocabulary.facts[name].type != "money" or (unit is not None and bool(unit.kinds or unit.shift))

    def _sure(self, debt: int | None) -> set[str]:
        units = self._layout.units[debt]
        return {name for name, unit in units.items() if not unit.kinds.isdisjoint(("yuan", "coins", "month"))}

    def read(self, row: SourceRow) -> Iterator[Accepted | Rejected]:
        """What one row comes to: one case or rejection, or one of each debt in it."""
        for each, debt in self._layout.rows(row):
            yield self._read(each, debt)

    def _facts(self, row: SourceRow, debt: int | None) -> tuple[Facts, list[FieldError]]:
        raw, faults = self._layout.raw(row.cells, debt)
        return self._parsers[debt].parse(raw, faults)

    def _read(self, row: SourceRow, debt: int | None) -> Accepted | Rejected:
        number, cells, error = row
        if error is not None:
            return _rejected(row, [error])
        facts, errors = self._facts(row, debt)
        errors.extend(self._read_either_way(number, cells))
        if any(is_label(str(facts[name]), bare=True) for name in _NAMES if name in facts):
            return _rejected(row, [TOTAL])
        if self._as_of is not None:
            errors.extend(ahead(self._past, facts, self._as_of))
        errors.extend(self._doubts.of(facts))
        errors.extend(error for name, error in self._columns[debt].items() if facts.get(name))
        errors.extend(self._digits_lost(facts))
        extra: dict[str, str] = {}
        for position, name in self._layout.others:
            text = as_text(cells[position])
            if len(text) > MAX_CELL:
                errors.append(_too_long(name))
            elif not is_readable(text) or is_garbled(text):
                errors.append(FieldError.of(name, said("row.letters_unreadable", name=name)))
            elif text and not text.isspace():
                extra[name] = readable(text)
        errors.extend(
            beside.faults(self._vocabulary, facts, self._layout.units[debt], self._beside(cells, extra, facts))
        )
        if errors:
            return _rejected(row, errors)
        case_ref = str(facts["case_ref"])
        first = self._met.first(case_ref, number)
        if first is not None:
            return _rejected(row, [_duplicate(case_ref, *first)])
        self._leave_out(facts, extra, number, debt)
        private = {name: str(facts.pop(name)) for name in self._layout.private if name in facts}
        borrower = facts.get("borrower_ref")
        return Accepted(number, case_ref, None if borrower is None else str(borrower), facts, private, extra)

    def _beside(self, cells: Sequence[object], extra: Titles[str, str], facts: Facts) -> Iterator[tuple[str, str]]:
        """What stands beside the facts of a row, by its header: what is not used, parts of it in JSON, and notes."""
        yield from extra.items()
        for position, name in self._layout.others:
            if isinstance(cells[position], dict | list):
                found = leaves((name,), cells[position])
                yield from ((".".join(keys), text) for keys, text in found if not beside.is_span(text))
        if (notes := facts.get(NOTES)) is not None:
            yield self._vocabulary.facts[NOTES].title.zh, str(notes)

    def _read_either_way(self, number: int, cells: Sequence[object]) -> Iterable[FieldError]:
        """A fault for each 12,345 of a file that has 3,5 too, and for 12 in a column that has 1.2万."""
        in_doubt = self._scales.any_said or any("," in cell for cell in self._amounts(cells) if type(cell) is str)
        return self._each_way(number, cells) if in_doubt else ()

    def _each_way(self, number: int, cells: Sequence[object]) -> Iterator[FieldError]:
        amounts = self._layout.amounts
        self._commas.note(number, (cells[at] for at, _, _ in amounts))
        for at, name, _ in amounts:
            cell, title = cells[at], self._vocabulary.facts[name].title
            if self._commas.is_either(cell):
                yield FieldError.of(name, said("row.comma", field=title, cell=as_text(cell)[:_QUOTED]))
            elif (like := self._scales.beside(at, cell)) is not None:
                values = {"field": title, "cell": as_text(cell)[:_QUOTED], "like": like[:_QUOTED]}
                yield FieldError.of(name, said("row.bare_number", **values))

    def _digits_lost(self, facts: Facts) -> Iterator[FieldError]:
        for name, lengths in self._lost.items():
            text = str(facts.get(name, ""))
            if (lost := lengths.get(len(text))) is not None and text.endswith("0" * lost) and text.isdigit():
                why = of_cell("cell.zeros_for_digits", cell=shown(text))
                yield FieldError.of(name, of_cell("field.cell", field=self._vocabulary.facts[name].title, error=why))

    def _leave_out(self, facts: Facts, extra: dict[str, str], row: int, debt: int | None) -> None:
        """Take out what is in doubt and is asked for; it is kept among what is not used.

        Where the file says that a column is in yuan, little is little.
        """
        doubted = self._doubts.to_ask(facts)
        if not doubted:
            return
        doubts, sure = self._vocabulary.doubts, self._sure(debt)
        doubted = {
            field: doubt
            for field, doubt in doubted.items()
            if field not in sure or not isinstance(doubts[doubt], Below)
        }
        if not doubted:
            return
        for field, doubt in doubted.items():
            extra[field] = display(self._vocabulary, field, facts.pop(field), "zh")
            self._asked.setdefault(doubt, []).append(row)
        facts[IN_DOUBT] = tuple(sorted(doubted.values()))


def past_of(vocabulary: Vocabulary) -> dict[str, Text]:
    """The facts that are days of what has happened, with their titles."""
    return {name: fact.title for name, fact in vocabulary.facts.items() if fact.past}


def ahead(past: Titles[str, Text], facts: Facts, as_of: dt.date) -> Iterator[FieldError]:
    """The dates of what has happened that lie ahead: a mistyped year would turn a clock into a calm one."""
    for name, title in past.items():
        day = facts.get(name)
        if isinstance(day, dt.date) and day > as_of:
            yield FieldError.of(name, said("row.day_ahead", field=title, day=day, as_of=as_of))


class _Met:
    """The row of each case reference: 32 to 64 bytes each, a dictionary would take 170.

    A table of 64-bit hashes with open addressing. Two different references of a million share a hash once in 37 million
    files; str hashes are salted anew in each process, so nobody can arrange it.
    """

    def __init__(self) -> None:
        self._count = 0
        self._resize(1024)

    def _resize(self, size: int) -> None:
        self._mask = size - 1
        self._hashes = array("Q", bytes(8 * size))
        self._rows = array("I", bytes(4 * size))
        self._spelled = array("I", bytes(4 * size))

    def first(self, case_ref: str, row: int) -> tuple[int, bool] | None:
        """The row that had this reference before, and whether spelled the same; None if this is the first.

        A reference is known by one form: ＦＢ-1 and fb-1 are FB-1, which a person could not tell apart by ear.
        """
        key = hash(one_form(case_ref)) & 0xFFFF_FFFF_FFFF_FFFF or 1
        spelled = hash(case_ref) & 0xFFFF_FFFF
        slot = self._slot(key)
        if self._hashes[slot]:
            return self._rows[slot], self._spelled[slot] == spelled
        self._hashes[slot], self._rows[slot], self._spelled[slot] = key, row, spelled
        self._count += 1
        if self._count * 2 > self._mask:
            self._grow()
        return None

    def _slot(self, key: int) -> int:
        slot = key & self._mask
        while self._hashes[slot] not in (0, key):
            slot = (slot + 1) & self._mask
        return slot

    def _grow(self) -> None:
        before = self._hashes, self._rows, self._spelled
        self._resize(2 * len(self._hashes))
        for key, row, spelled in zip(*before, strict=True):
            if key:
                slot = self._slot(key)
                self._hashes[slot], self._rows[slot], self._spelled[slot] = key, row, spelled


def _rejected(row: SourceRow, errors: list[FieldError]) -> Rejected:
    return Rejected(
        row.number,
        ";".join(dict.fromkeys(error.field for error in errors)),
        "".join(error.zh for error in errors),
        " ".join(error.en for error in errors),
        tuple(readable(_sent_back(cell)) for cell in row.cells),
        tuple(errors),
    )


def _sent_back(cell: object) -> str:
    """A cell as it stands among the rejects: what was no value is none either when it comes again as it is."""
    return f"{UNREAD} {cell.text}" if isinstance(cell, Unread) else as_text(cell)


def _duplicate(case_ref: str, first: int, same: bool) -> FieldError:
    key = "row.duplicate" if same else "row.duplicate_spelling"
    return FieldError.of("case_ref", said(key, case_ref=case_ref, first=first))


def _too_long(name: str) -> FieldError:
    return FieldError.of(name, said("row.cell_too_long", name=name, most=MAX_CELL))
