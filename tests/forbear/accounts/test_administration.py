"""The keeper of accounts: what can be, what ends at once, and that each change stands in the ledger."""

import datetime as dt
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlmodel import Session, col, select

from forbear.accounts import accounts
from forbear.accounts.accounts import UnfitError
from forbear.accounts.administration import AccountAdministration
from forbear.accounts.sign_in import MOST_FOR_NAME, Attempt, Refused, sign_in
from forbear.ledger import ledger
from models.account import Account, Token
from models.ledger import LedgerRow
from models.session import session
from tests.support.cases import NOW, VAULT, engine_of
from tests.support.desk_clients import account

PASSWORD = "correct horse battery"  # noqa: S105 - of a test
DAY = dt.timedelta(days=1)


@contextmanager
def keeping(url: str, actor: str = ledger.SYSTEM) -> Iterator[AccountAdministration]:
    with engine_of(url) as engine, session(engine) as opened:
        yield AccountAdministration(opened, VAULT, actor, NOW)


@pytest.fixture
def keeper(database_url: str) -> Iterator[AccountAdministration]:
    with keeping(database_url) as opened:
        yield opened


def entries(opened: Session) -> list[tuple[str, str, str]]:
    rows = opened.exec(select(LedgerRow).order_by(col(LedgerRow.seq)))
    return [(row.actor, row.kind, row.subject) for row in rows]


def tried(opened: Session, name: str, password: str = PASSWORD) -> str | Refused:
    return sign_in(opened, VAULT, Attempt(name, password, "127.0.0.1"), None, NOW)


def unfit(
    keeper: AccountAdministration, name: str = "wang", role: str = "counsellor", submitter: str | None = None
) -> tuple[str, str]:
    with pytest.raises(UnfitError) as raised:
        keeper.add(name, role, submitter, PASSWORD)
    return raised.value.field, raised.value.reason


def test_an_account_added_can_sign_in_under_its_name_in_any_case(keeper: AccountAdministration) -> None:
    added = keeper.add(" Wang.Li ", "counsellor", None, PASSWORD)
    assert added.name == "wang.li"
    secret = tried(keeper.session, "WANG.LI")
    assert isinstance(secret, str)
    viewer = accounts.signed_in(keeper.session, secret, NOW)
    assert viewer is not None
    assert (viewer.name, viewer.role, viewer.submitter) == ("wang.li", "counsellor", None)
    assert entries(keeper.session) == [
        ("system", "account_added", f"account:{added.id}"),
        (f"account:{added.id}", "sign_in", f"account:{added.id}"),
    ]


@pytest.mark.parametrize("name", ["", " ", "a b", "a/b", "a\x00b", "<b>", "x" * 65])
def test_a_name_that_cannot_be_typed_is_refused(keeper: AccountAdministration, name: str) -> None:
    assert unfit(keeper, name) == ("name", "form")
    assert accounts.find(keeper.session, name) is None


def test_a_name_has_up_to_64_characters_of_any_script(keeper: AccountAdministration) -> None:
    assert keeper.add("王" * 64, "counsellor", None, PASSWORD).name == "王" * 64


def test_a_name_is_taken_once_whatever_its_case(keeper: AccountAdministration) -> None:
    keeper.add("wang", "counsellor", None, PASSWORD)
    assert unfit(keeper, "WANG") == ("name", "taken")


def test_a_submitter_needs_to_be_named(keeper: AccountAdministration) -> None:
    assert unfit(keeper, role="submitter") == ("submitter", "missing")
    assert unfit(keeper, role="submitter", submitter="  ") == ("submitter", "missing")
    assert unfit(keeper, role="submitter", submitter="x" * 65) == ("submitter", "form")
    assert unfit(keeper, role="submitter", submitter="a\nb") == ("submitter", "form")
    added = keeper.add("wang", "submitter", " 机构甲 ", PASSWORD)
    assert accounts.viewer_of(added).submitter == "机构甲"


def test_there_are_four_roles(keeper: AccountAdministration) -> None:
    assert unfit(keeper, role="root") == ("role", "unknown")


def test_a_new_password_ends_sign_ins_and_forgives_failures(keeper: AccountAdministration) -> None:
    added = keeper.add("wang", "counsellor", None, PASSWORD)
    secret = tried(keeper.session, "wang")
    assert isinstance(secret, str)
    for _ in range(MOST_FOR_NAME):
        tried(keeper.session, "wang", "wrong")
    assert isinstance(tried(keeper.session, "wang"), Refused)
    keeper.set_password(added, "another horse entirely")
    assert accounts.signed_in(keeper.session, secret, NOW) is None
    assert isinstance(tried(keeper.session, "wang", "another horse entirely"), str)
    assert isinstance(tried(keeper.session, "wang"), Refused)


def test_a_disabled_account_is_out_at_once_and_its_tokens_never_come_back(keeper: AccountAdministration) -> None:
    added = keeper.add("wang", "counsellor", None, PASSWORD)
    secret = tried(keeper.session, "wang")
    token = keeper.give_token(added, "nightly", ["cases:read"], 30)
    assert isinstance(secret, str)
    keeper.disable(added)
    for _ in range(2):
        assert accounts.signed_in(keeper.session, secret, NOW) is None
        assert accounts.token_viewer(keeper.session, token, NOW) is None
        keeper.enable(added)
    assert isinstance(tried(keeper.session, "wang"), str)


def test_a_disabled_account_cannot_sign_in_and_gets_no_token(keeper: AccountAdministration) -> None:
    added = keeper.add("wang", "counsellor", None, PASSWORD)
    keeper.disable(added)
    assert tried(keeper.session, "wang") == Refused()
    with pytest.raises(UnfitError, match="disabled"):
        keeper.give_token(added, "nightly", ["cases:read"], 30)


def test_disabling_twice_is_said_once(keeper: AccountAdministration) -> None:
    added = keeper.add("wang", "counsellor", None, PASSWORD)
    keeper.disable(added)
    keeper.disable(added)
    keeper.enable(added)
    keeper.enable(added)
    assert [kind for _, kind, _ in entries(keeper.session)] == ["account_added", "account_disabled", "account_enabled"]


def test_the_last_administrator_stays(keeper: AccountAdministration) -> None:
    first, second = (keeper.add(name, "admin", None, PASSWORD) for name in ("first", "second"))
    keeper.disable(first)
    with pytest.raises(UnfitError) as raised:
        keeper.disable(second)
    assert (raised.value.field, raised.value.reason) == ("account", "last")


def test_nobody_disables_their_own_account(keeper: AccountAdministration) -> None:
    first, _ = (keeper.add(name, "admin", None, PASSWORD) for name in ("first", "second"))
    themself = AccountAdministration(keeper.session, VAULT, f"account:{first.id}", NOW)
    with pytest.raises(UnfitError) as raised:
        themself.disable(first)
    assert (raised.value.field, raised.value.reason) == ("account", "self")


def test_two_administrators_cannot_disable_each_other_in_the_same_moment(database_url: str) -> None:
    ids = [account(database_url, name, "admin") for name in ("first", "second")]
    both = threading.Barrier(2)
    done: list[str] = []

    def disable(actor: int, other: int) -> None:
        both.wait()
        try:
            with keeping(database_url, f"account:{actor}") as keeper:
                keeper.disable(keeper.session.get_one(Account, other))
            done.append("disabled")
        except UnfitError as error:
            done.append(error.reason)

    threads = [threading.Thread(target=disable, args=pair) for pair in (ids, ids[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == ["disabled", "last"]


def test_a_name_added_twice_in_the_same_moment_is_taken_once(database_url: str) -> None:
    both = threading.Barrier(2)
    done: list[str] = []

    def add() -> None:
        both.wait()
        try:
            with keeping(database_url) as keeper:
                done.append(keeper.add("wang", "counsellor", None, PASSWORD).name)
        except UnfitError as error:
            done.append(error.reason)

    threads = [threading.Thread(target=add) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == ["taken", "wang"]


@pytest.mark.parametrize(
    ("name", "scopes", "field"),
    [
        ("", ["cases:read"], "token"),
        ("x" * 65, ["cases:read"], "token"),
        ("a\x00", ["cases:read"], "token"),
        ("nightly", [], "scopes"),
        ("nightly", ["cases:read", "all"], "scopes"),
    ],
)
def test_a_token_has_a_purpose_and_known_scopes(
    keeper: AccountAdministration, name: str, scopes: list[str], field: str
) -> None:
    added = keeper.add("wang", "counsellor", None, PASSWORD)
    with pytest.raises(UnfitError) as raised:
        keeper.give_token(added, name, scopes, 30)
    assert raised.value.field == field


def test_a_token_is_given_for_days_and_revoked_once(keeper: AccountAdministration) -> None:
    added = keeper.add("wang", "counsellor", None, PASSWORD)
    secret = keeper.give_token(added, "nightly", ["cases:read"], 30)
    assert accounts.token_viewer(keeper.session, secret, NOW + 30 * DAY - dt.timedelta(seconds=1)) is not None
    assert accounts.token_viewer(keeper.session, secret, NOW + 30 * DAY) is None
    token = keeper.session.exec(select(Token)).one()
    keeper.revoke(token)
    keeper.revoke(token)
    assert accounts.token_viewer(keeper.session, secret, NOW) is None
    assert entries(keeper.session)[1:] == [
        ("system", "token_created", f"token:{token.id}"),
        ("system", "token_revoked", f"token:{token.id}"),
    ]
