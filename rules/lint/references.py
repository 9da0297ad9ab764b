"""Which part of a pack means which other part: every mention of one entry by another, and how it is meant."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from rules.decision import repayment
from rules.facts.derived import formulas
from rules.finance import charges, court_fees
from rules.lint.consistency import references_of
from rules.lint.negotiation_check import conditions_of
from rules.lint.negotiation_check import texts_of as said_in
from rules.lint.rule_check import TARGETS
from rules.pack import conditions as c
from rules.pack.condition_parser import parse
from rules.pack.negotiation import PRODUCT_CONTACTS
from rules.pack.normal_form import facts_of, leaves
from rules.pack.pack import LoadedRule, Pack
from rules.pack.placeholders import placeholders, texts_of
from rules.pack.schema import WITHHELD, Effect, Text

# An entry of a pack: the file without its ending (rules: "rules"), and the name in it.
Name: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Use:
    """One entry means another. `how` is an effect's key, or the place where it stands: when, because, references …"""

    user: Name
    how: str
    used: Name


def uses(pack: Pack) -> tuple[Use, ...]:
    """Every use in the pack, each once, those of the rules first and in their order."""
    found = [each for loaded in pack.rules for each in _rule(pack, loaded)]
    found += [*_facts(pack), *_strategies(pack), *_negotiation(pack), *_open_points(pack), *_others(pack)]
    for file, place, text in (*texts_of(pack), *said_in(pack)):
        if file != "facts.yaml":  # how a fact is found: that is its formula
            found += _mentions(pack, _user(file, place), "text", text)
    for file, place, references in references_of(pack):
        found += [Use(_user(file, place), "references", ("references", each.id)) for each in references]
    return tuple(dict.fromkeys(found))


def _user(file: str, place: str) -> Name:
    """The entry that a place of a file is in. What is no entry of its own belongs to the pack."""
    names = re.split(r"[.\[]", place)
    if file != "negotiation.yaml":
        return file.removesuffix(".yaml"), names[0]
    return (names[0], names[1]) if names[0] in ("approaches", "points") else ("pack", "negotiation")


def _rule(pack: Pack, loaded: LoadedRule) -> Iterator[Use]:
    user = ("rules", loaded.rule.id)
    for leaf in leaves(loaded.when):
        yield from (Use(user, "when", used) for used in _looked_at(pack, leaf))
    for effect in loaded.rule.then:
        if effect.kind in TARGETS:
            yield from (Use(user, effect.kind, (TARGETS[effect.kind][0], name)) for name in meant(effect))
    yield from _mentions(pack, user, "because", loaded.rule.because)
    yield from (Use(user, "references", ("references", each.id)) for each in loaded.rule.references)


def meant(effect: Effect) -> tuple[str, ...]:
    """The names an effect means; none where it blocks whatever is so marked."""
    value = getattr(effect, effect.kind)
    if value in WITHHELD:
        return ()
    return value if isinstance(value, tuple) else (value,)


def _looked_at(pack: Pack, leaf: c.Leaf) -> Iterator[Name]:
    """What a comparison looks at: facts, a figure, and the entries that its values name."""
    yield from (("facts", name) for name in facts_of(leaf))
    match leaf:
        case c.Compare(value=c.ParameterReference(name)):
            yield "parameters", name
        case c.Compare(fact, _, str(value)) | c.Contains(fact, value):
            yield from _named(pack, fact, (value,))
        case c.OneOf(fact, values):
            yield from _named(pack, fact, values)


def _named(pack: Pack, fact: str, values: tuple[str, ...]) -> Iterator[Name]:
    file = pack.vocabulary.facts[fact].values_from
    if file is not None:
        entries: Mapping[str, object] = getattr(pack, file)
        yield from ((file, value) for value in values if value in entries)


def _mentions(pack: Pack, user: Name, how: str, text: Text) -> Iterator[Use]:
    """The facts and figures that stand in a text between braces."""
    for name in (*placeholders(text.zh), *placeholders(text.en)):
        if name in pack.vocabulary.facts:
            yield Use(user, how, ("facts", name))
        elif name in pack.parameters:
            yield Use(user, how, ("parameters", name))


def _negotiation(pack: Pack) -> Iterator[Use]:
    for file, place, when in conditions_of(pack):
        for leaf in leaves(parse(when, pack.vocabulary, pack.parameters)):
            yield from (Use(_user(file, place), "line", used) for used in _looked_at(pack, leaf))
    if pack.negotiation is None:
        return
    for name, approach in pack.negotiation.approaches.items():
        user = ("approaches", name)
        yield Use(user, "follow_up", ("parameters", approach.follow_up.days))
        yield from (Use(user, "contacts", ("contacts", each)) for each in approach.contacts if each != PRODUCT_CONTACTS)
        yield from (Use(user, "letters", ("letters", each)) for each in approach.letters)
        for key in ("ask", "in_writing", "not_sign"):
            yield from (Use(user, "points", ("points", each)) for each in getattr(approach, key))


def _open_points(pack: Pack) -> Iterator[Use]:
    for name, point in pack.open_points.items():
        yield from (Use(("open_points", name), "open", ("parameters", each)) for each in point.parameters)
        yield from (Use(("open_points", name), "open", ("references", each)) for each in point.references)


def _facts(pack: Pack) -> Iterator[Use]:
    for name, fact in pack.vocabulary.facts.items():
        yield from (Use(("facts", name), "inputs", ("facts", other)) for other in fact.inputs)
    for name, formula in formulas(pack.vocabulary.facts).items():
        yield from (Use(("facts", name), "formula", ("parameters", each)) for each in formula.parameters)


def _others(pack: Pack) -> Iterator[Use]:
    for key in ("default", "disagreement"):
        yield Use(("pack", key), "recommend", ("strategies", getattr(pack.manifest, key).strategy))
    for name, product in pack.products.items():
        for contacts in (product.contacts, *product.contacts_by_lender.values()):
            yield from (Use(("products", name), "contacts", ("contacts", each)) for each in contacts)
    for name, hardship in pack.hardships.items():
        for strength, documents in hardship.documents.items():
            yield from (Use(("hardships", name), strength, ("documents", each)) for each in documents)
    for name, clock in pack.deadlines.items():
        yield Use(("deadlines", name), "starts_from", ("facts", clock.starts_from))
        if clock.days:
            yield Use(("deadlines", name), "days", ("parameters", clock.days))
    for file, names in (
        ("parameters", (*charges.USES, *court_fees.USES, *repayment.USES)),
        ("fees", court_fees.TABLES),
    ):
        yield from (Use(("pack", "calculations"), "calculation", (file, each)) for each in names)


def _strategies(pack: Pack) -> Iterator[Use]:
    for name, strategy in pack.strategies.items():
        if strategy.plan_longest:
            yield Use(("strategies", name), "plan", ("parameters", strategy.plan_longest))
        yield from (Use(("strategies", name), "next_steps", ("steps", each)) for each in strategy.next_steps)
