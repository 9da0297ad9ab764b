"""Repayment plans a borrower can really keep: whole fen, never above the monthly capacity."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from rules import amortisation
from rules.amortisation import Payment, Terms
from rules.message import Facts
from rules.offers import offer
from rules.schema import PlanKind, Strategy

# Kinds whose search for a term needs an end.
WITH_INTEREST: Final = ("instalments_with_interest", "equal_principal")
# Parameters of the pack that only plans use, besides each strategy's longest term.
USES: Final = ("interest_year_days", "standstill_days_maximum")
_PAUSES: Final = ("deferral", "standstill")


@dataclass(frozen=True, slots=True)
class Plan:
    """One way to pay: so many months and a last one with the rest, a pause until a day, or once. Money in fen.

    Decisions made before plans knew of interest lack what is None here.
    """

    strategy: str
    kind: str
    total: int  # what is paid in all
    months: int = 0
    monthly: int = 0  # the first month; it is the same each month except with equal principal
    last: int = 0
    until: dt.date | None = None  # the pause ends
    balance: int | None = None  # what the plan is about: what it repays, pauses, or settles in part
    rate: int | None = None  # basis points a year; 0 where interest is asked to stop
    interest: int | None = None  # within the total, or growing during the pause
    within_stress: bool | None = None  # no instalment is above what is left if income falls
    share: int | None = None  # of the capacity, where other debts take the rest

    def to_json(self) -> dict[str, Any]:
        """A JSON object."""
        return {**asdict(self), "until": self.until and self.until.isoformat()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Plan:
        """What `to_json` wrote."""
        return cls(**{**data, "until": dt.date.fromisoformat(data["until"]) if data["until"] else None})


@dataclass(frozen=True, slots=True)
class _Case:
    """A case and what it has for instalments a month: None where that is not known."""

    facts: Facts
    as_of: dt.date
    parameters: Mapping[str, int]
    capacity: int | None
    stressed: int | None
    shared: bool  # the capacity is this debt's share of one for several debts


def plans(
    strategies: Mapping[str, Strategy],
    chosen: Iterable[str],
    facts: Facts,
    as_of: dt.date,
    parameters: Mapping[str, int],
) -> tuple[Plan, ...]:
    """The plans of each chosen strategy, where the facts allow to work them out; one and the same only once.

    Where the borrower has other debts no plan takes all of the capacity for this one, but its share.
    """
    wanted = [(name, strategies[name]) for name in chosen if strategies[name].plans]
    if not wanted or facts.get("product") == "illegal":  # what is owed there has to be worked out anew first
        return ()
    shared = any("shared_instalments" in strategy.plans for _, strategy in wanted)
    whole, stressed = (means(facts, name, shared=shared) for name in ("capacity", "capacity_stressed"))
    case = _Case(facts, as_of, parameters, whole, stressed, shared)
    found: dict[Plan, Plan] = {}
    for name, strategy in wanted:
        longest = parameters.get(strategy.plan_longest, 0) if strategy.plan_longest else None
        for kind in strategy.plans:
            if plan := _KINDS[kind](case, name, kind, longest):
                found.setdefault(replace(plan, strategy=""), plan)
    return tuple(found.values())


def means(facts: Facts, capacity: str = "capacity", *, shared: bool = False) -> int | None:
    """What can go into this debt a month, in fen: the capacity, or its share where there are other debts to pay."""
    return _share(facts, capacity) if shared or _others(facts) else _number(facts, capacity)


def rows(plan: Plan) -> tuple[Payment, ...]:
    """Every payment of a plan; none for a pause, and none for a plan that does not say what it repays."""
    if plan.balance is None or plan.kind in _PAUSES:
        return ()
    if plan.kind == "lump_sum":
        return (Payment(1, plan.total, plan.total, 0, plan.balance - plan.total),)
    if plan.kind == "equal_principal":
        return amortisation.equal_principal(plan.balance, plan.rate or 0, plan.months).payments
    return amortisation.fixed(plan.balance, plan.rate or 0, plan.monthly, plan.months).payments


def _instalments(case: _Case, name: str, kind: PlanKind, longest: int | None) -> Plan | None:
    return None if case.shared else _level(case, name, kind, 0, longest)  # the shared plan is that already


def _with_interest(case: _Case, name: str, kind: PlanKind, longest: int | None) -> Plan | None:
    rate = _owed_rate(case)
    if not rate or longest is None:  # at 0 it would be the plan without interest
        return None
    return _level(case, name, kind, rate, longest)


def _level(case: _Case, name: str, kind: PlanKind, rate: int, longest: int | None) -> Plan | None:
    balance = _number(case.facts, "balance") or 0
    return _of_terms(case, name, kind, rate, amortisation.fewest_level(balance, rate, case.capacity or 0, longest))


def _equal_principal(case: _Case, name: str, kind: PlanKind, longest: int | None) -> Plan | None:
    balance, rate = _number(case.facts, "balance") or 0, _owed_rate(case)
    if not rate or longest is None:
        return None
    terms = amortisation.fewest_equal_principal(balance, rate, case.capacity or 0, longest)
    return None if terms is None or terms.months == 1 else _of_terms(case, name, kind, rate, terms)


def _shared(case: _Case, name: str, kind: PlanKind, longest: int | None) -> Plan | None:
    """The whole share each month, so that the offers to all debts add up to the capacity."""
    balance, share = _number(case.facts, "balance") or 0, case.capacity or 0
    share = min(share, balance)
    if share <= 0:
        return None
    months = -(-balance // share)
    return _of_terms(case, name, kind, 0, Terms(months, share, balance - share * (months - 1), 0))


def _of_terms(case: _Case, name: str, kind: PlanKind, rate: int, terms: Terms | None) -> Plan | None:
    balance = _number(case.facts, "balance")
    if terms is None or balance is None:
        return None
    highest = max(terms.first, terms.last)
    return Plan(
        strategy=name,
        kind=kind,
        total=balance + terms.interest,
        months=terms.months,
        monthly=terms.first,
        last=terms.last,
        balance=balance,
        rate=rate,
        interest=terms.interest,
        within_stress=None if case.stressed is None else highest <= case.stressed,
        share=case.capacity if case.shared or _others(case.facts) else None,
    )


def _deferral(case: _Case, name: str, kind: PlanKind, longest: int | None) -> Plan | None:
    """Until income resumes."""
    until = case.facts.get("resume_date")
    return _pause(case, name, kind, until) if isinstance(until, dt.date) and until > case.as_of else None


def _standstill(case: _Case, name: str, kind: PlanKind, longest: int | None) -> Plan | None:
    """Until a day on which the case is looked at again, where nobody can say yet when income resumes."""
    days, resume = case.parameters.get("standstill_days_maximum"), case.facts.get("resume_date")
    if days is None or (isinstance(resume, dt.date) and resume > case.as_of):
        return None
    return _pause(case, name, kind, case.as_of + dt.timedelta(days=days))


def _pause(case: _Case, name: str, kind: PlanKind, until: dt.date) -> Plan:
    """Nothing is paid, but interest may grow: on the principal, on the whole balance only where that is all we know."""
    balance, rate = _number(case.facts, "balance"), _number(case.facts, "annual_rate_percent") or None
    owed, year = _number(case.facts, "principal"), case.parameters.get("interest_year_days")
    owed = balance if owed is None else owed
    if owed is None or rate is None or year is None:
        interest = None
    else:
        interest = amortisation.accrued(owed, rate, (until - case.as_of).days, year)
    return Plan(name, kind, 0, until=until, balance=balance, rate=rate, interest=interest)


def _lump_sum(case: _Case, name: str, kind: PlanKind, longest: int | None) -> Plan | None:
    balance = _number(case.facts, "balance") or 0
    paid = min(_number(case.facts, "lump_sum_available") or 0, balance)
    return Plan(name, kind, paid, 1, paid, paid, balance=balance, interest=0) if paid > 0 else None


def _share(facts: Facts, capacity: str) -> int | None:
    """This debt's part of a capacity: by the balances of all the borrower's debts, else by what is due in a month."""
    whole = _number(facts, capacity)
    if whole is None:
        return None
    before, balance, total = (_number(facts, name) for name in ("debts_before", "balance", "debts_total"))
    if before is not None and balance is not None and total is not None:
        return min(whole, offer(whole, before, balance, total))
    due, other = _number(facts, "monthly_due"), _number(facts, "other_debt_payments")
    if due is None or other is None or due + other == 0:
        return None
    return whole * due // (due + other)


def _owed_rate(case: _Case) -> int | None:
    """The contract rate, where it can be offered: not above what a court would support, nor where that is not known."""
    rate = _number(case.facts, "annual_rate_percent")
    if case.facts.get("product") == "private":
        cap = _number(case.facts, "private_cap")
        return rate if rate is not None and cap is not None and rate <= cap else None
    cap = case.parameters.get("financial_loan_judicial_cap")
    return None if rate is not None and cap is not None and rate > cap else rate


def _others(facts: Facts) -> bool:
    """Whether other debts are known that the capacity has to pay too."""
    balance, total = _number(facts, "balance"), _number(facts, "debts_total")
    return bool(_number(facts, "other_debt_payments")) or (balance or 0) < (total or 0)


def _number(facts: Facts, name: str) -> int | None:
    value = facts.get(name)
    return value if isinstance(value, int) else None


_KINDS: Final[Mapping[PlanKind, Callable[[_Case, str, PlanKind, int | None], Plan | None]]] = {
    "instalments": _instalments,
    "instalments_with_interest": _with_interest,
    "equal_principal": _equal_principal,
    "shared_instalments": _shared,
    "deferral": _deferral,
    "standstill": _standstill,
    "lump_sum": _lump_sum,
}
