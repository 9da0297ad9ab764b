"""Accounts and tokens on the command line: real processes, one sentence for whatever is wrong."""

import itertools
import subprocess
import sys
from pathlib import Path

import pyotp
import pytest
from sqlmodel import select

from forbear.accounts import accounts, administration, second_factor
from forbear.accounts.sign_in import Attempt, sign_in
from forbear.base.settings import Settings, child_environment
from forbear.base.vault import Vault
from forbear.cli.commands.accounts import first_account
from forbear.cli.context import Context
from forbear.ops.embedded import Urls
from models.account import Account
from models.database.session import session
from tests.support.desk.cases import NOW, engine_of, working

KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="  # that of the `vault` fixture
PASSWORD = "correct horse battery"  # noqa: S105 - of a test


@pytest.fixture
def environment(database_url: str, redis_url: str, tmp_path: Path) -> dict[str, str]:
    return child_environment(
        FORBEAR_DATABASE_URL=database_url,
        FORBEAR_REDIS_URL=redis_url,
        FORBEAR_HOME=str(tmp_path / "home"),
        FORBEAR_KEY=KEY,
    )


def forbear(
    environment: dict[str, str], *arguments: str, typed: str = "", code: int = 0
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "forbear", *arguments],
        env=environment,
        input=typed,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    if code:
        assert done.stdout == ""
        assert len(done.stderr.strip().splitlines()) == 1
    return done


_hosts = itertools.count()


def enters(url: str, vault: Vault, name: str, password: str) -> bool:
    """Whether somebody comes in, each time from another address: no failure is in their way."""
    with working(url, vault) as work:
        return isinstance(sign_in(work, Attempt(name, password, f"198.51.100.{next(_hosts)}"), None), str)


def test_an_account_from_its_first_day_to_its_last(
    environment: dict[str, str], database_url: str, vault: Vault
) -> None:
    added = forbear(environment, "user", "add", "Wang", "--role", "counsellor").stdout.splitlines()
    assert added[0] == "Account wang added as counsellor."
    made = added[1].removeprefix("Password, shown only now: ")
    assert enters(database_url, vault, "wang", made)

    told = forbear(environment, "user", "password", "wang", "--password-stdin", typed=f"{PASSWORD}\n").stdout
    assert told == "Account wang has a new password.\n", "a password that was given is not printed"
    assert enters(database_url, vault, "wang", PASSWORD) and not enters(database_url, vault, "wang", made)

    secret = second_factor.new_secret()
    with working(database_url, vault) as work:
        wang = work.session.exec(select(Account)).one()
        assert not wang.first_password, "it was typed, not made"
        administration.second_factor_on(work, wang, secret, pyotp.TOTP(secret).at(NOW))
    assert not enters(database_url, vault, "wang", PASSWORD), "a code is asked for"
    told = forbear(environment, "user", "second-factor-off", "wang").stdout
    assert told == "Account wang signs in with its password alone.\n"
    assert enters(database_url, vault, "wang", PASSWORD)

    issuer = {"FORBEAR_OIDC_ISSUER": "https://id.example"}
    told = forbear(environment | issuer, "user", "link", "wang", "7f3a").stdout
    assert told == "Account wang is linked: its owner signs in by https://id.example.\n"
    with working(database_url, vault) as work:
        wang = work.session.exec(select(Account)).one()
        assert (wang.oidc_issuer, wang.oidc_subject) == ("https://id.example", "7f3a")
    forbear(environment, "user", "unlink", "wang")
    with working(database_url, vault) as work:
        assert work.session.exec(select(Account)).one().oidc_issuer is None

    forbear(environment, "user", "disable", "wang")
    assert forbear(environment, "user", "list").stdout == "wang\tcounsellor\t-\tdisabled\n"
    assert not enters(database_url, vault, "wang", PASSWORD)
    forbear(environment, "user", "enable", "wang")
    assert enters(database_url, vault, "wang", PASSWORD)


def test_a_token_is_printed_alone_and_works_until_revoked(environment: dict[str, str], database_url: str) -> None:
    add = ("user", "add", "them", "--role", "submitter", "--submitter", "them", "--password-stdin")
    forbear(environment, *add, typed=PASSWORD)
    scopes = ("--scope", "cases:read,cases:write", "--scope", "webhooks")
    secret = forbear(environment, "token", "create", "them", "--name", "nightly", *scopes).stdout.strip()

    def works() -> bool:
        with engine_of(database_url) as engine, session(engine) as opened:
            viewer = accounts.token_viewer(opened, secret, NOW)
        assert viewer is None or (viewer.submitter, len(viewer.scopes)) == ("them", 3)
        return viewer is not None

    assert works()
    listed = forbear(environment, "token", "list").stdout.split("\t")
    assert listed[1:4] == ["them", "nightly", "cases:read,cases:write,webhooks"]
    assert secret not in listed
    forbear(environment, "token", "revoke", listed[0])
    assert not works()
    assert forbear(environment, "token", "list").stdout == ""


def test_what_is_wrong_is_one_sentence(environment: dict[str, str]) -> None:
    for arguments, says in (
        (("user", "add", "a b", "--role", "admin"), "name"),
        (("user", "add", "wang", "--role", "root"), "role"),
        (("user", "add", "wang", "--role", "submitter"), "submitter"),
        (("user", "add", "wang", "--role", "admin", "--password-stdin"), "12 characters"),
        (("user", "password", "nobody"), "forbear user list"),
        (("user", "disable", "nobody"), "forbear user list"),
        (("token", "create", "nobody", "--scope", "cases:read"), "forbear user list"),
        (("token", "revoke", "7"), "forbear token list"),
    ):
        assert says in forbear(environment, *arguments, typed="short\n", code=2).stderr


def test_the_demonstration_makes_its_account_once(database_url: str, redis_url: str, vault: Vault) -> None:
    with engine_of(database_url) as engine:
        context = Context(Settings(), Urls(database_url, redis_url), engine, vault)
        password = first_account(context, "demo")
        assert password is not None
        assert enters(database_url, vault, "demo", password)
        assert first_account(context, "demo") is None
