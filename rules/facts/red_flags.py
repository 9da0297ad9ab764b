"""Red flags in a case's texts. Matched widely: a person looks at every hit, also at one that may not be meant."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Final

from rules.facts.phrases.contexts import lowering
from rules.facts.phrases.index import PhraseIndex
from rules.facts.phrases.negation import negated
from rules.facts.phrases.patterns import Sequence, compiled, expanded, needs, pattern_of, word_expression
from rules.facts.phrases.signs import (
    LONGEST,
    Place,
    Scale,
    Sentence,
    classes_of_words,
    fills_clause,
    part,
    sentences,
)
from rules.facts.reading import PAUSE, Reading, bare, reading
from rules.locale import Language, in_language, listed, said
from rules.locale.word_lists import word_lists
from rules.pack.files.red_flags import Grade, RedFlag
from rules.pack.pack import Pack

_AND: Final = re.compile(rf"\s*(?:{'|'.join(word_lists('negation')['and'])})\s*")
_REPEATED: Final = 60  # letters of a text that may well stand in other cases too, word by word
_PARTING: Final = re.compile("[-_/ ]")
_REFERENCE: Final = re.compile("(?=[^0-9]*[0-9])[A-Za-z0-9]+(?:[-_/ ][A-Za-z0-9]+)*")  # with a figure in it
_MASK: Final = "\ufffc"  # stands for a letter in which nothing is looked for


@dataclass(frozen=True)
class NoteMatch:
    """A place in a text that raises a flag: the words as they stand there, and whether they may not be meant so.

    `lowered`: they may be denied, told of somebody else, or a figure of speech.
    """

    flag: str
    words: str
    lowered: bool


@dataclass(frozen=True)
class RedFlagMatch:
    """A flag with all the words that raised it; possibly negated if each of them is."""

    flag: str
    words: tuple[str, ...]
    negated: bool


def scan(pack: Pack, text: str) -> tuple[str, ...]:
    """The ids of the red flags that a text raises, in alphabetical order."""
    return raised(pack, matches(pack, text))


def prepare(pack: Pack) -> None:
    """Read all that a pack looks for, once a process: a forked process has it then."""
    _scanner(pack)


def scan_all(pack: Pack, texts: Iterable[str]) -> tuple[str, ...]:
    """The ids of the red flags that the texts of a case raise, in alphabetical order."""
    return raised(pack, (match for text in texts for match in matches(pack, text)))


def scan_case(pack: Pack, facts: Mapping[str, object], texts: Iterable[str]) -> tuple[str, ...]:
    """The ids of a case's red flags: those that its texts raise, and danger that a fact tells of by its yes."""
    told = {flag for flag, fact in _by_fact(pack) if facts.get(fact) is True}
    flags = {*scan_all(pack, texts), *told}
    return tuple(sorted(flags - _said_plainly(pack, told)))


@lru_cache(maxsize=16)
def _by_fact(pack: Pack) -> tuple[tuple[str, str], ...]:
    """The flags that the yes of a fact raises as well, each with that fact."""
    signs = ((flag, entry.danger) for flag, entry in pack.red_flags.items())
    return tuple((flag, sign.asks) for flag, sign in signs if sign is not None and sign.by_fact)


def raised(pack: Pack, found: Iterable[NoteMatch]) -> tuple[str, ...]:
    """The ids of the red flags that places in texts raise, in alphabetical order."""
    found = tuple(found)
    plainly = {match.flag for match in found if not (match.lowered and pack.red_flags[match.flag].denied_as)}
    flags = {_raised_as(pack, match.flag, plainly) for match in found}
    return tuple(sorted(flags - _said_plainly(pack, flags)))


def _said_plainly(pack: Pack, flags: Collection[str]) -> set[str | None]:
    """The flags of danger that is possible where the same danger is explicit: nobody need ask."""
    signs = ((pack.red_flags[flag], pack.red_flags[flag].danger) for flag in flags)
    return {flag.denied_as for flag, sign in signs if sign and sign.grade == "explicit"}


def matches(pack: Pack, text: str) -> tuple[NoteMatch, ...]:
    """Where a text raises a flag: flags in alphabetical order, the places of each as they come.

    Places that overlap are one match. What lowers it, a denial or another person's story, never silences it. Where
    patterns find no danger in a sentence, its signs may; where a sentence looks harmless, explicit words are lowered,
    unless they stand by themselves.
    """
    if _scanner(pack).says_nothing(text):
        return ()
    return _repeated(pack, text) if len(text) <= _REPEATED else _matches(pack, text)


def _matches(pack: Pack, text: str) -> tuple[NoteMatch, ...]:
    scanner = _scanner(pack)
    read = reading(text)
    found = list(_by_patterns(pack, scanner, read))
    if scanner.scale:
        found = list(_weighed(pack, scanner, scanner.scale, read, found))
    return tuple(
        NoteMatch(each.flag, _shown(text[read.places[each.start] : read.places[each.end - 1] + 1]), each.lowered)
        for each in sorted(found, key=lambda each: (each.flag, each.start))
    )


# What an office writes into cell after cell is looked through once.
_repeated: Final = lru_cache(maxsize=4096)(_matches)


@dataclass(frozen=True)
class _Found:
    """A place in a text as it is read that raises a flag."""

    flag: str
    start: int
    end: int
    lowered: bool


def _by_patterns(pack: Pack, scanner: _Scanner, read: Reading) -> Iterator[_Found]:
    spans: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
    for flag, start, end in scanner.places(read):
        spans[flag].append((start, end))
    places = {flag: _joined(found) for flag, found in spans.items()}
    for flag in places:
        lowered, last = False, 0
        graver = [place for each, of_it in places.items() if pack.red_flags[each].denied_as == flag for place in of_it]
        for start, end in places[flag]:
            if any(start < later and earlier < end for earlier, later in graver):
                continue  # the same words, taken more gravely
            lowered = scanner.lowers(flag, read.text, start, end) or (
                lowered and _AND.fullmatch(read.text[last:start]) is not None
            )
            yield _Found(flag, start, end, lowered)
            last = end


def sentences_told(pack: Pack, text: str) -> Iterator[Sentence]:
    """The sentences of a text as they are weighed, each with the flags that patterns raise in it."""
    scanner, read = _scanner(pack), reading(text)
    return (sentence for sentence, _ in _told(scanner, read, tuple(_by_patterns(pack, scanner, read))))


def _told(scanner: _Scanner, read: Reading, found: Collection[_Found]) -> Iterator[tuple[Sentence, list[_Found]]]:
    """Each sentence with what patterns find in it, which is weighed with its words; what is found, is in one only."""
    left = list(found)
    for sentence in sentences(read.text, scanner.classes):
        here = [each for each in left if sentence.place.start <= each.start < sentence.place.end]
        left = [each for each in left if each not in here]
        yield replace(sentence, flags=frozenset(each.flag for each in here)) if here else sentence, here


def _weighed(pack: Pack, scanner: _Scanner, scale: Scale, read: Reading, found: Collection[_Found]) -> Iterator[_Found]:
    """What patterns found, lowered where its sentence looks harmless, and what signs find where patterns do not."""
    left = list(found)
    weightless = scanner.weightless(read)
    for sentence, here in _told(scanner, read, found):
        left = [each for each in left if each not in here]
        grades: dict[str, Grade | None] = {each.flag: _grade(pack, each.flag) for each in here}
        for each in here:
            harmless = (
                grades[each.flag] == "explicit"
                and not read.text[each.start : each.end].isascii()  # the weights know hardly any Latin words
                and not fills_clause(read.text, each.start, each.end)
                and scale.looks_harmless(sentence)
            )
            yield replace(each, lowered=each.lowered or harmless)
        letters = read.text[sentence.place.start : sentence.place.end]
        told = scanner.without(weightless, read, sentence)
        grade = scale.grade(told, worded=scanner.speaks_of_danger(letters), told_otherwise=not all(grades.values()))
        if grade and not {"explicit", grade} & set(grades.values()):
            yield from _by_signs(scanner, scale, read, told, grade)
    yield from left


def _grade(pack: Pack, flag: str) -> Grade | None:
    sign = pack.red_flags[flag].danger
    return sign.grade if sign else None


def _by_signs(scanner: _Scanner, scale: Scale, read: Reading, sentence: Sentence, grade: Grade) -> Iterator[_Found]:
    """The flag of a sentence's kind of danger, at the words that weighed most; lowered if one of them is."""
    flag = scanner.of_danger[scale.kind(sentence), grade]
    places = scale.heaviest(sentence, grade)
    lowered = all(scanner.lowers(flag, read.text, place.start, place.end) for place in places)
    yield from (_Found(flag, place.start, place.end, lowered) for place in scale.shown(sentence, grade))


def red_flag_matches(pack: Pack, flags: Collection[str], found: Iterable[NoteMatch]) -> tuple[RedFlagMatch, ...]:
    """The flags of a decision with the words that raised them, in the order in which the pack lists them.

    A flag whose words are not at hand has none.
    """
    by_flag: defaultdict[str, list[NoteMatch]] = defaultdict(list)
    for match in found:
        by_flag[_raised_as(pack, match.flag, flags)].append(match)
    return tuple(
        RedFlagMatch(
            flag,
            tuple(dict.fromkeys(match.words for match in by_flag[flag])),
            bool(by_flag[flag]) and all(match.lowered for match in by_flag[flag]),
        )
        for flag in pack.red_flags
        if flag in flags
    )


def _raised_as(pack: Pack, flag: str, raised: Collection[str]) -> str:
    """The flag itself where it was raised, else the one that its denial raises."""
    return flag if flag in raised else pack.red_flags[flag].denied_as or flag


def sentence(pack: Pack, alarm: RedFlagMatch, language: Language) -> str:
    """An alarm for people: its title, the words, and whether they may be denied."""
    text = pack.red_flags[alarm.flag].title
    if alarm.words:
        words = listed(said("red_flag.word", word=word) for word in alarm.words)
        text = said("red_flag.with_words", title=text, words=words)
    if alarm.negated:
        text = said("red_flag.negated", text=text, hint=said("red_flag.negated_hint"))
    return in_language(text, language)


@dataclass(frozen=True)
class _Phrase:
    """One word or pattern of a flag, or of a kind of harmless speech; compiled when a text first may hold it."""

    of: str
    source: Sequence | str
    ends: str = ""  # what may not stand around a word

    @property
    def needs(self) -> tuple[tuple[str, ...], ...]:
        return ((bare(self.source),),) if isinstance(self.source, str) else needs(self.source)

    @cached_property
    def expression(self) -> re.Pattern[str]:
        if isinstance(self.source, str):
            before, after = self.ends.split("\0")
            return re.compile(before + word_expression(self.source) + after)
        return compiled(self.source)


class _Scanner:
    """Everything a pack looks for in texts."""

    def __init__(self, pack: Pack) -> None:
        classes = pack.phrases.classes
        self._phrases = PhraseIndex(
            (each, each.needs)
            for flag, entry in pack.red_flags.items()
            for each in (
                *(_Phrase(flag, word, _ends(entry)) for word in entry.words),
                *(_Phrase(flag, pattern_of(pack, pattern)) for pattern in entry.patterns),
            )
        )
        self._harmless = PhraseIndex(
            (each, each.needs)
            for kind, patterns in pack.phrases.harmless.items()
            for each in (_Phrase(kind, pattern_of(pack, pattern)) for pattern in patterns)
        )
        self._weightless = frozenset(pack.phrases.weightless)
        self._harmless_of = {flag: entry.harmless for flag, entry in pack.red_flags.items()}
        self._lowering = {flag: lowering(pack, entry) for flag, entry in pack.red_flags.items()}
        words = {word for name in pack.phrases.of_danger for word in expanded(name, classes)}
        self._of_danger = re.compile("|".join(map(word_expression, sorted(words)))) if words else None
        self.classes = classes_of_words(classes)
        self.scale = Scale(pack.signs, {bare(word) for word in words}) if pack.signs else None
        self._weighs = self.scale.known if self.scale else frozenset[str]()
        self.of_danger = {
            (entry.danger.kind, entry.danger.grade): flag for flag, entry in pack.red_flags.items() if entry.danger
        }

    def says_nothing(self, text: str) -> bool:
        """Whether a text is a reference without any word that is looked for: most are, and no two are alike.

        Only of one that is read as its letters stand, in one sentence: whatever is found in it needs one of its words.
        """
        if len(text) > LONGEST or _REFERENCE.fullmatch(text) is None:
            return False
        words = _PARTING.sub(" ", text.lower()).split()
        if self._weighs is None or self._phrases.possible("".join(words)):
            return False
        told = Sentence(Place(0, len(text)), (PAUSE, *words, PAUSE), (), self.classes)
        return self._weighs.isdisjoint(told.pieces)

    def places(self, read: Reading) -> Iterator[tuple[str, int, int]]:
        """Where words and patterns stand, each with its flag."""
        letters = read.letters
        possible = self._phrases.possible(letters)
        if not possible:
            return
        harmless = self._harmless.possible(letters)
        searched: dict[str, str] = {}
        for phrase in possible:
            if phrase.of not in searched:
                kinds = self._harmless_of[phrase.of]
                searched[phrase.of] = _hidden(read.text, (each for each in harmless if each.of in kinds))
            for found in phrase.expression.finditer(searched[phrase.of]):
                yield phrase.of, *found.span()

    def weightless(self, read: Reading) -> tuple[_Phrase, ...]:
        """The turns of speech that a text may hold and that weigh nothing."""
        return tuple(each for each in self._harmless.possible(read.letters) if each.of in self._weightless)

    def without(self, weightless: Iterable[_Phrase], read: Reading, sentence: Sentence) -> Sentence:
        """A sentence as it is weighed: without the turns of speech that weigh nothing."""
        start, end = sentence.place.start, sentence.place.end
        hidden = _hidden(read.text[start:end], weightless)
        if _MASK not in hidden:
            return sentence
        return replace(part(read.text[:start] + hidden, start, end, self.classes), flags=sentence.flags)

    def speaks_of_danger(self, letters: str) -> bool:
        """Whether a word of danger stands in what is read."""
        return self._of_danger is not None and self._of_danger.search(letters) is not None

    def lowers(self, flag: str, text: str, start: int, end: int) -> bool:
        """Whether what stands around the words at a place denies them, or tells them of somebody else."""
        return negated(text[:start]) or self._lowering[flag].lowers(text, start, end)


@lru_cache(maxsize=8)
def _scanner(pack: Pack) -> _Scanner:
    return _Scanner(pack)


def _hidden(text: str, harmless: Iterable[_Phrase]) -> str:
    """A text in which turns of speech that mean no harm are hidden."""
    hidden = text
    for each in harmless:
        for start, end in (found.span() for found in each.expression.finditer(text)):
            hidden = hidden[:start] + _MASK * (end - start) + hidden[end:]
    return hidden


def _ends(entry: RedFlag) -> str:
    """What may not stand around the words of a flag."""
    before = "".join(f"(?<!{re.escape(bare(each))})" for each in entry.not_after)
    after = f"(?!{'|'.join(re.escape(bare(each)) for each in entry.not_before)})" if entry.not_before else ""
    return f"{before}\0{after}"


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The spans in order, those that overlap made one."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _shown(words: str) -> str:
    """On one line, without characters that could turn or hide what stands around them."""
    visible = (letter for letter in words if letter.isspace() or unicodedata.category(letter) not in ("Cf", "Cc"))
    return " ".join("".join(visible).split())
