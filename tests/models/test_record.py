"""The record keeps what was committed, all of it or nothing, and lets nobody rewrite history."""

import datetime as dt
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlmodel import Session, select

from forbear.base.vault import Vault
from models.case import Case
from models.database.copy import copy_into
from models.database.session import make_engine, session
from models.intake.batch import Lane
from models.operation.heartbeat import Heartbeat
from tests.support.desk.cases import NOW, accepted, engine_of, submitted


def test_a_block_that_ends_well_is_committed(database_url: str) -> None:
    with engine_of(database_url) as engine:
        with session(engine) as opened:
            opened.add(Heartbeat(queue="bulk", consumed_at=NOW))
        with session(engine) as opened:
            assert opened.get_one(Heartbeat, "bulk").consumed_at == NOW


def test_a_block_that_fails_leaves_nothing(database_url: str) -> None:
    with engine_of(database_url) as engine:
        with pytest.raises(ZeroDivisionError), session(engine) as opened:
            opened.add(Heartbeat(queue="bulk", consumed_at=NOW))
            opened.flush()
            _ = 1 / 0
        with session(engine) as opened:
            assert opened.exec(select(Heartbeat)).all() == []


def test_times_come_back_in_utc(database_url: str) -> None:
    with engine_of(database_url) as engine:
        with session(engine) as opened:
            beijing = dt.timezone(dt.timedelta(hours=8))
            opened.add(Heartbeat(queue="bulk", consumed_at=NOW.astimezone(beijing)))
        with session(engine) as opened:
            assert opened.get_one(Heartbeat, "bulk").consumed_at.utcoffset() == dt.timedelta(0)


def test_copy_keeps_every_character(database_url: str) -> None:
    odd = ["tab\there", "line\nbreak\r", "back\\slash \\N", "quote \" and ' ,", "中文 😀", "", "\\."]
    with engine_of(database_url) as engine:
        with session(engine) as opened:
            none: list[str] = []
            rows = [("us", text or "empty", none, text, NOW) for text in odd]
            copy_into(opened, "case", ("submitter", "case_ref", "ref_grams", "borrower_ref", "created_at"), rows)
        with session(engine) as opened:
            kept = {case.case_ref: case.borrower_ref for case in opened.exec(select(Case))}
    assert kept == {text or "empty": text for text in odd}


def test_what_goes_as_bytes_arrives_as_what_goes_as_words(database_url: str) -> None:
    moment, day = dt.datetime(2026, 11, 30, 8, 15, 0, 123456, tzinfo=dt.timezone(dt.timedelta(hours=8))), NOW.date()
    types = ("int2", "int4", "int8", "text", "bool", "bytea", "date", "timestamptz")
    columns = {f"c{at}": kind for at, kind in enumerate(types)}
    rows = [
        (Lane.CRISIS, 1, 2**40, "tab\t\\N 中文 😀\r\n", True, b"\x00\\x\xff", day, moment),
        (4, -(2**31), -(2**63), "", False, b"", dt.date(1, 1, 1), NOW),
        (None,) * len(types),
    ]
    made = "CREATE TEMPORARY TABLE {} ({})"
    with engine_of(database_url) as engine, Session(engine) as opened:
        for table, given in (("words", tuple(columns)), ("bytes", columns)):
            opened.connection().exec_driver_sql(made.format(table, ", ".join(map(" ".join, columns.items()))))
            copy_into(opened, table, given, rows)
        words, as_bytes = (opened.connection().exec_driver_sql(f"TABLE {each}").all() for each in ("words", "bytes"))
        assert as_bytes == words == [tuple(row) for row in rows]


def test_copy_belongs_to_the_transaction(database_url: str) -> None:
    with engine_of(database_url) as engine, Session(engine) as opened:
        copy_into(
            opened,
            "case",
            ("submitter", "case_ref", "ref_grams", "borrower_ref", "created_at"),
            [("us", "C1", [], None, NOW)],
        )
        assert len(opened.exec(select(Case)).all()) == 1
        opened.rollback()
        assert opened.exec(select(Case)).all() == []


@pytest.mark.parametrize("table", ["case_version", "decision", "rejection"])
def test_history_cannot_be_updated(database_url: str, vault: Vault, table: str) -> None:
    submitted(database_url, [accepted(1, "C1")], vault)
    with psycopg.connect(database_url) as connection, pytest.raises(psycopg.errors.RaiseException, match="append-only"):
        connection.execute(sql.SQL("UPDATE {} SET id = id + 1").format(sql.Identifier(table)))


def test_errors_do_not_quote_values(database_url: str) -> None:
    with engine_of(database_url) as engine, pytest.raises(IntegrityError) as caught, session(engine) as opened:
        opened.add(Case(submitter="张三丰", case_ref="C1", ref_grams=[], borrower_ref=None, created_at=NOW))
        opened.add(Case(submitter="张三丰", case_ref="C1", ref_grams=[], borrower_ref=None, created_at=NOW))
        opened.flush()
    assert "hidden" in str(caught.value)
    assert "[parameters:" not in str(caught.value)


def test_a_connection_the_server_closed_is_replaced(database_url: str) -> None:
    engine = make_engine(database_url, "to be closed")
    with session(engine) as opened:
        opened.exec(select(Heartbeat)).all()
    with psycopg.connect(database_url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'to be closed'")
    with session(engine) as opened:
        assert opened.exec(select(Heartbeat)).all() == []
    engine.dispose()


def test_a_status_that_does_not_exist_is_refused(database_url: str, vault: Vault) -> None:
    done = submitted(database_url, [accepted(1, "C1")], vault)
    with psycopg.connect(database_url) as connection, pytest.raises(psycopg.errors.CheckViolation):
        connection.execute("UPDATE batch SET status = 'nearly' WHERE id = %s", [done.batch_id])


def test_a_row_needs_its_batch(database_url: str) -> None:
    with engine_of(database_url) as engine, Session(engine) as opened, pytest.raises((DBAPIError, psycopg.Error)):
        copy_into(opened, "rejection", ("batch_id", "row", "field", "content"), [(uuid4(), 1, None, b"")])
