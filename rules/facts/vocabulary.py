"""What facts.yaml says about itself: facts that name facts, values, headers, formulas, without a contradiction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain

from rules.facts.cells import fold, words
from rules.facts.derived import FORMULAS, GIVEN, formulas
from rules.pack import schema
from rules.pack.pack import Unknown, allowed, quoted


def check_vocabulary(vocabulary: schema.Vocabulary, unknown: Unknown) -> Iterator[str]:
    """Every mistake of facts.yaml, seen with the files it names."""
    facts = vocabulary.facts
    for name, fact in facts.items():
        for error in chain(_fact(name, fact), _derived(name, fact, unknown) if fact.derived else ()):
            yield f"facts.{name}.{error}"
    yield from _cycles(facts)
    yield from _headers(facts)
    for number, (one, other) in enumerate(vocabulary.pairs):
        if one not in facts or other not in facts:
            continue
        if one == other or facts[one].type != facts[other].type or facts[one].type == "list":
            yield f"pairs[{number}]: {one} and {other} cannot be compared; a pair is two facts of one type"


def _fact(name: str, fact: schema.Fact) -> Iterator[str]:
    if fact.inputs and not fact.derived:
        yield "inputs: only a derived fact has inputs; remove them or write derived: true"
    if fact.how and not fact.derived:
        yield "how: only a derived fact is computed; remove the key or write derived: true"
    if fact.derived and (fact.required or fact.required_unless):
        yield "required: a derived fact is computed, nobody submits it; remove the key"
    yield from _values(name, fact)


def _values(name: str, fact: schema.Fact) -> Iterator[str]:
    if fact.type in ("enum", "list") and not fact.values and fact.values_from is None:
        yield f"values: is missing; a fact of type {fact.type} lists its values"
    if fact.type == "bool" and not set(fact.values) <= {"true", "false"}:
        yield f"values: {quoted(sorted(fact.values))} are not the values of a bool; allowed: true, false"
    if fact.values and fact.type not in ("enum", "list", "bool"):
        yield f"values: a fact of type {fact.type} has no list of values; remove it"
    for word, names in words(fact).items():
        if len(names) > 1:
            yield f"values: {quoted(word)} stands for {' and '.join(names)}; leave it to one of them"
    for value in fact.urgent:
        if value not in (tuple(fact.values) if fact.type in ("enum", "list") else (True, False)):
            yield f"urgent: {quoted(value)} is not a value of {name}"


def _derived(name: str, fact: schema.Fact, unknown: Unknown) -> Iterator[str]:
    """A derived fact is what its formula computes, from what its formula reads."""
    formula = formulas({name: fact}).get(name)
    if formula is None and name not in GIVEN:
        yield f"derived: nothing computes {quoted(name)}; {allowed(name, [*FORMULAS, *GIVEN])}"
        return
    kind = formula.type if formula else GIVEN[name]
    if fact.type != kind:
        yield f"type: {name} is computed as {kind}, not {fact.type}; write type: {kind}"
    if formula is None:
        return
    if set(fact.inputs) != set(formula.inputs):
        yield f"inputs: must be what the formula of {name} reads; write inputs: [{', '.join(formula.inputs)}]"
    for parameter in formula.parameters:
        if error := unknown("parameters", "parameter", parameter):
            yield f"derived: its formula needs a parameter that is missing: {error}"


def _cycles(facts: Mapping[str, schema.Fact]) -> Iterator[str]:
    told: set[str] = set()
    for start in facts:
        way = _way_back(facts, start)
        if way and told.isdisjoint(way):
            told.update(way)
            yield f"facts.{start}.inputs: cyclic reference {' -> '.join([*way, start])}; break the circle"


def _way_back(facts: Mapping[str, schema.Fact], start: str) -> list[str]:
    """The way along the inputs from a fact back to itself; empty where there is none."""
    seen: set[str] = set()
    stack: list[tuple[str, list[str]]] = [(start, [start])]
    while stack:
        name, path = stack.pop()
        for other in facts[name].inputs if name in facts else ():
            if other == start:
                return path
            if other not in seen:
                seen.add(other)
                stack.append((other, [*path, other]))
    return []


def _headers(facts: Mapping[str, schema.Fact]) -> Iterator[str]:
    """A column header must lead to one fact."""
    owners: dict[str, str] = {}
    for name, fact in facts.items():
        if fact.derived:
            continue
        for header in {fold(header) for header in (name, fact.title.zh, fact.title.en, *fact.aliases)}:
            other = owners.setdefault(header, name)
            if other != name:
                yield f"facts.{name}.aliases: the header {quoted(header)} already means {other}; remove it from one"
