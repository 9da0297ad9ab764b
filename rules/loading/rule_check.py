"""Whether one rule is sound in itself: its effects go together, and its own tests can be read; so with a formula's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from rules.facts.case_facts import Parser, reader
from rules.facts.cells import CellError, Reader
from rules.pack.files import schema
from rules.pack.pack import LoadedFormula, Pack, allowed, quoted


def check_rule(pack: Pack, rule: schema.Rule, parser: Parser) -> Iterator[str]:
    """Every mistake of one rule, its `when` left out. `parser` reads facts as rule tests write them."""
    yield from _effects(rule)
    names: Counter[str] = Counter()
    for number, test in enumerate(rule.tests):
        names[test.name] += 1
        if names[test.name] == 2:
            yield f"tests[{number}].name: {quoted(test.name)} is there twice; give each test its own name"
        yield from (f"tests[{number}].facts.{error}" for error in _test_facts(pack, test.facts, parser))
        for key in ("given", "not_given"):
            yield from _empty(f"tests[{number}].{key}", getattr(test, key))


def check_formula(pack: Pack, formula: LoadedFormula, parser: Parser) -> Iterator[str]:
    """Every mistake in the tests of one formula; the formula itself is formula_loader's."""
    read = reader(pack.vocabulary.facts[formula.fact])
    names: Counter[str] = Counter()
    for number, test in enumerate(formula.entry.tests):
        names[test.name] += 1
        if names[test.name] == 2:
            yield f"tests[{number}].name: {quoted(test.name)} is there twice; give each test its own name"
        yield from (f"tests[{number}].facts.{error}" for error in _test_facts(pack, test.facts, parser))
        for key in {"value", "at_least", "at_most"} & test.model_fields_set:
            yield from (f"tests[{number}].{key}: {error}" for error in _expected(read, getattr(test, key)))


def _expected(read: Reader, value: object) -> Iterator[str]:
    try:
        if read(value) is None:
            yield f"{quoted(value)} is blank; write nothing: true, or unknown: true"
    except CellError as error:
        yield error.text.en


def _effects(rule: schema.Rule) -> Iterator[str]:
    kinds = Counter(effect.kind for effect in rule.then)
    for kind in ("recommend", "urgency", "exclusive"):
        if kinds[kind] > 1:
            yield f"then: {kind} is there {kinds[kind]} times; a rule has one"
    if kinds["exclusive"] and not kinds["recommend"] and not kinds["add"]:
        yield "then: exclusive needs a recommend or add beside it, the strategy that is left"
    yield from _empty("then", rule.then)


def _empty(place: str, effects: Iterable[schema.Effect]) -> Iterator[str]:
    for number, effect in enumerate(effects):
        if getattr(effect, effect.kind) is None:
            yield f"{place}[{number}].{effect.kind}: is empty; name something or remove it"


def _test_facts(pack: Pack, given: Mapping[str, object], parser: Parser) -> Iterator[str]:
    public = {name: fact for name, fact in pack.vocabulary.facts.items() if not fact.private}
    for name in given:
        if name not in public:
            yield f"{name}: unknown fact; {allowed(name, public)}"
    facts, errors = parser.parse({name: value for name, value in given.items() if name in public})
    yield from (f"{error.field}: {error.en}" for error in errors)
    wrong = {error.field for error in errors}
    for name, value in given.items():
        if name in public and name not in facts and name not in wrong:
            yield f"{name}: {quoted(value)} is blank; leave the fact out where it is unknown"
