"""Commands on what a court costs and by when one must answer: fees of suing and enforcing, legal days."""

from decimal import Decimal
from typing import Annotated

import typer

from forbear.base.errors import ForbearError
from forbear.cli import arguments
from forbear.cli.arguments import Amount, AsJson, Days, On, count, day, day_in_force, fen, plain, sentences, show
from forbear.cli.context import load_pack
from rules.facts import legal_days
from rules.finance import court_fees
from rules.pack.pack import Pack


def court_fee(
    amount: Amount,
    procedure: Annotated[str, typer.Option(help=", ".join(court_fees.PROCEDURES))] = "ordinary",
    on: On = None,
    as_json: AsJson = False,
) -> None:
    """The court fee of a claim: half in summary procedure or if mediated or withdrawn, a third for a payment order."""
    if procedure not in court_fees.PROCEDURES:
        raise ForbearError(f"--procedure: {procedure!r} is none of {', '.join(court_fees.PROCEDURES)}.")
    _fee("court", amount, procedure, on, as_json)


def enforcement_fee(amount: Amount, on: On = None, as_json: AsJson = False) -> None:
    """The fee of enforcing a judgment over so much; the debtor bears it."""
    _fee("enforcement", amount, "ordinary", on, as_json)


def preservation_fee(amount: Amount, on: On = None, as_json: AsJson = False) -> None:
    """The fee of preserving property of so much."""
    _fee("preservation", amount, "ordinary", on, as_json)


def _fee(kind: court_fees.Kind, amount: str, procedure: str, on: str | None, as_json: bool) -> None:
    pack = load_pack()
    claim, when = Decimal(fen("AMOUNT", amount)).scaleb(-2), day_in_force(on, pack)
    try:
        found = (
            court_fees.court_fee(pack, claim, when, procedure)
            if kind == "court"
            else court_fees.table_fee(pack, kind, claim, when)
        )
    except court_fees.NotInForceError as error:
        raise ForbearError(f"The policy pack has no such figure: {error}.") from None
    data = {
        "fee": str(found.fee),
        "amount": str(claim),
        "on": when.isoformat(),
        "slices": [
            {"amount": plain(each.amount), "percent": each.percent and plain(each.percent), "fee": plain(each.fee)}
            for each in found.slices
        ],
        "maximum": found.maximum and plain(found.maximum),
        "divisor": found.divisor,
        "basis": arguments.basis(pack, found.basis),
    }
    show(data, _fee_lines(pack, kind, found), as_json)


def _fee_lines(pack: Pack, kind: str, found: court_fees.Fee) -> list[str]:
    title = pack.fees[kind].title
    lines = [f"{title.zh} {title.en}: {arguments.money(found.fee)}"]
    for each in found.slices:
        charged = "" if each.percent is None else f" × {plain(each.percent)}%"
        lines.append(f"  {arguments.money(each.amount)}{charged} → {arguments.money(each.fee)}")
    if found.maximum is not None:
        lines.append(f"  {arguments.label('at_most')}: {arguments.money(found.maximum)}")
    if found.divisor != 1:
        lines.append(f"  {arguments.money(found.undivided)} ÷ {found.divisor}")
    return [*lines, *arguments.sources(pack, found.basis)]


def deadline(
    served_on: Annotated[str, typer.Argument(metavar="SERVED_ON", help="the day the paper was served")],
    days: Days,
    as_json: AsJson = False,
) -> None:
    """The last day of a legal period: the day of service does not count, and it never ends on a day off."""
    served, period = day("SERVED_ON", served_on), count("DAYS", days, 1)
    end = legal_days.deadline(served, period)
    lines = [f"{arguments.label('last_day')}: {end.date}"]
    if end.shifted:
        lines += sentences("calc.day_shifted")
    if not end.calendar_known:
        lines += sentences("calc.calendar_unknown")
    lines += sentences("calc.deadline_source")
    show({"date": end.date.isoformat(), "shifted": end.shifted, "calendar_known": end.calendar_known}, lines, as_json)
