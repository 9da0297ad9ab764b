"""Teams: who works with whom on which cases, how many each may have, and who is away on which days."""

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import bindparam, delete
from sqlmodel import Session, col, select, update

from forbear.accounts.accounts import ROLES, UnfitError, Viewer
from forbear.ledger.unit_of_work import Work
from models.account import Absence, Account, Team, TeamMember

MOST: Final = 500  # cases that a team may give one person
CITIES: Final = 50
LONGEST: Final = 64  # characters of a name
FARTHEST: Final = dt.timedelta(days=366)  # that somebody is away at a time, or that it is known before
_WORKING: Final = ROLES[ROLES.index("counsellor") :]
_AWAY: Final = (
    select(Absence.id)
    .where(
        Absence.account_id == bindparam("account"),
        col(Absence.cancelled_at).is_(None),
        Absence.first <= bindparam("today"),
        Absence.last >= bindparam("today"),
    )
    .limit(1)
)


@dataclass(frozen=True)
class TeamTerms:
    """What a team is to be."""

    name: str
    skills: Collection[str] = ()
    cities: Sequence[str] = ()
    load_limit: int | None = 20
    automatic: bool = False
    members: Collection[int] = ()


@dataclass(frozen=True)
class ListedTeam:
    """A team with its people, by name."""

    team: Team
    members: tuple[Account, ...]


def teams(session: Session) -> list[ListedTeam]:
    """The teams that there are, by name."""
    found = list(session.exec(select(Team).where(col(Team.closed_at).is_(None)).order_by(col(Team.name))))
    query = select(TeamMember.team_id, Account).join(Account).order_by(col(Account.name))
    people: dict[int, list[Account]] = {each.id: [] for each in found}
    for team_id, account in session.exec(query):
        people.setdefault(team_id, []).append(account)
    return [ListedTeam(each, tuple(people[each.id])) for each in found]


def of_viewer(session: Session, viewer: Viewer) -> ListedTeam | None:
    """The viewer's own team, if there is one."""
    mine = select(TeamMember.team_id).where(TeamMember.account_id == viewer.account_id)
    team_id = session.exec(mine).first()
    return next((each for each in teams(session) if each.team.id == team_id), None)


def found(session: Session, team_id: int) -> Team | None:
    """A team that is not closed, locked until the transaction ends."""
    query = select(Team).where(Team.id == team_id, col(Team.closed_at).is_(None))
    return session.exec(query.with_for_update()).first()


def save(work: Work, team: Team | None, terms: TeamTerms, known: Collection[str]) -> Team:
    """Make a team, or change one. Whoever was of another is of this one now. Raises UnfitError.

    `known` are the strategies and products that may be skills.
    """
    kept = _fit(work.session, team, terms, known)
    members = sorted({*terms.members})
    working = select(Account.id).where(col(Account.id).in_(members), col(Account.role).in_(_WORKING))
    if len(work.session.exec(working.where(col(Account.disabled_at).is_(None))).all()) < len(members):
        raise UnfitError("members", "unknown", "A member of a team works on cases: choose from the list.")
    team = team or kept
    for name in ("name", "skills", "cities", "load_limit", "automatic"):
        setattr(team, name, getattr(kept, name))
    work.session.add(team)
    work.session.flush()
    left = _gather(work.session, team.id, members)
    what = {"limit": team.load_limit, "automatic": team.automatic, "members": members}
    work.note("team", f"team:{team.id}", what)
    for other in sorted(left - {team.id}):
        work.note("team", f"team:{other}", {"moved": members})
    return team


def close(work: Work, team: Team) -> None:
    """A team is no more; its people are of none, and keep their cases."""
    work.session.exec(delete(TeamMember).where(col(TeamMember.team_id) == team.id))
    team.closed_at, team.automatic = work.now, False
    work.session.add(team)
    work.note("team", f"team:{team.id}", {"what": "ended"})


def absences(session: Session, today: dt.date) -> list[tuple[Absence, str]]:
    """Who is away or will be, with their names, the nearest first."""
    query = (
        select(Absence, Account.name).join(Account).where(Absence.last >= today, col(Absence.cancelled_at).is_(None))
    )
    return list(session.exec(query.order_by(col(Absence.first), col(Absence.id))))


def is_away(session: Session, account_id: int, today: dt.date) -> bool:
    """Whether somebody is away on that day."""
    return session.exec(_AWAY, params={"account": account_id, "today": today}).first() is not None


def away(work: Work, account_id: int, first: dt.date | None, last: dt.date | None, today: dt.date) -> Absence:
    """Put down that somebody is away on these days. Raises UnfitError."""
    account = work.session.get(Account, account_id)
    if account is None or account.role not in _WORKING:
        raise UnfitError("who", "unknown", "Choose somebody of the list who works on cases.")
    if first is None or last is None or not today - FARTHEST <= first <= last or last < today:
        raise UnfitError("days", "order", "The last day is today or later, and not before the first.")
    if last - first > FARTHEST or first > today + FARTHEST:
        raise UnfitError("days", "far", "An absence begins within a year and lasts a year at most.")
    made = Absence(account_id=account_id, first=first, last=last)
    work.session.add(made)
    work.session.flush()
    days = {"first": first.isoformat(), "last": last.isoformat()}
    work.note("absence", f"absence:{made.id}", {"account": account_id, **days})
    return made


def cancel(work: Work, absence_id: int) -> bool:
    """An absence does not come about, or is over early; false where there is none."""
    query = update(Absence).where(col(Absence.id) == absence_id, col(Absence.cancelled_at).is_(None))
    if not work.session.exec(query.values(cancelled_at=work.now)).rowcount:
        return False
    work.note("absence", f"absence:{absence_id}", {"what": "taken_away"})
    return True


def _fit(session: Session, team: Team | None, terms: TeamTerms, known: Collection[str]) -> Team:
    """The team as it may be kept."""
    name = " ".join(terms.name.split())
    if not name or len(name) > LONGEST or not name.isprintable():
        raise UnfitError("team", "form", f"The name of a team has 1 to {LONGEST} characters on one line.")
    others = select(Team.id).where(Team.name == name, col(Team.closed_at).is_(None))
    if {*session.exec(others)} - {team.id if team else None}:
        raise UnfitError("team", "taken", f"There is a team {name!r} already: take another name.")
    if not {*terms.skills} <= {*known}:
        raise UnfitError("skills", "unknown", "A skill is a strategy or a product: choose from the list.")
    cities = [*dict.fromkeys(filter(None, (" ".join(each.split()) for each in terms.cities)))]
    if len(cities) > CITIES or any(len(each) > LONGEST or not each.isprintable() for each in cities):
        raise UnfitError("cities", "many", f"A team has at most {CITIES} cities of {LONGEST} characters.", CITIES)
    if terms.load_limit is None or not 1 <= terms.load_limit <= MOST:
        raise UnfitError("load_limit", "range", f"The limit is a number from 1 to {MOST}.", MOST)
    skills = sorted({*terms.skills})
    return Team(name=name, skills=skills, cities=cities, load_limit=terms.load_limit, automatic=terms.automatic)


def _gather(session: Session, team_id: int, members: Iterable[int]) -> set[int]:
    """Have exactly these people in a team; answers the teams that they, and who is no member any more, were of."""
    members = [*members]
    theirs = col(TeamMember.account_id).in_(members) | (col(TeamMember.team_id) == team_id)
    gone = session.exec(delete(TeamMember).where(theirs).returning(col(TeamMember.team_id)))
    left = {*gone.scalars()}
    session.add_all(TeamMember(account_id=each, team_id=team_id) for each in members)
    session.flush()
    return left
