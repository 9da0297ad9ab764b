"""A text as words are looked for in it: one script, one width, no marks on letters, nothing put between letters."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final

from rules.locale.word_lists import word_lists

PAUSE: Final = "，"  # between clauses
STOP: Final = "。"  # between sentences
_LISTED: Final = "、"  # between the words of a list: ends nothing
# Categories: formatting, control, accents and other marks on a letter, pictures.
_UNSEEN: Final = ("Cf", "Cc", "Mn", "Me", "So", "Sk")
_MARKS: Final = {**dict.fromkeys(",，:：", PAUSE), **dict.fromkeys(".。!！?？;；", STOP), _LISTED: _LISTED}
# What may stand between the letters of a word, or one of the marks that end a clause; and a whole run of them.
_RUN: Final = re.compile(
    r"[\s*·・•_~'’‘`´\"“”„|/\\+\-‐‑–—−^#@&=<>()\[\]{}【】《》〈〉「」『』〔〕"
    r",，、:：.。!！?？;；]+"
)
_BETWEEN: Final = dict.fromkeys(map(ord, (PAUSE, STOP, _LISTED, " ")))
_LATIN: Final = re.compile(r"[a-z0-9]")
_LONELY: Final = 3  # letters of a line that is no sentence of its own


@dataclass(frozen=True)
class Reading:
    """A text as it is read, with where each of its letters stands in the text."""

    text: str
    places: tuple[int, ...]

    @property
    def letters(self) -> str:
        """Only its letters; `bare` of the same text."""
        return self.text.translate(_BETWEEN)


def plain(text: str) -> str:
    """A text as it is read."""
    return _joined(fold(text))


def reading(text: str) -> Reading:
    """A text as it is read, letter by letter; its text is that of `plain`."""
    letters = [(letter, place) for place, original in enumerate(text) for letter in _folded(original)]
    folded = "".join(letter for letter, _ in letters)
    read: list[str] = []
    places: list[int] = []
    for start, end, instead in _pieces(folded):
        piece = folded[start:end] if instead is None else instead
        read.append(piece)
        places.extend(letters[start + offset if instead is None else start][1] for offset in range(len(piece)))
    return Reading("".join(read), tuple(places))


def bare(text: str) -> str:
    """A text without anything but letters: what a word must be found in before it is looked for in earnest."""
    return _RUN.sub("", fold(text))


def fold(text: str) -> str:
    """Half width, lower case, simplified, and without invisible characters, accents and pictures."""
    folded = unicodedata.normalize("NFKD", text).casefold()
    return folded if folded.isascii() and folded.isprintable() else folded.translate(_letters())


_folded: Final = lru_cache(maxsize=8192)(fold)  # of one letter


class _Letters(dict[int, str | None]):
    """What each letter is read as; one that was not met before is looked up once."""

    def __missing__(self, code: int) -> str | None:
        letter = chr(code)
        shown = letter.isspace() or (letter.isascii() and letter.isprintable())  # as in a text of nothing else
        unseen = not shown and unicodedata.category(letter) in _UNSEEN
        self[code] = read = None if unseen else letter
        return read


@cache
def _letters() -> _Letters:
    """Traditional letters are read as simplified ones, pictures and disguises as the words they stand for."""
    lists = word_lists("scripts")
    pairs = zip("".join(lists["traditional"]), "".join(lists["simplified"]), strict=True)
    return _Letters({ord(letter): instead for letter, instead in (*pairs, *lists["instead"].items())})


def _joined(folded: str) -> str:
    return "".join(folded[start:end] if instead is None else instead for start, end, instead in _pieces(folded))


def _pieces(folded: str) -> Iterator[tuple[int, int, str | None]]:
    """The parts of a folded text: letters as they stand (None), and what each run between them is read as."""
    at = 0
    for run in _RUN.finditer(folded):
        start, end = run.span()
        if at < start:
            yield at, start, None
        yield start, end, _read_as(folded, start, end)
        at = end
    if at < len(folded):
        yield at, len(folded), None


def _read_as(folded: str, start: int, end: int) -> str:
    """What a run between letters is read as: a mark, a blank between Latin words, or nothing."""
    run = folded[start:end]
    before, after = folded[start - 1 : start], folded[end : end + 1]
    latin = bool(_LATIN.fullmatch(before) and _LATIN.fullmatch(after))
    if latin and run in ("'", "’", "`", "´", "."):
        return ""
    marks = [_MARKS[letter] for letter in run.replace("..", "") if letter in _MARKS]
    if not latin and (run == "." or _spelled(folded, start, end)):
        marks = []
    if marks:
        return next(mark for mark in (STOP, PAUSE, _LISTED) if mark in marks)
    if "\n" in run and not latin and _line(folded, start, -1) > _LONELY and _line(folded, end, 1) > _LONELY:
        return STOP
    return " " if latin else ""


def _spelled(folded: str, start: int, end: int) -> bool:
    """Whether a mark parts the letters of a word: one letter alone stands between it and the next."""
    before = start >= 2 and folded[start - 2] in _MARKS and not _LATIN.match(folded[start - 1])
    return before or (folded[end + 1 : end + 2] in _MARKS and not _LATIN.match(folded[end]))


def _line(folded: str, at: int, step: int) -> int:
    """How many letters stand on a line from a place on, forwards or backwards, as far as it matters."""
    letters = 0
    place = at if step > 0 else at - 1
    while 0 <= place < len(folded) and folded[place] != "\n" and letters <= _LONELY:
        letters += not _RUN.match(folded, place)
        place += step
    return letters
