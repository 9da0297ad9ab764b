"""The words of formulas, from their catalogue, and amounts, dates and bounds as a formula tells them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final, cast

from pydantic import TypeAdapter

from rules.facts.case_facts import display
from rules.facts.cells import Value
from rules.formulas.bounds import BOUNDS, ENDLESS, NOTHING, Choice, Reading, maybe_nothing
from rules.formulas.derivation import derivation
from rules.locale import Language, in_language, said
from rules.pack.files.schema import Fact, Text
from rules.pack.pack import Pack
from rules.pack.strict_yaml import read

_CATALOGUE: Final = Path(__file__).parent / "formulas.yaml"
_DATED: Final[Mapping[str, str]] = {
    "more_than": "after_date",
    "at_least": "from_date",
    "less_than": "before_date",
    "at_most": "until_date",
}


@cache
def _words() -> Mapping[str, Text]:
    return TypeAdapter(dict[str, Text]).validate_python(read(_CATALOGUE.read_bytes()))


def word(key: str, language: Language, **names: str) -> str:
    """One of the words, with what it names filled in."""
    return title(_words()[key], language).format(**names)


def title(text: Text, language: Language) -> str:
    """A text in one language."""
    return text.zh if language == "zh" else text.en


def comparison(operator: str, dated: bool) -> str:
    """The key of a comparison's words."""
    if dated and operator in _DATED:
        return _DATED[operator]
    return {"at_least": "at_least_as", "at_most": "at_most_as"}.get(operator, operator)


def amount(value: object, unit: str, language: Language) -> str:
    """A value in its canonical grain, with its unit: ¥900.00, 10%, 15 days."""
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, bool):
        return display_bool(value, language)
    if not isinstance(value, int):
        return str(value)
    if unit == "yuan":
        return f"{'-' if value < 0 else ''}¥{abs(value) // 100:,}.{abs(value) % 100:02}"
    if unit in ("percent", "basis_points"):
        return f"{value / 100:.2f}".rstrip("0").rstrip(".") + "%"
    if unit in ("days", "months", "years"):
        return word(f"unit.{unit if abs(value) != 1 else unit.removesuffix('s')}", language, number=f"{value:,}")
    return f"{value:,}"


def display_bool(value: bool, language: Language) -> str:
    """Yes or no."""
    return in_language(said("value.yes" if value else "value.no"), language)


def shown(pack: Pack, name: str, reading: Reading, language: Language, *, units: bool = True) -> str:
    """What a fact is or may be: its value, or in words how far it is known; whole numbers with or without a unit."""
    fact = pack.vocabulary.facts[name]

    def value(each: object) -> str:
        if fact.type == "int":
            return amount(each, fact.unit or "count" if units else "count", language)
        if fact.type == "rate":
            return amount(each, "percent", language)
        return display(pack.vocabulary, name, cast(Value, each), language)

    if reading is NOTHING:
        return word("nothing", language)
    if reading.__class__ not in BOUNDS:
        return word("endless", language) if reading == ENDLESS else value(reading)
    # What it is if it is anything decides nothing; of words there may be too many to name.
    if maybe_nothing(reading) or isinstance(reading, Choice):
        return word("open", language)
    if reading.low == ENDLESS:
        return word("endless", language)
    told = {side: value(end) for side, end in (("low", reading.low), ("high", reading.high)) if _tells(fact, side, end)}
    if len(told) == 2:
        return word("between", language, **told)
    keys = {"low": "not_before", "high": "not_after"} if fact.type == "date" else {"low": "at_least", "high": "at_most"}
    return word(keys[next(iter(told))], language, **told) if told else word("open", language)


def _tells(fact: Fact, side: str, end: object) -> bool:
    """Whether an end says more than what any case may hold: that money is not below 0, that a day is before 2095."""
    if isinstance(end, dt.date):
        return 1905 < end.year < 2095
    most = {"money": 10**13, "rate": 10**7}.get(fact.type, 30_000)
    return isinstance(end, int) and abs(end) < most and not (side == "low" and end == 0)


def bound_in_text(pack: Pack, name: str, facts: Mapping[str, Value], as_of: dt.date, language: Language) -> str | None:
    """What a text says of a derived fact that has no value: how far it is known, if it is."""
    if name not in pack.formulas:
        return None
    bound = derivation(pack, as_of).derive(facts).bounds.get(name)
    told = None if bound is None else shown(pack, name, bound, language, units=False)
    return None if told == word("open", language) else told
