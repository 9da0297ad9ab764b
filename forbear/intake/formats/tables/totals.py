"""Totals: rows that add up, count or average those above, whatever they call it; none of them is a case."""

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

from rules.locale.word_lists import word_lists

_WORDS: Final = word_lists("tables")
_LONGEST: Final = 30  # characters of such a label
_GAPS: Final = re.compile(r"[\s-]+")
_MARKS: Final = "()[]【】<>*—–=.、:："  # around a label


def _any(*lists: str) -> str:
    return "|".join(sorted((re.escape(word) for name in lists for word in _WORDS[name]), key=len, reverse=True))


_TOTAL: Final = _any("total")
_BEHIND: Final = rf"(?:[\d.,，、:=()¥%]|{_any('counted', 'of_total', 'total')})*"
_LABEL: Final = re.compile(
    rf"(?:{_any('before')})?(?:(?:{_TOTAL}|{_any('alone')}){_BEHIND}|(?:{_any('together')})\d{_BEHIND}"
    rf"|\d+(?:{_any('counted')})(?:{_TOTAL})"
    rf"|[^\W\d_a-z]{{1,8}}(?:{_TOTAL})|(?:{_TOTAL})\([^()]{{1,12}}|(?:{_any('mean')})[^\W\d_a-z]{{0,8}}{_BEHIND})"
)
_BARE: Final = re.compile(rf"\d+(?:{_any('counted')})")
_LATIN: Final = re.compile(rf".{{1,20}}\s(?:{_any('latin')})", re.IGNORECASE)
_EXACT: Final = frozenset((*_WORDS["total"], *(f"{word[0]} {word[1]}" for word in _WORDS["total"]), "Total", "TOTAL"))


_LETTERS: Final = {
    letter for name in ("total", "alone", "mean", "together", "counted") for word in _WORDS[name] for letter in word
}
# One letter of such words, or three Latin ones: what has none is no label, at a glance.
_MAY_BE: Final = re.compile(f"[{''.join(sorted(each for each in _LETTERS if not each.isascii()))}]|[a-zA-Z]{{3}}")


def is_total(cells: Sequence[object]) -> bool:
    """Whether a row is such a one: by its first filled cell, or by a word alone in any other, the name's for one."""
    first = next((cell for cell in cells if cell is not None and cell != ""), None)
    if isinstance(first, str) and is_label(first):
        return True
    try:
        return not _EXACT.isdisjoint(cells)
    except TypeError:  # lists and objects of JSON
        return any(isinstance(cell, str) and cell in _EXACT for cell in cells)


def is_label(text: str, *, bare: bool = False) -> bool:
    """Whether a text is what such a row is called; with `bare` also 2户, which elsewhere may count something."""
    if len(text) > _LONGEST or _MAY_BE.search(text) is None:
        return False
    if text.isascii() and text[-1].isdigit() and ":" not in text and "=" not in text:  # SUM123 is a reference
        return False
    plain = unicodedata.normalize("NFKC", text).strip().casefold()
    word = _GAPS.sub("", plain).strip(_MARKS)
    if _LABEL.fullmatch(word) or (bare and _BARE.fullmatch(word)):
        return True
    return _LATIN.fullmatch(plain) is not None
