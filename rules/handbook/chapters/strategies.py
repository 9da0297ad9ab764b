"""The chapters on what a case is given: strategies, and the documents, rights, warnings and steps that go with them."""

from __future__ import annotations

from collections.abc import Mapping

from rules.handbook.context import (
    HandbookContext,
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
from rules.handbook.document import (
    Bullet,
    Bullets,
    HandbookEntry,
    LabelledPart,
    Line,
    Listed,
    Listing,
    Section,
    TextSpan,
)
from rules.pack.files.items import Item
from rules.pack.files.schema import Contact, Strategy
from rules.text.phrases import parameter


def strategies(v: HandbookContext) -> Section:
    """Every strategy, with the rules that recommend, add and block it."""
    return Section(
        chapter("strategies"),
        v.word("strategies"),
        tuple(_strategy(v, name, entry) for name, entry in v.pack.strategies.items()),
    )


def _strategy(v: HandbookContext, name: str, entry: Strategy) -> HandbookEntry:
    note: Line = (TextSpan(name, look="code"), *acknowledging(v, entry.acknowledges))
    return HandbookEntry(
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


def _next_steps(v: HandbookContext, steps: tuple[str, ...]) -> tuple[LabelledPart, ...]:
    """In full, as the rules have them."""
    if not steps:
        return ()
    return (
        LabelledPart(v.word("next_steps"), (Bullets(tuple(Bullet(at_length(v, ("steps", each))) for each in steps)),)),
    )


def _carried_out(v: HandbookContext, name: str) -> Line:
    negotiation = v.pack.negotiation
    known = negotiation is not None and name in negotiation.approaches
    return (link(v, ("approaches", name), v.word("approach")),) if known else ()


def _plan(v: HandbookContext, entry: Strategy) -> Line:
    kinds = joined([(TextSpan(v.word(f"plan.{kind}")),) for kind in entry.plans], v.mark("、", ", "))
    if entry.plan_longest is None:
        return kinds
    months = parameter(v.pack, entry.plan_longest, v.day)
    longest = v.word("none_in_force") if months is None else v.word("unit.months", n=months)
    return (
        *kinds,
        TextSpan(f"{v.mark('，', ', ')}{v.word('plan.longest')} "),
        TextSpan(longest, anchor(("parameters", entry.plan_longest))),
    )


def items(v: HandbookContext, file: str) -> Section:
    """The documents, rights, warnings or steps: what each says, on what basis, and who gives it."""
    entries: Mapping[str, Item] = getattr(v.pack, file)
    listing = Listing(tuple(_item(v, file, name, entry) for name, entry in entries.items()))
    return Section(chapter(file), v.word(file), (listing,))


def _item(v: HandbookContext, file: str, name: str, entry: Item) -> Listed:
    cited = joined([citation(v, each) for each in entry.references], v.mark("；", "; "))
    line = (*prose(v, entry.text), TextSpan(" "), TextSpan(name, look="code"), *marked(v, entry))
    notes = (*(((v.word("basis"), cited),) if cited else ()), *used_by(v, (file, name)))
    return Listed(anchor((file, name)), line, notes)


def contacts(v: HandbookContext) -> Section:
    """Whom to turn to, and for which products."""
    return Section(
        chapter("contacts"),
        v.word("contacts"),
        tuple(_contact(v, name, entry) for name, entry in v.pack.contacts.items()),
    )


def _contact(v: HandbookContext, name: str, entry: Contact) -> HandbookEntry:
    number: Line = (
        (TextSpan(f"{v.word('dial')} "), TextSpan(entry.number, look="strong"), TextSpan(" ")) if entry.number else ()
    )
    return HandbookEntry(
        anchor(("contacts", name)),
        v.say(entry.title),
        (*number, TextSpan(name, look="code")),
        (
            *said(v, "purpose", prose(v, entry.purpose)),
            *basis(v, entry.references),
            *users(v, ("contacts", name)),
        ),
    )
