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


def seen(text: str) -> str:
    """A text without what cannot be seen, its accents on their letters."""
    return text if text.isascii() else unicodedata.normalize("NFC", UNSEEN.sub("", text))


def clean(text: str) -> str:
    """A text in half-width, simplified letters that can be seen."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFKC", UNSEEN.sub("", text)).translate(_simplified())


def one_form(reference: str) -> str:
    """What a reference is known by, however its letters are written."""
    return reference.casefold() if reference.isascii() else clean(reference).casefold()


@cache
def _simplified() -> dict[int, str]:
    lists = word_lists("scripts")
    return {
        ord(letter): instead
        for letter, instead in zip("".join(lists["traditional"]), "".join(lists["simplified"]), strict=True)
    }
