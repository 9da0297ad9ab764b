"""Saved filters: what a person looks at often, under a name of theirs."""

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, func, select

from forbear.accounts.accounts import Viewer
from forbear.base.errors import ForbearError
from models.desk import SavedFilter

MOST = 30


class TooManyError(ForbearError):
    """The account keeps as many filters as it may."""


def saved(session: Session, viewer: Viewer) -> list[SavedFilter]:
    """The filters of an account, by name."""
    query = select(SavedFilter).where(SavedFilter.account_id == viewer.account_id)
    return list(session.exec(query.order_by(col(SavedFilter.name))))


def save(session: Session, viewer: Viewer, name: str, query: str) -> None:
    """Keep a filter, as its part of the queue's address; one of the same name is replaced. Raises TooManyError."""
    others = select(func.count()).where(SavedFilter.account_id == viewer.account_id, SavedFilter.name != name)
    if session.exec(others).one() >= MOST:
        raise TooManyError(f"There are {MOST} saved filters already: delete one first.")
    values = {"account_id": viewer.account_id, "name": name, "query": query}
    session.exec(
        insert(SavedFilter)
        .values(values)
        .on_conflict_do_update(index_elements=["account_id", "name"], set_={"query": query})
    )


def forget(session: Session, viewer: Viewer, filter_id: int) -> None:
    """Delete a filter of one's own; one that is gone already is no error."""
    session.exec(
        delete(SavedFilter).where(col(SavedFilter.id) == filter_id, col(SavedFilter.account_id) == viewer.account_id)
    )
