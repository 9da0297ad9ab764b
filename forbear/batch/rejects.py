"""Rejects as pages show them: the row, the case and the cells at fault, personal ones hidden."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from forbear.intake import Rejected
from forbear.intake.columns import recognise
from rules.pack.files.schema import Text, Vocabulary


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


def shown(vocabulary: Vocabulary, columns: Iterable[str], rejected: Iterable[Rejected]) -> Iterator[Reject]:
    """Rejected rows of a file with these columns, for people. Of a column that nobody knows, nothing is shown."""
    fields = recognise(vocabulary, list(columns)).fields
    places = {field: position for position, field in enumerate(fields) if field is not None}
    for row in rejected:
        at = places.get("case_ref")
        yield Reject(
            row=row.row,
            case_ref=None if at is None else row.cells[at].strip() or None,
            faults=tuple(_fault(vocabulary, places, row, field) for field in row.field.split(";") if field),
            why=Text(zh=row.zh, en=row.en),
        )


def _fault(vocabulary: Vocabulary, places: dict[str, int], row: Rejected, field: str) -> CellFault:
    fact = vocabulary.facts.get(field)
    if fact is None:
        return CellFault(field, Text(zh=field, en=field), None)
    at = places.get(field)
    return CellFault(field, fact.title, None if fact.private else "" if at is None else row.cells[at])
