"""Portfolio: what was given of every case on the desk as it was decided last, for whoever asks about another policy.

It is kept as columns, in blocks of some chunks; upkeep packs what has been decided since, and packs anew what is hardly
current any more. What is not packed is read from its rows, so what is read is always all, and always of now.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import Row, text
from sqlmodel import Session

from forbear.base.compressed.submitted_facts import facts_in
from forbear.base.packs import UnreadablePackError, stored_pack
from forbear.batch import decision_body
from forbear.ledger.unit_of_work import Work
from rules.decision.whatif.given import Given, slices

PACKED_AT_ONCE = 10_000  # decisions packed in one transaction
LEAST = 2_000  # decisions worth a block; fewer wait for more
_LOOKED_AT = 20  # blocks looked through in one turn
_READ = 2_000  # rows read at once
# Whoever packs and whoever purges take turns: no block may hold a case that is being deleted.
_LOCK = text("SELECT pg_advisory_xact_lock(hashtext('forbear.portfolio'))")
_UNPACKED = text("""
    SELECT c.id, cardinality(c.case_version_ids) AS cases FROM chunk c
    WHERE c.status = 'done' AND NOT EXISTS (SELECT FROM portfolio_chunk p WHERE p.chunk_id = c.id) ORDER BY c.id
""")
_ROWS = text(f"""
    SELECT w.case_id, d.id AS decision, {decision_body.COLUMNS}
    FROM decision d JOIN desk_case w ON w.decision_id = d.id JOIN case_version v ON v.id = d.case_version_id
    WHERE d.chunk_id = ANY(:chunks) ORDER BY d.pack_sha256, d.id
""")  # noqa: S608 - text of ours
_NEW_BLOCK = text("""
    INSERT INTO portfolio_block (cases, first_decision, last_decision, columns, looked_at)
    VALUES (:cases, :first, :last, :columns, :now) RETURNING id
""")
_NEW_CHUNKS = text("INSERT INTO portfolio_chunk (chunk_id, block_id) SELECT unnest(CAST(:chunks AS bigint[])), :block")
_BLOCKS = text("SELECT id FROM portfolio_block WHERE cases > 0 ORDER BY last_decision DESC, id")
_BLOCK = text("SELECT first_decision, last_decision, columns FROM portfolio_block WHERE id = :block")
_CURRENT = text("SELECT array_agg(decision_id) FROM desk_case WHERE decision_id BETWEEN :first AND :last")
_CASES = text("SELECT count(*) FROM desk_case WHERE decision_id IS NOT NULL")
_REFERENCES = text("SELECT case_id, case_ref FROM desk_case WHERE case_id = ANY(:cases)")
_LOOKED = text("""
    UPDATE portfolio_block SET looked_at = :now WHERE id IN (
        SELECT id FROM portfolio_block WHERE cases > 0 ORDER BY looked_at, id LIMIT :blocks
    ) RETURNING id
""")
# A block that is less than half current is dropped: its chunks are packed anew, with what of them is current.
_DROP = text("""
    DELETE FROM portfolio_block b WHERE id = ANY(:blocks) AND 2 * (
        SELECT count(*) FROM portfolio_chunk p JOIN decision d ON d.chunk_id = p.chunk_id
        JOIN desk_case w ON w.decision_id = d.id WHERE p.block_id = b.id
    ) < b.cases RETURNING id
""")
_FORGET = text("""
    DELETE FROM portfolio_block WHERE id IN (
        SELECT p.block_id FROM case_version v JOIN decision d ON d.case_version_id = v.id
        JOIN portfolio_chunk p ON p.chunk_id = d.chunk_id WHERE v.case_id = ANY(:cases)
    )
""")


def count(session: Session) -> int:
    """How many cases on the desk have a decision."""
    return int(session.connection().execute(_CASES).scalar_one())


def read(session: Session, at_once: int, most: int | None = None) -> Iterator[Given]:
    """The cases on the desk in slices of about so many: all, or so many of those that were decided last."""
    left = most
    for each in slices(_parts(session), at_once):
        part = each if left is None else each.first(left)
        yield part
        if left is not None:
            left -= part.height
            if left <= 0:
                return


def references(session: Session, cases: Sequence[int]) -> list[str]:
    """The submitters' references of cases, in their order."""
    found = known(session, cases)
    return [found[case] for case in cases]


def known(session: Session, cases: Sequence[int]) -> dict[int, str]:
    """The references of those cases that are on the desk, by id."""
    return {row.case_id: row.case_ref for row in session.connection().execute(_REFERENCES, {"cases": list(cases)})}


def pack(work: Work) -> int:
    """Pack some of what has been decided since, where that is enough for a block; answers how many decisions it was."""
    connection = work.session.connection()
    connection.execute(_LOCK)
    waiting = connection.execute(_UNPACKED).all()
    if sum(row.cases for row in waiting) < LEAST:
        return 0
    chunks = next(_groups(waiting, PACKED_AT_ONCE))
    parts = Given.joined(list(_of_rows(work.session, chunks)))
    ends = [end for part in parts for end in part.decisions]
    values = {
        "cases": sum(part.height for part in parts),
        "first": min(ends, default=0),
        "last": max(ends, default=0),
        "columns": [part.packed() for part in parts],
        "now": work.now,
    }
    block = connection.execute(_NEW_BLOCK, values).scalar_one()
    connection.execute(_NEW_CHUNKS, {"chunks": [chunk.id for chunk in chunks], "block": block})
    return sum(chunk.cases for chunk in chunks)


def look_through(work: Work) -> int:
    """See to some blocks, those first that were looked at longest ago; answers how many are to be packed anew."""
    connection = work.session.connection()
    connection.execute(_LOCK)
    looked = connection.execute(_LOOKED, {"now": work.now, "blocks": _LOOKED_AT}).scalars().all()
    return len(connection.execute(_DROP, {"blocks": list(looked)}).all())


def forget(session: Session, cases: Sequence[int]) -> None:
    """Delete what is kept of these cases, and of others beside them, before their decisions are deleted."""
    session.connection().execute(_LOCK)
    session.connection().execute(_FORGET, {"cases": list(cases)})


def _parts(session: Session) -> Iterator[Given]:
    """What is not packed, which was decided last, then block by block back in time; of each what is current."""
    connection = session.connection()
    unpacked = connection.execute(_UNPACKED).all()
    for chunks in _groups(unpacked[::-1], _READ):
        yield from _of_rows(session, chunks)
    for block in connection.execute(_BLOCKS).scalars().all():
        row = connection.execute(_BLOCK, {"block": block}).one()
        current = connection.execute(_CURRENT, {"first": row.first_decision, "last": row.last_decision}).scalar_one()
        for body in row.columns:
            yield Given.unpacked(body).decided_by(current or ())


def _groups(chunks: Iterable[Row[Any]], cases: int) -> Iterator[list[Row[Any]]]:
    """Chunks put together until they are so many cases, or the last ones."""
    group: list[Row[Any]] = []
    for chunk in chunks:
        group.append(chunk)
        if sum(each.cases for each in group) >= cases:
            yield group
            group = []
    if group:
        yield group


def _of_rows(session: Session, chunks: Iterable[Row[Any]]) -> Iterator[Given]:
    rows = session.connection().execute(_ROWS, {"chunks": [chunk.id for chunk in chunks]}).all()
    for sha256, of_pack in groupby(rows, key=lambda row: row.pack_sha256):
        try:
            made_by = stored_pack(session, sha256)
        except UnreadablePackError:
            made_by = None
        facts = (
            (row.case_id, row.decision, decision_body.recorded(session, row, facts_in(session, row.submitted)))
            for row in of_pack
        )
        yield Given.of(made_by, ((case, decision, made.facts) for case, decision, made in facts))
