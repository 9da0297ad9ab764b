"""The tree of a chunk's decisions is that of RFC 9162, and its root answers for every byte under it."""

import base64
import datetime as dt
import json
from hashlib import sha256
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from forbear.ledger import decision_tree, merkle
from forbear.ledger.decision_tree import DigestedRow
from models.database.session import session
from tests.forbear.ledger.test_audit import faults
from tests.support.desk.cases import VAULT, accepted, decided, engine_of, many, submitted, triaged

# As an id somebody may have put there any whole number that the database has room for.
LEAVES = st.lists(st.tuples(st.integers(-(2**63), 2**63 - 1), st.binary(min_size=32, max_size=32)), max_size=40)


def by_the_rfc(data: list[bytes]) -> bytes:
    """MTH of RFC 9162, section 2.1.1, word for word."""
    if not data:
        return sha256(b"").digest()
    if len(data) == 1:
        return sha256(b"\x00" + data[0]).digest()
    k = 1
    while k * 2 < len(data):
        k *= 2
    return sha256(b"\x01" + by_the_rfc(data[:k]) + by_the_rfc(data[k:])).digest()


@given(LEAVES)
def test_the_root_is_that_of_the_rfc(leaves: list[tuple[int, bytes]]) -> None:
    data = [one.to_bytes(8, "big", signed=True) + digest for one, digest in leaves]
    digests = b"".join(digest for _, digest in leaves)
    assert decision_tree.root([one for one, _ in leaves], digests) == by_the_rfc(data)


@given(LEAVES, st.data())
def test_another_byte_id_order_or_length_is_another_root(leaves: list[tuple[int, bytes]], data: st.DataObject) -> None:
    ids, digests = [one for one, _ in leaves], b"".join(digest for _, digest in leaves)
    others = data.draw(st.lists(st.integers(0, 2**63 - 1), max_size=40))
    other = data.draw(st.one_of(st.binary(max_size=200), st.just(digests)))
    assume((others, other) != (ids, digests))
    assert decision_tree.root(others, other) != decision_tree.root(ids, digests)


def test_what_is_digested_is_what_was_written(database_url: str) -> None:
    """The worker makes the digests of what it writes, an audit those of what it reads: each of these columns counts."""
    decided(database_url, [accepted(1, "A", phone="13812345678"), accepted(2, "B")], VAULT)
    with psycopg.connect(database_url) as connection:
        ((chunk,),) = connection.execute("SELECT chunk_id FROM decision_tree").fetchall()
    with engine_of(database_url) as engine, session(engine) as opened:
        assert list(decision_tree.differing(opened, chunk)) == []
    changes = {
        "decision": {
            "case_version_id": "case_version_id + 9",
            "pack_sha256": "'x'",
            "as_of": "as_of + 1",
            "strategy": "'x'",
            "urgency": "'U0'",
            "certain": "NOT certain",
            "engines_agree": "NOT engines_agree",
            "body": "body || 'x'",
            "valid_until": "NULL",
            "last_deadline": "as_of",
            "created_at": "created_at + interval '1 microsecond'",
        },
        "case_version": {
            "case_id": "case_id + 9",
            "number": "number + 1",
            "facts": "facts || '{\"a\": 1}'",
            "private": "'x'",
            "content_mac": "'x'",
            "batch_id": "gen_random_uuid()",
            "created_at": "created_at + interval '1 microsecond'",
        },
        '"case"': {"submitter": "'x'", "case_ref": "'x'"},
    }
    written = [(table, column, value) for table, columns in changes.items() for column, value in columns.items()]
    for table, column, value in written:
        with engine_of(database_url) as engine, session(engine) as opened:
            changing = opened.connection()
            changing.exec_driver_sql("SET session_replication_role = replica")
            changing.exec_driver_sql(f"UPDATE {table} SET {column} = {value} WHERE id = 1")  # noqa: S608
            assert list(decision_tree.differing(opened, chunk)) == [(1, "changed")], (table, column, value)
            opened.rollback()


def test_a_decision_that_is_in_no_tree_has_not_changed(database_url: str) -> None:
    """Whoever looks for what no entry tells of finds it; once is enough."""
    decided(database_url, [accepted(1, "A")], VAULT)
    with psycopg.connect(database_url) as connection:
        columns = "case_version_id, pack_sha256, strategy, urgency, certain, engines_agree, body, chunk_id, created_at"
        connection.execute(f"INSERT INTO decision (as_of, {columns}) SELECT as_of + 1, {columns} FROM decision")  # noqa: S608
    with engine_of(database_url) as engine, session(engine) as opened:
        assert list(decision_tree.differing(opened, 1)) == []
    (found,) = faults(database_url)
    assert found.startswith("decision:2: ")


def test_a_tree_stays_as_it_is(database_url: str) -> None:
    decided(database_url, many(2), VAULT)
    for statement in ("UPDATE decision_tree SET ids = '{}'", "DELETE FROM decision_tree", "TRUNCATE decision_tree"):
        with psycopg.connect(database_url) as connection, pytest.raises(psycopg.errors.RaiseException):
            connection.execute(statement.encode())


def test_only_what_a_chunk_decided_is_in_its_tree(database_url: str) -> None:
    """The other chunk of two that hold the same version decided it."""
    first = submitted(database_url, many(2), VAULT)
    second = submitted(database_url, many(3), VAULT)
    for done in (first, second):
        triaged(database_url, VAULT, [wake.chunk_id for wake in done.wakes])
    with psycopg.connect(database_url) as connection:
        planted = connection.execute(
            "SELECT cardinality(ids), length(digests) FROM decision_tree ORDER BY 1"
        ).fetchall()
    assert planted == [(1, 32), (2, 64)]


def test_a_digest_is_made_of_the_same_bytes_for_ever() -> None:
    """Another way to write a row down would make every tree there is look changed."""
    day, at = dt.date(2026, 11, 23), dt.datetime(2026, 11, 23, 8, tzinfo=dt.UTC)
    columns = DigestedRow(b"v", 7, "p", day, "negotiate", "U2", True, False, b"body", None, None, 3, at)
    digested = b'["dg==",7,"p","2026-11-23","negotiate","U2",true,false,null,null,3,'
    digested += b'"2026-11-23T08:00:00.000000+00:00","' + base64.b64encode(sha256(b"body").digest()) + b'"]'
    assert decision_tree.decision_digest(columns) == sha256(digested).digest()
    version: Any = SimpleNamespace(
        submitter="某",
        case_ref="甲",
        case_id=1,
        number=2,
        private=None,
        content_mac=None,
        batch="b",
        submitted_at=at,
    )
    expected = '["某","甲",1,2,null,null,null,"b","2026-11-23T08:00:00.000000+00:00"]'
    assert decision_tree.version_digest(version, None) == sha256(expected.encode()).digest()


def test_a_decision_proves_that_it_is_a_leaf_of_its_own_tree(database_url: str) -> None:
    decided(database_url, many(2), VAULT)
    decided(database_url, many(5, "D"), VAULT)
    with engine_of(database_url) as engine, session(engine) as opened:
        roots = decision_tree.roots(opened, [1, 2])
        for decision in range(1, 8):
            found = decision_tree.proof(opened, decision)
            assert found is not None
            assert (found.chunk_id, found.size) == ((1, 2) if decision < 3 else (2, 5))
            row = json.dumps([*found.row.values()], separators=(",", ":")).encode()
            leaf = merkle.leaf_hash(decision.to_bytes(8, "big") + sha256(row).digest())
            assert merkle.included(leaf, found.at, found.size, found.path) == roots[str(found.chunk_id)]
        assert decision_tree.proof(opened, 8) is None
