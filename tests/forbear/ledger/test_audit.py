"""Whatever is changed, added, removed or reordered behind Forbear's back, an audit names it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from sqlmodel import Session

from forbear.accounts.accounts import Viewer
from forbear.base.errors import ForbearError
from forbear.base.vault import Vault
from forbear.desk.review import Act, perform, take_case
from forbear.ledger import audit, ledger, ledger_tree
from models.database.session import snapshot
from models.database.tables import METADATA
from tests.support.desk.cases import VAULT, accepted, decided, engine_of, working, working_as
from tests.support.desk.desk_clients import account
from tests.support.old.old_decisions import chained_one_by_one

# Entries: 1 batch, 2 publication, 3 decisions, 4 review, 5 sign-in.
LENGTH = 5


@pytest.fixture
def url(database_url: str) -> str:
    return filled(database_url)


@pytest.fixture(scope="module")
def untouched(shared_database_url: str) -> str:
    """The same, for what rolls back whatever it does."""
    return filled(shared_database_url)


def filled(database_url: str) -> str:
    """A record with an entry of every digested kind, and one that no row belongs to."""
    decided(database_url, [accepted(1, "A"), accepted(2, "B"), accepted(3, "C", phone="13812345678")], VAULT)
    who = Viewer(account(database_url), "wang", "counsellor", None)
    with working_as(who, database_url) as work:
        case = take_case(work.session, who, 1, 1)
        perform(work, case, Act("accept", {"status": "reviewed"}, words="都谈好了"))
        work.note("sign_in", "account:1", {"n": 7, "of": ["a", {"b": None}]})
    return database_url


def verified(url: str, vault: Vault = VAULT, start: int = 1, expect: bytes | None = None) -> audit.Report:
    with engine_of(url) as engine, snapshot(engine) as opened:
        return audit.verify(opened, vault, start, expect)


def faults(url: str, vault: Vault = VAULT, start: int = 1, expect: bytes | None = None) -> list[str]:
    return [f"{fault.where}: {fault.what}" for fault in verified(url, vault, start, expect).faults]


@contextmanager
def tampering(url: str) -> Iterator["psycopg.Connection[tuple[object, ...]]"]:
    """A connection that no trigger and no foreign key stops."""
    with psycopg.connect(url) as connection:
        connection.execute("SET session_replication_role = replica")
        yield connection


def tamper(url: str, *statements: str) -> None:
    with tampering(url) as connection:
        for statement in statements:
            connection.execute(statement.encode())


@contextmanager
def unwritten(url: str) -> Iterator[tuple[Session, "psycopg.Connection[Any]"]]:
    """A session, and its connection that no trigger stops, in a transaction that is rolled back."""
    with engine_of(url) as engine, snapshot(engine) as opened:
        raw = opened.connection().connection.driver_connection
        assert isinstance(raw, psycopg.Connection)
        raw.rollback()
        raw.read_only = False
        raw.execute("SET session_replication_role = replica")
        yield opened, raw
        raw.rollback()


def test_what_nobody_touched_is_intact(url: str) -> None:
    report = verified(url)
    assert (report.entries, report.faults, report.count) == (LENGTH, (), 0)
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT mac FROM ledger WHERE seq = 5").fetchone() == (report.head,)


def test_an_empty_record_is_intact(database_url: str) -> None:
    assert faults(database_url) == []


ANOTHER_DECISION = """
    INSERT INTO decision OVERRIDING SYSTEM VALUE
    SELECT 99, case_version_id, pack_sha256, as_of + 1, strategy, urgency, certain, engines_agree, facts, outcome,
        chunk_id, created_at, valid_until, body, last_deadline
    FROM decision WHERE id = 1
"""
ANOTHER_REVIEW = """
    INSERT INTO review OVERRIDING SYSTEM VALUE
    SELECT 2, case_id, decision_id, account_id, at, action, strategy, reason, detail, words FROM review
"""
CUT = "not sealed by Forbear: the end of the chain was cut off, or the head changed"


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE ledger SET at = at + interval '1 microsecond' WHERE seq = 3", "entry 3 ("),
        ("UPDATE ledger SET at = 'infinity' WHERE seq = 3", "entry 3 ("),
        ("UPDATE ledger SET actor = 'account:9' WHERE seq = 4", "entry 4 ("),
        ("UPDATE ledger SET kind = 'reveal' WHERE seq = 5", "entry 5 ("),
        ("UPDATE ledger SET subject = 'account:2' WHERE seq = 5", "entry 5 ("),
        ("UPDATE ledger SET subject = 'decision:x' WHERE seq = 3", "entry 3 ("),
        ("UPDATE ledger SET detail = detail || '{\"n\": 8}' WHERE seq = 5", "entry 5 ("),
        ("UPDATE ledger SET detail = detail || '{\"n\": 7.0}' WHERE seq = 5", "entry 5 ("),
        ("UPDATE ledger SET detail = '[]' WHERE seq = 5", "entry 5 ("),
        ("UPDATE ledger SET detail = repeat('9', 5000)::jsonb WHERE seq = 5", "entry 5 ("),
        ("UPDATE ledger SET digest = sha256('x') WHERE seq = 3", "entry 3 ("),
        ("UPDATE ledger SET digest = NULL WHERE seq = 3", "entry 3 ("),
        ("UPDATE ledger SET mac = sha256('x') WHERE seq = 3", "entry 3 ("),
        ("DELETE FROM ledger WHERE seq = 1", "entry 1: missing"),
        ("DELETE FROM ledger WHERE seq = 4", "entry 4: missing"),
        ("DELETE FROM ledger WHERE seq IN (3, 4)", "entries 3 to 4: missing"),
        ("DELETE FROM ledger WHERE seq = 5", "the head: names entry 5"),
        ("DELETE FROM ledger", "the head: names entry 5"),
        (
            "ALTER TABLE ledger DROP CONSTRAINT pk_ledger; UPDATE ledger SET seq = 8 - seq WHERE seq IN (3, 5)",
            "entry 3 (",
        ),
        (
            "INSERT INTO ledger SELECT 0, at, actor, kind, subject, detail, digest, mac FROM ledger WHERE seq = 5",
            "entry 0: not written by Forbear: the chain begins with entry 1",
        ),
        (
            "INSERT INTO ledger SELECT 6, at, actor, kind, subject, detail, digest, mac FROM ledger WHERE seq = 5",
            "entry 6 (",
        ),
        ("UPDATE ledger_head SET seq = 4", "the head: names entry 4"),
        ("UPDATE ledger_head SET mac = sha256('x')", "the head: names entry 5"),
        ("UPDATE ledger_head SET seal = sha256('x')", f"the head: {CUT}"),
        ("DELETE FROM ledger_head", "the head: missing"),
        ("UPDATE decision SET strategy = 'x' WHERE id = 2", "decision:2: changed since entry 3 was written"),
        ("UPDATE decision SET body = 'x' WHERE id = 2", "decision:2: changed since entry 3 was written"),
        (
            "UPDATE decision SET valid_until = '2030-01-01' WHERE id = 2",
            "decision:2: changed since entry 3 was written",
        ),
        (
            "UPDATE decision SET last_deadline = NULL, as_of = as_of + 1 WHERE id = 2",
            "decision:2: changed since entry 3",
        ),
        ("UPDATE decision SET id = 9 WHERE id = 2", "decision:9: there, though no entry tells of it"),
        ("UPDATE decision SET id = 9 WHERE id = 2", "decision:2: missing: entry 3 is about it, and no purge"),
        ("UPDATE decision SET body = NULL, facts = '{}' WHERE id = 2", "decision:2: missing: entry 3 is about it"),
        ("DELETE FROM case_version WHERE id = 2", "decision:2: changed since entry 3 was written"),
        ("DELETE FROM case_version WHERE id = 2", "decision:2: names case_version:2, which is not there"),
        ('DELETE FROM "case" WHERE id = 2', "case_version:2: names case:2, which is not there"),
        ("DELETE FROM chunk", "decision:2: names chunk:1, which is not there"),
        ("UPDATE desk_case SET decision_id = 9 WHERE case_id = 2", "desk_case:2: names decision:9, which is not there"),
        ("DELETE FROM batch", "names batch:"),
        ("DELETE FROM ledger_node WHERE level = 0 AND at = 2", "node 2 of level 0: not that of the entries under it"),
        ("DELETE FROM ledger_node WHERE level = 2", "node 0 of level 2: not that of the entries under it"),
        ("UPDATE ledger_node SET hash = sha256('x') WHERE level = 1 AND at = 1", "node 1 of level 1: not that of the"),
        (
            """UPDATE ledger_node SET hash = CASE at WHEN 0 THEN substr(hash, 1, 31)
            ELSE (SELECT substr(hash, 32) FROM ledger_node WHERE level = 1 AND at = 0) || hash END WHERE level = 1""",
            "node 0 of level 1: not that of the entries under it",
        ),
        ("DELETE FROM ledger_node", "the tree: has 0 entries, but the chain has 5"),
        (
            "INSERT INTO ledger_node SELECT 0, 5, hash FROM ledger_node LIMIT 1",
            "the tree: has 6 entries, but",
        ),
        ("DELETE FROM decision_tree", "decision_tree:1: missing: entry 3 is about it, and no purge"),
        ("UPDATE decision_tree SET ids = '{1,2,4}'", "decision_tree:1: changed since entry 3 was written"),
        ("UPDATE decision_tree SET ids = '{1,3,2}'", "decision_tree:1: changed since entry 3 was written"),
        ("UPDATE decision_tree SET digests = digests || sha256('x')", "decision_tree:1: changed since entry 3"),
        ("UPDATE decision_tree SET digests = substr(digests, 2)", "decision_tree:1: changed since entry 3"),
        ("INSERT INTO decision_tree SELECT 9, ids, digests FROM decision_tree", "decision_tree:9: there, though no"),
        ("UPDATE case_version SET facts = '{}' WHERE id = 2", "decision:2: changed since entry 3 was written"),
        ("UPDATE case_version SET private = 'x' WHERE id = 3", "decision:3: changed since entry 3 was written"),
        ("UPDATE \"case\" SET case_ref = 'D' WHERE id = 2", "decision:2: changed since entry 3 was written"),
        ("DELETE FROM decision WHERE id = 2", "decision:2: missing: entry 3 is about it, and no purge"),
        (ANOTHER_DECISION, "decision:99: there, though no entry tells of it"),
        ("UPDATE review SET action = 'override'", "review:1: changed since entry 4 was written"),
        ("UPDATE review SET words = NULL", "review:1: changed since entry 4 was written"),
        ("UPDATE review SET at = at + interval '1 microsecond'", "review:1: changed since entry 4 was written"),
        ("DELETE FROM review", "review:1: missing: entry 4 is about it, and no purge"),
        (ANOTHER_REVIEW, "review:2: there, though no entry tells of it"),
        ("UPDATE batch SET accepted = 2", "changed since entry 1 was written"),
        ("UPDATE pack SET files = '{}'", "changed since entry 2 was written"),
    ],
)
def test_an_audit_names_what_was_done_to_a_row(untouched: str, statement: str, found: str) -> None:
    with unwritten(untouched) as (opened, raw):
        raw.execute(statement.encode())
        named = [f"{fault.where}: {fault.what}" for fault in audit.verify(opened, VAULT).faults]
    assert any(found in fault for fault in named), named


def test_an_end_cut_off_with_the_head_set_back_is_found(url: str) -> None:
    tamper(
        url,
        "DELETE FROM ledger WHERE seq = 5",
        "UPDATE ledger_head SET seq = 4, mac = (SELECT mac FROM ledger WHERE seq = 4)",
    )
    assert faults(url) == ["the tree: has 5 entries, but the chain has 4", f"the head: {CUT}"]


def test_an_end_cut_off_with_an_old_head_put_back_is_found_by_who_noted_the_head(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT * FROM ledger_head")
    noted_before = verified(url).head
    with working(url) as work:
        work.note("reveal", "case:1")
    noted = verified(url, expect=noted_before).head
    tamper(
        url,
        "DELETE FROM ledger WHERE seq = 6",
        "DELETE FROM ledger_node WHERE level = 0 AND at = 5 OR level = 1 AND at = 2",
        "UPDATE ledger_head SET (seq, mac, seal) = (SELECT seq, mac, seal FROM kept)",
    )
    assert faults(url) == [], "nothing in the database can tell"
    assert faults(url, expect=noted_before) == []
    assert faults(url, expect=noted) == [
        "the expected mac: no entry has it: the end of the chain was cut off, or the chain rewritten"
    ]


def test_nodes_are_compared_where_they_are_stored(untouched: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A million entries have two million nodes: only of those of a block with another hash each is asked for."""
    asked: list[int] = []
    stored = ledger_tree._stored

    def counted(session: Session, nodes: Sequence[tuple[int, int]]) -> dict[tuple[int, int], bytes]:
        asked.append(len(nodes))
        return stored(session, nodes)

    monkeypatch.setattr(ledger_tree, "_stored", counted)
    assert faults(untouched) == []
    assert asked == [0]


def test_a_chain_rewritten_with_another_key_is_found(url: str) -> None:
    other = Vault(bytes(32))
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT * FROM ledger ORDER BY seq").fetchall()
    mac = ledger.GENESIS
    with tampering(url) as connection:
        for seq, at, actor, kind, subject, detail, digest, _ in rows:
            told = at.isoformat(timespec="microseconds"), actor, kind, subject, detail, digest
            mac = ledger.chained(other, seq, ledger_tree.leaf_of(seq, *told), mac)
            connection.execute("UPDATE ledger SET mac = %s WHERE seq = %s", [mac, seq])
        seal = ledger.sealed(other, LENGTH, mac)
        connection.execute("UPDATE ledger_head SET mac = %s, seal = %s", [mac, seal])
    assert faults(url, other) == [], "it is the key that tells, not a mistake in the forgery"
    report = verified(url)
    assert report.count == LENGTH + 1


def test_twenty_faults_are_named_and_all_are_counted(url: str) -> None:
    with working(url) as work:
        for n in range(30):
            work.note("sign_in", f"account:{n}")
    tamper(url, "UPDATE ledger SET actor = 'x' WHERE seq > 5")
    report = verified(url)
    assert (len(report.faults), report.count) == (20, 30)


def test_an_audit_may_begin_later(untouched: str) -> None:
    with unwritten(untouched) as (opened, raw):
        raw.execute("UPDATE ledger SET actor = 'x' WHERE seq = 3")
        found = {start: audit.verify(opened, VAULT, start) for start in (1, 2, 3, 4, 5, 6)}
        with pytest.raises(ForbearError, match="no entry 6 to begin after"):
            audit.verify(opened, VAULT, 7)
    assert {start: (each.entries, each.count) for start, each in found.items()} == {
        1: (5, 1),
        2: (4, 1),
        3: (3, 1),
        4: (2, 0),
        5: (1, 0),
        6: (0, 0),
    }


def test_an_audit_does_not_begin_after_a_gap(untouched: str) -> None:
    with unwritten(untouched) as (opened, raw):
        raw.execute("DELETE FROM ledger WHERE seq = 3")
        with pytest.raises(ForbearError, match="no entry 3 to begin after"):
            audit.verify(opened, VAULT, 4)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 6])
def test_the_chain_is_read_in_blocks_without_a_seam_and_each_is_told(
    untouched: str, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(audit, "_BLOCK", size)
    told: list[int] = []
    with unwritten(untouched) as (opened, raw):
        report = audit.verify(opened, VAULT, seen=told.append)
        assert (report.count, report.entries, sum(told), max(told)) == (0, LENGTH, LENGTH, min(size, LENGTH))
        raw.execute("DELETE FROM ledger WHERE seq = 3")
        assert "entry 3" in {fault.where for fault in audit.verify(opened, VAULT).faults}


def purged(url: str, gone: dict[str, list[Any]]) -> None:
    with working(url) as work:
        work.note("purge", "record", {"gone": gone})


@pytest.mark.parametrize("size", [2, 2000])  # in the block of the row's own entry, and in a later one
def test_what_was_purged_is_missing_for_a_reason_and_nothing_else_is(
    url: str, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(audit, "_BLOCK", size)
    purged(url, {"decision": [1, 2], "review": [1]})
    tamper(url, "DELETE FROM decision WHERE id IN (1, 2)", "DELETE FROM review", "DELETE FROM desk_case")
    assert faults(url) == []
    tamper(url, "DELETE FROM decision WHERE id = 3")
    assert faults(url) == ["decision:3: missing: entry 3 is about it, and no purge"]


def test_what_was_purged_and_is_there_again_is_found(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT * FROM decision WHERE id = 2")
    purged(url, {"decision": [1, 2], "review": [1]})
    tamper(url, "DELETE FROM decision WHERE id IN (1, 2)", "DELETE FROM review", "DELETE FROM desk_case")
    tamper(url, "INSERT INTO decision OVERRIDING SYSTEM VALUE SELECT * FROM kept")
    assert faults(url) == ["decision:2: there again, though it was purged"]


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE decision SET strategy = 'x' WHERE id = 2", "decision:2: changed since entry 4 was written"),
        ("UPDATE decision SET facts = facts || '{\"a\": 1}' WHERE id = 2", "decision:2: changed since entry 4"),
        ("UPDATE decision SET outcome = '{}' WHERE id = 2", "decision:2: changed since entry 4 was written"),
        ("UPDATE case_version SET facts = '{}' WHERE id = 2", "decision:2: changed since entry 4 was written"),
        ("DELETE FROM decision WHERE id = 2", "decision:2: missing: entry 4 is about it, and no purge"),
        (ANOTHER_DECISION, "decision:99: there, though no entry tells of it"),
    ],
)
def test_decisions_of_before_have_an_entry_each(url: str, statement: str, found: str) -> None:
    chained_one_by_one(url, VAULT)
    assert faults(url) == []
    decided(url, [accepted(1, "D"), accepted(2, "E")], VAULT)
    assert faults(url) == []
    tamper(url, statement)
    assert any(found in fault for fault in faults(url)), faults(url)


def test_every_digested_column_of_a_table_is_accounted_for() -> None:
    """A column added to a table that is digested is digested too, or said here not to be."""
    mutable = {"batch": {"source", "status", "completed_at", "cancelled"}, "pack": {"created_at"}}
    # What came later would change what old entries hold. These say nothing of a case, or follow from what is digested.
    # A decision's body has its digest in the tree.
    later = {"batch": {"ageing", "trace"}, "decision": {"valid_until", "body", "last_deadline"}}
    mutable["decision_tree"] = {"chunk_id"}  # the entry is about it
    mutable["pack"].add("dictionary")  # without it no body can be read
    for kind, of in ledger.DIGESTED.items():
        columns = {column.name for column in METADATA.tables[of.table].columns} - {"id"}
        left = {name for name in columns if name not in of.covers}
        assert left == mutable.get(of.table, set()) | later.get(of.table, set()), kind
