"""Texts, figures and rules that nobody has looked at for long."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Final, Literal

from rules.pack.pack import Pack

MOST_DAYS: Final = 180
# The files whose entries make a claim; negotiation.yaml, rules and formulas do so too.
_REVIEWED: Final = (
    *("documents", "rights", "warnings", "steps", "parameters", "products", "fees", "hardships", "strategies"),
    *("contacts", "deadlines", "letters"),
)


def overdue_reviews(pack: Pack, on: dt.date) -> Iterator[tuple[Literal["warning"], str, str]]:
    """What was last reviewed more than MOST_DAYS before the day: level, file, message.

    An entry that names no day of its own was reviewed with the pack, and the pack is told of once.
    """
    whole = pack.manifest.reviewed_on
    with_the_pack = 0
    for file, name, day in claims(pack):
        reviewed = max(whole, day or whole)
        if (on - reviewed).days <= MOST_DAYS:
            continue
        if reviewed == whole:
            with_the_pack += 1
        else:
            yield "warning", file, f"{name}: {_told(reviewed, on)}; check it, and change its reviewed_on"
    if with_the_pack:
        told = f"reviewed_on: {with_the_pack} texts, figures and rules were {_told(whole, on)}"
        yield "warning", "pack.yaml", f"{told}; check them, and change the day"


def claims(pack: Pack) -> Iterator[tuple[str, str, dt.date | None]]:
    """Whatever says something that can grow old: its file, its name, and the day it names itself, if any."""
    for file in _REVIEWED:
        for name, entry in getattr(pack, file).items():
            yield f"{file}.yaml", name, getattr(entry, "reviewed_on", None)
    calls = pack.negotiation
    for name in (*calls.approaches, *calls.points) if calls else ():
        yield "negotiation.yaml", name, None
    for rule in pack.rules:
        yield rule.path, rule.rule.id, None
    for formula in pack.formulas.values():
        yield formula.path, formula.fact, None


def _told(reviewed: dt.date, on: dt.date) -> str:
    return f"last reviewed on {reviewed}, {(on - reviewed).days} days before {on}"
