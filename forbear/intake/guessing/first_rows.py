"""First rows: the cells by which columns are guessed, and what stands around the headers and may say their units."""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from forbear.intake.formats.tables.no_cases import COLON, FIGURE, TOTAL, filled_cells
from forbear.intake.guessing import shapes
from forbear.intake.guessing.legends import columns_at, says_what_it_is_in, with_leaves
from forbear.intake.headers import Around, is_unit, says_unit, units_above
from forbear.intake.source import SourceFile, SourceRow, distinct, is_blank, is_unread

_FEW: Final = 2  # filled cells of a line that is no row of a table
_NEAR: Final = 3  # rows right below a header, whose units are known with it
_ONE_LETTER: Final = re.compile(r"\W*[A-Za-z]\W*")  # K beside a number is thousands; as a name it is nothing


class Lines(NamedTuple):
    """The lines among the first rows of a table that say a unit."""

    of_all: list[str]  # before the first row, and where no more follow behind the last
    of_totals: list[str]  # may be theirs alone


def around(source: SourceFile, lines: Lines) -> dict[str, Around]:
    """Of each column by its distinct name what stands around it; the sheet and the file are titles by their names.

    A group that is called nothing but a unit may be a title that stands further right: outside it that is not clear.
    """
    names = distinct(source.columns)
    called = (source.sheet or "", source.path.stem)
    by_name = (name for name in called if not _ONE_LETTER.fullmatch(name) and units_above([name]))
    placed = {text: columns_at(text) for text in (*source.titles, *lines.of_all, *source.aside, *lines.of_totals)}
    titles = (*(text for text in (*source.titles, *lines.of_all) if not placed[text]), *by_name)
    aside = tuple(text for text in (*source.aside, *lines.of_totals) if not placed[text])
    groups = (*source.groups, *[""] * len(names))
    below = (*source.below, *[()] * len(names))
    units = [group for group in dict.fromkeys(source.groups) if is_unit(group)]
    return {
        name: Around(
            titles,
            group,
            (*cells, *(text for text, places in placed.items() if at in places)),
            aside if says_unit(group) else (*aside, *units),
        )
        for at, (name, group, cells) in enumerate(zip(names, groups, below, strict=False))
    }


def units_below(row: SourceRow, columns: Sequence[str]) -> list[str]:
    """The cells of a line among the rows or below them that say a unit or period; none where it is one of the table's.

    Such a line has a few cells, or nothing but units and labels with a colon: 制表人：张三, 单位：万元.
    """
    filled: list[object] = []
    for cell in row.cells:
        if cell is None or cell == "" or (isinstance(cell, str) and cell.isspace()):
            continue
        filled.append(cell)
        if len(filled) > _FEW and not all(map(_is_label, filled)):
            return []
    if 1 < len(filled) <= _FEW and len(filled) * 2 >= len(row.cells) and not all(map(_is_label, filled)):
        return []
    return [
        cell
        for cell in with_leaves(row.cells, columns)
        if isinstance(cell, str) and not _ONE_LETTER.fullmatch(cell) and says_what_it_is_in(cell)
    ]


def _is_label(cell: object) -> bool:
    if not isinstance(cell, str):
        return False
    return COLON.search(cell) is not None or (FIGURE.search(cell) is None and is_unit(cell))


def is_case(row: SourceRow) -> bool:
    """Whether a row seems to be one of the table, and no line of a few words."""
    filled = filled_cells(row.cells, _FEW)
    return row.error is None and (filled > _FEW or filled * 2 >= len(row.cells))


def sample(source: SourceFile) -> tuple[list[list[object]], Lines]:
    """The filled cells of each column in the first rows, and the lines among these that say a unit."""
    cells: list[list[object]] = [[] for _ in source.columns]
    lines, met, whole = Lines([], []), False, True
    behind: list[str] = []
    for at, row in enumerate(source):
        if at == shapes.MOST:
            whole = False
            break
        if units := units_below(row, source.columns) if source.has_lines else []:
            known = not met and row.number <= _NEAR and source.header_row > 0
            place = lines.of_totals if row.error is TOTAL else behind if met else lines.of_all
            place.extend(units if not known else ())
            continue
        if is_case(row):
            met = True
            behind.clear()
        _add(cells, row)
    return cells, Lines([*lines.of_all, *(behind if whole else ())], lines.of_totals)


def _add(cells: list[list[object]], row: SourceRow) -> None:
    if row.error is None:
        for column, cell in zip(cells, row.cells, strict=True):
            if not is_blank([cell]) and not is_unread(cell):
                column.append(cell)
