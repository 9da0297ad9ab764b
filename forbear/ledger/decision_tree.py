"""The tree of a chunk's decisions: each is a leaf, and one entry of the ledger has the root.

A leaf is a decision's id and the digest of its row; both stay when the row is purged, so that the root can always be
worked out again.
"""

import base64
import datetime as dt
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import zip_longest
from typing import Any, Final, NamedTuple

from sqlalchemy import Row, text
from sqlmodel import Session

from forbear.base.compressed.submitted_facts import text_of
from forbear.ledger import merkle
from models.database.copy import copy_into

TABLE: Final = "decision_tree"
DIGEST_BYTES: Final = 32
_WRITTEN: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))  # made once: there are two in a decision
# What a decision's digest covers of its case version `v` and case `c`; of the facts, the JSON that was written.
VERSION_COLUMNS: Final = (
    "c.submitter, c.case_ref, v.case_id, v.number, v.facts AS submitted, v.private, v.content_mac, "
    "v.batch_id::text AS batch, v.created_at AS submitted_at"
)
_ROW = f"""
    SELECT d.id, d.case_version_id, d.pack_sha256, d.as_of, d.strategy, d.urgency, d.certain, d.engines_agree, d.body,
        d.valid_until, d.last_deadline, d.chunk_id, d.created_at, {VERSION_COLUMNS}, r.told, r.now
    FROM decision d LEFT JOIN case_version v ON v.id = d.case_version_id LEFT JOIN "case" c ON c.id = v.case_id
    LEFT JOIN resealed r ON r.subject = 'case_version:' || v.id
    WHERE d.body IS NOT NULL AND
"""  # noqa: S608 - text of ours
_ROWS = text(f"{_ROW} d.chunk_id = :chunk ORDER BY d.id")
_ONE = text(f"{_ROW} d.id = :decision")
_VERSIONS = text(f"""
    SELECT v.id, {VERSION_COLUMNS} FROM case_version v LEFT JOIN "case" c ON c.id = v.case_id
    WHERE v.id = ANY(CAST(:versions AS bigint[]))
""")  # noqa: S608 - text of ours
_TREES = text("SELECT chunk_id, ids, digests FROM decision_tree WHERE chunk_id = ANY(CAST(:chunks AS bigint[]))")


# What entries of :kinds after number :after are about, each decision of a chunk by itself: the first :scanned, and
# those of the last entry beyond that. Continued by the query that asks.
EVENTS: Final = """
    WITH entry AS (
        SELECT seq, at, kind, split_part(subject, ':', 2)::bigint AS row
        FROM ledger WHERE seq > :after AND kind = ANY(:kinds) ORDER BY seq LIMIT :scanned
    ), sized AS (
        SELECT entry.*, tree.ids, sum(coalesce(cardinality(tree.ids), 1)) OVER (ORDER BY seq)
            - coalesce(cardinality(tree.ids), 1) AS before
        FROM entry LEFT JOIN decision_tree tree ON entry.kind = 'decisions' AND tree.chunk_id = entry.row
    ), event AS (
        SELECT seq, at, CASE kind WHEN 'decisions' THEN 'decision' ELSE kind END AS kind,
            CASE kind WHEN 'decisions' THEN one ELSE row END AS row
        FROM sized LEFT JOIN unnest(ids) AS one ON true WHERE before < :scanned
    )
"""


def version_digest(version: Row[Any], submitted: str | None) -> bytes:
    """SHA-256 of what was submitted, of a row with VERSION_COLUMNS and its facts as JSON; None: there are none."""
    private = None if version.private is None else sha256(version.private).hexdigest()
    facts = None if submitted is None else sha256(submitted.encode()).hexdigest()
    told = (version.submitter, version.case_ref, version.case_id, version.number, facts, private)
    mac = None if version.content_mac is None else bytes(version.content_mac).hex()
    return _digest(*told, mac, str(version.batch), _moment(version.submitted_at))


def version_digests(session: Session, versions: Sequence[int]) -> dict[int, bytes]:
    """The same of some versions, by id."""
    rows = session.connection().execute(_VERSIONS, {"versions": list(versions)})
    return {row.id: version_digest(row, _submitted(session, row)) for row in rows}


def _submitted(session: Session, version: Row[Any]) -> str | None:
    """The facts of a row with VERSION_COLUMNS as JSON; None where there is no version, or nobody wrote them so."""
    try:
        return None if version.submitted is None else text_of(session, version.submitted)
    except ValueError:
        return None


class DigestedRow(NamedTuple):
    """What a decision's digest covers: the digest of the version it was made on, then its columns, its id aside."""

    version: bytes
    case_version_id: int
    pack_sha256: str
    as_of: dt.date
    strategy: str
    urgency: str
    certain: bool
    engines_agree: bool
    body: bytes
    valid_until: dt.date | None
    last_deadline: dt.date | None
    chunk_id: int
    created_at: dt.datetime


def decision_digest(row: DigestedRow) -> bytes:
    """SHA-256 of the row of a decision."""
    return _digest(*_told(row).values())


def _told(row: DigestedRow) -> dict[str, str | int | bool | None]:
    """What is digested of a decision, in this order: nothing that tells of the case to who does not have it."""
    return {
        "facts": base64.b64encode(row.version).decode(),
        "version": row.case_version_id,
        "pack": row.pack_sha256,
        "day": row.as_of.isoformat(),
        "strategy": row.strategy,
        "urgency": row.urgency,
        "certain": row.certain,
        "agree": row.engines_agree,
        "until": None if row.valid_until is None else row.valid_until.isoformat(),
        "deadline": None if row.last_deadline is None else row.last_deadline.isoformat(),
        "chunk": row.chunk_id,
        "decided_at": _moment(row.created_at),
        "outcome": base64.b64encode(sha256(row.body).digest()).decode(),
    }


def root(ids: Sequence[int], digests: bytes) -> bytes:
    """The root over decisions, given in ascending order, and the digest of each.

    Of ids and digests that somebody made unequally many, there is a root too, and it is another.
    """
    leaves = _leaves(ids, digests)
    return merkle.root(merkle.of_leaves(leaves), len(leaves))


@dataclass(frozen=True)
class DecisionProof:
    """That a decision is a leaf of its chunk's tree: its row as it is digested, and the path from it to the root."""

    chunk_id: int
    row: dict[str, str | int | bool | None]
    at: int
    size: int
    path: list[bytes]


def proof(session: Session, decision_id: int) -> DecisionProof | None:
    """The proof of a decision; None where it is in no tree."""
    row = session.connection().execute(_ONE, {"decision": decision_id}).one_or_none()
    if row is None:
        return None
    _, ids, digests = next(iter(_trees(session, [row.chunk_id])))
    at, tree = ids.index(decision_id), merkle.of_leaves(_leaves(ids, digests))
    leaf = parted(digests)[at]
    columns = next((each for each in _candidates(session, row) if decision_digest(each) == leaf), None)
    columns = columns or _columns(session, row)
    return DecisionProof(row.chunk_id, _told(columns), at, len(ids), merkle.inclusion(tree, at, len(ids)))


def plant(session: Session, chunk_id: int, leaves: Sequence[tuple[int, bytes]]) -> None:
    """Keep the tree of a chunk's decisions, given by id with their digests in ascending order."""
    ids = [each for each, _ in leaves]
    digests = b"".join(digest for _, digest in leaves)
    copy_into(session, TABLE, ("chunk_id", "ids", "digests"), [(chunk_id, ids, digests)])


def roots(session: Session, chunks: Iterable[Any]) -> dict[str, bytes]:
    """The roots of those of these trees that exist, by chunk as text."""
    return {str(chunk): root(ids, digests) for chunk, ids, digests in _trees(session, chunks)}


def differing(session: Session, chunk: int) -> Iterator[tuple[int, str]]:
    """Decisions of a tree that are not as it has them: ids, each with what is wrong, of which "missing" may be right.

    The tree itself is answered for by its entry; what is in no tree is found by who asks for what is unchained.
    """
    _, ids, digests = next(iter(_trees(session, [chunk])))
    known = dict(zip(ids, parted(digests), strict=True))
    for row in session.connection().execute(_ROWS, {"chunk": chunk}):
        digest = known.pop(row.id, None)
        if digest is not None and all(digest != decision_digest(each) for each in _candidates(session, row)):
            yield row.id, "changed"
    yield from ((each, "missing") for each in known)


def _leaves(ids: Sequence[int], digests: bytes) -> list[bytes]:
    each = zip_longest((one.to_bytes(8, "big", signed=True) for one in ids), parted(digests), fillvalue=b"")
    return [merkle.leaf_hash(one + digest) for one, digest in each]


def _candidates(session: Session, row: Row[Any]) -> Iterator[DigestedRow]:
    """What was digested of a row, as it is and as it was before its facts were sealed with other keys."""
    columns = _columns(session, row)
    yield columns
    if row.told is not None and bytes(row.now) == columns.version:
        yield from (columns._replace(version=each) for each in parted(bytes(row.told)))


def _columns(session: Session, row: Row[Any]) -> DigestedRow:
    columns = (getattr(row, name) for name in DigestedRow._fields[1:])
    return DigestedRow(version_digest(row, _submitted(session, row)), *columns)


def _trees(session: Session, chunks: Iterable[Any]) -> Iterator[tuple[int, list[int], bytes]]:
    found = session.connection().execute(_TREES, {"chunks": [str(each) for each in chunks]})
    return ((row.chunk_id, row.ids, bytes(row.digests)) for row in found)


def parted(digests: bytes) -> list[bytes]:
    """Digests that are kept one after the other."""
    return [digests[at : at + DIGEST_BYTES] for at in range(0, len(digests), DIGEST_BYTES)]


def _moment(at: dt.datetime | None) -> str | None:
    return None if at is None else at.astimezone(dt.UTC).isoformat(timespec="microseconds")


def _digest(*told: str | int | bool | None) -> bytes:
    return sha256(_WRITTEN.encode(told).encode()).digest()
