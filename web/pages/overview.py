"""The overview page for supervisors, and its charts."""

import datetime as dt
from collections.abc import Callable, Mapping
from functools import partial
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, HTTPException, Query, Request, Response
from sqlmodel import Session

from forbear.accounts.accounts import ViewerWork
from forbear.batch.progress import STUCK, oldest_claims
from forbear.desk.overview import behind, counts, periods
from forbear.desk.overview.behind import FigureName, Narrowed
from forbear.desk.overview.counts import Flow, InTime, Period
from forbear.desk.overview.periods import PERIODS, Periods, UnfitPeriodError
from forbear.intake.formats.format import Cell
from rules.locale import in_language
from rules.pack.files.schema import Text
from rules.pack.pack import Pack
from web import language
from web.auth import SupervisorWork
from web.charts import charts
from web.charts.charts import ChartBar, ChartRow, Series, Tone
from web.views import render

router = APIRouter(prefix="/overview")
Chart = Literal["volumes", "responses", "urgency", "strategies", "outcomes"]
Name = Annotated[str | None, Query(max_length=100, pattern=r"^[^\x00]*$")]
_TONES: dict[str, Tone] = {"U0": "u0", "U1": "u1", "U2": "u2", "U3": "u3", "U4": "u4", "U5": "u5"}
_OUTCOMES: tuple[tuple[str, Tone], ...] = (
    ("contacted", "plain"),
    ("lender_accepted", "accent"),
    ("lender_refused", "u2"),
    ("plan_kept", "u4"),
    ("plan_broken", "u1"),
    ("closed", "u5"),
)
_WIDE = 540  # pixels of a chart on a desk: half the page
_RULES = 15  # rules listed
_STRATEGIES = 12  # strategies drawn


@router.get("")
def show_overview(request: Request, work: SupervisorWork) -> Response:
    """What a supervisor sees first in the morning."""
    session, pack, zone = work.session, work.pack, work.pack.manifest.timezone
    asked, today = dict(request.query_params), render.day(work.now, zone)
    unfit = None
    try:
        chosen = _asked(work, asked)
    except UnfitPeriodError as error:
        unfit, chosen = error, periods.last(periods.USUAL, today, zone)
    period = chosen.period
    now, before = counts.flow(session, period), counts.flow(session, chosen.against)
    values = {
        "chosen": chosen,
        "query": urlencode(chosen.asking),
        "unfit": unfit,
        "typed": {name: asked.get(name, "")[:20] if unfit else chosen.asking.get(name, "") for name in periods.FIELDS},
        "today": today,
        "period": period,
        "compared": _compared(now, before),
        "volumes": counts.volumes(session, period),
        "mix": counts.mix(session),
        "due": counts.due(session, work.now),
        "unevaluated": counts.unevaluated(session),
        "crises": counts.crises(session, work.now),
        "claimed": max(oldest_claims(session, work.now).values(), default=None),
        "stuck": STUCK,
        "rules": counts.rules(session, period)[:_RULES],
        "counsellors": counts.counsellors(session, period),
        "flow": now,
        "responses": counts.responses(session, period),
        "agreements": counts.agreements(session),
        "load": counts.load(session, work.now, today),
        "outcomes": counts.outcomes(session, period),
        "failed": counts.failed(session),
        "whole_rejects": counts.whole_rejects(session, period),
        "pack": pack,
        "kinds": [name for name, _ in _OUTCOMES],
        "strategy": partial(_title, pack),
        "rule": {rule.rule.id: rule.rule.title for rule in pack.rules},
        "periods": PERIODS,
        "longest": periods.LONGEST,
        "most": counts.MOST,
        "wide": _WIDE,
        "narrow": charts.NARROW,
    }
    return render.page(request, "site/overview.html", values, 400 if unfit else 200)


@router.get("/cases")
def show_behind(
    request: Request,
    work: SupervisorWork,
    figure: FigureName,
    who: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
    what: Name = None,
    strategy: Name = None,
) -> Response:
    """The cases behind a figure."""
    try:
        chosen = _asked(work, dict(request.query_params))
    except UnfitPeriodError:
        raise HTTPException(400) from None
    found, more = behind.cases(work.session, figure, chosen.period, Narrowed(who, what or None, strategy or None))
    values = {
        "figure": figure,
        "period": chosen.period,
        "query": urlencode(chosen.asking),
        "found": found,
        "more": more,
        "most": behind.MOST,
        "who": None if who is None else counts.name_of(work.session, who),
        "what": what,
        "strategy": _title(work.pack, strategy) if strategy else None,
        "known": language.has,
    }
    return render.page(request, "site/behind.html", values)


@router.get("/{chart}.svg")
def show_chart(
    request: Request, work: SupervisorWork, chart: Chart, width: Annotated[int, Query(ge=240, le=1200)] = _WIDE
) -> Response:
    """A chart of the page, in the page's language."""
    try:
        period = _asked(work, dict(request.query_params)).period
    except UnfitPeriodError:
        raise HTTPException(400) from None
    session, pack = work.session, work.pack
    lang = language.chosen(request)
    said = partial(language.message, lang)
    draw: Callable[[], str] = {
        "volumes": partial(_volumes, session, period, said, width),
        "responses": partial(_responses, session, period, said, width),
        "urgency": partial(_urgency, session, said, width),
        "strategies": partial(_strategies, session, pack, lang, said, width),
        "outcomes": partial(_outcomes, session, period, pack, lang, said, width),
    }[chart]
    return Response(draw(), media_type="image/svg+xml")


def _asked(work: ViewerWork, asked: Mapping[str, str]) -> Periods:
    """The periods of an address. One of days that are not offered is a bad request."""
    if asked.get("days", "") not in ("", *map(str, PERIODS)):
        raise HTTPException(400)
    zone = work.pack.manifest.timezone
    return periods.chosen(asked, render.day(work.now, zone), zone)


def _compared(now: Flow, before: Flow) -> list[dict[str, Any]]:
    """The figures of both periods beside each other: by how much they differ, and what leads to their cases."""

    def row(name: str, kind: str, *values: Any, **link: Any) -> dict[str, Any]:
        amounts: list[Any] = [value.percent if isinstance(value, InTime) else value for value in values]
        less = None if None in amounts else amounts[0] - amounts[1]
        return {"name": name, "kind": kind, "values": values, "amounts": amounts, "difference": less, "link": link}

    medians = [each.contacts.median for each in (now, before)]
    return [
        row("received", "count", now.received, before.received, figure="received"),
        row("actions", "count", now.actions, before.actions, figure="actions"),
        row("contacted", "count", now.contacts.cases, before.contacts.cases, figure="contacts"),
        row("first_contact", "span", *medians),
        row("response", "share", now.responses, before.responses, kept="kept", late="late"),
        row("instalments", "share", now.instalments, before.instalments, kept="paid", late="missed"),
        row("disagreements_short", "count", now.disagreements, before.disagreements),
    ]


def as_rows(work: ViewerWork, asked: Mapping[str, str], lang: language.Language) -> list[list[Cell]]:
    """The figures of the page as rows of a table: what, of what, how many."""
    session, said = work.session, partial(language.message, lang)
    try:
        chosen = _asked(work, asked)
    except UnfitPeriodError:
        raise HTTPException(400) from None
    rows: list[list[Cell]] = []
    for each in (chosen.period, chosen.against):
        told, span = counts.flow(session, each), f"{each.first} – {each.last}"
        median = told.contacts.median
        values = {
            "received": told.received,
            "actions": told.actions,
            "contacted": told.contacts.cases,
            "first_contact_minutes": None if median is None else int(median.total_seconds() // 60),
            "response_percent": told.responses.percent,
            "instalments_percent": told.instalments.percent,
            "disagreements_short": told.disagreements,
            "whole_rejects": counts.whole_rejects(session, each),
        }
        rows += [
            [said(f"overview.{name}"), span, "" if value is None else str(value)] for name, value in values.items()
        ]
    open_now = counts.mix(session)
    rows += [[said("overview.urgency"), name, str(cases)] for name, cases in open_now.by_urgency.items()]
    titles = partial(_title, work.pack)
    rows += [
        [said("overview.strategies"), in_language(titles(name), lang), str(cases)]
        for name, cases in open_now.by_strategy
    ]
    for day, share in counts.responses(session, chosen.period).items():
        rows += [[said("overview.kept"), str(day), str(share.kept)], [said("overview.late"), str(day), str(share.late)]]
    for person in counts.load(session, work.now, render.day(work.now, work.pack.manifest.timezone)):
        rows.append([said("overview.to_do"), person.name, str(person.open)])
    return rows


def _columns(days: Mapping[dt.date, tuple[int, ...]], most: int = 92) -> list[ChartRow]:
    """A column a day; of a long period one for several days, called by the first of them."""
    listed = sorted(days.items())
    size = -(-len(listed) // most)
    parts = [listed[n : n + size] for n in range(0, len(listed), size or 1)]
    return [
        ChartRow(f"{part[0][0]:%m-%d}", tuple(map(sum, zip(*(each for _, each in part), strict=True))))
        for part in parts
    ]


def _volumes(session: Session, period: Period, said: Callable[..., str], width: int) -> str:
    found = {each.day: (each.accepted, each.unchanged, each.rejected) for each in counts.volumes(session, period)}
    series = [
        Series(said("overview.accepted"), "accent"),
        Series(said("overview.unchanged"), "u5"),
        Series(said("overview.rejected"), "u2"),
    ]
    return charts.columns(
        _columns(found), series, name=said("overview.volumes"), unit=said("overview.rows"), width=width
    )


def _responses(session: Session, period: Period, said: Callable[..., str], width: int) -> str:
    found = counts.responses(session, period)
    none = InTime(0, 0)
    days = {day: (found.get(day, none).kept, found.get(day, none).late) for day in period.days}
    series = [Series(said("overview.kept"), "accent"), Series(said("overview.late"), "u2")]
    return charts.columns(
        _columns(days), series, name=said("overview.response_days"), unit=said("overview.cases"), width=width
    )


def _urgency(session: Session, said: Callable[..., str], width: int) -> str:
    drawn = [
        ChartBar(f"{urgency} {said(f'urgency.{urgency}')}", cases, _TONES[urgency])
        for urgency, cases in counts.mix(session).by_urgency.items()
    ]
    return charts.bars(drawn, name=said("overview.urgency"), width=width)


def _strategies(session: Session, pack: Pack, lang: language.Language, said: Callable[..., str], width: int) -> str:
    found = counts.mix(session).by_strategy
    drawn = [ChartBar(in_language(_title(pack, strategy), lang), cases) for strategy, cases in found[:_STRATEGIES]]
    if rest := sum(cases for _, cases in found[_STRATEGIES:]):
        drawn.append(ChartBar(said("overview.others"), rest, "plain"))
    return charts.bars(drawn, name=said("overview.strategies"), width=width)


def _outcomes(
    session: Session, period: Period, pack: Pack, lang: language.Language, said: Callable[..., str], width: int
) -> str:
    rows = [
        ChartRow(in_language(_title(pack, strategy), lang), tuple(found[name] for name, _ in _OUTCOMES))
        for strategy, found in counts.outcomes(session, period)[:_STRATEGIES]
    ]
    series = [Series(said(f"outcome.{name}"), tone) for name, tone in _OUTCOMES]
    return charts.stacks(rows, series, name=said("overview.outcomes"), width=width)


def _title(pack: Pack, strategy: str) -> Text:
    """What the active pack calls a strategy; its id where it does not know it."""
    known = pack.strategies.get(strategy)
    return Text(zh=strategy, en=strategy) if known is None else known.title
