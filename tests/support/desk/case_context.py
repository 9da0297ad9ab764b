"""A decided case of the tiny pack as somebody looks at it on the desk, without a database."""

import datetime as dt
from dataclasses import replace
from functools import cache
from typing import Any

from forbear.accounts.accounts import Role, Viewer
from forbear.batch.recorded_decision import RecordedDecision
from forbear.case.workflow import CaseContext
from models.desk import WorklistItem
from tests.support.old.recorded import TODAY, decision

NOW = dt.datetime.combine(TODAY, dt.time(4), dt.UTC)  # noon where the pack is at home
MINUTE = dt.timedelta(minutes=1)
DAY = dt.timedelta(days=1)
NO_RECORD: Any = None  # for what looks nothing up


def stands(role: Role = "counsellor", outcome: dict[str, Any] | None = None, **row: Any) -> CaseContext:
    """An open case, which the account 7 looks at; what was decided and its row changed by name."""
    decided = _decided()
    if outcome is not None:
        decided = replace(decided, outcome=replace(decided.outcome, **outcome))
    usual = {"status": "open", "strategy": decided.outcome.strategy, "urgency": "U3", "danger_kinds": []}
    case = WorklistItem(case_id=1, due_at=NOW + 90 * MINUTE, **{**usual, **row})
    return CaseContext(Viewer(7, "wang", role, None), case, decided, NOW)


@cache
def _decided() -> RecordedDecision:
    return decision()
