"""Rows that people change are as they were told last: accounts, tokens, webhooks, and what was agreed to of a case."""

import psycopg
import pytest
from sqlmodel import select

from forbear.accounts import administration
from forbear.accounts.accounts import Viewer
from forbear.case.consent import SCOPES, record
from forbear.ledger import audit, ledger, seals, states
from models.account import Account
from models.operation.vault_key import ResealedRow
from models.webhook import Webhook
from tests.forbear.ledger.test_audit import faults, tamper, unwritten
from tests.support.desk.cases import NOW, VAULT, accepted, decided, working, working_as
from tests.support.desk.desk_clients import account

ONE_MORE = {
    "token": """
    INSERT INTO token (account_id, name, scopes, secret_hash, created_at)
    SELECT account_id, 'y', scopes, 'y', created_at FROM token
""",
    "webhook": """
    INSERT INTO webhook (submitter, account_id, url, events, secret, created_at)
    SELECT submitter, account_id, 'https://x.example', events, secret, created_at FROM webhook
""",
}


@pytest.fixture(scope="module")
def told(shared_database_url: str) -> str:
    """A record whose rows that people change were made by Forbear: an account, its token, a webhook, a consent."""
    decided(shared_database_url, [accepted(1, "A"), accepted(2, "B")], VAULT)
    with working(shared_database_url) as work:
        ledger.start(work.session, VAULT, NOW)
        administration.add(work, "li", "supervisor", None, "a long enough password")
        administration.add(work, "wang", "submitter", "us", "another long password")
    with working(shared_database_url) as work:
        li = work.session.exec(select(Account).where(Account.name == "li")).one()
        administration.give_token(work, li, "import", ["cases:read"], 30)
        work.session.add(
            Webhook(submitter="us", account_id=li.id, url="https://example.com", events=[], secret=b"s", created_at=NOW)
        )
        work.session.flush()
        work.note("webhook_added", "webhook:1")
    who = Viewer(account(shared_database_url, "zhang"), "zhang", "counsellor", None)
    with working_as(who, shared_database_url) as work:
        work.note("sign_in", who.actor)
        record(work, 1, 1, list(SCOPES), "written", None)
    return shared_database_url


def test_a_subject_names_a_row_that_people_change_by_table_and_number() -> None:
    named = {each: states.table_of(each) for each in ("account:1", "case:12", "token:" + "9" * 18)}
    assert named == {each: each.partition(":")[0] for each in named}
    for each in ("review:1", "account:x", "account:", "account", "case:-1", "case:" + "9" * 19):
        assert states.table_of(each) is None, each


def test_rows_that_people_change_are_as_they_were_told(told: str) -> None:
    assert faults(told) == []


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE account SET role = 'admin' WHERE name = 'wang'", "account:2: changed since entry"),
        ("UPDATE account SET submitter = 'them' WHERE name = 'wang'", "account:2: changed since entry"),
        ("UPDATE account SET password_hash = 'x' WHERE name = 'li'", "account:1: changed since entry"),
        ("UPDATE account SET disabled_at = now() WHERE name = 'li'", "account:1: changed since entry"),
        ("UPDATE account SET name = 'chen' WHERE name = 'li'", "account:1: changed since entry"),
        ("DELETE FROM account WHERE name = 'wang'", "account:2: missing: entry"),
        (
            "INSERT INTO account (name, role, password_hash, created_at) VALUES ('x', 'admin', 'x', now())",
            "account:4: there, though no entry tells how it is",
        ),
        ("UPDATE token SET scopes = '{cases:read,cases:write,reviews:write}'", "token:1: changed since entry"),
        ("UPDATE token SET expires_at = NULL", "token:1: changed since entry"),
        ("UPDATE token SET account_id = 2", "token:1: changed since entry"),
        ("UPDATE token SET secret_hash = 'x'", "token:1: changed since entry"),
        ("UPDATE token SET revoked_at = now()", "token:1: changed since entry"),
        ("DELETE FROM token", "token:1: missing: entry"),
        (
            ONE_MORE["token"],
            "token:2: there, though no entry tells how it is",
        ),
        ("UPDATE webhook SET url = 'https://elsewhere.example'", "webhook:1: changed since entry"),
        ("UPDATE webhook SET submitter = 'them'", "webhook:1: changed since entry"),
        ("UPDATE webhook SET secret = 'x'", "webhook:1: changed since entry"),
        ("UPDATE webhook SET disabled_at = now()", "webhook:1: changed since entry"),
        ("DELETE FROM webhook", "webhook:1: missing: entry"),
        (
            ONE_MORE["webhook"],
            "webhook:2: there, though no entry tells how it is",
        ),
        ("UPDATE \"case\" SET consent = '{}' WHERE id = 1", "case:1: changed since entry"),
        ('UPDATE "case" SET consent = NULL WHERE id = 1', "case:1: changed since entry"),
        ("UPDATE \"case\" SET retain_until = '2020-01-01' WHERE id = 1", "case:1: changed since entry"),
        ("UPDATE \"case\" SET retain_until = '2020-01-01' WHERE id = 2", "case:2: there, though no entry tells how it"),
        ("UPDATE \"case\" SET consent = '{advice}' WHERE id = 2", "case:2: there, though no entry tells how it is"),
    ],
)
def test_an_audit_names_what_was_done_to_a_row_that_people_change(told: str, statement: str, found: str) -> None:
    with unwritten(told) as (opened, raw):
        raw.execute(statement.encode())
        named = [f"{fault.where}: {fault.what}" for fault in audit.verify(opened, VAULT).faults]
    assert any(found in fault for fault in named), named


def test_a_row_that_was_sealed_anew_had_the_digests_that_are_kept_of_it_as_it_is_now(database_url: str) -> None:
    first, second, now, other = (bytes([each]) * 32 for each in range(4))
    with working(database_url) as work:
        work.session.add(ResealedRow(subject="task:1", told=first + second, now=now, generation=1, mac=b""))
        work.session.flush()
        for digest, had in ((first, True), (second, True), (other, False), (None, False)):
            assert states.had(work.session, "task:1", now, digest) is had
        assert not states.had(work.session, "task:1", other, first)
        assert not states.had(work.session, "task:1", None, first)
        assert not states.had(work.session, "task:2", now, first)
        work.session.rollback()


def test_what_a_row_was_in_the_middle_of_being_sealed_anew_nobody_was_told(database_url: str) -> None:
    first, second, third = (bytes([each]) * 32 for each in range(3))
    with working(database_url) as work:
        seals.reseal(work.session, VAULT, {"task:1": first}, {"task:1": second})
        seals.reseal(work.session, VAULT, {"task:1": second}, {"task:1": third})
        assert states.formers(work.session, "task:1", third) == [first]
        work.session.rollback()


def test_a_ledger_of_before_its_entries_told_states_is_brought_to_it_once(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "_BLOCK", 1)
    decided(database_url, [accepted(1, "A")], VAULT)
    for name in ("wang", "li"):
        account(database_url, name)
    with working(database_url) as work:
        work.note("start", "ledger:1", {"adopted": {}})  # as it was written then
    with monkeypatch.context() as then:
        then.setattr(states, "digests", lambda *_: {})  # as nothing was digested then
        with working(database_url) as work:
            work.note("sign_in", "account:1")
    tamper(database_url, "UPDATE account SET role = 'admin'")
    assert faults(database_url) == [], "nothing told how it was"
    for _ in range(2):
        with working(database_url) as work:
            ledger.start(work.session, VAULT, NOW)
    with psycopg.connect(database_url) as connection:
        rows = connection.execute("SELECT subject, detail FROM ledger WHERE kind = 'state' ORDER BY seq").fetchall()
    adopted = [("ledger:1", {"adopted": {"state": 2}}), ("ledger:1", {"adopted": {"seals": 0}})]
    assert rows == [("account:1", {}), ("account:2", {}), *adopted]
    tamper(database_url, "UPDATE account SET role = 'counsellor' WHERE id = 1")
    assert faults(database_url) == ["account:1: changed since entry 6 was written"]
