"""Roots and proofs are those of RFC 9162, read a second time word for word, and nothing else is taken for one."""

from hashlib import sha256

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pymerkle import InmemoryTree  # type: ignore[import-untyped]

from forbear.ledger import merkle

SIZES = st.integers(1, 70)


def leaves(size: int) -> list[bytes]:
    return [merkle.leaf_hash(str(number).encode()) for number in range(size)]


def by_the_rfc(data: list[bytes]) -> bytes:
    """MTH of section 2.1.1, of leaf hashes."""
    if len(data) < 2:
        return data[0] if data else sha256(b"").digest()
    k = 1
    while k * 2 < len(data):
        k *= 2
    return sha256(b"\x01" + by_the_rfc(data[:k]) + by_the_rfc(data[k:])).digest()


@given(st.integers(0, 130))
def test_the_root_is_that_of_the_rfc(size: int) -> None:
    assert merkle.root(merkle.of_leaves(leaves(size)), size) == by_the_rfc(leaves(size))


@given(SIZES, st.integers(0, 200))
def test_a_tree_that_grew_leaf_by_leaf_is_the_same(size: int, more: int) -> None:
    """The nodes that a table keeps, for every size that it had on the way."""
    kept: dict[tuple[int, int], bytes] = {}
    frontier: list[bytes | None] = []
    for at, leaf in enumerate(leaves(size)):
        for level, number, found in merkle.completed(frontier, leaf, at):
            assert (level, number) not in kept
            kept[level, number] = found
        assert len(frontier) == (at + 1).bit_length()  # as the ledger's tree reads it back
        assert merkle.root(lambda level, number: kept[level, number], at + 1) == by_the_rfc(leaves(at + 1))


@given(SIZES, st.data())
def test_every_leaf_is_included_and_at_its_own_place_only(size: int, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, size - 1))
    node, leaf = merkle.of_leaves(leaves(size)), leaves(size)[at]
    path, root = merkle.inclusion(node, at, size), by_the_rfc(leaves(size))
    assert merkle.included(leaf, at, size, path) == root
    assert len(path) <= (size - 1).bit_length()
    other = data.draw(st.integers(0, size - 1).filter(lambda each: each != at) if size > 1 else st.just(1))
    assert merkle.included(leaf, other, size, path) != root
    assert merkle.included(merkle.leaf_hash(b"x"), at, size, path) != root
    for wrong in (path[1:], [*path, leaf], path[:-1], [leaf, *path], path[::-1]):
        if wrong != path:
            assert merkle.included(leaf, at, size, wrong) != root
    if path:
        assert merkle.included(leaf, at, size, path[:-1]) is None  # it leads nowhere near the root
    for nowhere in (-1, size):
        assert merkle.included(leaf, nowhere, size, path) is None
        with pytest.raises(ValueError, match="no leaf"):
            merkle.inclusion(node, nowhere, size)


@given(SIZES, st.data())
def test_a_tree_is_consistent_with_what_it_grew_from_and_nothing_else(size: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, size))
    before, after = by_the_rfc(leaves(old)), by_the_rfc(leaves(size))
    proof = merkle.consistency(merkle.of_leaves(leaves(size)), old, size)
    assert merkle.consistent(old, before, size, after, proof)
    other = data.draw(st.integers(1, size))
    assume(other != old)
    assert not merkle.consistent(other, before, size, after, proof)
    assert not merkle.consistent(old, by_the_rfc(leaves(other)), size, after, proof)
    assert not merkle.consistent(old, before, size, before, proof) or before == after
    for wrong in (proof[1:], [*proof, before], proof[:-1], [before, *proof], proof[::-1]):
        if wrong != proof:
            assert not merkle.consistent(old, before, size, after, wrong)


@pytest.mark.parametrize(("old", "size"), [(0, 3), (4, 3), (-1, 3)])
def test_nothing_grew_from_what_it_is_not(old: int, size: int) -> None:
    with pytest.raises(ValueError, match="did not grow"):
        merkle.consistency(merkle.of_leaves(leaves(size)), old, size)
    assert not merkle.consistent(old, b"", size, b"", [b""])


def test_a_frontier_of_another_tree_is_refused() -> None:
    with pytest.raises(ValueError, match="not of this tree"):
        list(merkle.completed([None], b"", 1))


@given(st.integers(1, 300), st.data())
def test_another_library_makes_the_same_roots_and_proofs(size: int, data: st.DataObject) -> None:
    tree = InmemoryTree(algorithm="sha256")
    for number in range(size):
        tree.append_entry(str(number).encode())
    node = merkle.of_leaves(leaves(size))
    at, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    assert tree.get_root() == merkle.root(node, size)
    assert tree.get_root(old) == merkle.root(node, old)
    _, *path = tree.prove_inclusion(at + 1, size).serialize()["path"]  # it counts from 1 and begins with the leaf
    assert path == [each.hex() for each in merkle.inclusion(node, at, size)]
    proof = merkle.consistency(node, old, size)
    assert merkle.consistent(old, tree.get_root(old), size, tree.get_root(size), proof)
