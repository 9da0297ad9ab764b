"""A decision of the tiny pack as the record holds it, for what writes and shows decisions."""

import datetime as dt
from typing import Any

from forbear.batch.recorded_decision import RecordedDecision
from rules.decision.evaluate import Evaluator
from tests.support.packs.tiny_pack import tiny

TODAY = dt.date(2026, 11, 23)
FACTS: dict[str, Any] = {
    "case_ref": "C-1",
    "product": "credit_card",
    "days_overdue": 120,
    "income_monthly": 500_000,
    "essential_outgoings": 400_000,
    "priority_payments": 0,
    "monthly_due": 200_000,
    "annual_rate_percent": 1825,
    "served_on": dt.date(2026, 11, 9),
    "collection_violations": ("visit", "hours"),
    "debt_disputed": False,
    "note_flags": (),
}


def decision(case_ref: str = "C-1", **facts: Any) -> RecordedDecision:
    """A decision of the tiny pack on these facts, changed by name; None takes one away."""
    pack = tiny()
    known = {name: value for name, value in {**FACTS, "case_ref": case_ref, **facts}.items() if value is not None}
    found = Evaluator(pack, TODAY).evaluate([known])[0]
    return RecordedDecision(case_ref, pack, TODAY, found.facts, found.outcome, ())
