"""What one file of a pack says about another: every name meant must exist, and fit where it stands."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain, pairwise
from typing import TypeAlias, TypeVar
from zoneinfo import ZoneInfo

from rules import schema
from rules.cells import fold, words
from rules.derived import FORMULAS, GIVEN
from rules.pack import Pack, allowed, quoted
from rules.parameters import canonical

_T = TypeVar("_T")
# Tells what is wrong with a name of a file's entries, or None: (file without ending, what it is called, name).
Unknown: TypeAlias = Callable[[str, str, str], str | None]


def unknown_in(pack: Pack, broken: Collection[str]) -> Unknown:
    """A look-up that stays silent about files that could not be read: that is told already."""

    def unknown(file: str, what: str, name: str) -> str | None:
        entries = getattr(pack, file)
        if name in entries or f"{file}.yaml" in broken:
            return None
        return f"unknown {what} {quoted(name)}; {allowed(name, entries)}"

    return unknown


def check(pack: Pack, broken: Collection[str] = ()) -> list[str]:
    """Every mistake between the files, rules left out. `broken` names the files that could not be read."""
    unknown = unknown_in(pack, broken)
    found: dict[str, Iterable[str]] = {
        "pack": _manifest(pack.manifest, unknown),
        "facts": _vocabulary(pack.vocabulary, unknown),
        "parameters": _each(pack.parameters, _parameter),
        "hardships": chain(_codes(pack.hardships), _each(pack.hardships, lambda entry: _documents(entry, unknown))),
        "strategies": chain(
            _codes(pack.strategies), _each(pack.strategies, lambda strategy: _strategy(pack, strategy, unknown))
        ),
        "red_flags": _each(pack.red_flags, _flag),
        "deadlines": _each(pack.deadlines, lambda clock: _clock(pack, clock, unknown)),
    }
    errors = [f"{file}.yaml: {error}" for file, told in found.items() for error in told]
    for path, place, references in references_of(pack):
        for number, reference in enumerate(references):
            if error := unknown("references", "reference", reference.id):
                errors.append(f"{path}: {place}references[{number}].id: {error}")
    return errors


def _each(entries: Mapping[str, _T], check_entry: Callable[[_T], Iterable[str]]) -> Iterator[str]:
    for name, entry in entries.items():
        yield from (f"{name}.{error}" for error in check_entry(entry))


def _strategy(pack: Pack, strategy: schema.Strategy, unknown: Unknown) -> Iterator[str]:
    longest = strategy.plan_longest
    if longest is None:
        return
    if error := unknown("parameters", "parameter", longest):
        yield f"plan_longest: {error}"
    elif longest in pack.parameters and pack.parameters[longest].unit != "months":
        yield f"plan_longest: {longest} is in {pack.parameters[longest].unit}; name a parameter in months"


def _manifest(manifest: schema.Manifest, unknown: Unknown) -> Iterator[str]:
    for key, entry in (("default", manifest.default), ("disagreement", manifest.disagreement)):
        if error := unknown("strategies", "strategy", entry.strategy):
            yield f"{key}.strategy: {error}"
    try:
        ZoneInfo(manifest.timezone)
    except (ValueError, KeyError, OSError):  # all of these are how ZoneInfo says no
        yield f"timezone: unknown time zone {quoted(manifest.timezone)}; write one such as Asia/Shanghai"


def _vocabulary(vocabulary: schema.Vocabulary, unknown: Unknown) -> Iterator[str]:
    facts = vocabulary.facts
    for name, fact in facts.items():
        for error in chain(_fact(name, fact, facts), _derived(name, fact, unknown) if fact.derived else ()):
            yield f"facts.{name}.{error}"
    yield from _cycles(facts)
    yield from _headers(facts)
    for number, (one, other) in enumerate(vocabulary.pairs):
        missing = [name for name in (one, other) if name not in facts]
        if missing:
            yield f"pairs[{number}]: unknown fact {quoted(missing[0])}; {allowed(missing[0], facts)}"
        elif one == other or facts[one].type != facts[other].type or facts[one].type == "list":
            yield f"pairs[{number}]: {one} and {other} cannot be compared; a pair is two facts of one type"


def _fact(name: str, fact: schema.Fact, facts: Mapping[str, schema.Fact]) -> Iterator[str]:
    for number, other in enumerate(fact.inputs):
        if other not in facts:
            yield f"inputs[{number}]: unknown fact {quoted(other)}; {allowed(other, facts)}"
    if fact.inputs and not fact.derived:
        yield "inputs: only a derived fact has inputs; remove them or write derived: true"
    if fact.derived and (fact.required or fact.required_unless):
        yield "required: a derived fact is computed, nobody submits it; remove the key"
    if fact.required_unless is not None and fact.required_unless not in facts:
        yield f"required_unless: unknown fact {quoted(fact.required_unless)}; {allowed(fact.required_unless, facts)}"
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
    formula = FORMULAS.get(name)
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


def _parameter(parameter: schema.Parameter) -> Iterator[str]:
    for number, value in enumerate(parameter.values):
        try:
            canonical(value.value, parameter.unit)
        except ValueError as error:
            yield f"values[{number}].value: {error}"
        if value.valid_to is not None and value.valid_to < value.valid_from:
            yield f"values[{number}].valid_to: {value.valid_to} is before valid_from {value.valid_from}"
    ordered = sorted(parameter.values, key=lambda value: value.valid_from)
    for earlier, later in pairwise(ordered):
        if earlier.valid_to is None or earlier.valid_to >= later.valid_from:
            yield (
                f"values: two values are in force on {later.valid_from}; "
                f"end the one from {earlier.valid_from} the day before"
            )


def _documents(hardship: schema.Hardship, unknown: Unknown) -> Iterator[str]:
    for strength, documents in hardship.documents.items():
        for document in documents:
            if error := unknown("documents", "document", document):
                yield f"documents.{strength}: {error}"


def _flag(flag: schema.RedFlag) -> Iterator[str]:
    for number, word in enumerate(flag.words):
        if not word.strip():
            yield f"words[{number}]: is blank and would be found in all notes; remove it"


def _clock(pack: Pack, clock: schema.Clock, unknown: Unknown) -> Iterator[str]:
    facts = pack.vocabulary.facts
    dates = [name for name, fact in facts.items() if fact.type == "date"]
    if clock.starts_from not in dates:
        problem = "is not a date" if clock.starts_from in facts else "is an unknown fact"
        yield f"starts_from: {quoted(clock.starts_from)} {problem}; {allowed(clock.starts_from, dates)}"
    if error := unknown("parameters", "parameter", clock.days):
        yield f"days: {error}"
        return
    parameter = pack.parameters.get(clock.days)
    if parameter is not None and parameter.unit != "days":
        fitting = [name for name, entry in pack.parameters.items() if entry.unit == "days"]
        yield f"days: {clock.days} is in {parameter.unit}, not in days; {allowed(clock.days, fitting)}"


def _codes(entries: Mapping[str, schema.Hardship] | Mapping[str, schema.Strategy]) -> Iterator[str]:
    owners: dict[str, str] = {}
    for name, entry in entries.items():
        other = owners.setdefault(entry.code, name)
        if other != name:
            yield f"{name}.code: {quoted(entry.code)} is already the code of {other}; give each its own"


def references_of(pack: Pack) -> Iterator[tuple[str, str, Sequence[schema.Reference]]]:
    """Every list of references outside the rules: file, place in it, references."""
    yield "pack.yaml", "default.", pack.manifest.default.references
    yield "pack.yaml", "disagreement.", pack.manifest.disagreement.references
    for name, parameter in pack.parameters.items():
        for number, value in enumerate(parameter.values):
            yield "parameters.yaml", f"{name}.values[{number}].", value.references
    for name, strategy in pack.strategies.items():
        yield "strategies.yaml", f"{name}.", strategy.references
    for file in ("documents", "rights", "warnings", "steps"):
        items: Mapping[str, schema.Item] = getattr(pack, file)
        for name, item in items.items():
            yield f"{file}.yaml", f"{name}.", item.references
    for name, clock in pack.deadlines.items():
        yield "deadlines.yaml", f"{name}.", clock.references
