"""The overview page for supervisors, and its charts."""

import datetime as dt
from collections.abc import Callable
from functools import partial
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import AfterValidator
from sqlmodel import Session

from forbear.accounts.accounts import ViewerWork
from forbear.batch.progress import STUCK, oldest_claims
from forbear.desk import overview
from forbear.desk.overview import Period
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
PERIODS = (7, 30, 90)  # days


def _offered(days: int) -> int:
    if days not in PERIODS:
        raise ValueError("not a period of the page")
    return days


Days = Annotated[int, AfterValidator(_offered), Query()]
Chart = Literal["volumes", "urgency", "strategies", "outcomes"]
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


def _period(now: dt.datetime, days: int, pack: Pack) -> Period:
    zone = pack.manifest.timezone
    last = render.day(now, zone)
    return Period(last - dt.timedelta(days=days - 1), last, zone)


@router.get("")
def show_overview(request: Request, work: SupervisorWork, days: Days = 30) -> Response:
    """What a supervisor sees first in the morning."""
    session, pack = work.session, work.pack
    period = _period(work.now, days, pack)
    values = {
        "days": days,
        "terms": f"days={days}",
        "period": period,
        "volumes": overview.volumes(session, period),
        "mix": overview.mix(session),
        "due": overview.due(session, work.now),
        "unevaluated": overview.unevaluated(session),
        "crises": overview.crises(session, work.now),
        "claimed": max(oldest_claims(session, work.now).values(), default=None),
        "stuck": STUCK,
        "rules": overview.rules(session, period)[:_RULES],
        "counsellors": overview.counsellors(session, period),
        "flow": overview.flow(session, period),
        "flow_before": overview.flow(session, period.before),
        "responses": overview.responses(session, period),
        "agreements": overview.agreements(session),
        "load": overview.load(session, work.now, period.last),
        "outcomes": overview.outcomes(session, period),
        "disagreements": overview.disagreements(session, period),
        "failed": overview.failed(session),
        "whole_rejects": overview.whole_rejects(session, period),
        "pack": pack,
        "kinds": [name for name, _ in _OUTCOMES],
        "strategy": partial(_title, pack),
        "rule": {rule.rule.id: rule.rule.title for rule in pack.rules},
        "periods": PERIODS,
        "most": overview.MOST,
        "wide": _WIDE,
        "narrow": charts.NARROW,
    }
    return render.page(request, "site/overview.html", values)


@router.get("/{chart}.svg")
def show_chart(
    request: Request,
    work: SupervisorWork,
    chart: Chart,
    days: Days = 30,
    width: Annotated[int, Query(ge=240, le=1200)] = _WIDE,
) -> Response:
    """A chart of the page, in the page's language."""
    session, pack, period = work.session, work.pack, _period(work.now, days, work.pack)
    lang = language.chosen(request)
    said = partial(language.message, lang)
    draw: Callable[[], str] = {
        "volumes": partial(_volumes, session, period, said, width),
        "urgency": partial(_urgency, session, said, width),
        "strategies": partial(_strategies, session, pack, lang, said, width),
        "outcomes": partial(_outcomes, session, period, pack, lang, said, width),
    }[chart]
    return Response(draw(), media_type="image/svg+xml")


def as_rows(work: ViewerWork, days: int, lang: language.Language) -> list[list[Cell]]:
    """The figures of the page as rows of a table: what, of what, how many."""
    session, said = work.session, partial(language.message, lang)
    period = _period(work.now, days, work.pack)
    rows: list[list[Cell]] = []
    for each in (period, period.before):
        told, span = overview.flow(session, each), f"{each.first} – {each.last}"
        median = told.contacts.median
        values = {
            "received": told.received,
            "actions": told.actions,
            "first_contact_minutes": None if median is None else int(median.total_seconds() // 60),
            "response_percent": told.responses.percent,
            "instalments_percent": told.instalments.percent,
            "disagreements_short": told.disagreements,
            "whole_rejects": overview.whole_rejects(session, each),
        }
        rows += [
            [said(f"overview.{name}"), span, "" if value is None else str(value)] for name, value in values.items()
        ]
    open_now = overview.mix(session)
    rows += [[said("overview.urgency"), name, str(cases)] for name, cases in open_now.by_urgency.items()]
    titles = partial(_title, work.pack)
    rows += [
        [said("overview.strategies"), in_language(titles(name), lang), str(cases)]
        for name, cases in open_now.by_strategy
    ]
    for day, share in overview.responses(session, period).items():
        rows += [[said("overview.kept"), str(day), str(share.kept)], [said("overview.late"), str(day), str(share.late)]]
    for person in overview.load(session, work.now, period.last):
        rows.append([said("overview.to_do"), person.name, str(person.open)])
    return rows


def _volumes(session: Session, period: Period, said: Callable[..., str], width: int) -> str:
    rows = [
        ChartRow(f"{each.day:%m-%d}", (each.accepted, each.unchanged, each.rejected))
        for each in overview.volumes(session, period)
    ]
    series = [
        Series(said("overview.accepted"), "accent"),
        Series(said("overview.unchanged"), "u5"),
        Series(said("overview.rejected"), "u2"),
    ]
    return charts.columns(rows, series, name=said("overview.volumes"), unit=said("overview.rows"), width=width)


def _urgency(session: Session, said: Callable[..., str], width: int) -> str:
    counts = [
        ChartBar(f"{urgency} {said(f'urgency.{urgency}')}", cases, _TONES[urgency])
        for urgency, cases in overview.mix(session).by_urgency.items()
    ]
    return charts.bars(counts, name=said("overview.urgency"), width=width)


def _strategies(session: Session, pack: Pack, lang: language.Language, said: Callable[..., str], width: int) -> str:
    found = overview.mix(session).by_strategy
    counts = [ChartBar(in_language(_title(pack, strategy), lang), cases) for strategy, cases in found[:_STRATEGIES]]
    if rest := sum(cases for _, cases in found[_STRATEGIES:]):
        counts.append(ChartBar(said("overview.others"), rest, "plain"))
    return charts.bars(counts, name=said("overview.strategies"), width=width)


def _outcomes(
    session: Session, period: Period, pack: Pack, lang: language.Language, said: Callable[..., str], width: int
) -> str:
    rows = [
        ChartRow(in_language(_title(pack, strategy), lang), tuple(found[name] for name, _ in _OUTCOMES))
        for strategy, found in overview.outcomes(session, period)[:_STRATEGIES]
    ]
    series = [Series(said(f"outcome.{name}"), tone) for name, tone in _OUTCOMES]
    return charts.stacks(rows, series, name=said("overview.outcomes"), width=width)


def _title(pack: Pack, strategy: str) -> Text:
    """What the active pack calls a strategy; its id where it does not know it."""
    known = pack.strategies.get(strategy)
    return Text(zh=strategy, en=strategy) if known is None else known.title
