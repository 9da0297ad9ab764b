"""The queue: every case by its current decision, crises first, then by urgency, in pages that stay put meanwhile."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, get_args

from sqlalchemy import CompoundSelect, Select, and_, exists, text, tuple_, union_all
from sqlalchemy import select as core_select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from forbear.base.compressed.submitted_facts import readable
from forbear.base.errors import ForbearError
from forbear.base.packs import pack_to_name_by, title_of
from forbear.desk.filters import Conditions, QueueFilter, conditions
from models.account import Account
from models.case import Case, CaseVersion
from models.desk import WorklistItem
from rules.facts import case_facts
from rules.locale import Language
from rules.pack.files.schema import Text, Urgency
from rules.pack.pack import Pack

URGENCIES: tuple[str, ...] = get_args(Urgency)
PAGE = 50
_DEBT = ("balance", "lender")
_PENDING = text("SELECT coalesce(sum(cardinality(case_version_ids)), 0) FROM chunk WHERE status = 'pending'")
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_END_OF_TIME = 253_402_300_800_000_000  # microseconds to the year 10000


@dataclass(frozen=True)
class QueueCursor:
    """Where a case stands in the order: crises first, then by urgency, then when it is due, then who came first."""

    calm: bool
    urgency: str
    due_at: dt.datetime
    case_id: int

    def __str__(self) -> str:
        return f"{int(self.calm)}_{self.urgency}_{int(self.due_at.timestamp() * 1_000_000)}_{self.case_id}"

    @classmethod
    def parse(cls, text: str) -> "QueueCursor":
        """The place that `str` wrote. Raises ForbearError for any other text."""
        try:
            calm, urgency, due, number = text.split("_")
            case_id, microseconds = int(number), int(due)
            if calm not in ("0", "1") or urgency not in URGENCIES:
                raise ValueError
            if not 0 < case_id < 2**63 or not 0 <= microseconds < _END_OF_TIME:
                raise ValueError
            return cls(calm == "1", urgency, _EPOCH + dt.timedelta(microseconds=microseconds), case_id)
        except ValueError:
            raise ForbearError("This page of the queue does not exist: start again at its first page.") from None


@dataclass(frozen=True)
class QueueRow:
    """One case as the queue shows it."""

    case: WorklistItem
    title: Text  # of the strategy a person chose, else of the recommended one
    outdated: bool  # newer facts came in and are not decided yet
    pack: Pack
    assignee: str | None  # the name of who has it
    debt: Mapping[str, Any]  # how much is owed to whom, as it was handed in

    def shown(self, fact: str, language: Language) -> str | None:
        """A fact for people; None if it is unknown."""
        value = self.debt.get(fact) if fact in _DEBT else getattr(self.case, fact)
        if value is None or fact not in self.pack.vocabulary.facts:
            return None
        return case_facts.display(self.pack.vocabulary, fact, value, language)


@dataclass(frozen=True)
class QueuePage:
    """Some entries, and where the next page starts if there is one."""

    entries: tuple[QueueRow, ...]
    next: QueueCursor | None
    skip: int | None = None  # the same as a number of rows, where they are sorted otherwise than the queue is


ORDER = (
    col(WorklistItem.calm),
    col(WorklistItem.urgency),
    col(WorklistItem.due_at),
    col(WorklistItem.case_id),
)


Sort = Literal["due", "received", "overdue", "case"]
_SORTED: dict[Sort, Any] = {
    "due": col(WorklistItem.due_at),
    "received": col(WorklistItem.received_at),
    "overdue": col(WorklistItem.days_overdue).desc().nulls_last(),
    "case": col(WorklistItem.case_ref),
}


def sorted_page(session: Session, chosen: QueueFilter, sort: Sort, skip: int = 0, size: int = PAGE) -> QueuePage:
    """The cases of a filter in another order, crises first all the same; for filters that leave few of them."""
    wanted = conditions(session, chosen)
    query = _entries().where(*wanted.terms, col(WorklistItem.status).in_(wanted.statuses))
    ordered = query.order_by(col(WorklistItem.calm), _SORTED[sort], col(WorklistItem.case_id))
    found = session.exec(ordered.offset(skip).limit(size + 1)).all()
    entries = tuple(_entry(session, *row) for row in found[:size])
    return QueuePage(entries, None, skip + size if len(found) > size else None)


def page(session: Session, chosen: QueueFilter, after: QueueCursor | None = None, size: int = PAGE) -> QueuePage:
    """The cases of a filter that come after a place, at most `size`."""
    first = places(conditions(session, chosen), size + 1, after).subquery()
    query = _entries().where(col(WorklistItem.case_id).in_(core_select(first.c.case_id)))
    rows = session.exec(query.order_by(*ORDER)).all()
    last = rows[size - 1][0] if len(rows) > size else None
    return QueuePage(
        tuple(_entry(session, *row) for row in rows[:size]),
        None if last is None else QueueCursor(last.calm, last.urgency, last.due_at, last.case_id),
    )


def places(
    wanted: Conditions, limit: int, after: QueueCursor | None = None
) -> CompoundSelect[Any] | Select[*tuple[Any, ...]]:
    """The first cases of a filter in the order of the queue, as (calm, urgency, due_at, case_id).

    An index holds the cases of each status in this order, with all that a filter looks at: the first ones of each
    status are read from it alone, and the first of those taken.
    """
    terms = list(wanted.terms)
    if after is not None:
        terms.append(tuple_(*ORDER) > tuple_(after.calm, after.urgency, after.due_at, after.case_id))
    query = core_select(*ORDER).where(*terms)
    if wanted.few or len(wanted.statuses) == 1:
        return query.where(col(WorklistItem.status).in_(wanted.statuses)).order_by(*ORDER).limit(limit)
    branches = [
        query.where(col(WorklistItem.status) == status).order_by(*ORDER).limit(limit).subquery()
        for status in wanted.statuses
    ]
    merged = union_all(*(core_select(branch) for branch in branches))
    return merged.order_by("calm", "urgency", "due_at", "case_id").limit(limit)


def beside(session: Session, case: Case) -> tuple[QueueRow, ...]:
    """The other decided cases of a case's borrower, most urgent first; the first fifty."""
    if case.borrower_ref is None:
        return ()
    query = _entries().join(Case, col(Case.id) == col(WorklistItem.case_id))
    query = query.where(
        Case.submitter == case.submitter, Case.borrower_ref == case.borrower_ref, Case.id != case.id
    ).order_by(*ORDER)
    return tuple(_entry(session, *row) for row in session.exec(query.limit(PAGE)))


def waiting(session: Session) -> int:
    """How many cases are taken in and not decided yet."""
    return int(session.connection().execute(_PENDING).scalar_one())


def find(session: Session, case_ref: str, submitter: str | None = None) -> list[int]:
    """The cases that have exactly this reference, at most two; submitters choose theirs by themselves."""
    query = select(Case.id).where(Case.case_ref == case_ref)
    if submitter is not None:
        query = query.where(Case.submitter == submitter)
    return list(session.exec(query.order_by(col(Case.id)).limit(2)))


def references(session: Session, cases: Collection[int]) -> dict[int, str]:
    """What cases are called by whoever handed them in."""
    query = select(Case.id, Case.case_ref).where(col(Case.id).in_(cases))
    return dict(session.exec(query).all()) if cases else {}


def rows(session: Session, cases: Sequence[int]) -> tuple[QueueRow, ...]:
    """These decided cases, in their order."""
    found = {row[0].case_id: row for row in session.exec(_entries().where(col(WorklistItem.case_id).in_(cases)))}
    return tuple(_entry(session, *found[case]) for case in cases if case in found)


@cache
def _entries() -> Any:
    """Desk cases, whether newer facts wait for a decision, and who has them."""
    version = aliased(CaseVersion)
    newer = exists().where(
        col(version.case_id) == col(WorklistItem.case_id), col(version.number) > col(WorklistItem.version_number)
    )
    query = select(WorklistItem, newer.correlate(WorklistItem), Account.name, CaseVersion.facts)
    current = and_(
        col(CaseVersion.case_id) == col(WorklistItem.case_id),
        col(CaseVersion.number) == col(WorklistItem.version_number),
    )
    return query.join(Account, col(Account.id) == col(WorklistItem.assignee_id), isouter=True).join(
        CaseVersion, current, isouter=True
    )


def _entry(
    session: Session, case: WorklistItem, outdated: bool, assignee: str | None, stored: bytes | None
) -> QueueRow:
    pack = pack_to_name_by(session, case.pack_sha256)
    chosen = case.chosen_strategy or case.strategy
    facts = {} if stored is None else readable(session, stored)
    debt = {name: facts.get(name) for name in _DEBT}
    return QueueRow(case, title_of(session, case.pack_sha256, chosen), outdated, pack, assignee, debt)
