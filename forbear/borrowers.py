"""Borrowers: what a submitter's cases of one borrower say together, where a single case leaves it blank."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

_OPEN_CASES = text("""
    SELECT c.borrower_ref, c.id, v.facts ->> 'lender', v.facts ->> 'days_overdue', v.facts ->> 'due_date',
        v.facts ->> 'monthly_due'
    FROM "case" c
    CROSS JOIN LATERAL (
        SELECT facts FROM case_version WHERE case_id = c.id ORDER BY number DESC LIMIT 1
    ) v
    WHERE c.submitter = :submitter AND c.borrower_ref = ANY(:borrowers)
      AND v.facts ->> 'legal_stage' IS DISTINCT FROM 'settled'
""")


@dataclass(frozen=True)
class OpenCase:
    """What counts of one open case."""

    case_id: int
    creditor: str
    overdue: bool
    monthly_due: int | None


def open_cases(session: Session, submitter: str, borrowers: Iterable[str], as_of: dt.date) -> dict[str, list[OpenCase]]:
    """The open cases of each of these borrowers, in one query."""
    wanted = sorted(set(borrowers))
    found: dict[str, list[OpenCase]] = defaultdict(list)
    if wanted:
        rows = session.connection().execute(_OPEN_CASES, {"submitter": submitter, "borrowers": wanted})
        for borrower, case_id, lender, days, due, payment in rows:
            overdue = _number(days) > 0 if days else due is not None and due < as_of.isoformat()
            creditor = f"lender {lender}" if lender else f"case {case_id}"
            found[borrower].append(OpenCase(case_id, creditor, overdue, _number(payment) if payment else None))
    return found


def fill(facts: dict[str, Any], case_id: int, cases: list[OpenCase]) -> None:
    """Count the blank facts from the borrower's other open cases.

    With no other case they stay unknown: that a submitter knows of no other debt does not mean there is none. So
    does a sum of which a part is unknown.
    """
    others = [case for case in cases if case.case_id != case_id]
    if not others:
        return
    if "creditors_overdue" not in facts:
        facts["creditors_overdue"] = len({case.creditor for case in cases if case.overdue})
    payments = [case.monthly_due for case in others]
    if "other_debt_payments" not in facts and None not in payments:
        facts["other_debt_payments"] = sum(filter(None, payments))


def _number(text: str) -> int:
    """The number; 0 for what is none, so that one spoiled case does not break the borrower's others."""
    return int(text) if text.isdecimal() else 0
