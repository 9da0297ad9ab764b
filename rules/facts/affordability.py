"""What may be offered on one debt a month: the capacity, or what of it falls to the debt beside others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from rules.facts.case_facts import number
from rules.facts.cells import Value
from rules.finance.pro_rata import offer

Facts = Mapping[str, Value]


def means(facts: Facts, capacity: str = "capacity", *, shared: bool = False) -> int | None:
    """What can go into this debt a month, in fen: the capacity, or its share where there are other debts to pay."""
    return _share(facts, capacity) if shared or has_others(facts) else number(facts, capacity)


class Offered(NamedTuple):
    """What may be offered on a debt a month, what of it is left if income falls, and what is offered first."""

    most: int | None
    stressed: int | None
    first: int | None


def offered(facts: Facts, part: int | None, *, shared: bool = False) -> Offered:
    """All of it at once, as `payable` and `steady` have it; where no part is said, what bears a fall of income."""
    whole, stressed = (means(facts, name, shared=shared) for name in ("capacity", "capacity_stressed"))
    most = stressed if facts.get("outgoings_implausible") is True else whole
    if part is None:
        return Offered(most, stressed, stressed)
    if most is None:
        return Offered(most, stressed, None)
    return Offered(most, stressed, stressed if stressed and stressed < most else most * part // 10_000)


def payable(facts: Facts, *, shared: bool = False) -> int | None:
    """What may be offered on this debt a month: its means, or, while living costs look too low, those under stress."""
    return offered(facts, None, shared=shared).most


def steady(facts: Facts, part: int, *, shared: bool = False) -> int | None:
    """What is offered first: what bears a further fall of income, or, where nothing does, a part of what is payable.

    `part` in basis points. Never all of it where that leaves no room.
    """
    return offered(facts, part, shared=shared).first


def has_others(facts: Facts) -> bool:
    """Whether other debts are known that the capacity has to pay too."""
    balance, total = number(facts, "balance"), number(facts, "debts_total")
    return _other(facts) > 0 or (balance or 0) < (total or 0)


def _other(facts: Facts) -> int:
    """What is due each month on the debts that share: a home loan of the borrower is paid before them."""
    return max(0, (number(facts, "other_debt_payments") or 0) - (number(facts, "home_dues") or 0))


def _share(facts: Facts, capacity: str) -> int | None:
    """This debt's part of a capacity: by the balances of all the borrower's debts, else by what is due in a month.

    Unlike debt_capacity, which rules look at, it may be asked of either capacity, and of a debt that is alone.
    """
    whole = number(facts, capacity)
    if whole is None:
        return None
    before, balance, total = (number(facts, name) for name in ("debts_before", "balance", "debts_total"))
    if before is not None and balance is not None and total is not None:
        return min(whole, offer(whole, before, balance, total))
    due, other = number(facts, "monthly_due"), _other(facts)
    if due is None or "other_debt_payments" not in facts or due + other == 0:
        return None
    return whole * due // (due + other)
