"""The texts of a case: whatever somebody may have written into it in words, under a header that we know or not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final

from rules.facts.cells import fold, is_blank
from rules.facts.red_flags import scan
from rules.locale.word_lists import word_lists
from rules.pack.files.schema import Fact
from rules.pack.pack import Pack

_WORDS: Final = word_lists("cells")
_YES: Final = frozenset(_WORDS["yes"])
_CALM: Final = frozenset(fold(word) for name in ("no", "nothing", "calm") for word in _WORDS[name])
_LONGEST_NAME: Final = 3  # Chinese letters, of which few names have more: 孙伟 is nobody's wish to die
_FEWEST_LETTERS: Final = 4  # of Latin ones that make a word in a number: FB-12, 11010119900307123X


def texts_of(
    pack: Pack, facts: Mapping[str, object], private: Mapping[str, object], others: Mapping[str, object]
) -> Iterator[str]:
    """What red flags are looked for in: every fact that is text, and every cell of a column that nobody knows.

    A number of somebody and a short name are no words. A cell that only says yes means what its header asks, and so
    does one that says how much of a danger there is, in whatever words but no, none and low.
    """
    for name, fact in _text_facts(pack) if facts or private else ():
        for given in (facts, private):
            text = given.get(name)
            if text and _has_words(fact, str(text)):
                yield str(text)
    for header, cell in others.items():
        yield from texts_in(pack, header, cell)


@lru_cache(maxsize=16)
def _text_facts(pack: Pack) -> tuple[tuple[str, Fact], ...]:
    return tuple((name, fact) for name, fact in pack.vocabulary.facts.items() if fact.type == "text")


def texts_in(pack: Pack, header: str, cell: object) -> Iterator[str]:
    """What red flags are looked for in of a cell under a header."""
    text = str(cell).strip()
    if text.casefold() in _YES:
        yield header
    elif not is_blank(text) and fold(text) not in _CALM:
        yield text
        if _asks(pack, header):
            yield header


def _has_words(fact: Fact, text: str) -> bool:
    """Whether a text may be more than the name or the number that it should be."""
    if fact.free or not text:
        return bool(text)
    if text.isascii():
        return sum(map(str.isalpha, text)) >= _FEWEST_LETTERS
    return fact.code is not None or len(text) > _LONGEST_NAME


@lru_cache(maxsize=2048)
def _asks(pack: Pack, header: str) -> bool:
    """Whether a header asks for a danger."""
    return bool(scan(pack, header))
