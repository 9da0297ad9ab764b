"""Whom a borrower deals with, typed: the products with their real lenders, and the contacts."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from rules.schema import Identifier, Model, References, Text


class Contact(Model):
    """Whom a borrower or counsellor turns to, and what for (contacts.yaml). `number` is a short hotline number."""

    title: Text
    number: Annotated[str, Field(pattern=r"^\d{3,5}$")] | None = None
    purpose: Text
    references: References


class Product(Model):
    """A kind of debt: who really lends, what may be cited for it, and whom to call (products.yaml).

    `contacts` are ids of contacts.yaml in calling order. Where the debt is claimed by a kind of lender (a value of the
    fact lender_type) that stands in `contacts_by_lender`, that order holds instead.
    """

    code: Annotated[str, Field(pattern=r"^P_[A-Z_]+$")]
    title: Text
    aliases: tuple[str, ...] = ()
    lender: Text
    note: Text
    contacts: Annotated[tuple[Identifier, ...], Field(min_length=1)]
    contacts_by_lender: dict[Identifier, Annotated[tuple[Identifier, ...], Field(min_length=1)]] = Field(
        default_factory=dict
    )
    plan_longest: Identifier | None = None  # the parameter with the most months any plan for it may take
    references: References
