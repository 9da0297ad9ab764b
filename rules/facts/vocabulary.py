"""What facts.yaml says about itself: facts that name facts, values, units, headers, without a contradiction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from string import Formatter
from typing import Final

from rules.facts.cells import fold, words_of_values
from rules.facts.doubts import asks
from rules.facts.numbers import limits
from rules.pack.files import doubts as d
from rules.pack.files import schema
from rules.pack.pack import allowed, quoted

# What the text of a doubt may name, beside {field}.
_PAIR: Final = ("value", "other", "other_value", "as_of")
_TOLD: Final[Mapping[str, tuple[str, ...]]] = {
    "no_day": ("value",),
    "no_number": ("value",),
    "beyond": ("value", "limit"),
    "far_day": ("value", "limit", "as_of"),
    "out_of_order": _PAIR,
    "days_apart": (*_PAIR, "limit"),
    "not_the_sum": (*_PAIR, "third", "third_value"),
    "more_than": _PAIR,
    "above": (),
    "too_young": (*_PAIR, "limit"),
    "longer": (*_PAIR, "limit"),
    "denied": _PAIR,
    "other_birth": ("value", "other", "limit", "as_of"),
    "column": (),
}
_LARGEST: Final = 2**63 - 1  # what both engines and a column hold


def check_vocabulary(vocabulary: schema.Vocabulary) -> Iterator[str]:
    """Every mistake of the facts, and of the pairs that may be compared."""
    facts = vocabulary.facts
    for name, fact in facts.items():
        yield from (f"facts.{name}.{error}" for error in _fact(name, fact))
    yield from _headers(facts)
    yield from _groups(vocabulary)
    yield from _of_person(vocabulary)
    for name, doubt in vocabulary.doubts.items():
        yield from (f"doubts.{name}.{error}" for error in (*_doubt(doubt, facts), *_asking(name, doubt, facts)))
    for number, (one, other) in enumerate(vocabulary.pairs):
        if one not in facts or other not in facts:
            continue
        if one == other or facts[one].type != facts[other].type or facts[one].type == "list":
            yield f"pairs[{number}]: {one} and {other} cannot be compared; a pair is two facts of one type"


def _doubt(doubt: d.Doubt, facts: Mapping[str, schema.Fact]) -> Iterator[str]:
    """What is wrong with a doubt by itself; that its facts exist, references.py sees to."""
    known = {"field"} if asks(doubt) else {"field", *_TOLD[doubt.kind]}
    for language in ("zh", "en"):
        unknown = {name for _, name, _, _ in Formatter().parse(getattr(doubt.text, language)) if name} - known
        for name in sorted(unknown):
            yield f"text.{language}: a doubt of this kind knows no {{{name}}}; {allowed(name, known)}"
    if isinstance(doubt, d.Beyond | d.NoNumber):
        for fact in doubt.facts:
            if fact in facts and facts[fact].type not in ("int", "money", "rate"):
                yield f"facts: {fact} is no number; remove it"
    if isinstance(doubt, d.Denied) and doubt.fact in facts and not _holds(facts[doubt.fact], doubt.value):
        yield f"value: {quoted(str(doubt.value))} is no value of {doubt.fact}"
    limits = {
        d.Beyond: ("below", "above"),
        d.FarDay: ("years_before", "years_after"),
        d.ColumnDoubt: ("most_from", "most_below"),
    }.get(type(doubt), ())
    if limits and all(getattr(doubt, limit) is None for limit in limits):
        yield f"{limits[0]}: is missing; a doubt of this kind says {' or '.join(limits)}"


def _asking(name: str, doubt: d.Doubt, facts: Mapping[str, schema.Fact]) -> Iterator[str]:
    """What a doubt that asks needs: a question that can be left open, and its place among what is given of a case."""
    if not asks(doubt) or not isinstance(doubt, d.MoreThan | d.Above | d.Below | d.Denied) or doubt.fact not in facts:
        return
    fact, given = facts[doubt.fact], facts.get(d.IN_DOUBT)
    if fact.question is None or fact.private:
        yield f"asks: {doubt.fact} has no question that could be asked; let it be a rejection"
    if fact.required or fact.required_unless:
        yield f"asks: {doubt.fact} is required, no case goes in without it; let it be a rejection"
    if given is None or not given.given or name not in given.values:
        yield f"asks: the given fact {d.IN_DOUBT} has to name {name} among its values; add it there"


def _holds(fact: schema.Fact, value: bool | str) -> bool:
    """Whether a value is one that the fact can have."""
    return isinstance(value, bool) if fact.type == "bool" else fact.type == "enum" and value in fact.values


def _fact(name: str, fact: schema.Fact) -> Iterator[str]:
    if fact.how and not fact.derived:
        yield "how: only a given or derived fact comes about by itself; remove the key or write given: true"
    if fact.given and (fact.required or fact.required_unless):
        yield "required: the application gives this fact, nobody submits it; remove the key"
    if fact.unit is not None and fact.type != "int":
        yield f"unit: a fact of type {fact.type} has its own; remove the key"
    if fact.per is not None and fact.type != "money":
        yield f"per: a fact of type {fact.type} is no amount; remove the key"
    if fact.code is not None and fact.type != "text":
        yield f"code: a fact of type {fact.type} is no text; remove the key"
    if fact.type in ("int", "money", "rate"):
        for key, limit in zip(("minimum", "maximum"), limits(fact), strict=True):
            if abs(limit) > _LARGEST:
                yield f"{key}: is more than a whole number of 64 bits holds; write one of fewer digits"
    yield from _values(name, fact)


def _values(name: str, fact: schema.Fact) -> Iterator[str]:
    if fact.type in ("enum", "list") and not fact.values and fact.values_from is None:
        yield f"values: is missing; a fact of type {fact.type} lists its values"
    if fact.type == "bool" and not set(fact.values) <= {"true", "false"}:
        yield f"values: {quoted(sorted(fact.values))} are not the values of a bool; allowed: true, false"
    if fact.values and fact.type not in ("enum", "list", "bool"):
        yield f"values: a fact of type {fact.type} has no list of values; remove it"
    for word, names in words_of_values(fact).items():
        if len(names) > 1:
            yield f"values: {quoted(word)} stands for {' and '.join(names)}; leave it to one of them"
    for value in fact.urgent:
        if value not in (tuple(fact.values) if fact.type in ("enum", "list") else (True, False)):
            yield f"urgent: {quoted(value)} is not a value of {name}"


def _groups(vocabulary: schema.Vocabulary) -> Iterator[str]:
    """A form asks for a fact once, and only for what a person can tell."""
    seen: set[str] = set()
    for number, group in enumerate(vocabulary.groups):
        for name in group.facts:
            fact = vocabulary.facts.get(name)
            if fact is not None and (fact.derived or fact.given):
                yield f"groups[{number}].facts: nobody submits {name}; remove it"
            if name in seen:
                yield f"groups[{number}].facts: {name} stands in a group already; leave it in one of them"
            seen.add(name)


def _of_person(vocabulary: schema.Vocabulary) -> Iterator[str]:
    """What is corrected for all debts of a person at once is theirs to say, and a line of a budget stands once."""
    for name in vocabulary.of_person:
        fact = vocabulary.facts.get(name)
        if fact is not None and (fact.derived or fact.given or fact.private):
            yield f"of_person: {name} is not for a person to say of all debts; remove it"
    seen: set[str] = set()
    for number, part in enumerate(vocabulary.household):
        if part.fact not in vocabulary.of_person:
            yield f"household[{number}].fact: {part.fact} is not among of_person; add it there"
        for line in part.lines:
            if line in seen:
                yield f"household[{number}].lines: {line} stands in another part already; leave it in one of them"
            seen.add(line)


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
    for name, fact in facts.items():
        for header in fact.asks:
            if owner := owners.get(fold(header)):
                yield f"facts.{name}.asks: the header {quoted(header)} already means {owner}; remove it from one"
