"""Repayment schedules, exact to the fen: level instalments, equal principal, and what a pause costs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import cached_property
from itertools import repeat
from typing import Final

from rules.finance.money import half_up

_YEAR: Final = 120_000  # a month at 1 basis point a year: 12 months times 10,000 basis points
_EXACT: Final = Context(prec=60, rounding=ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Payment:
    """One instalment, in fen, and the balance after it."""

    number: int  # from 1
    amount: int
    principal: int
    interest: int
    balance: int


@dataclass(frozen=True)
class Schedule:
    """Every instalment of a repayment, until the balance is 0."""

    payments: tuple[Payment, ...]

    @cached_property
    def total(self) -> int:
        """All that is paid, in fen."""
        return sum(each.amount for each in self.payments)

    @cached_property
    def interest(self) -> int:
        """The interest in it, in fen."""
        return sum(each.interest for each in self.payments)


def level(principal: int, rate: int, months: int) -> Schedule:
    """Level instalments of so many fen at so many basis points a year; the last one takes what rounding left over.

    Raises ValueError for a principal or a number of months below 1, or a rate below 0.
    """
    return fixed(principal, rate, level_amount(principal, rate, months), months)


def fixed(principal: int, rate: int, amount: int, months: int) -> Schedule:
    """So many fen each month, and in the last one whatever is left."""
    return _schedule(principal, rate, repeat(amount, months))


def equal_principal(principal: int, rate: int, months: int) -> Schedule:
    """The same part of the principal each month and the interest on what is left: the first instalment is the highest.

    Raises ValueError like `level`.
    """
    _check(principal, rate, months)
    return _schedule(principal, rate, _falling_amounts(principal, rate, months))


def after_pause(plan: Schedule, cost: int) -> Schedule:
    """The schedule taken up again after a pause: its first instalment takes along what the pause cost."""
    first, *others = plan.payments
    return Schedule((replace(first, amount=first.amount + cost, interest=first.interest + cost), *others))


def accrued(principal: int, rate: int, days: int, year_days: int) -> int:
    """The simple interest of so many days, in fen, half a fen up: what a pause costs."""
    return half_up(principal * rate * days, 10_000 * max(1, year_days))


def level_amount(principal: int, rate: int, months: int) -> int:
    """The level instalment in fen: the annuity rounded half up.

    Without interest it is an equal part, rounded up so that the last instalment is the smaller one.
    """
    _check(principal, rate, months)
    if rate == 0:
        return -(-principal // months)
    monthly = _EXACT.divide(Decimal(rate), Decimal(_YEAR))
    growth = _EXACT.power(_EXACT.add(1, monthly), months)
    annuity = _EXACT.divide(_EXACT.multiply(_EXACT.multiply(principal, monthly), growth), _EXACT.subtract(growth, 1))
    return int(annuity.to_integral_value(ROUND_HALF_UP))


@dataclass(frozen=True, slots=True)
class LoanTerms:
    """A schedule without its rows: the first instalment is its highest but for what rounding leaves to the last."""

    months: int
    first: int
    last: int
    interest: int


def fewest_level(principal: int, rate: int, capacity: int, longest: int | None) -> LoanTerms | None:
    """The shortest level schedule without an instalment above the capacity.

    None where there is none: the interest alone reaches the capacity, or it would take longer than the longest term.
    Only without interest may the term be open (None).
    """
    if principal <= 0 or capacity <= 0:
        return None
    if rate == 0:
        months = -(-principal // capacity)
        part = -(-principal // months)
        return _within(LoanTerms(months, part, principal - part * (months - 1), 0), longest)
    if longest is None:
        raise ValueError("a schedule with interest needs a longest term")
    for months in range(_least_months(principal, rate, capacity, longest), longest + 1):
        first = level_amount(principal, rate, months)
        if first <= capacity:
            last, interest = _end(principal, rate, first, months)
            if last <= capacity:
                return LoanTerms(months, first, last, interest)
    return None


def as_far_as(principal: int, amount: int, longest: int | None) -> tuple[LoanTerms, int]:
    """Instalments of so much without interest, until all is repaid or for the longest term, and what they repay.

    Raises ValueError for an amount below 1, or above the principal.
    """
    if not 0 < amount <= principal:
        raise ValueError(f"no instalments of {amount} fen on {principal} fen")
    months = -(-principal // amount)
    if longest is not None and months > longest:
        return LoanTerms(longest, amount, amount, 0), amount * longest
    return LoanTerms(months, amount, principal - amount * (months - 1), 0), principal


def fewest_equal_principal(principal: int, rate: int, capacity: int, longest: int) -> LoanTerms | None:
    """The shortest schedule of equal principal whose first instalment is not above the capacity; None like above."""
    part_at_most = capacity - _interest(principal, rate)
    if principal <= 0 or part_at_most <= 0:
        return None
    months = -(-principal // part_at_most)
    if months > longest:
        return None
    amounts = list(_falling_amounts(principal, rate, months))
    return LoanTerms(months, amounts[0], amounts[-1], sum(amounts) - principal)


def _within(terms: LoanTerms, longest: int | None) -> LoanTerms | None:
    return terms if longest is None or terms.months <= longest else None


def _least_months(principal: int, rate: int, capacity: int, longest: int) -> int:
    """A number of months that is certainly not too high: what the annuity formula says, less what floats may err by.

    An annuity of less than half a fen above the capacity is rounded down to it.
    """
    share = principal * rate / (_YEAR * (capacity + 0.5))  # of the capacity that the first month's interest takes
    if share >= 1:
        return longest + 1
    months = math.log1p(-share) / -math.log1p(rate / _YEAR)
    return max(1, min(longest + 1, int(months * (1 - 1e-9))))


def _end(principal: int, rate: int, amount: int, months: int) -> tuple[int, int]:
    """The last instalment and all the interest of a level schedule."""
    balance, interest, half = principal, 0, _YEAR // 2
    for _ in range(months - 1):
        due = (balance * rate + half) // _YEAR
        interest += due
        balance += due - amount
        if balance <= 0:  # only where a fen a month is too much
            return 0, interest
    due = (balance * rate + half) // _YEAR
    return balance + due, interest + due


def _schedule(principal: int, rate: int, amounts: Iterable[int]) -> Schedule:
    payments: list[Payment] = []
    balance, planned = principal, list(amounts)
    for number, amount in enumerate(planned, 1):
        interest = _interest(balance, rate)
        due = balance + interest
        paid = due if number == len(planned) else min(amount, due)
        balance = due - paid
        payments.append(Payment(number, paid, paid - interest, interest, balance))
    return Schedule(tuple(payments))


def _falling_amounts(principal: int, rate: int, months: int) -> Iterator[int]:
    part, balance = -(-principal // months), principal
    for _ in range(months):
        paid = min(part, balance)
        yield paid + _interest(balance, rate)
        balance -= paid


def _interest(balance: int, rate: int) -> int:
    """A month's interest."""
    return half_up(balance * rate, _YEAR)


def _check(principal: int, rate: int, months: int) -> None:
    if principal < 1 or months < 1 or rate < 0:
        raise ValueError(f"no schedule for {principal} fen at {rate} basis points over {months} months")
