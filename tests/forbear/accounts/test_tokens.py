"""Tokens: a program acts as its account, narrowed to scopes, until the token ends."""

import datetime as dt
from collections.abc import Iterator

import pytest
from sqlmodel import Session, select

from forbear.accounts import accounts
from models.account import Account, Token
from models.database.session import session
from tests.support.desk.cases import NOW, engine_of
from tests.support.desk.desk_clients import account

SECOND = dt.timedelta(seconds=1)


@pytest.fixture
def opened(database_url: str) -> Iterator[Session]:
    account(database_url, "them", "submitter", "them")
    with engine_of(database_url) as engine, session(engine) as opened:
        yield opened


def owner(opened: Session) -> Account:
    return opened.exec(select(Account)).one()


def made(opened: Session, expires_at: dt.datetime | None = None) -> str:
    return accounts.create_token(opened, owner(opened), "nightly", ["cases:write", "cases:read"], expires_at, NOW)


def test_a_token_acts_as_its_account_narrowed_to_its_scopes(opened: Session) -> None:
    secret = made(opened)
    viewer = accounts.token_viewer(opened, secret, NOW)
    assert secret.startswith("fb_")
    assert viewer is not None
    assert (viewer.name, viewer.role, viewer.submitter) == ("them", "submitter", "them")
    assert viewer.scopes == {"cases:read", "cases:write"}
    assert viewer.actor == f"token:{viewer.token_id}"


def test_only_the_hash_of_a_token_is_kept(opened: Session) -> None:
    secret = made(opened)
    assert secret not in repr(opened.exec(select(Token)).one().model_dump())


@pytest.mark.parametrize("wrong", ["", "fb_", "fb_nobody's"])
def test_a_token_that_nobody_was_given_is_nobody(opened: Session, wrong: str) -> None:
    secret = made(opened)
    assert accounts.token_viewer(opened, wrong, NOW) is None
    assert accounts.token_viewer(opened, secret[:-1], NOW) is None


def test_a_token_ends_at_its_moment(opened: Session) -> None:
    secret = made(opened, NOW + SECOND)
    assert accounts.token_viewer(opened, secret, NOW) is not None
    assert accounts.token_viewer(opened, secret, NOW + SECOND) is None


def test_a_revoked_token_is_nobody(opened: Session) -> None:
    secret = made(opened)
    opened.exec(select(Token)).one().revoked_at = NOW
    assert accounts.token_viewer(opened, secret, NOW) is None


def test_a_token_of_a_disabled_account_is_nobody(opened: Session) -> None:
    secret = made(opened)
    owner(opened).disabled_at = NOW
    assert accounts.token_viewer(opened, secret, NOW) is None
