"""Filters of the queue: which cases, as conditions on their desk rows that an index answers."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Text,
    and_,
    any_,
    cast,
    false,
    func,
    inspect,
    literal,
    or_,
    tablesample,
    true,
)
from sqlalchemy import select as core_select
from sqlalchemy.dialects.postgresql import array
from sqlmodel import Session, col, select

from models.account import Team, TeamMember
from models.case import Case
from models.desk import TO_DO, WorklistItem

_DRAWN = 0.1  # percent of the cases that tell how common some letters are
_AT_MOST = 2000  # of them
_COMMON = 200  # letters that one case in so many has, or more
_ENOUGH = 3  # of the rarest letters of a part: the others leave no fewer cases


@dataclass(frozen=True)
class QueueFilter:
    """Which cases; None or False leaves open."""

    urgency: str | None = None
    strategies: tuple[str, ...] = ()  # as recommended, any of them
    case_ref: str | None = None  # a part of it, in letters of either case
    submitter: str | None = None  # whose cases may be seen; None: everybody's
    statuses: Sequence[str] = TO_DO
    product: str | None = None
    bucket: str | None = None
    batch: UUID | None = None
    assignee: int | Literal["nobody"] | None = None
    due_before: dt.datetime | None = None
    due_from: dt.datetime | None = None
    call_before: dt.datetime | None = None  # the next call about a crisis is due
    received_before: dt.datetime | None = None
    uncertain: bool = False
    disagree: bool = False
    changed: bool = False
    failed: bool = False  # could not be evaluated
    team: int | None = None  # what a team's people have, and what is free and there for it
    team_of: int | None = None  # the same of the team of an account; nothing where it has none
    crisis: Literal["all", "no_contact", "call_due", "possible"] | None = (
        None  # of the case itself or beside; those nobody was contacted about
    )

    @property
    def counted(self) -> bool:
        """Whether the tally counts such cases exactly."""
        return self == QueueFilter(self.urgency, self.strategies, None, self.submitter, self.statuses)


@dataclass(frozen=True)
class Conditions:
    """A filter for the database. Without a status: of every one of `statuses`, which an index holds one by one."""

    statuses: Sequence[str]
    terms: tuple[ColumnElement[bool], ...]
    few: bool  # some letters of a reference leave so few cases that they are found first and ordered afterwards


def conditions(session: Session, chosen: QueueFilter) -> Conditions:
    """What the desk rows of a filter fulfil."""
    same = {
        WorklistItem.submitter: chosen.submitter,
        WorklistItem.urgency: chosen.urgency,
        WorklistItem.product: chosen.product,
        WorklistItem.overdue_bucket: chosen.bucket,
        WorklistItem.batch_id: chosen.batch,
    }
    terms: list[ColumnElement[bool]] = [col(column) == value for column, value in same.items() if value is not None]
    terms += [col(WorklistItem.strategy).in_(chosen.strategies)] if chosen.strategies else []
    if chosen.assignee is not None:
        whose = col(WorklistItem.assignee_id)
        terms.append(whose.is_(None) if chosen.assignee == "nobody" else whose == chosen.assignee)
    if chosen.due_before is not None:
        terms.append(col(WorklistItem.due_at) < chosen.due_before)
    terms += [col(WorklistItem.due_at) >= chosen.due_from] if chosen.due_from else []
    if chosen.received_before is not None:
        terms.append(col(WorklistItem.received_at) < chosen.received_before)
    terms += [col(WorklistItem.certain) == false()] if chosen.uncertain else []
    terms += [col(WorklistItem.engines_agree) == false()] if chosen.disagree else []
    terms += [col(WorklistItem.changed) == true()] if chosen.changed else []
    terms += [col(WorklistItem.failed_at).is_not(None)] if chosen.failed else []
    if chosen.team is not None or chosen.team_of is not None:
        terms.append(_of_team(session, chosen.team, chosen.team_of))
    terms += _of_danger(chosen)
    if chosen.case_ref is None:
        return Conditions(chosen.statuses, tuple(terms), few=False)
    part, drawn = chosen.case_ref, _drawn(session, chosen.submitter)
    if _is_common(part, drawn):
        like = col(WorklistItem.case_ref).icontains(part, autoescape=True)
        return Conditions(chosen.statuses, (*terms, like), few=False)
    return Conditions(chosen.statuses, (*terms, _having(part, chosen.submitter, drawn)), few=True)


def _of_danger(chosen: QueueFilter) -> list[ColumnElement[bool]]:
    """Crises, those nobody was contacted about or that are to be called again; or where safety is to be asked about."""
    danger, crisis = col(WorklistItem.danger), col(WorklistItem.calm) == false()
    due = false() if chosen.call_before is None else col(WorklistItem.call_at) <= chosen.call_before
    return {
        None: [],
        "all": [crisis],
        "no_contact": [crisis, danger == "explicit", col(WorklistItem.contacted_at).is_(None)],
        "call_due": [crisis, danger == "explicit", due],
        "possible": [danger == "possible"],
    }[chosen.crisis]


def _of_team(session: Session, team_id: int | None, account_id: int | None) -> ColumnElement[bool]:
    """What somebody of a team has, and what is free and of its skills and cities."""
    if account_id is not None:
        team_id = session.exec(select(TeamMember.team_id).where(TeamMember.account_id == account_id)).first()
    team = None if team_id is None else session.get(Team, team_id)
    if team is None:
        return false()
    members = session.exec(select(TeamMember.account_id).where(TeamMember.team_id == team.id)).all()
    free: list[ColumnElement[bool]] = [col(WorklistItem.assignee_id).is_(None)]
    if team.skills:
        strategy = func.coalesce(WorklistItem.chosen_strategy, WorklistItem.strategy)
        free.append(or_(strategy.in_(team.skills), col(WorklistItem.product).in_(team.skills)))
    if team.cities:
        city = col(WorklistItem.city)
        same = [func.starts_with(city, each) | func.starts_with(literal(each), city) for each in team.cities]
        free.append(and_(city != "", or_(*same)))
    return or_(col(WorklistItem.assignee_id).in_(members), and_(*free))


def _drawn(session: Session, submitter: str | None) -> list[str]:
    """References of some pages of the table drawn at random: the same ones each time."""
    table = tablesample(inspect(Case).local_table, func.system(_DRAWN), seed=literal(1))
    query = core_select(func.lower(table.c.case_ref)).limit(_AT_MOST)
    if submitter is not None:
        query = query.where(table.c.submitter == submitter)
    return list(session.connection().execute(query).scalars())


def _is_common(part: str, drawn: list[str]) -> bool:
    """Whether many cases have this part. Fifty of many are found soonest along the queue, a few of all by an index."""
    having = sum(part.lower() in case_ref for case_ref in drawn)
    return having * _COMMON >= max(len(drawn), 1)


def _having(part: str, submitter: str | None, drawn: list[str]) -> ColumnElement[bool]:
    """Cases with this part in their reference, by the index of its letters. As an array, so that each is looked up."""
    size = min(len(part), 3)
    letters = {part[start : start + size] for start in range(len(part) - size + 1)}
    rarest = sorted(letters, key=lambda some: (sum(some.lower() in case_ref for case_ref in drawn), some))[:_ENOUGH]
    small = array([literal(some.lower()) if some.isascii() else func.lower(some) for some in rarest])
    query = core_select(col(Case.id)).where(
        col(Case.ref_grams).op("@>")(cast(small, ARRAY(Text))),
        col(Case.case_ref).icontains(part, autoescape=True),
    )
    if submitter is not None:
        query = query.where(col(Case.submitter) == submitter)
    return col(WorklistItem.case_id) == any_(func.array(query.scalar_subquery()))
