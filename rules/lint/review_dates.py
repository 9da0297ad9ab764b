"""Texts and figures that nobody has looked at for long."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Final, Literal

from rules.pack.pack import Pack

MOST_DAYS: Final = 180
_REVIEWED: Final = ("documents", "rights", "warnings", "steps", "parameters")


def overdue_reviews(pack: Pack, on: dt.date) -> Iterator[tuple[Literal["warning"], str, str]]:
    """What was last reviewed more than MOST_DAYS before the day: level, file, message.

    An entry that names no day of its own was reviewed with the pack, and the pack is told of once.
    """
    whole = pack.manifest.reviewed_on
    with_the_pack = 0
    for file in _REVIEWED:
        for name, entry in getattr(pack, file).items():
            reviewed = max(whole, entry.reviewed_on or whole)
            if (on - reviewed).days <= MOST_DAYS:
                continue
            if reviewed == whole:
                with_the_pack += 1
            else:
                yield "warning", f"{file}.yaml", f"{name}: {_told(reviewed, on)}; check it, and change its reviewed_on"
    if with_the_pack:
        told = f"reviewed_on: {with_the_pack} texts and figures were {_told(whole, on)}; check them, and change the day"
        yield "warning", "pack.yaml", told


def _told(reviewed: dt.date, on: dt.date) -> str:
    return f"last reviewed on {reviewed}, {(on - reviewed).days} days before {on}"
