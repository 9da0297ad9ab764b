"""Faults of rules and formulas: what a rule gives, when it fires, which comes first, and how a fact is worked out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final

from bench.pack_mutants.fault import GONE, Data, Fault, Place, leaves, one
from rules.pack.pack import Pack

ITEMS: Final = ("document", "right", "warning", "step", "deadline")
MARKS: Final = ("acknowledges", "contacts_lender")
_EDGES: Final = {"at_least": "more_than", "more_than": "at_least", "at_most": "less_than", "less_than": "at_most"}
_SUMS: Final = {"add": "subtract", "subtract": "add", "min": "max", "max": "min", "all": "any", "any": "all"}
_DROPPED: Final = {**dict.fromkeys((*ITEMS, "flag"), "item dropped"), "urgency": "urgency"}
_LEAST_URGENT: Final = 5
_ROUNDS: Final = {"up": "down", "down": "up", "half_up": "down"}


def rule_faults(pack: Pack, data: Data) -> Iterator[Fault]:
    """Every fault of every rule."""
    for loaded in sorted(pack.rules, key=lambda each: each.path):
        path, rule = loaded.path, data[loaded.path]
        yield from _effects(pack, path, rule["then"])
        for kind, place, was, now in condition_faults(pack, rule["when"], ("when",)):
            yield one(kind, path, place, was, now)
        for mark in MARKS:
            yield one("mark", path, (mark,), rule.get(mark, False), not rule.get(mark, False))
    yield from _priorities(pack)


def _effects(pack: Pack, path: str, then: Sequence[Mapping[str, Any]]) -> Iterator[Fault]:
    for number, effect in enumerate(then):
        kind, value = next(iter(effect.items()))
        place: Place = ("then", number)
        dropped = [one(_DROPPED.get(kind, "effect dropped"), path, place, effect, GONE)] if len(then) > 1 else []
        if kind == "urgency":
            yield from (one(kind, path, (*place, kind), value, f"U{other}") for other in _beside(int(value[1])))
        yield from dropped
        if kind in ITEMS:
            yield one("item changed", path, (*place, kind), value, _next(list(getattr(pack, f"{kind}s")), value))
        elif kind in ("recommend", "add"):
            yield one("strategy changed", path, (*place, kind), value, _next(list(pack.strategies), value))
        elif kind == "block" and isinstance(value, list) and len(value) > 1:
            yield from (one("effect dropped", path, (*place, kind, at), name, GONE) for at, name in enumerate(value))


def _beside(urgency: int) -> list[int]:
    return [each for each in (urgency - 1, urgency + 1) if 0 <= each <= _LEAST_URGENT]


def _next(names: Sequence[str], name: str) -> str:
    return names[(names.index(name) + 1) % len(names)]


def _priorities(pack: Pack) -> Iterator[Fault]:
    """Two rules whose priorities are neighbours, swapped."""
    levels = sorted({each.rule.priority for each in pack.rules}, reverse=True)
    for high, low in pairwise(levels):
        above = next(each for each in pack.rules if each.rule.priority == high)
        below = next(each for each in pack.rules if each.rule.priority == low)
        changes = ((above.path, ("priority",), low), (below.path, ("priority",), high))
        yield Fault("priorities swapped", changes, f"{high}, {below.rule.id} {low}")


def condition_faults(pack: Pack, node: Any, at: Place) -> Iterator[tuple[str, Place, Any, Any]]:
    """Every fault of a condition: its kind, place, what was there and what is."""
    for inner, part in leaves(node, at):
        match part:
            case {"all": [_, _, *_] as children} | {"any": [_, _, *_] as children}:
                word = next(iter(part))
                yield "all / any", inner, part, {"any" if word == "all" else "all": children}
                for number, child in enumerate(children):
                    yield "condition dropped", (*inner, word, number), child, GONE
            case {"not": child}:
                yield "condition dropped", inner, part, child
            case {"fact": str(), **rest}:
                for kind, end, was, now in _leaf_faults(pack, part, {str(word): rest[word] for word in rest}):
                    yield kind, (*inner, *end), was, now


def _leaf_faults(pack: Pack, leaf: Mapping[str, Any], rest: Mapping[str, Any]) -> Iterator[tuple[str, Place, Any, Any]]:
    (word, value), name = next(iter(rest.items())), leaf["fact"]
    fact = pack.vocabulary.facts[name]
    bare, pair = word.removesuffix("_fact"), "_fact" if word.endswith("_fact") else ""
    if bare in _EDGES:
        yield "operator", (), leaf, {"fact": name, f"{_EDGES[bare]}{pair}": value}
        if isinstance(value, dict) and (other := _alike(pack, value["parameter"])):
            yield "bound", (word, "parameter"), value["parameter"], other
    elif word == "known":
        yield "operator", (word,), value, not value
    elif isinstance(value, bool):
        yield "condition value", (word,), value, not value
    elif word == "one_of":
        if len(value) > 1:
            yield from (("condition value", (word, number), each, GONE) for number, each in enumerate(value))
        if more := [each for each in fact.values if each not in value]:
            yield "condition value", (word,), value, [*value, more[0]]
    elif word in ("equals", "not_equals") and fact.type == "enum":
        yield "operator", (), leaf, {"fact": name, "not_equals" if word == "equals" else "equals": value}
        yield "condition value", (word,), value, _next(list(fact.values), value)
    elif word == "contains":
        yield "condition value", (word,), value, _next(list(fact.values), value)


def _alike(pack: Pack, parameter: str) -> str | None:
    """Another parameter of the same unit."""
    unit = pack.parameters[parameter].unit
    alike = [name for name, entry in pack.parameters.items() if entry.unit == unit]
    return _next(alike, parameter) if len(alike) > 1 else None


def formula_faults(pack: Pack, data: Data) -> Iterator[Fault]:
    """Every fault of every formula."""
    for formula in pack.formulas.values():
        for place, part in leaves(data[formula.path]["formula"], ("formula",)):
            yield from (one(kind, formula.path, where, was, now) for kind, where, was, now in _of(pack, place, part))


def _of(pack: Pack, place: Place, part: Any) -> Iterator[tuple[str, Place, Any, Any]]:
    yield from _of_name(pack, place, part)
    if isinstance(part, dict) and len(part) == 1:
        yield from _of_operator(place, part, *next(iter(part.items())))
    if isinstance(part, dict) and isinstance(part.get("then"), (dict, str, bool)) and "when" in part:
        yield "formula operator", (*place, "then"), part["then"], part.get("else", "nothing")


def _of_name(pack: Pack, place: Place, part: Any) -> Iterator[tuple[str, Place, Any, Any]]:
    """Another figure, fact or rounding, and one of several words missing."""
    match part:
        case {"parameter": str(name)} if other := _alike(pack, name):
            yield "formula parameter", (*place, "parameter"), name, other
        case {"fact": str(name)}:
            if others := [each for each in _facts_like(pack, name) if each != name]:
                yield "formula fact", place, part, {"fact": others[0]}
        case {"round": str(word), **rest} if word in _ROUNDS:
            yield "formula operator", place, part, {**rest, "round": _ROUNDS[word]}
        case {"words": [_, _, *_] as words}:
            yield from (("formula operand", (*place, "words", at), word, GONE) for at, word in enumerate(words))


def _facts_like(pack: Pack, name: str) -> Iterator[str]:
    """The submitted facts of the same type and unit."""
    fact = pack.vocabulary.facts[name]
    for each, other in pack.vocabulary.facts.items():
        if (other.type, other.unit) == (fact.type, fact.unit) and not other.derived and not other.private:
            yield each


def _of_operator(place: Place, part: Any, word: str, inner: Any) -> Iterator[tuple[str, Place, Any, Any]]:
    if isinstance(inner, int | Decimal) and not isinstance(inner, bool):
        yield "formula constant", place, part, {word: inner + 1}
    elif word in _SUMS and isinstance(inner, list) and len(inner) > 1:
        yield "formula operator", place, part, {_SUMS[word]: inner}
        if word != "subtract":
            yield from (("formula operand", (*place, word, at), each, GONE) for at, each in enumerate(inner))
    elif word in _EDGES:
        yield "formula operator", place, part, {_EDGES[word]: inner}
    elif word == "not":
        yield "formula operator", place, part, inner
