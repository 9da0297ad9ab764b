"""Tables of fees, typed: what fees.yaml of a pack may hold."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from rules.pack.files.schema import Dated, Model, Text


class Bracket(Model):
    """A slice of an amount, up to so many yuan (the last one without an end), and its fee: yuan, or percent of it."""

    up_to: Decimal | None = None
    flat: Decimal | None = None
    percent: Decimal | None = None


class FeeSchedule(Dated):
    """The brackets of a fee and the days they are in force: each slice is charged by its own, the sum is the fee."""

    brackets: Annotated[tuple[Bracket, ...], Field(min_length=1)]
    maximum: Decimal | None = None


class FeeTable(Model):
    """A fee that depends on an amount, with its dated brackets (fees.yaml)."""

    title: Text
    values: Annotated[tuple[FeeSchedule, ...], Field(min_length=1)]
