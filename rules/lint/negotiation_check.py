"""What negotiation.yaml and letters.yaml say about the rest of their pack: names, conditions, and words in braces."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from rules.pack.condition_parser import ConditionError, parse
from rules.pack.negotiation import CASE_WORDS, PLAN_WORDS, PRODUCT_CONTACTS, Approach, Letter, Negotiation
from rules.pack.pack import Pack, Unknown, allowed, quoted
from rules.pack.placeholders import mistakes
from rules.pack.schema import Reference, Text

_POINTS = ("ask", "in_writing", "not_sign")


def check_negotiation(pack: Pack, unknown: Unknown) -> Iterator[str]:
    """Every mistake in the two files, each with its file and place."""
    if pack.negotiation is not None:
        yield from (f"negotiation.yaml: {error}" for error in _negotiation(pack, pack.negotiation, unknown))
        signatures = pack.negotiation.signatures
        for name, letter in pack.letters.items():
            if letter.signed_by not in signatures:
                problem = f"unknown signature {quoted(letter.signed_by)}; {allowed(letter.signed_by, signatures)}"
                yield f"letters.yaml: {name}.signed_by: {problem}"
    for file, place, when in conditions_of(pack):
        try:
            parse(when, pack.vocabulary, pack.parameters)
        except ConditionError as error:
            yield from (f"{file}: {place}.{line}" for line in error.errors)
    for file, place, text in texts_of(pack):
        yield from (f"{file}: {place}.{error}" for error in mistakes(text, pack, (*CASE_WORDS, *PLAN_WORDS)))


def texts_of(pack: Pack) -> Iterator[tuple[str, str, Text]]:
    """Every text a negotiation pack can hold: file, place in it, text."""
    found = pack.negotiation
    if found is not None:
        yield from (("negotiation.yaml", place, text) for place, text in _said(found))
    for name, letter in pack.letters.items():
        yield "letters.yaml", f"{name}.title", letter.title
        yield "letters.yaml", f"{name}.to", letter.to
        if letter.hold is not None:
            yield "letters.yaml", f"{name}.hold", letter.hold
        for number, line in enumerate(letter.paragraphs):
            yield "letters.yaml", f"{name}.paragraphs[{number}]", line


def cited_in(pack: Pack) -> Iterator[tuple[str, str, Sequence[Reference]]]:
    """Every list of references in negotiation.yaml: file, place in it, references."""
    if pack.negotiation is not None:
        for place, entries in (("points", pack.negotiation.points), ("approaches", pack.negotiation.approaches)):
            for name, entry in entries.items():
                yield "negotiation.yaml", f"{place}.{name}.", entry.references


def _negotiation(pack: Pack, negotiation: Negotiation, unknown: Unknown) -> Iterator[str]:
    for name, approach in negotiation.approaches.items():
        if error := unknown("strategies", "strategy", name):
            yield f"approaches.{name}: {error}"
        yield from (f"approaches.{name}.{error}" for error in _approach(pack, negotiation, approach, unknown))
    whole: tuple[tuple[str, Collection[str], Collection[str]], ...] = (
        ("approaches", pack.strategies, negotiation.approaches),
        ("hardships", pack.hardships, negotiation.hardships),
        ("debts", pack.products, negotiation.debts),
    )
    for what, wanted, given in whole:
        yield from (f"{what}.{name}: is missing" for name in wanted if name not in given)
    for number, name in enumerate(negotiation.afterwards):
        if error := unknown("documents", "document", name):
            yield f"afterwards[{number}]: {error}"


def _approach(pack: Pack, negotiation: Negotiation, approach: Approach, unknown: Unknown) -> Iterator[str]:
    for place in _POINTS:
        for number, name in enumerate(getattr(approach, place)):
            if name not in negotiation.points:
                yield f"{place}[{number}]: unknown point {quoted(name)}; {allowed(name, negotiation.points)}"
    for number, name in enumerate(approach.contacts):
        if name != PRODUCT_CONTACTS and (error := unknown("contacts", "contact", name)):
            yield f"contacts[{number}]: {error}"
    for number, name in enumerate(approach.letters):
        if error := unknown("letters", "letter", name):
            yield f"letters[{number}]: {error}"
    if approach.speaker == "staff" and approach.letters:
        yield "letters: staff protocols send none; remove them"
    yield from _days(pack, approach.follow_up.days, unknown)


def _days(pack: Pack, name: str, unknown: Unknown) -> Iterator[str]:
    if error := unknown("parameters", "parameter", name):
        yield f"follow_up.days: {error}"
    elif name in pack.parameters and pack.parameters[name].unit != "days":
        yield f"follow_up.days: {name} is in {pack.parameters[name].unit}; name a parameter in days"


def _said(negotiation: Negotiation) -> Iterator[tuple[str, Text]]:
    yield from ((f"greeting[{number}]", line) for number, line in enumerate(negotiation.greeting))
    yield from ((f"farewell[{number}]", line) for number, line in enumerate(negotiation.farewell))
    yield "reserve.say", negotiation.reserve.say
    yield "reserve.not_sign", negotiation.reserve.not_sign
    yield "staff_notice", negotiation.staff_notice
    for name, reason in negotiation.hardships.items():
        yield f"hardships.{name}.say", reason.say
        yield f"hardships.{name}.write", reason.write
    yield from ((f"debts.{name}", text) for name, text in negotiation.debts.items())
    yield from ((f"points.{name}", point) for name, point in negotiation.points.items())
    for name, lines in negotiation.signatures.items():
        yield from ((f"signatures.{name}[{number}]", line) for number, line in enumerate(lines))
    for name, approach in negotiation.approaches.items():
        yield from ((f"approaches.{name}.say[{number}]", line) for number, line in enumerate(approach.say))
        yield f"approaches.{name}.follow_up.text", approach.follow_up.text


def conditions_of(pack: Pack) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Every condition of a line or a letter: file, place in it, the condition as written."""
    for file, place, text in texts_of(pack):
        when = getattr(text, "when", None)  # a plain text has none
        if when is not None:
            yield file, place, when
    letters: Mapping[str, Letter] = pack.letters
    for name, letter in letters.items():
        if letter.when is not None:
            yield "letters.yaml", name, letter.when
