"""Danger: whether somebody in a case may come to harm, how plainly it is said, and whether it was asked about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

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
def signs_of(pack: Pack) -> tuple[tuple[str, DangerSign], ...]:
    """The flags that mean danger, each with what it means."""
    return tuple((name, flag.danger) for name, flag in pack.red_flags.items() if flag.danger is not None)


@lru_cache(maxsize=16)
def _asking(pack: Pack) -> tuple[str, ...]:
    """The facts that ask about danger, each once."""
    return tuple(dict.fromkeys(sign.asks for _, sign in signs_of(pack)))


def danger_of(pack: Pack, facts: Mapping[str, object]) -> Danger | None:
    """The danger that the flags in a case's texts, or its own facts, tell of; None where nothing does."""
    flags = facts.get("note_flags")
    raised = flags if isinstance(flags, tuple | list) else ()
    if not raised and not any(facts.get(fact) is True for fact in _asking(pack)):
        return None  # as of nearly all cases
    signs = [_Sign(name in raised, sign) for name, sign in signs_of(pack)]
    explicit = _explicit(signs, facts)
    asked = {
        each.sign.kind: each.sign.asks
        for each in signs
        if each.raised and each.sign.grade == "possible" and each.sign.kind not in explicit
    }
    questions = tuple(dict.fromkeys(fact for fact in asked.values() if facts.get(fact) is None))
    if explicit:
        return Danger("explicit", explicit, questions)
    return Danger("possible", tuple(asked), questions) if asked else None


class _Sign(NamedTuple):
    """A flag of danger, and whether a text of the case raises it."""

    raised: bool
    sign: DangerSign


def _explicit(signs: Iterable[_Sign], facts: Mapping[str, object]) -> tuple[str, ...]:
    """The kinds that are said plainly, or that a fact tells of."""
    kinds: dict[str, None] = {}
    told: set[str] = set()  # facts that were counted: of several kinds that one asks about, its yes means the first
    for raised, sign in signs:
        by_fact = facts.get(sign.asks) is True and sign.asks not in told
        if sign.grade == "explicit" and (raised or by_fact):
            kinds[sign.kind] = None
            told.add(sign.asks)
    return tuple(kinds)
