"""Patterns of red flags: words with bounded gaps between them, read and compiled so that any text takes linear time.

<name>    one word of a class            (a|b)    one of these, each a pattern itself
~4        up to four letters, no mark    ~~9      up to nine letters and pauses of a sentence
^ and $   where a clause begins, ends    ，       the mark that ends one
·         perhaps a mark, within a word  …?       what stands before may be lacking
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from math import prod
from typing import Final, TypeAlias

from rules.facts.reading import PAUSE, STOP, bare, fold
from rules.pack.pack import Pack

MOST_TRIES: Final = 5_000  # ways to match a pattern that begins at one place: a text costs so many times its length
_TOKEN: Final = re.compile(
    r"<(?P<name>\w+)>|(?P<gap>~~?)(?P<most>\d+)|(?P<sign>[()|?^$，])|(?P<stray>[<>~。])|(?P<letter>.)", re.DOTALL
)
_SHORT: Final = 4  # letters of a Latin word that must be whole: "zs" is not found in "zsh"
_SPELLED: Final = "·"
_APOSTROPHES: Final = re.compile(r"['’]")
_LATIN: Final = re.compile(r"[a-z0-9]")
_NOT_LATIN_BEFORE: Final = r"(?<![a-z0-9])"
_NOT_LATIN_AFTER: Final = r"(?![a-z0-9])"
_MARK: Final = f"[{STOP}{PAUSE}]"
_NO_MARK: Final = f"[^{STOP}{PAUSE}]"


class PatternError(Exception):
    """A pattern that cannot be read; says why."""


@dataclass(frozen=True)
class Literal:
    """A word as it is written in the pack."""

    word: str


@dataclass(frozen=True)
class Branches:
    """One of several sequences, or none of them if it is optional."""

    of: tuple[Sequence, ...]
    optional: bool = False


@dataclass(frozen=True)
class Gap:
    """Up to so many letters, within a clause or across the pauses of a sentence."""

    most: int
    across: bool


@dataclass(frozen=True)
class Edge:
    """The beginning of a clause, its end, or the mark that ends it."""

    sign: str


Element: TypeAlias = Literal | Branches | Gap | Edge
Sequence: TypeAlias = tuple[Element, ...]
Classes: TypeAlias = Mapping[str, tuple[str, ...]]

_bare: Final = lru_cache(maxsize=2**15)(bare)  # of one word: patterns share theirs


def parse(pattern: str, classes: Classes) -> Sequence:
    """The elements of a pattern. Raises PatternError."""
    elements = _PatternParser(pattern, classes).whole()
    if not anchors(elements):
        raise PatternError("has no word that must be there")
    if tries(elements) > MOST_TRIES:
        raise PatternError(f"can match in {tries(elements)} ways at one place; at most {MOST_TRIES}: shorten its gaps")
    return elements


@lru_cache(maxsize=2**13)
def pattern_of(pack: Pack, pattern: str) -> Sequence:
    """The elements of a pattern of a pack, read once, for its check and for the search. Raises PatternError."""
    return parse(pattern, pack.phrases.classes)


def expanded(name: str, classes: Classes, within: tuple[str, ...] = ()) -> tuple[str, ...]:
    """All words of a class, those of the classes in it included. Raises PatternError."""
    if name not in classes:
        raise PatternError(f"unknown class <{name}>")
    if name in within:
        raise PatternError(f"class <{name}> holds itself")
    words: list[str] = []
    for entry in classes[name]:
        if entry.startswith("<") and entry.endswith(">"):
            words.extend(expanded(entry[1:-1], classes, (*within, name)))
        elif not _bare(entry):
            raise PatternError(f"a word of <{name}> is blank and would be found everywhere")
        else:
            words.append(entry)
    return tuple(dict.fromkeys(words))


class _PatternParser:
    """Reads one pattern from left to right."""

    def __init__(self, pattern: str, classes: Classes) -> None:
        self._tokens = list(_TOKEN.finditer(pattern))
        self._at = 0
        self._classes = classes

    def whole(self) -> Sequence:
        elements = self._sequence()
        if self._at < len(self._tokens):
            raise PatternError(f"{self._tokens[self._at][0]!r} belongs to no choice")
        return elements

    def _sequence(self) -> Sequence:
        elements: list[Element] = []
        letters = ""
        while self._at < len(self._tokens) and self._tokens[self._at]["sign"] not in ("|", ")"):
            token = self._tokens[self._at]
            self._at += 1
            if token["letter"] and not self._lackable():
                letters += token["letter"]
                continue
            if letters:
                elements.append(Literal(letters))
                letters = ""
            element = self._element(token)
            if self._lackable():
                self._at += 1
                of = element.of if isinstance(element, Branches) else ((element,),)
                element = Branches(of, optional=True)
            elements.append(element)
        if letters:
            elements.append(Literal(letters))
        if any(isinstance(each, Literal) and not _bare(each.word) and each.word != " " for each in elements):
            raise PatternError("a word is blank and would be found everywhere")
        return tuple(elements)

    def _lackable(self) -> bool:
        return self._at < len(self._tokens) and self._tokens[self._at]["sign"] == "?"

    def _element(self, token: re.Match[str]) -> Element:
        if token["letter"]:
            return Edge(PAUSE) if token["letter"] == _SPELLED else Literal(token["letter"])
        if token["name"]:
            return Branches(tuple((Literal(word),) for word in expanded(token["name"], self._classes)))
        if token["gap"]:
            return Gap(int(token["most"]), across=token["gap"] == "~~")
        if token["sign"] == "(":
            return self._choice()
        if token["sign"] in ("^", "$", PAUSE):
            return Edge(token["sign"])
        raise PatternError(f"{token[0]!r} belongs to no class, choice or gap")

    def _choice(self) -> Branches:
        of = [self._sequence()]
        while self._next("|"):
            of.append(self._sequence())
        if not self._next(")"):
            raise PatternError("a choice is not closed")
        if not all(of):
            raise PatternError("a choice has an empty branch; write ? behind it")
        return Branches(tuple(of))

    def _next(self, sign: str) -> bool:
        found = self._at < len(self._tokens) and self._tokens[self._at]["sign"] == sign
        self._at += found
        return found


def tries(elements: Sequence) -> int:
    """In how many ways at most a pattern is tried at one place of a text, whatever the text."""
    return prod(map(_ways, elements))


def _ways(element: Element) -> int:
    match element:
        case Gap(most):
            return most + 1
        case Branches(of, optional):
            words = {each[0].word for each in of if len(each) == 1 and isinstance(each[0], Literal)}
            # The most words of which each is the beginning of the next: they are tried one after the other.
            longest = max((sum(word[:end] in words for end in range(len(word) + 1)) for word in words), default=0)
            others = sum(tries(each) for each in of if not (len(each) == 1 and isinstance(each[0], Literal)))
            return max(longest + others, 1) + optional
        case _:
            return 1


def needs(elements: Sequence) -> tuple[tuple[str, ...], ...]:
    """Sets of words, only letters: of every one, one stands in each text that matches."""
    return tuple(words for words in map(_needed, elements) if words)


def saying_most(needed: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """The set of words that is rarest to be met: of long words, and few. Empty where there is none."""
    return max(needed, key=lambda words: (min(map(len, words)), -len(words)), default=())


def anchors(elements: Sequence) -> tuple[str, ...]:
    """Words one of which stands in every text that matches: those of the element that says most.

    Empty where a text may match without any word.
    """
    return saying_most(needs(elements))


def _needed(element: Element) -> tuple[str, ...]:
    match element:
        case Literal(word):
            return (_bare(word),) if _bare(word) else ()
        case Branches(of, False):
            each_of = [anchors(each) for each in of]
            return tuple(dict.fromkeys(chain.from_iterable(each_of))) if all(each_of) else ()
        case _:
            return ()


def compiled(elements: Sequence) -> re.Pattern[str]:
    """The pattern as a regular expression on a text as it is read; it holds no repetition without a bound."""
    return re.compile(_expressions(elements))


def _expressions(elements: Sequence) -> str:
    return "".join(map(_expression, elements))


def _expression(element: Element) -> str:
    match element:
        case Literal(word):
            return word_expression(word)
        case Branches(of, optional):
            branches = sorted(dict.fromkeys(map(_expressions, of)), key=len, reverse=True)
            return f"(?:{'|'.join(branches)}){'?' if optional else ''}"
        case Gap(most, across):
            return f"{f'[^{STOP}]' if across else _NO_MARK}{{0,{most}}}?"
        case Edge("^"):
            return f"(?<!{_NO_MARK})"
        case Edge("$"):
            return f"(?!{_NO_MARK})"
        case _:
            return _MARK


def word_expression(word: str) -> str:
    """One word. Latin letters are whole at the start, so that "die" is not found in "audience"; few also at the end."""
    if word.isascii():
        letters = _APOSTROPHES.sub("", fold(word)).replace("-", " ").replace("_", " ")
        whole = len(letters.strip()) <= _SHORT
        expression = re.escape(letters).replace(r"\ ", " ?")
    else:
        parts = [_bare(part) for part in word.split(_SPELLED)]
        letters, whole = "".join(parts), True
        expression = f"{_MARK}?".join(map(re.escape, parts))
    begin = _NOT_LATIN_BEFORE if _LATIN.match(letters) else ""
    end = _NOT_LATIN_AFTER if whole and _LATIN.match(letters[-1:]) else ""
    return f"{begin}{expression}{end}"
