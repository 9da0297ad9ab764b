"""The chapters on what a case is given: strategies, and the documents, rights, warnings and steps that go with them."""

from __future__ import annotations

from collections.abc import Mapping

from rules.directory import Contact
from rules.handbook.document import Bullet, Bullets, Entry, Line, Listed, Listing, Part, Section, Span
from rules.handbook.voice import (
    Voice,
    acknowledging,
    anchor,
    at_length,
    basis,
    chapter,
    citation,
    joined,
    link,
    marked,
    prose,
    said,
    used_by,
    users,
)
from rules.phrases import figure
from rules.schema import Item, Strategy


def strategies(v: Voice) -> Section:
    """Every strategy, with the rules that recommend, add and block it."""
    return Section(
        chapter("strategies"),
        v.word("strategies"),
        tuple(_strategy(v, name, entry) for name, entry in v.pack.strategies.items()),
    )


def _strategy(v: Voice, name: str, entry: Strategy) -> Entry:
    note: Line = (Span(name, look="code"), *acknowledging(v, entry.acknowledges))
    return Entry(
        anchor(("strategies", name)),
        f"{entry.code} {v.say(entry.title)}",
        note,
        (
            *said(v, "summary", prose(v, entry.summary)),
            *said(v, "sound_when", prose(v, entry.sound_when)),
            *said(v, "against", prose(v, entry.against)),
            *_next_steps(v, entry.next_steps),
            *said(v, "plan", _plan(v, entry)),
            *said(v, "carried_out", _carried_out(v, name)),
            *basis(v, entry.references),
            *users(v, ("strategies", name)),
        ),
    )


def _next_steps(v: Voice, steps: tuple[str, ...]) -> tuple[Part, ...]:
    """In full, as the rules have them."""
    if not steps:
        return ()
    return (Part(v.word("next_steps"), (Bullets(tuple(Bullet(at_length(v, ("steps", each))) for each in steps)),)),)


def _carried_out(v: Voice, name: str) -> Line:
    negotiation = v.pack.negotiation
    known = negotiation is not None and name in negotiation.approaches
    return (link(v, ("approaches", name), v.word("approach")),) if known else ()


def _plan(v: Voice, entry: Strategy) -> Line:
    kinds = joined([(Span(v.word(f"plan.{kind}")),) for kind in entry.plans], v.mark("、", ", "))
    if entry.plan_longest is None:
        return kinds
    months = figure(v.pack, entry.plan_longest, v.day)
    longest = v.word("none_in_force") if months is None else v.word("unit.months", n=months)
    return (
        *kinds,
        Span(f"{v.mark('，', ', ')}{v.word('plan.longest')} "),
        Span(longest, anchor(("parameters", entry.plan_longest))),
    )


def items(v: Voice, file: str) -> Section:
    """The documents, rights, warnings or steps: what each says, on what basis, and who gives it."""
    entries: Mapping[str, Item] = getattr(v.pack, file)
    listing = Listing(tuple(_item(v, file, name, entry) for name, entry in entries.items()))
    return Section(chapter(file), v.word(file), (listing,))


def _item(v: Voice, file: str, name: str, entry: Item) -> Listed:
    cited = joined([citation(v, each) for each in entry.references], v.mark("；", "; "))
    line = (*prose(v, entry.text), Span(" "), Span(name, look="code"), *marked(v, entry))
    notes = (*(((v.word("basis"), cited),) if cited else ()), *used_by(v, (file, name)))
    return Listed(anchor((file, name)), line, notes)


def contacts(v: Voice) -> Section:
    """Whom to turn to, and for which products."""
    return Section(
        chapter("contacts"),
        v.word("contacts"),
        tuple(_contact(v, name, entry) for name, entry in v.pack.contacts.items()),
    )


def _contact(v: Voice, name: str, entry: Contact) -> Entry:
    number: Line = (Span(f"{v.word('dial')} "), Span(entry.number, look="strong"), Span(" ")) if entry.number else ()
    return Entry(
        anchor(("contacts", name)),
        v.say(entry.title),
        (*number, Span(name, look="code")),
        (
            *said(v, "purpose", prose(v, entry.purpose)),
            *basis(v, entry.references),
            *users(v, ("contacts", name)),
        ),
    )
