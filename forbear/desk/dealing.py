"""Dealing: free cases are given to the counsellors of teams, and come back from who is away, without anybody asking."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import text
from sqlmodel import Session

from forbear.ledger.unit_of_work import Work
from forbear.webhooks import notifications

AT_ONCE: Final = 200  # cases of one transaction
URGENT: Final = ("U0", "U1")  # nobody's absence keeps such a case waiting
# Two schedulers at once: the second finds nothing to do, and whatever a person has in hand is passed over.
_LOCK = text("SELECT pg_try_advisory_xact_lock(hashtext('forbear.deal'))")
_AWAY: Final = """EXISTS (
    SELECT FROM absence WHERE absence.account_id = account.id AND cancelled_at IS NULL AND :today BETWEEN first AND last
)"""
_MEMBERS = text(f"""
    SELECT account.id AS account_id, team.id AS team_id, team.skills, team.cities,
        team.load_limit - (
            SELECT count(*) FROM desk_case WHERE assignee_id = account.id AND status IN ('open', 'escalated')
        ) AS room,
        (SELECT count(*) FROM desk_case WHERE assignee_id = account.id AND status IN ('open', 'escalated')) AS load
    FROM team JOIN team_member ON team_member.team_id = team.id JOIN account ON account.id = team_member.account_id
    WHERE team.automatic AND team.closed_at IS NULL AND account.role <> 'submitter' AND account.disabled_at IS NULL
        AND NOT {_AWAY}
    ORDER BY account.id
""")  # noqa: S608 - text of ours
# What fits no team with room is passed over here, or it would stand before what does for ever. A crisis fits everybody.
_FREE = text("""
    SELECT desk.case_id, desk.calm, coalesce(desk.chosen_strategy, desk.strategy) AS strategy, desk.product, desk.city,
        (SELECT account_id FROM review WHERE review.case_id = desk.case_id AND action = 'release'
            ORDER BY review.id DESC LIMIT 1) AS given_back
    FROM desk_case desk
    WHERE desk.status = 'open' AND desk.assignee_id IS NULL AND (NOT desk.calm OR EXISTS (
        SELECT FROM team WHERE team.id = ANY(:teams)
            AND (team.skills = '{}' OR coalesce(desk.chosen_strategy, desk.strategy) = ANY(team.skills)
                OR desk.product = ANY(team.skills))
            AND (team.cities = '{}' OR EXISTS (
                SELECT FROM unnest(team.cities) AS here
                WHERE starts_with(desk.city, here) OR desk.city <> '' AND starts_with(here, desk.city)))
    ))
    ORDER BY desk.calm, desk.urgency, desk.due_at, desk.case_id
    LIMIT :at_once FOR UPDATE OF desk SKIP LOCKED
""")
_GIVE = text("""
    UPDATE desk_case desk SET assignee_id = given.account_id, revision = desk.revision + 1
    FROM unnest(CAST(:cases AS bigint[]), CAST(:accounts AS bigint[])) AS given (case_id, account_id)
    WHERE desk.case_id = given.case_id
""")
# Whoever may not come in any more never comes back; what a supervisor has to decide waits for no holiday either.
_PUT_BACK = text("""
    WITH gone AS (
        SELECT account.id, account.disabled_at IS NOT NULL AS for_good, max(absence.last) + 1 AS back
        FROM account LEFT JOIN absence
            ON absence.account_id = account.id AND cancelled_at IS NULL AND :today BETWEEN first AND last
        WHERE account.disabled_at IS NOT NULL OR absence.id IS NOT NULL
        GROUP BY account.id
    ), held AS (
        SELECT desk.case_id, desk.assignee_id, desk.status = 'escalated' OR NOT desk.calm OR desk.urgency = ANY(:urgent)
            AS pressing
        FROM desk_case desk JOIN gone ON gone.id = desk.assignee_id
        WHERE desk.status IN ('open', 'escalated') AND (
            desk.status = 'escalated' OR NOT desk.calm OR desk.urgency = ANY(:urgent) OR gone.for_good
            OR desk.due_at < CAST(gone.back AS timestamp) AT TIME ZONE :zone
        )
        ORDER BY desk.case_id LIMIT :at_once FOR UPDATE OF desk SKIP LOCKED
    )
    UPDATE desk_case desk SET assignee_id = NULL, revision = desk.revision + 1
    FROM held WHERE desk.case_id = held.case_id RETURNING desk.case_id, held.assignee_id, held.pressing
""")


@dataclass(frozen=True)
class FreeCase:
    """A case that nobody has, as far as it decides who is given it."""

    case_id: int
    calm: bool
    strategy: str
    product: str | None
    city: str | None
    given_back: int | None = None  # by whom: it is not given to them again


@dataclass
class TeamCounsellor:
    """Somebody who is there: of which team, how many cases they have, and how many more they may be given."""

    account_id: int
    team_id: int
    skills: Sequence[str]
    cities: Sequence[str]
    room: int
    load: int

    def suits(self, case: FreeCase) -> bool:
        """Whether the team is there for such a case: for its strategy or product, where the borrower lives."""
        skilled = not self.skills or case.strategy in self.skills or case.product in self.skills
        city = case.city or ""
        return skilled and (not self.cities or any(_same_city(city, each) for each in self.cities))


def dealt(cases: Iterable[FreeCase], counsellors: Sequence[TeamCounsellor]) -> list[tuple[FreeCase, TeamCounsellor]]:
    """Who is given which case: in the order of the cases, each to who suits, has room and has least.

    A crisis goes to somebody whom it does not suit rather than to nobody.
    """
    given = []
    for case in cases:
        there = [each for each in counsellors if each.room > 0 and each.account_id != case.given_back]
        suited = [each for each in there if each.suits(case)] or ([] if case.calm else there)
        if suited:
            one = min(suited, key=lambda each: (each.load, each.account_id))
            one.room, one.load = one.room - 1, one.load + 1
            given.append((case, one))
    return given


def deal(work: Work, today: dt.date) -> int:
    """Give some free cases to counsellors of teams that wish it; answers how many."""
    if not _alone(work.session):
        return 0
    connection = work.session.connection()
    rows = connection.execute(_MEMBERS, {"today": today}).mappings()
    there = [TeamCounsellor(**row) for row in rows if row["room"] > 0]
    if not there:
        return 0
    teams = sorted({each.team_id for each in there})
    free = connection.execute(_FREE, {"teams": teams, "at_once": AT_ONCE}).mappings()
    given = dealt([FreeCase(**row) for row in free], there)
    if not given:
        return 0
    cases, accounts = [case.case_id for case, _ in given], [one.account_id for _, one in given]
    connection.execute(_GIVE, {"cases": cases, "accounts": accounts})
    work.touch(cases)
    for case, one in given:
        work.note("dealt", f"case:{case.case_id}", {"account": one.account_id, "team": one.team_id})
        notifications.tell(work, "assigned", case.case_id, [one.account_id], f"dealt:{case.case_id}:{work.now}")
    return len(given)


def put_back(work: Work, today: dt.date, zone: str) -> int:
    """Take from who is away what cannot wait for them, from who may not come in any more all; answers how many.

    Crises, urgent and escalated cases, and what is due before they are back. Supervisors are told of the first three.
    """
    values = {"today": today, "zone": zone, "urgent": list(URGENT), "at_once": AT_ONCE}
    rows = work.session.connection().execute(_PUT_BACK, values).all()
    work.touch(row.case_id for row in rows)
    there = notifications.supervising(work.session, today) if any(row.pressing for row in rows) else []
    for row in sorted(rows):
        work.note("dealt", f"case:{row.case_id}", {"from": row.assignee_id})
        if row.pressing:
            notifications.tell(work, "put_back", row.case_id, there, f"put_back:{row.case_id}:{work.now}")
    return len(rows)


def _alone(session: Session) -> bool:
    return bool(session.connection().execute(_LOCK).scalar_one())


def _same_city(one: str, other: str) -> bool:
    """Whether one is the other, or part of what the other says."""
    return bool(one) and (one.startswith(other) or other.startswith(one))
