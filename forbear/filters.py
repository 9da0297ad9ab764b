"""Filters of the queue: which cases, as conditions on their desk rows that an index answers."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from sqlalchemy import ColumnElement, any_, false, func, inspect, literal, tablesample, text, true
from sqlalchemy import select as core_select
from sqlmodel import Session, col

from models.case import Case
from models.desk import DeskCase

TO_DO = ("open", "escalated")  # what waits for a counsellor
_DRAWN = 0.1  # percent of the cases that tell how common some letters are
_COMMON = 200  # letters that one case in so many has, or more
_GRAMS = """ARRAY(
    SELECT DISTINCT substr(lower(:part), start, least(3, length(:part)))
    FROM generate_series(1, greatest(1, length(:part) - 2)) start
)"""


@dataclass(frozen=True)
class Filter:
    """Which cases; None or False leaves open."""

    urgency: str | None = None
    strategy: str | None = None  # as recommended
    case_ref: str | None = None  # a part of it, in letters of either case
    submitter: str | None = None  # whose cases may be seen; None: everybody's
    statuses: Sequence[str] = TO_DO
    product: str | None = None
    bucket: str | None = None
    batch: UUID | None = None
    assignee: int | Literal["nobody"] | None = None
    due_before: dt.datetime | None = None
    received_before: dt.datetime | None = None
    uncertain: bool = False
    disagree: bool = False
    changed: bool = False

    @property
    def counted(self) -> bool:
        """Whether the tally counts such cases exactly."""
        return self == Filter(self.urgency, self.strategy, None, self.submitter, self.statuses)


@dataclass(frozen=True)
class Conditions:
    """A filter for the database. Without a status: of every one of `statuses`, which an index holds one by one."""

    statuses: Sequence[str]
    terms: tuple[ColumnElement[bool], ...]
    few: bool  # some letters of a reference leave so few cases that they are found first and ordered afterwards


def conditions(session: Session, chosen: Filter) -> Conditions:
    """What the desk rows of a filter fulfil."""
    same = {
        DeskCase.submitter: chosen.submitter, DeskCase.urgency: chosen.urgency, DeskCase.strategy: chosen.strategy,
        DeskCase.product: chosen.product, DeskCase.overdue_bucket: chosen.bucket, DeskCase.batch_id: chosen.batch,
    }  # fmt: skip
    terms: list[ColumnElement[bool]] = [col(column) == value for column, value in same.items() if value is not None]
    if chosen.assignee == "nobody":
        terms.append(col(DeskCase.assignee_id).is_(None))
    elif chosen.assignee is not None:
        terms.append(col(DeskCase.assignee_id) == chosen.assignee)
    if chosen.due_before is not None:
        terms.append(col(DeskCase.due_at) < chosen.due_before)
    if chosen.received_before is not None:
        terms.append(col(DeskCase.received_at) < chosen.received_before)
    terms += [col(DeskCase.certain) == false()] if chosen.uncertain else []
    terms += [col(DeskCase.engines_agree) == false()] if chosen.disagree else []
    terms += [col(DeskCase.changed) == true()] if chosen.changed else []
    if chosen.case_ref is None:
        return Conditions(chosen.statuses, tuple(terms), few=False)
    if _is_common(session, chosen.case_ref, chosen.submitter):
        like = col(DeskCase.case_ref).icontains(chosen.case_ref, autoescape=True)
        return Conditions(chosen.statuses, (*terms, like), few=False)
    return Conditions(chosen.statuses, (*terms, _having(chosen.case_ref, chosen.submitter)), few=True)


def _is_common(session: Session, part: str, submitter: str | None) -> bool:
    """Whether many cases have these letters, by some pages of the table drawn at random: the same ones each time.

    Fifty of many are found soonest along the queue, a few of all by the index of their letters.
    """
    drawn = tablesample(inspect(Case).local_table, func.system(_DRAWN), seed=literal(1))
    having = func.count().filter(drawn.c.case_ref.icontains(part, autoescape=True))
    query = core_select(having, func.count()).select_from(drawn)
    if submitter is not None:
        query = query.where(drawn.c.submitter == submitter)
    common, all_drawn = session.connection().execute(query).one()
    return bool(common * _COMMON >= max(all_drawn, 1))


def _having(part: str, submitter: str | None) -> ColumnElement[bool]:
    """Cases with this part in their reference, by the index of its letters. As an array, so that each is looked up."""
    grams = text(_GRAMS).bindparams(part=part)
    query = core_select(col(Case.id)).where(
        col(Case.ref_grams).op("@>")(grams), col(Case.case_ref).icontains(part, autoescape=True)
    )
    if submitter is not None:
        query = query.where(col(Case.submitter) == submitter)
    return col(DeskCase.case_id) == any_(func.array(query.scalar_subquery()))
