"""Derived facts about time, law, evidence and the person: clocks, limitation, age, place, what was asked for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final

from rules.facts.formula import EvaluationDay, Facts, Formula, day, number
from rules.facts.legal_days import deadline
from rules.finance.charges import private_cap

# The last day overdue of each bucket; the codes of the credit report change on the same days.
_BUCKETS: Final = ((0, "B0"), (3, "B1"), (30, "B2"), (60, "B3"), (90, "B4"), (180, "B5"), (360, "B6"), (1095, "B7"))
# Which parameter holds the days of the clock that a paper of this stage starts.
_STAGE_DAYS: Final[Mapping[str, str]] = {
    "payment_order": "payment_order_days",
    "complaint_served": "answer_days",
    "judgment": "appeal_days",
}
_STRENGTH: Final = {"none": 0, "self_declared": 1, "third_party": 2, "official": 3}
_THIRD_PARTY: Final = 2
_CITIES: Final = (
    (("深圳", "shenzhen"), "shenzhen_insurance_years"),
    (("厦门", "xiamen"), "xiamen_residence_years"),
)


def years_after(start: dt.date, years: int) -> dt.date:
    """The same day so many years on; 29 February ends on the 28th (Civil Code, article 202)."""
    try:
        return start.replace(year=start.year + years)
    except ValueError:
        return start.replace(year=start.year + years, day=28)


def months_begun(start: dt.date, end: dt.date) -> int:
    """Months from one day to a later one, a begun month counted whole."""
    return (end.year - start.year) * 12 + end.month - start.month + (end.day > start.day)


def _overdue_bucket(facts: Facts, at: EvaluationDay) -> str | None:
    days = number(facts, "days_overdue")
    if days is None:
        return None
    return next((bucket for last, bucket in _BUCKETS if days <= last), "B8")


def _days_until_due(facts: Facts, at: EvaluationDay) -> int | None:
    due = day(facts, "due_date")
    return None if due is None else (due - at.as_of).days


def _days_left(facts: Facts, at: EvaluationDay) -> int | None:
    days = at.parameters.get(_STAGE_DAYS.get(str(facts.get("legal_stage")), ""))
    served = day(facts, "served_on")
    return None if days is None or served is None else (deadline(served, days).date - at.as_of).days


def _clock_critical(facts: Facts, at: EvaluationDay) -> bool | None:
    left = number(facts, "days_left")
    return None if left is None else 0 <= left <= at.parameters["critical_days"]


def _limitation_expired(facts: Facts, at: EvaluationDay) -> bool | None:
    """Counted from the day the debt fell due or, where that is later, from the last interruption.

    A debt younger than the period needs no interruption to be known, and neither does a recent
    interruption need the due date.
    """
    overdue, interruption = number(facts, "days_overdue"), day(facts, "last_interruption")
    starts = [start for start in (None if overdue is None else at.ago(overdue), interruption) if start is not None]
    if any(at.as_of <= years_after(start, at.parameters["limitation_years"]) for start in starts):
        return False
    return True if len(starts) == 2 else None


def _limitation_ends(facts: Facts, at: EvaluationDay) -> dt.date | None:
    """Only where both days are known: the one that is missing could be the later one."""
    overdue, interruption = number(facts, "days_overdue"), day(facts, "last_interruption")
    if overdue is None or interruption is None:
        return None
    return years_after(max(at.ago(overdue), interruption), at.parameters["limitation_years"])


def _limitation_days_left(facts: Facts, at: EvaluationDay) -> int | None:
    ends = _limitation_ends(facts, at)
    return None if ends is None else (ends - at.as_of).days


def _evidence(facts: Facts) -> tuple[int | None, int | None]:
    hardship, income = (_STRENGTH.get(str(facts.get(name))) for name in ("hardship_evidence", "income_evidence"))
    return hardship, income


def _evidence_level(facts: Facts, at: EvaluationDay) -> str | None:
    """Unknown as long as a blank could still raise it. See evidence_sufficient for what rules mostly ask."""
    hardship, income = _evidence(facts)
    if hardship is None or income is None:
        return None
    if min(hardship, income) >= _THIRD_PARTY:
        return "ready" if "essential_outgoings" in facts else None
    best = max(hardship, income)
    return "partial" if best >= _THIRD_PARTY else "weak" if best else "none"


def _evidence_sufficient(facts: Facts, at: EvaluationDay) -> bool | None:
    pieces = _evidence(facts)
    if any(piece is not None and piece >= _THIRD_PARTY for piece in pieces):
        return True
    return None if None in pieces else False


def _private_cap(facts: Facts, at: EvaluationDay) -> int | None:
    """Only for contracts made since the cap follows the LPR; for older ones see private_contract_old."""
    contract = day(facts, "contract_date")
    if contract is None:
        return None
    return private_cap(at.on("lpr_1y", contract), at.on("private_cap_multiple", contract))


def _rate_above_private_cap(facts: Facts, at: EvaluationDay) -> bool | None:
    rate, cap = number(facts, "annual_rate_percent"), _private_cap(facts, at)
    return None if rate is None or cap is None else rate > cap


def _private_contract_old(facts: Facts, at: EvaluationDay) -> bool | None:
    contract = day(facts, "contract_date")
    return None if contract is None else at.on("private_cap_multiple", contract) is None


def _repaid_in_repair_window(facts: Facts, at: EvaluationDay) -> bool | None:
    """The window is open on the days on which the limit of the one-off repair is above 0."""
    repaid = day(facts, "repaid_on")
    return None if repaid is None else bool(at.on("one_off_repair_limit", repaid))


def _record_until(facts: Facts, at: EvaluationDay) -> dt.date | None:
    repaid = day(facts, "repaid_on")
    return None if repaid is None else years_after(repaid, at.parameters["credit_bad_record_years"])


def _prior_request_days(facts: Facts, at: EvaluationDay) -> int | None:
    asked = day(facts, "prior_request_on")
    return None if asked is None else max(0, (at.as_of - asked).days)


def _refused_or_unanswered(facts: Facts, at: EvaluationDay) -> bool | None:
    request = facts.get("prior_request")
    if request != "pending":
        return None if request is None else request == "refused"
    waited = _prior_request_days(facts, at)
    return None if waited is None else waited >= at.parameters["lender_complaint_days"]


def _resume_date_in_future(facts: Facts, at: EvaluationDay) -> bool | None:
    resume = day(facts, "resume_date")
    return None if resume is None else resume > at.as_of


def _months_until_resume(facts: Facts, at: EvaluationDay) -> int | None:
    """Months begun until income is expected, 0 once the day has come."""
    resume = day(facts, "resume_date")
    return None if resume is None else max(0, months_begun(at.as_of, resume))


def _insolvency_city(facts: Facts, at: EvaluationDay) -> bool | None:
    years, city = number(facts, "social_insurance_years_local"), facts.get("city")
    rules = [(names, at.parameters[needed]) for names, needed in _CITIES if needed in at.parameters]
    if isinstance(city, str):
        place = city.casefold()
        needed = [needed for names, needed in rules if any(name in place for name in names)]
        if not needed:
            return False
        return None if years is None else years >= needed[0]
    return False if years is not None and all(years < needed for _, needed in rules) else None


def _minor(facts: Facts, at: EvaluationDay) -> bool | None:
    age = number(facts, "age")
    return None if age is None else age < at.parameters["adult_age"]


def _minor_at_contract(facts: Facts, at: EvaluationDay) -> bool | None:
    """Unknown where the birthday decides: the age is given in whole years."""
    age, contract = number(facts, "age"), day(facts, "contract_date")
    if age is None or contract is None or contract > at.as_of:
        return None
    years = at.as_of.year - contract.year
    anniversary = years_after(contract, years)
    if anniversary > at.as_of:
        years, anniversary = years - 1, years_after(contract, years - 1)
    oldest = age - years
    youngest = oldest if anniversary == at.as_of else oldest - 1
    if oldest < at.parameters["adult_age"]:
        return True
    return False if youngest >= at.parameters["adult_age"] else None


FORMULAS: Final = {
    "overdue_bucket": Formula("enum", ("days_overdue",), _overdue_bucket),
    "days_until_due": Formula("int", ("due_date",), _days_until_due),
    "days_left": Formula("int", ("legal_stage", "served_on"), _days_left, uses=tuple(_STAGE_DAYS.values())),
    "clock_critical": Formula("bool", ("days_left",), _clock_critical, ("critical_days",)),
    "limitation_expired": Formula(
        "bool", ("days_overdue", "last_interruption"), _limitation_expired, ("limitation_years",)
    ),
    "limitation_ends": Formula("date", ("days_overdue", "last_interruption"), _limitation_ends, ("limitation_years",)),
    "limitation_days_left": Formula(
        "int", ("days_overdue", "last_interruption"), _limitation_days_left, ("limitation_years",)
    ),
    "evidence_level": Formula("enum", ("hardship_evidence", "income_evidence", "essential_outgoings"), _evidence_level),
    "evidence_sufficient": Formula("bool", ("hardship_evidence", "income_evidence"), _evidence_sufficient),
    "private_cap": Formula(
        "rate",
        ("contract_date",),
        _private_cap,
        dated=(("lpr_1y", "contract_date"), ("private_cap_multiple", "contract_date")),
    ),
    "rate_above_private_cap": Formula(
        "bool",
        ("annual_rate_percent", "contract_date"),
        _rate_above_private_cap,
        dated=(("lpr_1y", "contract_date"), ("private_cap_multiple", "contract_date")),
    ),
    "private_contract_old": Formula(
        "bool", ("contract_date",), _private_contract_old, dated=(("private_cap_multiple", "contract_date"),)
    ),
    "repaid_in_repair_window": Formula(
        "bool", ("repaid_on",), _repaid_in_repair_window, dated=(("one_off_repair_limit", "repaid_on"),)
    ),
    "record_until": Formula("date", ("repaid_on",), _record_until, ("credit_bad_record_years",)),
    "prior_request_days": Formula("int", ("prior_request_on",), _prior_request_days),
    "refused_or_unanswered": Formula(
        "bool", ("prior_request", "prior_request_on"), _refused_or_unanswered, ("lender_complaint_days",)
    ),
    "resume_date_in_future": Formula("bool", ("resume_date",), _resume_date_in_future),
    "months_until_resume": Formula("int", ("resume_date",), _months_until_resume),
    "insolvency_city": Formula(
        "bool",
        ("city", "social_insurance_years_local"),
        _insolvency_city,
        uses=("shenzhen_insurance_years", "xiamen_residence_years"),
    ),
    "minor": Formula("bool", ("age",), _minor, ("adult_age",)),
    "minor_at_contract": Formula("bool", ("age", "contract_date"), _minor_at_contract, ("adult_age",)),
}
