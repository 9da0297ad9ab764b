"""Repayment plans a borrower can really keep: whole fen, never above the monthly capacity."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from operator import attrgetter
from typing import Final

from rules.engines.message import Facts
from rules.facts.affordability import has_others, offered
from rules.facts.case_facts import number
from rules.finance import amortisation
from rules.finance.amortisation import LoanTerms
from rules.finance.repayment_plan import RepaymentPlan
from rules.formulas.dates import months_begun
from rules.pack.files.schema import PlanKind, Strategy

# Kinds whose search for a term needs an end.
WITH_INTEREST: Final = ("instalments_with_interest", "equal_principal")
# Parameters of the pack that only plans use, besides each strategy's longest term.
USES: Final = ("interest_year_days", "standstill_days_maximum", "steady_share")
_BUT_STRATEGY: Final = attrgetter(*(each.name for each in fields(RepaymentPlan) if each.name != "strategy"))


@dataclass(frozen=True, slots=True)
class _Case:
    """A case and what it has for instalments a month: None where that is not known."""

    facts: Facts
    as_of: dt.date
    parameters: Mapping[str, int]
    capacity: int | None
    stressed: int | None
    steady: int | None  # what is offered first; in packs from before they said how much, what bears a fall of income
    shared: bool  # the capacity is this debt's share of one for several debts
    excess: int  # charges that nobody has to offer to pay

    @property
    def owed(self) -> int:
        """What instalments have to repay."""
        return max(0, (number(self.facts, "balance") or 0) - self.excess)


def plans(
    strategies: Mapping[str, Strategy],
    chosen: Iterable[str],
    facts: Facts,
    as_of: dt.date,
    parameters: Mapping[str, int],
    longest: int | None = None,
) -> tuple[RepaymentPlan, ...]:
    """The plans of each chosen strategy, where the facts allow to work them out; one and the same only once.

    Where the borrower has other debts no plan takes all of the capacity for this one, but its share. None repays
    charges above the ceiling, and none takes more than `longest` months, the most that the product allows.
    """
    wanted = [(name, strategies[name]) for name in chosen if strategies[name].plans]
    if not wanted or facts.get("product") == "illegal":  # what is owed there has to be worked out anew first
        return ()
    if may_be_objected_to(facts):
        return ()
    shared = any("shared_instalments" in strategy.plans for _, strategy in wanted)
    may = offered(facts, parameters.get("steady_share"), shared=shared)
    case = _Case(
        facts,
        as_of,
        parameters,
        capacity=may.most,
        stressed=may.stressed,
        shared=shared,
        steady=may.first,
        excess=number(facts, "excess_charges") or 0,
    )
    found: dict[object, RepaymentPlan] = {}
    personal = facts.get("product") == "private"
    for name, strategy in wanted:
        limits = [parameters.get(strategy.plan_longest, 0)] if strategy.plan_longest else []
        limit = min([*limits, *([] if longest is None else [longest])], default=None)
        for kind in sorted(strategy.plans, key=lambda each: _comes_late(each, facts, parameters)):
            if plan := _KINDS[kind](case, name, kind, limit):
                found.setdefault(_BUT_STRATEGY(plan), replace(plan, personal=True) if personal else plan)
    return tuple(found.values())


def may_be_objected_to(facts: Facts) -> bool:
    """Whether a payment order can still be objected to: an offer to pay would undo the objection."""
    left = number(facts, "days_left")
    running = facts.get("legal_stage") == "payment_order" and (left is None or left >= 0)
    return running and facts.get("debt_disputed") is not False


def _comes_late(kind: PlanKind, facts: Facts, parameters: Mapping[str, int]) -> bool:
    """An offer starts from what leaves room; in packs from before that, only where the income has fallen once."""
    first = "steady_share" in parameters or facts.get("hardship") == "income_reduction"
    return first and kind not in ("steady_instalments", "steady_shared_instalments")


def _instalments(case: _Case, name: str, kind: PlanKind, longest: int | None) -> RepaymentPlan | None:
    return None if case.shared else _level(case, name, kind, 0, longest)  # the shared plan is that already


def _steady(case: _Case, name: str, kind: PlanKind, longest: int | None) -> RepaymentPlan | None:
    """So low that it leaves room; not where the quicker plan does too, and not beside a shared one."""
    if case.shared and "steady_share" in case.parameters:
        return None
    parts = (min(case.steady or 0, case.capacity or 0), case.capacity or 0)
    found, quick = (amortisation.fewest_level(case.owed, 0, part, longest) for part in parts)
    return None if found == quick else _of_terms(case, name, kind, 0, found)


def _partial(case: _Case, name: str, kind: PlanKind, longest: int | None) -> RepaymentPlan | None:
    """As much as the longest term takes, where it does not take all: the rest is asked to be waived."""
    if not case.capacity or not longest or case.shared or case.capacity * longest >= case.owed:
        return None
    return _of_terms(case, name, kind, 0, LoanTerms(longest, case.capacity, case.capacity, 0), case.capacity * longest)


def _with_interest(case: _Case, name: str, kind: PlanKind, longest: int | None) -> RepaymentPlan | None:
    rate = _owed_rate(case)
    if not rate or longest is None:  # at 0 it would be the plan without interest
        return None
    return _level(case, name, kind, rate, longest)


def _level(case: _Case, name: str, kind: PlanKind, rate: int, longest: int | None) -> RepaymentPlan | None:
    return _of_terms(case, name, kind, rate, amortisation.fewest_level(case.owed, rate, case.capacity or 0, longest))


def _equal_principal(case: _Case, name: str, kind: PlanKind, longest: int | None) -> RepaymentPlan | None:
    rate = _owed_rate(case)
    if not rate or longest is None:
        return None
    terms = amortisation.fewest_equal_principal(case.owed, rate, case.capacity or 0, longest)
    return None if terms is None or terms.months == 1 else _of_terms(case, name, kind, rate, terms)


def _shared(case: _Case, name: str, kind: PlanKind, longest: int | None) -> RepaymentPlan | None:
    """The whole share each month, so that the offers to all debts add up to the capacity."""
    return _of_share(case, name, kind, longest, case.capacity)


def _steady_shared(case: _Case, name: str, kind: PlanKind, longest: int | None) -> RepaymentPlan | None:
    """A share that leaves room; not where that is the whole one."""
    found, whole = (_of_share(case, name, kind, longest, part) for part in (case.steady, case.capacity))
    return None if found == whole else found


def _of_share(case: _Case, name: str, kind: PlanKind, longest: int | None, part: int | None) -> RepaymentPlan | None:
    share = min(part or 0, case.owed)
    if share <= 0:
        return None
    return _of_terms(case, name, kind, 0, *amortisation.as_far_as(case.owed, share, longest))


def _of_terms(
    case: _Case, name: str, kind: PlanKind, rate: int, terms: LoanTerms | None, repaid: int | None = None
) -> RepaymentPlan | None:
    """The plan of these terms; `repaid` is what it brings down where that is less than what is owed."""
    balance = number(case.facts, "balance")
    if terms is None or balance is None:
        return None
    highest = max(terms.first, terms.last)
    return RepaymentPlan(
        strategy=name,
        kind=kind,
        total=(case.owed if repaid is None else repaid) + terms.interest,
        months=terms.months,
        monthly=terms.first,
        last=terms.last,
        balance=balance,
        rate=rate,
        interest=terms.interest,
        within_stress=None if case.stressed is None else highest <= case.stressed,
        share=case.capacity if case.shared or has_others(case.facts) else None,
        excess=case.excess or None,
    )


def _deferral(case: _Case, name: str, kind: PlanKind, longest: int | None) -> RepaymentPlan | None:
    """Until income resumes, where that is not too far off."""
    until = case.facts.get("resume_date")
    if not isinstance(until, dt.date) or until <= case.as_of:
        return None
    plan = _pause(case, name, kind, until)
    return plan if longest is None or plan.months <= longest else None


def _standstill(case: _Case, name: str, kind: PlanKind, longest: int | None) -> RepaymentPlan | None:
    """Until a day on which the case is looked at again, where nobody can say yet when income resumes."""
    days, resume = case.parameters.get("standstill_days_maximum"), case.facts.get("resume_date")
    if days is None or (isinstance(resume, dt.date) and resume > case.as_of):
        return None
    return _pause(case, name, kind, case.as_of + dt.timedelta(days=days))


def _pause(case: _Case, name: str, kind: PlanKind, until: dt.date) -> RepaymentPlan:
    """Nothing is paid, but interest may grow: on the principal, on the whole balance only where that is all we know."""
    balance, rate = number(case.facts, "balance"), number(case.facts, "annual_rate_percent") or None
    owed, year = number(case.facts, "principal"), case.parameters.get("interest_year_days")
    owed = balance if owed is None else owed
    if owed is None or rate is None or year is None:
        interest = None
    else:
        interest = amortisation.accrued(owed, rate, (until - case.as_of).days, year)
    months = months_begun(case.as_of, until)
    return RepaymentPlan(name, kind, 0, months, until=until, balance=balance, rate=rate, interest=interest)


def _lump_sum(case: _Case, name: str, kind: PlanKind, longest: int | None) -> RepaymentPlan | None:
    # In packs from before a reserve was kept, all that is at hand.
    money = "lump_sum_free" if "reserve_months" in case.parameters else "lump_sum_available"
    paid, balance = min(number(case.facts, money) or 0, case.owed), number(case.facts, "balance")
    if paid <= 0:
        return None
    return RepaymentPlan(name, kind, paid, 1, paid, paid, balance=balance, interest=0, excess=case.excess or None)


def _owed_rate(case: _Case) -> int | None:
    """The contract rate, where it can be offered: not above what a court would support, nor where that is not known."""
    rate = number(case.facts, "annual_rate_percent")
    if case.facts.get("product") == "private":
        cap = number(case.facts, "private_cap")
        return rate if rate is not None and cap is not None and rate <= cap else None
    cap = case.parameters.get("financial_loan_judicial_cap")
    return None if rate is not None and cap is not None and rate > cap else rate


_KINDS: Final[Mapping[PlanKind, Callable[[_Case, str, PlanKind, int | None], RepaymentPlan | None]]] = {
    "instalments": _instalments,
    "steady_instalments": _steady,
    "partial_instalments": _partial,
    "instalments_with_interest": _with_interest,
    "equal_principal": _equal_principal,
    "shared_instalments": _shared,
    "steady_shared_instalments": _steady_shared,
    "deferral": _deferral,
    "standstill": _standstill,
    "lump_sum": _lump_sum,
}
