"""My work: what waits for somebody beside the queue: notes that mention them, and their tasks."""

import datetime as dt
from dataclasses import dataclass
from typing import Final, NamedTuple

from sqlalchemy import text
from sqlmodel import Session, col, select

from forbear.accounts.accounts import Viewer, ViewerWork
from models.account import Account
from models.case import Case
from models.conversation import Mention
from models.review import Review

LISTED: Final = 50  # notes
_WAITING: Final = text("""
    SELECT (SELECT count(*) FROM mention WHERE account_id = :account AND seen_at IS NULL)
        + (SELECT count(*) FROM task WHERE owner_id = :account AND done_at IS NULL AND due_on <= :today) AS work,
        (SELECT count(*) FROM notification WHERE account_id = :account AND read_at IS NULL) AS unread
""")


class Waits(NamedTuple):
    """How many unseen mentions and tasks due by today somebody has, and notifications not read."""

    work: int
    unread: int


@dataclass(frozen=True)
class MentioningNote:
    """A note that mentions the viewer, opened."""

    review_id: int
    case_id: int
    case_ref: str
    by: str
    at: dt.datetime
    words: str
    seen: bool


def waiting(session: Session, viewer: Viewer, today: dt.date) -> Waits:
    """What waits for a viewer, for the head of every page: asked once."""
    given = {"account": viewer.account_id, "today": today}
    return Waits(*session.connection().execute(_WAITING, given).one())


def mentions(work: ViewerWork) -> list[MentioningNote]:
    """Notes that mention the viewer: unseen ones first, then the newest."""
    query = (
        select(Review, Case.case_ref, Account.name, Mention.seen_at)
        .join(Mention, col(Mention.review_id) == Review.id)
        .join(Case, col(Case.id) == Review.case_id)
        .join(Account, col(Account.id) == Review.account_id)
        .where(Mention.account_id == work.viewer.account_id)
        .order_by(col(Mention.seen_at).isnot(None), col(Review.id).desc())
    )
    return [
        MentioningNote(
            note.id,
            note.case_id,
            ref,
            by,
            note.at,
            str(work.vault.open(note.words or b"", f"review.words:{note.id}")),
            seen is not None,
        )
        for note, ref, by, seen in work.session.exec(query.limit(LISTED))
    ]
