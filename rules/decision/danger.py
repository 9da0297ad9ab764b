"""Danger: whether somebody in a case may come to harm, how plainly it is said, and whether it was asked about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from rules.pack.files.red_flags import DangerSign, Grade
from rules.pack.pack import Pack


@dataclass(frozen=True)
class Danger:
    """Danger in a case: the gravest grade there is, what kinds are of it, and the facts still to be asked."""

    grade: Grade
    kinds: tuple[str, ...]  # in the pack's order, the gravest first
    questions: tuple[str, ...]  # yes-or-no facts that would answer what is only possible, and that nobody has answered

    @property
    def answered(self) -> bool:
        """Whether it was only possible and every question about it was answered with no.

        Explicit danger is never answered by a fact: somebody has to speak with the person.
        """
        return self.grade == "possible" and not self.questions


@lru_cache(maxsize=16)
def _signs(pack: Pack) -> tuple[tuple[str, DangerSign], ...]:
    return tuple((name, flag.danger) for name, flag in pack.red_flags.items() if flag.danger is not None)


def danger_of(pack: Pack, facts: Mapping[str, object]) -> Danger | None:
    """The danger that the flags in a case's texts, or its own facts, tell of; None where nothing does."""
    flags = facts.get("note_flags")
    raised = flags if isinstance(flags, tuple | list) else ()
    signs = _signs(pack)
    told = {sign.asks for _, sign in signs if facts.get(sign.asks) is True}
    explicit: dict[str, None] = {}
    possible: dict[str, str] = {}  # kind to the fact that asks
    for name, sign in signs:
        if sign.grade == "explicit" and (name in raised or sign.asks in told):
            explicit[sign.kind] = None
            told.discard(sign.asks)  # of several kinds that one fact asks about, its yes means the first
        elif sign.grade == "possible" and name in raised:
            possible[sign.kind] = sign.asks
    asked = {kind: fact for kind, fact in possible.items() if kind not in explicit}
    questions = tuple(dict.fromkeys(fact for fact in asked.values() if facts.get(fact) is None))
    if explicit:
        return Danger("explicit", tuple(explicit), questions)
    return Danger("possible", tuple(asked), questions) if asked else None
