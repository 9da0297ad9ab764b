"""How a strategy is carried out, typed: scripts and points of a negotiation pack, and the letters that go with them."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import Field

from rules.pack.schema import Identifier, Model, Reference, Text

# What a line may name besides facts and parameters: of the case, and of the first plan of its strategy.
CASE_WORDS: Final = ("today", "deadline", "debt", "offer", "reason_said", "reason_written")
PLAN_WORDS: Final = ("plan_months", "plan_monthly", "plan_last", "plan_total", "plan_waived", "plan_until")
PRODUCT_CONTACTS: Final = "product_contacts"  # among an approach's contacts: those of the product, in its order

References = Annotated[tuple[Reference, ...], Field(min_length=1)]


class ScriptLine(Text):
    """A sentence for one case, with {facts}, {parameters}, CASE_WORDS and PLAN_WORDS filled in.

    Said only where `when`, a condition as in a rule, is true; a line about a plan only where there is one.
    `acknowledges`: it admits the debt, promises, pays or asks for time, and is left out where that is blocked.
    """

    when: dict[str, Any] | None = None
    acknowledges: bool = False


class Point(ScriptLine):
    """Something to ask for, to get in writing, or not to sign."""

    references: References


class Reserve(Model):
    """What is said to a lender, and not signed, where nothing may acknowledge the debt."""

    say: Text
    not_sign: Text


class LetterReason(Model):
    """A hardship in the borrower's own words: a spoken sentence, and a clause for a letter."""

    say: Text
    write: Text


class FollowUp(Model):
    """What is to be done if nothing has come after so many days (a parameter)."""

    days: Identifier
    text: Text


class Approach(Model):
    """How one strategy is carried out.

    What `staff` say is a protocol: the borrower gets no text. `to` the lender means that the greeting and the farewell
    of a call to a lender go with it. `contacts` are ids of contacts.yaml, or PRODUCT_CONTACTS, in calling order.
    """

    speaker: Literal["borrower", "family", "staff"] = "borrower"
    to: Literal["lender", "court", "other"] = "other"
    say: Annotated[tuple[ScriptLine, ...], Field(min_length=1)]
    ask: tuple[Identifier, ...] = ()
    in_writing: tuple[Identifier, ...] = ()
    not_sign: tuple[Identifier, ...] = ()
    contacts: Annotated[tuple[Identifier, ...], Field(min_length=1)]
    follow_up: FollowUp
    letters: tuple[Identifier, ...] = ()
    references: References


class Letter(Model):
    """A letter to copy, read, correct and sign (letters.yaml). `hold`: why it must not go out yet."""

    title: Text
    to: Text
    when: dict[str, Any] | None = None
    acknowledges: bool = False
    signed_by: Identifier = "borrower"
    hold: Text | None = None
    paragraphs: Annotated[tuple[ScriptLine, ...], Field(min_length=1)]
    references: References


class Negotiation(Model):
    """negotiation.yaml: what every call has in common, the shared points, and each strategy's approach."""

    greeting: tuple[ScriptLine, ...]
    farewell: tuple[ScriptLine, ...]
    reserve: Reserve
    staff_notice: Text  # in the place of the disclaimer, where no lender is spoken to and the borrower gets no text
    afterwards: tuple[Identifier, ...] = ()  # documents that only come at the end of the talks
    hardships: dict[Identifier, LetterReason]
    debts: dict[Identifier, Text]  # what a product's debt is called in a sentence
    points: dict[Identifier, Point]
    signatures: dict[Identifier, Annotated[tuple[Text, ...], Field(min_length=1)]]
    approaches: dict[Identifier, Approach]
