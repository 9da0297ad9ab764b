"""Presence: who looks at a case now. Their pages say so every few seconds; who stops is gone a minute later."""

import datetime as dt
from typing import Final

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, delete, select

from forbear.accounts.accounts import ViewerWork
from forbear.desk.review import NoCaseError
from models.account import Account
from models.desk import WorklistItem
from models.operation.presence import Presence

EVERY: Final = dt.timedelta(seconds=20)  # that a page says that it is open
GONE: Final = 3 * EVERY  # after which nobody is taken to look any more
LISTED: Final = 5


def look(work: ViewerWork, case_id: int) -> list[tuple[str, bool]]:
    """The viewer looks at a case: who else does, by name, and whether it is theirs. Raises NoCaseError."""
    holder = work.session.exec(select(WorklistItem.assignee_id).where(WorklistItem.case_id == case_id)).all()
    if not holder:
        raise NoCaseError(f"There is no case {case_id}.")
    here = insert(Presence).values(case_id=case_id, account_id=work.viewer.account_id, seen_at=work.now)
    work.session.exec(here.on_conflict_do_update(index_elements=["case_id", "account_id"], set_={"seen_at": work.now}))
    others = (
        select(Account.name, Account.id)
        .join(Presence, col(Presence.account_id) == Account.id)
        .where(
            Presence.case_id == case_id,
            Presence.account_id != work.viewer.account_id,
            Presence.seen_at > work.now - GONE,
        )
    )
    return [
        (name, number == holder[0]) for name, number in work.session.exec(others.order_by(Account.name).limit(LISTED))
    ]


def forget(session: Session, now: dt.datetime) -> None:
    """Delete who was there and is gone."""
    session.exec(delete(Presence).where(col(Presence.seen_at) <= now - GONE))
