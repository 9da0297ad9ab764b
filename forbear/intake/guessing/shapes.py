"""Shapes: what the cells of a column look like, whatever is written above them."""

import datetime as dt
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import Literal, TypeAlias

from forbear.intake.source import as_text
from forbear.locale import said
from rules.facts.notation.personal import is_name
from rules.pack.files.schema import Fact, Text

Shape: TypeAlias = Literal[
    "date", "phone", "id_number", "long_number", "percent", "number", "sentence", "name", "word", "mixed"
]
MOST = 200  # rows of a file that are looked at
_NEARLY_ALL = 0.8

_DATE = re.compile(
    r"(?:\d{4}([-/.])\d{1,2}\1\d{1,2}|\d{1,2}([-/.])\d{1,2}\2(?:\d{4}|\d\d)|\d{4}\s*[^\W\d_]\s*\d{1,2}\s*[^\W\d_]"
    r"\s*\d{1,2}\s*[^\W\d_]|(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
    r"|\d{1,2}[-/ ][a-z]{3,9}[-/ ,]+\d{2,4}|[a-z]{3,9}[-. ]\d{1,2},? ?\d{4}|[a-z]{3,9}[- ]\d{4})"
    r"(?:(?:t|\s+)\d{1,2}:\d{2}\S*)?",
    re.ASCII,
)
_DATE_CJK = re.compile(r"\d{4}\s*[^\W\d_]\s*\d{1,2}\s*[^\W\d_]\s*\d{1,2}\s*[^\W\d_]")
_PHONE = re.compile(r"(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}", re.ASCII)
_ID_NUMBER = re.compile(r"[1-9]\d{5}(?:18|19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dx]", re.ASCII)
_LONG_NUMBER = re.compile(r"\d{13,}", re.ASCII)
_PERCENT = re.compile(r"-?\d+(?:\.\d+)?\s*[%\u2030]", re.ASCII)
_NUMBER = re.compile(r"[^\w\s]?\s*-?(?:\d{1,3}(?:,\d{3})+|\d{1,12})(?:\.\d+)?\s*[^\W\d_]{0,2}")
_SENTENCE_MARKS = re.compile(r"[，。；！？、,;!?]|\n|\. ")
_SENTENCE, _LONG_SENTENCE = 12, 40  # characters

# What cells of a fact's type never look like, even where their reader would take them.
_FOREIGN: dict[str, frozenset[Shape]] = {
    "money": frozenset(("date", "phone", "id_number", "long_number", "percent")),
    "int": frozenset(("date", "phone", "id_number", "long_number", "percent")),
    "rate": frozenset(("date", "phone", "id_number", "long_number")),
    "date": frozenset(("number", "phone", "id_number", "long_number", "percent")),
    "enum": frozenset(("date", "phone", "id_number", "long_number", "percent")),
    "bool": frozenset(("date", "phone", "id_number", "long_number", "percent")),
    "list": frozenset(("date", "phone", "id_number", "long_number", "percent")),
}
# And cells of a text: by what letters it is made of, else of one that is short.
_CODES: dict[str, frozenset[Shape]] = {
    "phone": frozenset(("date", "id_number", "percent", "sentence")),
    "id_number": frozenset(("date", "phone", "percent", "sentence")),
    "reference": frozenset(("phone", "id_number", "percent", "sentence", "name")),
}
_PERSONAL = frozenset[Shape](("phone", "id_number", "name"))  # what stands in no text that is shown to others
_SHORT_TEXT = frozenset[Shape](("date", "percent"))
_SHORT = 200  # characters that a short text may have


def shape_of(cells: Sequence[object]) -> Shape | None:
    """What nearly all of these filled cells look like; None where there are none."""
    counts = Counter(map(_shape, cells))
    if not counts:
        return None
    shape, count = counts.most_common(1)[0]
    if count >= _NEARLY_ALL * len(cells) and (shape != "name" or _differ(cells)):
        return shape
    words = counts["word"] + counts["name"]
    if words >= _NEARLY_ALL * len(cells):
        return "word"
    texts = words + counts["sentence"]
    return "sentence" if counts["sentence"] * 3 >= len(cells) and texts >= _NEARLY_ALL * len(cells) else "mixed"


def _differ(cells: Sequence[object]) -> bool:
    """Whether few cells say the same: the name of one town over and over is no name of people."""
    return len(set(map(as_text, cells))) * 2 >= len(cells)


def contradicts(shape: Shape | None, fact: Fact) -> bool:
    """Whether cells of this shape are none of this fact, whatever their header says."""
    if shape is None:
        return False
    if fact.type != "text":
        return shape in _FOREIGN[fact.type]
    if fact.code is not None:
        return shape in _CODES[fact.code]
    if not fact.private and shape in _PERSONAL:
        return True
    return fact.max_length is not None and fact.max_length <= _SHORT and shape in _SHORT_TEXT


def named(shape: Shape) -> Text:
    """A shape in words."""
    return said(f"shape.{shape}")


def _shape(cell: object) -> Shape:
    if isinstance(cell, dt.date):
        return "date"
    if isinstance(cell, bool):
        return "word"
    if isinstance(cell, int | float | Decimal):
        return _of_digits(as_text(cell)) or "number"
    text = unicodedata.normalize("NFKC", as_text(cell)[: 2 * _LONG_SENTENCE]).casefold().strip()
    if _DATE.fullmatch(text) or _DATE_CJK.fullmatch(text):
        return "date"
    if found := _of_digits(text):
        return found
    if _PERCENT.fullmatch(text):
        return "percent"
    if _NUMBER.fullmatch(text):
        return "number"
    if is_name(text):
        return "name"
    if len(text) >= _LONG_SENTENCE or (len(text) >= _SENTENCE and _SENTENCE_MARKS.search(text)):
        return "sentence"
    return "word"


def _of_digits(text: str) -> Shape | None:
    if _PHONE.fullmatch(text):
        return "phone"
    if _ID_NUMBER.fullmatch(text):
        return "id_number"
    if _LONG_NUMBER.fullmatch(text):
        return "long_number"
    if _DATE.fullmatch(text):
        return "date"
    return None
