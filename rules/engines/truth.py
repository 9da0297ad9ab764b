"""Truth in Kleene's logic for all cases of a chunk at once: a row of bits for those it is true of, one for the false.

A row is a whole number with a bit a case: what Python does with two of them is one step for every case, whether they
are five hundred or a million. A case with neither bit is unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeAlias, TypeVar

from rules.pack.logic import conditions as c

# The cases it is true of, and those it is false of.
Truth: TypeAlias = tuple[int, int]
# What a leaf is, as it stands or denied.
OfLeaf: TypeAlias = Callable[[c.Leaf, bool], Truth]
NEVER_KNOWN: Final[Truth] = (0, 0)
_T = TypeVar("_T")


def truth(condition: c.Condition, leaf: OfLeaf, everywhere: int) -> Truth:
    """What a condition is, by its leaves; `everywhere` has the bits of all cases."""
    kind = condition.__class__
    if kind is c.All:
        true, false = everywhere, 0
        for child in condition.children:  # type: ignore[union-attr] # its class was compared
            one, other = truth(child, leaf, everywhere)
            true &= one
            false |= other
        return true, false
    if kind is c.Any:
        true, false = 0, everywhere
        for child in condition.children:  # type: ignore[union-attr] # as above
            one, other = truth(child, leaf, everywhere)
            true |= one
            false &= other
        return true, false
    if isinstance(condition, c.Not):
        child = condition.child
        if isinstance(child, c.All | c.Any | c.Not):
            return denied(truth(child, leaf, everywhere))
        return leaf(child, False)
    return leaf(condition, True)  # type: ignore[arg-type] # what is neither of these is a leaf


def denied(of: Truth) -> Truth:
    """The contrary."""
    return of[1], of[0]


def told(of: Truth, row: int) -> bool | None:
    """What it is for one case."""
    return True if of[0] >> row & 1 else False if of[1] >> row & 1 else None


def rows(bits: int) -> Iterator[int]:
    """The cases whose bits are set, in order."""
    written = bin(bits)[:1:-1]  # the first case first
    row = written.find("1")
    while row >= 0:
        yield row
        row = written.find("1", row + 1)


def by_case(named: Iterable[tuple[_T, int]], height: int) -> list[tuple[_T, ...]]:
    """For each of `height` cases the names whose bit is set, in the order of the names."""
    cases: list[list[_T]] = [[] for _ in range(height)]
    for name, bits in named:
        if bits:
            for row in rows(bits):
                cases[row].append(name)
    return [tuple(case) for case in cases]
