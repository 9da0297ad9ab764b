"""Dividing an amount among debts to the fen: pro rata, the smallest first, or equal shares.

Each way says which debt the next fen goes to; what is here comes to the same at once. So nobody loses by there being
more to divide, and the order in which the debts are told does not matter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Way: TypeAlias = Literal["pro_rata", "smallest_first", "equal"]


@dataclass(frozen=True, slots=True, order=True)
class Claim:
    """What a debt can take, in fen: never more than all of it, and first of all its least.

    Claims stand in the order of their amounts, then of their keys, which tell them apart.
    """

    whole: int
    key: str
    least: int = 0

    def __post_init__(self) -> None:
        """Refuse what is no claim."""
        if not 0 <= self.least <= self.whole:
            raise ValueError(f"the least of a claim of {self.whole} fen cannot be {self.least}")


def divide(amount: int, claims: Sequence[Claim], way: Way) -> dict[str, int]:
    """What each claim gets of an amount, in fen, by its key; together the amount, or all claims where that is less.

    Where the amount covers the least of every claim each gets that, whatever the way. Where it does not, no claim has
    a least: the way alone says who gets what.
    """
    ordered = sorted(claims)
    if len({each.key for each in ordered}) < len(ordered):
        raise ValueError("two claims have one key")
    covered = sum(each.least for each in ordered) <= amount
    least = [each.least if covered else 0 for each in ordered]
    shared = max(0, min(amount, sum(each.whole for each in ordered)))
    given = _WAYS[way](shared, [each.whole for each in ordered], least)
    return {each.key: share for each, share in zip(ordered, given, strict=True)}


def _pro_rata(amount: int, wholes: list[int], least: list[int]) -> list[int]:
    """The next fen goes to whoever has most behind each fen then given (the highest averages of d'Hondt).

    So every debt without a least is within a few fen of its exact part.
    """
    scale = max(wholes, default=0) + 1

    def at(divisor: int) -> list[int]:
        return [max(low, whole * scale // divisor) for whole, low in zip(wholes, least, strict=True)]

    given = at(_first(lambda divisor: sum(at(divisor)) <= amount, scale, scale * scale))
    for _ in range(amount - sum(given)):
        best = 0
        for each in range(1, len(given)):  # of equals the first one
            if wholes[each] * (given[best] + 1) > wholes[best] * (given[each] + 1):
                best = each
        given[best] += 1
    return given


def _smallest_first(amount: int, wholes: list[int], least: list[int]) -> list[int]:
    """The next fen goes to the smallest debt that is not paid yet."""
    left, given = amount - sum(least), []
    for whole, low in zip(wholes, least, strict=True):
        more = min(left, whole - low)
        left -= more
        given.append(low + more)
    return given


def _equal(amount: int, wholes: list[int], least: list[int]) -> list[int]:
    """The next fen goes to whoever has got least."""

    def at(level: int) -> list[int]:
        return [max(low, min(whole, level)) for whole, low in zip(wholes, least, strict=True)]

    level = _first(lambda level: sum(at(level + 1)) > amount, 0, max(wholes, default=0))
    given = at(level)
    for each, whole in enumerate(wholes):
        if sum(given) < amount and given[each] == level < whole:
            given[each] += 1
    return given


def _first(holds: Callable[[int], bool], low: int, high: int) -> int:
    """The first number from `low` on for which it holds; `high` where it holds for none before."""
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle + 1, high)
    return low


_WAYS: Final[Mapping[Way, Callable[[int, list[int], list[int]], list[int]]]] = {
    "pro_rata": _pro_rata,
    "smallest_first": _smallest_first,
    "equal": _equal,
}
WAYS: Final[tuple[Way, ...]] = tuple(_WAYS)
