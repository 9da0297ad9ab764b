"""What an English sentence says otherwise than its template can: one of a thing, a day, the number of a document."""

from __future__ import annotations

import datetime as dt
import re
from functools import cache
from typing import Final

from rules.locale import said
from rules.locale.word_lists import word_lists
from rules.pack.files.schema import Text

_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_THINGS: Final = "creditor|day|instalment|lender|month|point|rent|report|time|year"
_SEVERAL: Final = re.compile(rf"^( (?:free |working |overdue )*(?:{_THINGS}))s\b( are\b)?")


@cache
def one_of(words: str) -> str:
    """English words behind a 1: a day, not days, is overdue."""
    return _SEVERAL.sub(lambda found: found[1] + (" is" if found[2] else ""), words)


def day(date: dt.date) -> Text:
    """A date as people write it."""
    return said("spoken.day", year=date.year, month=date.month, day=date.day, name=_MONTHS[date.month - 1])


@cache
def document_number(number: str) -> str | None:
    """What the number of a Chinese document says; None where it is of no form that we know."""
    known = word_lists("document_numbers")
    for form in known["forms"]:
        if (found := re.fullmatch(form["pattern"], number)) and found["mark"] in known["marks"]:
            parts = found.groupdict() | {"mark": known["marks"][found["mark"]]}
            return str(form["en"].format(**parts))
    return None
