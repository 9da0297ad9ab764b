"""Commented: what hangs on the cells of a row is one cell more, and a figure whose unit is said there is none."""

import re
from collections.abc import Mapping

from forbear.intake.formats.tables.no_cases import FIGURE
from forbear.intake.headers import LONGEST, names_money, states_unit
from forbear.intake.source import Unread, as_text
from forbear.locale import said

_NUMBER = re.compile(r"\s*[-+(]?[\d,.]+\)?\s*")


def with_comments(comments: Mapping[int, str], cells: list[object]) -> list[object]:
    """A row with what hangs on its cells as one more; a number whose unit is said there is none without it."""
    if not comments:
        return [*cells, ""]
    cells = list(cells)
    for at, comment in comments.items():
        if at < len(cells) and _says_unit_of(comment, as_text(cells[at])):
            why = said("unread.commented", text=comment[:LONGEST].strip())
            cells[at] = Unread(as_text(cells[at]), why)
    return [*cells, "\n".join(comments.values())]


def _says_unit_of(comment: str, cell: str) -> bool:
    """Whether a comment says the unit of the figure that it hangs on, be it in passing: 这笔是美元."""
    if not FIGURE.search(cell):
        return False
    return states_unit(comment) or (_NUMBER.fullmatch(cell) is not None and names_money(comment))
