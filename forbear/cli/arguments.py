"""Arguments: numbers as commands take and show them, read like cells, sources cited, one object with --json."""

import datetime as dt
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any, cast

import typer

from forbear.base.errors import ForbearError
from forbear.cli.context import today
from forbear.locale import said
from rules.facts.cells import CellError, Reader, read_date
from rules.facts.numbers import int_reader, money_reader, rate_reader
from rules.pack.files.schema import Dated, Fact, FactType, Reference, Text
from rules.pack.pack import Pack
from rules.pack.parameters import canonical, value_on
from rules.text.phrases import cited

AsJson = Annotated[bool, typer.Option("--json", help="one object, figures as decimal strings")]
On = Annotated[str | None, typer.Option("--on", metavar="DATE", help="the day whose figures count (today)")]
Amount = Annotated[str, typer.Argument(metavar="AMOUNT", help="yuan: 50000 or 50,000.00")]
Days = Annotated[str, typer.Argument(metavar="DAYS")]
MOST_DAYS = 36_500


def fen(name: str, cell: str) -> int:
    """An amount: 50000 or 50,000.00."""
    return _read(name, money_reader(_fact("money")), cell)


def rate(name: str, cell: str) -> int:
    """Percent a year, as basis points."""
    return _read(name, rate_reader(_fact("rate")), cell)


def count(name: str, cell: str, least: int = 0, most: int = MOST_DAYS) -> int:
    """A whole number."""
    return _read(name, int_reader(_fact("int", least, most)), cell)


def day(name: str, cell: str) -> dt.date:
    """A date."""
    try:
        found = read_date(cell)
    except CellError as error:
        raise ForbearError(f"{name}: {error.text.en}.") from None
    if found is None:
        raise ForbearError(f"{name}: give a date like 2026-11-24.")
    return found


def day_in_force(cell: str | None, pack: Pack) -> dt.date:
    """The day of --on, else today where the pack's law applies."""
    return today(pack) if cell is None else day("--on", cell)


def _fact(kind: FactType, minimum: int = 0, maximum: int | None = None) -> Fact:
    return Fact(type=kind, title=said("calc.figure"), minimum=minimum, maximum=maximum)


def _read(name: str, read: Reader, cell: str) -> int:
    try:
        value = read(cell)
    except CellError as error:
        raise ForbearError(f"{name}: {error.text.en}.") from None
    if value is None:
        raise ForbearError(f"{name}: give a number.")
    return cast(int, value)


def parameter(pack: Pack, name: str, on: dt.date) -> tuple[int, Dated]:
    """A parameter in force on the day, in the rules' own unit, and what it rests on."""
    parameter = pack.parameters.get(name)
    value = None if parameter is None else value_on(parameter, on)
    if parameter is None or value is None:
        told = name if parameter is None else f"{name} ({parameter.title.en})"
        raise ForbearError(f"The policy pack has no figure in force on {on} for {told}.")
    return canonical(value.value, parameter.unit), value


def plain(number: Decimal) -> str:
    """A number without the zeros behind it."""
    return f"{number.normalize():f}"


def money(amount: Decimal) -> str:
    """Yuan for people: two decimals, or as many as it takes."""
    whole, _, part = f"{amount.normalize():,f}".partition(".")
    return f"¥{whole}.{part.ljust(2, '0')}"


def of_fen(amount: int) -> str:
    """Fen for people."""
    return money(Decimal(amount).scaleb(-2))


def percent(basis_points: int) -> str:
    """A rate for people."""
    return f"{plain(Decimal(basis_points).scaleb(-2))}%"


def label(key: str) -> str:
    """What a figure is, in both languages on one line."""
    text = said(f"calc.{key}")
    return f"{text.zh} {text.en}"


def sentences(key: str, **values: object) -> tuple[str, str]:
    """A sentence, a line a language."""
    text = said(key, **values)
    return text.zh, text.en


def sources(pack: Pack, rested_on: Sequence[Dated]) -> Iterator[str]:
    """Where figures come from and how sure that is, and whether one is only carried on."""
    references: tuple[Reference, ...] = tuple(dict.fromkeys(each for value in rested_on for each in value.references))
    source = Text(zh=cited(pack, references, "zh"), en=cited(pack, references, "en"))
    yield from sentences("calc.source", source=source)
    if any(value.carried for value in rested_on):
        yield from sentences("calc.carried")


def basis(pack: Pack, rested_on: Sequence[Dated]) -> list[dict[str, Any]]:
    """The same for programs."""
    return [
        {
            "status": value.status,
            "carried": value.carried,
            "valid_from": value.valid_from.isoformat(),
            "references": [
                {"id": each.id, "title": pack.references[each.id].title.model_dump(), "article": each.article}
                for each in value.references
            ],
        }
        for value in rested_on
    ]


def show(data: Mapping[str, Any], lines: Iterable[str], as_json: bool) -> None:
    """One object for programs, or lines for people."""
    typer.echo(json.dumps(data, ensure_ascii=False) if as_json else "\n".join(lines))
