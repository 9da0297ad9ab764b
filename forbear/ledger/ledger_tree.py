"""The tree over all entries of the ledger, in their order: what a checkpoint signs and a receipt is proved by.

Whoever appends entries adds their nodes, under the same lock. Entries of before there was a tree get theirs then.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import text
from sqlmodel import Session

from forbear.ledger import merkle
from models.database.copy import copy_into

_BLOCK: Final = 5000  # entries read at once
_AS_TEXT: Final = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode
_NODE = text("SELECT hash FROM ledger_node WHERE level = :level AND at = :at")
_NODES = text("""
    SELECT level, at, hash FROM ledger_node JOIN unnest(CAST(:levels AS smallint[]), CAST(:ats AS bigint[]))
        AS asked (level, at) USING (level, at)
""")
# Of nodes that follow one another on a level: how many there are, and a hash over them if each is one.
_RUNS = text("""
    SELECT asked.level, count(*) AS nodes, bool_and(octet_length(hash) = 32) AS whole,
        sha256(string_agg(hash, '' ORDER BY at)) AS digest
    FROM unnest(CAST(:levels AS smallint[]), CAST(:firsts AS bigint[]), CAST(:lasts AS bigint[]))
        AS asked (level, first, last)
    JOIN ledger_node ON ledger_node.level = asked.level AND at BETWEEN first AND last
    GROUP BY asked.level
""")
_SIZE = text("SELECT coalesce(max(at) + 1, 0) FROM ledger_node WHERE level = 0")
_ENTRIES = text("""
    SELECT seq, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"') AS at, actor, kind, subject,
        detail, digest
    FROM ledger WHERE seq > :after AND seq <= :last ORDER BY seq LIMIT :size
""")


class MissingNodeError(LookupError):
    """A node of the tree is not stored: somebody took it away."""


def leaf_of(
    seq: int, at: str, actor: str, kind: str, subject: str, detail: dict[str, Any], digest: bytes | None
) -> bytes:
    """What is hashed of an entry as a leaf; `at` as 2026-11-23T08:00:00.000000+00:00."""
    return _AS_TEXT(["entry", seq, at, actor, kind, subject, detail, None if digest is None else digest.hex()]).encode()


def size(session: Session) -> int:
    """How many entries are in the tree."""
    return int(session.connection().execute(_SIZE).scalar_one())


def nodes(session: Session) -> merkle.Node:
    """The tree as it is stored. What is asked for and not there raises MissingNodeError."""
    known: dict[tuple[int, int], bytes] = {}

    def node(level: int, at: int) -> bytes:
        if (level, at) not in known:
            found = session.connection().execute(_NODE, {"level": level, "at": at}).scalar_one_or_none()
            if found is None:
                raise MissingNodeError(f"node {at} of level {level}")
            known[level, at] = bytes(found)
        return known[level, at]

    return node


def grow(session: Session, before: int, leaves: Sequence[bytes] = ()) -> None:
    """Add the entries that follow number `before`, and those before it that are missing. Called under the head's lock.

    Onto a tree that somebody changed nothing is added: an audit names that, and work goes on meanwhile.
    """
    stored = size(session)
    try:
        while stored < before:
            asked = {"after": stored, "last": before, "size": _BLOCK}
            rows = session.connection().execute(_ENTRIES, asked).all()
            if [row.seq for row in rows] != list(range(stored + 1, stored + len(rows) + 1)) or not rows:
                return
            _add(session, stored, [leaf_of(*row) for row in rows])
            stored += len(rows)
        if stored == before:
            _add(session, before, leaves)
    except MissingNodeError:
        return


def frontier(session: Session, size: int) -> list[bytes | None]:
    """The complete subtrees at the end of the first `size` leaves, by level, read at once: others wait meanwhile."""
    asked = [(level, (size >> level) - 1) for level in range(size.bit_length()) if size >> level & 1]
    stored = _stored(session, asked)
    if len(stored) < len(asked):
        raise MissingNodeError(f"a node at the end of {size} entries")
    return [stored.get((level, (size >> level) - 1)) for level in range(size.bit_length())]


def grown(waiting: list[bytes | None], before: int, leaves: Iterable[bytes]) -> Iterator[tuple[int, int, bytes]]:
    """The nodes that leaves complete behind a frontier, which is brought up to them."""
    for at, data in enumerate(leaves, before):
        yield from merkle.completed(waiting, merkle.leaf_hash(data), at)


def differing(session: Session, made: Sequence[tuple[int, int, bytes]]) -> Iterator[tuple[int, int]]:
    """Nodes that are stored otherwise than they should be, or not at all, as (level, at), of those of some entries."""
    if _as_stored(session, made):
        return iter(())
    stored = _stored(session, [(level, at) for level, at, _ in made])
    return ((level, at) for level, at, found in made if stored.get((level, at)) != found)


def _as_stored(session: Session, made: Sequence[tuple[int, int, bytes]]) -> bool:
    """Whether all of them are, by one hash a level: so a million entries have not two million nodes sent."""
    levels: dict[int, list[tuple[int, bytes]]] = defaultdict(list)
    for level, at, found in made:
        levels[level].append((at, found))
    runs = {
        level: (len(run), True, sha256(b"".join(each for _, each in run)).digest()) for level, run in levels.items()
    }
    values = {
        "levels": list(levels),
        "firsts": [run[0][0] for run in levels.values()],
        "lasts": [run[-1][0] for run in levels.values()],
    }
    rows = session.connection().execute(_RUNS, values)
    return {row.level: (row.nodes, row.whole, bytes(row.digest)) for row in rows} == runs


def _stored(session: Session, asked: Sequence[tuple[int, int]]) -> dict[tuple[int, int], bytes]:
    """Those of these nodes that are stored, by (level, at)."""
    values = {"levels": [level for level, _ in asked], "ats": [at for _, at in asked]}
    return {(row.level, row.at): bytes(row.hash) for row in session.connection().execute(_NODES, values)}


def _add(session: Session, before: int, leaves: Sequence[bytes]) -> None:
    if leaves:
        copy_into(session, "ledger_node", ("level", "at", "hash"), grown(frontier(session, before), before, leaves))
