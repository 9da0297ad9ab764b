"""Codes: references and numbers that mean one thing letter by letter, and what a spreadsheet leaves in a cell instead.

A program that took a long number for a number has lost its last digits (1.10101E+17), one that took it for a fraction
has put .0 behind it; an apostrophe or ="…" keeps digits a text; a formula never calculated and an error are no value.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, Literal

from rules.facts.notation.letters import clean, mixes_scripts
from rules.facts.notation.personal import Personal, is_name, number_as, number_in_code
from rules.locale.word_lists import word_lists
from rules.pack.files.schema import CodeKind

QUOTES: Final = frozenset("'`‘’´＇=")  # what keeps digits a text, before them
FIRST_OF_REMAINS: Final = frozenset("#=＃＝Ee")
_QUOTED: Final = re.compile(r"(?:['`‘’´]+(?=[\w¥-])|=\"([^\"]*)\"$)")
_SCIENTIFIC: Final = re.compile(r"\d(?:[.,]\d+)?e[+-]?\d+", re.ASCII | re.IGNORECASE)
UNREAD: Final = "#UNREAD!"  # before a text in a rejects file whose cell had no value that anybody could know
_FRACTION: Final = re.compile(r"(\d+)\.0", re.ASCII)
_BROKEN: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_ERRORS: Final = frozenset[str](word_lists("remains")["errors"])
_ERROR: Final = re.compile(r"#[¡¿]?[^\s#]{1,20}[!?]|#{2,}|(?:err|error):\s?\d{3}")
_FORMULA: Final = re.compile(
    r"=\s*[+-]?(?:[a-z_.]+\d*\s*\(|\$?[a-z]{1,3}\$?\d+\b|\"[^\"]*\"\s*&|'?[^'!]+'?!\$?[a-z])", re.IGNORECASE
)
# How a spreadsheet shows 3-5 that it has turned into a day, and a truth value: nobody writes a reference so.
_DATE: Final = word_lists("cells")["date"]
_MONTH: Final = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_TURNED: Final = re.compile(
    rf"{_MONTH}-\d\d|\d{{1,2}}-{_MONTH}|\d{{1,2}}{_DATE['month']}\d{{1,2}}[{''.join(_DATE['day'])}]"
    r"|(?:19|20)\d\d/\d{1,2}/\d{1,2}(?: 0?0:00(?::00)?)?|TRUE|FALSE",
    re.ASCII,
)
_FIRST_OF_NUMBERS: Final = frozenset("0123456789+(０１２３４５６７８９＋（")


class CodeError(Exception):
    """Why a text is no code; `key` is that of the sentence."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


def code_reader(kind: CodeKind) -> Callable[[str], str]:
    """The function that reads a text as a code of this kind; raises CodeError."""

    def read(text: str) -> str:
        if text[0] in QUOTES:
            text = unquoted(text)
        if not text.isprintable() and _BROKEN.search(text):
            raise CodeError("broken_code")
        if text[:1] in _FIRST_OF_NUMBERS:
            if _SCIENTIFIC.fullmatch(text):
                raise CodeError("digits_lost")
            if fraction := _FRACTION.fullmatch(text):
                text = fraction[1]
        if kind == "reference" and (fault := _no_reference(text)) is not None:
            raise CodeError(fault)
        return text

    return read


def unquoted(text: str) -> str:
    """A text without what kept it a text: '0001 and ="0001" are 0001."""
    found = _QUOTED.match(text)
    if found is None:
        return text
    return text[found.end() :] if found[1] is None else found[1].strip()


def remains(text: str, *, words: bool = False) -> str | None:
    """What a spreadsheet left in place of a value, as the key of a sentence; of words only what is surely that."""
    folded = clean(text).casefold().strip()
    if folded.startswith(UNREAD.casefold()):
        return "unread"
    if folded in _ERRORS or (not words and _ERROR.fullmatch(folded)):
        return "spreadsheet_error"
    if folded[:1] == "=" and len(folded) > 1 and (not words or _FORMULA.match(folded)):
        return "formula"
    return None


def _no_reference(text: str) -> str | None:
    """Why a text is no reference, as the key of a sentence."""
    if _TURNED.fullmatch(text):
        return "turned"
    return _personal(text) or ("mixed_scripts" if mixes_scripts(text) else None)


def _personal(text: str) -> str | None:
    """Whether a reference says who somebody is, as far as that can be seen."""
    found: Personal | Literal["name"] | None = number_as(text) or number_in_code(text)
    if found is None and not text.isascii() and is_name(text):
        found = "name"
    return None if found is None else f"reference_is_{found}"
