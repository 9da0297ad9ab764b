"""Doubts: what cannot be true of a case, or contradicts itself, and the sentence that says so (facts.yaml, `doubts`).

A row in doubt comes back: a value that is surely wrong must not decide anything. Where a doubt `asks`, the row goes in
without the value, and the case asks for it first; its text says why. Each kind says what it looks at; its text may name
{field}, {value} and more (rules/facts/vocabulary.py), that of a cell follows the title of its field.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal, TypeAlias

from pydantic import Field

from rules.pack.files.model import Identifier, Model, Text
from rules.pack.marks import Ref

_Fact = Annotated[Identifier, Ref("facts")]
_Date = Annotated[Identifier, Ref("facts", of="date")]
_Money = Annotated[Identifier, Ref("facts", of="money")]
_Count = Annotated[Identifier, Ref("facts", of="int")]
_Day = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$")]
IN_DOUBT: Final = "in_doubt"  # the given fact of a case whose values are the doubts that ask


class NoDay(Model):
    """A date of any fact is what programs write where there is none; it need not be a day of the calendar."""

    kind: Literal["no_day"]
    days: Annotated[tuple[_Day, ...], Field(min_length=1)]
    text: Text


class NoNumber(Model):
    """A number is what people write where there is none."""

    kind: Literal["no_number"]
    facts: Annotated[tuple[_Fact, ...], Field(min_length=1)]
    numbers: Annotated[tuple[int, ...], Field(min_length=1)]
    text: Text


class Beyond(Model):
    """A number is more than 0 and less than `below`, or more than `above`; with `unless_said` unless it says a year."""

    kind: Literal["beyond"]
    facts: Annotated[tuple[_Fact, ...], Field(min_length=1)]
    below: int | None = None
    above: int | None = None
    unless_said: bool = False
    text: Text


class FarDay(Model):
    """A day is too many years before or after the day of triage."""

    kind: Literal["far_day"]
    facts: Annotated[tuple[_Date, ...], Field(min_length=1)]
    years_before: int | None = None
    years_after: int | None = None
    text: Text


class OutOfOrder(Model):
    """One day is after another that must not come before it."""

    kind: Literal["out_of_order"]
    order: Annotated[tuple[tuple[_Date, _Date], ...], Field(min_length=1)]
    text: Text


class DaysApart(Model):
    """A count of days is not that from a day to the day of triage; 0 before that day."""

    kind: Literal["days_apart"]
    days: _Count
    since: _Date
    by_more_than: int
    text: Text


class NotTheSum(Model):
    """Amounts do not add up to another; what is less than both allowances is let pass."""

    kind: Literal["not_the_sum"]
    parts: Annotated[tuple[_Money, ...], Field(min_length=2)]
    whole: _Money
    percent: int
    yuan: int
    text: Text


class MoreThan(Model):
    """A number is more than another, or than so many percent of it and something."""

    kind: Literal["more_than"]
    fact: _Fact
    other: _Fact
    percent: int = 100
    and_more: int = 0
    asks: bool = False
    text: Text


class Above(Model):
    """A number is more than so many; the case asks for it."""

    kind: Literal["above"]
    fact: _Fact
    above: int
    asks: Literal[True]
    text: Text


class Below(Model):
    """A number is more than 0 and less than so many; the case asks for it."""

    kind: Literal["below"]
    fact: _Fact
    below: int
    asks: Literal[True]
    text: Text


class TooYoung(Model):
    """On a day somebody was younger than that, by the age that is given for the day of triage."""

    kind: Literal["too_young"]
    age: _Count
    on: _Date
    years: int
    text: Text


class Longer(Model):
    """A count of days is more than that from a day to the day of triage."""

    kind: Literal["longer"]
    days: _Count
    since: _Date
    by_more_than: int
    text: Text


class Denied(Model):
    """A fact says that there is nothing of the kind, and one of the others that there is."""

    kind: Literal["denied"]
    fact: _Fact
    value: bool | str
    by: Annotated[tuple[_Fact, ...], Field(min_length=1)]
    asks: bool = False
    text: Text


class OtherBirth(Model):
    """An age is not that of the birthday in a person's ID number on the day of triage."""

    kind: Literal["other_birth"]
    age: _Count
    id_number: Annotated[Identifier, Ref("facts", of="text")]
    by_more_than: int
    text: Text


class ColumnDoubt(Model):
    """The numbers of a whole column seem to be in another unit than the fact.

    Most that are not 0 are at least `most_from`, or below `most_below`; where enough rows have one of the facts it is
    held `against`, it is so many `times` the largest of them in half of the rows, or that many times less. What is
    below is in doubt by either, for the others may be in the same unit. With `though_said` also where a unit is said.
    """

    kind: Literal["column"]
    fact: _Money
    rows: Annotated[int, Field(ge=2)]  # at the least
    most_from: int | None = None
    most_below: int | None = None
    against: tuple[_Money, ...] = ()
    times: int = 1
    though_said: bool = False
    text: Text


Doubt: TypeAlias = Annotated[
    NoDay
    | NoNumber
    | Beyond
    | FarDay
    | OutOfOrder
    | DaysApart
    | NotTheSum
    | MoreThan
    | Above
    | Below
    | TooYoung
    | Longer
    | Denied
    | OtherBirth
    | ColumnDoubt,
    Field(discriminator="kind"),
]
