"""Account administration: adds, changes and closes accounts and tokens; each change is noted for the ledger."""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any, cast

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, delete, select, update

from forbear.accounts import accounts, passwords, second_factor, sign_in
from forbear.accounts.accounts import ROLES, SCOPES, Scope, UnfitError
from forbear.ledger.unit_of_work import Work
from models.account import Account, Passkey, SignIn, Token

TOKEN_DAYS = (30, 90, 365)  # choices of how long a token works
SURE = ("face", "call", "vouched")  # how an administrator made sure who asks, before they open an account to them
MOST_PASSKEYS = 10  # of an account
_LONGEST = 64  # characters


def add(
    work: Work, name: str, role: str, submitter: str | None, password: str, *, handed_over: bool = False
) -> Account:
    """A new account. Raises UnfitError for what cannot be, a name that is taken included.

    A password that is handed over to somebody is to be changed at the first sign-in.
    """
    kept = accounts.name_of(name)
    if kept is None:
        raise UnfitError("name", "form", "A name has letters, digits or . @ _ - and at most 64 of them.")
    if role not in ROLES:
        raise UnfitError("role", "unknown", f"There is no role {role!r}: choose from {', '.join(ROLES)}.")
    whose = _line("submitter", submitter) if submitter and submitter.strip() else None
    if role == "submitter" and whose is None:
        raise UnfitError("submitter", "missing", "A submitter's account needs to know whose cases it hands in.")
    passwords.check(password, kept)
    values: dict[str, Any] = {
        "name": kept,
        "role": role,
        "submitter": whose,
        "password_hash": passwords.hashed(password),
    }
    values["first_password"] = handed_over
    added = insert(Account).values(**values, created_at=work.now).on_conflict_do_nothing().returning(col(Account.id))
    account_id = work.session.connection().execute(added).scalar()
    if account_id is None:
        raise UnfitError("name", "taken", f"There is an account {kept!r} already: take another name.")
    work.note("account_added", f"account:{account_id}", {"role": role})
    return work.session.get_one(Account, account_id)


def set_password(
    work: Work,
    account: Account,
    password: str,
    *,
    handed_over: bool = False,
    tokens_too: bool = False,
    sure: str | None = None,
) -> None:
    """Give an account another password: its sign-ins end, failures are forgiven. Raises UnfitError.

    Its tokens end too where that is asked for. `handed_over`: as `add` has it. `sure`: one of SURE, where somebody who
    is not its owner sees to that.
    """
    told = _told(sure)
    passwords.check(password, account.name)
    _lock(work.session, account)
    if passwords.fits(password, account.password_hash):
        raise UnfitError("password", "same", "This is the password that it has now: take another one.")
    account.password_hash, account.first_password = passwords.hashed(password), handed_over
    _end_sign_ins(work.session, account)
    sign_in.forgive(work.session, work.vault, account.name)
    work.note("password_set", f"account:{account.id}", told)
    if tokens_too:
        _revoke_all(work, account)


def second_factor_on(work: Work, account: Account, secret: str, code: str) -> tuple[str, ...]:
    """Ask an account for codes from now on: its sign-ins end. Answers its recovery codes. Raises UnfitError."""
    _lock(work.session, account)
    if account.second_factor is not None:
        raise UnfitError("code", "there", "This account has a second factor already.")
    codes = second_factor.turn_on(work, account, secret, code)
    _end_sign_ins(work.session, account)
    return codes


def second_factor_off(work: Work, account: Account, *, passkeys_too: bool = False, sure: str | None = None) -> None:
    """Ask an account for codes no more, its owner or who lost them: its sign-ins end, failures are forgiven.

    `passkeys_too`: whatever it has is taken off, and the password alone signs it in. `sure`: as `set_password` has it.
    """
    told = _told(sure)
    _lock(work.session, account)
    if passkeys_too:
        for passkey in work.session.exec(select(Passkey).where(Passkey.account_id == account.id)):
            _remove_passkey(work, account, passkey, told)
    second_factor.turn_off(work, account, told)
    _end_sign_ins(work.session, account)
    sign_in.forgive(work.session, work.vault, account.name)


def link(work: Work, account: Account, issuer: str, subject: str) -> None:
    """Let whom a provider calls so sign in on an account: its sign-ins end. Raises UnfitError."""
    subject = subject.strip()
    if not accounts.is_subject(subject):
        raise UnfitError("subject", "form", "The identifier has 1 to 255 characters on one line.")
    _lock(work.session, account)
    try:
        with work.session.begin_nested():
            account.oidc_issuer, account.oidc_subject = issuer, subject
            work.session.flush()
    except IntegrityError:
        raise UnfitError("subject", "taken", "Another account is linked to this identifier already.") from None
    _end_sign_ins(work.session, account)
    work.note("account_linked", f"account:{account.id}")


def unlink(work: Work, account: Account) -> None:
    """Let nobody sign in on an account by an identity provider: its sign-ins end."""
    _lock(work.session, account)
    if account.oidc_subject is not None:
        account.oidc_issuer = account.oidc_subject = None
        _end_sign_ins(work.session, account)
        work.note("account_unlinked", f"account:{account.id}")


def may_have_passkey(account: Account, name: str) -> str:
    """The name of one more passkey as it is kept. Raises UnfitError."""
    if account.passkeys >= MOST_PASSKEYS:
        told = f"An account has {MOST_PASSKEYS} passkeys at most: remove one first."
        raise UnfitError("passkey", "many", told, n=MOST_PASSKEYS)
    return _line("passkey_name", name)


def add_passkey(work: Work, account: Account, passkey: Passkey) -> tuple[str, ...]:
    """Give an account a passkey: its sign-ins end. Answers recovery codes where it had none. Raises UnfitError."""
    _lock(work.session, account)
    passkey.name = may_have_passkey(account, passkey.name)
    first = not account.has_second_factor
    if work.session.exec(select(Passkey.id).where(Passkey.credential_id == passkey.credential_id)).first():
        raise UnfitError("passkey", "known", "This passkey is here already.")
    work.session.add(passkey)
    account.passkeys += 1
    codes = second_factor.give_recovery_codes(account) if first else ()
    work.session.add(account)
    _end_sign_ins(work.session, account)
    work.note("passkey_added", f"account:{account.id}", {"passkey": passkey.id})
    return codes


def remove_passkey(work: Work, account: Account, passkey: Passkey) -> None:
    """Take a passkey off an account: its sign-ins end."""
    _lock(work.session, account)
    _remove_passkey(work, account, passkey)
    _end_sign_ins(work.session, account)


def _told(sure: str | None) -> dict[str, str]:
    """What the ledger is told of how somebody made sure. Raises UnfitError."""
    if sure is None:
        return {}
    if sure not in SURE:
        raise UnfitError("sure", "missing", f"Say how you made sure who asks: {', '.join(SURE)}.")
    return {"sure": sure}


def _remove_passkey(work: Work, account: Account, passkey: Passkey, told: Mapping[str, str] | None = None) -> None:
    work.note("passkey_removed", f"account:{account.id}", {"passkey": passkey.id, **(told or {})})
    work.session.delete(passkey)
    account.passkeys -= 1
    if not account.has_second_factor:
        account.recovery = []
    work.session.add(account)
    work.session.flush()


def sign_out_everywhere(work: Work, account: Account) -> None:
    """End all sign-ins of an account."""
    _end_sign_ins(work.session, account)
    work.note("sign_out", f"account:{account.id}", {"everywhere": True})


def disable(work: Work, account: Account) -> None:
    """Close an account: its sign-ins and tokens end at once. Never one's own, nor the last admin's (UnfitError)."""
    if work.actor == f"account:{account.id}":
        raise UnfitError("account", "self", "Nobody disables their own account: another administrator does.")
    admins = select(Account.id).where(Account.role == "admin", col(Account.disabled_at).is_(None))
    # Locked in one order, so that two administrators cannot close each other's account in the same moment.
    left = list(work.session.exec(admins.order_by(col(Account.id)).with_for_update(key_share=True)))
    _lock(work.session, account)
    if left == [account.id]:
        raise UnfitError("account", "last", "This is the last administrator: add another one first.")
    if account.disabled_at is not None:
        return
    account.disabled_at = work.now
    _end_sign_ins(work.session, account)
    work.note("account_disabled", f"account:{account.id}")
    _revoke_all(work, account)


def enable(work: Work, account: Account) -> None:
    """Open a closed account again. Its tokens stay revoked."""
    _lock(work.session, account)
    if account.disabled_at is not None:
        account.disabled_at = None
        work.note("account_enabled", f"account:{account.id}")


def give_token(work: Work, account: Account, name: str, scopes: Iterable[str], days: int) -> str:
    """A new token of an account for so many days; answers its secret. Raises UnfitError."""
    name, asked = _line("token", name), set(scopes)
    if not asked or not asked <= set(SCOPES):
        raise UnfitError("scopes", "unknown", f"A token needs one or more of the scopes {', '.join(SCOPES)}.")
    _lock(work.session, account)
    if account.disabled_at is not None:
        raise UnfitError("account", "disabled", f"The account {account.name!r} is disabled.")
    until = work.now + dt.timedelta(days=days)
    secret = accounts.create_token(work.session, account, name, cast(set[Scope], asked), until, work.now)
    token = accounts.tokens(work.session, account.id, work.now)[0]  # the newest
    work.note("token_created", f"token:{token.id}", {"account": account.id, "scopes": token.scopes})
    return secret


def revoke(work: Work, token: Token) -> None:
    """End a token."""
    if token.revoked_at is None:
        token.revoked_at = work.now
        work.session.add(token)
        work.note("token_revoked", f"token:{token.id}", {"account": token.account_id})


def _revoke_all(work: Work, account: Account) -> None:
    """End the tokens of an account."""
    theirs = col(Token.account_id) == account.id, col(Token.revoked_at).is_(None)
    revoked = work.session.exec(update(Token).where(*theirs).values(revoked_at=work.now).returning(col(Token.id)))
    for token_id in sorted(revoked.scalars()):
        work.note("token_revoked", f"token:{token_id}", {"account": account.id})


def _lock(session: Session, account: Account) -> None:
    session.flush()  # what this work changed already must not be read over
    session.refresh(account, with_for_update={"key_share": True})


def _end_sign_ins(session: Session, account: Account) -> None:
    session.flush()
    session.exec(delete(SignIn).where(col(SignIn.account_id) == account.id))


def _line(field: str, typed: str) -> str:
    """A short line of text, as it is kept."""
    kept = typed.strip()
    if not kept or len(kept) > _LONGEST or not kept.isprintable():
        raise UnfitError(field, "form", f"The name of a {field} has 1 to {_LONGEST} characters on one line.")
    return kept
