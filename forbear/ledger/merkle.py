"""Merkle trees as RFC 9162 (section 2.1) has them: roots, proofs that a leaf is in one, and that one grew from another.

A tree is given as the roots of its complete subtrees: `node(level, at)` is that over the 2**level leaves from
at * 2**level on. So it may stand in memory or in a table, and a proof reads a few dozen of them however large it is.
"""

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from typing import TypeAlias

Node: TypeAlias = Callable[[int, int], bytes]
EMPTY = sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf."""
    return sha256(b"\x00" + data).digest()


def parent(left: bytes, right: bytes) -> bytes:
    """The hash over two nodes."""
    return sha256(b"\x01" + left + right).digest()


def completed(frontier: list[bytes | None], leaf: bytes, at: int) -> Iterable[tuple[int, int, bytes]]:
    """The nodes that a leaf completes as number `at` of a tree, as (level, at, hash), itself first.

    `frontier` has at each level the complete subtree that waits for its right neighbour, and is brought up to it.
    """
    level, found = 0, leaf
    yield level, at, found
    while at & 1:
        left = frontier[level]
        if left is None:
            raise ValueError("a frontier that is not of this tree")
        frontier[level] = None
        level, at, found = level + 1, at >> 1, parent(left, found)
        yield level, at, found
    frontier.extend([None] * (level + 1 - len(frontier)))
    frontier[level] = found


def of_leaves(leaves: Sequence[bytes]) -> Node:
    """The nodes of a tree with these leaf hashes."""
    levels = [list(leaves)]
    while len(levels[-1]) > 1:
        below = levels[-1]
        levels.append([parent(below[at], below[at + 1]) for at in range(0, len(below) - 1, 2)])
    return lambda level, at: levels[level][at]


def root(node: Node, size: int) -> bytes:
    """MTH of the first `size` leaves."""
    return _over(node, 0, size) if size else EMPTY


def inclusion(node: Node, at: int, size: int) -> list[bytes]:
    """PATH: what leaf `at` is hashed with, one after the other, to come to the root over `size` leaves."""
    if not 0 <= at < size:
        raise ValueError(f"there is no leaf {at} in a tree of {size}")
    return _path(node, at, 0, size)


def included(leaf: bytes, at: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root that a path leads to from a leaf hash (section 2.1.3.2); None for one of another length."""
    if not 0 <= at < size:
        return None
    first, last, found = at, size - 1, leaf
    for step in path:
        if last == 0:
            return None
        if first & 1 or first == last:
            found = parent(step, found)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            found = parent(found, step)
        first, last = first >> 1, last >> 1
    return found if last == 0 else None


def consistency(node: Node, old: int, size: int) -> list[bytes]:
    """PROOF: that a tree of `size` leaves begins with the `old` ones of an earlier root."""
    if not 0 < old <= size:
        raise ValueError(f"a tree of {size} did not grow from one of {old}")
    return _subproof(node, old, 0, size, whole=True)


def consistent(old: int, old_root: bytes, size: int, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether a proof shows that the tree of one root grew from that of another (section 2.1.4.2)."""
    if old == size:
        return not proof and old_root == new_root
    if not 0 < old < size or not proof:
        return False
    steps = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    first, last = old - 1, size - 1
    while first & 1:
        first, last = first >> 1, last >> 1
    before = after = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if first & 1 or first == last:
            before, after = parent(step, before), parent(step, after)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            after = parent(after, step)
        first, last = first >> 1, last >> 1
    return last == 0 and before == old_root and after == new_root


def _split(size: int) -> int:
    """The largest power of two below a size."""
    return 1 << ((size - 1).bit_length() - 1)


def _over(node: Node, start: int, end: int) -> bytes:
    size = end - start
    level = size.bit_length() - 1
    if size == 1 << level:
        return node(level, start >> level)
    middle = start + _split(size)
    return parent(_over(node, start, middle), _over(node, middle, end))


def _path(node: Node, at: int, start: int, end: int) -> list[bytes]:
    if end - start == 1:
        return []
    middle = start + _split(end - start)
    if at < middle:
        return [*_path(node, at, start, middle), _over(node, middle, end)]
    return [*_path(node, at, middle, end), _over(node, start, middle)]


def _subproof(node: Node, old: int, start: int, end: int, *, whole: bool) -> list[bytes]:
    if old == end - start:
        return [] if whole else [_over(node, start, end)]
    middle = start + _split(end - start)
    if old <= middle - start:
        return [*_subproof(node, old, start, middle, whole=whole), _over(node, middle, end)]
    return [*_subproof(node, old - (middle - start), middle, end, whole=False), _over(node, start, middle)]
