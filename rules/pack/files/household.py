"""The household's money by line, as a pack has it: what a budget is made of."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from rules.pack.files.model import Identifier, Model, Text
from rules.pack.marks import Ref


class HouseholdLine(Model):
    """One line of a budget.

    `holds`: the instalments of these products stand in it, and are paid first with it. `first`: they are paid first
    even where the line does not hold them yet.
    """

    title: Text
    holds: tuple[Annotated[Identifier, Ref("products", idle=True)], ...] = ()
    first: bool = False


class HouseholdPart(Model):
    """The lines that add up to a fact of the person, an amount a month (facts.yaml)."""

    fact: Annotated[Identifier, Ref("facts", of="money", idle=True)]
    title: Text
    lines: Annotated[dict[Identifier, HouseholdLine], Field(min_length=1)]
