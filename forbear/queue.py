"""The queue: every case by its current decision, most urgent first, in pages that stay put while cases arrive."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from typing import get_args

from sqlalchemy import ColumnElement, exists, func, tuple_
from sqlalchemy import select as core_select
from sqlmodel import Session, col, select

from forbear.errors import ForbearError
from forbear.packs import pack_to_name_by, title_of
from models.case import Case, CaseVersion
from models.desk import DeskCase
from models.intake import Chunk
from rules import facts as rules_facts
from rules.pack import Pack
from rules.schema import Text, Urgency

URGENCIES: tuple[str, ...] = get_args(Urgency)
PAGE = 50
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_END_OF_TIME = 253_402_300_800_000_000  # microseconds to the year 10000


@dataclass(frozen=True)
class Filter:
    """Which cases; None leaves open."""

    urgency: str | None = None
    strategy: str | None = None
    case_ref: str | None = None  # a part of it
    submitter: str | None = None  # whose cases may be seen; None: everybody's


@dataclass(frozen=True)
class Place:
    """Where a case stands in the order: by urgency, then when it is due, then who came first."""

    urgency: str
    due_at: dt.datetime
    decision_id: int

    def __str__(self) -> str:
        return f"{self.urgency}_{int(self.due_at.timestamp() * 1_000_000)}_{self.decision_id}"

    @classmethod
    def parse(cls, text: str) -> "Place":
        """The place that `str` wrote. Raises ForbearError for any other text."""
        try:
            urgency, due, number = text.split("_")
            decision_id, microseconds = int(number), int(due)
            if urgency not in URGENCIES or not 0 < decision_id < 2**63 or not 0 <= microseconds < _END_OF_TIME:
                raise ValueError
            return cls(urgency, _EPOCH + dt.timedelta(microseconds=microseconds), decision_id)
        except ValueError:
            raise ForbearError("This page of the queue does not exist: start again at its first page.") from None


@dataclass(frozen=True)
class Entry:
    """One case as the queue shows it."""

    case: DeskCase
    title: Text
    outdated: bool  # newer facts came in and are not decided yet
    pack: Pack

    def shown(self, fact: str, language: rules_facts.Language) -> str | None:
        """A fact for people; None if it is unknown."""
        value = getattr(self.case, fact)
        if value is None or fact not in self.pack.vocabulary.facts:
            return None
        return rules_facts.display(self.pack.vocabulary, fact, value, language)


@dataclass(frozen=True)
class Page:
    """Some entries, and where the next page starts if there is one."""

    entries: tuple[Entry, ...]
    next: Place | None


@dataclass(frozen=True)
class StrategyCount:
    """How many cases have a strategy."""

    strategy: str
    title: Text
    cases: int


@dataclass(frozen=True)
class Counts:
    """How many cases there are by urgency (within the chosen strategy) and by strategy (within the urgency)."""

    by_urgency: dict[str, int]
    by_strategy: tuple[StrategyCount, ...]  # every strategy that occurs, the most frequent first
    total: int  # within both


_ORDER = (col(DeskCase.urgency), col(DeskCase.due_at), col(DeskCase.decision_id))


def page(session: Session, chosen: Filter, after: Place | None = None, size: int = PAGE) -> Page:
    """The cases of a filter that come after a place, at most `size`."""
    query = select(DeskCase, _outdated()).where(*_conditions(chosen))
    if after is not None:
        query = query.where(tuple_(*_ORDER) > tuple_(after.urgency, after.due_at, after.decision_id))
    rows = session.exec(query.order_by(*_ORDER).limit(size + 1)).all()
    last = rows[size - 1][0] if len(rows) > size else None
    return Page(
        tuple(_entry(session, case, outdated) for case, outdated in rows[:size]),
        None if last is None else Place(last.urgency, last.due_at, last.decision_id),
    )


def counts(session: Session, chosen: Filter) -> Counts:
    """Counts to choose filters by; the search for a reference applies to all of them."""
    pack = func.max(col(DeskCase.pack_sha256))  # any pack that decided so knows what the strategy is called
    query = core_select(col(DeskCase.urgency), col(DeskCase.strategy), func.count(), pack)
    query = query.where(*_conditions(Filter(case_ref=chosen.case_ref, submitter=chosen.submitter)))
    by_urgency = Counter(dict.fromkeys(URGENCIES, 0))
    by_strategy: Counter[str] = Counter()
    titles: dict[str, Text] = {}
    total = 0
    grouped = query.group_by(col(DeskCase.urgency), col(DeskCase.strategy))
    for urgency, strategy, cases, sha256 in session.connection().execute(grouped):
        in_urgency = chosen.urgency in (None, urgency)
        in_strategy = chosen.strategy in (None, strategy)
        by_urgency[urgency] += cases if in_strategy else 0
        by_strategy[strategy] += cases if in_urgency else 0
        total += cases if in_urgency and in_strategy else 0
        titles[strategy] = title_of(session, sha256, strategy)
    ordered = sorted(by_strategy.items(), key=lambda item: (-item[1], item[0]))
    return Counts(dict(by_urgency), tuple(StrategyCount(name, titles[name], n) for name, n in ordered), total)


def beside(session: Session, case: Case) -> tuple[Entry, ...]:
    """The other decided cases of a case's borrower, most urgent first; the first fifty."""
    if case.borrower_ref is None:
        return ()
    query = select(DeskCase, _outdated()).join(Case, col(Case.id) == col(DeskCase.case_id))
    query = query.where(
        Case.submitter == case.submitter, Case.borrower_ref == case.borrower_ref, Case.id != case.id
    ).order_by(*_ORDER)
    return tuple(_entry(session, other, outdated) for other, outdated in session.exec(query.limit(PAGE)))


def waiting(session: Session) -> int:
    """How many cases are taken in and not decided yet."""
    sizes = func.coalesce(func.sum(func.cardinality(col(Chunk.case_version_ids))), 0)
    return int(session.exec(select(sizes).where(Chunk.status == "pending")).one())


def find(session: Session, case_ref: str, submitter: str | None = None) -> list[int]:
    """The cases that have exactly this reference, at most two; submitters choose theirs by themselves."""
    query = select(Case.id).where(Case.case_ref == case_ref)
    if submitter is not None:
        query = query.where(Case.submitter == submitter)
    return list(session.exec(query.order_by(col(Case.id)).limit(2)))


def _outdated() -> ColumnElement[bool]:
    newer = exists().where(
        col(CaseVersion.case_id) == col(DeskCase.case_id), col(CaseVersion.number) > col(DeskCase.version_number)
    )
    return newer.correlate(DeskCase).label("outdated")


def _conditions(chosen: Filter) -> list[ColumnElement[bool]]:
    conditions = []
    if chosen.submitter is not None:
        conditions.append(col(DeskCase.submitter) == chosen.submitter)
    if chosen.urgency is not None:
        conditions.append(col(DeskCase.urgency) == chosen.urgency)
    if chosen.strategy is not None:
        conditions.append(col(DeskCase.strategy) == chosen.strategy)
    if chosen.case_ref is not None:
        conditions.append(col(DeskCase.case_ref).icontains(chosen.case_ref, autoescape=True))
    return conditions


def _entry(session: Session, case: DeskCase, outdated: bool) -> Entry:
    pack = pack_to_name_by(session, case.pack_sha256)
    return Entry(case, title_of(session, case.pack_sha256, case.strategy), outdated, pack)
