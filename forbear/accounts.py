"""Accounts: who may do what. A viewer is an account, or a token of one, as a request acts for it."""

import datetime as dt
import hmac
import secrets
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal, get_args

from sqlmodel import Session, select

from models.account import Account, SignIn

Role = Literal["submitter", "counsellor", "supervisor", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)  # each may do what the ones before it may, but submitters only see their own
SIGNED_IN_FOR = dt.timedelta(hours=12)  # a working day


@dataclass(frozen=True)
class Viewer:
    """Who acts. `submitter` narrows what may be seen to the cases of that submitter; None: of everybody."""

    account_id: int
    name: str
    role: Role
    submitter: str | None
    token_id: int | None = None
    scopes: frozenset[str] = frozenset()

    @property
    def actor(self) -> str:
        """The name of this viewer in the ledger."""
        return f"account:{self.account_id}" if self.token_id is None else f"token:{self.token_id}"

    def may_act_as(self, role: Role) -> bool:
        """Whether the role of this account is at least this one."""
        return ROLES.index(self.role) >= ROLES.index(role)


def viewer_of(account: Account) -> Viewer:
    """An account as it acts in a browser."""
    role: Role = account.role  # type: ignore[assignment] # the table's check constraint
    return Viewer(account.id, account.name, role, account.submitter if role == "submitter" else None)


def start(session: Session, account: Account, now: dt.datetime) -> str:
    """Sign an account in; answers the secret for the browser's cookie, which only its hash is kept of."""
    secret = secrets.token_urlsafe(32)
    session.add(
        SignIn(secret_hash=_hash(secret), account_id=account.id, created_at=now, expires_at=now + SIGNED_IN_FOR)
    )
    session.flush()
    return secret


def signed_in(session: Session, secret: str, now: dt.datetime) -> Viewer | None:
    """Who holds this cookie; None if nobody does, it expired, or the account was disabled."""
    query = select(Account).join(SignIn).where(SignIn.secret_hash == _hash(secret), SignIn.expires_at > now)
    account = session.exec(query).first()
    return None if account is None or account.disabled_at is not None else viewer_of(account)


def csrf_token(secret: str) -> str:
    """What the forms of a signed-in browser carry: another site cannot know it."""
    return hmac.digest(secret.encode(), b"csrf", sha256).hex()


def _hash(secret: str) -> bytes:
    return sha256(secret.encode()).digest()
