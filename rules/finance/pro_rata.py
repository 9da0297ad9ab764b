"""Pro-rata offers: one capacity divided over several debts, to the fen."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate


def offers(capacity: int, balances: Sequence[int]) -> tuple[int, ...]:
    """What each debt gets, in fen: within one fen of its exact part of all balances, never more than its balance.

    The sum is exactly the capacity, or all balances where the capacity is more.
    """
    total = sum(balances)
    before = accumulate(balances, initial=0)
    return tuple(offer(capacity, ahead, balance, total) for ahead, balance in zip(before, balances, strict=False))


def offer(capacity: int, before: int, balance: int, total: int) -> int:
    """What one debt gets of the capacity, where the debts ahead of it in the order add up to `before`.

    What rounding leaves over is carried from debt to debt. So a debt's offer can be told from two sums, without
    knowing the other debts one by one, and the offers still add up to the capacity.
    """
    shared = min(capacity, total)
    if shared <= 0:
        return 0
    return shared * (before + balance) // total - shared * before // total
