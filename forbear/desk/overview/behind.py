"""The cases behind a figure of the overview: what happened in a period, the newest first."""

import datetime as dt
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, get_args

from sqlalchemy import text
from sqlmodel import Session

from forbear.desk.overview.counts import Period

FigureName: TypeAlias = Literal[
    "received", "actions", "contacts", "kept", "late", "paid", "missed", "agreements", "outcomes"
]
FIGURES: tuple[FigureName, ...] = get_args(FigureName)
MOST: Final = 200  # events told of one figure

# Each answers (case_id, at, account_id, word, took); `word` is a code of what it was. What is counted by days of the
# place is between :start and :end, what falls due on a day between :first and :last.
_REVIEWED: Final = """
    SELECT case_id, at, account_id, {word} AS word, NULL::interval AS took FROM review r
    WHERE at >= :start AND at < :end AND {which}
        AND (CAST(:who AS bigint) IS NULL OR account_id = :who) ORDER BY at DESC, id DESC
"""
_INSTALMENTS: Final = """
    SELECT a.case_id, i.last_day::timestamp AT TIME ZONE :zone AS at, a.account_id, i.status AS word,
        NULL::interval AS took
    FROM instalment i JOIN agreement a ON a.id = i.agreement_id
    WHERE i.last_day BETWEEN :first AND :last AND i.status IN ({states}) ORDER BY i.last_day DESC, a.id DESC
"""
# The strategy that a person had decided by then, else the recommended one.
_STRATEGY: Final = """(CAST(:strategy AS text) IS NULL OR :strategy = coalesce(
    (SELECT strategy FROM review WHERE case_id = r.case_id AND id < r.id AND strategy IS NOT NULL
        ORDER BY id DESC LIMIT 1),
    (SELECT strategy FROM decision WHERE id = r.decision_id)
))"""
_OUTCOME: Final = """(action = 'outcome' AND (CAST(:what AS text) IS NULL OR reason = :what)
    OR CAST(:what AS text) = 'plan_kept' AND action = 'agreement' AND reason = 'kept')"""
_FIGURES: Final[dict[FigureName, str]] = {
    "received": """
        SELECT v.case_id, b.created_at AS at, NULL::bigint AS account_id, '' AS word, NULL::interval AS took
        FROM batch b JOIN case_version v ON v.batch_id = b.id
        WHERE b.created_at >= :start AND b.created_at < :end ORDER BY b.created_at DESC, b.id DESC, v.id DESC
    """,
    "actions": _REVIEWED.format(word="action", which="(CAST(:what AS text) IS NULL OR action = :what)"),
    "contacts": """
        SELECT first.case_id, first.at, NULL::bigint AS account_id, '' AS word, first.at - c.created_at AS took
        FROM (
            SELECT case_id, min(at) AS at FROM review
            WHERE at >= :start AND at < :end AND (action = 'contact' OR (action = 'outcome' AND reason = 'contacted'))
            GROUP BY case_id
        ) first JOIN "case" c ON c.id = first.case_id
        WHERE NOT EXISTS (
            SELECT FROM review WHERE review.case_id = first.case_id AND review.at < :start
                AND (action = 'contact' OR (action = 'outcome' AND reason = 'contacted'))
        ) ORDER BY took DESC, first.case_id
    """,
    "kept": _REVIEWED.format(word="action", which="detail ->> 'answered' = 'kept'"),
    "late": _REVIEWED.format(word="action", which="detail ->> 'answered' = 'late'"),
    "paid": _INSTALMENTS.format(states="'kept'"),
    "missed": _INSTALMENTS.format(states="'late', 'broken'"),
    "agreements": """
        SELECT case_id, made_at AS at, account_id, status AS word, NULL::interval AS took
        FROM agreement WHERE CAST(:what AS text) IS NULL OR status = :what ORDER BY id DESC
    """,
    "outcomes": _REVIEWED.format(word="coalesce(CAST(:what AS text), reason)", which=f"{_OUTCOME} AND {_STRATEGY}"),
}
_LISTED: Final = """
    SELECT found.case_id, c.case_ref, found.at, account.name AS who, found.word, found.took, desk.urgency, desk.status
    FROM ({figure} LIMIT :most) found
    JOIN "case" c ON c.id = found.case_id
    LEFT JOIN desk_case desk ON desk.case_id = found.case_id
    LEFT JOIN account ON account.id = found.account_id
"""


@dataclass(frozen=True)
class CaseBehind:
    """One event that a figure counts, and how its case stands now."""

    case_id: int
    case_ref: str
    at: dt.datetime
    who: str | None
    word: str  # a code: the action, what came of it, what became of an instalment
    took: dt.timedelta | None  # a first contact, from when the case came in
    urgency: str | None  # None: not decided yet
    status: str | None


@dataclass(frozen=True)
class Narrowed:
    """Which of a figure's events; None: all."""

    who: int | None = None  # account
    what: str | None = None  # the word
    strategy: str | None = None


def cases(session: Session, figure: FigureName, period: Period, only: Narrowed) -> tuple[list[CaseBehind], bool]:
    """What a figure counts, the newest first (first contacts: the longest first), and whether there are more."""
    start, end = period.instants
    values = {
        "start": start,
        "end": end,
        "first": period.first,
        "last": period.last,
        "zone": period.zone,
        "most": MOST + 1,
        "who": only.who,
        "what": only.what,
        "strategy": only.strategy,
    }
    statement = text(_LISTED.format(figure=_FIGURES[figure]))
    used = {name: value for name, value in values.items() if f":{name}" in str(statement)}
    found = [CaseBehind(**row) for row in session.connection().execute(statement, used).mappings()]
    return found[:MOST], len(found) > MOST
