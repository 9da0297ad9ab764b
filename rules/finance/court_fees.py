"""Court fees by the dated tables of a pack: what suing, a payment order, enforcement or preservation costs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final, Literal, TypeAlias

from rules.pack.files.fee_tables import Bracket, FeeSchedule, FeeTable
from rules.pack.files.schema import Dated, Unit
from rules.pack.pack import Pack
from rules.pack.parameters import canonical, misdated, of_day, value_on

Kind: TypeAlias = Literal["court", "enforcement", "preservation"]
TABLES: Final[tuple[Kind, ...]] = ("court", "enforcement", "preservation")
# What the ordinary court fee is divided by, as a parameter of the pack.
DIVISORS: Final[Mapping[str, str]] = {
    "summary": "summary_fee_divisor",
    "mediated": "settled_fee_divisor",
    "withdrawn": "settled_fee_divisor",
    "payment-order": "payment_order_fee_divisor",
}
PROCEDURES: Final = ("ordinary", *DIVISORS)
USES: Final = tuple(dict.fromkeys(DIVISORS.values()))
_CENT: Final = Decimal("0.01")


class NotInForceError(LookupError):
    """A figure that a calculation needs is not in force on the day, or not in the pack; the message says which."""


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of the amount and what is charged on it: yuan, exact. `percent` is None for a flat fee."""

    amount: Decimal
    percent: Decimal | None
    fee: Decimal


@dataclass(frozen=True, slots=True)
class Fee:
    """A fee in yuan, how it was worked out, and what it rests on."""

    amount: Decimal
    slices: tuple[Slice, ...]
    maximum: Decimal | None  # set where it capped the sum of the slices
    divisor: int
    basis: tuple[Dated, ...]

    @property
    def fee(self) -> Decimal:
        """What is to be paid, half a fen up."""
        return (self.undivided / self.divisor).quantize(_CENT, ROUND_HALF_UP)

    @property
    def undivided(self) -> Decimal:
        """The fee of the table, before a procedure makes it less."""
        whole = sum((each.fee for each in self.slices), Decimal(0))
        return whole if self.maximum is None else self.maximum


def court_fee(pack: Pack, amount: Decimal, on: dt.date, procedure: str = "ordinary") -> Fee:
    """The fee for a claim of so many yuan (Measures on court fees, articles 13 to 16).

    Raises NotInForceError where the table or the divisor of the procedure is not in force on the day.
    """
    ordinary = table_fee(pack, "court", amount, on)
    if procedure == "ordinary":
        return ordinary
    name = DIVISORS[procedure]
    value = value_on(pack.parameters[name], on) if name in pack.parameters else None
    if value is None:
        raise NotInForceError(f"{name} has no value in force on {on}")
    return Fee(amount, ordinary.slices, ordinary.maximum, int(value.value), (*ordinary.basis, value))


def table_fee(pack: Pack, kind: Kind, amount: Decimal, on: dt.date) -> Fee:
    """The fee of one table. Raises NotInForceError where it is not in force on the day."""
    schedule = of_day(pack.fees[kind].values, on) if kind in pack.fees else None
    if schedule is None:
        raise NotInForceError(f"the {kind} fee has no table in force on {on}")
    slices = tuple(_slices(schedule, amount))
    over = schedule.maximum is not None and sum(each.fee for each in slices) > schedule.maximum
    return Fee(amount, slices, schedule.maximum if over else None, 1, (schedule,))


def _slices(schedule: FeeSchedule, amount: Decimal) -> Iterator[Slice]:
    above = Decimal(0)
    for bracket in schedule.brackets:
        end = amount if bracket.up_to is None else min(amount, bracket.up_to)
        part = end - above
        if bracket.percent is not None:
            yield Slice(part, bracket.percent, part * bracket.percent / 100)
        elif bracket.flat is not None:
            yield Slice(part, None, bracket.flat)
        if end == amount:
            return
        above = end


def flaws(table: FeeTable) -> Iterator[str]:
    """What is wrong with a table: brackets that do not ascend to an open end, units, overlapping days."""
    for number, schedule in enumerate(table.values):
        place = f"values[{number}]"
        if schedule.maximum is not None:
            yield from _unfit(f"{place}.maximum", schedule.maximum, "yuan")
        above: Decimal | None = Decimal(0)
        for position, bracket in enumerate(schedule.brackets):
            yield from _bracket(f"{place}.brackets[{position}]", bracket, above)
            above = bracket.up_to
        if above is not None:
            yield f"{place}.brackets: the last one ends at {above}; leave up_to out, so that no amount is without a fee"
    yield from misdated(table.values)


def _bracket(place: str, bracket: Bracket, above: Decimal | None) -> Iterator[str]:
    if (bracket.flat is None) is (bracket.percent is None):
        yield f"{place}: has exactly one of flat (yuan) and percent"
    if above is None:
        yield f"{place}: stands behind a bracket without an end; only the last one leaves up_to out"
    elif bracket.up_to is not None and bracket.up_to <= above:
        yield f"{place}.up_to: {bracket.up_to} is not above {above}, where the one before ends; brackets ascend"
    figures: tuple[tuple[str, Decimal | None, Unit], ...] = (
        ("up_to", bracket.up_to, "yuan"),
        ("flat", bracket.flat, "yuan"),
        ("percent", bracket.percent, "percent"),
    )
    for key, value, unit in figures:
        if value is not None:
            yield from _unfit(f"{place}.{key}", value, unit)


def _unfit(place: str, value: Decimal, unit: Unit) -> Iterator[str]:
    try:
        if canonical(value, unit) < 0:
            yield f"{place}: {value} is below 0"
    except ValueError as error:
        yield f"{place}: {error}"
