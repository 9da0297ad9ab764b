"""Who is given rejected rows with what is personal in them: who handed them in; others for a reason, counted a day."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, get_args

from sqlalchemy import text
from sqlmodel import Session, col, func, select

from forbear.accounts.accounts import Viewer, ViewerWork
from forbear.base.settings import settings
from forbear.base.vault import Vault
from forbear.batch.rejects import head_of, masked
from forbear.batch.submission.submit import rejections_of, source_of
from forbear.intake import Rejected
from forbear.ledger.listing import actors_of
from models.intake.batch import Batch
from models.ledger import LedgerRow
from rules.pack.files.schema import Vocabulary

Why: TypeAlias = Literal["correct", "contact", "identity", "safety", "own_data"]
REASONS: Final[tuple[Why, ...]] = get_args(Why)
KIND: Final = "whole_rejects"  # of the entries of the ledger
WITHIN: Final = dt.timedelta(days=1)
_LOCK: Final = text("SELECT pg_advisory_xact_lock(hashtextextended(:what, :account))")


@dataclass(frozen=True)
class TooManyRowsError(Exception):
    """More rows than an account may have in a day: those of this file, how many it may have, and how many are left."""

    rows: int
    most: int
    left: int


def handed_in(session: Session, viewer: Viewer, batch: Batch) -> bool:
    """Whether somebody has the rows already: a submitter whose they are, and the account that handed them in."""
    if viewer.submitter is not None:
        return viewer.submitter == batch.submitter
    query = select(LedgerRow.actor).where(LedgerRow.kind == "batch", LedgerRow.subject == f"batch:{batch.id}")
    actor = session.exec(query).first()
    return actor is not None and actor in actors_of(session, viewer.account_id)


def take(work: ViewerWork, batch: Batch, reason: Why, ending: str) -> None:
    """Note that somebody is given the whole rows of a batch that they did not hand in. Raises TooManyRowsError.

    Until the transaction ends nobody else counts what this account had: of two at once the second finds the first.
    """
    most, account = settings().whole_rejects, work.viewer.account_id
    work.session.connection().execute(_LOCK, {"what": KIND, "account": account})
    rows = func.coalesce(func.sum(col(LedgerRow.detail)["rows"].as_integer()), 0)
    query = select(rows).where(LedgerRow.kind == KIND, LedgerRow.at > work.now - WITHIN)
    had = work.session.exec(query.where(col(LedgerRow.actor).in_(actors_of(work.session, account)))).one()
    if batch.rejected > most - had:
        raise TooManyRowsError(batch.rejected, most, max(0, most - had))
    work.note(KIND, f"batch:{batch.id}", {"reason": reason, "format": ending, "rows": batch.rejected})


def given_out(
    reading: Session, batch: Batch, vault: Vault, vocabulary: Vocabulary, *, whole: bool
) -> tuple[list[str], Iterator[Rejected]]:
    """The head and the rows of a batch's rejects file, as they came or with what is personal masked."""
    source, rows = source_of(batch, vault), rejections_of(reading, batch.id, vault)
    head = head_of(vocabulary, source.columns, source.mapping)
    return (head, rows) if whole else masked(vocabulary, source.columns, source.mapping, head, rows)
