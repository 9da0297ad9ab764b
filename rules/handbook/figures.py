"""The chapters on figures and sources: every dated value, which one is in force, and what everything rests on."""

from __future__ import annotations

from decimal import Decimal
from typing import get_args

from rules.fee_schema import FeeSchedule, FeeTable
from rules.handbook.document import Entry, Line, Listed, Listing, Paragraph, Part, Section, Span, Table
from rules.handbook.voice import (
    Voice,
    anchor,
    badge,
    basis,
    chapter,
    citation,
    day,
    joined,
    links,
    named,
    prose,
    quantity,
    said,
    sure,
    used_by,
    users,
)
from rules.parameters import of_day, value_on
from rules.phrases import FORCE, written
from rules.schema import Dated, Layer, Parameter, ParameterValue, Source


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
        (
            Part(v.word("values"), (table,)),
            *(said(v, "background", prose(v, entry.background)) if entry.background else ()),
            *users(v, ("parameters", name)),
        ),
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


def _marks(v: Voice, value: Dated, present: bool) -> Line:
    """Whether the value counts on the day, and whether anybody confirmed it for then."""
    when = (
        badge(v.word("in_force"), "good")
        if present
        else badge(v.word("not_begun"), "fair")
        if value.valid_from > v.day
        else badge(v.word("ended"))
    )
    return (
        when,
        *((Span(" "), badge(v.word("carried"), "alarm")) if value.carried else ()),
        *((Span(" "), badge(v.word("final"))) if value.final else ()),
    )


def open_points(v: Voice) -> Section:
    """What nobody has confirmed yet, and what hangs on it."""
    listed = []
    for name, point in v.pack.open_points.items():
        hanging = [
            (v.word(key), links(v, ((file, each) for each in found)))
            for key, file, found in (
                ("figures_open", "parameters", point.parameters),
                ("sources_open", "references", point.references),
            )
            if found
        ]
        line = (*prose(v, point.text), Span(" "), Span(name, look="code"))
        listed.append(Listed(anchor(("open_points", name)), line, tuple(hanging)))
    return Section(
        chapter("open_points"),
        v.word("open_points"),
        (Paragraph((Span(v.word("note.open_points")),)), Listing(tuple(listed))),
    )


def fees(v: Voice) -> Section:
    """The court's fees, slice by slice."""
    entries = tuple(_fee(v, name, table) for name, table in v.pack.fees.items())
    return Section(chapter("fees"), v.word("fees"), (Paragraph((Span(v.word("note.fees")),)), *entries))


def _fee(v: Voice, name: str, table: FeeTable) -> Entry:
    present = of_day(table.values, v.day)
    parts = [part for schedule in table.values for part in _schedule(v, schedule, schedule is present)]
    return Entry(anchor(("fees", name)), v.say(table.title), (Span(name, look="code"),), tuple(parts))


def _schedule(v: Voice, schedule: FeeSchedule, present: bool) -> tuple[Part, ...]:
    rows: list[tuple[Line, ...]] = []
    last: Decimal | None = None
    for bracket in schedule.brackets:
        upto = written(bracket.up_to, "yuan") if bracket.up_to is not None else ""
        above = written(last, "yuan") if last is not None else ""
        kind = "between" if above and upto else "above" if above else "upto" if upto else "whole"
        flat, percent = bracket.flat, bracket.percent or Decimal(0)
        fee = written(percent, "percent") if flat is None else written(flat, "yuan")
        rows.append(((Span(v.word(f"slice.{kind}", above=above, upto=upto)),), (Span(fee),)))
        last = bracket.up_to
    if schedule.maximum is not None:
        rows.append(((Span(v.word("slice.maximum")),), (Span(written(schedule.maximum, "yuan")),)))
    until = day(schedule.valid_to) if schedule.valid_to else Span(v.word("open_end"))
    days = (day(schedule.valid_from), Span(" – "), until, Span(" "), *_marks(v, schedule, present))
    return (
        *said(v, "valid", days),
        Part(v.word("brackets"), (Table((v.word("slice"), v.word("fee")), tuple(rows)),)),
        *basis(v, schedule.references),
    )


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
                    heading(v, layer),
                    (Span(v.word(f"force.{layer}")),),
                    (Part("", (listing,)),),
                )
            )
    return Section(chapter("references"), v.word("references"), tuple(entries))


def heading(v: Voice, layer: Layer) -> str:
    """A layer as the title of its sources."""
    force = v.say(FORCE[layer])
    return force[0].upper() + force[1:]


def _source(v: Voice, name: str, source: Source) -> Listed:
    told: list[tuple[str, Line]] = []
    if source.number:
        told.append((v.word("number"), (Span(source.number),)))
    if source.published:
        told.append((v.word("published"), (day(source.published),)))
    if source.in_force_from:
        told.append((v.word("in_force_from"), (day(source.in_force_from),)))
    if source.read:
        told.append((v.word("read"), (Span(v.word(f"read.{source.read}")),)))
    line = (Span(v.say(source.title)), Span(" "), Span(name, look="code"))
    return Listed(anchor(("references", name)), line, (*told, *used_by(v, ("references", name))))
