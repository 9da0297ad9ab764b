"""Signs of danger: what no pattern knows, by the weight of all its pieces. A sentence is weighed by itself.

What is weighed is up to three letters, marks or Latin words that stand together, each once, however often; of which
classes of the pack words stand in it, each and any two of them; and which flags patterns raise in it. The sum is
divided by the root of the sentence's length, so that a long one weighs no more for being long.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import combinations, pairwise
from math import isqrt
from typing import Final, TypeAlias

from rules.facts.phrases.patterns import Classes, expanded
from rules.facts.reading import PAUSE, STOP, bare
from rules.pack.files.red_flags import Grade
from rules.pack.files.signs import GradeScore, Score, Signs

PIECE: Final = 3  # letters, marks or Latin words of a piece at most
LONGEST: Final = 50  # letters that are weighed together at most
_EVEN: Final = 5  # letters that a sentence is counted longer than it is: two words are no sentence
_SHOWN: Final = 4  # pieces that are named at most
_TELLING: Final = 3  # letters of a piece that tells something without being a word of danger
_FINE: Final = 100
_JOINT: Final = "_"  # between two Latin words of a piece
_SHORTEST_WORD: Final = 2  # letters of a word that tells its class
_TOKEN: Final = re.compile(r"[a-z0-9]+|[^ ]")
_MARK: Final = re.compile(f"[{PAUSE}{STOP}、]")
_MARKS: Final = re.compile(f"^[{PAUSE}{STOP}、]+|[{PAUSE}{STOP}、]+$")


ClassesOfWords: TypeAlias = Mapping[str, tuple[str, ...]]


def classes_of_words(classes: Classes) -> ClassesOfWords:
    """In which classes each word stands that a piece may be, a Latin one of any length; one letter means too much."""
    of: defaultdict[str, set[str]] = defaultdict(set)
    for name in classes:
        for word in map(bare, expanded(name, classes)):
            if len(word) >= _SHORTEST_WORD and (len(word) <= PIECE or word.isascii()):
                of[word].add(name)
    return {word: tuple(sorted(names)) for word, names in of.items()}


@dataclass(frozen=True)
class Place:
    """From where to where something stands in a text as it is read."""

    start: int
    end: int


@dataclass(frozen=True)
class Sentence:
    """A sentence: its letters, marks and Latin words, and where each of them stands.

    Its beginning and end are marks, as those between its clauses are.
    """

    place: Place
    tokens: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]
    classes: ClassesOfWords = field(default_factory=dict)
    flags: frozenset[str] = frozenset()  # that patterns raise in it

    @cached_property
    def pieces(self) -> set[str]:
        """All that is weighed: what is written, the classes that words of it are of, and the flags raised in it."""
        of = self.classes
        told = frozenset([name for piece in self.written if piece in of for name in of[piece]])
        return self.written.union(_of_classes(told), [f"{{{flag}}}" for flag in self.flags])

    @cached_property
    def written(self) -> set[str]:
        """Up to three letters, marks or Latin words that stand together."""
        pieces = {piece for of_length in self._of_each_length() for piece in of_length}
        pieces.discard(PAUSE)
        return pieces

    @cached_property
    def root(self) -> int:
        """The root of its length, in hundredths."""
        return isqrt(_FINE * _FINE * (self.place.end - self.place.start + _EVEN))

    def where(self, piece: str) -> Place:
        """Where a piece of the sentence stands first."""
        found = ((length, pieces) for length, pieces in enumerate(self._of_each_length()) if piece in pieces)
        length, pieces = next(found)
        at = pieces.index(piece)
        return Place(self.spans[at][0], self.spans[at + length][1])

    def _of_each_length(self) -> Iterator[list[str]]:
        joints = [_JOINT if one.isascii() and other.isascii() else "" for one, other in pairwise(self.tokens)]
        pieces = list(self.tokens)
        yield pieces
        for far in range(1, PIECE):
            pieces = [
                piece + joint + token
                for piece, joint, token in zip(pieces, joints[far - 1 :], self.tokens[far:], strict=False)
            ]
            yield pieces


@lru_cache(maxsize=4096)
def _of_classes(names: frozenset[str]) -> tuple[str, ...]:
    """The pieces that classes are weighed as: each, and any two of them."""
    ranked = sorted(names)
    return (*(f"<{name}>" for name in ranked), *(f"<{one}+{other}>" for one, other in combinations(ranked, 2)))


def sentences(text: str, classes: ClassesOfWords) -> Iterator[Sentence]:
    """The sentences of a text as it is read."""
    for start, end in _bounds(text):
        yield part(text, start, end, classes)


def part(text: str, start: int, end: int, classes: ClassesOfWords) -> Sentence:
    """A part of a text as it is read, as a sentence of its own."""
    spans = [found.span() for found in _TOKEN.finditer(text, start, end)]
    tokens = (PAUSE, *(text[first:last] for first, last in spans), PAUSE)
    return Sentence(Place(start, end), tokens, ((start, start), *spans, (end, end)), classes)


def fills_clause(text: str, start: int, end: int) -> bool:
    """Whether nothing else stands beside the words at a place, between the marks around them."""
    marks = f"{PAUSE}{STOP}"
    return text[max(0, start - 1) : start] in marks and text[end : end + 1] in marks


def _bounds(text: str) -> Iterator[tuple[int, int]]:
    """From where to where its sentences go; a long one is cut into parts, each beginning in the one before."""
    for found in re.finditer(f"[^{STOP}]+", text):
        start, end = found.span()
        while end - start > LONGEST:
            cut = text.rfind(PAUSE, start + LONGEST // 2, start + LONGEST)
            cut = cut if cut > 0 else start + LONGEST
            yield start, cut
            middle = text.find(PAUSE, start + LONGEST // 4, cut)
            start = middle + 1 if middle > 0 else start + LONGEST // 2
        yield start, end


class Scale:
    """Weighs sentences by the signs of a pack."""

    def __init__(self, signs: Signs, words: Collection[str] = ()) -> None:
        """`words`: what the pack knows as words of danger, each of two letters or more."""
        scores: dict[Grade, GradeScore] = {"explicit": signs.explicit, "possible": signs.possible}  # the graver first
        self._grades = {grade: _GradeWeights(score) for grade, score in scores.items()}
        self._raised_from = {grade: score.raised_from for grade, score in scores.items()}
        self._harmless_below = signs.harmless_below
        self._shortest = signs.shortest
        self._kinds = {kind: _Weights(score) for kind, score in signs.kinds.items()}
        self._words = frozenset(words)

    @cached_property
    def known(self) -> frozenset[str] | None:
        """Every piece that weighs something; None where a sentence without any of them may tell of danger."""
        if any(weights.base >= self._raised_from[grade] for grade, weights in self._grades.items()):
            return None
        return frozenset().union(*(weights.known for weights in self._grades.values()))

    def grade(self, sentence: Sentence, *, worded: bool = True, told_otherwise: bool = False) -> Grade | None:
        """The grade of danger that a sentence tells of by its signs alone; none where it is too short to tell.

        Without a word of danger (`worded`), letters alone make no crisis where more speaks against danger of any grade
        than for it; nor, where patterns know what else the sentence tells (`told_otherwise`: fraud, papers, a role),
        unless it weighs as danger of any grade too.
        """
        if sentence.place.end - sentence.place.start < self._shortest:
            return None
        possible = self.weight(sentence, "possible")
        if self.weight(sentence, "explicit") >= self._raised_from["explicit"]:
            if worded or possible >= (self._raised_from["possible"] if told_otherwise else 0):
                return "explicit"
            if possible >= 0 or not told_otherwise:
                return "possible"
        return "possible" if possible >= self._raised_from["possible"] else None

    def looks_harmless(self, sentence: Sentence) -> bool:
        """Whether so much in a sentence speaks against danger, of both scores, that explicit words may not be meant."""
        both = self.weight(sentence, "possible") + self.weight(sentence, "explicit")
        return self._harmless_below is not None and both < self._harmless_below

    def weight(self, sentence: Sentence, grade: Grade) -> int:
        """How much a sentence weighs for a grade of danger."""
        return self._grades[grade].of(sentence)

    def kind(self, sentence: Sentence) -> str:
        """The kind of danger that a sentence speaks of most."""
        return max(self._kinds, key=lambda kind: self._kinds[kind].of(sentence.pieces, sentence.root))

    def heaviest(self, sentence: Sentence, grade: Grade) -> tuple[Place, ...]:
        """Where the pieces stand that weighed most, as they come."""
        return self._grades[grade].heaviest(sentence, sentence.written)

    def shown(self, sentence: Sentence, grade: Grade) -> tuple[Place, ...]:
        """What a person is shown of it: the heaviest pieces that mean something, or the sentence."""
        telling = {
            piece
            for piece in sentence.written
            if not _MARK.search(piece) and (len(piece) >= _TELLING or piece in self._words)
        }
        return self._grades[grade].heaviest(sentence, telling)


class _Weights:
    """The weights of one score by piece."""

    def __init__(self, score: Score) -> None:
        self.base = score.base
        self.known = {piece: weight for weight, pieces in score.weights.items() for piece in pieces.split()}

    def of(self, pieces: Collection[str], root: int) -> int:
        known = self.known
        return self.base + _FINE * sum([known[each] for each in pieces if each in known]) // root


class _GradeWeights:
    """The weights for a grade: those of its score, and of the one of its kinds that weighs most."""

    def __init__(self, score: GradeScore) -> None:
        self._own = _Weights(score)
        self._of_kind = tuple(map(_Weights, score.of_kind.values()))
        self.base = self._own.base + max((each.base for each in self._of_kind), default=0)
        self.known = frozenset(self._own.known).union(*(each.known for each in self._of_kind))

    def of(self, sentence: Sentence) -> int:
        pieces, root = sentence.pieces & self.known, sentence.root
        return self._own.of(pieces, root) + max((each.of(pieces, root) for each in self._of_kind), default=0)

    def heaviest(self, sentence: Sentence, pieces: Collection[str]) -> tuple[Place, ...]:
        kind = max(self._of_kind, key=lambda each: each.of(sentence.pieces, sentence.root), default=self._own)
        scores = {self._own, kind}
        weights = {
            piece: sum(each.known.get(piece, 0) for each in scores) * len(_MARKS.sub("", piece)) for piece in pieces
        }
        ranked = sorted((piece for piece in weights if weights[piece] > 0), key=lambda piece: (-weights[piece], piece))
        places = sorted(map(sentence.where, ranked[:_SHOWN]), key=lambda place: place.start)
        joined: list[Place] = []
        for place in places:
            if joined and place.start <= joined[-1].end:
                joined[-1] = Place(joined[-1].start, max(joined[-1].end, place.end))
            else:
                joined.append(place)
        return tuple(joined) or (sentence.place,)
