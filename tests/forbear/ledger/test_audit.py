"""Whatever is changed, added, removed or reordered behind Forbear's back, an audit names it."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forbear.accounts.accounts import Viewer
from forbear.base.errors import ForbearError
from forbear.base.vault import Vault
from forbear.desk.review import Act, perform, take_case
from forbear.ledger import audit, ledger
from forbear.ledger.ledger import LedgerEntry
from models.session import snapshot
from models.tables import METADATA
from tests.support.cases import VAULT, accepted, decided, engine_of, working, working_as
from tests.support.desk_clients import account

# Entries: 1 batch, 2 publication, 3 to 5 decisions, 6 review, 7 sign-in.
LENGTH = 7


@pytest.fixture
def url(database_url: str) -> str:
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


def test_what_nobody_touched_is_intact(url: str) -> None:
    report = verified(url)
    assert (report.entries, report.faults, report.count) == (LENGTH, (), 0)
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT mac FROM ledger WHERE seq = 7").fetchone() == (report.head,)


def test_an_empty_record_is_intact(database_url: str) -> None:
    assert faults(database_url) == []


ANOTHER_DECISION = """
    INSERT INTO decision OVERRIDING SYSTEM VALUE
    SELECT 99, 9, pack_sha256, as_of, strategy, urgency, certain, engines_agree, facts, outcome, chunk_id, created_at
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
        ("UPDATE ledger SET actor = 'account:9' WHERE seq = 6", "entry 6 ("),
        ("UPDATE ledger SET kind = 'reveal' WHERE seq = 7", "entry 7 ("),
        ("UPDATE ledger SET subject = 'account:2' WHERE seq = 7", "entry 7 ("),
        ("UPDATE ledger SET subject = 'decision:x' WHERE seq = 3", "entry 3 ("),
        ("UPDATE ledger SET detail = detail || '{\"n\": 8}' WHERE seq = 7", "entry 7 ("),
        ("UPDATE ledger SET detail = detail || '{\"n\": 7.0}' WHERE seq = 7", "entry 7 ("),
        ("UPDATE ledger SET detail = '[]' WHERE seq = 7", "entry 7 ("),
        ("UPDATE ledger SET detail = repeat('9', 5000)::jsonb WHERE seq = 7", "entry 7 ("),
        ("UPDATE ledger SET digest = sha256('x') WHERE seq = 3", "entry 3 ("),
        ("UPDATE ledger SET digest = NULL WHERE seq = 3", "entry 3 ("),
        ("UPDATE ledger SET mac = sha256('x') WHERE seq = 3", "entry 3 ("),
        ("DELETE FROM ledger WHERE seq = 1", "entry 1: missing"),
        ("DELETE FROM ledger WHERE seq = 4", "entry 4: missing"),
        ("DELETE FROM ledger WHERE seq IN (3, 4)", "entries 3 to 4: missing"),
        ("DELETE FROM ledger WHERE seq = 7", "the head: names entry 7"),
        ("DELETE FROM ledger", "the head: names entry 7"),
        (
            "ALTER TABLE ledger DROP CONSTRAINT pk_ledger; UPDATE ledger SET seq = 8 - seq WHERE seq IN (3, 5)",
            "entry 3 (",
        ),
        (
            "INSERT INTO ledger SELECT 0, at, actor, kind, subject, detail, digest, mac FROM ledger WHERE seq = 7",
            "entry 0: not written by Forbear: the chain begins with entry 1",
        ),
        (
            "INSERT INTO ledger SELECT 8, at, actor, kind, subject, detail, digest, mac FROM ledger WHERE seq = 7",
            "entry 8 (",
        ),
        ("UPDATE ledger_head SET seq = 6", "the head: names entry 6"),
        ("UPDATE ledger_head SET mac = sha256('x')", "the head: names entry 7"),
        ("UPDATE ledger_head SET seal = sha256('x')", f"the head: {CUT}"),
        ("DELETE FROM ledger_head", "the head: missing"),
        ("UPDATE decision SET strategy = 'x' WHERE id = 2", "decision:2: changed since entry 4"),
        ("UPDATE decision SET facts = facts || '{\"a\": 1}' WHERE id = 2", "decision:2: changed since entry 4"),
        ("UPDATE case_version SET facts = '{}' WHERE id = 2", "decision:2: changed since entry 4"),
        ("UPDATE case_version SET private = 'x' WHERE id = 3", "decision:3: changed since entry 5 was written"),
        ("UPDATE \"case\" SET case_ref = 'D' WHERE id = 2", "decision:2: changed since entry 4"),
        ("DELETE FROM decision WHERE id = 2", "decision:2: missing: entry 4 is about it, and no purge"),
        (ANOTHER_DECISION, "decision:99: there, though no entry tells of it"),
        ("UPDATE review SET action = 'override'", "review:1: changed since entry 6 was written"),
        ("UPDATE review SET words = NULL", "review:1: changed since entry 6 was written"),
        ("UPDATE review SET at = at + interval '1 microsecond'", "review:1: changed since entry 6 was written"),
        ("DELETE FROM review", "review:1: missing: entry 6 is about it, and no purge"),
        (ANOTHER_REVIEW, "review:2: there, though no entry tells of it"),
        ("UPDATE batch SET accepted = 2", "changed since entry 1 was written"),
        ("UPDATE pack SET files = '{}'", "changed since entry 2 was written"),
    ],
)
def test_an_audit_names_what_was_done_to_a_row(url: str, statement: str, found: str) -> None:
    tamper(url, statement)
    assert any(found in fault for fault in faults(url)), faults(url)


def test_an_end_cut_off_with_the_head_set_back_is_found(url: str) -> None:
    tamper(
        url,
        "DELETE FROM ledger WHERE seq = 7",
        "UPDATE ledger_head SET seq = 6, mac = (SELECT mac FROM ledger WHERE seq = 6)",
    )
    assert faults(url) == [f"the head: {CUT}"]


def test_an_end_cut_off_with_an_old_head_put_back_is_found_by_who_noted_the_head(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT * FROM ledger_head")
    noted_before = verified(url).head
    with working(url) as work:
        work.note("reveal", "case:1")
    noted = verified(url, expect=noted_before).head
    tamper(
        url,
        "DELETE FROM ledger WHERE seq = 8",
        "UPDATE ledger_head SET (seq, mac, seal) = (SELECT seq, mac, seal FROM kept)",
    )
    assert faults(url) == [], "nothing in the database can tell"
    assert faults(url, expect=noted_before) == []
    assert faults(url, expect=noted) == [
        "the expected mac: no entry has it: the end of the chain was cut off, or the chain rewritten"
    ]


def test_a_chain_rewritten_with_another_key_is_found(url: str) -> None:
    other = Vault(bytes(32))
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT * FROM ledger ORDER BY seq").fetchall()
    mac = ledger.GENESIS
    with tampering(url) as connection:
        for seq, at, actor, kind, subject, detail, digest, _ in rows:
            mac = ledger.chained(
                other,
                seq,
                at.isoformat(timespec="microseconds"),
                actor,
                LedgerEntry(kind, subject, detail, digest),
                mac,
            )
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
    tamper(url, "UPDATE ledger SET actor = 'x' WHERE seq > 7")
    report = verified(url)
    assert (len(report.faults), report.count) == (20, 30)


def test_an_audit_may_begin_later(url: str) -> None:
    tamper(url, "UPDATE ledger SET actor = 'x' WHERE seq = 3")
    assert faults(url, start=4) == []
    assert len(faults(url, start=3)) == 1
    with pytest.raises(ForbearError, match="no entry 8"):
        verified(url, start=9)


def test_the_chain_is_read_in_blocks_without_a_seam(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "_BLOCK", 2)
    assert faults(url) == []
    tamper(url, "DELETE FROM ledger WHERE seq = 3")
    assert "entry 3: missing" in faults(url)


COLUMNS = ("at", "actor", "kind", "subject", "detail", "digest", "mac", "seq")
VALUES = {
    "at": st.datetimes().map(str),
    "actor": st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=20),
    "kind": st.sampled_from(["decision", "review", "batch", "publication", "purge", "start", "reveal", ""]),
    "subject": st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=20),
    "detail": st.sampled_from(
        ['{"decision": [1]}', "{}", "[1]", "null", "1e400", '"x"', '{"n": 7.00}', '{"review": 3}']
    ),
    "digest": st.one_of(st.none(), st.binary(max_size=40)),
    "mac": st.binary(max_size=40),
    "seq": st.integers(-(2**63), 2**63 - 1),
}


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), seq=st.integers(1, LENGTH), column=st.sampled_from(COLUMNS))
def test_any_change_of_any_field_of_any_entry_is_found(url: str, data: st.DataObject, seq: int, column: str) -> None:
    value = data.draw(VALUES[column])
    with engine_of(url) as engine, snapshot(engine) as opened:
        # In a transaction that is rolled back, so that the next example begins with a sound chain.
        raw = opened.connection().connection.driver_connection
        assert isinstance(raw, psycopg.Connection)
        raw.rollback()
        raw.read_only = False
        raw.execute("SET session_replication_role = replica")
        cast = {"at": "timestamptz", "detail": "jsonb", "digest": "bytea", "mac": "bytea", "seq": "bigint"}.get(
            column, "text"
        )
        update = f"UPDATE ledger SET {column} = %s::{cast} WHERE seq = %s AND {column} IS DISTINCT FROM %s::{cast}"  # noqa: S608 - names of ours
        try:
            changed = raw.execute(f"{update} RETURNING 1".encode(), [value, seq, value]).fetchall()
        except psycopg.errors.UniqueViolation:
            return
        report = audit.verify(opened, VAULT)
        raw.rollback()
    assert bool(report.count) == bool(changed)


def test_every_digested_column_of_a_table_is_accounted_for() -> None:
    """A column added to a table that is digested is digested too, or said here not to be."""
    mutable = {"batch": {"source", "status", "completed_at"}, "pack": {"created_at"}}
    for kind, of in ledger.DIGESTED.items():
        columns = {column.name for column in METADATA.tables[of.table].columns} - {"id"}
        left = {name for name in columns if name not in of.covers}
        assert left == mutable.get(of.table, set()), kind
