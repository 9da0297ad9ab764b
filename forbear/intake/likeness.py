"""Likeness: how much a header says the same as a name of a fact; for guesses that a person confirms."""

from collections.abc import Iterable, Mapping
from typing import Final

from forbear.intake.headers import folded
from rules.locale.word_lists import word_lists
from rules.pack.files.schema import Vocabulary

_WORDS: Final = word_lists("columns")
_OTHERS: Final = tuple(folded(word) for word in _WORDS["others"])
_APART: Final = tuple(folded(word) for word in _WORDS["apart"])
_NOTES: Final = tuple(folded(word) for word in _WORDS["notes"])


class Likeness:
    """The names of the facts, taken apart once for all headers of a file."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._names = [
            (form, _pairs(form), name)
            for name, fact in vocabulary.facts.items()
            if not fact.derived and not fact.given
            for form in {folded(each) for each in (name, fact.title.zh, fact.title.en, *fact.aliases)}
            if len(form) > 1
        ]

    def best(self, header: str) -> Mapping[str, float]:
        """The facts that a header may name, each with how like it is: 1 is the same."""
        form = folded(header)
        if len(form) < 2 or is_anothers(header):
            return {}
        pairs = _pairs(form)
        found: dict[str, float] = {}
        for known, known_pairs, name in self._names:
            score = _score(form, pairs, known, known_pairs)
            if score > found.get(name, 0.4):
                found[name] = score
        return found


def is_anothers(header: str) -> bool:
    """Whether a header names somebody else than the borrower."""
    return any(word in folded(header) for word in _OTHERS)


def sounds_like_notes(header: str) -> bool:
    """Whether a header is that of free words."""
    return any(word in folded(header) for word in _NOTES)


def _score(form: str, pairs: frozenset[str], known: str, known_pairs: frozenset[str]) -> float:
    if known in form and len(known) > 1:
        # What stands before a name narrows it (overdue principal); what it is, the end says.
        rest = form.replace(known, "", 1)
        score = 0.6 + 0.3 * len(known) / len(form) if form.endswith(known) else 0.45 + 0.3 * len(known) / len(form)
        return score - (0.4 if any(word in rest for word in _APART) else 0)
    if form in known:
        return 0.4 + 0.4 * len(form) / len(known)
    shared = len(pairs & known_pairs)
    return 2 * shared / (len(pairs) + len(known_pairs)) * 0.9 if shared else 0.0


def _pairs(form: str) -> frozenset[str]:
    return frozenset(form[at : at + 2] for at in range(len(form) - 1))


def likest(found: Mapping[str, float], allowed: Iterable[str]) -> list[tuple[str, float]]:
    """The facts among these, the likest first."""
    return sorted(((name, found[name]) for name in allowed if name in found), key=lambda each: (-each[1], each[0]))
