"""Signed-in clients of a real web server, for tests of the desk."""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import httpx
from fastapi import FastAPI

from forbear.accounts import accounts
from forbear.accounts.accounts import Role
from forbear.base.vault import Vault
from models.account import Account
from models.database.session import session
from tests.support.desk.cases import NOW, engine_of
from tests.support.desk.processes import DEADLINE
from tests.support.desk.serving import TRUSTING_NOBODY, serving
from web import auth
from web.app import create_app
from web.deps import now


def account(url: str, name: str = "wang", role: Role = "counsellor", submitter: str | None = None) -> int:
    """Make an account that nobody can sign in to with a password; answers its id."""
    with engine_of(url) as engine, session(engine) as opened:
        made = Account(name=name, role=role, submitter=submitter, password_hash="none", created_at=NOW)  # noqa: S106
        opened.add(made)
        opened.flush()
        return made.id


def cookie_of(url: str, account_id: int, at: dt.datetime = NOW) -> str:
    """Sign an account in; answers the secret of its cookie."""
    with engine_of(url) as engine, session(engine) as opened:
        return accounts.start(opened, opened.get_one(Account, account_id), at)


class Desk(httpx.Client):
    """A signed-in client. `submit` posts a form as a page of ours would."""

    def become(self, secret: str) -> None:
        """Hold this secret from now on, as if the server had set it."""
        self.cookies.set(auth.COOKIE, secret, domain=self.base_url.host, path="/")

    def submit(
        self, address: str, fields: Mapping[str, Sequence[str]] | None = None, **terms: object
    ) -> httpx.Response:
        """Post a form with the token that proves it is ours."""
        token = accounts.csrf_token(self.cookies[auth.COOKIE])
        return self.post(address, data={"csrf": token, **(fields or {})}, **terms)  # type: ignore[arg-type]


def holding(address: str, secret: str) -> Desk:
    """A client whose cookie holds this secret."""
    client = Desk(base_url=address, trust_env=False, timeout=DEADLINE, verify=TRUSTING_NOBODY)
    client.become(secret)
    return client


_idle: list[FastAPI] = []  # applications that nobody is served by: their routes can be had again


@contextmanager
def application(url: str, redis_url: str, vault: Vault, at: Callable[[], dt.datetime]) -> Iterator[FastAPI]:
    """The application, with a clock of its own.

    It is a new one in all but its routes, which know nothing of a record: FastAPI takes longer to make them than most
    tests take for all the rest.
    """
    app = create_app(url, redis_url, vault)
    if _idle:
        made, app = app, _idle.pop()
        app.__dict__.update({name: value for name, value in vars(made).items() if name != "router"})
    app.dependency_overrides[now] = at
    yield app
    _idle.append(app)


@contextmanager
def served(url: str, redis_url: str, vault: Vault, at: dt.datetime = NOW) -> Iterator[str]:
    """The application on a free port, its clock standing still."""
    with application(url, redis_url, vault, lambda: at) as app, serving(app) as address:
        yield address


@contextmanager
def desk(
    url: str, redis_url: str, vault: Vault, role: Role = "counsellor", submitter: str | None = None, name: str = "wang"
) -> Iterator[Desk]:
    """A client that is signed in with a new account of this role."""
    secret = cookie_of(url, account(url, name, role, submitter))
    with served(url, redis_url, vault) as address:
        with holding(address, secret) as client:
            yield client
