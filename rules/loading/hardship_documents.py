"""The papers of a hardship: a rule about one asks for its own documents_of, strongest first, never for another's."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import get_args

from rules.pack.files.schema import Hardship, Strength
from rules.pack.logic import conditions as c
from rules.pack.pack import LoadedRule, Pack, quoted


def about(condition: c.Condition) -> tuple[str, ...]:
    """The hardships one of which a case must have for the condition to be true; empty where any will do."""
    match condition:
        case c.Compare("hardship", "equals", str(value)):
            return (value,)
        case c.OneOf("hardship", values):
            return values
        case c.All(children):
            return next((found for child in children if (found := about(child))), ())
    return ()


def documents_of(hardship: Hardship) -> tuple[str, ...]:
    """What proves a hardship, strongest first."""
    return tuple(name for strength in get_args(Strength) for name in hardship.documents.get(strength, ()))


def documents_asked(rule: LoadedRule) -> tuple[str, ...]:
    """The papers a rule asks for, in its order."""
    return tuple(effect.document for effect in rule.rule.then if effect.document)


def check_documents(pack: Pack) -> Iterator[str]:
    """Every rule about a hardship that asks for the wrong documents_of, or for a weaker one before a stronger one."""
    listed = {name: documents_of(hardship) for name, hardship in pack.hardships.items()}
    known = {paper for each in listed.values() for paper in each}
    for rule in pack.rules:
        kinds = [name for name in about(rule.when) if name in listed]
        own = [paper for name in kinds for paper in listed[name]]
        named = [paper for paper in documents_asked(rule) if paper in known] if kinds else []
        for paper in named:
            if paper not in own:
                yield f"{rule.path}: then: {quoted(paper)} proves another hardship than {' or '.join(kinds)}"
        for one, next_one in pairwise([paper for paper in named if paper in own]):
            if own.index(next_one) < own.index(one):
                yield f"{rule.path}: then: {quoted(next_one)} is stronger than {quoted(one)}; ask for it first"
