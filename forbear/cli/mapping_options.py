"""Mapping options: what a command is told of the files it takes in, as one mapping that is checked before any work."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from forbear.base.errors import ForbearError
from forbear.intake import IntakeError, Mapping
from forbear.intake.mapping import of_data, parse

MapOption = Annotated[
    Path | None, typer.Option("--map", metavar="MAP", help="how the columns are read, as `forbear mapping` writes it")
]
Sheet = Annotated[str | None, typer.Option("--sheet", metavar="NAME", help="the sheet that holds the cases")]
HeaderRow = Annotated[int | None, typer.Option("--header-row", metavar="N", min=1, help="the row of the column names")]
Order = Annotated[
    Literal["dmy", "mdy", "ymd"] | None, typer.Option("--date-order", help="which part of 03/04/2026 is the day")
]
Set = Annotated[
    list[str] | None, typer.Option("--set", metavar="FACT=VALUE", help="a fact that is the same in every row")
]
_MOST = 1024 * 1024  # bytes of a mapping


def given(
    path: Path | None, sheet: str | None, header_row: int | None, date_order: str | None, constants: list[str] | None
) -> Mapping | None:
    """The mapping that the options say together, those beside --map over it; None where none is used."""
    said: dict[str, Any] = {"sheet": sheet, "header_row": header_row, "date_order": date_order}
    said = {name: value for name, value in said.items() if value is not None}
    facts = dict(map(_constant, constants or ()))
    if path is None and not said and not facts:
        return None
    base = {} if path is None else _read(path).data()
    return of_data({**base, **said, "constants": {**base.get("constants", {}), **facts}})


def _read(path: Path) -> Mapping:
    try:
        with path.open("rb") as file:
            text = file.read(_MOST + 1)
        if len(text) > _MOST:
            raise IntakeError("mapping.not_json", name=path.name)
        return parse(text.decode("utf-8-sig"), path.name)
    except UnicodeDecodeError:
        raise IntakeError("mapping.not_json", name=path.name) from None
    except FileNotFoundError:
        raise IntakeError("mapping.missing_file", path=path) from None
    except OSError as error:
        raise ForbearError(f"{path} cannot be read: {error.strerror}.") from None


def _constant(text: str) -> tuple[str, str]:
    fact, equals, value = text.partition("=")
    if not equals or not fact.strip() or not value.strip():
        raise IntakeError("mapping.set", given=text)
    return fact.strip(), value.strip()
