"""The chapters on what a case is given: strategies, and the documents, rights, warnings and steps that go with them."""

from __future__ import annotations

from collections.abc import Mapping

from rules.handbook.document import Entry, Line, Listed, Listing, Section, Span
from rules.handbook.voice import Voice, anchor, badge, basis, chapter, citation, joined, prose, said, used_by, users
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
    note: Line = (Span(name, look="code"), *_acknowledges(v, entry.acknowledges))
    return Entry(
        anchor(("strategies", name)),
        f"{entry.code} {v.say(entry.title)}",
        note,
        (
            *said(v, "summary", prose(v, entry.summary)),
            *said(v, "plan", _plan(v, entry)),
            *basis(v, entry.references),
            *users(v, ("strategies", name)),
        ),
    )


def _plan(v: Voice, entry: Strategy) -> Line:
    kind = Span(v.word(f"plan.{entry.plan}"))
    if entry.plan_longest is None:
        return (kind,)
    months = figure(v.pack, entry.plan_longest, v.day)
    longest = v.word("none_in_force") if months is None else v.word("unit.months", n=months)
    return (
        kind,
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
    line = (*prose(v, entry.text), Span(" "), Span(name, look="code"), *_acknowledges(v, entry.acknowledges))
    notes = (*(((v.word("basis"), cited),) if cited else ()), *used_by(v, (file, name)))
    return Listed(anchor((file, name)), line, notes)


def _acknowledges(v: Voice, yes: bool) -> Line:
    return (Span(" "), badge(v.word("acknowledges"), "fair")) if yes else ()
