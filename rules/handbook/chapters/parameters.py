"""The chapters on figures and sources: every dated value, which one is in force, and what everything rests on."""

from __future__ import annotations

from decimal import Decimal
from typing import get_args

from rules.handbook.context import (
    HandbookContext,
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
from rules.handbook.document import (
    HandbookEntry,
    LabelledPart,
    Line,
    Listed,
    Listing,
    Paragraph,
    Section,
    Table,
    TextSpan,
)
from rules.locale import said as sentence
from rules.pack.files.fee_tables import FeeSchedule, FeeTable
from rules.pack.files.schema import Dated, Layer, Parameter, ParameterValue, Source
from rules.pack.parameters import of_day, value_on
from rules.text.phrases import written


def parameters(v: HandbookContext) -> Section:
    """Every policy number with all its dated values."""
    entries = tuple(_parameter(v, name, entry) for name, entry in v.pack.parameters.items())
    return Section(chapter("parameters"), v.word("parameters"), entries)


def _parameter(v: HandbookContext, name: str, entry: Parameter) -> HandbookEntry:
    present = value_on(entry, v.day)
    head = tuple(v.word(key) for key in ("value", "valid_from", "valid_to", "mark", "status", "basis"))
    table = Table(head, tuple(_value(v, entry, value, value is present) for value in entry.values))
    now = (
        badge(v.word("none_in_force"), "alarm")
        if present is None
        else TextSpan(quantity(v, entry, present), look="strong")
    )
    return HandbookEntry(
        anchor(("parameters", name)),
        v.say(entry.title),
        (now, TextSpan(" "), TextSpan(name, look="code")),
        (
            LabelledPart(v.word("values"), (table,)),
            *(said(v, "background", prose(v, entry.background)) if entry.background else ()),
            *users(v, ("parameters", name)),
        ),
    )


def _value(v: HandbookContext, entry: Parameter, value: ParameterValue, present: bool) -> tuple[Line, ...]:
    until = day(value.valid_to) if value.valid_to else TextSpan(v.word("open_end"))
    cited = [named(v, each) if each.status == value.status else citation(v, each) for each in value.references]
    return (
        (TextSpan(quantity(v, entry, value), look="strong" if present else "plain"),),
        (day(value.valid_from),),
        (until,),
        _marks(v, value, present),
        (sure(v, value.status),),
        joined(cited, v.mark("；", "; ")),
    )


def _marks(v: HandbookContext, value: Dated, present: bool) -> Line:
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
        *((TextSpan(" "), badge(v.word("carried"), "alarm")) if value.carried else ()),
        *((TextSpan(" "), badge(v.word("final"))) if value.final else ()),
    )


def open_points(v: HandbookContext) -> Section:
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
        line = (*prose(v, point.text), TextSpan(" "), TextSpan(name, look="code"))
        listed.append(Listed(anchor(("open_points", name)), line, tuple(hanging)))
    return Section(
        chapter("open_points"),
        v.word("open_points"),
        (Paragraph((TextSpan(v.word("note.open_points")),)), Listing(tuple(listed))),
    )


def fees(v: HandbookContext) -> Section:
    """The court's fees, slice by slice."""
    entries = tuple(_fee(v, name, table) for name, table in v.pack.fees.items())
    return Section(chapter("fees"), v.word("fees"), (Paragraph((TextSpan(v.word("note.fees")),)), *entries))


def _fee(v: HandbookContext, name: str, table: FeeTable) -> HandbookEntry:
    present = of_day(table.values, v.day)
    parts = [part for schedule in table.values for part in _schedule(v, schedule, schedule is present)]
    return HandbookEntry(anchor(("fees", name)), v.say(table.title), (TextSpan(name, look="code"),), tuple(parts))


def _schedule(v: HandbookContext, schedule: FeeSchedule, present: bool) -> tuple[LabelledPart, ...]:
    rows: list[tuple[Line, ...]] = []
    last: Decimal | None = None
    for bracket in schedule.brackets:
        upto = written(bracket.up_to, "yuan") if bracket.up_to is not None else ""
        above = written(last, "yuan") if last is not None else ""
        kind = "between" if above and upto else "above" if above else "upto" if upto else "whole"
        flat, percent = bracket.flat, bracket.percent or Decimal(0)
        fee = written(percent, "percent") if flat is None else written(flat, "yuan")
        rows.append(((TextSpan(v.word(f"slice.{kind}", above=above, upto=upto)),), (TextSpan(fee),)))
        last = bracket.up_to
    if schedule.maximum is not None:
        rows.append(((TextSpan(v.word("slice.maximum")),), (TextSpan(written(schedule.maximum, "yuan")),)))
    until = day(schedule.valid_to) if schedule.valid_to else TextSpan(v.word("open_end"))
    days = (day(schedule.valid_from), TextSpan(" – "), until, TextSpan(" "), *_marks(v, schedule, present))
    return (
        *said(v, "valid", days),
        LabelledPart(v.word("brackets"), (Table((v.word("slice"), v.word("fee")), tuple(rows)),)),
        *basis(v, schedule.references),
    )


def references(v: HandbookContext) -> Section:
    """What claims rest on, by the force it has, with everything that cites it."""
    entries = []
    for layer in get_args(Layer):
        listed = [(name, source) for name, source in v.pack.references.items() if source.layer == layer]
        if listed:
            listing = Listing(tuple(_source(v, name, source) for name, source in listed))
            entries.append(
                HandbookEntry(
                    f"layer.{layer}",
                    heading(v, layer),
                    (TextSpan(v.word(f"force.{layer}")),),
                    (LabelledPart("", (listing,)),),
                )
            )
    return Section(chapter("references"), v.word("references"), tuple(entries))


def heading(v: HandbookContext, layer: Layer) -> str:
    """A layer as the title of its sources."""
    force = v.say(sentence(f"force.{layer}"))
    return force[0].upper() + force[1:]


def _source(v: HandbookContext, name: str, source: Source) -> Listed:
    told: list[tuple[str, Line]] = []
    if source.number:
        told.append((v.word("number"), (TextSpan(source.number),)))
    if source.published:
        told.append((v.word("published"), (day(source.published),)))
    if source.in_force_from:
        told.append((v.word("in_force_from"), (day(source.in_force_from),)))
    if source.read:
        told.append((v.word("read"), (TextSpan(v.word(f"read.{source.read}")),)))
    line = (TextSpan(v.say(source.title)), TextSpan(" "), TextSpan(name, look="code"))
    return Listed(anchor(("references", name)), line, (*told, *used_by(v, ("references", name))))
