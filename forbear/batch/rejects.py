"""Rejects: what their columns are called in a file, and what of them is shown and given out, personal cells masked."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from forbear.base.masks import mask
from forbear.intake import ColumnUse, Mapping, Rejected
from forbear.intake.columns import added_by_rejects, as_masked, named, taken_as
from forbear.intake.date_order import ORDERS, WRITTEN
from forbear.intake.headers import Around, Names, unit_beside, unit_named
from forbear.intake.source import distinct
from rules.facts.cells import shown as quote
from rules.facts.notation.personal import number_in_code
from rules.facts.notation.units import Unit
from rules.pack.files.schema import Text, Vocabulary

_HIDDEN: Final = "****"
# What stands in a cell at fault is no value of its fact, and may be whatever stood in the next column: of such, only a
# short number, with a letter of its unit, or a day is nobody's name.
_HARMLESS: Final = re.compile(r"\d{4}\D\d{1,2}(\D\d{1,2})?\D?|[^\w@]*((\d[^\w@]*){1,6}[^\W\d_]?)?\s*")


@dataclass(frozen=True)
class CellFault:
    """One field of a row that was not accepted. The cell is None where it is personal or may be."""

    field: str
    title: Text
    cell: str | None


@dataclass(frozen=True)
class Reject:
    """A row that was not accepted and what to correct in it."""

    row: int
    case_ref: str | None
    faults: tuple[CellFault, ...]
    why: Text


def head_of(vocabulary: Vocabulary, columns: Sequence[str], mapping: Mapping | None) -> list[str]:
    """The columns of a rejects file: as they came, with what each was taken as where its own name does not say it.

    A unit above the table, or an order of dates that only other rows show, is not there any more when they come again.
    """
    if mapping is None:
        return list(columns)
    names = Names(vocabulary)
    pairs = zip(columns, distinct(columns), strict=True)
    return [_with_meaning(vocabulary, names, column, mapping, mapping.columns.get(name)) for column, name in pairs]


def _with_meaning(vocabulary: Vocabulary, names: Names, column: str, mapping: Mapping, use: ColumnUse | None) -> str:
    fact = None if use is None or use.fact is None else vocabulary.facts.get(use.fact)
    if use is None or use.fact is None or fact is None:
        return column
    of_all = WRITTEN[mapping.date_order] if fact.type == "date" and mapping.date_order is not None else None
    written = use.unit or of_all
    unit = None if written is None else unit_named(fact, written)
    beside = unit_beside(names, use.fact, fact, column, Around())
    if written is None or not isinstance(unit, Unit) or (isinstance(beside, Unit) and _means(beside) == _means(unit)):
        return column
    return taken_as(column, written)


def _means(unit: Unit) -> tuple[int, frozenset[str]]:
    return unit.shift, unit.kinds.intersection(ORDERS)


def shown(
    vocabulary: Vocabulary,
    columns: Sequence[str],
    rejected: Iterable[Rejected],
    mapping: Mapping | None,
    *,
    whole: bool = True,
) -> Iterator[Reject]:
    """Rejected rows of a file with these columns, for people. Of a column that nobody knows, nothing is shown.

    Without the mapping by which it was read, as before there were any, the headers say what was in its columns. Who did
    not hand them in is not shown the `whole` of what is no column for personal data either, as by `masked`.
    """
    if not whole:
        _, rejected = masked(vocabulary, columns, mapping, columns, rejected)
    places: dict[str, list[int]] = {}
    for position, field in enumerate(_fields(vocabulary, columns, mapping)):
        if field is not None:
            places.setdefault(field, []).append(position)
    for row in rejected:
        yield Reject(
            row=row.row,
            case_ref=_cell(places, row, "case_ref").strip() or None,
            faults=tuple(_fault(vocabulary, places, row, field) for field in row.field.split(";") if field),
            why=Text(zh=row.zh, en=row.en),
        )


def masked(
    vocabulary: Vocabulary,
    columns: Sequence[str],
    mapping: Mapping | None,
    head: Sequence[str],
    rejected: Iterable[Rejected],
) -> tuple[list[str], Iterator[Rejected]]:
    """The same head and rows with whatever is personal or may be masked, and the columns it is in named so.

    That are private facts, columns that nobody knows, somebody's number in any other, and what is no value of its fact.
    """
    added, facts = added_by_rejects(distinct(columns)), vocabulary.facts
    fields = _fields(vocabulary, columns, mapping)
    closed = {
        at: field
        for at, (field, name) in enumerate(zip(fields, distinct(columns), strict=True))
        if name not in added and (field is None or field not in facts or facts[field].private)
    }
    names = [as_masked(name) if at in closed else name for at, name in enumerate(head)]
    return names, (_masked(row, closed, fields) for row in rejected)


def _masked(row: Rejected, closed: dict[int, str | None], fields: Sequence[str | None]) -> Rejected:
    zh, en, cells, wrong = row.zh, row.en, list(row.cells), row.field.split(";")
    for at, cell in enumerate(row.cells):
        at_fault = at < len(fields) and fields[at] in wrong and not _HARMLESS.fullmatch(cell.strip())
        if at in closed and cell.strip():
            cells[at] = mask(closed[at] or "", cell) or _HIDDEN
        elif number_in_code(cell) is not None or at_fault:
            cells[at], quoted, instead = _HIDDEN, quote(cell), quote(_HIDDEN)
            zh, en = zh.replace(quoted.zh, instead.zh), en.replace(quoted.en, instead.en)
            zh, en = (sentence.replace(cell.strip(), _HIDDEN) for sentence in (zh, en))
    return replace(row, zh=zh, en=en, cells=tuple(cells))


def _fields(vocabulary: Vocabulary, columns: Sequence[str], mapping: Mapping | None) -> list[str | None]:
    if mapping is None:
        return named(vocabulary, columns)
    uses = (mapping.columns.get(name) for name in distinct(columns))
    return [None if use is None else use.fact for use in uses]


def _cell(places: dict[str, list[int]], row: Rejected, field: str) -> str:
    """The cell of a fact; of several columns, as with the debts of a wide row, the one that is filled."""
    cells = [row.cells[at] for at in places.get(field, ())]
    return next((cell for cell in cells if cell.strip()), "")


def _fault(vocabulary: Vocabulary, places: dict[str, list[int]], row: Rejected, field: str) -> CellFault:
    fact = vocabulary.facts.get(field)
    if fact is None:
        return CellFault(field, Text(zh=field, en=field), None)
    cell = _cell(places, row, field)
    return CellFault(field, fact.title, None if fact.private or cell == _HIDDEN else cell)
