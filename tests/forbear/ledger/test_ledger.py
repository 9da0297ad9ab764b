"""The ledger is one unbroken chain, whoever writes at once, dies, or was there before it."""

import datetime as dt
import subprocess
import sys
import threading

import psycopg
import pytest
from alembic import command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forbear.base.vault import Vault
from forbear.ledger import ledger
from forbear.ledger.ledger import LedgerEntry
from models import migrate
from models.session import session
from tests.forbear.ledger.test_audit import faults, verified
from tests.support.cases import NOW, VAULT, accepted, decided, engine_of, many, submitted, triaged, working
from tests.support.processes import until

WRITERS, EACH = 8, 50
WRITER = """
import datetime as dt, sys
from forbear.base.vault import Vault
from forbear.ledger.unit_of_work import begin
from models.session import make_engine
engine = make_engine(sys.argv[1])
for number in range(int(sys.argv[2])):
    with begin(engine, Vault(bytes(range(32))), dt.datetime.now(dt.UTC)) as work:
        work.note("sign_in", f"account:{number}")
print("done", flush=True)
"""
HOLDER = """
import datetime as dt, sys
from forbear.base.vault import Vault
from forbear.ledger import ledger
from models.session import make_engine, session
with session(make_engine(sys.argv[1])) as opened:
    entry = ledger.LedgerEntry("sign_in", "account:2")
    ledger.append(opened, Vault(bytes(range(32))), "system", [entry], dt.datetime.now(dt.UTC))
    print("held", flush=True)
    sys.stdin.read()
"""


def append(url: str, *entries: LedgerEntry, vault: Vault = VAULT, now: dt.datetime = NOW) -> None:
    with working(url, vault, now) as work:
        for entry in entries:
            work.note(entry.kind, entry.subject, entry.detail)


def append_often(url: str) -> None:
    for _ in range(EACH):
        append(url, LedgerEntry("sign_in", "account:1"))


def kinds(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        return [kind for (kind,) in connection.execute("SELECT kind FROM ledger ORDER BY seq")]


DETAILS = st.dictionaries(
    st.text(st.characters(exclude_characters="\0", codec="utf-8")),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_characters="\0", codec="utf-8")),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["b", "a", "aa", "键"]), inner),
        max_leaves=8,
    ),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(detail=DETAILS, at=st.datetimes(dt.datetime(1, 1, 2), dt.datetime(9999, 12, 30), timezones=st.timezones()))  # noqa: DTZ001
def test_whatever_a_ledger_takes_comes_back_as_it_was_hashed(
    database_url: str, detail: dict[str, object], at: dt.datetime
) -> None:
    append(database_url, LedgerEntry("x", "x:1", detail), now=at)
    assert faults(database_url) == []


@pytest.mark.parametrize("value", [1.0, float("nan"), {1: "a"}, NOW, b"x", {"a": [{"b": 0.5}]}])
def test_what_json_would_give_back_otherwise_is_refused(database_url: str, value: object) -> None:
    with pytest.raises(TypeError, match="ledger detail"):
        append(database_url, LedgerEntry("x", "x:1", {"value": value}))
    assert kinds(database_url) == []


def test_an_entry_is_chained_only_with_the_key_of_the_ledger(database_url: str) -> None:
    """A content that somebody hands in is hashed too (to see whether it changed): never to a link of the chain."""
    assert VAULT.mac(b"[]") != VAULT.chain(b"[]")


def test_writers_in_threads_and_processes_make_one_chain(database_url: str) -> None:
    done = submitted(database_url, many(200), VAULT, chunk_size=20)
    processes = [
        subprocess.Popen([sys.executable, "-c", WRITER, database_url, str(EACH)], stdout=subprocess.PIPE)
        for _ in range(WRITERS // 2)
    ]
    threads = [threading.Thread(target=append_often, args=(database_url,)) for _ in range(WRITERS // 2)]
    threads += [
        threading.Thread(target=triaged, args=(database_url, VAULT, [wake.chunk_id for wake in part]))
        for part in (done.wakes[::2], done.wakes[1::2])
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    for process in processes:
        assert process.communicate(timeout=120)[0] == b"done\n"
    assert verified(database_url).entries == 2 + WRITERS * EACH + 200
    assert faults(database_url) == []
    found = kinds(database_url)
    assert (found.count("sign_in"), found.count("decision")) == (WRITERS * EACH, 200)


def test_a_writer_killed_in_the_middle_leaves_the_chain_whole(database_url: str) -> None:
    for _ in range(3):
        process = subprocess.Popen([sys.executable, "-c", WRITER, database_url, "100000"])
        before = len(kinds(database_url))
        until(lambda before=before: len(kinds(database_url)) > before + 20, "a writer at work")  # type: ignore[misc]
        process.kill()
        process.wait()
        append(database_url, LedgerEntry("sign_in", "account:1"))
        assert faults(database_url) == []


def test_a_writer_killed_while_it_holds_the_head_lets_the_others_go_on(database_url: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, database_url], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    process.kill()
    process.communicate()
    append(database_url, LedgerEntry("sign_in", "account:1"))
    assert kinds(database_url) == ["sign_in"]
    assert faults(database_url) == []


def test_a_record_from_before_the_ledger_is_adopted_when_it_is_first_opened(database_url: str) -> None:
    decided(database_url, many(7), VAULT)
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
    _forget_the_ledger(database_url)
    monkeypatch.setattr(ledger, "_BLOCK", block)
    _start(database_url)
    _start(database_url)
    with psycopg.connect(database_url) as connection:
        found = connection.execute("SELECT seq, kind, subject, actor, at, detail FROM ledger ORDER BY seq").fetchall()
    assert [kind for _, kind, *_ in found] == ["publication", "batch", "batch", *["decision"] * 5, "start"]
    assert [subject for _, kind, subject, *_ in found if kind == "decision"] == [f"decision:{n}" for n in range(1, 6)]
    assert {(actor, at) for *_, actor, at, _ in found} == {("system", NOW)}
    assert [seq for seq, *_ in found] == list(range(1, 10))
    assert found[-1][2] == "ledger:1"
    assert found[-1][-1] == {"adopted": {"publication": 1, "batch": 2, "decision": 5, "review": 0}}
    assert faults(database_url) == []


def test_a_row_that_has_its_entry_is_not_adopted_again(database_url: str) -> None:
    """Only what is chained already: the rows of before, and those that others wrote in the meantime."""
    decided(database_url, many(2), VAULT)
    _start(database_url)
    assert kinds(database_url) == ["batch", "publication", "decision", "decision", "start"]
    with engine_of(database_url) as engine, session(engine) as opened:
        assert [ledger.unchained(opened, kind) for kind in ledger.DIGESTED] == [[], [], [], []]


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


def test_entries_of_rows_keep_their_order_and_each_has_the_digest_of_its_own_row(database_url: str) -> None:
    decided(database_url, many(3), VAULT)
    append(database_url, *(LedgerEntry("decision", f"decision:{n}", {"n": n}) for n in (3, 1)), LedgerEntry("x", "x:1"))
    with psycopg.connect(database_url) as connection:
        found = connection.execute("SELECT subject, detail, digest FROM ledger WHERE seq > 5 ORDER BY seq").fetchall()
        first = connection.execute("SELECT subject, digest FROM ledger WHERE seq BETWEEN 3 AND 5").fetchall()
    assert [row[:2] for row in found] == [("decision:3", {"n": 3}), ("decision:1", {"n": 1}), ("x:1", {})]
    assert dict(first).items() >= {(subject, digest) for subject, _, digest in found[:2]}
    assert found[2][2] is None
    assert len({digest for _, digest in first}) == 3
    assert faults(database_url) == []


def test_nothing_is_chained_of_a_row_that_is_not_there(database_url: str) -> None:
    decided(database_url, many(3), VAULT)
    with pytest.raises(LookupError, match="decision:99"):
        append(database_url, LedgerEntry("decision", "decision:3"), LedgerEntry("decision", "decision:99"))
    assert kinds(database_url)[5:] == []


def test_a_database_upgraded_with_decisions_is_intact(database_url: str) -> None:
    decided(database_url, many(3), VAULT)
    _go_back(database_url)
    migrate.upgrade(database_url)
    _start(database_url)
    assert kinds(database_url) == ["publication", "batch", "decision", "decision", "decision", "start"]
    assert faults(database_url) == []
    decided(database_url, [accepted(1, "NEW")], VAULT)
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
            "INSERT INTO decision OVERRIDING SYSTEM VALUE SELECT 99, 9, pack_sha256, as_of, strategy, urgency, "
            "certain, engines_agree, facts, outcome, chunk_id, created_at FROM decision WHERE id = 1"
        )
    _start(database_url)
    assert faults(database_url) == ["decision:99: there, though no entry tells of it"]


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
        connection.execute("UPDATE ledger_head SET seq = 0, mac = '', seal = ''")


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
            copy = f'INSERT INTO "{table}" ({columns}) OVERRIDING SYSTEM VALUE SELECT {columns} FROM newer."{table}"'  # noqa: S608
            connection.execute(copy.encode())
        connection.execute("DROP SCHEMA newer CASCADE")
        for table, _ in tables:
            connection.execute(
                "SELECT setval(pg_get_serial_sequence(%s, 'id'), 1000) "
                "WHERE EXISTS (SELECT FROM information_schema.columns WHERE table_schema = 'public' "
                "AND table_name = %s AND is_identity = 'YES')",
                [f'"{table}"', table],
            )
