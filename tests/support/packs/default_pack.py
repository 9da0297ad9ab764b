"""The pack that ships, and what one case gets from it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import cache
from typing import Any

from rules.decision.evaluate import Evaluator
from rules.decision.outcome import Outcome
from rules.facts.case_facts import Parser
from rules.loading.loader import DEFAULT_PACK, Pack, load

AS_OF = dt.date(2026, 11, 23)


@cache
def pack() -> Pack:
    """The pack, loaded once."""
    return load(DEFAULT_PACK)


@cache
def _evaluator() -> Evaluator:
    return Evaluator(pack(), AS_OF)


def parsed(**facts: Any) -> Mapping[str, Any]:
    """Facts as a submitter writes them, read without a mistake."""
    found, wrong = Parser(pack().vocabulary, rule_test=True).parse(facts)
    assert wrong == []
    return found


def outcome(**facts: Any) -> Outcome:
    """What a case with these facts gets; its notes hold no alarm."""
    return _evaluator().evaluate([{**parsed(**facts), "note_flags": ()}])[0].outcome
