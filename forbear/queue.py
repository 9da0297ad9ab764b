"""The queue: every case by its current decision, most urgent first, in pages that stay put while cases arrive."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from typing import Any, get_args
from uuid import UUID

from sqlalchemy import ColumnElement, Select, exists, func, tuple_
from sqlalchemy import select as core_select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from forbear.errors import ForbearError
from forbear.packs import pack_to_name_by, title_of
from models.case import Case, CaseVersion
from models.decision import NO_DEADLINE, Decision
from models.intake import Chunk
from rules import facts as rules_facts
from rules.pack import Pack
from rules.schema import Text, Urgency

URGENCIES: tuple[str, ...] = get_args(Urgency)
PAGE = 50
_FACTS = ("product", "days_overdue", "overdue_bucket")


@dataclass(frozen=True)
class Filter:
    """Which cases; None leaves open."""

    urgency: str | None = None
    strategy: str | None = None
    case_ref: str | None = None  # a part of it


@dataclass(frozen=True)
class Place:
    """Where a case stands in the order: by urgency, then its nearest deadline, then who came first."""

    urgency: str
    due: str
    decision_id: int

    def __str__(self) -> str:
        return f"{self.urgency}_{self.due}_{self.decision_id}"

    @classmethod
    def parse(cls, text: str) -> "Place":
        """The place that `str` wrote. Raises ForbearError for any other text."""
        try:
            urgency, due, number = text.split("_")
            decision_id = int(number)
            if urgency not in URGENCIES or not 0 < decision_id < 2**63:
                raise ValueError
            return cls(urgency, dt.date.fromisoformat(due).isoformat(), decision_id)
        except ValueError:
            raise ForbearError("This page of the queue does not exist: start again at its first page.") from None


@dataclass(frozen=True)
class Entry:
    """One case as the queue shows it."""

    case_id: int
    case_ref: str
    decision_id: int
    urgency: str
    strategy: str
    title: Text
    certain: bool
    engines_agree: bool
    due: dt.date | None
    as_of: dt.date
    batch_id: UUID
    received_at: dt.datetime
    outdated: bool  # newer facts came in and are not decided yet
    pack: Pack
    facts: rules_facts.Facts  # those that the queue shows

    def shown(self, fact: str, language: rules_facts.Language) -> str | None:
        """A fact for people; None if it is unknown."""
        value = self.facts.get(fact)
        return None if value is None else rules_facts.display(self.pack.vocabulary, fact, value, language)


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


_LISTED: tuple[Any, ...] = (
    col(Case.id).label("case_id"), col(Case.case_ref), col(Decision.id).label("decision_id"), col(Decision.urgency),
    col(Decision.due), col(Decision.strategy), col(Decision.certain), col(Decision.engines_agree),
    col(Decision.as_of), col(Decision.facts), col(Decision.pack_sha256), col(CaseVersion.batch_id),
    col(CaseVersion.created_at).label("received_at"),
)  # fmt: skip

_ORDER = (col(Decision.urgency), col(Decision.due), col(Decision.id))


def page(session: Session, chosen: Filter, after: Place | None = None, size: int = PAGE) -> Page:
    """The cases of a filter that come after a place, at most `size`."""
    query = _current(*_LISTED, _outdated()).where(*_conditions(chosen))
    if after is not None:
        query = query.where(tuple_(*_ORDER) > tuple_(after.urgency, after.due, after.decision_id))
    rows = session.connection().execute(query.order_by(*_ORDER).limit(size + 1)).all()
    last = rows[size - 1] if len(rows) > size else None
    return Page(
        tuple(_entry(session, row) for row in rows[:size]),
        None if last is None else Place(last.urgency, last.due, last.decision_id),
    )


def counts(session: Session, chosen: Filter) -> Counts:
    """Counts to choose filters by; the search for a reference applies to all of them."""
    pack = func.max(col(Decision.pack_sha256))  # any pack that decided so knows what the strategy is called
    query = _current(col(Decision.urgency), col(Decision.strategy), func.count(), pack)
    query = query.where(*_conditions(Filter(case_ref=chosen.case_ref)))
    by_urgency = Counter(dict.fromkeys(URGENCIES, 0))
    by_strategy: Counter[str] = Counter()
    titles: dict[str, Text] = {}
    total = 0
    grouped = query.group_by(col(Decision.urgency), col(Decision.strategy))
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
    same = (col(Case.submitter) == case.submitter, col(Case.borrower_ref) == case.borrower_ref, col(Case.id) != case.id)
    query = _current(*_LISTED, _outdated()).where(*same).order_by(*_ORDER).limit(PAGE)
    return tuple(_entry(session, row) for row in session.connection().execute(query))


def waiting(session: Session) -> int:
    """How many cases are taken in and not decided yet."""
    sizes = func.coalesce(func.sum(func.cardinality(col(Chunk.case_version_ids))), 0)
    return int(session.exec(select(sizes).where(Chunk.status == "pending")).one())


def find(session: Session, case_ref: str) -> list[int]:
    """The cases that have exactly this reference; submitters choose theirs by themselves."""
    return list(session.exec(select(Case.id).where(Case.case_ref == case_ref).order_by(col(Case.id)).limit(2)))


def _current(*columns: Any) -> Select[Any]:
    """Cases with their current decision: of the newest version that has one, for the latest day, made last."""
    later, its_version = aliased(Decision), aliased(CaseVersion)
    rank = tuple_(col(its_version.number), col(later.as_of), col(later.id))
    overtaken = (
        exists()
        .where(
            col(later.case_version_id) == col(its_version.id),
            col(its_version.case_id) == col(CaseVersion.case_id),
            rank > tuple_(col(CaseVersion.number), col(Decision.as_of), col(Decision.id)),
        )
        .correlate(Decision, CaseVersion)
    )
    return (
        core_select(*columns)
        .select_from(Decision)
        .join(CaseVersion, col(CaseVersion.id) == col(Decision.case_version_id))
        .join(Case, col(Case.id) == col(CaseVersion.case_id))
        .where(~overtaken)
    )


def _outdated() -> ColumnElement[bool]:
    newer = aliased(CaseVersion)
    found = exists().where(col(newer.case_id) == col(CaseVersion.case_id), col(newer.number) > col(CaseVersion.number))
    return found.correlate(CaseVersion).label("outdated")


def _conditions(chosen: Filter) -> list[ColumnElement[bool]]:
    conditions = []
    if chosen.urgency is not None:
        conditions.append(col(Decision.urgency) == chosen.urgency)
    if chosen.strategy is not None:
        conditions.append(col(Decision.strategy) == chosen.strategy)
    if chosen.case_ref is not None:
        conditions.append(col(Case.case_ref).icontains(chosen.case_ref, autoescape=True))
    return conditions


def _entry(session: Session, row: Any) -> Entry:
    values = row._asdict()
    sha256, due, facts = values.pop("pack_sha256"), values.pop("due"), values.pop("facts")
    pack = pack_to_name_by(session, sha256)
    known = {name: facts[name] for name in _FACTS if name in facts and name in pack.vocabulary.facts}
    return Entry(
        **values,
        title=title_of(session, sha256, row.strategy),
        due=None if due == NO_DEADLINE else dt.date.fromisoformat(due),
        facts=rules_facts.from_json(pack.vocabulary, known),
        pack=pack,
    )
