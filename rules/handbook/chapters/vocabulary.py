"""The chapters on what describes a case: hardships, facts given and derived, red flags, legal deadlines."""

from __future__ import annotations

from rules.handbook.context import (
    HandbookContext,
    anchor,
    badge,
    basis,
    chapter,
    joined,
    label,
    link,
    links,
    prose,
    quantity,
    said,
    users,
)
from rules.handbook.document import Bullet, Bullets, HandbookEntry, LabelledPart, Line, Paragraph, Section, TextSpan
from rules.locale import said as sentence
from rules.pack.files.schema import Fact, Hardship, LegalDeadline, Product
from rules.pack.formulas import parameters_of
from rules.pack.parameters import value_on
from rules.text.workings.formula_outline import Step, steps


def products(v: HandbookContext) -> Section:
    """Every kind of debt: who really lends, what may be cited, whom to call in which order."""
    entries = tuple(_product(v, name, entry) for name, entry in v.pack.products.items())
    return Section(chapter("products"), v.word("products"), entries)


def _product(v: HandbookContext, name: str, entry: Product) -> HandbookEntry:
    lenders = v.pack.vocabulary.facts["lender_type"].values if entry.contacts_by_lender else {}
    orders = [(v.word("calling.usual"), entry.contacts)]
    for lender, contacts in entry.contacts_by_lender.items():
        who = lenders[lender].zh if v.language == "zh" else lenders[lender].en
        orders.append((v.word("calling.claimed", lender=who), contacts))
    arrow = " → "
    calling = [
        Bullet(
            (
                TextSpan(f"{when}{v.mark('：', ': ')}"),
                *joined([(link(v, ("contacts", each)),) for each in order], arrow),
            )
        )
        for when, order in orders
    ]
    return HandbookEntry(
        anchor(("products", name)),
        v.say(entry.title),
        (TextSpan(name, look="code"), TextSpan(" "), TextSpan(entry.code, look="code")),
        (
            *said(v, "lender", prose(v, entry.lender)),
            *said(v, "note", prose(v, entry.note)),
            LabelledPart(v.word("calling"), (Bullets(tuple(calling)),)),
            *said(v, "synonyms", as_written(v, entry.aliases)),
            *basis(v, entry.references),
            *users(v, ("products", name)),
        ),
    )


def hardships(v: HandbookContext) -> Section:
    """Every kind of hardship, what people call it, and the papers that prove it by strength."""
    entries = tuple(_hardship(v, name, entry) for name, entry in v.pack.hardships.items())
    return Section(chapter("hardships"), v.word("hardships"), entries)


def _hardship(v: HandbookContext, name: str, entry: Hardship) -> HandbookEntry:
    proofs = tuple(
        Bullet(
            (
                TextSpan(f"{v.word(f'strength.{strength}')}{v.mark('：', ': ')}"),
                *joined([(link(v, ("documents", each)),) for each in papers], v.mark("；", "; ")),
            )
        )
        for strength, papers in entry.documents.items()
        if papers
    )
    return HandbookEntry(
        anchor(("hardships", name)),
        f"{entry.code} {v.say(entry.title)}",
        (TextSpan(name, look="code"),),
        (
            *said(v, "synonyms", as_written(v, entry.synonyms)),
            *((LabelledPart(v.word("proof"), (Bullets(proofs),)),) if proofs else ()),
            *users(v, ("hardships", name)),
        ),
    )


def as_written(v: HandbookContext, found: tuple[str, ...]) -> Line:
    """Words as people write them, in whatever language."""
    return (TextSpan(v.mark("、", ", ").join(found)),) if found else ()


def facts(v: HandbookContext, *, derived: bool) -> Section:
    """What a case is asked, or what follows from that."""
    name = "derived" if derived else "facts"
    entries = [_fact(v, own, fact) for own, fact in v.pack.vocabulary.facts.items() if fact.derived is derived]
    return Section(chapter(name), v.word(name), tuple(entries))


def _fact(v: HandbookContext, name: str, fact: Fact) -> HandbookEntry:
    note: list[TextSpan] = [TextSpan(name, look="code"), TextSpan(f" {v.word(f'type.{fact.type}')}")]
    if fact.required:
        note += [TextSpan(" "), badge(v.word("required"), "fair")]
    if fact.required_unless:
        other = label(v, ("facts", fact.required_unless))
        note += [TextSpan(" "), badge(v.word("required_unless", other=other), "fair")]
    if fact.actionable:
        note += [TextSpan(" "), badge(v.word("actionable"))]
    if fact.private:
        note += [TextSpan(" "), badge(v.word("private"))]
    return HandbookEntry(
        anchor(("facts", name)),
        v.say(fact.title),
        tuple(note),
        (
            *(said(v, "question", (TextSpan(v.say(fact.question)),)) if fact.question else ()),
            *said(v, "values", _values(v, fact)),
            *(_derivation(v, name, fact) if fact.derived else ()),
            *users(v, ("facts", name)),
        ),
    )


def _values(v: HandbookContext, fact: Fact) -> Line:
    if fact.values_from:
        own = getattr(v.pack, fact.values_from)
        return links(v, ((fact.values_from, key) for key in fact.values if key in own))
    shown: list[Line] = []
    for key, value in fact.values.items():
        urgent = key in fact.urgent or (fact.type == "bool" and (key == "true") in fact.urgent)
        mark = (TextSpan(" "), badge(v.word("urgent"), "alarm")) if urgent else ()
        shown.append((TextSpan(f"{value.zh if v.language == 'zh' else value.en} "), TextSpan(key, look="code"), *mark))
    if not fact.values and fact.urgent:
        shown.append((TextSpan(v.say(sentence("value.yes"))), TextSpan(" "), badge(v.word("urgent"), "alarm")))
    return joined(shown, v.mark("、", ", "))


def _derivation(v: HandbookContext, name: str, fact: Fact) -> tuple[LabelledPart, ...]:
    formula = v.pack.formulas.get(name)
    figures = dict.fromkeys(each.name for each in parameters_of(formula.expression)) if formula else ()
    found = said(v, "how", prose(v, fact.how)) if fact.how else ()
    return (
        *found,
        *_formula(v, name),
        *said(v, "inputs", links(v, (("facts", each) for each in fact.inputs))),
        *said(v, "figures", links(v, (("parameters", each) for each in figures))),
    )


def _formula(v: HandbookContext, name: str) -> tuple[LabelledPart, ...]:
    """The formula itself, with what it rests on."""
    if name not in v.pack.formulas:
        return ()
    points = Bullets(tuple(map(_point, steps(v.pack, name, v.day, v.language))))
    return (LabelledPart(v.word("formula"), (points,)), *basis(v, v.pack.formulas[name].entry.references))


def _point(step: Step) -> Bullet:
    return Bullet((TextSpan(step.text),), tuple(map(_point, step.below)))


def red_flags(v: HandbookContext) -> Section:
    """The words in the notes that raise an alarm."""
    entries = [
        HandbookEntry(
            anchor(("red_flags", name)),
            v.say(flag.title),
            (TextSpan(name, look="code"),),
            (
                *said(v, "words", as_written(v, flag.words)),
                *said(v, "not_before", as_written(v, flag.not_before)),
                *users(v, ("red_flags", name)),
            ),
        )
        for name, flag in v.pack.red_flags.items()
    ]
    return Section(
        chapter("red_flags"), v.word("red_flags"), (Paragraph((TextSpan(v.word("note.red_flags")),)), *entries)
    )


def deadlines(v: HandbookContext) -> Section:
    """The legal clocks: from which day, how long."""
    entries = tuple(_clock(v, name, clock) for name, clock in v.pack.deadlines.items())
    return Section(
        chapter("deadlines"), v.word("deadlines"), (Paragraph((TextSpan(v.word("note.deadlines")),)), *entries)
    )


def _clock(v: HandbookContext, name: str, clock: LegalDeadline) -> HandbookEntry:
    return HandbookEntry(
        anchor(("deadlines", name)),
        v.say(clock.title),
        (TextSpan(name, look="code"),),
        (
            *said(v, "clock", _length(v, clock)),
            *basis(v, clock.references),
            *users(v, ("deadlines", name)),
        ),
    )


def _length(v: HandbookContext, clock: LegalDeadline) -> Line:
    """From which day, and how long: or that day itself."""
    start = link(v, ("facts", clock.starts_from))
    name = clock.days or clock.months
    if name is None:
        return (TextSpan(v.word("clock.on.before")), start, TextSpan(v.word("clock.on.after")))
    parameter = v.pack.parameters[name]
    value = value_on(parameter, v.day)
    told = v.word("none_in_force") if value is None else quantity(v, parameter, value)
    length = TextSpan(told, anchor(("parameters", name)))
    if v.language == "zh":
        return (TextSpan(v.word("clock.from.before")), start, TextSpan(v.word("clock.from.after")), length)
    return (length, TextSpan(v.word("clock.from.before")), start)
