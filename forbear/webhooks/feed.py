"""The feed: every decision and everything that was done on a case, in the order of the ledger, so that none is missed.

Entries of the ledger get their numbers under a lock that is held until they are committed: whoever has read up to one
has read all before it, however cases move meanwhile. The decisions of a chunk are one entry: they have its number all
together, and are never parted by the end of a page.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Final, Literal, cast

from sqlalchemy import text
from sqlmodel import Session

from forbear.ledger.decision_tree import EVENTS
from models.review import TOLD

SCANNED: Final = 500  # decisions and reviews that one page looks at, whoever's they are; more only within one entry
_KINDS: Final = ("decision", "decisions", "review")
_QUERY: Final = text(f"""
    {EVENTS}
    SELECT event.seq, event.at, event.kind, kept.case_ref, kept.submitter,
           decision.id, decision.strategy, decision.urgency,
           review.action, review.strategy, review.reason
    FROM event
    LEFT JOIN review ON event.kind = 'review' AND review.id = event.row AND review.action = ANY(:told)
    LEFT JOIN decision ON decision.id = CASE event.kind WHEN 'decision' THEN event.row ELSE review.decision_id END
    LEFT JOIN case_version ON case_version.id = decision.case_version_id
    LEFT JOIN "case" AS kept ON kept.id = COALESCE(review.case_id, case_version.case_id)
    ORDER BY event.seq, decision.id
""")  # noqa: S608 - text of ours


@dataclass(frozen=True)
class FeedEvent:
    """One decision, or one thing that somebody did on a case and the decision that was on the screen."""

    seq: int
    at: dt.datetime
    kind: Literal["decision", "review"]
    case_ref: str
    submitter: str
    decision_id: int | None
    strategy: str | None  # recommended by the decision, or chosen by the review
    urgency: str | None  # of the decision
    action: str | None  # of the review
    reason: str | None


@dataclass(frozen=True)
class FeedPage:
    """Some events, and after which number the next ones come; `last` where nothing had happened since."""

    events: tuple[FeedEvent, ...]
    next: int
    last: bool


def page(session: Session, after: int, submitter: str | None) -> FeedPage:
    """What happened after an entry, of everybody or of one submitter.

    What was purged since, and what is said among ourselves, is left out.
    """
    given = {"after": after, "kinds": list(_KINDS), "scanned": SCANNED, "told": list(TOLD)}
    found = session.connection().execute(_QUERY, given).all()
    events = tuple(_event(*row) for row in found if row.case_ref is not None and submitter in (None, row.submitter))
    return FeedPage(events, found[-1].seq if found else after, len(found) < SCANNED)


def _event(
    seq: int,
    at: dt.datetime,
    kind: str,
    case_ref: str,
    submitter: str,
    decision_id: int | None,
    recommended: str | None,
    urgency: str | None,
    action: str | None,
    chosen: str | None,
    reason: str | None,
) -> FeedEvent:
    decided = kind == "decision"
    return FeedEvent(
        seq,
        at,
        cast("Literal['decision', 'review']", kind),
        case_ref,
        submitter,
        decision_id,
        recommended if decided else chosen,
        urgency if decided else None,
        action,
        reason,
    )
