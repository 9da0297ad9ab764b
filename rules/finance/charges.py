"""What an overdue debt may cost: penalty interest, the court's ceiling, the private-lending cap, double interest."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from rules.finance.money import half_up

# Parameters of the pack that only these calculations use.
USES: Final = (
    "penalty_uplift_minimum",
    "penalty_uplift_maximum",
    "misuse_uplift_minimum",
    "misuse_uplift_maximum",
    "double_interest_daily",
)
_WHOLE: Final = 10_000  # basis points
_FINE: Final = 1_000_000  # a daily rate has four decimals of a percent


@dataclass(frozen=True, slots=True)
class OverCap:
    """All charges claimed on a debt against a ceiling. Money in fen, the rate in basis points a year."""

    principal: int
    rate: int
    days: int
    ceiling: int
    claimed: int

    @property
    def excess(self) -> int:
        """What the claim is above the ceiling."""
        return max(0, self.claimed - self.ceiling)


def over_cap(principal: int, days: int, claimed: int, rate: int, year_days: int) -> OverCap:
    """Interest, compound interest, penalty and fees together against a ceiling of so much a year.

    The ceiling is rounded to the fen, a half upwards. It is what a court may reduce to when the borrower
    asks (Fa Fa [2017] 22, article 2), or the cap of private lending (`private_cap`).
    """
    ceiling = half_up(principal * rate * days, _WHOLE * max(1, year_days))
    return OverCap(principal, rate, days, ceiling, claimed)


def private_cap(lpr: int | None, multiple: int | None) -> int | None:
    """The highest rate of private lending, in basis points: so many times the one-year LPR of the contract's day.

    None for a contract made before there was such a cap.
    """
    return None if lpr is None or multiple is None else multiple * lpr


@dataclass(frozen=True, slots=True)
class Penalty:
    """Penalty interest at one uplift (basis points of the contract rate), in fen."""

    uplift: int
    rate: Decimal  # percent a year, exact
    interest: int


def penalty(principal: int, contract_rate: int, days: int, uplift: int, year_days: int) -> Penalty:
    """Penalty interest on overdue principal: the contract rate raised by a share of itself (Yin Fa [2003] 251)."""
    rate = contract_rate * (_WHOLE + uplift)  # basis points of basis points
    interest = half_up(principal * rate * days, _WHOLE * _WHOLE * max(1, year_days))
    return Penalty(uplift, Decimal(rate).scaleb(-6), interest)


def double_interest(principal: int, days: int, daily: int) -> int:
    """What is added for paying a judgment late, in fen, at so many millionths a day (Fa Shi [2014] 8, article 1)."""
    return half_up(principal * daily * days, _FINE)
