"""A repayment plan: what is paid when, what interest it holds, and what the lender is asked to give up."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from pydantic import ConfigDict, with_config

from rules.finance import amortisation
from rules.finance.amortisation import Payment

_PAUSES: Final = ("deferral", "standstill")


@with_config(ConfigDict(extra="forbid"))
@dataclass(frozen=True, slots=True)
class RepaymentPlan:
    """One way to pay: so many months and a last one with the rest, a pause until a day, or once. Money in fen.

    Decisions made before plans knew of interest lack what is None here.
    """

    strategy: str
    kind: str
    total: int  # what is paid in all
    months: int = 0  # of a pause, too: those begun
    monthly: int = 0  # the first month; it is the same each month except with equal principal
    last: int = 0
    until: dt.date | None = None  # the pause ends
    balance: int | None = None  # what the plan is about: what it repays, pauses, or settles in part
    rate: int | None = None  # basis points a year; 0 where interest is asked to stop
    interest: int | None = None  # within the total, or growing during the pause
    within_stress: bool | None = None  # no instalment is above what is left if income falls
    share: int | None = None  # of the capacity, where other debts take the rest
    excess: int | None = None  # charges above the ceiling that the lender is asked to give up first
    personal: bool = False  # the lender is a person, not an institution

    @property
    def repaid(self) -> int:
        """Of the balance, what the payments bring down."""
        return self.total - (self.interest or 0)

    @property
    def waived(self) -> int:
        """What the lender is asked to give up: asked for, never promised. Of a pause, nothing."""
        return 0 if self.balance is None or self.kind in _PAUSES else self.balance - self.repaid


def rows(plan: RepaymentPlan) -> tuple[Payment, ...]:
    """Every payment of a plan; none for a pause, and none for a plan that does not say what it repays."""
    if plan.balance is None or plan.kind in _PAUSES:
        return ()
    if plan.kind == "lump_sum":
        return (Payment(1, plan.total, plan.total, 0, plan.waived),)
    if plan.kind == "equal_principal":
        return amortisation.equal_principal(plan.repaid, plan.rate or 0, plan.months).payments
    return amortisation.fixed(plan.repaid, plan.rate or 0, plan.monthly, plan.months).payments
