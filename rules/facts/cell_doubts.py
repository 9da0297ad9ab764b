"""Doubts of a cell by itself: a day that programs write for "no date", a number that cannot be in the fact's unit."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Final, TypeAlias, TypeVar

from rules.facts.cells import CellError, Reader, Value, parts_of_day, shown
from rules.facts.notation.units import OWN, Unit
from rules.facts.numbers import plain_value, says_unit
from rules.locale import Language, in_language
from rules.pack.files.doubts import Beyond, NoDay, NoNumber
from rules.pack.files.model import Text
from rules.pack.files.schema import Fact, Vocabulary

_Kind = TypeVar("_Kind")
_Parts: TypeAlias = tuple[int, int, int]
HUNDREDTHS: Final = ("money", "rate")
_ROUND: Final = {1: (0,), 100: (0, 47, 99)}  # 9999999.99 and 21474836.47 are no numbers, either
_LANGUAGES: Final[tuple[Language, ...]] = ("zh", "en")


class DoubtError(CellError):
    """A cell in doubt, in the pack's own words."""

    def __init__(self, text: Text, **values: object) -> None:
        self.text = filled(text, **values)
        Exception.__init__(self, self.text.en)


def filled(text: Text, **values: object) -> Text:
    """A text of the pack with its {names} filled in, language by language."""
    by_language = {
        language: {
            name: in_language(value, language) if isinstance(value, Text) else value for name, value in values.items()
        }
        for language in _LANGUAGES
    }
    return Text(zh=text.zh.format(**by_language["zh"]), en=text.en.format(**by_language["en"]))


def doubting(read: Reader, name: str, fact: Fact, vocabulary: Vocabulary, unit: Unit = OWN) -> Reader:
    """The reader of a fact, which refuses what the pack doubts of a cell."""
    if fact.type == "date":
        days = {_parts(day): each.text for each in _all(vocabulary, NoDay) for day in each.days}
        return _doubting_days(read, days) if days else read
    numbers = {n: each.text for each in _all(vocabulary, NoNumber) if name in each.facts for n in each.numbers}
    beyond = [each for each in _all(vocabulary, Beyond) if name in each.facts]
    return _doubting_numbers(read, fact, unit, numbers, beyond) if numbers or beyond else read


def _all(vocabulary: Vocabulary, kind: type[_Kind]) -> Iterator[_Kind]:
    return (each for each in vocabulary.doubts.values() if isinstance(each, kind))


def _parts(day: str) -> _Parts:
    year, month, number = map(int, day.split("-"))
    return year, month, number


def _doubting_days(read: Reader, days: dict[_Parts, Text]) -> Reader:
    """Also of what is no day of the calendar: 0000-00-00, 1900-01-00."""

    def read_or_doubt(cell: object) -> Value | None:
        try:
            day = read(cell)
        except CellError:
            if (text := days.get(parts_of_day(cell))) is not None:
                raise DoubtError(text, value=shown(cell)) from None
            raise
        if isinstance(day, dt.date):
            text = days.get((day.year, day.month, day.day)) or days.get(parts_of_day(cell))
            if text is not None:
                raise DoubtError(text, value=shown(cell))
        return day

    return read_or_doubt


def _doubting_numbers(
    read: Reader, fact: Fact, unit: Unit, numbers: dict[int, Text], beyond: Iterable[Beyond]
) -> Reader:
    grain = 100 if fact.type in HUNDREDTHS else 1
    beyond = tuple(beyond)
    small = tuple(each for each in beyond if each.below is not None and each.unless_said and not unit.shift)

    def read_or_doubt(cell: object) -> Value | None:
        try:
            number = read(cell)
        except CellError:
            value = plain_value(cell)  # 0.0525 has too many decimals because it is a fraction
            for each in small if value is not None and 0 < value < 1 else ():
                raise DoubtError(each.text, value=shown(cell), limit=each.below) from None
            raise
        if not isinstance(number, int):
            return number
        if numbers and number % grain in _ROUND[grain] and (text := numbers.get(number // grain)) is not None:
            raise DoubtError(text, value=shown(cell))
        for each in beyond:
            low = each.below is not None and 0 < number < each.below * grain
            high = each.above is not None and number > each.above * grain
            if (low or high) and not (each.unless_said and says_unit(cell, "year")):
                raise DoubtError(each.text, value=shown(cell), limit=each.below if low else each.above)
        return number

    return read_or_doubt
