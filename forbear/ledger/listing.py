"""Entries of the ledger for people to read, newest first: by kind, by who, by what they are about."""

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, TextClause, text
from sqlmodel import Session, col, select

from forbear.ledger import decision_tree, ledger, states
from models.account import Account, Token
from models.case import Case, CaseVersion
from models.decision import Decision
from models.ledger import LedgerHead, LedgerRow
from models.review import Review

PAGE = 50
# In the order of a list to choose from: what people looked at and gave out first.
KINDS: Final = (
    "reveal",
    "export",
    "whole_rejects",
    "search",
    "person",
    "budget",
    "consent",
    "purge",
    "review",
    "danger",
    "task",
    "agreement",
    "attachment",
    "moved",
    "dealt",
    "team",
    "absence",
    "notification",
    "decisions",
    "decision",
    "asked_once_stopped",
    "batch",
    "batch_cancelled",
    "publication",
    "sign_in",
    "sign_in_failed",
    "code_asked",
    "sign_out",
    "account_added",
    "account_disabled",
    "account_enabled",
    "account_linked",
    "account_unlinked",
    "password_set",
    "second_factor_on",
    "second_factor_off",
    "recovery_code_used",
    "code_used_again",
    "passkey_added",
    "passkey_removed",
    "passkey_used",
    "passkey_refused",
    "token_created",
    "token_revoked",
    "webhook_added",
    "webhook_changed",
    "webhook_rotated",
    "webhook_removed",
    "key",
    "start",
    "state",
)
PEOPLE = "people"  # a filter: everything but decisions
_SUBJECT = re.compile(r"[a-z_]+:[0-9a-z-]+")


@dataclass(frozen=True)
class LedgerFilter:
    """Which entries; None leaves open."""

    kind: str | None = None
    account: str | None = None  # the name of one
    about: str | None = None  # a case reference, or a subject as entries have it
    since: dt.datetime | None = None
    until: dt.datetime | None = None  # before it


@dataclass(frozen=True)
class ListedEntry:
    """An entry as people read it. `who` is the account's name, also for a token of it; None: nobody that is known."""

    seq: int
    at: dt.datetime
    actor: str
    who: str | None
    kind: str
    subject: str
    detail: dict[str, Any]

    @property
    def case_id(self) -> int | None:
        """The case it is about, if it names one."""
        table, _, number = self.subject.partition(":")
        found = number if table == "case" else self.detail.get("case")
        return None if found is None else int(found)


@dataclass(frozen=True)
class LedgerPage:
    """Some entries; `next` is the number that older ones come before."""

    entries: tuple[ListedEntry, ...]
    next: int | None
    length: int  # of the whole ledger


def page(session: Session, chosen: LedgerFilter, before: int | None = None, size: int = PAGE) -> LedgerPage:
    """The entries of a filter that came before a number, at most `size`."""
    query = select(LedgerRow).where(*_conditions(session, chosen))
    if before is not None:
        query = query.where(LedgerRow.seq < before)
    rows = session.exec(query.order_by(col(LedgerRow.seq).desc()).limit(size + 1)).all()
    shown = rows[:size]
    names = _names(session, {row.actor for row in shown})
    return LedgerPage(
        tuple(ListedEntry(r.seq, r.at, r.actor, names.get(r.actor), r.kind, r.subject, r.detail) for r in shown),
        shown[-1].seq if len(rows) > size else None,
        session.exec(select(LedgerHead.seq)).one(),
    )


def _conditions(session: Session, chosen: LedgerFilter) -> list[ColumnElement[bool] | TextClause]:
    conditions: list[ColumnElement[bool] | TextClause] = []
    if chosen.kind == PEOPLE:
        conditions.append(text("kind <> 'decision'"))  # as the index has it
        conditions.append(col(LedgerRow.kind) != ledger.DECISIONS)
    elif chosen.kind is not None:
        conditions.append(col(LedgerRow.kind) == chosen.kind)
    if chosen.account is not None:
        conditions.append(col(LedgerRow.actor).in_(_actors(session, chosen.account)))
    if chosen.since is not None:
        conditions.append(col(LedgerRow.at) >= chosen.since)
    if chosen.until is not None:
        conditions.append(col(LedgerRow.at) < chosen.until)
    if chosen.about is not None:
        conditions.append(col(LedgerRow.subject).in_(_subjects(session, chosen.about)))
    return conditions


def _actors(session: Session, name: str) -> list[str]:
    """What an account is called in the ledger: itself, and each of its tokens."""
    if name == "system":
        return [name]
    account_id = session.exec(select(Account.id).where(Account.name == name.lower())).first()
    return [] if account_id is None else actors_of(session, account_id)


def actors_of(session: Session, account_id: int) -> list[str]:
    """What an account is called in the ledger: itself, and each of its tokens, those that ended too."""
    tokens = session.exec(select(Token.id).where(Token.account_id == account_id))
    return [f"account:{account_id}", *(f"token:{token}" for token in tokens)]


def _subjects(session: Session, about: str) -> list[str]:
    """What entries on a case are about: the case and all that is its own; or one subject that was named."""
    cases = list(session.exec(select(Case.id).where(Case.case_ref == about)))
    if not cases and _SUBJECT.fullmatch(about):
        table, _, number = about.partition(":")
        if table != "case" or not number.isdecimal() or len(number) > 18:
            return [about]
        cases = [int(number)]
    of_versions = select(Decision.id, Decision.chunk_id).join(
        CaseVersion, col(CaseVersion.id) == col(Decision.case_version_id)
    )
    decisions = session.exec(of_versions.where(col(CaseVersion.case_id).in_(cases))).all()
    found: tuple[tuple[str, Iterable[int]], ...] = (
        ("case", cases),
        ("decision", [decision for decision, _ in decisions]),
        (decision_tree.TABLE, {chunk for _, chunk in decisions}),
        ("review", session.exec(select(Review.id).where(col(Review.case_id).in_(cases)))),
        *((each, _rows_of(session, each, cases)) for each in states.OF_CASES),
    )
    return [f"{table}:{row_id}" for table, ids in found for row_id in ids]


def _rows_of(session: Session, table: str, cases: list[int]) -> list[int]:
    query = text(f"SELECT id FROM {table} WHERE case_id = ANY(:cases)")  # noqa: S608 - names of ours
    return list(session.connection().execute(query, {"cases": cases}).scalars())


def _names(session: Session, actors: set[str]) -> dict[str, str]:
    ids = {actor: int(actor.partition(":")[2]) for actor in actors if ":" in actor}
    accounts = select(Account.id, Account.name).where(col(Account.id).in_(_of(ids, "account")))
    tokens = select(Token.id, Account.name).join(Account).where(col(Token.id).in_(_of(ids, "token")))
    return {f"account:{row_id}": name for row_id, name in session.exec(accounts)} | {
        f"token:{row_id}": name for row_id, name in session.exec(tokens)
    }


def _of(ids: dict[str, int], table: str) -> list[int]:
    return [row_id for actor, row_id in ids.items() if actor.startswith(f"{table}:")]
