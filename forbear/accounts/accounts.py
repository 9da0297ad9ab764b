"""Accounts: who may do what. A viewer is an account, or a token of one, as a request acts for it."""

import datetime as dt
import hmac
import re
import secrets
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final, Literal, get_args

from sqlalchemy import ColumnElement, bindparam
from sqlmodel import Session, col, delete, select

from forbear.base.errors import ForbearError
from forbear.base.settings import settings
from forbear.ledger.unit_of_work import Work
from models.account import Account, SignIn, Token
from rules.pack.pack import Pack

Role = Literal["submitter", "counsellor", "supervisor", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)  # each may do what the ones before it may, but submitters only see their own
Owed = Literal["password", "second_factor"]
Scope = Literal["cases:read", "cases:write", "rejects:read", "reviews:write", "webhooks"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
SIGNED_IN_FOR = dt.timedelta(hours=12)  # a working day
SUBJECT = 255  # characters at most of what an identity provider calls somebody
_SEEN_EVERY = dt.timedelta(minutes=1)  # at most it is written that somebody is there


_NAME = re.compile(r"[\w.@-]{1,64}")
# Asked by every request: put together once.
_HOLDER: Final = (
    select(Account, SignIn.vouched, SignIn.seen_at)
    .join(SignIn)
    .where(
        SignIn.secret_hash == bindparam("secret"),
        col(SignIn.expires_at) > bindparam("now"),
        col(SignIn.seen_at) > bindparam("idle_since"),
    )
)


class UnfitError(ForbearError):
    """A field of an account or a token cannot be so.

    `field` and `reason` are codes that pages have words for, `n` a number in them.
    """

    def __init__(self, field: str, reason: str, message: str, n: int | None = None) -> None:
        super().__init__(message)
        self.field = field
        self.reason = reason
        self.n = n


@dataclass(frozen=True)
class Viewer:
    """Who acts. `submitter` narrows what may be seen to the cases of that submitter; None: of everybody.

    `owes` is what the person has to set up in the account before anything else on the pages.
    """

    account_id: int
    name: str
    role: Role
    submitter: str | None
    token_id: int | None = None
    scopes: frozenset[str] = frozenset()
    owes: Owed | None = None

    @property
    def actor(self) -> str:
        """The name of this viewer in the ledger."""
        return f"account:{self.account_id}" if self.token_id is None else f"token:{self.token_id}"

    def may_act_as(self, role: Role) -> bool:
        """Whether the role of this account is at least this one."""
        return ROLES.index(self.role) >= ROLES.index(role)


@dataclass(frozen=True)
class ViewerWork(Work):
    """A unit of work by somebody who is known, in which new facts are decided by `pack`."""

    viewer: Viewer
    pack: Pack

    @property
    def actor(self) -> str:
        """The viewer."""
        return self.viewer.actor


def work_by(viewer: Viewer, work: Work, pack: Pack) -> ViewerWork:
    """The same unit of work as a viewer's."""
    return ViewerWork(work.session, work.vault, work.now, viewer, pack, noted=work.noted, touched=work.touched)


def viewer_of(account: Account, *, vouched: bool = False) -> Viewer:
    """An account as it acts in a browser; whom an identity provider vouched for owes nothing."""
    role: Role = account.role  # type: ignore[assignment] # the table's check constraint
    submitter = account.submitter if role == "submitter" else None
    return Viewer(account.id, account.name, role, submitter, owes=None if vouched else _owed(account, role))


def _owed(account: Account, role: Role) -> Owed | None:
    if account.first_password:
        return "password"
    needed = {"off": False, "supervisors": role in ("supervisor", "admin"), "all": True}[settings().second_factor]
    return "second_factor" if needed and not account.has_second_factor else None


def name_of(typed: str) -> str | None:
    """The name of an account as it is kept; None if no account can have it."""
    name = unicodedata.normalize("NFKC", typed).strip().lower()
    return name if _NAME.fullmatch(name) else None


def find(session: Session, typed: str, *, lock: bool = False) -> Account | None:
    """The account of this name, locked until the transaction ends if asked for."""
    name = name_of(typed)
    if name is None:
        return None
    query = select(Account).where(Account.name == name)
    return session.exec(query.with_for_update(key_share=True) if lock else query).first()


def is_subject(given: object) -> bool:
    """Whether an identity provider can call somebody so."""
    return isinstance(given, str) and 0 < len(given) <= SUBJECT and given.isprintable() and given == given.strip()


def linked(session: Session, issuer: str, subject: str) -> Account | None:
    """The account that is linked to whom a provider calls so, locked until the transaction ends."""
    query = select(Account).where(Account.oidc_issuer == issuer, Account.oidc_subject == subject)
    return session.exec(query.with_for_update(key_share=True)).first()


def start(session: Session, account: Account, now: dt.datetime, *, vouched: bool = False) -> str:
    """Sign an account in; answers the secret for the browser's cookie, which only its hash is kept of."""
    secret = secrets.token_urlsafe(32)
    session.add(
        SignIn(
            secret_hash=_hash(secret),
            account_id=account.id,
            created_at=now,
            expires_at=now + SIGNED_IN_FOR,
            seen_at=now,
            vouched=vouched,
        )
    )
    session.flush()
    return secret


def session_told(secret: str) -> dict[str, str]:
    """What an entry of the ledger about a sign-in has of its row: a hash that nobody comes in with."""
    return {"session": _hash(secret).hex()}


def signed_in(session: Session, secret: str, now: dt.datetime) -> Viewer | None:
    """Who holds this cookie; None if nobody does, it expired or was idle too long, or the account was disabled."""
    found = holder(session, secret, now)
    return None if found is None else found[0]


def was_vouched(session: Session, secret: str) -> bool:
    """Whether an identity provider said who holds this cookie."""
    return session.exec(select(SignIn.vouched).where(SignIn.secret_hash == _hash(secret))).first() is True


def holder(session: Session, secret: str, now: dt.datetime) -> tuple[Viewer, bool] | None:
    """The same, and whether it is long enough since somebody was last seen to hold this cookie to write it down."""
    given = {"secret": _hash(secret), "now": now, "idle_since": now - _idle()}
    account, vouched, seen_at = session.exec(_HOLDER, params=given).first() or (None, False, now)
    if account is None or account.disabled_at is not None:
        return None
    return viewer_of(account, vouched=vouched), seen_at <= now - _SEEN_EVERY


def seen(session: Session, secret: str, now: dt.datetime) -> None:
    """Write down that somebody does something with this cookie; whoever has its row does so or ends it."""
    free = select(SignIn).where(SignIn.secret_hash == _hash(secret)).with_for_update(key_share=True, skip_locked=True)
    sign_in = session.exec(free).first()
    if sign_in is not None and sign_in.seen_at < now:
        sign_in.seen_at = now
        session.add(sign_in)


def _counting(now: dt.datetime) -> tuple[ColumnElement[bool], ...]:
    """Sign-ins that are neither expired nor idle, as SQL has it."""
    return col(SignIn.expires_at) > now, col(SignIn.seen_at) > now - _idle()


def _idle() -> dt.timedelta:
    return dt.timedelta(minutes=settings().sign_in_idle_minutes)


def end(session: Session, secret: str) -> None:
    """Sign out the browser that holds this cookie."""
    session.exec(delete(SignIn).where(col(SignIn.secret_hash) == _hash(secret)))


def sign_ins(session: Session, account_id: int, now: dt.datetime) -> list[SignIn]:
    """In which browsers an account is signed in, the latest first."""
    query = select(SignIn).where(SignIn.account_id == account_id, *_counting(now))
    return list(session.exec(query.order_by(col(SignIn.created_at).desc())))


def tokens(session: Session, account_id: int, now: dt.datetime) -> list[Token]:
    """The tokens of an account that work, the newest first."""
    query = select(Token).where(Token.account_id == account_id, col(Token.revoked_at).is_(None))
    query = query.where(col(Token.expires_at).is_(None) | (col(Token.expires_at) > now))
    return list(session.exec(query.order_by(col(Token.id).desc())))


def create_token(
    session: Session,
    account: Account,
    name: str,
    scopes: Iterable[Scope],
    expires_at: dt.datetime | None,
    now: dt.datetime,
) -> str:
    """Give an account a token under a name; answers its secret, which only its hash is kept of."""
    secret = "fb_" + secrets.token_urlsafe(32)  # a prefix that scanners of source code can look for
    session.add(
        Token(
            account_id=account.id,
            name=name,
            scopes=sorted(set(scopes)),
            secret_hash=_hash(secret),
            created_at=now,
            expires_at=expires_at,
        )
    )
    session.flush()
    return secret


def token_viewer(session: Session, secret: str, now: dt.datetime) -> Viewer | None:
    """Who holds this token; None if it is unknown, expired or revoked, or the account was disabled."""
    query = select(Token, Account).join(Account).where(Token.secret_hash == _hash(secret))
    found = session.exec(query).first()
    if found is None:
        return None
    token, account = found
    if token.revoked_at or account.disabled_at or (token.expires_at and token.expires_at <= now):
        return None
    return replace(viewer_of(account), token_id=token.id, scopes=frozenset(token.scopes))


def csrf_token(secret: str) -> str:
    """What the forms of a signed-in browser carry: another site cannot know it."""
    return hmac.digest(secret.encode(), b"csrf", sha256).hex()


def _hash(secret: str) -> bytes:
    return sha256(secret.encode()).digest()
