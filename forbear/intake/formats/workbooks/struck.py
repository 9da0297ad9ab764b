"""Struck out: what somebody has drawn a line through, by which people say that it does not hold any more."""

from collections.abc import Collection

from forbear.intake.source import Unread, as_text, is_blank
from forbear.locale import said
from rules.facts.case_facts import FieldError

_CELL, _ROW = said("unread.struck"), FieldError.of("", said("row.struck"))


def put_out(cells: list[object], struck: Collection[int]) -> FieldError | None:
    """Make those cells of a row ones that nobody can know; where all of them are, what is wrong with the row.

    Whoever hands in again what came back has to write its first cell anew.
    """
    filled = [at for at, cell in enumerate(cells) if not is_blank([cell])]
    out = [at for at in filled if at in struck]
    if not out:
        return None
    whole = len(out) == len(filled)
    for at in out[:1] if whole else out:
        cells[at] = Unread(as_text(cells[at]), _CELL)
    return _ROW if whole else None
