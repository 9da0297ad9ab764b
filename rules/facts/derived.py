"""Derived facts: computed from the submitted ones on a given day, left out where what they need is missing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final

from rules.facts import affordability, legal
from rules.facts.case_facts import Facts
from rules.facts.formula import EvaluationDay, Formula, day
from rules.pack.pack import Pack
from rules.pack.past_formulas import PAST
from rules.pack.schema import Fact

# In this order: one that reads another derived fact comes after it.
FORMULAS: Final[Mapping[str, Formula]] = {**legal.FORMULAS, **affordability.FORMULAS}
# Derived facts that the application finds out and passes in.
GIVEN: Final = {"note_flags": "list", "debts_before": "money", "debts_total": "money"}


def formulas(facts: Mapping[str, Fact]) -> dict[str, Formula]:
    """How the derived facts of a vocabulary are computed, each after those it reads."""
    now = {name: formula for name, formula in FORMULAS.items() if name in facts}
    then = {name: PAST[fact.formula] for name, fact in facts.items() if fact.formula and fact.formula in PAST}
    return now | then


def derive(pack: Pack, facts: Facts, as_of: dt.date, parameters: Mapping[str, int]) -> Facts:
    """The facts and all that follows from them. A derived fact that is given already is kept as it is."""
    moment = EvaluationDay(pack, as_of, parameters)
    known = dict(facts)
    if "days_overdue" not in known and "days_overdue" in pack.vocabulary.facts:
        due = day(known, "due_date")
        if due is not None:
            known["days_overdue"] = max(0, (as_of - due).days)
    for name, formula in formulas(pack.vocabulary.facts).items():
        if name in known:
            continue
        if formula.needs and any(need not in parameters for need in formula.needs):
            continue
        value = formula.compute(known, moment)
        if value is not None:
            known[name] = value
    return known
