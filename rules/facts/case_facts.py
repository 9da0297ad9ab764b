"""Raw cells to typed facts and back: what was given, what is wrong, what is missing, how a value is shown."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from pydantic_core import to_json

from rules.facts.cell_doubts import doubting
from rules.facts.cells import (
    CellError,
    Reader,
    Value,
    bool_reader,
    by_cause,
    date_reader,
    enum_reader,
    list_reader,
    text_reader,
)
from rules.facts.notation.units import OWN, Unit
from rules.facts.numbers import int_reader, money_reader, rate_reader
from rules.locale import Language, in_language, listed, said
from rules.pack.files.schema import Fact, FactType, Text, Vocabulary

Facts: TypeAlias = dict[str, Value]
_TYPES: Final[Mapping[FactType, type]] = {
    "text": str,
    "enum": str,
    "bool": bool,
    "int": int,
    "money": int,
    "rate": int,
    "date": str,
    "list": list,
}
# What the record has in another type than facts.
_RESTORED: Final[Mapping[FactType, Callable[[Any], Value]]] = {"date": dt.date.fromisoformat, "list": tuple}

_YES, _NO, _NONE = said("value.yes"), said("value.no"), said("value.none")
_SHORT: Final = 40  # characters of a cell
_KEPT: Final = 2_000  # cells a column


@dataclass(frozen=True, slots=True)
class FieldError:
    """Why a field of a row is refused, in one sentence a counsellor understands."""

    field: str
    zh: str
    en: str

    @classmethod
    def of(cls, field: str, text: Text) -> FieldError:
        """A refusal from its sentence."""
        return cls(field, text.zh, text.en)


def reader(fact: Fact, unit: Unit = OWN, timezone: str = "UTC") -> Reader:
    """The function that reads this fact's cells: its value, None for blank; raises CellError.

    A cell without a unit of its own is in that of its column.
    """
    return text_reader(fact) if fact.type == "text" else by_cause(_reader(fact, unit, timezone))


def _reader(fact: Fact, unit: Unit, timezone: str) -> Reader:
    match fact.type:
        case "text":
            return text_reader(fact)
        case "enum":
            return enum_reader(fact)
        case "bool":
            return bool_reader(fact)
        case "list":
            return list_reader(fact)
        case "date":
            return date_reader(timezone)
        case "int":
            return int_reader(fact, unit)
        case "money":
            return money_reader(fact, unit)
        case "rate":
            return rate_reader(fact, unit)


class _Remembering:
    """A reader that keeps the values of short cells: a column says the same few things over and over."""

    def __init__(self, read: Reader) -> None:
        self._read = read
        self.kept: dict[object, Value | None] = {}  # by cells that are texts, and nothing else

    def __call__(self, cell: object) -> Value | None:
        """The value of a cell."""
        if type(cell) is not str or len(cell) > _SHORT:
            return self._read(cell)
        if cell in self.kept:
            return self.kept[cell]
        value = self._read(cell)
        if len(self.kept) < _KEPT:
            self.kept[cell] = value
        return value


class Parser:
    """Reads rows of cells by a vocabulary. Derived facts cannot be submitted; only rule tests name them."""

    def __init__(
        self, vocabulary: Vocabulary, *, units: Mapping[str, Unit] = MappingProxyType({}), rule_test: bool = False
    ) -> None:
        self._titles = {name: fact.title for name, fact in vocabulary.facts.items()}
        self._readers = {
            name: self._reader(name, fact, units.get(name, OWN), vocabulary, doubts=not rule_test)
            for name, fact in vocabulary.facts.items()
            if rule_test or not fact.derived
        }
        # What was read before is looked up before a reader is asked: of most cells nothing else is needed.
        self._kept = {name: read.kept for name, read in self._readers.items() if isinstance(read, _Remembering)}
        self._required = [
            (name, fact.required_unless)
            for name, fact in vocabulary.facts.items()
            if not rule_test and (fact.required or fact.required_unless)
        ]

    @staticmethod
    def _reader(name: str, fact: Fact, unit: Unit, vocabulary: Vocabulary, *, doubts: bool) -> Reader:
        read = reader(fact, unit, vocabulary.timezone)
        if fact.type == "text" and (fact.code or fact.private):  # no two alike
            return read
        return _Remembering(doubting(read, name, fact, vocabulary, unit) if doubts else read)

    def parse(self, raw: Mapping[str, object], faults: Iterable[FieldError] = ()) -> tuple[Facts, list[FieldError]]:
        """The row's facts and everything wrong with it, `faults` first; keys that are no facts are passed over."""
        facts: Facts = {}
        errors: list[FieldError] = list(faults)
        readers, kept = self._readers, self._kept
        for name, cell in raw.items():
            if cell is None or cell == "" or name not in readers:
                continue
            if type(cell) is str and name in kept and cell in kept[name]:
                if (known := kept[name][cell]) is not None:
                    facts[name] = known
                continue
            try:
                value = readers[name](cell)
            except CellError as error:
                errors.append(FieldError.of(name, said("field.cell", field=self._titles[name], error=error.text)))
            else:
                if value is not None:
                    facts[name] = value
        for name, substitute in self._required:
            if name not in facts and (substitute is None or substitute not in facts):
                self._require(name, substitute, errors)
        return facts, errors

    def _require(self, name: str, substitute: str | None, errors: list[FieldError]) -> None:
        if any(error.field in (name, substitute) for error in errors):
            return  # it was given, and what is wrong with it is told
        title = self._titles[name]
        if substitute is None:
            errors.append(FieldError.of(name, said("field.missing", field=title)))
        else:
            errors.append(FieldError.of(name, said("field.missing_both", field=title, other=self._titles[substitute])))


def stored_facts(facts: Mapping[str, Value]) -> str:
    """Facts as the record keeps them: JSON, dates as ISO text and lists as arrays."""
    return to_json(facts).decode()


def read_facts(vocabulary: Vocabulary, data: Mapping[str, Any], *, lenient: bool = False) -> Facts:
    """The facts that `stored_facts` wrote. What is not of this vocabulary raises ValueError, or is left out."""
    facts: Facts = {}
    known = vocabulary.facts
    for name, value in data.items():
        fact = known.get(name)
        kind = None if fact is None else fact.type
        if kind is None or type(value) is not _TYPES[kind]:
            if lenient:
                continue
            raise ValueError(f"{name}: not a fact of this pack, or of another type")
        facts[name] = _RESTORED[kind](value) if kind in _RESTORED else data[name]
    return facts


def display(vocabulary: Vocabulary, name: str, value: Value, language: Language) -> str:
    """A value for people: ¥1,200.00, 18.25%, a label, 是 or yes."""
    fact = vocabulary.facts[name]
    match fact.type, value:
        case "money", int():
            return f"{'-' if value < 0 else ''}¥{abs(value) // 100:,}.{abs(value) % 100:02}"
        case "rate", int():
            return f"{'-' if value < 0 else ''}{abs(value) // 100}.{abs(value) % 100:02}%"
        case "bool", bool():
            return in_language(_YES if value else _NO, language)
        case "date", dt.date():
            return value.isoformat()
        case "enum", str():
            return in_language(_label(fact, value), language)
        case "list", tuple():
            return in_language(listed(_label(fact, item) for item in value) if value else _NONE, language)
    return str(value)


def _label(fact: Fact, value: str) -> Text:
    labels = fact.values.get(value)
    return Text(zh=value, en=value) if labels is None else Text(zh=labels.zh, en=labels.en)


def number(facts: Mapping[str, Value], name: str) -> int | None:
    """A fact that is a number."""
    value = facts.get(name)
    return value if isinstance(value, int) else None


def missing(vocabulary: Vocabulary, facts: Mapping[str, Value]) -> tuple[str, ...]:
    """The facts that a person could still be asked for, in the vocabulary's order."""
    return tuple(
        name for name, fact in vocabulary.facts.items() if fact.question and not fact.derived and name not in facts
    )
