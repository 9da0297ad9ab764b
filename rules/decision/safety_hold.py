"""The safety hold: while danger in a case is not settled, nothing about the debt is handed out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from rules.decision.danger import Danger, danger_of, signs_of
from rules.decision.outcome import Outcome
from rules.decision.reasons import decided_alone
from rules.facts.case_facts import Facts
from rules.pack.files.red_flags import Grade
from rules.pack.pack import Pack

# Strategies that are a protocol for staff: of explicit self-harm, of other explicit danger, of what is to be asked.
SELF_HARM: Final = "self_harm"  # the kind of danger that is a crisis
_CRISIS: Final = "crisis_support"
_SAFETY: Final = "safety_police"
_QUESTION: Final = "safety_question"


@dataclass(frozen=True)
class SafetyHold:
    """Danger that nobody has settled: explicit or possible, in the case itself or in another one of its borrower."""

    grade: Grade
    kinds: tuple[str, ...] = ()
    beside: str | None = None  # the reference of the other case


def held_back(pack: Pack, outcome: Outcome) -> Outcome:
    """The outcome without what is for the talks: plans, what might change the strategy, and, but for staff, steps."""
    steps = outcome.steps if for_staff(pack, outcome) else ()
    return replace(outcome, plans=(), recourse=(), steps=steps)


def for_staff(pack: Pack, outcome: Outcome) -> bool:
    """Whether what an outcome says is what staff do about danger, and nothing for the talks."""
    approach = None if pack.negotiation is None else pack.negotiation.approaches.get(outcome.strategy)
    return decided_alone(pack, outcome.rules_fired) if approach is None else approach.speaker == "staff"


def protocol_of(pack: Pack, hold: SafetyHold) -> str | None:
    """The strategy whose protocol staff follow under a hold; None where the pack has none."""
    known = {} if pack.negotiation is None else pack.negotiation.approaches
    explicit = hold.grade == "explicit" and hold.beside is None
    wanted = (_CRISIS if SELF_HARM in hold.kinds else _SAFETY) if explicit else _QUESTION
    return next((name for name in (wanted, _CRISIS) if name in known), None)


def decided_danger(pack: Pack, facts: Facts, outcome: Outcome) -> Danger | None:
    """The danger in a decided case; of a pack that does not declare any, what its decision says."""
    found = danger_of(pack, facts)
    if found is None and outcome.strategy in (_CRISIS, _SAFETY):
        return Danger("explicit", (SELF_HARM if outcome.strategy == _CRISIS else "violence",), ())
    return found


def denied_kinds(pack: Pack, facts: Mapping[str, object]) -> tuple[str, ...]:
    """The kinds of danger that the facts deny."""
    return tuple(sorted({sign.kind for _, sign in signs_of(pack) if facts.get(sign.asks) is False}))
