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
_APART: Final = 32  # cases for each set of names that is kept together,
_MOST: Final = 64  # of which there are no more than so many


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
    """For each of `height` cases the names whose bit is set, in the order of the names.

    As long as few cases are told apart they are kept together, the rest is listed one by one.
    """
    together: list[tuple[int, list[_T]]] = [((1 << height) - 1, [])] if height else []
    most, left = min(height // _APART, _MOST), iter(named)
    for name, bits in left:
        if bits:
            together = _parted(together, name, bits)
            if len(together) > most:
                break
    cases: list[tuple[_T, ...]] = [()] * height
    for some, names in together:
        same = tuple(names)
        for row in rows(some):
            cases[row] = same
    if len(together) <= most:
        return cases
    apart = [[*case] for case in cases]
    for name, bits in left:
        if bits:
            for row in rows(bits):
                apart[row].append(name)
    return [tuple(case) for case in apart]


def _parted(together: Iterable[tuple[int, list[_T]]], name: _T, bits: int) -> list[tuple[int, list[_T]]]:
    """Cases that had the same names, told apart by one more."""
    found = []
    for some, names in together:
        with_it = some & bits
        if with_it and with_it != some:
            found.append((some ^ with_it, names))
            some, names = with_it, [*names]
        if with_it:
            names.append(name)
        found.append((some, names))
    return found
