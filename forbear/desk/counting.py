"""Counting: how many cases a filter leaves, exact where the tally keeps count, up to a bound elsewhere."""

from collections import Counter
from dataclasses import dataclass, replace

from sqlalchemy import func
from sqlalchemy import select as core_select
from sqlmodel import Session, col

from forbear.base.packs import name_of
from forbear.desk.filters import QueueFilter, conditions
from forbear.desk.queue import URGENCIES, places
from models.desk import STATUSES, QueueTally
from rules.pack.files.schema import Text
from rules.pack.pack import Pack

BOUND = 1000  # counted one by one no further than this


@dataclass(frozen=True)
class CaseCount:
    """A number of cases; `more` if there are at least so many, and counting stopped."""

    cases: int
    more: bool = False


@dataclass(frozen=True)
class StrategyCount:
    """How many cases have a strategy recommended; None where other filters are on that nobody counts by strategy."""

    strategy: str
    title: Text
    cases: int | None


@dataclass(frozen=True)
class QueueCounts:
    """What each filter would leave, the others staying as they are."""

    total: CaseCount
    by_urgency: dict[str, CaseCount | None]  # None: beyond the bound
    by_strategy: tuple[StrategyCount, ...]  # every strategy that occurs, the most frequent first
    by_status: dict[str, int]


def counts(session: Session, chosen: QueueFilter, pack: Pack) -> QueueCounts:
    """Counts to choose filters by. `pack` names the strategies, where it knows them."""
    query = core_select(
        col(QueueTally.status), col(QueueTally.urgency), col(QueueTally.strategy), func.sum(col(QueueTally.cases))
    ).group_by(col(QueueTally.status), col(QueueTally.urgency), col(QueueTally.strategy))
    query = query.having(func.sum(col(QueueTally.cases)) > 0)
    if chosen.submitter is not None:
        query = query.where(col(QueueTally.submitter) == chosen.submitter)
    urgencies = Counter(dict.fromkeys(URGENCIES, 0))
    statuses = Counter(dict.fromkeys(STATUSES, 0))
    strategies: Counter[str] = Counter()
    for status, urgency, strategy, summed in session.connection().execute(query):
        cases = int(summed)
        in_status = status in chosen.statuses
        in_urgency = chosen.urgency in (None, urgency)
        in_strategy = not chosen.strategies or strategy in chosen.strategies
        urgencies[urgency] += cases if in_status and in_strategy else 0
        statuses[status] += cases if in_urgency and in_strategy else 0
        strategies[strategy] += cases if in_status and in_urgency else 0
    by_urgency: dict[str, CaseCount | None] = {urgency: CaseCount(cases) for urgency, cases in urgencies.items()}
    total = CaseCount(urgencies[chosen.urgency] if chosen.urgency else urgencies.total())
    if not chosen.counted:
        total, by_urgency = _bounded(session, chosen)
    ordered = sorted(strategies.items(), key=lambda item: (-item[1], item[0]))
    by_strategy = tuple(
        StrategyCount(name, name_of(session, pack, name), cases if chosen.counted else None) for name, cases in ordered
    )
    return QueueCounts(total, by_urgency, by_strategy, dict(statuses))


def _bounded(session: Session, chosen: QueueFilter) -> tuple[CaseCount, dict[str, CaseCount | None]]:
    """The first cases of any urgency, counted: more than that where the bound cuts, unknown after it.

    Crises stand first, whatever their urgency: as long as they go on, no urgency is known to be whole.
    """
    found = _count(session, replace(chosen, urgency=None))
    more = found.total() > BOUND

    def counted(urgency: str) -> CaseCount | None:
        whole = not more or (True, urgency) < max(found)
        begun = found[True, urgency] > 0 or found[False, urgency] > 0
        cases = found[True, urgency] + found[False, urgency]
        return CaseCount(cases, more=not whole) if whole or begun else None

    by_urgency = {urgency: counted(urgency) for urgency in URGENCIES}
    if chosen.urgency is None:
        return CaseCount(min(found.total(), BOUND), more), by_urgency
    known = by_urgency[chosen.urgency]
    if known is None or known.more:
        cases = _count(session, chosen).total()
        known = CaseCount(min(cases, BOUND), cases > BOUND)
    return known, {**by_urgency, chosen.urgency: known}


def _count(session: Session, chosen: QueueFilter) -> Counter[tuple[bool, str]]:
    """By whether they are calm and by urgency, the first cases of a filter: one more than the bound if there are."""
    first = places(conditions(session, chosen), BOUND + 1).subquery()
    query = core_select(first.c.calm, first.c.urgency, func.count()).group_by(first.c.calm, first.c.urgency)
    return Counter({(row[0], row[1]): row[2] for row in session.connection().execute(query)})
