"""The chapters on figures and sources: every dated value, which one is in force, and what everything rests on."""

from __future__ import annotations

from typing import get_args

from rules.handbook.document import Entry, Line, Listed, Listing, Part, Section, Span, Table
from rules.handbook.voice import (
    Voice,
    anchor,
    badge,
    chapter,
    citation,
    day,
    joined,
    named,
    quantity,
    sure,
    used_by,
    users,
)
from rules.parameters import value_on
from rules.schema import Layer, Parameter, ParameterValue, Source


def parameters(v: Voice) -> Section:
    """Every policy number with all its dated values."""
    entries = tuple(_parameter(v, name, entry) for name, entry in v.pack.parameters.items())
    return Section(chapter("parameters"), v.word("parameters"), entries)


def _parameter(v: Voice, name: str, entry: Parameter) -> Entry:
    present = value_on(entry, v.day)
    head = tuple(v.word(key) for key in ("value", "valid_from", "valid_to", "mark", "status", "basis"))
    table = Table(head, tuple(_value(v, entry, value, value is present) for value in entry.values))
    now = (
        badge(v.word("none_in_force"), "alarm") if present is None else Span(quantity(v, entry, present), look="strong")
    )
    return Entry(
        anchor(("parameters", name)),
        v.say(entry.title),
        (now, Span(" "), Span(name, look="code")),
        (Part(v.word("values"), (table,)), *users(v, ("parameters", name))),
    )


def _value(v: Voice, entry: Parameter, value: ParameterValue, present: bool) -> tuple[Line, ...]:
    until = day(value.valid_to) if value.valid_to else Span(v.word("open_end"))
    cited = [named(v, each) if each.status == value.status else citation(v, each) for each in value.references]
    return (
        (Span(quantity(v, entry, value), look="strong" if present else "plain"),),
        (day(value.valid_from),),
        (until,),
        _marks(v, value, present),
        (sure(v, value.status),),
        joined(cited, v.mark("；", "; ")),
    )


def _marks(v: Voice, value: ParameterValue, present: bool) -> Line:
    """Whether the value counts on the day, and whether anybody confirmed it for then."""
    when = (
        badge(v.word("in_force"), "good")
        if present
        else badge(v.word("not_begun"), "fair")
        if value.valid_from > v.day
        else badge(v.word("ended"))
    )
    return (when, *((Span(" "), badge(v.word("carried"), "alarm")) if value.carried else ()))


def references(v: Voice) -> Section:
    """What claims rest on, by the force it has, with everything that cites it."""
    entries = []
    for layer in get_args(Layer):
        listed = [(name, source) for name, source in v.pack.references.items() if source.layer == layer]
        if listed:
            listing = Listing(tuple(_source(v, name, source) for name, source in listed))
            entries.append(
                Entry(
                    f"layer.{layer}",
                    v.word(f"layer.{layer}"),
                    (Span(v.word(f"force.{layer}")),),
                    (Part("", (listing,)),),
                )
            )
    return Section(chapter("references"), v.word("references"), tuple(entries))


def _source(v: Voice, name: str, source: Source) -> Listed:
    number = ((v.word("number"), (Span(source.number),)),) if source.number else ()
    line = (Span(v.say(source.title)), Span(" "), Span(name, look="code"))
    return Listed(anchor(("references", name)), line, (*number, *used_by(v, ("references", name))))
