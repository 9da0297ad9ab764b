"""What one file of a pack says about another: every name meant must exist, and fit where it stands."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from rules.decision.repayment import WITH_INTEREST
from rules.facts.red_flags import bare
from rules.facts.vocabulary import check_vocabulary
from rules.finance.court_fees import flaws
from rules.lint import parameter_check
from rules.lint.hardship_documents import check_papers
from rules.lint.negotiation_check import check_negotiation, cited_in
from rules.pack import schema
from rules.pack.pack import Pack, Unknown, allowed, quoted, unknown_in
from rules.pack.placeholders import mistakes, texts_of
from rules.pack.schema import Manifest, OpenPoint

_T = TypeVar("_T")
# Files whose entries have references of their own.
_CITED: Final = (
    "products",
    "hardships",
    "strategies",
    "contacts",
    "documents",
    "rights",
    "warnings",
    "steps",
    "deadlines",
    "letters",
)


def check(pack: Pack, broken: Collection[str] = ()) -> list[str]:
    """Every mistake between the files. `broken` names those that could not be read.

    Of the rules only whether they ask for the papers of their hardship; the rest of them is rule_check.py's.
    """
    unknown = unknown_in(pack, broken)
    found: dict[str, Iterable[str]] = {
        "pack": _manifest(pack.manifest, unknown),
        "facts": check_vocabulary(pack.vocabulary, unknown),
        "parameters": _each(pack.parameters, parameter_check.mistakes),
        "fees": _each(pack.fees, flaws),
        "products": chain(_codes(pack.products), _each(pack.products, lambda entry: _product(pack, entry, unknown))),
        "hardships": chain(_codes(pack.hardships), _each(pack.hardships, lambda entry: _documents(entry, unknown))),
        "strategies": chain(
            _codes(pack.strategies), _each(pack.strategies, lambda strategy: _strategy(pack, strategy, unknown))
        ),
        "red_flags": _each(pack.red_flags, lambda flag: _flag(pack, flag, unknown)),
        "deadlines": _each(pack.deadlines, lambda clock: _clock(pack, clock, unknown)),
        "open_points": _each(pack.open_points, lambda point: _open_point(point, unknown)),
    }
    errors = [f"{file}.yaml: {error}" for file, told in found.items() for error in told]
    if "facts.yaml" not in broken and "parameters.yaml" not in broken:
        for path, place, text in texts_of(pack):
            errors.extend(f"{path}: {place}.{error}" for error in mistakes(text, pack))
        errors.extend(check_negotiation(pack, unknown))
    errors.extend(check_papers(pack))
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
    if strategy.plan_longest is None:
        endless = [kind for kind in strategy.plans if kind in WITH_INTEREST]
        if endless:
            yield f"plan_longest: is missing; {endless[0]} needs the parameter with the most months it may take"
    yield from _longest(pack, strategy.plan_longest, unknown)


def _longest(pack: Pack, longest: str | None, unknown: Unknown) -> Iterator[str]:
    if longest is None:
        return
    if error := unknown("parameters", "parameter", longest):
        yield f"plan_longest: {error}"
    elif longest in pack.parameters and pack.parameters[longest].unit != "months":
        yield f"plan_longest: {longest} is in {pack.parameters[longest].unit}; name a parameter in months"


def _manifest(manifest: Manifest, unknown: Unknown) -> Iterator[str]:
    for key, entry in (("default", manifest.default), ("disagreement", manifest.disagreement)):
        if error := unknown("strategies", "strategy", entry.strategy):
            yield f"{key}.strategy: {error}"
    try:
        ZoneInfo(manifest.timezone)
    except (ValueError, KeyError, OSError):  # all of these are how ZoneInfo says no
        yield f"timezone: unknown time zone {quoted(manifest.timezone)}; write one such as Asia/Shanghai"


def _product(pack: Pack, product: schema.Product, unknown: Unknown) -> Iterator[str]:
    yield from _longest(pack, product.plan_longest, unknown)
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


def _flag(pack: Pack, flag: schema.RedFlag, unknown: Unknown) -> Iterator[str]:
    if flag.denied_as is not None and (error := unknown("red_flags", "red flag", flag.denied_as)):
        yield f"denied_as: {error}"
    if not flag.words and not any(pack.red_flags.get(each.denied_as or "") is flag for each in pack.red_flags.values()):
        yield "words: is missing; only a flag that others are denied as has none"
    for key in ("words", "not_before", "not_after"):
        for number, word in enumerate(getattr(flag, key)):
            if not bare(word):
                yield f"{key}[{number}]: is blank and would be found in all notes; remove it"


def _clock(pack: Pack, clock: schema.Clock, unknown: Unknown) -> Iterator[str]:
    facts = pack.vocabulary.facts
    dates = [name for name, fact in facts.items() if fact.type == "date"]
    if clock.starts_from not in dates:
        problem = "is not a date" if clock.starts_from in facts else "is an unknown fact"
        yield f"starts_from: {quoted(clock.starts_from)} {problem}; {allowed(clock.starts_from, dates)}"
    if clock.days is None:
        return
    if error := unknown("parameters", "parameter", clock.days):
        yield f"days: {error}"
        return
    parameter = pack.parameters.get(clock.days)
    if parameter is not None and parameter.unit != "days":
        fitting = [name for name, entry in pack.parameters.items() if entry.unit == "days"]
        yield f"days: {clock.days} is in {parameter.unit}, not in days; {allowed(clock.days, fitting)}"


def _open_point(point: OpenPoint, unknown: Unknown) -> Iterator[str]:
    for file, what, names in (
        ("parameters", "parameter", point.parameters),
        ("references", "reference", point.references),
    ):
        for number, name in enumerate(names):
            if error := unknown(file, what, name):
                yield f"{file}[{number}]: {error}"


def _codes(
    entries: Mapping[str, schema.Product] | Mapping[str, schema.Hardship] | Mapping[str, schema.Strategy],
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
    for file in ("parameters", "fees"):
        for name, dated in getattr(pack, file).items():
            for number, value in enumerate(dated.values):
                yield f"{file}.yaml", f"{name}.values[{number}].", value.references
    for file in _CITED:
        for name, entry in getattr(pack, file).items():
            yield f"{file}.yaml", f"{name}.", entry.references
    yield from cited_in(pack)
