"""Which phrases may stand in a text, by its letters alone: of thousands, nearly all need a word that is not there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from operator import add
from typing import Final, Generic, TypeVar

from rules.facts.phrases.patterns import saying_most

_START: Final = 2  # letters by which words are looked up
_T = TypeVar("_T")


class PhraseIndex(Generic[_T]):
    """Phrases by the words that they need: for each, some sets of words, of every one of which one must be there.

    It only rules out, and never a phrase that stands in the text; whether it does is then looked at in earnest.
    """

    def __init__(self, phrases: Iterable[tuple[_T, tuple[tuple[str, ...], ...]]]) -> None:
        self._by_word: defaultdict[str, list[tuple[_T, tuple[frozenset[str], ...]]]] = defaultdict(list)
        starts: defaultdict[str, set[str]] = defaultdict(set)
        for phrase, needs in phrases:
            most = saying_most(needs)
            others = tuple(frozenset(words) for words in needs if words is not most)
            for word in most:
                self._by_word[word].append((phrase, others))
            for word in {word for words in needs for word in words}:
                starts[word[:_START]].add(word)
        self._starts: dict[str, tuple[str, ...]] = {start: tuple(words) for start, words in starts.items()}

    def possible(self, letters: str) -> list[_T]:
        """The phrases that may stand in a text, each once."""
        there = self._words(letters)
        found = {
            id(phrase): phrase
            for word in there
            for phrase, others in self._by_word.get(word, ())
            if not any(map(there.isdisjoint, others))
        }
        return list(found.values())

    def _words(self, letters: str) -> set[str]:
        """The words of all phrases that stand in a text."""
        there = self._starts.keys() & set(letters)
        for start in self._starts.keys() & set(map(add, letters, letters[1:])):
            there.update(word for word in self._starts[start] if word in letters)
        return there
