"""Codes: references and numbers that mean one thing letter by letter, and what a spreadsheet leaves in a cell instead.

A program that took a long number for a number has lost its last digits (1.10101E+17, or noughts in their place), one
that took it for a fraction has put .0 behind it; an apostrophe or ="…" keeps digits a text; a formula never calculated
and an error are no value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from decimal import Decimal
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
_KEPT, _KEPT_BY_JAVASCRIPT, _ENOUGH = 15, 17, 5  # digits of a number; numbers that show it
_ID_LENGTH: Final = 18
_MANY_LOST: Final = 3  # digits that are no noughts by chance
_LONG: Final = re.compile(r"[1-9]\d{15,39}", re.ASCII)
_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # of the digits of an ID number
_CHECKS: Final = "10X98765432"
_FIRST_OF_NUMBERS: Final = frozenset("0123456789+(０１２３４５６７８９＋（")


class CodeError(Exception):
    """Why a text is no code; `key` is that of the sentence."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


def code_reader(kind: CodeKind) -> Callable[[str], str]:
    """The function that reads a text as a code of this kind; raises CodeError."""

    def read(text: str) -> str:
        quoted = text[0] in QUOTES
        if quoted:
            text = unquoted(text)
        if not text.isprintable() and _BROKEN.search(text):
            raise CodeError("broken_code")
        if text[:1] in _FIRST_OF_NUMBERS:
            if _SCIENTIFIC.fullmatch(text):
                raise CodeError("digits_lost")
            if fraction := _FRACTION.fullmatch(text):
                text = fraction[1]
            if not quoted and _has_lost(kind, text):
                raise CodeError("zeros_for_digits")
        if kind == "reference" and (fault := _no_reference(text)) is not None:
            raise CodeError(fault)
        return text

    return read


def _has_lost(kind: CodeKind, text: str) -> bool:
    """Whether just those last digits of a long number are noughts that a spreadsheet loses, too many for chance."""
    if not text.endswith("0" * _MANY_LOST) or not _LONG.fullmatch(text):
        return False
    if kind == "id_number" and len(text) == _ID_LENGTH:
        return not _is_whole_id(text)
    return len(text) >= _KEPT + _MANY_LOST and _noughts(text) == len(text) - _KEPT


def _noughts(text: str) -> int:
    return len(text) - len(text.rstrip("0"))


def _is_whole_id(text: str) -> bool:
    """Whether somebody may have this ID number: it is of a day's 001st or later, and its last sign fits the others."""
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, text, strict=False))
    return text[14:17] != "000" and _CHECKS[total % len(_CHECKS)] == text[-1]


def lengths_with_lost_digits(texts: Iterable[str]) -> dict[int, int]:
    """Of the numbers of a column, the lengths of which a program has lost the last digits, and how many of them.

    A spreadsheet keeps 15 digits, JavaScript 17 and those only that tell one binary number from the next.
    """
    by_length: dict[int, list[str]] = {}
    for text in texts:
        if _LONG.fullmatch(text):
            by_length.setdefault(len(text), []).append(text)
    found: dict[int, int] = {}
    for length, numbers in by_length.items():
        lost = length - _KEPT
        with_noughts = [number for number in numbers if _noughts(number) >= lost]
        just = sum(_noughts(number) == lost for number in with_noughts)
        most = 5 * len(with_noughts) >= 3 * len(numbers) and 2 * just >= len(with_noughts)
        if most and lost * len(with_noughts) >= _MANY_LOST:
            found[length] = lost
        elif length > _KEPT_BY_JAVASCRIPT and len(numbers) >= _ENOUGH and all(map(_is_shortest, numbers)):
            found[length] = length - _KEPT_BY_JAVASCRIPT
    return found


def _is_shortest(number: str) -> bool:
    """Whether a number is how JavaScript writes the binary number nearest to it, which is another one."""
    return number[-1] == "0" and f"{Decimal(repr(float(number))):f}" == number


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
