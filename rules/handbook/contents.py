"""What stands in the handbook, in order: the title page, how to read it, and every chapter."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Final, get_args

from rules.facts import Language
from rules.handbook import figures, kit, remedies, rulings, vocabulary
from rules.handbook.document import Book, Bullet, Bullets, Line, Section, Span, Table
from rules.handbook.voice import Voice, chapter, day, sure, urgency, voice
from rules.handbook.wording import paragraphs
from rules.pack import Pack
from rules.phrases import STATUS, URGENCY
from rules.schema import Layer

LANGUAGES: Final[tuple[Language, ...]] = ("zh", "en")


def book(pack: Pack, as_of: dt.date, language: Language) -> Book:
    """The handbook in one language, with the figures as in force on the day."""
    v = voice(pack, as_of, language)
    manifest = pack.manifest
    return Book(
        language=language,
        title=v.say(manifest.title),
        facts=tuple((v.word(key), line) for key, line in _facts(v)),
        disclaimer=v.say(manifest.disclaimer),
        foot=f"{manifest.id} {manifest.version}",
        sections=tuple(section for section in _sections(v) if section.blocks),
    )


def _sections(v: Voice) -> Iterator[Section]:
    """The chapters; those of which the pack has nothing are empty."""
    yield from (
        _reading(v),
        rulings.order(v),
        remedies.strategies(v),
        rulings.rules(v),
        vocabulary.products(v),
        vocabulary.hardships(v),
        vocabulary.facts(v, derived=False),
        vocabulary.facts(v, derived=True),
        *(remedies.items(v, file) for file in ("documents", "rights", "warnings", "steps")),
        remedies.contacts(v),
        *kit.chapters(v),
        vocabulary.red_flags(v),
        vocabulary.deadlines(v),
        figures.parameters(v),
        figures.fees(v),
        figures.open_points(v),
        figures.references(v),
        rulings.index(v),
        rulings.editions(v),
    )


def _facts(v: Voice) -> Iterator[tuple[str, Line]]:
    """The facts of the title page."""
    pack = v.pack
    size = v.word(
        "size_of",
        rules=str(len(pack.rules)),
        strategies=str(len(pack.strategies)),
        parameters=str(len(pack.parameters)),
    )
    yield "pack", (Span(pack.manifest.id, look="code"),)
    yield "version", (Span(pack.manifest.version),)
    yield "sha256", (Span(pack.sha256, look="code"),)
    yield "reviewed", (day(pack.manifest.reviewed_on),)
    yield "day", (day(v.day),)
    yield "size", (Span(size),)


def _reading(v: Voice) -> Section:
    """How to read the handbook; what statuses, layers and urgencies mean."""
    text = Bullets(tuple(Bullet((Span(v.say(each)),)) for each in paragraphs("reading")))
    meaning = v.word("meaning")
    statuses = [((sure(v, status),), (Span(v.word(f"status.{status}")),)) for status in STATUS]
    layers = [
        ((Span(figures.heading(v, layer), look="strong"),), (Span(v.word(f"force.{layer}")),))
        for layer in get_args(Layer)
    ]
    urgencies = [((urgency(v, level),),) for level in URGENCY]
    return Section(
        chapter("reading"),
        v.word("reading"),
        (
            text,
            Table((v.word("status"), meaning), tuple(statuses)),
            Table((v.word("layer"), meaning), tuple(layers)),
            Table((v.word("urgency"),), tuple(urgencies)),
        ),
    )
