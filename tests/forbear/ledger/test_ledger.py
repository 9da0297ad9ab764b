"""The ledger is one chain in the order of what was done, and what was there before it is adopted once."""

import datetime as dt
import threading

import psycopg
import pytest
from alembic import command

from forbear.base.vault import Vault
from forbear.ledger import ledger, ledger_tree
from forbear.ledger.ledger import LedgerEntry
from models.database import migrate
from models.database.session import session
from models.intake.batch import Batch
from models.ledger import LedgerHead
from tests.forbear.ledger.test_audit import faults, tamper
from tests.support.desk.cases import NOW, VAULT, accepted, decided, engine_of, many, working
from tests.support.desk.threads import at_once, wait_for_lock
from tests.support.old.old_decisions import chained_one_by_one, without_bodies


def append(url: str, *entries: LedgerEntry, vault: Vault = VAULT, now: dt.datetime = NOW) -> None:
    with working(url, vault, now) as work:
        for entry in entries:
            work.note(entry.kind, entry.subject, entry.detail)


def kinds(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        return [kind for (kind,) in connection.execute("SELECT kind FROM ledger ORDER BY seq")]


def test_the_macs_are_those_that_old_ledgers_are_chained_with() -> None:
    """Another way to write an entry down would break every chain there is."""
    at, detail = "2026-11-23T08:00:00.000000+00:00", {"b": ["键", None, True], "a": {"d": 1, "c": "x"}}
    leaf = ledger_tree.leaf_of(7, at, "system", "decision", "decision:7", detail, bytes(range(32)))
    first = ledger.chained(VAULT, 7, leaf, ledger.GENESIS)
    leaf = ledger_tree.leaf_of(8, at, "account:1", "sign_in", "account:1", {}, None)
    second = ledger.chained(VAULT, 8, leaf, first)
    told = [each.hex() for each in (first, second, ledger.sealed(VAULT, 8, second))]
    assert told == [
        "051d2c23d17b8272441fa2775ef4547eef738c38e10ccd11af4f01fa436d8bf5",
        "d7c23cdec758949550cc7106b9f73940c19360d5c1491f0f7873ee7face4dcfb",
        "e62560d8851f99f6dc829821453d3a0227c7a31de7c3fcddc93ad7f3cfa79117",
    ]


def test_entries_of_rows_keep_their_order_and_each_has_the_digest_of_its_own_row(database_url: str) -> None:
    decided(database_url, many(3), VAULT)
    chained_one_by_one(database_url, VAULT)
    append(database_url, *(LedgerEntry("decision", f"decision:{n}", {"n": n}) for n in (3, 1)), LedgerEntry("x", "x:1"))
    with psycopg.connect(database_url) as connection:
        found = connection.execute("SELECT subject, detail, digest FROM ledger WHERE seq > 5 ORDER BY seq").fetchall()
        first = connection.execute("SELECT subject, digest FROM ledger WHERE seq BETWEEN 3 AND 5").fetchall()
    assert [row[:2] for row in found] == [("decision:3", {"n": 3}), ("decision:1", {"n": 1}), ("x:1", {})]
    assert dict(first).items() >= {(subject, digest) for subject, _, digest in found[:2]}
    assert found[2][2] is None
    assert len({digest for _, digest in first}) == 3
    assert faults(database_url) == []


@pytest.mark.parametrize("value", [1.0, float("nan"), {1: "a"}, NOW, b"x", {"a": [{"b": 0.5}]}])
def test_what_json_would_give_back_otherwise_is_refused(shared_database_url: str, value: object) -> None:
    with pytest.raises(TypeError, match="ledger detail"):
        append(shared_database_url, LedgerEntry("x", "x:1", {"value": value}))
    assert kinds(shared_database_url) == []


def test_an_entry_is_chained_only_with_the_key_of_the_ledger(database_url: str) -> None:
    """A content that somebody hands in is hashed too (to see whether it changed): never to a link of the chain."""
    assert VAULT.mac(b"[]") != VAULT.chain(b"[]")


def test_a_record_from_before_the_ledger_is_adopted_when_it_is_first_opened(database_url: str) -> None:
    decided(database_url, many(7), VAULT)
    chained_one_by_one(database_url, VAULT)
    _forget_the_ledger(database_url)
    assert len(faults(database_url)) == 9, "a batch, a pack and seven decisions that no entry tells of"
    _start(database_url)
    assert kinds(database_url) == ["publication", "batch", *["decision"] * 7, "start"]
    assert faults(database_url) == []


@pytest.mark.parametrize("block", [1, 2, 5, 6])
def test_what_was_there_before_is_adopted_in_blocks_without_a_seam_and_counted(
    database_url: str, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    decided(database_url, many(3), VAULT)
    decided(database_url, many(2, "D"), VAULT)
    chained_one_by_one(database_url, VAULT)
    decided(database_url, many(4, "E"), VAULT)
    _forget_the_ledger(database_url)
    monkeypatch.setattr(ledger, "_BLOCK", block)
    _start(database_url)
    _start(database_url)
    with psycopg.connect(database_url) as connection:
        found = connection.execute("SELECT seq, kind, subject, actor, at, detail FROM ledger ORDER BY seq").fetchall()
    assert [kind for _, kind, *_ in found] == ["publication", *["batch"] * 3, *["decision"] * 5, "decisions", "start"]
    assert [subject for _, kind, subject, *_ in found if kind == "decision"] == [f"decision:{n}" for n in range(1, 6)]
    assert {(actor, at) for *_, actor, at, _ in found} == {("system", NOW)}
    assert [seq for seq, *_ in found] == list(range(1, 12))
    assert found[-1][2] == "ledger:1"
    assert found[-1][-1] == {
        "adopted": {"publication": 1, "batch": 3, "decision": 5, "decisions": 1, "review": 0, "state": 0, "seals": 0}
    }
    assert faults(database_url) == []


def test_a_row_that_has_its_entry_is_not_adopted_again(database_url: str) -> None:
    """Only what is chained already: the rows of before, and those that others wrote in the meantime."""
    decided(database_url, many(2), VAULT)
    _start(database_url)
    assert kinds(database_url) == ["batch", "publication", "decisions", "start"]
    with engine_of(database_url) as engine, session(engine) as opened:
        assert [ledger.unchained(opened, kind) for kind in ledger.DIGESTED] == [[], [], [], [], []]


def test_nothing_to_chain_leaves_the_head_as_it_was(database_url: str) -> None:
    append(database_url, LedgerEntry("sign_in", "account:1"))
    with engine_of(database_url) as engine, session(engine) as opened:
        ledger.append(opened, Vault(bytes(32)), ledger.SYSTEM, [], NOW)
        with psycopg.connect(database_url) as other:
            assert other.execute("SELECT seq FROM ledger_head FOR UPDATE SKIP LOCKED").fetchall() == [(1,)]
    assert faults(database_url) == []


def test_who_read_the_head_before_somebody_appended_chains_to_what_is_there_now(database_url: str) -> None:
    with engine_of(database_url) as engine, session(engine) as opened:
        head = opened.get_one(LedgerHead, 1)
        append(database_url, LedgerEntry("sign_in", "account:1"))
        assert head.seq == 0
        ledger.append(opened, VAULT, ledger.SYSTEM, [LedgerEntry("sign_in", "account:2")], NOW)
    assert kinds(database_url) == ["sign_in", "sign_in"]
    assert faults(database_url) == []


def test_a_row_is_digested_as_the_transaction_leaves_it(database_url: str) -> None:
    batch_id = decided(database_url, many(2), VAULT).batch_id
    with engine_of(database_url) as engine, session(engine) as opened:
        batch = opened.get_one(Batch, batch_id)
        batch.accepted = 99
        ledger.append(opened, VAULT, ledger.SYSTEM, [LedgerEntry("batch", f"batch:{batch_id}")], NOW)
    assert faults(database_url) == [f"batch:{batch_id}: changed since entry 1 was written"]


def test_of_two_who_begin_a_ledger_at_once_one_does(database_url: str) -> None:
    decided(database_url, many(2), VAULT)
    _forget_the_ledger(database_url)
    begun = threading.Event()

    def hold() -> None:
        with engine_of(database_url) as engine, session(engine) as opened:
            ledger.start(opened, VAULT, NOW)
            begun.set()
            wait_for_lock(database_url)

    def follow() -> None:
        begun.wait(60)
        _start(database_url)

    at_once([hold, follow])
    assert kinds(database_url) == ["publication", "batch", "decisions", "start"]
    assert faults(database_url) == []


def test_entries_are_chained_in_their_order_whatever_the_zone_of_the_clock(database_url: str) -> None:
    zone = dt.timezone(dt.timedelta(hours=8))
    append(
        database_url, LedgerEntry("sign_in", "account:2"), LedgerEntry("sign_in", "account:1"), now=NOW.astimezone(zone)
    )
    append(database_url)
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT seq, subject FROM ledger ORDER BY seq").fetchall() == [
            (1, "account:2"),
            (2, "account:1"),
        ]
        assert connection.execute("SELECT seq FROM ledger_head").fetchall() == [(2,)]
    assert faults(database_url) == []


def test_nothing_is_chained_of_a_row_that_is_not_there(database_url: str) -> None:
    decided(database_url, many(3), VAULT)
    with pytest.raises(LookupError, match="decision:99"):
        append(database_url, LedgerEntry("decision", "decision:3"), LedgerEntry("decision", "decision:99"))
    with pytest.raises(LookupError, match="decision_tree:9"):
        append(database_url, LedgerEntry("decisions", "decision_tree:9"))
    assert kinds(database_url)[3:] == []


def test_a_database_upgraded_with_decisions_is_intact(database_url: str) -> None:
    decided(database_url, many(3), VAULT)
    without_bodies(database_url)
    _go_back(database_url)
    migrate.upgrade(database_url)
    _start(database_url)
    assert kinds(database_url) == ["publication", "batch", "decision", "decision", "decision", "start"]
    assert faults(database_url) == []
    decided(database_url, [accepted(1, "NEW")], VAULT)
    assert faults(database_url) == []


def test_a_ledger_of_before_trees_gets_its_tree_when_it_is_opened(database_url: str) -> None:
    _start(database_url)
    append(database_url, *(LedgerEntry("sign_in", f"account:{n}") for n in range(4)))
    tamper(database_url, "DELETE FROM ledger_node")
    _start(database_url)
    assert faults(database_url) == []


def test_a_ledger_begins_once(database_url: str) -> None:
    threads = [threading.Thread(target=_start, args=(database_url,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    _start(database_url)
    assert kinds(database_url) == ["start"]


def test_a_decision_that_appears_after_the_beginning_is_never_adopted(database_url: str) -> None:
    _start(database_url)
    decided(database_url, [accepted(1, "A")], VAULT)
    with psycopg.connect(database_url) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(
            "INSERT INTO decision (id, case_version_id, pack_sha256, as_of, strategy, urgency, certain, engines_agree, "
            "body, chunk_id, created_at) OVERRIDING SYSTEM VALUE SELECT 99, case_version_id, pack_sha256, as_of + 1, "
            "strategy, urgency, certain, engines_agree, body, chunk_id, created_at FROM decision WHERE id = 1"
        )
    _start(database_url)
    late = "desk_case:1: of an earlier decision than the newest"
    assert faults(database_url) == ["decision:99: there, though no entry tells of it", late]


def test_the_ledger_refuses_changes(database_url: str) -> None:
    append(database_url, LedgerEntry("sign_in", "account:1"))
    for statement in ("UPDATE ledger SET actor = 'x'", "DELETE FROM ledger", "TRUNCATE ledger"):
        with psycopg.connect(database_url) as connection, pytest.raises(psycopg.errors.RaiseException):
            connection.execute(statement.encode())


def _start(url: str) -> None:
    with engine_of(url) as engine, session(engine) as opened:
        ledger.start(opened, VAULT, NOW)


def _forget_the_ledger(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("DELETE FROM ledger")
        connection.execute("DELETE FROM ledger_node")
        connection.execute("UPDATE ledger_head SET seq = 0, mac = '', seal = ''")


# What is stored otherwise by now.
_AS_THEN = {("case_version", "facts"): "CAST(convert_from(facts, 'UTF8') AS jsonb)"}


def _go_back(url: str) -> None:
    """Make the database one of the last revision without a ledger, with the data it has."""
    with psycopg.connect(url) as connection:
        connection.execute("ALTER SCHEMA public RENAME TO newer")
        connection.execute("CREATE SCHEMA public")
    with engine_of(url) as engine, engine.begin() as upgrading:
        command.upgrade(migrate._config(upgrading), "0003")
    with psycopg.connect(url) as connection:
        connection.execute("SET session_replication_role = replica")
        tables = connection.execute(
            "SELECT table_name, string_agg(quote_ident(column_name), ', ') FROM information_schema.columns "
            "WHERE table_schema = 'public' AND is_generated = 'NEVER' AND table_name <> 'alembic_version' GROUP BY 1"
        ).fetchall()
        for table, columns in tables:
            values = ", ".join(_AS_THEN.get((table, each), each) for each in columns.split(", "))
            copy = f'INSERT INTO "{table}" ({columns}) OVERRIDING SYSTEM VALUE SELECT {values} FROM newer."{table}"'  # noqa: S608
            connection.execute(copy.encode())
        connection.execute("DROP SCHEMA newer CASCADE")
        for table, _ in tables:
            connection.execute(
                "SELECT setval(pg_get_serial_sequence(%s, 'id'), 1000) "
                "WHERE EXISTS (SELECT FROM information_schema.columns WHERE table_schema = 'public' "
                "AND table_name = %s AND is_identity = 'YES')",
                [f'"{table}"', table],
            )
