"""The unit of work: one transaction on the record, by somebody, at one moment, that tells the ledger what it did.

What is to be chained is noted when it is done and appended once, after everything else and just before the commit.
Whoever appends holds the head of the chain until the transaction ends; a use case cannot, so none waits for a row while
others wait for the head.
"""

import datetime as dt
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import Engine, event, text
from sqlmodel import Session

from forbear.base import trace
from forbear.base.vault import Vault, used_by
from forbear.ledger import ledger, seals
from forbear.ledger.ledger import SYSTEM, LedgerEntry
from models.database.session import session
from models.desk import WorklistItem

_CLOCK = text("SELECT clock_timestamp()")


@dataclass(frozen=True)
class Work:
    """One transaction at one moment, by Forbear itself: a worker, the scheduler, or the command line."""

    session: Session
    vault: Vault
    now: dt.datetime
    noted: list[tuple[str, LedgerEntry]] = field(default_factory=list, kw_only=True, repr=False)
    touched: set[int] = field(default_factory=set, kw_only=True, repr=False)  # cases whose row of the worklist changed

    @property
    def actor(self) -> str:
        """Who does it, as the ledger names them: `account:<id>`, `token:<id>` or SYSTEM."""
        return SYSTEM

    def note(self, kind: str, subject: str, detail: dict[str, Any] | None = None, *, actor: str | None = None) -> None:
        """Have this chained when the transaction ends well; `actor` where it is somebody else than this work's.

        A row of a digested kind is digested then, as the transaction leaves it. A request that its program gave an id
        is told by that.
        """
        given = trace.request()
        told = {**(detail or {}), **({} if given is None else {"request": given})}
        self.noted.append((actor or self.actor, LedgerEntry(kind, subject, told)))

    def touch(self, cases: Iterable[int]) -> None:
        """Have the rows of these cases in the worklist sealed when the transaction ends well, because SQL changed them.

        Those that are changed as objects are known.
        """
        self.touched.update(cases)

    def flushed(self, session: Session, _: object) -> None:
        """Note which rows of the worklist were written as objects."""
        written = (each for each in (*session.new, *session.dirty) if isinstance(each, WorklistItem))
        self.touched.update(each.case_id for each in written)

    def roll_back(self) -> None:
        """Undo everything so far, what was noted included."""
        self.session.rollback()
        self.noted.clear()
        self.touched.clear()


@contextmanager
def begin(engine: Engine, vault: Vault, now: dt.datetime | None = None, *, to_read: bool = False) -> Iterator[Work]:
    """A unit of work that is chained and committed when the block ends well; else nothing of it ever was.

    Without `now` it is at the moment that the database's clock shows: the one that all workers have in common. The
    database itself refuses to let one write that is only `to_read`.
    """
    with session(engine) as opened:
        if to_read:
            opened.connection(execution_options={"postgresql_readonly": True})
        work = Work(opened, used_by(opened, vault), now or opened.connection().execute(_CLOCK).scalar_one())
        event.listen(opened, "after_flush", work.flushed)
        yield work
        opened.flush()  # what was changed as an object and not written yet is touched only then
        seals.seal(opened, work.vault, work.touched)
        for actor, of_actor in groupby(work.noted, key=itemgetter(0)):
            ledger.append(opened, work.vault, actor, (entry for _, entry in of_actor), work.now)
