"""Words of alarm in a case's notes. Matched widely and without regard to negation: a person looks at every hit."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from rules.pack import Pack

_SPACE = re.compile(r"\s+")


def scan(pack: Pack, notes: str) -> tuple[str, ...]:
    """The ids of the red flags whose words occur in the notes, in alphabetical order."""
    text = _plain(notes)
    compact = _SPACE.sub("", text)
    return tuple(name for name, words in _words(pack) if any(word.occurs(text, compact) for word in words))


@dataclass(frozen=True, slots=True)
class _Word:
    compact: str
    pattern: re.Pattern[str] | None  # English words: whole at the start, so that "die" is not found in "audience"

    def occurs(self, text: str, compact: str) -> bool:
        return self.compact in compact and (self.pattern is None or self.pattern.search(text) is not None)


@lru_cache(maxsize=8)
def _words(pack: Pack) -> tuple[tuple[str, tuple[_Word, ...]], ...]:
    return tuple((name, tuple(map(_word, pack.red_flags[name].words))) for name in sorted(pack.red_flags))


def _word(word: str) -> _Word:
    plain = _plain(word)
    pattern = r"(?<![a-z0-9])" + r"\s+".join(map(re.escape, plain.split())) if plain.isascii() else None
    return _Word(_SPACE.sub("", plain), re.compile(pattern) if pattern else None)


def _plain(text: str) -> str:
    """Half width, lower case, and without the invisible characters that keep words from being found."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return folded if folded.isascii() else "".join(letter for letter in folded if unicodedata.category(letter) != "Cf")
