"""Saved filters: what a person looks at often, under a name of theirs; colleagues have those that are shared."""

from dataclasses import dataclass

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, func, or_, select

from forbear.accounts.accounts import Viewer
from forbear.base.errors import ForbearError
from models.account import Account
from models.desk import SavedFilter

MOST = 30


class TooManyError(ForbearError):
    """The account keeps as many filters as it may."""


@dataclass(frozen=True)
class ListedFilter:
    """A filter as somebody sees it: whose it is, where that is a colleague, and whether they may delete it."""

    id: int
    name: str
    query: str
    shared: bool
    by: str | None
    may_forget: bool


def saved(session: Session, viewer: Viewer) -> list[ListedFilter]:
    """The filters of an account, and for whoever works on cases those that colleagues share, by name."""
    theirs = col(SavedFilter.account_id) == viewer.account_id
    shared = col(SavedFilter.shared) if viewer.may_act_as("counsellor") else theirs
    query = select(SavedFilter, Account.name).join(Account).where(or_(theirs, shared))
    return [
        ListedFilter(each.id, each.name, each.query, each.shared, None if mine else by, mine or _may_forget(viewer))
        for each, by in session.exec(query.order_by(col(SavedFilter.name), col(SavedFilter.id)))
        for mine in [each.account_id == viewer.account_id]
    ]


def save(session: Session, viewer: Viewer, name: str, query: str, *, shared: bool = False) -> None:
    """Keep a filter, as its part of the queue's address; one of the same name is replaced. Raises TooManyError."""
    others = select(func.count()).where(SavedFilter.account_id == viewer.account_id, SavedFilter.name != name)
    if session.exec(others).one() >= MOST:
        raise TooManyError(f"There are {MOST} saved filters already: delete one first.")
    kept = {"query": query, "shared": shared and viewer.may_act_as("counsellor")}
    session.exec(
        insert(SavedFilter)
        .values(account_id=viewer.account_id, name=name, **kept)
        .on_conflict_do_update(index_elements=["account_id", "name"], set_=kept)
    )


def forget(session: Session, viewer: Viewer, filter_id: int) -> None:
    """Delete a filter of one's own, as a supervisor any that is shared; one that is gone already is no error."""
    whose = col(SavedFilter.account_id) == viewer.account_id
    allowed = or_(whose, col(SavedFilter.shared)) if _may_forget(viewer) else whose
    session.exec(delete(SavedFilter).where(col(SavedFilter.id) == filter_id, allowed))


def _may_forget(viewer: Viewer) -> bool:
    """Whether colleagues' shared filters are this viewer's to delete."""
    return viewer.may_act_as("supervisor")
