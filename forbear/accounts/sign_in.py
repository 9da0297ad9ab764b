"""Signing in with a name and a password: slow for whoever guesses, and telling nobody which names exist."""

import datetime as dt
import ipaddress
from dataclasses import dataclass

from sqlalchemy import text
from sqlmodel import Session, col, delete, select

from forbear.accounts import accounts, passwords
from forbear.accounts.accounts import ViewerWork
from forbear.base.vault import Vault
from forbear.ledger.ledger import SYSTEM
from forbear.ledger.unit_of_work import Work
from models.account import Account, SignInAttempt

WINDOW = dt.timedelta(minutes=15)
MOST_FOR_NAME, MOST_FROM_ADDRESS = 10, 30  # failures in a window; an office shares one address
_IPV6_SITE = 64  # bits: whoever has one address of such a network has them all


@dataclass(frozen=True)
class Refused:
    """Nobody was signed in: name or password is wrong, or, until `again_at`, there were too many failures."""

    again_at: dt.datetime | None = None


@dataclass(frozen=True)
class Attempt:
    """What came from a sign-in page, and from which address."""

    name: str
    password: str
    address: str


def sign_in(work: Work, attempt: Attempt, before: str | None) -> str | Refused:
    """The secret of a new sign-in, in place of the one the browser had before.

    A refusal is recorded too: the transaction must be committed either way.
    """
    account = prove(work, attempt)
    if isinstance(account, Refused):
        return account
    if passwords.outdated(account.password_hash):
        account.password_hash = passwords.hashed(attempt.password)
    if before is not None:
        accounts.end(work.session, before)
    secret = accounts.start(work.session, account, work.now)
    work.note("sign_in", f"account:{account.id}", actor=accounts.viewer_of(account).actor)
    return secret


def prove(work: Work, attempt: Attempt) -> Account | Refused:
    """The account whose name and password these are. A refusal is recorded, as by `sign_in`."""
    session, vault, now = work.session, work.vault, work.now
    name, address = _name_key(vault, attempt.name), _key(vault, "address", _site(attempt.address))
    again_at = _again_at(session, name, address, now)
    if again_at is not None:
        return Refused(again_at)
    account = accounts.find(session, attempt.name, lock=True)
    fits = passwords.fits(attempt.password, None if account is None else account.password_hash)
    if account is not None and fits and account.disabled_at is None:
        return account
    session.add(SignInAttempt(name=name, address=address, at=now))
    about = "account:unknown" if account is None else f"account:{account.id}"
    work.note("sign_in_failed", about, actor=SYSTEM)  # whoever tried, it was not shown to be this viewer
    return Refused()


def forgive(session: Session, vault: Vault, name: str) -> None:
    """Forget the failures for a name."""
    session.exec(delete(SignInAttempt).where(col(SignInAttempt.name) == _name_key(vault, name)))


def sign_out(work: ViewerWork, secret: str) -> None:
    """End the sign-in of one browser."""
    accounts.end(work.session, secret)
    work.note("sign_out", f"account:{work.viewer.account_id}")


def _name_key(vault: Vault, typed: str) -> str:
    """What failures for a name are counted by: a hash, because people type passwords into the field of the name."""
    return _key(vault, "name", accounts.name_of(typed) or typed)


def _key(vault: Vault, kind: str, value: str) -> str:
    return vault.mac(f"{kind}:{value}".encode()).hex()


def _site(address: str) -> str:
    """The network that one client has to itself."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if known.version == 4 or known.ipv4_mapped:
        return address
    return str(ipaddress.ip_network((address, _IPV6_SITE), strict=False))


def _again_at(session: Session, name: str, address: str, now: dt.datetime) -> dt.datetime | None:
    """Until when there were too many failures, for the name or from the address.

    Both are locked until the transaction ends: attempts at the same moment are counted one after another.
    """
    until = None
    for column, key, most in (
        (col(SignInAttempt.name), name, MOST_FOR_NAME),
        (col(SignInAttempt.address), address, MOST_FROM_ADDRESS),
    ):
        session.connection().execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": key})
        at = col(SignInAttempt.at)
        query = select(at).where(column == key, at > now - WINDOW).order_by(at.desc()).offset(most - 1).limit(1)
        earliest = session.exec(query).first()
        if earliest is not None:
            until = max(until or earliest + WINDOW, earliest + WINDOW)
    return until
