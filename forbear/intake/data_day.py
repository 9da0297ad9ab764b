"""The day that a file is of, where it says so around its table: its days overdue are those of that day."""

import datetime as dt
import re
from collections.abc import Iterator
from typing import Final

from forbear.intake.source import SourceFile
from rules.facts.cells import CellError, read_date
from rules.facts.notation.letters import clean
from rules.locale.word_lists import word_lists

_WORDS: Final = word_lists("headings")["data_day"]
_DATE: Final = word_lists("cells")["date"]
_LONGEST: Final = 300  # characters of a text that is looked at
_SAYS: Final = re.compile(
    rf"(?:{'|'.join(map(re.escape, _WORDS))})\D{{0,6}}"
    rf"(\d{{4}}[-/.]\d{{1,2}}[-/.]\d{{1,2}}|\d{{4}}\s*{_DATE['year']}\s*\d{{1,2}}\s*{_DATE['month']}\s*\d{{1,2}}"
    rf"\s*(?:{'|'.join(_DATE['day'])})|\d{{8}}(?!\d))",
    re.ASCII,
)


def days_of(source: SourceFile) -> Iterator[dt.date]:
    """The days that a file says to be of: above its table, in the names of its sheet and itself, beside a list."""
    texts = (*source.titles, *source.aside, source.sheet or "", source.path.stem)
    found = (match for text in texts for match in _SAYS.finditer(clean(text[:_LONGEST]).casefold()))
    for written in dict.fromkeys(match[1] for match in found):
        try:
            day = read_date(written)
        except CellError:
            continue
        if day is not None:
            yield day
