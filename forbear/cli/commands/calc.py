"""Commands that work out one figure: instalments, offers, ceilings, penalties, and what court.py has."""

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any

import typer

from forbear.base.errors import ForbearError
from forbear.cli import arguments
from forbear.cli.arguments import (
    AsJson,
    Days,
    On,
    count,
    day,
    day_in_force,
    fen,
    label,
    of_fen,
    parameter,
    percent,
    plain,
    sentences,
    show,
)
from forbear.cli.commands import court
from forbear.cli.context import load_pack
from rules.finance import charges, pro_rata
from rules.finance.amortisation import accrued, after_pause, equal_principal, level
from rules.pack.pack import Pack
from rules.text.plan_text import yuan

_Principal = Annotated[str, typer.Argument(metavar="PRINCIPAL", help="yuan: 50000 or 50,000.00")]
_Rate = Annotated[str, typer.Argument(metavar="RATE_PERCENT", help="percent a year, like 18.25")]
_LONGEST = 600  # months


def instalment(
    principal: _Principal,
    rate_percent: _Rate,
    months: Annotated[str, typer.Argument(metavar="MONTHS")],
    equal: Annotated[
        bool, typer.Option("--equal-principal", help="equal principal: the first month is highest")
    ] = False,
    pause: Annotated[
        str | None, typer.Option("--pause-days", metavar="DAYS", help="first nothing is paid for so many days")
    ] = None,
    table: Annotated[bool, typer.Option("--schedule", help="every instalment")] = False,
    as_json: AsJson = False,
) -> None:
    """What a loan costs a month: level instalments, or equal principal. At 0 percent interest has stopped."""
    owed, rate = fen("PRINCIPAL", principal), arguments.rate("RATE_PERCENT", rate_percent)
    terms = count("MONTHS", months, 1, _LONGEST)
    if owed == 0:
        raise ForbearError("PRINCIPAL: must be above 0.")
    cost = 0 if pause is None else _pause_cost(owed, rate, pause)
    plan = after_pause((equal_principal if equal else level)(owed, rate, terms), cost)
    first, last = plan.payments[0], plan.payments[-1]
    data: dict[str, Any] = {
        "instalment": yuan(first.amount),
        "last": yuan(last.amount),
        "interest": yuan(plan.interest),
        "total": yuan(plan.total),
        "months": terms,
    }
    lines = [
        f"{label('first' if equal or pause else 'level')}: {of_fen(first.amount)}",
        *([f"  {label('pause_interest')}: {of_fen(cost)}"] if cost else []),
        f"{label('last')}: {of_fen(last.amount)}",
        f"{label('interest')}: {of_fen(plan.interest)}",
        f"{label('total')}: {of_fen(plan.total)}",
        *sentences("calc.monthly_interest"),
    ]
    if table:
        columns = ("amount", "principal", "interest", "balance")
        rows = [(each.number, [getattr(each, name) for name in columns]) for each in plan.payments]
        data["schedule"] = [
            {"number": number, **dict(zip(columns, map(yuan, row), strict=True))} for number, row in rows
        ]
        headings = {"number": 6, "amount": 16, "principal": 17, "interest": 16, "balance": 17}
        lines.append("".join(f"{label(f'column.{name}'):>{width}}" for name, width in headings.items()))
        lines += [f"{number:>7}" + "".join(f"{of_fen(fen):>18}" for fen in row) for number, row in rows]
    show(data, lines, as_json)


def _check_contract(pack: Pack, signed: dt.date, when: dt.date) -> None:
    """Raise ForbearError for a contract that the cap on private lending says nothing of."""
    if signed > when:
        raise ForbearError(" / ".join(sentences("calc.contract_ahead", signed=signed, when=when)))
    begun = min(value.valid_from for value in pack.parameters["private_cap_multiple"].values)
    if signed < begun:
        raise ForbearError(" / ".join(sentences("calc.contract_old", begun=begun)))


def over_cap(
    principal: _Principal,
    days: Days,
    claimed: Annotated[str, typer.Argument(metavar="CLAIMED", help="yuan: interest, penalty and fees together")],
    private: Annotated[
        str | None, typer.Option("--private-contract", metavar="DATE", help="private lending: the contract's day")
    ] = None,
    on: On = None,
    as_json: AsJson = False,
) -> None:
    """How far the charges claimed are above the court's ceiling, or above the cap of private lending."""
    pack = load_pack()
    when = day_in_force(on, pack)
    year, basis = parameter(pack, "interest_year_days", when)
    if private is None:
        rate, ceiling = parameter(pack, "financial_loan_judicial_cap", when)
        rested = [ceiling, basis]
        why = sentences("calc.licensed", rate=percent(rate))
    else:
        signed = day("--private-contract", private)
        _check_contract(pack, signed, when)
        (lpr, quoted), (multiple, ceiling) = (
            parameter(pack, name, signed) for name in ("lpr_1y", "private_cap_multiple")
        )
        rate, rested = charges.private_cap(lpr, multiple) or 0, [ceiling, quoted, basis]
        why = sentences("calc.private", rate=percent(rate), lpr=percent(lpr), multiple=multiple)
    found = charges.over_cap(fen("PRINCIPAL", principal), count("DAYS", days), fen("CLAIMED", claimed), rate, year)
    amounts = {name: getattr(found, name) for name in ("principal", "ceiling", "claimed", "excess")}
    data = {
        **{name: yuan(amount) for name, amount in amounts.items()},
        "days": found.days,
        "rate_percent": yuan(rate),
        "basis": arguments.basis(pack, rested),
    }
    working = f"{of_fen(found.principal)} × {percent(rate)} × {found.days} ÷ {year}"
    lines = [
        f"{label('excess')}: {of_fen(found.excess)}",
        f"{label('ceiling')}: {working} → {of_fen(found.ceiling)}",
        f"{label('claimed')}: {of_fen(found.claimed)}",
        *why,
        *arguments.sources(pack, rested),
    ]
    show(data, lines, as_json)


def penalty(
    principal: _Principal,
    rate_percent: _Rate,
    days: Days,
    misuse: Annotated[bool, typer.Option("--misuse", help="the loan was not used as agreed")] = False,
    year_days: Annotated[
        str | None, typer.Option("--year-days", metavar="DAYS", help="of a year, where the contract says 360")
    ] = None,
    on: On = None,
    as_json: AsJson = False,
) -> None:
    """Penalty interest on overdue principal, from the least usual uplift of the contract rate to the most."""
    pack = load_pack()
    when = day_in_force(on, pack)
    owed, rate, late = fen("PRINCIPAL", principal), arguments.rate("RATE_PERCENT", rate_percent), count("DAYS", days)
    year, basis = parameter(pack, "interest_year_days", when)
    if year_days is not None:
        year = count("--year-days", year_days, 360, 366)
    uplift = "misuse_uplift" if misuse else "penalty_uplift"
    (least, low), (most, high) = (parameter(pack, f"{uplift}_{end}", when) for end in ("minimum", "maximum"))
    ends = [charges.penalty(owed, rate, late, each, year) for each in (least, most)]
    rested = [low, high, basis]
    data = {
        "from": yuan(ends[0].interest),
        "to": yuan(ends[1].interest),
        "rate_from_percent": plain(ends[0].rate),
        "rate_to_percent": plain(ends[1].rate),
        "days": late,
        "year_days": year,
        "basis": arguments.basis(pack, rested),
    }
    lines = [f"{label('penalty')}: {of_fen(ends[0].interest)} – {of_fen(ends[1].interest)}"]
    lines += [
        f"  {percent(rate)} × (1 + {percent(each.uplift)}) = {plain(each.rate)}%; "
        f"{of_fen(owed)} × {plain(each.rate)}% × {late} ÷ {year} → {of_fen(each.interest)}"
        for each in ends
    ]
    lines += [*sentences("calc.contract_decides"), *arguments.sources(pack, rested)]
    show(data, lines, as_json)


def double_interest(principal: _Principal, days: Days, on: On = None, as_json: AsJson = False) -> None:
    """What is added to ordinary interest when the principal of a judgment is paid late."""
    pack = load_pack()
    daily, basis = parameter(pack, "double_interest_daily", day_in_force(on, pack))
    owed, late = fen("PRINCIPAL", principal), count("DAYS", days)
    added = charges.double_interest(owed, late, daily)
    lines = [
        f"{label('double_interest')}: {of_fen(added)}",
        f"  {of_fen(owed)} × {plain(Decimal(daily).scaleb(-4))}% × {late} → {of_fen(added)}",
        *arguments.sources(pack, [basis]),
    ]
    show({"interest": yuan(added), "days": late, "basis": arguments.basis(pack, [basis])}, lines, as_json)


def _pause_cost(owed: int, rate: int, days: str) -> int:
    pack = load_pack()
    year, _ = parameter(pack, "interest_year_days", day_in_force(None, pack))
    return accrued(owed, rate, count("--pause-days", days), year)


def offers(
    capacity: Annotated[str, typer.Argument(metavar="CAPACITY", help="yuan a month for all debts")],
    balances: Annotated[list[str], typer.Argument(metavar="BALANCE…", help="yuan, one a debt")],
    as_json: AsJson = False,
) -> None:
    """What each of several debts gets of one monthly amount, by balance; together exactly the amount."""
    whole, owed = fen("CAPACITY", capacity), [fen("BALANCE", balance) for balance in balances]
    found = pro_rata.offers(whole, owed)
    lines = [f"{of_fen(balance):>18} → {of_fen(offer):>14}" for balance, offer in zip(owed, found, strict=True)]
    lines += [
        f"{of_fen(sum(owed)):>18} → {of_fen(sum(found)):>14}",
        *sentences("calc.offers"),
    ]
    show({"offers": [yuan(offer) for offer in found], "total": yuan(sum(found))}, lines, as_json)


app = typer.Typer(help="Work out a figure, with its working and its source.", no_args_is_help=True)
for command in (
    *(instalment, offers, over_cap, penalty, double_interest),
    *(court.court_fee, court.enforcement_fee, court.preservation_fee, court.deadline),
):
    # -5 is an amount, and refused as one, rather than an option nobody knows.
    app.command(context_settings={"ignore_unknown_options": True})(command)
