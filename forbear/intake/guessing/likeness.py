"""Likeness: how much a header says the same as a name of a fact; for guesses that a person confirms.

What a header is about stands in the words that are left when those are taken away that only say whose it is, or that it
is a number, a name or a day: Borrower Phone No. and phoneNumber are both about a phone.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Final

from forbear.intake.headers import folded
from rules.facts.notation.letters import clean
from rules.locale.word_lists import word_lists
from rules.pack.files.schema import Vocabulary

_WORDS: Final = word_lists("columns")
_OTHERS: Final = tuple(folded(word) for word in _WORDS["others"])
_APART: Final = tuple(folded(word) for word in _WORDS["apart"])
_NOTES: Final = tuple(folded(word) for word in _WORDS["notes"])
_BARE: Final = frozenset(folded(word) for word in _WORDS["bare"])
_PLACES: Final = tuple(folded(word) for word in _WORDS["places"])
_OWN: Final[dict[str, list[str]]] = {owner: [clean(word) for word in words] for owner, words in _WORDS["own"].items()}
_NUMBERS: Final = [clean(word) for word in _WORDS["numbers"]]
_NUMBER: Final = re.compile(r"(?<!\d)\d{1,2}$", re.ASCII)
_OWNERS: Final = ("person", "debt")
_HUMP: Final = re.compile(r"(?<=[a-z\d])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_LATIN: Final = re.compile(r"[a-z]+")
_BESIDE: Final = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_REPAY: Final = re.compile(_WORDS["repay"])
_SAME: Final = 0.8  # of a header that says the same in other words
_SPELT: Final = 0.85  # of the pairs of letters that two names share: as many as where one is misspelt

_Core = tuple[str, frozenset[str]]


class Likeness:
    """The names of the facts, taken apart once for all headers of a file."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._cores: dict[_Core, list[str]] = {}
        self._spelt: dict[int, list[tuple[frozenset[str], str, str]]] = {}  # by how many pairs of letters they have
        for name, fact in vocabulary.facts.items():
            if fact.derived or fact.given:
                continue
            for known in dict.fromkeys((name, fact.title.zh, fact.title.en, *fact.aliases, *fact.asks)):
                if (core := _core(known)) is not None and name not in (facts := self._cores.setdefault(core, [])):
                    facts.append(name)
                form = folded(known)
                pairs = _pairs(form)
                self._spelt.setdefault(len(pairs), []).append((pairs, form, name))

    def best(self, header: str) -> Mapping[str, float]:
        """The facts that a header may name, each with how like it is: 1 is the same."""
        if is_anothers(header) or is_place(header):
            return {}
        core = _core(header)
        found = dict.fromkeys(self._cores.get(core, ()), _SAME) if core is not None else {}
        return found or self._misspelt(folded(header))

    def _misspelt(self, form: str) -> dict[str, float]:
        pairs = _pairs(form)
        found: dict[str, float] = {}
        for size, names in self._spelt.items():
            if 2 * min(size, len(pairs)) < _SPELT * (size + len(pairs)):
                continue
            for known, text, name in names:
                score = 2 * len(pairs & known) / (size + len(pairs)) if pairs else 0.0
                if score >= _SPELT and not _apart(form, text):
                    found[name] = max(found.get(name, 0.0), _SAME * score)
        return found


def is_anothers(header: str) -> bool:
    """Whether a header names somebody else than the borrower."""
    form = folded(header)
    return any(word in form for word in _OTHERS)


def of_others(headers: Sequence[str]) -> frozenset[str]:
    """The headers right behind one of somebody else and with its number: 联系人1, 手机号1."""
    found: set[str] = set()
    for before, header in pairwise(headers):
        number = _NUMBER.search(header)
        if number and before.endswith(number[0]) and (before in found or is_anothers(before)):
            found.add(header)
    return frozenset(found)


def sounds_like_notes(header: str) -> bool:
    """Whether a header is that of free words."""
    form = folded(header)
    return any(word in form for word in _NOTES)


def is_place(header: str) -> bool:
    """Whether a header is that of an address, which no fact is."""
    form = folded(header)
    return any(word in form for word in _PLACES)


@lru_cache(maxsize=4096)
def _core(header: str) -> _Core | None:
    """What a header is about; None where it says no more than whose it is."""
    text = _BESIDE.sub(" ", clean(header))
    latin = frozenset(_LATIN.findall(_HUMP.sub(" ", text).casefold()))
    cjk = _REPAY.sub("", "".join(char for char in text if ord(char) > 0x2E80 and char.isalpha()))
    owners = {owner for owner in _OWNERS if not latin.isdisjoint(_OWN[owner]) or any(w in cjk for w in _OWN[owner])}
    own = [word for words in _OWN.values() for word in words]
    left = latin.difference(own), _without(own, cjk)
    told = {*left[0].difference(_NUMBERS), _without(_NUMBERS, left[1])} - _BARE
    if any(len(word) > 1 for word in told):
        return _without(_NUMBERS, left[1]), left[0].difference(_NUMBERS)
    numbered = not latin.isdisjoint(_NUMBERS) or any(word in cjk for word in _NUMBERS)
    return ("", frozenset(owners)) if numbered and len(owners) == 1 and told <= {""} else None


def _without(words: Iterable[str], text: str) -> str:
    """A text without these words, the longest first."""
    for word in sorted((word for word in words if not word.isascii()), key=len, reverse=True):
        text = text.replace(word, "")
    return text


def _apart(one: str, other: str) -> bool:
    """Whether one of two names has a word that makes another thing of it."""
    return any((word in one) != (word in other) for word in _APART)


@lru_cache(maxsize=4096)
def _pairs(form: str) -> frozenset[str]:
    return frozenset(form[at : at + 2] for at in range(len(form) - 1))


def likest(found: Mapping[str, float], allowed: Iterable[str]) -> list[tuple[str, float]]:
    """The facts among these, the likest first."""
    return sorted(((name, found[name]) for name in allowed if name in found), key=lambda each: (-each[1], each[0]))
