"""Units: what the words beside a name or behind a number say of it, and how a number in that unit becomes the fact's.

One small grammar for headers, title rows, number formats and cells. A unit is applied only where that is exact: a power
of ten. Whatever else is said (instalments for days, a daily rate, dollars, somebody else's income) is refused by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final

from rules.facts.notation.letters import clean
from rules.locale import listed, said
from rules.locale.word_lists import word_lists
from rules.pack.files.schema import Fact, Text

_MEANS: Final[dict[str, dict[str, int] | list[str]]] = word_lists("units")
_SHIFTS: Final = {"permille": -1, "basis_points": -2, "fraction": 2}  # of a rate, from percent
_FORMS: Final = frozenset(("percent", *_SHIFTS))
SPANS: Final = ("hour", "day", "working_day", "week", "month", "quarter", "half_year", "year", "instalment")
_IDLE: Final = frozenset(("filler", "harmless", "about", "whole", "dated"))
_MOST_WORDS: Final = 40  # characters beside a name that are still a unit
_TOKEN: Final = re.compile(r"'?\d[\d,]*(?:'?s(?![a-z]))?|[a-z]*\$|[a-z]+|[^\W\d_a-z]+|[%‰‱¥€£₩₽₹฿]")
_BETWEEN: Final = re.compile(r"[\s,，、;；:：/·|.。+*×_\-—–()\[\]{}<>《》【】〔〕「」\"]*")
_DIGITS: Final = frozenset("'0123456789")
_DATE: Final = word_lists("cells")["date"]
_DATE_FORM: Final = {
    "ymd": re.compile(rf"y{{2,4}}\W*{_DATE['year']}?m{{1,2}}\W*{_DATE['month']}?d{{1,2}}\W*[{''.join(_DATE['day'])}]?"),
    "dmy": re.compile(r"d{1,2}\W*m{1,4}\W*y{2,4}"),
    "mdy": re.compile(r"m{1,4}\W*d{1,2}\W*y{2,4}"),
}


@dataclass(frozen=True, slots=True)
class Marks:
    """What the words beside a name or behind a number say, by kind; a number is meant so many times ten."""

    kinds: frozenset[str]
    power: int = 0
    foreign: str = ""  # the currency, as it is called there


@dataclass(frozen=True, slots=True)
class Unit:
    """What a number without a unit of its own stands for, in a column or a cell."""

    name: str  # 万元, as it is written
    shift: int = 0  # the power of ten that makes of it a number in the fact's own unit
    kinds: frozenset[str] = frozenset()  # what was said in so many words: that a rate is one of a year, for one


OWN: Final = Unit("")  # the fact's own: nothing else was said


@dataclass(frozen=True, slots=True)
class OtherUnit:
    """A unit that the fact is not in: what it seems to be, and what is wanted, to be told in a sentence."""

    seems: Text
    wanted: Text


def read_marks(text: str, *, digits: bool = True) -> Marks | None:
    """What the words of a unit say; None where anything else stands among them.

    With `digits` also 10,000 and '000 are such words: beside a name, never behind a number.
    """
    folded = clean(text).casefold().replace("p.a.", "pa").replace("’", "'")
    if len(folded) > _MOST_WORDS:
        return None
    for order, form in _DATE_FORM.items():
        if form.fullmatch(folded.strip()):
            return Marks(frozenset((order,)))
    kinds: set[str] = set()
    power, foreign, at = 0, "", 0
    while at < len(folded):
        if between := _BETWEEN.match(folded, at):
            at = between.end()
        token = _TOKEN.match(folded, at) if at < len(folded) else None
        if at == len(folded):
            break
        words = None if token is None else _words_in(token[0])
        if token is None or words is None or (not digits and token[0][0] in _DIGITS):
            return None
        at = token.end()
        for word in words:
            kind, times = _meanings()[word] if word in _meanings() else ("power", _zeros(word))
            if power and times:  # 万万, 千分: nobody knows
                return None
            power += times
            foreign = foreign or (word.upper() if kind == "foreign" else "")
            kinds.add(kind)
    return None if not kinds or "whole" in kinds <= _IDLE else Marks(frozenset(kinds), power, foreign)


def unit_in(fact: Fact, marks: Marks, name: str, column: Unit = OWN) -> Unit | OtherUnit:
    """The unit that such words say of a number of this fact, in such a column, or why it is not one of it."""
    kinds = marks.kinds - _IDLE
    strange = kinds - _kinds_of(fact)
    forms = kinds & _FORMS
    if strange or len(forms) > 1:
        return OtherUnit(_told(marks, strange or forms), wanted(fact))
    if "permille" in forms and "year" not in kinds | column.kinds:  # rates of a month are written so
        return OtherUnit(said("unit.permille_of_a_month"), wanted(fact))
    if fact.type == "date":
        return Unit(name, 0, kinds)
    return Unit(name, marks.power + sum(_SHIFTS.get(form, 0) for form in forms), kinds)


def wanted(fact: Fact) -> Text:
    """The unit of a fact, in words."""
    return said(f"unit.wanted.{quantity(fact)}")


def quantity(fact: Fact) -> str:
    """What the numbers of a fact are: yuan, yuan_a_month, percent_a_year, days, months, years, count; else its type."""
    match fact.type:
        case "money":
            return "yuan" if fact.per is None else f"yuan_a_{fact.per}"
        case "rate":
            return "percent_a_year"
        case "int":
            return fact.unit or "count"
    return "no_number"


def _kinds_of(fact: Fact) -> frozenset[str]:
    """What may stand beside a fact."""
    return _FITTING[quantity(fact)] | (frozenset(_DATE_FORM) if fact.type == "date" else frozenset())


_MONEY: Final = frozenset(("yuan", "coins", "power"))
_FITTING: Final = {
    "yuan": _MONEY,
    "yuan_a_month": _MONEY | {"month", "instalment"},
    "percent_a_year": _FORMS | {"year"},
    "days": frozenset(("day",)),
    "months": frozenset(("month",)),
    "years": frozenset(("year",)),
    "count": frozenset(("count",)),
    "no_number": frozenset[str](),
}


def _told(marks: Marks, kinds: Iterable[str]) -> Text:
    """What such kinds are, in words."""
    order = sorted(kinds, key=lambda kind: (kind not in ("others", "foreign"), kind))
    return listed(
        Text(zh=marks.foreign, en=marks.foreign) if kind == "foreign" and marks.foreign else said(f"unit.{kind}")
        for kind in order
    )


@cache
def _meanings() -> dict[str, tuple[str, int]]:
    """Every word with its kind and its power of ten."""
    found: dict[str, tuple[str, int]] = {}
    for kind, words in _MEANS.items():
        times = words if isinstance(words, dict) else dict.fromkeys(words, 0)
        for word, power in times.items():
            found.setdefault(clean(str(word)).casefold(), ({"powers": "power"}.get(kind, kind), power))
    return found


@lru_cache(maxsize=4096)
def _words_in(token: str) -> tuple[str, ...] | None:
    """The words that a run of letters is made of; None where it is not made of words of units."""
    if token in _meanings():
        return (token,)
    if token[0] in _DIGITS:
        return (token,) if _zeros(token) else None
    if token.isascii():
        return None
    for end in range(len(token) - 1, 0, -1):
        if token[:end] in _meanings() and (rest := _words_in(token[end:])) is not None:
            return (token[:end], *rest)
    return None


def _zeros(number: str) -> int:
    """The power of ten that 10,000, '000 or 000s is; 0 for any other number."""
    digits = number.replace(",", "").rstrip("s").strip("'")
    bare = number[0] in "'0"  # of 1,000 the noughts alone
    if digits.strip("0") == ("" if bare else "1") and digits.endswith("00") and (not bare or len(digits) % 3 == 0):
        return len(digits) - (not bare)
    return 0
