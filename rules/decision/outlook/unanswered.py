"""What the notes tell and no fact of a case answers: while it is so, a decision is not certain."""

from __future__ import annotations

from collections.abc import Iterable

from rules.decision.hit_policy import Ids
from rules.facts.case_facts import Facts
from rules.facts.cells import Value
from rules.pack.files.red_flags import Answer
from rules.pack.pack import Pack


def unanswered(pack: Pack, facts: Facts) -> Ids:
    """The flags that were raised, and that none of the facts which could answer them answers."""
    flags = facts.get("note_flags")
    raised = flags if isinstance(flags, tuple) else ()
    known = ((flag, pack.red_flags[flag].answered_by) for flag in raised if flag in pack.red_flags)
    return tuple(
        flag for flag, answers in known if answers and not any(_answers(each, facts.get(each.fact)) for each in answers)
    )


def doubted(pack: Pack, flags: Iterable[str]) -> Ids:
    """The facts that would answer some flags, each once; where they say otherwise they are asked again."""
    return tuple(dict.fromkeys(answer.fact for flag in flags for answer in pack.red_flags[flag].answered_by))


def _answers(answer: Answer, value: Value | None) -> bool:
    if not answer.one_of:
        return value not in (None, False, "none", ())
    return not set(value).isdisjoint(answer.one_of) if isinstance(value, tuple) else value in answer.one_of
