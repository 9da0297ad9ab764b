"""Account administration: adds, changes and closes accounts and tokens, and chains each change into the ledger."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, delete, select, update

from forbear.accounts import accounts, passwords, sign_in
from forbear.accounts.accounts import ROLES, SCOPES, Scope, UnfitError
from forbear.base.vault import Vault
from forbear.ledger import ledger
from models.account import Account, SignIn, Token

TOKEN_DAYS = (30, 90, 365)  # choices of how long a token works
_LONGEST = 64  # characters


@dataclass(frozen=True)
class AccountAdministration:
    """Acts for somebody (`actor`, as the ledger names them) in a transaction, as its last step."""

    session: Session
    vault: Vault
    actor: str
    now: dt.datetime

    def add(self, name: str, role: str, submitter: str | None, password: str) -> Account:
        """A new account. Raises UnfitError for what cannot be, a name that is taken included."""
        kept = accounts.name_of(name)
        if kept is None:
            raise UnfitError("name", "form", "A name has letters, digits or . @ _ - and at most 64 of them.")
        if role not in ROLES:
            raise UnfitError("role", "unknown", f"There is no role {role!r}: choose from {', '.join(ROLES)}.")
        whose = _line("submitter", submitter) if submitter and submitter.strip() else None
        if role == "submitter" and whose is None:
            raise UnfitError("submitter", "missing", "A submitter's account needs to know whose cases it hands in.")
        passwords.check(password, kept)
        values = {"name": kept, "role": role, "submitter": whose, "password_hash": passwords.hashed(password)}
        added = (
            insert(Account).values(**values, created_at=self.now).on_conflict_do_nothing().returning(col(Account.id))
        )
        account_id = self.session.connection().execute(added).scalar()
        if account_id is None:
            raise UnfitError("name", "taken", f"There is an account {kept!r} already: take another name.")
        self._note("account_added", f"account:{account_id}", {"role": role})
        return self.session.get_one(Account, account_id)

    def set_password(self, account: Account, password: str) -> None:
        """Give an account another password: its sign-ins end, failures are forgiven. Raises UnfitError."""
        passwords.check(password, account.name)
        self._lock(account)
        account.password_hash = passwords.hashed(password)
        self._end_sign_ins(account)
        sign_in.forgive(self.session, self.vault, account.name)
        self._note("password_set", f"account:{account.id}")

    def sign_out_everywhere(self, account: Account) -> None:
        """End all sign-ins of an account."""
        self._end_sign_ins(account)
        self._note("sign_out", f"account:{account.id}", {"everywhere": True})

    def disable(self, account: Account) -> None:
        """Close an account: its sign-ins and tokens end at once. Never one's own, nor the last admin's (UnfitError)."""
        if self.actor == f"account:{account.id}":
            raise UnfitError("account", "self", "Nobody disables their own account: another administrator does.")
        admins = select(Account.id).where(Account.role == "admin", col(Account.disabled_at).is_(None))
        # Locked in one order, so that two administrators cannot close each other's account in the same moment.
        left = list(self.session.exec(admins.order_by(col(Account.id)).with_for_update(key_share=True)))
        self._lock(account)
        if left == [account.id]:
            raise UnfitError("account", "last", "This is the last administrator: add another one first.")
        if account.disabled_at is not None:
            return
        account.disabled_at = self.now
        self._end_sign_ins(account)
        theirs = col(Token.account_id) == account.id, col(Token.revoked_at).is_(None)
        self.session.exec(update(Token).where(*theirs).values(revoked_at=self.now))
        self._note("account_disabled", f"account:{account.id}")

    def enable(self, account: Account) -> None:
        """Open a closed account again. Its tokens stay revoked."""
        self._lock(account)
        if account.disabled_at is not None:
            account.disabled_at = None
            self._note("account_enabled", f"account:{account.id}")

    def give_token(self, account: Account, name: str, scopes: Iterable[str], days: int) -> str:
        """A new token of an account for so many days; answers its secret. Raises UnfitError."""
        name, asked = _line("token", name), set(scopes)
        if not asked or not asked <= set(SCOPES):
            raise UnfitError("scopes", "unknown", f"A token needs one or more of the scopes {', '.join(SCOPES)}.")
        self._lock(account)
        if account.disabled_at is not None:
            raise UnfitError("account", "disabled", f"The account {account.name!r} is disabled.")
        until = self.now + dt.timedelta(days=days)
        secret = accounts.create_token(self.session, account, name, cast(set[Scope], asked), until, self.now)
        token = accounts.tokens(self.session, account.id, self.now)[0]  # the newest
        self._note("token_created", f"token:{token.id}", {"account": account.id, "scopes": token.scopes})
        return secret

    def revoke(self, token: Token) -> None:
        """End a token."""
        if token.revoked_at is None:
            token.revoked_at = self.now
            self.session.add(token)
            self._note("token_revoked", f"token:{token.id}", {"account": token.account_id})

    def _lock(self, account: Account) -> None:
        self.session.refresh(account, with_for_update={"key_share": True})

    def _end_sign_ins(self, account: Account) -> None:
        self.session.flush()
        self.session.exec(delete(SignIn).where(col(SignIn.account_id) == account.id))

    def _note(self, kind: str, subject: str, detail: dict[str, Any] | None = None) -> None:
        ledger.append(self.session, self.vault, self.actor, [ledger.LedgerEntry(kind, subject, detail or {})], self.now)


def _line(field: str, typed: str) -> str:
    """A short line of text, as it is kept."""
    kept = typed.strip()
    if not kept or len(kept) > _LONGEST or not kept.isprintable():
        raise UnfitError(field, "form", f"The name of a {field} has 1 to {_LONGEST} characters on one line.")
    return kept
