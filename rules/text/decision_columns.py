"""A decision as one row of a table: its columns, found by one walk over DecisionView, and what stands in each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias, get_origin

from pydantic import BaseModel

from rules.decision.outcome import EngineDisagreement
from rules.pack.files.schema import FactType, Text
from rules.pack.pack import Pack
from rules.text.decision_view import DecisionView, FactView, public_facts

Cell: TypeAlias = str | int | Decimal


@dataclass(frozen=True)
class DecisionColumn:
    """A column: its name, and its cell of a decision."""

    name: str
    cell: Callable[[DecisionView], Cell]


def columns(pack: Pack | None, line: type[DecisionView] = DecisionView) -> tuple[DecisionColumn, ...]:
    """The columns of decisions by this pack: objects taken apart as `pack.id`, facts as `facts.<name>`, lists whole.

    Without a pack there is no decision, and nobody knows which facts there could be.
    """
    return tuple(_walk(pack, line))


def _walk(pack: Pack | None, line: type[DecisionView]) -> Iterator[DecisionColumn]:
    for name, field in line.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from (_inner(name, inner) for inner in kind.model_fields)
        elif get_origin(kind) is dict:
            known = {} if pack is None else pack.vocabulary.facts
            yield from (_fact(name, fact, known[fact].type) for fact in (public_facts(pack) if pack else ()))
        else:
            yield _whole(name)


def _inner(name: str, inner: str) -> DecisionColumn:
    return DecisionColumn(f"{name}.{inner}", lambda view: _words(getattr(getattr(view, name), inner)))


def _fact(name: str, fact: str, kind: FactType) -> DecisionColumn:
    """Numbers stay numbers, so that a spreadsheet can sort and add them; unknown is blank."""

    def cell(view: DecisionView) -> Cell:
        value: FactView | None = getattr(view, name).get(fact)
        if isinstance(value, str) and kind in ("money", "rate"):
            return Decimal(value)
        return value if type(value) is int else _listed(value) if isinstance(value, tuple) else _words(value)

    return DecisionColumn(f"{name}.{fact}", cell)


def _whole(name: str) -> DecisionColumn:
    def cell(view: DecisionView) -> Cell:
        value = getattr(view, name)
        return _listed(value) if isinstance(value, tuple) else _words(value)

    return DecisionColumn(name, cell)


def _listed(values: tuple[object, ...]) -> str:
    return ";".join(_words(value).replace(";", "；") for value in values)


def _words(value: object) -> str:
    """A value in words: of a sentence in two languages the Chinese one, of a rule or question its name and sentence."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case Text():
            return value.zh
        case tuple():
            return "、".join(map(_words, value))
        case BaseModel():
            parts = dict(value)
            if "text" in parts:
                return f"{next(iter(parts.values()))}: {_words(parts['text'])}"
            return " ".join(_words(part) for part in parts.values() if part not in (None, "", ()))
        case EngineDisagreement():
            return f"{value.rule} {value.engine} {value.twin}"
    return str(value)
