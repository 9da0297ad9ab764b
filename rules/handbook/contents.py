"""What stands in the handbook, in order: the title page, how to read it, and every chapter."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Final, get_args

from rules.handbook.chapters import negotiation, parameters, policy_rules, strategies, vocabulary
from rules.handbook.context import HandbookContext, chapter, context, day, sure, urgency
from rules.handbook.document import Bullet, Bullets, Handbook, Line, Section, Table, TextSpan
from rules.handbook.wording import paragraphs
from rules.locale import Language
from rules.pack.files.schema import Layer, Status, Urgency
from rules.pack.pack import Pack

LANGUAGES: Final[tuple[Language, ...]] = ("zh", "en")


def book(pack: Pack, as_of: dt.date, language: Language) -> Handbook:
    """The handbook in one language, with the figures as in force on the day."""
    v = context(pack, as_of, language)
    manifest = pack.manifest
    return Handbook(
        language=language,
        title=v.say(manifest.title),
        facts=tuple((v.word(key), line) for key, line in _facts(v)),
        disclaimer=v.say(manifest.disclaimer),
        foot=f"{manifest.id} {manifest.version}",
        sections=tuple(section for section in _sections(v) if section.blocks),
    )


def _sections(v: HandbookContext) -> Iterator[Section]:
    """The chapters; those of which the pack has nothing are empty."""
    yield from (
        _reading(v),
        policy_rules.order(v),
        strategies.strategies(v),
        policy_rules.rules(v),
        vocabulary.products(v),
        vocabulary.hardships(v),
        vocabulary.facts(v, derived=False),
        vocabulary.facts(v, derived=True),
        *(strategies.items(v, file) for file in ("documents", "rights", "warnings", "steps")),
        strategies.contacts(v),
        *negotiation.chapters(v),
        vocabulary.red_flags(v),
        vocabulary.deadlines(v),
        parameters.parameters(v),
        parameters.fees(v),
        parameters.open_points(v),
        parameters.references(v),
        policy_rules.index(v),
        policy_rules.editions(v),
    )


def _facts(v: HandbookContext) -> Iterator[tuple[str, Line]]:
    """The facts of the title page."""
    pack = v.pack
    size = v.word(
        "size_of",
        rules=str(len(pack.rules)),
        strategies=str(len(pack.strategies)),
        parameters=str(len(pack.parameters)),
    )
    yield "pack", (TextSpan(pack.manifest.id, look="code"),)
    yield "version", (TextSpan(pack.manifest.version),)
    yield "sha256", (TextSpan(pack.sha256, look="code"),)
    yield "reviewed", (day(pack.manifest.reviewed_on),)
    yield "day", (day(v.day),)
    yield "size", (TextSpan(size),)


def _reading(v: HandbookContext) -> Section:
    """How to read the handbook; what statuses, layers and urgencies mean."""
    text = Bullets(tuple(Bullet((TextSpan(v.say(each)),)) for each in paragraphs("reading")))
    meaning = v.word("meaning")
    statuses = [((sure(v, status),), (TextSpan(v.word(f"status.{status}")),)) for status in get_args(Status)]
    layers = [
        ((TextSpan(parameters.heading(v, layer), look="strong"),), (TextSpan(v.word(f"force.{layer}")),))
        for layer in get_args(Layer)
    ]
    urgencies = [((urgency(v, level),),) for level in get_args(Urgency)]
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
