"""Repeated header: whether one that stands in a table once more has the same columns in the same places."""

from collections.abc import Sequence
from itertools import zip_longest

from forbear.intake.headers import units_of_name
from forbear.intake.source import SourceChoice, as_text


def same_order(
    cells: Sequence[object],
    columns: Sequence[str],
    groups: Sequence[str],
    choice: SourceChoice,
    *,
    strictly: bool,
    units_apart: bool,
) -> bool:
    """Whether a header that stands there once more has the columns where they are above, in the same units.

    In another language a name is the same where it means the same fact. A name that nobody knows is another column, but
    right below the header, where it may be a translation. Units may stand in a row of their own.
    """
    names = [name.strip() for name in columns]
    texts = [as_text(cell).strip() for cell in cells]
    for name, text, group in zip_longest(names, texts, groups, fillvalue=""):
        if text in ("", name, group) or name.endswith(f" {text}") or (units_apart and name.startswith(f"{text}(")):
            continue
        known = choice.known([name]), choice.known([text])
        if all(known) and choice.known([name, text]) == 1 and not (strictly and _others(name, text)):
            continue
        if strictly or text in names or all(known) or (not name and known[1]):
            return False
    return True


def _others(name: str, text: str) -> bool:
    """Whether a name once more has other units beside it; that days are days needs no word."""
    one, other = ({unit for unit in units_of_name(each) if unit[0] != {"day"}} for each in (name, text))
    return one != other
