"""What an unused column says of the case beside it: the unit, currency or sign of its numbers, or that it is void."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final, Literal, TypeAlias

from forbear.intake.headers import is_unit, states_unit, unlike
from forbear.locale import said
from rules.facts.case_facts import FieldError
from rules.facts.cells import Value, fold
from rules.facts.notation.units import OWN, SPANS, Marks, Unit, read_marks
from rules.locale.word_lists import word_lists
from rules.pack.files.schema import Fact, FactType, Vocabulary

_Kind: TypeAlias = FactType | Literal["cycle", "foreign"]  # how often an amount comes; that it is no sum of yuan owed
_WORDS: Final = word_lists("headings")
_LONGEST: Final = 12  # letters of a unit
_LONGEST_SENTENCE: Final = 30  # that says the unit of everything: 金额单位为万元
_MONEY: Final = frozenset(("yuan", "coins", "foreign", "power"))
_SPANS: Final = frozenset(("day", "week", "month", "year", "instalment"))
_PER: Final = frozenset(map(fold, _WORDS["per_other_than_year"]))
_CYCLES: Final = frozenset(map(fold, _WORDS["other_than_month"]))
_VOID: Final = frozenset(map(fold, _WORDS["void"]))
_CREDIT: Final = frozenset(map(fold, _WORDS["credit"]))
_CODES_OF_YUAN: Final = frozenset(_WORDS["codes_of_yuan"])
_TWO_LETTERS: Final = 2


def faults(
    vocabulary: Vocabulary, facts: Mapping[str, Value], units: Mapping[str, Unit], others: Iterable[tuple[str, str]]
) -> Iterable[FieldError]:
    """A fault for each cell that says another unit than the facts beside it are read in, or that nobody owes them."""
    for header, cell in others:
        if len(cell) <= _LONGEST and _is_void(header, cell):
            yield FieldError.of(header, said("row.void", name=header, cell=cell))
            continue
        kind = _kind(header, cell) if len(cell) <= _LONGEST else None
        if kind is None and len(cell) <= _LONGEST_SENTENCE and states_unit(cell) and not is_unit(cell):
            kind = "money"
        if kind is None:
            continue
        known = ((name, vocabulary.facts[name]) for name in facts if name in vocabulary.facts)
        meant = [each for each in known if _is_other(each[1], units.get(each[0], OWN), cell, kind)]
        if kind == "cycle":  # 还款周期 is said of what is paid back, not of the income
            meant.sort(key=lambda each: not _shares_a_word(header, each[1]))
        for _, fact in meant:
            yield FieldError.of(header, said("row.unit_beside", name=header, unit=cell, field=fact.title))
            break


def is_span(text: str) -> bool:
    """Whether a text is a period; within an object of JSON it is that of what stands beside it there (termUnit)."""
    marks = read_marks(text) if len(text) <= _LONGEST else None
    return marks is not None and marks.kinds <= frozenset(SPANS)


def _is_other(fact: Fact, unit: Unit, cell: str, kind: _Kind) -> bool:
    if kind == "foreign":
        return fact.type == "money"
    if kind == "cycle":
        return fact.type == "money" and fact.per == "month"
    if fact.type != kind or (fact.type == "int" and fact.unit != "days"):
        return False
    return fact.type == "rate" or unlike(fact, unit, [cell])


def _shares_a_word(header: str, fact: Fact) -> bool:
    """Whether two letters in a row of a header stand in a name of a fact too."""
    form, names = fold(header), [fold(name) for name in (fact.title.zh, fact.title.en, *fact.aliases)]
    pairs = (form[at : at + _TWO_LETTERS] for at in range(len(form) - 1))
    return any(not pair.isascii() and any(pair in name for name in names) for pair in pairs)


@lru_cache(maxsize=4096)
def _kind(header: str, cell: str) -> _Kind | None:
    """Of which facts a cell may be the unit: money in any column; days, rates and periods where its header says so."""
    name, text = fold(header), fold(cell)
    if text in _PER and any(word in name for word in _WORDS["rates"]):
        return "rate"
    if _is_said(name, "currencies") and text.isdigit() and text not in _CODES_OF_YUAN:
        return "foreign"
    if _is_said(name, "sides") and text in _CREDIT:
        return "foreign"
    marks = None if any(map(str.isdigit, text)) else read_marks(text)  # 100 is a number beside, and no unit
    if any(word in name for word in _WORDS["cycles"]) and (text in _CYCLES or _is_cycle(marks)):
        return "cycle"
    if marks is None:
        return None
    called = any(word in name for word in _WORDS["called"])
    if not marks.kinds.isdisjoint(_MONEY) and (called or marks.kinds != {"power"}):  # 万 alone is a surname too
        return "money"
    return "int" if called and not marks.kinds.isdisjoint(_SPANS) else None


@lru_cache(maxsize=4096)
def _is_void(header: str, cell: str) -> bool:
    """Whether a column of states says that a case does not hold any more."""
    return fold(cell) in _VOID and _is_said(fold(header), "states")


def _is_said(name: str, words: str) -> bool:
    return any(word in name for word in _WORDS[words])


def _is_cycle(marks: Marks | None) -> bool:
    return marks is not None and not marks.kinds.isdisjoint(SPANS) and marks.kinds.isdisjoint(("month", "instalment"))
