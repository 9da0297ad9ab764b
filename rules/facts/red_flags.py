"""Red flags in a case's notes. Matched widely: a person looks at every hit, also at one that is denied."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from rules.facts.negation import negated
from rules.locale import Language, in_language, listed, said
from rules.locale.word_lists import word_lists
from rules.pack.pack import Pack
from rules.pack.red_flags import RedFlag

# What may stand between the letters of a Chinese word or the words of an English one. Commas and full stops may not.
_GAP: Final = r"[\s*·・_~'’‘\"“”|/+\-‐‑–—]"
_GAPS: Final = re.compile(f"{_GAP}+")
_AND: Final = re.compile(rf"\s*(?:{'|'.join(word_lists('negation')['and'])})\s*")
_START: Final = 2  # letters by which words are looked up
_INVISIBLE: Final = ("Cf", "Cc", "Mn", "Me")  # categories: formatting, control, accents and other marks on a letter


@dataclass(frozen=True)
class NoteMatch:
    """A place in the notes that raises a flag: the words as they stand there, and whether they may be denied."""

    flag: str
    words: str
    negated: bool


@dataclass(frozen=True)
class _Word:
    compact: str  # without gaps
    flag: str
    pattern: re.Pattern[str]  # that it must match too


@dataclass(frozen=True)
class RedFlagMatch:
    """A flag with all the words that raised it; possibly negated if each of them is."""

    flag: str
    words: tuple[str, ...]
    negated: bool


def scan(pack: Pack, notes: str) -> tuple[str, ...]:
    """The ids of the red flags that the notes raise, in alphabetical order."""
    found = matches(pack, notes)
    raised = {match.flag for match in found if not (match.negated and pack.red_flags[match.flag].denied_as)}
    return tuple(sorted({_raised_as(pack, match.flag, raised) for match in found}))


def matches(pack: Pack, notes: str) -> tuple[NoteMatch, ...]:
    """Where the notes raise a flag: flags in alphabetical order, the places of each as they come.

    Words that overlap are one match. A negation before the words never silences them: a person is told of it.
    """
    words, compact = _words(pack), bare(notes)
    # Most notes hold none of a thousand words: find that out first, by how words begin.
    pairs = {*compact, *(compact[at : at + _START] for at in range(len(compact)))}
    present = [word for start in pairs & words.keys() for word in words[start] if word.compact in compact]
    if not present:
        return ()
    letters = [(letter, place) for place, original in enumerate(notes) for letter in _plain(original)]
    text = "".join(letter for letter, _ in letters)
    spans: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
    for word in present:
        spans[word.flag].extend(found.span() for found in word.pattern.finditer(text))
    found: list[NoteMatch] = []
    for flag in sorted(spans):
        denied, last = False, 0
        for start, end in _joined(spans[flag]):
            denied = negated(text[:start]) or (denied and _AND.fullmatch(text[last:start]) is not None)
            found.append(NoteMatch(flag, _shown(notes[letters[start][1] : letters[end - 1][1] + 1]), denied))
            last = end
    return tuple(found)


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
            bool(by_flag[flag]) and all(match.negated for match in by_flag[flag]),
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


def bare(text: str) -> str:
    """A text as words are looked for in it: plain, and nothing between its letters."""
    return _GAPS.sub("", _plain(text))


@lru_cache(maxsize=8)
def _words(pack: Pack) -> dict[str, list[_Word]]:
    """All words, by their first two letters."""
    words: dict[str, list[_Word]] = {}
    for flag, entry in pack.red_flags.items():
        for word in map(_plain, entry.words):
            compact = bare(word)
            words.setdefault(compact[:_START], []).append(_Word(compact, flag, _pattern(word, entry)))
    return words


def _pattern(word: str, entry: RedFlag) -> re.Pattern[str]:
    """Latin letters are whole at the start, so that "die" is not found in "audience" nor "P图" in "APP图"."""
    parts = [part for part in _GAPS.split(word) if part] if word.isascii() else bare(word)
    start = r"(?<![a-z0-9])" if word[:1].isascii() else ""
    start += "".join(f"(?<!{re.escape(bare(each))})" for each in entry.not_after)
    end = f"(?!{_GAP}*(?:{'|'.join(re.escape(bare(each)) for each in entry.not_before)}))" if entry.not_before else ""
    return re.compile(start + f"{_GAP}*".join(map(re.escape, parts)) + end)


def _plain(text: str) -> str:
    """Half width, lower case, and without the invisible characters and marks that keep words from being found."""
    folded = unicodedata.normalize("NFKD", text).casefold()
    if folded.isascii() and folded.isprintable():
        return folded
    return "".join(letter for letter in folded if letter.isspace() or unicodedata.category(letter) not in _INVISIBLE)


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
