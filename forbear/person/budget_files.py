"""A budget as a file, out and in, in every format that tables come in."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from forbear.case.workflow import RefusedError
from forbear.intake import formats
from forbear.intake.formats.delimited import CSV
from forbear.intake.formats.format import Cell, Content
from forbear.intake.formats.workbooks.xlsx import XLSX
from forbear.intake.source import IntakeError, SourceChoice
from forbear.locale import said
from forbear.person.budget import PersonBudget, read_lines
from rules.facts.case_facts import FieldError
from rules.facts.cells import fold
from rules.pack.pack import Pack
from rules.text.plan_text import yuan

ENDINGS: Final = (XLSX.suffix, CSV.suffix)  # that a budget is offered in
NAME: Final = "budget"
_COLUMNS: Final = ("part", "line", "item", "amount")


def written(budget: PersonBudget, ending: str, folder: Path) -> Iterator[bytes]:
    """A budget as a file of this ending, each line a row, what is not known blank; drafts go into the folder."""
    return formats.FORMATS[ending].write(Content(lambda: iter(()), lambda: (_header(), list(_rows(budget)))), folder)


def read(pack: Pack, path: Path) -> dict[str, int | None]:
    """The amounts of a budget's file, by line, told by its name or title wherever the columns stand.

    Raises RefusedError with a sentence that says what to do.
    """
    kind = formats.format_of(path.name)
    if kind is None:
        raise RefusedError(FieldError.of("file", said("person.file_kind", endings=" ".join(formats.FORMATS))))
    names = _names(pack)
    try:
        source = kind.read(path, SourceChoice(known=_headings))
        given: dict[str, object] = {}
        for row in source.read_rows():
            cells = ["" if each is None else str(each).strip() for each in row.cells]
            named = [names[fold(each)] for each in cells if fold(each) in names]
            if named:
                given[named[0]] = next((each for each in reversed(cells) if fold(each) not in names), "")
    except IntakeError as error:
        raise RefusedError(FieldError("file", error.zh, error.en)) from None
    if not given:
        raise RefusedError(FieldError.of("file", said("person.no_lines")))
    return read_lines(pack, given)


def _header() -> list[str]:
    return [str(heading) for heading in (f"{said(f'person.column.{each}').zh} {each}" for each in _COLUMNS)]


def _headings(cells: "list[str] | tuple[str, ...] | object") -> int:
    known = {fold(heading) for heading in _header()}
    return sum(fold(str(each)) in known for each in cells) if isinstance(cells, list | tuple) else 0


def _rows(budget: PersonBudget) -> Iterator[list[Cell]]:
    for part in budget.parts:
        for name, line in part.part.lines.items():
            amount = part.lines[name]
            shown = "" if amount is None else yuan(amount)
            yield [f"{part.part.title.zh} {part.part.title.en}", name, f"{line.title.zh} {line.title.en}", shown]


def _names(pack: Pack) -> dict[str, str]:
    """A line by what may stand in its row: its name, its title in either language or in both."""
    found: dict[str, str] = {}
    for part in pack.vocabulary.household:
        for name, line in part.lines.items():
            for each in (name, line.title.zh, line.title.en, f"{line.title.zh} {line.title.en}"):
                found[fold(each)] = name
    return found
