"""Derived facts about money: what is left to pay with, what weighs on it, how far the claim is above the ceiling."""

from __future__ import annotations

from typing import Final

from rules.charges import over_cap
from rules.moment import Facts, Formula, Moment, number

_WHOLE: Final = 10_000  # basis points
_BUDGET: Final = ("income_monthly", "essential_outgoings", "priority_payments")
_MOST: Final = 10**18  # the engines hold 64-bit integers


def _left(facts: Facts, income_share: int, share: int) -> int | None:
    """What part of the income a month can go into debts, in fen, never below 0."""
    income = number(facts, "income_monthly")
    if income is None:
        return None
    outgoings = [number(facts, name) for name in _BUDGET[1:]]
    surplus = income * income_share // _WHOLE - sum(amount or 0 for amount in outgoings)
    if surplus <= 0:
        return 0  # whatever is not known yet only makes it less
    return None if None in outgoings else surplus * share // _WHOLE


def _capacity(facts: Facts, at: Moment) -> int | None:
    return _left(facts, _WHOLE, _WHOLE - at.parameters["savings_buffer"])


def _capacity_stressed(facts: Facts, at: Moment) -> int | None:
    return _left(facts, _WHOLE - at.parameters["income_stress"], _WHOLE - at.parameters["savings_buffer"])


def _no_income(facts: Facts, at: Moment) -> bool | None:
    income = number(facts, "income_monthly")
    return None if income is None else income == 0


def _debt_service_ratio(facts: Facts, at: Moment) -> int | None:
    """Rounded up, so that a ratio above a limit is above it after rounding too."""
    due, other, income = (number(facts, name) for name in ("monthly_due", "other_debt_payments", "income_monthly"))
    if due is None or other is None or not income:
        return None
    return -(-(due + other) * _WHOLE // income)


def _dues_together(facts: Facts, at: Moment) -> int | None:
    due, other = number(facts, "monthly_due"), number(facts, "other_debt_payments")
    return None if due is None or other is None else due + other


def _months_to_clear(facts: Facts, at: Moment) -> int | None:
    balance, capacity = number(facts, "balance"), number(facts, "capacity")
    if balance is None or not capacity:
        return None
    return -(-balance // capacity)


def _lump_sum_share(facts: Facts, at: Moment) -> int | None:
    """Rounded down: a share is reached only when all of it is there."""
    lump, balance = number(facts, "lump_sum_available"), number(facts, "balance")
    if lump is None or not balance:
        return None
    return lump * _WHOLE // balance


def _arrears(facts: Facts, at: Moment) -> int | None:
    """An estimate: one instalment for each period begun since the oldest unpaid one was due."""
    days = number(facts, "days_overdue")
    if days is None or days <= 0:
        return days and 0
    due = number(facts, "monthly_due")
    periods = -(-days // max(1, at.parameters["instalment_period_days"]))
    return None if due is None else min(due * periods, _MOST)


def _over_cap_amount(facts: Facts, at: Moment) -> int | None:
    """What the charges exceed the court's ceiling by."""
    fees = number(facts, "interest_fees")
    if fees is None or fees <= 0:
        return fees and 0
    principal, days = number(facts, "principal"), number(facts, "days_overdue")
    if principal is None or days is None:
        return None
    cap, year = at.parameters["financial_loan_judicial_cap"], at.parameters["interest_year_days"]
    return over_cap(principal, days, fees, cap, year).excess


FORMULAS: Final = {
    "no_income": Formula("bool", ("income_monthly",), _no_income),
    "capacity": Formula("money", _BUDGET, _capacity, ("savings_buffer",)),
    "capacity_stressed": Formula("money", _BUDGET, _capacity_stressed, ("savings_buffer", "income_stress")),
    "debt_service_ratio": Formula(
        "rate", ("monthly_due", "other_debt_payments", "income_monthly"), _debt_service_ratio
    ),
    "dues_together": Formula("money", ("monthly_due", "other_debt_payments"), _dues_together),
    "months_to_clear": Formula("int", ("balance", "capacity"), _months_to_clear),
    "lump_sum_share": Formula("rate", ("lump_sum_available", "balance"), _lump_sum_share),
    "arrears": Formula("money", ("monthly_due", "days_overdue"), _arrears, ("instalment_period_days",)),
    "over_cap_amount": Formula(
        "money",
        ("principal", "interest_fees", "days_overdue"),
        _over_cap_amount,
        ("financial_loan_judicial_cap", "interest_year_days"),
    ),
}
