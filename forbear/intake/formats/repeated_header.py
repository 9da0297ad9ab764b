"""Repeated header: whether one that stands in a table once more has the same columns in the same places."""

from collections.abc import Sequence
from itertools import zip_longest

from forbear.intake.source import SourceChoice, as_text


def same_order(
    cells: Sequence[object], columns: Sequence[str], groups: Sequence[str], choice: SourceChoice, *, strictly: bool
) -> bool:
    """Whether a header that stands there once more has the columns where they are above.

    In another language a name is the same where it means the same fact. A name that nobody knows is another column, but
    right below the header, where it may be a translation.
    """
    names = [name.strip() for name in columns]
    texts = [as_text(cell).strip() for cell in cells]
    for name, text, group in zip_longest(names, texts, groups, fillvalue=""):
        if text in ("", name, group) or name.endswith(f" {text}") or name.startswith(f"{text}("):
            continue
        known = choice.known([name]), choice.known([text])
        if all(known) and choice.known([name, text]) == 1:
            continue
        if strictly or text in names or all(known) or (not name and known[1]):
            return False
    return True
