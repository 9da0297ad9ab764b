"""Borrowers: what a submitter's cases of one borrower say together, where a single case leaves it blank."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from forbear.base.compressed.submitted_facts import readable
from rules.facts.notation.letters import one_form

# One borrower after the other (OFFSET): who has not counted the cases yet would read all that the submitter has.
_OPEN_CASES = text("""
    SELECT c.borrower_ref, c.id, v.id, v.facts
    FROM unnest(CAST(:borrowers AS text[])) AS wanted (form)
    CROSS JOIN LATERAL (
        SELECT id, borrower_ref FROM "case" WHERE submitter = :submitter AND borrower_ref = wanted.form OFFSET 0
    ) c
    CROSS JOIN LATERAL (
        SELECT id, facts FROM case_version WHERE case_id = c.id ORDER BY number DESC LIMIT 1
    ) v
""")


@dataclass(frozen=True)
class OpenCase:
    """What counts of one open case."""

    case_id: int
    creditor: str
    overdue: bool
    monthly_due: int | None
    balance: int | None
    shares: bool  # it gets a part of the capacity: the home is paid before that, and what is not owed gets nothing
    home: bool  # a home loan of the borrower
    overdue_from: dt.date | None  # the day to come on which it is overdue, where nobody pays
    beside_budget: bool  # its instalment is known not to be in the priority payments


def open_cases(
    session: Session,
    submitter: str,
    borrowers: Iterable[str],
    as_of: dt.date,
    known: Mapping[int, Mapping[str, Any]],
) -> dict[str, list[OpenCase]]:
    """The open cases of each of these borrowers, by their references in whatever spelling, in one query.

    `known` are the facts of versions that have been read already.
    """
    forms = {borrower: one_form(borrower) for borrower in borrowers}
    wanted = list(set(forms.values()))
    found: dict[str, list[OpenCase]] = defaultdict(list)
    if wanted:
        rows = session.connection().execute(_OPEN_CASES, {"submitter": submitter, "borrowers": wanted}).all()
        for borrower, case_id, version, stored in rows:
            facts = known[version] if version in known else readable(session, stored)
            if facts.get("legal_stage") != "settled":
                found[borrower].append(_open_case(case_id, facts, as_of))
    return {borrower: found[form] for borrower, form in forms.items()}


def _open_case(case_id: int, facts: Mapping[str, Any], as_of: dt.date) -> OpenCase:
    days, due, lender = facts.get("days_overdue"), facts.get("due_date"), facts.get("lender")
    overdue = _number(days) > 0 if days is not None else due is not None and due < as_of.isoformat()
    coming = None
    if not overdue and days is None and due is not None:
        coming = dt.date.fromisoformat(due) + dt.timedelta(days=1)
    amounts = (facts.get(name) for name in ("monthly_due", "balance", "priority_payments"))
    monthly_due, balance, priority = (None if each is None else _number(each) for each in amounts)
    inside, owed = facts.get("own_instalment_in_budget"), facts.get("not_my_loan") is not True
    return OpenCase(
        case_id,
        f"lender {lender}" if lender else f"case {case_id}",
        overdue,
        monthly_due,
        balance,
        shares=owed and facts.get("product") != "mortgage",
        home=owed and facts.get("product") == "mortgage",
        overdue_from=coming,
        beside_budget=inside is False or (priority is not None and (monthly_due or 0) > priority),
    )


def next_change(facts: dict[str, Any], case_id: int, cases: list[OpenCase]) -> dt.date | None:
    """The first day on which `fill` would say something else by time alone: another of the cases is overdue then."""
    if "creditors_overdue" in facts or not any(case.case_id != case_id for case in cases):
        return None
    return min((case.overdue_from for case in cases if case.overdue_from is not None), default=None)


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


def place(facts: dict[str, Any], case_id: int, cases: list[OpenCase]) -> None:
    """Say where the debt stands among those that share the borrower's capacity, in the order the cases came.

    What comes before and what there is in all is enough to tell its pro-rata part to the fen; for a debt that takes
    no part both are 0. Without another debt to share with, or with an unknown balance, nothing is said.
    """
    homes = [case for case in cases if case.home and case.case_id != case_id]
    if homes:
        facts["home_dues"] = sum(case.monthly_due or 0 for case in homes)
        facts["home_dues_beside"] = sum(case.monthly_due or 0 for case in homes if case.beside_budget)
    balances = {case.case_id: case.balance for case in cases if case.shares}
    if not balances.keys() - {case_id}:
        return
    if case_id not in balances:
        facts["debts_before"] = facts["debts_total"] = 0
        return
    balances[case_id] = facts.get("balance")
    known = {case: balance for case, balance in balances.items() if balance is not None}
    if len(known) == len(balances):
        facts["debts_before"] = sum(balance for case, balance in known.items() if case < case_id)
        facts["debts_total"] = sum(known.values())


def _number(value: object) -> int:
    """The number; 0 for what is none, so that one spoiled case does not break the borrower's others."""
    return max(value, 0) if isinstance(value, int) else 0
