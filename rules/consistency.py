"""What one file of a pack says about another: every name meant must exist, and fit where it stands."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain, pairwise
from typing import TypeVar
from zoneinfo import ZoneInfo

from rules import directory, schema
from rules.pack import Pack, Unknown, allowed, quoted, unknown_in
from rules.parameters import canonical
from rules.vocabulary import check_vocabulary

_T = TypeVar("_T")


def check(pack: Pack, broken: Collection[str] = ()) -> list[str]:
    """Every mistake between the files, rules left out. `broken` names the files that could not be read."""
    unknown = unknown_in(pack, broken)
    found: dict[str, Iterable[str]] = {
        "pack": _manifest(pack.manifest, unknown),
        "facts": check_vocabulary(pack.vocabulary, unknown),
        "parameters": _each(pack.parameters, _parameter),
        "products": chain(_codes(pack.products), _each(pack.products, lambda entry: _product(pack, entry, unknown))),
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
    for step in strategy.next_steps:
        if error := unknown("steps", "step", step):
            yield f"next_steps: {error}"
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


def _product(pack: Pack, product: directory.Product, unknown: Unknown) -> Iterator[str]:
    lenders = pack.vocabulary.facts["lender_type"].values if "lender_type" in pack.vocabulary.facts else {}
    for lender in product.contacts_by_lender:
        if lender not in lenders:
            yield f"contacts_by_lender: unknown kind of lender {quoted(lender)}; {allowed(lender, lenders)}"
    for place, contacts in (("contacts", product.contacts), *product.contacts_by_lender.items()):
        for contact in contacts:
            if error := unknown("contacts", "contact", contact):
                yield f"{place}: {error}"


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


def _codes(
    entries: Mapping[str, directory.Product] | Mapping[str, schema.Hardship] | Mapping[str, schema.Strategy],
) -> Iterator[str]:
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
    for name, hardship in pack.hardships.items():
        yield "hardships.yaml", f"{name}.", hardship.references
    for name, product in pack.products.items():
        yield "products.yaml", f"{name}.", product.references
    for name, contact in pack.contacts.items():
        yield "contacts.yaml", f"{name}.", contact.references
    for file in ("documents", "rights", "warnings", "steps"):
        items: Mapping[str, schema.Item] = getattr(pack, file)
        for name, item in items.items():
            yield f"{file}.yaml", f"{name}.", item.references
    for name, clock in pack.deadlines.items():
        yield "deadlines.yaml", f"{name}.", clock.references
