"""Words of alarm in a case's notes. Matched widely and without regard to negation: a person looks at every hit."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from rules.pack import Pack

_SPACE = re.compile(r"\s+")


def scan(pack: Pack, notes: str) -> tuple[str, ...]:
    """The ids of the red flags whose words occur in the notes, in alphabetical order."""
    text = _plain(notes)
    compact = _SPACE.sub("", text)
    words = _words(pack)
    # Most notes hold none of hundreds of words: find that out first, in one loop without calls.
    present = [word for word in words if word in compact]
    return tuple(
        sorted({flag for word in present for flag, pattern in words[word] if not pattern or pattern.search(text)})
    )


@lru_cache(maxsize=8)
def _words(pack: Pack) -> dict[str, list[tuple[str, re.Pattern[str] | None]]]:
    """Each word without its spaces, with the flags it raises and, for an English one, the pattern it must match too."""
    words: dict[str, list[tuple[str, re.Pattern[str] | None]]] = {}
    for flag, entry in pack.red_flags.items():
        for word in map(_plain, entry.words):
            words.setdefault(_SPACE.sub("", word), []).append((flag, _pattern(word)))
    return words


def _pattern(word: str) -> re.Pattern[str] | None:
    """English words are whole at the start, so that "die" is not found in "audience"."""
    return re.compile(r"(?<![a-z0-9])" + r"\s+".join(map(re.escape, word.split()))) if word.isascii() else None


def _plain(text: str) -> str:
    """Half width, lower case, and without the invisible characters that keep words from being found."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return folded if folded.isascii() else "".join(letter for letter in folded if unicodedata.category(letter) != "Cf")
