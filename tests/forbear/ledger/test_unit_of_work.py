"""A unit of work tells the ledger everything it did, once and last, or nothing at all."""

from typing import Any

import psycopg
import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import InternalError

from forbear.accounts.accounts import Viewer, work_by
from forbear.base import trace
from forbear.base.packs import shipped
from forbear.desk import assignment
from forbear.desk.review import Act, perform, take_case
from forbear.ledger.unit_of_work import begin
from models.desk import WorklistItem
from models.review import Review
from tests.forbear.ledger.test_audit import faults
from tests.support.desk.cases import NOW, VAULT, decided, engine_of, many, working, working_as
from tests.support.desk.desk_clients import account


@pytest.fixture
def who(database_url: str) -> Viewer:
    """A supervisor, and three decided cases to work on."""
    decided(database_url, many(3), VAULT)
    return Viewer(account(database_url, "boss", "supervisor"), "boss", "supervisor", None)


def entries(url: str) -> list[tuple[str, str, str]]:
    """Actor, kind and subject of every entry but those of the fixture."""
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT actor, kind, subject FROM ledger WHERE seq > 3 ORDER BY seq")
        return [(actor, kind, subject) for actor, kind, subject in found]


def test_everything_done_in_one_transaction_is_one_block_and_the_head_is_locked_once_and_last(
    database_url: str, who: Viewer
) -> None:
    said: list[str] = []
    with engine_of(database_url) as engine:
        with begin(engine, VAULT) as clocked:  # by the clock of the database
            assert (
                NOW
                < clocked.now
                <= clocked.session.connection().exec_driver_sql("SELECT clock_timestamp()").scalar_one()
            )
        event.listen(engine, "before_cursor_execute", lambda _c, _cu, statement, *_: said.append(statement))
        with begin(engine, VAULT, NOW) as begun:
            work = work_by(who, begun, shipped())
            assert assignment.assign(work, [(1, 1), (2, 1)], who.account_id).done == 2
            perform(work, take_case(work.session, who, 3, 1), Act("accept", {"status": "reviewed"}))
            work.note("reveal", "case:3")
            with working(database_url) as other:  # would wait for ever if the first held the head already
                other.note("sign_in", "account:7")
        assert begun.now == NOW
    assert entries(database_url) == [
        ("system", "sign_in", "account:7"),
        *((who.actor, "review", f"review:{n}") for n in (1, 2, 3)),
        (who.actor, "reveal", "case:3"),
    ]
    heads = [at for at, statement in enumerate(said) if "ledger_head" in statement and "FOR UPDATE" in statement]
    assert len(heads) == 1
    # Whoever holds the head waits for nobody: what is not the ledger's own is read, and nothing of it locked.
    others = [statement for statement in said[heads[0] :] if "ledger" not in statement]
    assert all(other.split()[0] == "SELECT" and "FOR UPDATE" not in other for other in others)
    assert faults(database_url) == []


def test_what_is_noted_before_an_exception_never_was(database_url: str, who: Viewer) -> None:
    with pytest.raises(ZeroDivisionError), working_as(who, database_url) as work:
        perform(work, take_case(work.session, who, 1, 1), Act("accept", {"status": "reviewed"}))
        work.note("reveal", "case:1")
        raise ZeroDivisionError
    assert entries(database_url) == []
    with working(database_url) as work:
        assert work.session.get(Review, 1) is None
        assert work.session.get_one(WorklistItem, 1).status == "open"


def test_what_is_only_to_read_cannot_write(database_url: str) -> None:
    account(database_url)
    with engine_of(database_url) as engine, pytest.raises(InternalError, match="read-only transaction"):
        with begin(engine, VAULT, to_read=True) as work:
            assert work.session.connection().execute(text("SELECT count(*) FROM account")).scalar_one() == 1
            work.session.connection().execute(text("UPDATE account SET name = 'li'"))


def test_what_cannot_be_chained_undoes_the_transaction(database_url: str, who: Viewer) -> None:
    detail: dict[str, Any] = {"share": 0.5}
    with pytest.raises(TypeError, match="ledger detail"), working_as(who, database_url) as work:
        perform(work, take_case(work.session, who, 1, 1), Act("accept", {"status": "reviewed"}))
        work.note("reveal", "case:1", detail)
    assert entries(database_url) == []
    with working(database_url) as work:
        assert work.session.get_one(WorklistItem, 1).status == "open"


def test_what_is_rolled_back_is_not_told_and_the_work_goes_on(database_url: str, who: Viewer) -> None:
    with working_as(who, database_url) as work:
        perform(work, take_case(work.session, who, 1, 1), Act("accept", {"status": "reviewed"}))
        work.roll_back()
        perform(work, take_case(work.session, who, 2, 1), Act("accept", {"status": "reviewed"}))
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT case_id FROM review").fetchall() == [(2,)]
    assert [kind for _, kind, _ in entries(database_url)] == ["review"]
    assert faults(database_url) == []


def test_entries_stand_in_the_order_they_were_noted_whoever_did_it(database_url: str, who: Viewer) -> None:
    with working_as(who, database_url) as work:
        work.note("sign_out", "account:1")
        work.note("sign_in_failed", "account:2", actor="system")
        work.note("sign_in_failed", "account:3", actor="system")
        work.note("sign_out", "account:4")
    assert entries(database_url) == [
        (who.actor, "sign_out", "account:1"),
        ("system", "sign_in_failed", "account:2"),
        ("system", "sign_in_failed", "account:3"),
        (who.actor, "sign_out", "account:4"),
    ]
    assert faults(database_url) == []


def test_a_program_is_named_by_its_token(database_url: str, who: Viewer) -> None:
    program = Viewer(who.account_id, who.name, who.role, None, token_id=12)
    with working_as(program, database_url) as work:
        work.note("export", "batch:1")
    assert entries(database_url) == [("token:12", "export", "batch:1")]


def test_what_is_noted_is_kept_with_its_details_and_does_not_show_in_logs(database_url: str, who: Viewer) -> None:
    with working_as(who, database_url) as work:
        work.note("export", "batch:1")
        work.note("export", "batch:2", {"format": "ods"})
        with trace.told(request="r-1"):  # as the program that asked calls it
            work.note("export", "batch:3", {"format": "csv"})
        work.touch([987654321])
        assert "batch:2" not in repr(work) and "987654321" not in repr(work)
    with psycopg.connect(database_url) as connection:
        kept = connection.execute("SELECT detail FROM ledger WHERE kind = 'export' ORDER BY seq").fetchall()
    assert kept == [({},), ({"format": "ods"},), ({"format": "csv", "request": "r-1"},)]
