"""Doubts of a row and of a column: what contradicts itself, told as what is wrong with a field (facts.yaml, `doubts`).

What is doubted of a cell by itself is cell_doubts.py's. A value in doubt decides nothing: its row comes back, or
goes in without it and asks for it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from statistics import median
from typing import Final, Generic, TypeAlias, TypeVar

from rules.facts.case_facts import Facts, FieldError, display, number
from rules.facts.cell_doubts import HUNDREDTHS, filled
from rules.facts.notation.personal import birthday
from rules.pack.files import doubts as d
from rules.pack.files.schema import Text, Vocabulary

_Named: TypeAlias = dict[str, str]  # what a text may name, by the facts that are meant
# The field that comes back, the facts and the numbers that its text may name.
_Found: TypeAlias = tuple[str, _Named, dict[str, object]]
_Check: TypeAlias = Callable[[Facts], Sequence[_Found]]
_T = TypeVar("_T")
_DAYS_OF_4_YEARS: Final = 1461
_NOTHING: Final[Sequence[_Found]] = ()
_KEPT: Final = 1_000  # sets of facts of which is remembered what they can be held to
_MOST: Final = 60  # percent of the numbers of a column
SAMPLE: Final = 500  # rows by which a column is judged


class RowDoubts:
    """What a pack doubts of the facts of a case on the day of triage."""

    def __init__(self, vocabulary: Vocabulary, as_of: dt.date | None) -> None:
        self._vocabulary, self._as_of = vocabulary, as_of
        checks = ((name, each, _check(each, vocabulary, as_of)) for name, each in vocabulary.doubts.items())
        found = [(name, each, _needed(each), check) for name, each, check in checks if check is not None]
        self._checks = _ByFact([((each.text, check), needed) for _, each, needed, check in found if not asks(each)])
        self._asking = _ByFact([((name, check), needed) for name, each, needed, check in found if asks(each)])

    def of(self, facts: Facts, among: Collection[str] | None = None) -> Iterator[FieldError]:
        """What is in doubt; with `among` only what one of these facts has to do with."""
        for text, check in self._checks.of(facts):
            for field, named, numbers in check(facts):
                if among is None or not {field, *named.values()}.isdisjoint(among):
                    yield self._error(text, field, named, numbers, facts)

    def to_ask(self, facts: Facts) -> dict[str, str]:
        """The facts that are not to be used and asked for, each with the first doubt of it."""
        found: dict[str, str] = {}
        for name, check in self._asking.of(facts):
            for field, _, _ in check(facts):
                found.setdefault(field, name)
        return found

    def _error(self, text: Text, field: str, named: _Named, numbers: dict[str, object], facts: Facts) -> FieldError:
        known = self._vocabulary.facts
        told: dict[str, object] = {"field": known[field].title, "value": self._shown(field, facts), **numbers}
        for word, name in named.items():
            told |= {word: known[name].title, f"{word}_value": self._shown(name, facts)}
        return FieldError.of(field, filled(text, as_of=self._as_of, **told))

    def _shown(self, name: str, facts: Facts) -> Text:
        zh, en = (display(self._vocabulary, name, facts[name], language) for language in ("zh", "en"))
        return Text(zh=zh, en=en)


class _ByFact(Generic[_T]):
    """What is checked of a row, by the facts without which there is nothing to check: most rows have few of them."""

    def __init__(self, checks: Sequence[tuple[_T, frozenset[str]]]) -> None:
        self._checks = checks
        self._needed = frozenset[str]().union(*(needed for _, needed in checks))
        self._among = lru_cache(maxsize=_KEPT)(self._possible)  # the rows of a file have much the same cells filled

    def of(self, facts: Facts) -> Sequence[_T]:
        """Those that a row with these facts can be held to, in their order."""
        return self._among(self._needed.intersection(facts))

    def _possible(self, known: frozenset[str]) -> Sequence[_T]:
        return [check for check, needed in self._checks if needed <= known]


def asks(doubt: d.Doubt) -> bool:
    """Whether a doubt is a question and no rejection."""
    return isinstance(doubt, d.MoreThan | d.Above | d.Below | d.Denied) and doubt.asks


def asked_about(vocabulary: Vocabulary, facts: Mapping[str, object]) -> dict[str, Text]:
    """The facts of a case that were in doubt and are not known since, each with why it is asked for."""
    names = facts.get(d.IN_DOUBT)
    found = {name: asked_fact(vocabulary, name) for name in names} if isinstance(names, tuple) else {}
    return {fact: why_asked(vocabulary, name) for name, fact in found.items() if fact is not None and fact not in facts}


def asked_fact(vocabulary: Vocabulary, name: str) -> str | None:
    """The fact that a doubt asks for; None for one that does not, or that the policy does not know any more."""
    doubt = vocabulary.doubts.get(name)
    return doubt.fact if isinstance(doubt, d.MoreThan | d.Above | d.Below | d.Denied) and doubt.asks else None


def why_asked(vocabulary: Vocabulary, name: str) -> Text:
    """The sentence of a doubt that asks."""
    return filled(vocabulary.doubts[name].text, field=vocabulary.facts[asked_fact(vocabulary, name) or name].title)


def _needed(doubt: d.Doubt) -> frozenset[str]:
    """The facts without which nothing can be in doubt: most rows are passed over by these."""
    match doubt:
        case d.NotTheSum():
            return frozenset((*doubt.parts, doubt.whole))
        case d.MoreThan():
            return frozenset((doubt.fact, doubt.other))
        case d.Above() | d.Below():
            return frozenset((doubt.fact,))
        case d.DaysApart():
            return frozenset((doubt.days, doubt.since))
        case d.TooYoung():
            return frozenset((doubt.age, doubt.on))
        case d.Longer():
            return frozenset((doubt.days, doubt.since))
        case d.Denied():
            return frozenset((doubt.fact,))
        case d.OtherBirth():
            return frozenset((doubt.age, doubt.id_number))
    return frozenset()


def _check(doubt: d.Doubt, vocabulary: Vocabulary, as_of: dt.date | None) -> _Check | None:
    """How a doubt is found in the facts of a row; None where it is not one of a row, or there is no day of triage."""
    match doubt:
        case d.OutOfOrder():
            return _out_of_order(doubt)
        case d.NotTheSum():
            return _not_the_sum(doubt)
        case d.MoreThan():
            return _more_than(doubt, 100 if vocabulary.facts[doubt.fact].type in HUNDREDTHS else 1)
        case d.Above():
            return _above(doubt, 100 if vocabulary.facts[doubt.fact].type in HUNDREDTHS else 1)
        case d.Below():
            return _below(doubt, 100 if vocabulary.facts[doubt.fact].type in HUNDREDTHS else 1)
        case d.Denied():
            return _denied(doubt)
    return None if as_of is None else _check_on(doubt, as_of)


def _check_on(doubt: d.Doubt, as_of: dt.date) -> _Check | None:
    match doubt:
        case d.FarDay():
            return _far_day(doubt, as_of)
        case d.DaysApart():
            return _days_apart(doubt, as_of)
        case d.TooYoung():
            return _too_young(doubt, as_of)
        case d.Longer():
            return _longer(doubt, as_of)
        case d.OtherBirth():
            return _other_birth(doubt, as_of)
    return None


def _out_of_order(doubt: d.OutOfOrder) -> _Check:
    later: dict[str, list[str]] = {}
    for first, then in doubt.order:
        later.setdefault(first, []).append(then)

    def check(facts: Facts) -> Sequence[_Found]:
        found: list[_Found] = []
        for first, others in later.items():
            day = facts.get(first)
            if isinstance(day, dt.date):
                found += [
                    (then, {"other": first}, {})
                    for then in others
                    if isinstance(other := facts.get(then), dt.date) and other < day
                ]
        return found

    return check


def _not_the_sum(doubt: d.NotTheSum) -> _Check:
    def check(facts: Facts) -> Sequence[_Found]:
        whole = number(facts, doubt.whole)
        if not whole:  # of a debt that is paid nothing has to add up
            return _NOTHING
        parts = [part for name in doubt.parts if (part := number(facts, name)) is not None]
        if len(parts) < len(doubt.parts) or abs(sum(parts) - whole) <= max(
            100 * doubt.yuan, whole * doubt.percent // 100
        ):
            return _NOTHING
        return [(doubt.whole, {"other": doubt.parts[0], "third": doubt.parts[1]}, {})]

    return check


def _more_than(doubt: d.MoreThan, grain: int) -> _Check:
    def check(facts: Facts) -> Sequence[_Found]:
        one, other = number(facts, doubt.fact), number(facts, doubt.other)
        if one and other and one > other * doubt.percent // 100 + doubt.and_more * grain:
            return [(doubt.fact, {"other": doubt.other}, {})]
        return _NOTHING

    return check


def _above(doubt: d.Above, grain: int) -> _Check:
    def check(facts: Facts) -> Sequence[_Found]:
        value = number(facts, doubt.fact)
        return [(doubt.fact, {}, {})] if value is not None and value > doubt.above * grain else _NOTHING

    return check


def _below(doubt: d.Below, grain: int) -> _Check:
    def check(facts: Facts) -> Sequence[_Found]:
        value = number(facts, doubt.fact)
        return [(doubt.fact, {}, {})] if value is not None and 0 < value < doubt.below * grain else _NOTHING

    return check


def _far_day(doubt: d.FarDay, as_of: dt.date) -> _Check:
    names = frozenset(doubt.facts)
    first = dt.date.min if doubt.years_before is None else as_of - _years(doubt.years_before)
    last = dt.date.max if doubt.years_after is None else as_of + _years(doubt.years_after)

    def check(facts: Facts) -> Sequence[_Found]:
        found: list[_Found] = []
        for name in names & facts.keys():
            day = facts[name]
            if isinstance(day, dt.date) and not first <= day <= last:
                found.append((name, {}, {"limit": doubt.years_before if day < first else doubt.years_after}))
        return found

    return check


def _years(years: int) -> dt.timedelta:
    return dt.timedelta(days=years * _DAYS_OF_4_YEARS // 4)


def _days_apart(doubt: d.DaysApart, as_of: dt.date) -> _Check:
    def check(facts: Facts) -> Sequence[_Found]:
        days, since = number(facts, doubt.days), facts.get(doubt.since)
        if days is None or not isinstance(since, dt.date):
            return _NOTHING
        counted = max(0, (as_of - since).days)
        if abs(days - counted) <= doubt.by_more_than:
            return _NOTHING
        return [(doubt.days, {"other": doubt.since}, {"limit": counted})]

    return check


def _too_young(doubt: d.TooYoung, as_of: dt.date) -> _Check:
    def check(facts: Facts) -> Sequence[_Found]:
        age, on = number(facts, doubt.age), facts.get(doubt.on)
        if age is None or not isinstance(on, dt.date):
            return _NOTHING
        then = age - (as_of - on).days * 4 // _DAYS_OF_4_YEARS
        return [(doubt.age, {"other": doubt.on}, {"limit": max(0, then)})] if then < doubt.years else _NOTHING

    return check


def _longer(doubt: d.Longer, as_of: dt.date) -> _Check:
    def check(facts: Facts) -> Sequence[_Found]:
        days, since = number(facts, doubt.days), facts.get(doubt.since)
        if not days or not isinstance(since, dt.date):
            return _NOTHING
        counted = max(0, (as_of - since).days)
        return [(doubt.days, {"other": doubt.since}, {"limit": counted})] if days > counted + doubt.by_more_than else []

    return check


def _denied(doubt: d.Denied) -> _Check:
    def check(facts: Facts) -> Sequence[_Found]:
        value = facts.get(doubt.fact)
        if type(value) is not type(doubt.value) or value != doubt.value:
            return _NOTHING
        other = next((name for name in doubt.by if facts.get(name)), None)
        return _NOTHING if other is None else [(doubt.fact, {"other": other}, {})]

    return check


def _other_birth(doubt: d.OtherBirth, as_of: dt.date) -> _Check:
    def check(facts: Facts) -> Sequence[_Found]:
        age, born = number(facts, doubt.age), birthday(str(facts.get(doubt.id_number, "")))
        if age is None or born is None:
            return _NOTHING
        then = as_of.year - born.year - ((as_of.month, as_of.day) < (born.month, born.day))
        return (
            [(doubt.age, {"other": doubt.id_number}, {"limit": then})] if abs(age - then) > doubt.by_more_than else []
        )

    return check


def columns_in_doubt(
    vocabulary: Vocabulary, rows: Sequence[Facts], sure: Collection[str] = ()
) -> dict[str, FieldError]:
    """The columns whose numbers seem to be in another unit; where somebody has said it only what it cannot be."""
    found: dict[str, FieldError] = {}
    for doubt in vocabulary.doubts.values():
        if isinstance(doubt, d.ColumnDoubt) and (doubt.though_said or doubt.fact not in sure) and _doubted(doubt, rows):
            title = vocabulary.facts[doubt.fact].title
            found.setdefault(doubt.fact, FieldError.of(doubt.fact, filled(doubt.text, field=title)))
    return found


def _doubted(doubt: d.ColumnDoubt, rows: Iterable[Facts]) -> bool:
    held = [(value, _largest(facts, doubt.against)) for facts in rows if (value := number(facts, doubt.fact))]
    if len(held) < doubt.rows:
        return False
    compared = [(value, other) for value, other in held if other]
    ratio = median(value / other for value, other in compared) if len(compared) >= doubt.rows else None
    if doubt.most_from is not None:
        return ratio >= doubt.times if ratio is not None else _most(value >= 100 * doubt.most_from for value, _ in held)
    if doubt.most_below is None:
        return False
    below = _most(value < 100 * doubt.most_below for value, _ in held)
    return below or (ratio is not None and ratio * doubt.times <= 1)


def _most(found: Iterable[bool]) -> bool:
    """Whether so many are: a few of another size hide no unit."""
    each = list(found)
    return 100 * sum(each) >= _MOST * len(each)


def _largest(facts: Mapping[str, object], names: Sequence[str]) -> int:
    return max((value for name in names if isinstance(value := facts.get(name), int)), default=0)
