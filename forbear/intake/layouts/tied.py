"""Tied sheets: persons in one, their debts in another, read as one table by the number that both have."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Final

from forbear.intake.headers import folded, units_above
from forbear.intake.mapping import Mapping, Persons
from forbear.intake.source import IntakeError, SourceFile, SourceRow, as_text
from forbear.locale import said
from rules.facts.case_facts import FieldError
from rules.facts.notation.letters import one_form
from rules.pack.files.schema import Text

_LOOKED_AT: Final = 5_000  # rows of each sheet, to see whether they belong together
MOST_PERSONS: Final = 200_000  # all are held in memory


class _People:
    """The rows of persons by their number, and which of them were asked for."""

    def __init__(self, persons: SourceFile, key: int) -> None:
        self.rows: dict[str, list[object] | None] = {}  # None where two rows of one number differ
        self.places: dict[str, int] = {}  # the number of the first row
        self.asked: set[str] = set()
        self.faulty = 0
        self.spare: list[SourceRow] = []  # that nobody can be tied to
        for row in persons:
            number = one_form(as_text(row.cells[key]).strip())
            cells = [cell for at, cell in enumerate(row.cells) if at != key]
            if row.error is not None or not number:
                self.faulty += 1
                self.spare.append(SourceRow(row.number, cells))
                continue
            known = self.rows.setdefault(number, cells)
            place = self.places.setdefault(number, row.number)
            if known != cells:
                self.rows[number] = None
                self.spare.extend((SourceRow(row.number, cells), *([SourceRow(place, known)] if known else [])))
            if len(self.rows) + len(self.spare) > MOST_PERSONS:
                raise IntakeError("persons.too_many", name=persons.path.name, sheet=persons.sheet, most=MOST_PERSONS)

    def without_debt(self) -> Iterator[SourceRow]:
        """The rows that came into no case."""
        for number, cells in self.rows.items():
            if number not in self.asked and cells is not None:
                yield SourceRow(self.places[number], cells)
        yield from self.spare


def tied(debts: SourceFile, persons: SourceFile, tie: Persons) -> SourceFile:
    """The rows of debts, each with the cells of its person behind its own. Raises IntakeError."""
    if units_above(debts.titles) != units_above(persons.titles):
        raise IntakeError("persons.units", one=debts.sheet, other=persons.sheet)
    at, place = _place(debts, tie), _place(persons, tie)
    people = _People(persons, place)
    others = [name for position, name in enumerate(persons.columns) if position != place]
    own = {folded(name) for name in debts.columns}
    named = [f"{persons.sheet} {name}" if folded(name) in own else name for name in others]

    def without_debt() -> Iterator[SourceRow]:
        for row in people.without_debt():
            yield SourceRow(row.number, [*[None] * len(debts.columns), *row.cells])

    def rows() -> Iterator[SourceRow]:
        people.asked.clear()
        for row in debts.read_rows():
            yield _with_person(row, at, people, len(others), debts.columns[at])

    def told() -> Iterator[Text]:
        yield from debts.notices
        yield said("notice.tied", sheet=persons.sheet, key_name=tie.key)
        if people.faulty:
            yield said("notice.persons_unread", n=people.faulty, sheet=persons.sheet)
        if idle := len(people.rows) - len(people.asked):
            yield said("notice.persons_without_debt", n=idle, sheet=persons.sheet)

    return replace(debts, columns=[*debts.columns, *named], read_rows=rows, told=told, left_out=without_debt)


def proposed(one: SourceFile, other: SourceFile) -> Mapping | None:
    """Two sheets as debts and their persons, where a column of both has every number of the one once in the other."""
    headers = {folded(name): name for name in one.columns if name.strip()}
    first, others = _first_rows(one), _first_rows(other)
    for name in other.columns:
        if folded(name) not in headers:
            continue
        for (debts, rows), (persons, people) in (((one, first), (other, others)), ((other, others), (one, first))):
            tie = Persons(sheet=persons.sheet or "", key=headers[folded(name)])
            many, once = _numbers(rows, _place(debts, tie)), _numbers(people, _place(persons, tie))
            if many and len(set(once)) == len(once) and len(set(many)) < len(many) and set(many) <= set(once):
                return Mapping(sheet=debts.sheet, persons=tie)
    return None


def _first_rows(source: SourceFile) -> list[SourceRow]:
    return [row for row in islice(source, _LOOKED_AT) if row.error is None]


def _numbers(rows: Sequence[SourceRow], at: int) -> list[str]:
    texts = (one_form(as_text(row.cells[at]).strip()) for row in rows)
    return [text for text in texts if text]


def _place(source: SourceFile, tie: Persons) -> int:
    for position, name in enumerate(source.columns):
        if folded(name) == folded(tie.key):
            return position
    raise IntakeError("persons.no_key", key_name=tie.key, sheet=source.sheet or source.path.name)


def _with_person(row: SourceRow, at: int, people: _People, width: int, column: str) -> SourceRow:
    number = one_form(as_text(row.cells[at]).strip())
    cells = people.rows.get(number)
    error = row.error
    if cells is not None:
        people.asked.add(number)
    elif error is None and number:
        key = "row.person_twice" if number in people.rows else "row.no_person"
        people.asked.update({number} & people.rows.keys())
        error = FieldError.of(column, said(key, number=as_text(row.cells[at]).strip()))
    elif error is None:
        error = FieldError.of(column, said("row.no_number", column=column.strip()))
    return SourceRow(row.number, [*row.cells, *(cells or [None] * width)], error)
