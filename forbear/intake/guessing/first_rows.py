"""First rows: the cells by which columns are guessed, and what stands around the headers and may say their units."""

import re
from collections.abc import Sequence
from itertools import islice
from typing import Final

from forbear.intake.guessing import shapes
from forbear.intake.headers import Around, says_unit, units_above
from forbear.intake.source import SourceFile, SourceRow, distinct, is_blank, is_unread

_FOOTER: Final = 2  # filled cells of a line below a table
_NEAR: Final = 3  # rows right below a header, whose units are known already
_LONGEST_FOOTER: Final = 100  # characters
_ONE_LETTER: Final = re.compile(r"\W*[A-Za-z]\W*")  # K beside a number is thousands; as a name it is nothing


def around(source: SourceFile, footers: Sequence[str]) -> dict[str, Around]:
    """Of each column by its distinct name what stands around it; the sheet and the file are titles by their names."""
    names = distinct(source.columns)
    called = (source.sheet or "", source.path.stem)
    by_name = (name for name in called if not _ONE_LETTER.fullmatch(name) and units_above([name]))
    titles = (*source.titles, *footers, *by_name)
    groups = (*source.groups, *[""] * len(names))
    below = (*source.below, *[()] * len(names))
    return {
        name: Around(titles, group, cells, source.aside)
        for name, group, cells in zip(names, groups, below, strict=False)
    }


def units_below(row: SourceRow) -> list[str]:
    """The cells of a line below a table that say a unit; none where it is a row of the table."""
    filled = [cell for cell in row.cells if not is_blank([cell])]
    if row.number <= _NEAR or len(filled) > _FOOTER or len(filled) * 2 >= len(row.cells):
        return []
    return [cell for cell in filled if isinstance(cell, str) and says_unit(cell[:_LONGEST_FOOTER])]


def sample(source: SourceFile) -> tuple[list[list[object]], list[str]]:
    """The filled cells of each column in the first rows, and the footers among them that say a unit."""
    cells: list[list[object]] = [[] for _ in source.columns]
    footers: list[str] = []
    for row in islice(source, shapes.MOST):
        footers.extend(units_below(row))
        if row.error is None:
            for column, cell in zip(cells, row.cells, strict=True):
                if not is_blank([cell]) and not is_unread(cell):
                    column.append(cell)
    return cells, footers
