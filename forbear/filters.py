"""Filters of the queue: which cases, as conditions on their desk rows that an index answers."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Text, bindparam, text
from sqlmodel import Session, col, select

from models.case import Case
from models.desk import DeskCase

TO_DO = ("open", "escalated")  # what waits for a counsellor
_COMMON = 0.01  # part of all references from which on letters are looked for case by case
# What the server counted when it last analysed the table says which letters are common. A hundred thousand cases that
# share some letters are found sooner by looking at the queue's first ones than by fetching them all.
_GRAMS = text("""
    SELECT gram, coalesce(max(frequency), 0)
    FROM (
        SELECT DISTINCT substr(lower(:part), start, least(3, length(:part))) AS gram
        FROM generate_series(1, greatest(1, length(:part) - 2)) start
    ) grams
    LEFT JOIN (
        SELECT element, frequency
        FROM pg_stats, unnest(most_common_elems::text::text[], most_common_elem_freqs) AS common (element, frequency)
        WHERE schemaname = 'public' AND tablename = 'case' AND attname = 'ref_grams'
    ) counted ON element = gram
    GROUP BY gram
""")


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
    terms += [col(DeskCase.certain).is_(False)] if chosen.uncertain else []
    terms += [col(DeskCase.engines_agree).is_(False)] if chosen.disagree else []
    terms += [col(DeskCase.changed).is_(True)] if chosen.changed else []
    found = [] if chosen.case_ref is None else _having(session, chosen.case_ref)
    return Conditions(chosen.statuses, (*terms, *found), few=len(found) > 1)


def _having(session: Session, part: str) -> list[ColumnElement[bool]]:
    """References with this part in them; by the index of their letters where that leaves few enough."""
    grams: dict[str, float] = {row[0]: row[1] for row in session.connection().execute(_GRAMS, {"part": part})}
    like = col(DeskCase.case_ref).icontains(part, autoescape=True)
    if min(grams.values()) > _COMMON:
        return [like]
    letters = bindparam("grams", sorted(grams), ARRAY(Text), unique=True)
    indexed = select(Case.id).where(col(Case.ref_grams).op("@>")(letters))
    return [like, col(DeskCase.case_id).in_(indexed)]
