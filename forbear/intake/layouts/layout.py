"""Layout: how a row's cells become the raw cells of a case's facts, as the file's mapping has it."""

from collections.abc import Callable, Iterator, Sequence
from collections.abc import Mapping as Words
from operator import itemgetter
from types import MappingProxyType

from forbear.intake.columns import NOTES, added_by_rejects
from forbear.intake.date_order import SettledForms, in_order, order_in
from forbear.intake.headers import unit_named
from forbear.intake.layouts import wide
from forbear.intake.mapping import Mapping
from forbear.intake.source import SourceRow, Unread, as_text, is_blank, is_unread
from forbear.locale import said
from rules.facts.case_facts import FieldError
from rules.facts.cells import CellError, fold
from rules.facts.notation.units import Unit
from rules.locale import said as of_cell
from rules.pack.files.schema import Vocabulary


class Layout:
    """The places of the facts in a row; of a wide row, in each of the rows that it is read as."""

    def __init__(
        self,
        vocabulary: Vocabulary,
        names: Sequence[str],
        mapping: Mapping,
        date_forms: Words[str, SettledForms] = MappingProxyType({}),
    ) -> None:
        self._facts = vocabulary.facts
        self._constants = mapping.constants
        self._debts = mapping.debts
        uses = [mapping.columns.get(name) for name in names]
        held = [(at, use.fact, use.debt) for at, use in enumerate(uses) if use is not None and use.fact is not None]
        self.numbers = mapping.numbers
        self._notes = {
            number: [(at, names[at].strip()) for at, fact, debt in held if fact == NOTES and debt in (None, number)]
            for number in (None, *self.numbers)
        }
        self._plain = [(at, fact) for at, fact, debt in held if debt is None and fact != NOTES]
        self._plain_facts = tuple(fact for _, fact in self._plain)
        self._plain_cells = taker([at for at, _ in self._plain])
        self._of_debt = {number: [(at, fact) for at, fact, debt in held if debt == number] for number in self.numbers}
        self._words = {
            fact: {fold(word): value for word, value in words.items()}
            for fact, words in mapping.values.items()
            if words
        }
        facts = mapping.facts()
        self.units: dict[int | None, dict[str, Unit]] = {number: {} for number in (None, *self.numbers)}
        for use in uses:
            if use is not None and use.fact is not None and use.unit is not None:
                unit = unit_named(self._facts[use.fact], use.unit)
                if isinstance(unit, Unit):  # another was refused when the mapping was checked
                    self.units[use.debt][use.fact] = unit
        for number in self.numbers:
            self.units[number] = {**self.units[None], **self.units[number]}
        self.dates = [(at, fact, debt) for at, fact, debt in held if self._facts[fact].type == "date"]
        forms = {(fact, debt): date_forms.get(names[at]) for at, fact, debt in self.dates}
        self._dates = {
            number: [
                (
                    name,
                    order_in(units.get(name)) or mapping.date_order,
                    forms.get((name, number), forms.get((name, None))),
                )
                for name in facts
                if self._facts[name].type == "date"
            ]
            for number, units in self.units.items()
        }
        self.amounts = [each for each in held if self._facts[each[1]].type in ("money", "rate", "int")]
        self.codes = [(at, fact) for at, fact, _ in held if self._facts[fact].code is not None]
        self.fields: list[str | None] = [None if use is None else use.fact for use in uses]
        added = added_by_rejects(names)
        self.others = [(at, name) for at, name in enumerate(names) if self.fields[at] is None and name not in added]
        self.private = [name for name in facts if self._facts[name].private]

    def rows(self, row: SourceRow) -> Iterator[tuple[SourceRow, int | None]]:
        """The rows that a row is read as: itself, or one for each debt in it, without the cells of the others."""
        if not self.numbers:
            yield row, None
            return
        if row.error is not None:
            yield row._replace(number=row.number * wide.SCALE), None
            return
        given = [number for number in self.numbers if self._has(number, row.cells)]
        for number in given or self.numbers[:1]:  # a row without any debt comes back by what its first one lacks
            cells = list(row.cells)
            for other, places in self._of_debt.items():
                if other != number:
                    for at, _ in places:
                        cells[at] = None
            yield SourceRow(row.number * wide.SCALE + number, cells), number

    def _has(self, number: int, cells: Sequence[object]) -> bool:
        return not is_blank([cells[at] for at, _ in self._of_debt[number]])

    def raw(self, cells: Sequence[object], debt: int | None) -> tuple[dict[str, object], list[FieldError]]:
        """The cells by their facts, and what is wrong with them already."""
        given: dict[str, object] = dict(zip(self._plain_facts, self._plain_cells(cells), strict=True))
        if notes := self._notes[debt]:
            given[NOTES] = _lines(cells[notes[0][0]]) if len(notes) == 1 else _joined(notes, cells)
        if self._constants:
            given |= self._constants
        if debt is not None:
            self._number(given, cells, debt)
        for fact, words in self._words.items():
            if (value := words.get(fold(as_text(given.get(fact))))) is not None:
                given[fact] = value
        return given, self._faults(given, debt)

    def _number(self, given: dict[str, object], cells: Sequence[object], debt: int) -> None:
        """Put in what is of one debt; its reference is the row's with the number of the debt."""
        given |= {fact: cells[at] for at, fact in self._of_debt[debt] if fact != NOTES}
        given |= self._debts.get(debt, {})
        borrower = as_text(given.get("borrower_ref")).strip()
        if is_unread(given.get("case_ref")):
            return
        if reference := as_text(given.get("case_ref")).strip() or borrower:
            given["case_ref"] = f"{reference}-{debt}"
            if "borrower_ref" in self._facts:
                given["borrower_ref"] = borrower or reference

    def _faults(self, given: dict[str, object], debt: int | None) -> list[FieldError]:
        """What nobody can know or read, put aside; dates are brought into the order in which they are read."""
        errors = []
        for name, cell in given.items() if Unread in map(type, given.values()) else ():
            if type(cell) is Unread:
                errors.append(FieldError.of(name, said("row.unread", field=self._facts[name].title, why=cell.why)))
                given[name] = None
        for name, order, forms in self._dates[debt]:
            cell = given.get(name)
            if type(cell) is str and cell and cell[4:5] != "-":
                try:
                    given[name] = in_order(cell, order, forms)
                except CellError as error:
                    why = of_cell("field.cell", field=self._facts[name].title, error=error.text)
                    errors.append(FieldError.of(name, why))
                    given[name] = None
        return errors


def taker(places: Sequence[int]) -> Callable[[Sequence[object]], tuple[object, ...]]:
    """The function that takes these cells of a row."""
    if len(places) > 1:
        return itemgetter(*places)
    return lambda cells: tuple(cells[at] for at in places)


def _lines(cell: object) -> object:
    """Notes that are a list of texts as one."""
    return "\n".join(cell) if isinstance(cell, list) and all(isinstance(each, str) for each in cell) else cell


def _joined(notes: Sequence[tuple[int, str]], cells: Sequence[object]) -> object:
    """Several columns of notes as one text, each with its header; where one cannot be read, that one."""
    for at, _ in notes:
        if is_unread(cells[at]):
            return cells[at]
    filled = ((name, as_text(cells[at]).strip()) for at, name in notes)
    return "\n".join(f"{name}: {text}" for name, text in filled if text)
