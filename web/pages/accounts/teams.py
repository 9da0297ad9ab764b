"""The teams page, for supervisors: who works with whom on what, and who is away."""

import datetime as dt
import re
from typing import Annotated, Any

from fastapi import APIRouter, Form, HTTPException, Request, Response

from forbear.accounts import teams
from forbear.accounts.accounts import UnfitError, ViewerWork
from forbear.accounts.teams import TeamTerms
from forbear.desk import assignment
from rules.facts import case_facts
from web import language
from web.auth import OurForm, SupervisorWork
from web.pages.accounts.own_account import RowId
from web.views import flash, render

router = APIRouter()
ADDRESS = "/teams"
_BETWEEN = re.compile(r"[,;\uff0c\u3001\uff1b\n]")  # what people put between cities
_Words = Annotated[str, Form(max_length=4000)]
_Ids = Annotated[list[int] | None, Form(max_length=500)]
_Skills = Annotated[list[str] | None, Form(max_length=500)]


@router.get(ADDRESS)
def show_teams(request: Request, work: SupervisorWork) -> Response:
    """Every team, and who is away."""
    return flash.forget(_page(request, work, said=flash.told(request, work.vault, work.viewer)), ADDRESS)


@router.post(ADDRESS, dependencies=[OurForm])
def save_team(
    request: Request,
    work: SupervisorWork,
    team: Annotated[int | None, Form(ge=1, lt=2**63)] = None,
    name: _Words = "",
    skill: _Skills = None,
    cities: _Words = "",
    load_limit: _Words = "",
    automatic: bool = Form(default=False),
    member: _Ids = None,
) -> Response:
    """A new team, or another state of one."""
    limit = int(load_limit) if load_limit.isascii() and load_limit.isdigit() and len(load_limit) < 6 else None
    terms = TeamTerms(name, skill or (), _BETWEEN.split(cities), limit, automatic, member or ())
    kept = None
    if team is not None and (kept := teams.found(work.session, team)) is None:
        raise HTTPException(404)
    try:
        saved = teams.save(work, kept, terms, {each for each, _ in _skills(work, "en")})
    except UnfitError as error:
        work.roll_back()
        return _page(request, work, error=error, typed=(team, terms))
    return flash.to(request, ADDRESS, work.vault, work.viewer, "teams.saved", name=saved.name)


@router.post(f"{ADDRESS}/{{team_id}}/close", dependencies=[OurForm])
def close_team(request: Request, work: SupervisorWork, team_id: RowId) -> Response:
    """A team is no more."""
    team = teams.found(work.session, team_id)
    if team is None:
        raise HTTPException(404)
    teams.close(work, team)
    return flash.to(request, ADDRESS, work.vault, work.viewer, "teams.closed", name=team.name)


@router.post(f"{ADDRESS}/absences", dependencies=[OurForm])
def put_absence(
    request: Request,
    work: SupervisorWork,
    who: Annotated[int, Form(ge=1, lt=2**63)],
    first: str = Form("", max_length=10),
    last: str = Form("", max_length=10),
) -> Response:
    """Somebody is away from a day until another."""
    try:
        teams.away(work, who, _day(first), _day(last), render.day(work.now, work.pack.manifest.timezone))
    except UnfitError as error:
        return _page(request, work, error=error)
    return flash.to(request, ADDRESS, work.vault, work.viewer, "teams.away.said")


@router.post(f"{ADDRESS}/absences/{{absence_id}}/cancel", dependencies=[OurForm])
def cancel_absence(request: Request, work: SupervisorWork, absence_id: RowId) -> Response:
    """Somebody is there after all."""
    teams.cancel(work, absence_id)
    return flash.to(request, ADDRESS, work.vault, work.viewer, "teams.away.cancelled")


def _day(typed: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(typed)
    except ValueError:
        return None


def _skills(work: ViewerWork, lang: language.Language) -> list[tuple[str, str]]:
    """What a team may be there for: the strategies of the active pack and the products, with their names."""
    pack = work.pack
    product = pack.vocabulary.facts.get("product")
    strategies = [(name, each.title.model_dump()[lang]) for name, each in pack.strategies.items()]
    values = product.values if product else ()
    return strategies + [(each, case_facts.display(pack.vocabulary, "product", each, lang)) for each in values]


def _page(
    request: Request,
    work: ViewerWork,
    said: tuple[str, dict[str, str]] | None = None,
    error: UnfitError | None = None,
    typed: tuple[int | None, TeamTerms] | None = None,
) -> Response:
    today = render.day(work.now, work.pack.manifest.timezone)
    values: dict[str, Any] = {
        "teams": teams.teams(work.session),
        "absences": teams.absences(work.session, today),
        "people": assignment.people(work.session),
        "skills": _skills(work, language.chosen(request)),
        "today": today,
        "said": said,
        "error": error,
        "typed": typed,
        "most": teams.MOST,
    }
    return render.page(request, "account/teams.html", values, 200 if error is None else 422, ADDRESS)
