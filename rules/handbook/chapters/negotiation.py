"""The chapters on the negotiation pack: how each strategy is carried out, its points, and the letters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from rules.handbook.conditions import condition
from rules.handbook.context import (
    HandbookContext,
    acknowledging,
    anchor,
    badge,
    basis,
    chapter,
    citation,
    joined,
    label,
    link,
    links,
    prose,
    quantity,
    said,
    used_by,
    users,
)
from rules.handbook.document import (
    Block,
    Bullet,
    Bullets,
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
from rules.pack.files.negotiation import Approach, Letter, Negotiation, Point
from rules.pack.files.negotiation import ScriptLine as Sentence
from rules.pack.files.schema import PRODUCT_CONTACTS, Text
from rules.pack.logic.condition_parser import parse
from rules.pack.parameters import value_on

_CALLS: Final = "negotiation.calls"  # where it stands what every call has in common


def chapters(v: HandbookContext) -> Iterator[Section]:
    """What is said and sent, where the pack has words for it."""
    negotiation = v.pack.negotiation
    if negotiation is not None:
        entries = [_approach(v, name, approach) for name, approach in negotiation.approaches.items()]
        common = (Paragraph((TextSpan(v.word("note.negotiation")),)), *_common(v, negotiation))
        yield Section(chapter("negotiation"), v.word("packs"), (*common, *entries))
        points = Listing(tuple(_point(v, name, point) for name, point in negotiation.points.items()))
        yield Section(chapter("points"), v.word("points"), (points,))
    if v.pack.letters:
        letters = [_letter(v, name, letter) for name, letter in v.pack.letters.items()]
        yield Section(chapter("letters"), v.word("letters"), (Paragraph((TextSpan(v.word("note.letters")),)), *letters))


def _common(v: HandbookContext, negotiation: Negotiation) -> Iterator[Block]:
    """What is said in every call, what is kept back, and the words for a hardship and a debt."""
    yield HandbookEntry(
        _CALLS,
        v.word("calls"),
        (TextSpan(v.word("note.calls")),),
        (
            *_lines(v, "greeting", negotiation.greeting),
            *_lines(v, "farewell", negotiation.farewell),
            *said(v, "reserve", prose(v, negotiation.reserve.say)),
            *said(v, "not_sign", prose(v, negotiation.reserve.not_sign)),
            *said(v, "staff_notice", prose(v, negotiation.staff_notice)),
            *said(v, "afterwards", links(v, (("documents", each) for each in negotiation.afterwards))),
        ),
    )
    reasons = [
        ((link(v, ("hardships", name)),), prose(v, reason.say), prose(v, reason.write))
        for name, reason in negotiation.hardships.items()
    ]
    debts = [((link(v, ("products", name)),), prose(v, text)) for name, text in negotiation.debts.items()]
    heads = tuple(v.word(key) for key in ("hardship", "spoken", "written"))
    tables = (
        LabelledPart(v.word("reasons"), (Table(heads, tuple(reasons)),)),
        LabelledPart(v.word("debts"), (Table((v.word("product"), v.word("called")), tuple(debts)),)),
    )
    yield HandbookEntry("negotiation.words", v.word("own_words"), (TextSpan(v.word("note.own_words")),), tables)


def _approach(v: HandbookContext, name: str, approach: Approach) -> HandbookEntry:
    contacts = [
        (_product_contacts(v) if each == PRODUCT_CONTACTS else link(v, ("contacts", each)),)
        for each in approach.contacts
    ]
    speaker = badge(v.word(f"speaker.{approach.speaker}"), "alarm" if approach.speaker == "staff" else "")
    calls = (TextSpan(" "), TextSpan(v.word("with_calls"), _CALLS)) if approach.to == "lender" else ()
    return HandbookEntry(
        anchor(("approaches", name)),
        label(v, ("approaches", name)),
        (link(v, ("strategies", name), v.word("about_strategy")), TextSpan(" "), speaker, *calls),
        (
            *_lines(v, "say", approach.say),
            *(part for key in ("ask", "in_writing", "not_sign") for part in _points(v, key, getattr(approach, key))),
            *said(v, "calling", joined(contacts, " → ")),
            *said(v, "follow_up", _follow_up(v, approach)),
            *said(v, "letters", links(v, (("letters", each) for each in approach.letters))),
            *basis(v, approach.references),
        ),
    )


def _follow_up(v: HandbookContext, approach: Approach) -> Line:
    parameter = v.pack.parameters[approach.follow_up.days]
    value = value_on(parameter, v.day)
    days = v.word("none_in_force") if value is None else quantity(v, parameter, value)
    after = v.word("follow_up.after", days="|").split("|")
    where = anchor(("parameters", approach.follow_up.days))
    return (TextSpan(after[0]), TextSpan(days, where), TextSpan(after[1]), *prose(v, approach.follow_up.text))


def _points(v: HandbookContext, key: str, names: tuple[str, ...]) -> tuple[LabelledPart, ...]:
    if v.pack.negotiation is None or not names:
        return ()
    points = v.pack.negotiation.points
    bullets = tuple(_line(v, points[name], TextSpan(name, anchor(("points", name)), look="code")) for name in names)
    return (LabelledPart(v.word(key), (Bullets(bullets),)),)


def _product_contacts(v: HandbookContext) -> TextSpan:
    return TextSpan(v.word("product_contacts"), chapter("products"))


def _lines(v: HandbookContext, key: str, lines: tuple[Sentence, ...]) -> tuple[LabelledPart, ...]:
    return (LabelledPart(v.word(key), (Bullets(tuple(_line(v, each) for each in lines)),)),) if lines else ()


def _line(v: HandbookContext, line: Sentence, *name: TextSpan) -> Bullet:
    """A sentence, perhaps its name, and below it when it is said."""
    below = tuple(
        Bullet((TextSpan(v.word("only_if"), look="soft"), *each.line), each.below) for each in _when(v, line.when)
    )
    return Bullet((*prose(v, line), *(TextSpan(" ") for _ in name), *name, *acknowledging(v, line.acknowledges)), below)


def _when(v: HandbookContext, when: Mapping[str, Any] | None) -> tuple[Bullet, ...]:
    """A condition, if there is one."""
    return () if when is None else (condition(v, parse(when, v.pack.vocabulary, v.pack.parameters)),)


def _point(v: HandbookContext, name: str, point: Point) -> Listed:
    line = (*prose(v, point), TextSpan(" "), TextSpan(name, look="code"), *acknowledging(v, point.acknowledges))
    cited = joined([citation(v, each) for each in point.references], v.mark("；", "; "))
    only = [(v.word("when"), _flat(v, each)) for each in _when(v, point.when)]
    return Listed(anchor(("points", name)), line, (*only, (v.word("basis"), cited), *used_by(v, ("points", name))))


def _flat(v: HandbookContext, bullet: Bullet) -> Line:
    """A condition on one line, for a list that has no room for points."""
    inner = joined([_flat(v, each) for each in bullet.below], v.mark("；", "; "))
    return (*bullet.line, TextSpan(" "), *inner) if inner else bullet.line


def _letter(v: HandbookContext, name: str, letter: Letter) -> HandbookEntry:
    signature = v.pack.negotiation.signatures.get(letter.signed_by) if v.pack.negotiation else None
    ending = () if signature is None else (*((signature.closing,) if signature.closing else ()), *signature.lines)
    only = _when(v, letter.when)
    return HandbookEntry(
        anchor(("letters", name)),
        v.say(letter.title),
        (TextSpan(name, look="code"), *acknowledging(v, letter.acknowledges)),
        (
            *((LabelledPart(v.word("when"), (Bullets(only),)),) if only else ()),
            *(said(v, "hold", prose(v, letter.hold)) if letter.hold else ()),
            *said(v, "to", prose(v, letter.to)),
            *_lines(v, "paragraphs", letter.paragraphs),
            *_signed(v, ending),
            *basis(v, letter.references),
            *users(v, ("letters", name)),
        ),
    )


def _signed(v: HandbookContext, lines: tuple[Text, ...]) -> tuple[LabelledPart, ...]:
    bullets = tuple(Bullet(prose(v, each)) for each in lines)
    return (LabelledPart(v.word("signed"), (Bullets(bullets),)),) if bullets else ()
