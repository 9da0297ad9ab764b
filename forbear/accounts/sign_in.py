"""Signing in with a name and a password: slow for whoever guesses, and telling nobody which names exist.

Failures are counted by name and place, and slow down attempts on that name from that place alone. A place is a device
that is known on the account, else the network that the attempt came from. Wrong codes of a second factor, which only
who has the password comes to try, are counted for all networks together.
"""

import binascii
import datetime as dt
import ipaddress
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import ColumnElement, text
from sqlmodel import Session, col, delete, func, select

from forbear.accounts import accounts, devices, passwords, second_factor
from forbear.accounts.accounts import UnfitError, ViewerWork
from forbear.base.errors import ForbearError
from forbear.base.vault import Vault
from forbear.ledger.ledger import SYSTEM
from forbear.ledger.unit_of_work import Work
from models.account import Account, SignInAttempt

WINDOW = dt.timedelta(minutes=15)  # in which failures count
FIRST_WAIT, LONGEST_WAIT = dt.timedelta(seconds=1), dt.timedelta(seconds=60)  # each further failure doubles it
# An office shares one address. Failures on whatever names by devices that are not known there, and how far apart those
# are taken once there were so many: many names are guessed at slowly, and a new colleague comes in all the same.
FREE_FROM_ADDRESS, APART = 30, dt.timedelta(seconds=3)
# The same of failures on one name from wherever: who has many addresses guesses no faster than from one or two of them.
FREE_ON_NAME, APART_ON_NAME = 20, LONGEST_WAIT
_IPV6_SITE = 64  # bits: whoever has one address of such a network has them all
_DOUBLED = 10  # times at most: the longest wait is long reached
_SECOND = dt.timedelta(seconds=1)
CODE_WITHIN = dt.timedelta(minutes=5)  # of the password
# A code as it was typed; or, of something else that shows a second factor, whether it does so for a locked account.
SecondStep = str | Callable[[Work, Account], bool]
OIDC = "oidc"  # how the ledger calls sign-ins that an identity provider vouches for


@dataclass(frozen=True)
class Refused:
    """Nobody was signed in: name or password is wrong, or nobody `looked` because it came too soon.

    Attempts from the same place are looked at again after so many seconds.
    """

    seconds: int
    looked: bool


@dataclass(frozen=True)
class Attempt:
    """What came from a sign-in page, from which address, and the cookie of the devices that the browser is."""

    name: str
    password: str
    address: str
    devices: str = ""


@dataclass(frozen=True)
class CodeNeeded:
    """The password is right, and a code is asked for: what the browser that gave it brings along with that."""

    ticket: str


def sign_in(work: Work, attempt: Attempt, before: str | None) -> str | Refused | CodeNeeded:
    """The secret of a new sign-in, in place of the one the browser had before; or what is asked for besides.

    A refusal is recorded too: the transaction must be committed either way.
    """
    account = prove(work, attempt)
    if isinstance(account, Refused):
        return account
    if passwords.outdated(account.password_hash):
        account.password_hash = passwords.hashed(attempt.password)
    if account.has_second_factor:
        work.note("code_asked", f"account:{account.id}", actor=SYSTEM)
        return CodeNeeded(_ticket(work, account, before))
    return _enter(work, account, before)


def sign_in_by_code(
    work: Work, ticket: str, code: SecondStep, known_devices: str, before: str | None
) -> tuple[str, Account] | Refused:
    """The same with a code or passkey, once the password was right in the same browser; and whose sign-in it is.

    Raises ExpiredError where it was not, or too long ago.
    """
    account = account_of(work, ticket, before)
    refused = prove_code(work, account, code, known_devices)
    return refused or (_enter(work, account, before), account)


def sign_in_linked(work: Work, issuer: str, subject: str, before: str | None) -> tuple[str, Account] | None:
    """The same for whom an identity provider vouches for; None if no account in use is linked to them."""
    account = accounts.linked(work.session, issuer, subject)
    if account is not None and account.disabled_at is None:
        return _enter(work, account, before, vouched=True), account
    refused_by_provider(work, "not_linked", account)
    return None


def refused_by_provider(work: Work, why: str, account: Account | None = None) -> None:
    """Tell that somebody came back from an identity provider with what lets nobody in."""
    about = "account:unknown" if account is None else f"account:{account.id}"
    work.note("sign_in_failed", about, {"way": OIDC, "why": why}, actor=SYSTEM)


class ExpiredError(Exception):
    """The password has to be given anew: too long ago, in another browser, or it is another one now."""


def sign_in_alone(
    work: Work, address: str, owner: Callable[[Work], Account | None], before: str | None
) -> tuple[str, Account] | Refused:
    """The same by a passkey alone, without name and password; `owner` is the locked account whose passkey was shown."""
    place = _key(work.vault, "address", _site(address))
    at = _key(work.vault, "passkey", ""), place
    failures = _turn(work, *at, place)
    if isinstance(failures, Refused):
        return failures
    account = owner(work)
    if account is None:
        return _failed(work, *at, failures, None)
    work.session.exec(delete(SignInAttempt).where(*_at(*at)))
    return _enter(work, account, before), account


def prove(work: Work, attempt: Attempt) -> Account | Refused:
    """The account whose name and password these are. A refusal is recorded, as by `sign_in`."""
    session, vault = work.session, work.vault
    name = _name_key(vault, attempt.name)
    device = devices.known(vault, name, attempt.devices)
    address = _key(vault, "address", _site(attempt.address))
    at = name, address if device is None else _key(vault, "device", device)
    failures = _turn(work, *at, address if device is None else None)
    if isinstance(failures, Refused):
        return failures
    account = accounts.find(session, attempt.name)
    if _is_theirs(session, account, attempt.password) and account is not None:
        session.exec(delete(SignInAttempt).where(*_at(*at)))
        return account
    return _failed(work, *at, failures, account)


def prove_code(work: Work, account: Account, code: SecondStep, known_devices: str) -> Refused | None:
    """Nothing if this is a code of a locked account, or it has no second factor; else as `prove`."""
    if not account.has_second_factor:
        return None
    vault = work.vault
    device = devices.known(vault, _name_key(vault, account.name), known_devices)
    at = _key(vault, "code", account.name), _key(vault, "device", device or "")
    failures = _turn(work, *at)
    if isinstance(failures, Refused):
        return failures
    if second_factor.accepts(work, account, code) if isinstance(code, str) else code(work, account):
        work.session.exec(delete(SignInAttempt).where(*_at(*at)))
        return None
    return _failed(work, *at, failures, account)


def prove_again(work: ViewerWork, attempt: Attempt, code: SecondStep) -> Account:
    """The viewer's own account, once more shown to be theirs by the password, and by a second factor where it has one.

    Raises UnfitError otherwise; the transaction must be committed either way.
    """
    account = prove(work, attempt)
    if isinstance(account, Refused):
        raise _unfit("current", account)
    if refused := prove_code(work, account, code, attempt.devices):
        raise _unfit("code", refused)
    return account


def _unfit(field: str, refused: Refused) -> UnfitError:
    reason = "wrong" if refused.looked else "too_soon"
    return UnfitError(field, reason, "It was not shown whose account this is.", n=refused.seconds)


def _turn(work: Work, name: str, place: str, address: str | None = None) -> int | Refused:
    """How often it failed for a name from a place; or that this is too soon after. `address`: of an unknown device."""
    session, now = work.session, work.now
    _lock(session, name + place)  # attempts at the same moment are counted one after another
    failures, last = _failures(session, name, place, now)
    again_at = now if last is None else last + _wait(failures)
    if address is not None:
        from_there, on_it = col(SignInAttempt.place) == address, col(SignInAttempt.name) == name
        again_at = max(again_at, _apart(session, address, from_there, (FREE_FROM_ADDRESS, APART), now))
        again_at = max(again_at, _apart(session, name, on_it, (FREE_ON_NAME, APART_ON_NAME), now))
    return Refused(_seconds(again_at - now), looked=False) if again_at > now else failures


def _failed(work: Work, name: str, place: str, failures: int, account: Account | None) -> Refused:
    """One more failure."""
    work.session.add(SignInAttempt(name=name, place=place, at=work.now))
    about = "account:unknown" if account is None else f"account:{account.id}"
    work.note("sign_in_failed", about, actor=SYSTEM)  # whoever tried, it was not shown to be this viewer
    return Refused(_seconds(_wait(failures + 1)), looked=True)


def _enter(work: Work, account: Account, before: str | None, *, vouched: bool = False) -> str:
    if before is not None:
        accounts.end(work.session, before)
    return begin(work, account, vouched=vouched)


def begin(work: Work, account: Account, *, vouched: bool = False) -> str:
    """A new sign-in of an account, which the ledger answers for; its secret. `vouched`: by an identity provider."""
    secret = accounts.start(work.session, account, work.now, vouched=vouched)
    told = accounts.session_told(secret) | ({"way": OIDC} if vouched else {})
    work.note("sign_in", f"account:{account.id}", told, actor=accounts.viewer_of(account).actor)
    return secret


def _ticket(work: Work, account: Account, browser: str | None) -> str:
    """That this browser gave the password of an account, sealed."""
    until = work.now + CODE_WITHIN
    told = [account.id, _password_is(account), until.isoformat()]
    return urlsafe_b64encode(work.vault.seal(told, _of_browser(browser))).decode()


def account_of(work: Work, ticket: str, browser: str | None) -> Account:
    """The account, locked, whose password this browser gave. Raises ExpiredError."""
    try:
        account_id, password, until = work.vault.open(urlsafe_b64decode(ticket), _of_browser(browser))
    except (binascii.Error, ValueError, ForbearError):
        raise ExpiredError from None
    query = select(Account).where(Account.id == account_id).with_for_update(key_share=True)
    account = work.session.exec(query).first()
    if account is None or account.disabled_at or work.now >= dt.datetime.fromisoformat(until):
        raise ExpiredError
    if _password_is(account) != password or not account.has_second_factor:
        raise ExpiredError
    return account


def _of_browser(secret: str | None) -> str:
    return f"sign_in.ticket:{accounts.csrf_token(secret or '')}"


def _password_is(account: Account) -> str:
    """Tells one password of an account from the next one."""
    return sha256(account.password_hash.encode()).hexdigest()


def forgive(session: Session, vault: Vault, name: str) -> None:
    """Forget the failures for a name, with passwords and with codes."""
    names = [_name_key(vault, name), _key(vault, "code", name)]
    session.exec(delete(SignInAttempt).where(col(SignInAttempt.name).in_(names)))


def remember(vault: Vault, attempt: Attempt) -> str:
    """The cookie of devices for the browser of an attempt that came in."""
    return devices.remember(vault, _name_key(vault, attempt.name), attempt.devices)


def sign_out(work: ViewerWork, secret: str) -> None:
    """End the sign-in of one browser."""
    accounts.end(work.session, secret)
    work.note("sign_out", f"account:{work.viewer.account_id}")


def _is_theirs(session: Session, account: Account | None, password: str) -> bool:
    """Whether this is the password of an account, which then is locked; it takes as long where there is none.

    Only the right password locks: whoever guesses must not hold up its owner.
    """
    kept = None if account is None else account.password_hash
    if not passwords.fits(password, kept) or account is None:
        return False
    session.refresh(account, with_for_update={"key_share": True})
    return account.password_hash == kept and account.disabled_at is None


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


def _at(name: str, place: str) -> tuple[ColumnElement[bool], ...]:
    """The failures for a name from a place, as SQL has it."""
    return col(SignInAttempt.name) == name, col(SignInAttempt.place) == place


def _counting(now: dt.datetime) -> tuple[ColumnElement[bool], ...]:
    """The failures that count, as SQL has it.

    One that is a little later than now is of an attempt that came later and was looked at sooner; one that is much
    later is of a clock that was ahead, and slows nobody down.
    """
    return col(SignInAttempt.at) > now - WINDOW, col(SignInAttempt.at) <= now + LONGEST_WAIT


def _failures(session: Session, name: str, place: str, now: dt.datetime) -> tuple[int, dt.datetime | None]:
    """How many there were, and when the last one was."""
    query = select(func.count(), func.max(SignInAttempt.at)).where(*_at(name, place), *_counting(now))
    count, last = session.exec(query).one()
    return count, None if last is None else min(last, now)


def _wait(failures: int) -> dt.timedelta:
    """How long after so many failures the next attempt is looked at."""
    doubled: int = 2 ** min(failures - 1, _DOUBLED)
    return min(LONGEST_WAIT, FIRST_WAIT * doubled)


def _apart(
    session: Session, key: str, among: ColumnElement[bool], allowed: tuple[int, dt.timedelta], now: dt.datetime
) -> dt.datetime:
    """When a device that is not known may be looked at; at once, unless there were too many failures among these."""
    (free, apart), at = allowed, col(SignInAttempt.at)
    latest = select(at).where(among, *_counting(now)).order_by(at.desc())
    if session.exec(latest.offset(free - 1).limit(1)).first() is None:
        return now
    if not _lock(session, key, wait=False):
        return now + apart  # somebody else's is being looked at
    last = session.exec(latest.limit(1)).first()
    return now if last is None else min(last, now) + apart


def _lock(session: Session, key: str, *, wait: bool = True) -> bool:
    """Be alone with something until the transaction ends; False if somebody else is and we do not wait."""
    function = "pg_advisory_xact_lock" if wait else "pg_try_advisory_xact_lock"
    statement = text(f"SELECT {function}(hashtextextended(:key, 0))")
    return session.connection().execute(statement, {"key": key}).scalar() is not False


def _seconds(wait: dt.timedelta) -> int:
    return max(1, -(-wait // _SECOND))
