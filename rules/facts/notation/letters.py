"""Letters as they are compared: half width, simplified, composed, and nothing that cannot be seen."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Final

from rules.locale.word_lists import word_lists

# Zero-width, soft hyphen, marks of direction, fillers, variation selectors, tags: no eye sees them.
UNSEEN: Final = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]+"
)


# Dashes, minus signs and blanks: what parts a reference, and looks the same or is typed for the same.
_PARTING: Final = re.compile("[\\s_\u00af\u02d7\u2010-\u2015\u2043\u2212\u2500\u2501\ufe58\ufe63\uff0d-]+")
# Numbers that are letters of their own: ① before a row, ² behind a word. Beside digits they would become digits.
_NUMBER_SIGNS: Final = re.compile(
    "[\u00b2\u00b3\u00b9\u00bc-\u00be\u2070-\u2089\u2150-\u215f\u2189\u2460-\u249b\u24ea-\u24ff\u2776-\u2793\u3220-\u3229\u3248-\u325f"
    "\u3280-\u3289\u32b1-\u32bf]"
)
_LATIN: Final = re.compile("[A-Za-z]")
_GREEK_OR_CYRILLIC: Final = re.compile("[\u0370-\u052f]")
_LIKE_LATIN: Final = frozenset("".join(word_lists("scripts")["like_latin"]))


def seen(text: str) -> str:
    """A text without what cannot be seen, its accents on their letters."""
    return text if text.isascii() else unicodedata.normalize("NFC", UNSEEN.sub("", text))


def clean(text: str) -> str:
    """A text in half-width, simplified letters that can be seen."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFKC", UNSEEN.sub("", text)).translate(_simplified())


def with_signs_apart(text: str) -> str:
    """A text in which ①, ² and the like stand alone: they mark or count something, and are no digit of a number."""
    return text if text.isascii() else _NUMBER_SIGNS.sub(r" \g<0> ", text)


def one_form(reference: str) -> str:
    """What a reference is known by, however its letters are written and whatever dash or blank parts them."""
    plain = reference if reference.isascii() else clean(reference)
    return _PARTING.sub("-", plain.casefold())


def mixes_scripts(text: str) -> bool:
    """Whether letters of another script pass for Latin ones: no eye tells a Cyrillic FB-1 from FB-1."""
    if text.isascii():
        return False
    foreign = _GREEK_OR_CYRILLIC.findall(plain := clean(text))
    return bool(foreign) and (_LATIN.search(plain) is not None or _LIKE_LATIN.issuperset(foreign))


@cache
def _simplified() -> dict[int, str]:
    lists = word_lists("scripts")
    return {
        ord(letter): instead
        for letter, instead in zip("".join(lists["traditional"]), "".join(lists["simplified"]), strict=True)
    }
