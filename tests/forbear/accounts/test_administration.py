"""Administration of accounts: what can be, what ends at once, and that each change stands in the ledger."""

import datetime as dt
import threading
from collections.abc import Iterator

import pytest
from sqlmodel import select

from forbear.accounts import accounts, administration
from forbear.accounts.accounts import UnfitError, Viewer, work_by
from forbear.accounts.sign_in import Attempt, CodeNeeded, Refused, sign_in
from forbear.base.packs import shipped
from forbear.ledger.unit_of_work import Work
from models.account import Account, Token
from tests.support.desk.cases import NOW, working, working_as
from tests.support.desk.desk_clients import account

PASSWORD = "correct horse battery"  # noqa: S105 - of a test
DAY = dt.timedelta(days=1)


@pytest.fixture
def work(database_url: str) -> Iterator[Work]:
    with working(database_url) as begun:
        yield begun


def noted(work: Work) -> list[tuple[str, str, str]]:
    return [(actor, entry.kind, entry.subject) for actor, entry in work.noted]


def tried(work: Work, name: str, password: str = PASSWORD) -> str | Refused | CodeNeeded:
    return sign_in(work, Attempt(name, password, "127.0.0.1"), None)


def unfit(work: Work, name: str = "wang", role: str = "counsellor", submitter: str | None = None) -> tuple[str, str]:
    with pytest.raises(UnfitError) as raised:
        administration.add(work, name, role, submitter, PASSWORD)
    return raised.value.field, raised.value.reason


def test_an_account_added_can_sign_in_under_its_name_in_any_case(work: Work) -> None:
    added = administration.add(work, " Wang.Li ", "counsellor", None, PASSWORD)
    assert added.name == "wang.li"
    secret = tried(work, "WANG.LI")
    assert isinstance(secret, str)
    viewer = accounts.signed_in(work.session, secret, NOW)
    assert viewer is not None
    assert (viewer.name, viewer.role, viewer.submitter) == ("wang.li", "counsellor", None)
    assert noted(work) == [
        ("system", "account_added", f"account:{added.id}"),
        (f"account:{added.id}", "sign_in", f"account:{added.id}"),
    ]


@pytest.mark.parametrize("name", ["", " ", "a b", "a/b", "a\x00b", "<b>", "x" * 65])
def test_a_name_that_cannot_be_typed_is_refused(work: Work, name: str) -> None:
    assert unfit(work, name) == ("name", "form")
    assert accounts.find(work.session, name) is None


def test_a_name_has_up_to_64_characters_of_any_script(work: Work) -> None:
    assert administration.add(work, "王" * 64, "counsellor", None, PASSWORD).name == "王" * 64


def test_a_name_is_taken_once_whatever_its_case(work: Work) -> None:
    administration.add(work, "wang", "counsellor", None, PASSWORD)
    assert unfit(work, "WANG") == ("name", "taken")


def test_a_submitter_needs_to_be_named(work: Work) -> None:
    assert unfit(work, role="submitter") == ("submitter", "missing")
    assert unfit(work, role="submitter", submitter="  ") == ("submitter", "missing")
    assert unfit(work, role="submitter", submitter="x" * 65) == ("submitter", "form")
    assert unfit(work, role="submitter", submitter="a\nb") == ("submitter", "form")
    added = administration.add(work, "wang", "submitter", " 机构甲 ", PASSWORD)
    assert accounts.viewer_of(added).submitter == "机构甲"


def test_there_are_four_roles(work: Work) -> None:
    assert unfit(work, role="root") == ("role", "unknown")


def test_a_new_password_ends_sign_ins_and_forgives_failures(work: Work) -> None:
    added = administration.add(work, "wang", "counsellor", None, PASSWORD)
    secret = tried(work, "wang")
    assert isinstance(secret, str)
    tried(work, "wang", "wrong")
    assert tried(work, "wang") == Refused(1, looked=False)
    administration.set_password(work, added, "another horse entirely")
    assert accounts.signed_in(work.session, secret, NOW) is None
    assert isinstance(tried(work, "wang", "another horse entirely"), str)
    assert isinstance(tried(work, "wang"), Refused)


def test_a_disabled_account_is_out_at_once_and_its_tokens_never_come_back(work: Work) -> None:
    added = administration.add(work, "wang", "counsellor", None, PASSWORD)
    secret = tried(work, "wang")
    token = administration.give_token(work, added, "nightly", ["cases:read"], 30)
    assert isinstance(secret, str)
    administration.disable(work, added)
    for _ in range(2):
        assert accounts.signed_in(work.session, secret, NOW) is None
        assert accounts.token_viewer(work.session, token, NOW) is None
        administration.enable(work, added)
    assert isinstance(tried(work, "wang"), str)


def test_a_disabled_account_cannot_sign_in_and_gets_no_token(work: Work) -> None:
    added = administration.add(work, "wang", "counsellor", None, PASSWORD)
    administration.disable(work, added)
    assert tried(work, "wang") == Refused(1, looked=True)
    with pytest.raises(UnfitError, match="disabled"):
        administration.give_token(work, added, "nightly", ["cases:read"], 30)


def test_disabling_twice_is_said_once(work: Work) -> None:
    added = administration.add(work, "wang", "counsellor", None, PASSWORD)
    administration.disable(work, added)
    administration.disable(work, added)
    administration.enable(work, added)
    administration.enable(work, added)
    assert [kind for _, kind, _ in noted(work)] == ["account_added", "account_disabled", "account_enabled"]


def test_the_last_administrator_stays(work: Work) -> None:
    first, second = (administration.add(work, name, "admin", None, PASSWORD) for name in ("first", "second"))
    administration.disable(work, first)
    with pytest.raises(UnfitError) as raised:
        administration.disable(work, second)
    assert (raised.value.field, raised.value.reason) == ("account", "last")


def test_nobody_disables_their_own_account(work: Work) -> None:
    first, _ = (administration.add(work, name, "admin", None, PASSWORD) for name in ("first", "second"))
    themself = work_by(accounts.viewer_of(first), work, shipped())
    with pytest.raises(UnfitError) as raised:
        administration.disable(themself, first)
    assert (raised.value.field, raised.value.reason) == ("account", "self")


def test_two_administrators_cannot_disable_each_other_in_the_same_moment(database_url: str) -> None:
    ids = [account(database_url, name, "admin") for name in ("first", "second")]
    both = threading.Barrier(2)
    done: list[str] = []

    def disable(actor: int, other: int) -> None:
        both.wait()
        try:
            with working_as(Viewer(actor, str(actor), "admin", None), database_url) as work:
                administration.disable(work, work.session.get_one(Account, other))
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
            with working(database_url) as work:
                done.append(administration.add(work, "wang", "counsellor", None, PASSWORD).name)
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
def test_a_token_has_a_purpose_and_known_scopes(work: Work, name: str, scopes: list[str], field: str) -> None:
    added = administration.add(work, "wang", "counsellor", None, PASSWORD)
    with pytest.raises(UnfitError) as raised:
        administration.give_token(work, added, name, scopes, 30)
    assert raised.value.field == field


def test_a_token_is_given_for_days_and_revoked_once(work: Work) -> None:
    added = administration.add(work, "wang", "counsellor", None, PASSWORD)
    secret = administration.give_token(work, added, "nightly", ["cases:read"], 30)
    assert accounts.token_viewer(work.session, secret, NOW + 30 * DAY - dt.timedelta(seconds=1)) is not None
    assert accounts.token_viewer(work.session, secret, NOW + 30 * DAY) is None
    token = work.session.exec(select(Token)).one()
    administration.revoke(work, token)
    administration.revoke(work, token)
    assert accounts.token_viewer(work.session, secret, NOW) is None
    assert noted(work)[1:] == [
        ("system", "token_created", f"token:{token.id}"),
        ("system", "token_revoked", f"token:{token.id}"),
    ]
