"""What an unused column says of the numbers beside it: their unit, their currency, what a rate is for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

from forbear.intake.headers import unlike_its_own
from forbear.locale import said
from rules.facts.case_facts import FieldError
from rules.facts.cells import Value, fold
from rules.facts.notation.units import read_marks
from rules.locale.word_lists import word_lists
from rules.pack.files.schema import Fact, FactType, Vocabulary

_WORDS: Final = word_lists("headings")
_LONGEST: Final = 12  # letters of a unit
_MONEY: Final = frozenset(("yuan", "coins", "foreign", "power"))
_SPANS: Final = frozenset(("day", "week", "month", "year", "instalment"))
_PER: Final = frozenset(map(fold, _WORDS["per_other_than_year"]))


def faults(vocabulary: Vocabulary, facts: Mapping[str, Value], others: Mapping[str, str]) -> Iterable[FieldError]:
    """A fault for each cell that says another unit than the facts beside it are read in."""
    for header, cell in others.items():
        kind = _kind(header, cell) if len(cell) <= _LONGEST else None
        for name in facts if kind is not None else ():
            fact = vocabulary.facts.get(name)
            if fact is not None and fact.type == kind and _is_other(fact, cell):
                yield FieldError.of(header, said("row.unit_beside", name=header, unit=cell, field=fact.title))
                break


def _is_other(fact: Fact, cell: str) -> bool:
    if fact.type == "int" and fact.unit != "days":
        return False
    return fact.type == "rate" or unlike_its_own(fact, [cell]) is not None


@lru_cache(maxsize=4096)
def _kind(header: str, cell: str) -> FactType | None:
    """Of which facts a cell may be the unit: money in any column; days and rates where its header says so."""
    name, text = fold(header), fold(cell)
    if text in _PER and any(word in name for word in _WORDS["rates"]):
        return "rate"
    marks = None if any(map(str.isdigit, text)) else read_marks(text)  # 100 is a number beside, and no unit
    if marks is None:
        return None
    called = any(word in name for word in _WORDS["called"])
    if not marks.kinds.isdisjoint(_MONEY) and (called or marks.kinds != {"power"}):  # 万 alone is a surname too
        return "money"
    return "int" if called and not marks.kinds.isdisjoint(_SPANS) else None
