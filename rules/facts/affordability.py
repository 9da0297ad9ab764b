"""Derived facts about money: what is left to pay with, what weighs on it, how far the claim is above the ceiling."""

from __future__ import annotations

from typing import Final

from rules.facts.formula import EvaluationDay, Facts, Formula, day, number
from rules.finance.charges import over_cap, private_cap
from rules.finance.pro_rata import offer

_WHOLE: Final = 10_000  # basis points
_BUDGET: Final = ("income_monthly", "essential_outgoings", "priority_payments")
_SHARE: Final = ("capacity", "balance", "monthly_due", "other_debt_payments", "debts_before", "debts_total")
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


def _capacity(facts: Facts, at: EvaluationDay) -> int | None:
    return _left(facts, _WHOLE, _WHOLE - at.parameters["savings_buffer"])


def _capacity_stressed(facts: Facts, at: EvaluationDay) -> int | None:
    return _left(facts, _WHOLE - at.parameters["income_stress"], _WHOLE - at.parameters["savings_buffer"])


def _outgoings_implausible(facts: Facts, at: EvaluationDay) -> bool | None:
    """Whatever the household is, what one person does not live on is too little."""
    spent, size = number(facts, "essential_outgoings"), number(facts, "household_size")
    if spent is None:
        return None
    line = at.parameters["living_cost_check"]
    if spent < line:
        return True
    return None if size is None else spent < line * size


def _no_income(facts: Facts, at: EvaluationDay) -> bool | None:
    income = number(facts, "income_monthly")
    return None if income is None else income == 0


def _debt_service_ratio(facts: Facts, at: EvaluationDay) -> int | None:
    """Rounded up, so that a ratio above a limit is above it after rounding too."""
    due, other, income = (number(facts, name) for name in ("monthly_due", "other_debt_payments", "income_monthly"))
    if due is None or other is None or not income:
        return None
    return -(-(due + other) * _WHOLE // income)


def _dues_together(facts: Facts, at: EvaluationDay) -> int | None:
    due, other = number(facts, "monthly_due"), number(facts, "other_debt_payments")
    return None if due is None or other is None else due + other


def means(facts: Facts, capacity: str = "capacity", *, shared: bool = False) -> int | None:
    """What can go into this debt a month, in fen: the capacity, or its share where there are other debts to pay."""
    return _share(facts, capacity) if shared or has_others(facts) else number(facts, capacity)


def payable(facts: Facts, *, shared: bool = False) -> int | None:
    """What may be offered on this debt a month: its means, or, while living costs look too low, those under stress."""
    whole, stressed = (means(facts, name, shared=shared) for name in ("capacity", "capacity_stressed"))
    return stressed if facts.get("outgoings_implausible") is True else whole


def has_others(facts: Facts) -> bool:
    """Whether other debts are known that the capacity has to pay too."""
    balance, total = number(facts, "balance"), number(facts, "debts_total")
    return bool(number(facts, "other_debt_payments")) or (balance or 0) < (total or 0)


def _share(facts: Facts, capacity: str) -> int | None:
    """This debt's part of a capacity: by the balances of all the borrower's debts, else by what is due in a month."""
    whole = number(facts, capacity)
    if whole is None:
        return None
    before, balance, total = (number(facts, name) for name in ("debts_before", "balance", "debts_total"))
    if before is not None and balance is not None and total is not None:
        return min(whole, offer(whole, before, balance, total))
    due, other = number(facts, "monthly_due"), number(facts, "other_debt_payments")
    if due is None or other is None or due + other == 0:
        return None
    return whole * due // (due + other)


def _debt_capacity(facts: Facts, at: EvaluationDay) -> int | None:
    """Unknown as long as nobody has said what the other debts take. A home is paid before the others share."""
    whole, total = number(facts, "capacity"), number(facts, "debts_total")
    if not whole or total == 0:
        return whole
    if total is not None:
        return None if number(facts, "balance") is None else _share(facts, "capacity")
    return None if number(facts, "other_debt_payments") is None else means(facts)


def _months_to_clear(facts: Facts, at: EvaluationDay) -> int | None:
    balance, part = number(facts, "balance"), _debt_capacity(facts, at)
    return None if balance is None or not part else -(-balance // part)


def _lump_sum_share(facts: Facts, at: EvaluationDay) -> int | None:
    """Rounded down: a share is reached only when all of it is there."""
    lump, balance = number(facts, "lump_sum_available"), number(facts, "balance")
    if lump is None or not balance:
        return None
    return lump * _WHOLE // balance


def _arrears(facts: Facts, at: EvaluationDay) -> int | None:
    """An estimate: one instalment for each period begun since the oldest unpaid one was due."""
    days = number(facts, "days_overdue")
    if days is None or days <= 0:
        return days and 0
    due = number(facts, "monthly_due")
    periods = -(-days // max(1, at.parameters["instalment_period_days"]))
    return None if due is None else min(due * periods, _MOST)


def _over_cap_amount(facts: Facts, at: EvaluationDay) -> int | None:
    """What the charges exceed the court's ceiling by."""
    return _over(facts, at, at.parameters["financial_loan_judicial_cap"])


def excess_over_private_cap(facts: Facts, at: EvaluationDay) -> int | None:
    """What the charges exceed the cap on private lending by. Contracts older than that cap are not judged."""
    contract = day(facts, "contract_date")
    if contract is None:
        return None
    cap = private_cap(at.on("lpr_1y", contract), at.on("private_cap_multiple", contract))
    return None if cap is None else _over(facts, at, cap)


def _excess_charges(facts: Facts, at: EvaluationDay) -> int | None:
    """What the charges exceed the ceiling of the product by. Private contracts older than their cap are not judged."""
    product = facts.get("product")
    if product is None or product == "illegal":  # what is owed there has to be worked out anew
        return None
    return excess_over_private_cap(facts, at) if product == "private" else _over_cap_amount(facts, at)


def _over(facts: Facts, at: EvaluationDay, cap: int) -> int | None:
    """What the charges exceed a ceiling by: so many basis points a year on the principal for the days overdue."""
    fees = number(facts, "interest_fees")
    if fees is None or fees <= 0:
        return fees and 0
    principal, days = number(facts, "principal"), number(facts, "days_overdue")
    if principal is None or days is None:
        return None
    return over_cap(principal, days, fees, cap, at.parameters["interest_year_days"]).excess


FORMULAS: Final = {
    "outgoings_implausible": Formula(
        "bool", ("essential_outgoings", "household_size"), _outgoings_implausible, ("living_cost_check",)
    ),
    "no_income": Formula("bool", ("income_monthly",), _no_income),
    "capacity": Formula("money", _BUDGET, _capacity, ("savings_buffer",)),
    "capacity_stressed": Formula("money", _BUDGET, _capacity_stressed, ("savings_buffer", "income_stress")),
    "debt_service_ratio": Formula(
        "rate", ("monthly_due", "other_debt_payments", "income_monthly"), _debt_service_ratio
    ),
    "dues_together": Formula("money", ("monthly_due", "other_debt_payments"), _dues_together),
    "debt_capacity": Formula("money", _SHARE, _debt_capacity),
    "months_to_clear": Formula("int", _SHARE, _months_to_clear),
    "lump_sum_share": Formula("rate", ("lump_sum_available", "balance"), _lump_sum_share),
    "arrears": Formula("money", ("monthly_due", "days_overdue"), _arrears, ("instalment_period_days",)),
    "over_cap_amount": Formula(
        "money",
        ("principal", "interest_fees", "days_overdue"),
        _over_cap_amount,
        ("financial_loan_judicial_cap", "interest_year_days"),
    ),
    "excess_charges": Formula(
        "money",
        ("product", "principal", "interest_fees", "days_overdue", "contract_date"),
        _excess_charges,
        ("financial_loan_judicial_cap", "interest_year_days"),
        dated=(("lpr_1y", "contract_date"), ("private_cap_multiple", "contract_date")),
    ),
}
