"""How a strategy is carried out, typed: scripts and points of a negotiation pack, and the letters that go with them."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import Field

from rules.pack.files.schema import PRODUCT_CONTACTS, Identifier, Model, References, Text
from rules.pack.marks import Filled, Ref, When

# What a line may name besides facts and parameters: of the case, and of the first plan of its strategy.
CASE_WORDS: Final = ("today", "deadline", "debt", "offer", "limit", "reason_said", "reason_written", "until")
PLAN_WORDS: Final = ("plan_months", "plan_monthly", "plan_last", "plan_total", "plan_waived", "plan_until")

_CASE: Final = Filled(also=(*CASE_WORDS, *PLAN_WORDS))
_SaidText = Annotated[Text, _CASE]
_Condition = Annotated[dict[str, Any], When()]


class ScriptLine(Text):
    """A sentence for one case, with {facts}, {parameters}, CASE_WORDS and PLAN_WORDS filled in.

    Said only where `when`, a condition as in a rule, is true; a line about a plan only where there is one.
    `acknowledges`: it admits the debt, promises, pays or asks for time, and is left out where that is blocked.
    """

    when: _Condition | None = None
    acknowledges: bool = False


_SaidLine = Annotated[ScriptLine, _CASE]


class Point(ScriptLine):
    """Something to ask for, to get in writing, or not to sign."""

    references: References


_PointName = Annotated[Identifier, Ref("points", how="points")]


class Reserve(Model):
    """What is said to a lender, and not signed, where nothing may acknowledge the debt."""

    say: _SaidText
    not_sign: _SaidText
    not_pay: _SaidLine | None = None


class LetterReason(Model):
    """A hardship in the borrower's own words: a spoken sentence, and a clause for a letter."""

    say: _SaidText
    write: _SaidText


class FollowUp(Model):
    """What is to be done if nothing has come after so many days (a parameter)."""

    days: Annotated[Identifier, Ref("parameters", how="follow_up", of="days")]
    text: _SaidText


class Approach(Model):
    """How one strategy is carried out.

    What `staff` say is a protocol: the borrower gets no text. `to` the lender means that the greeting and the farewell
    of a call to a lender go with it, the farewell where the lender has something to agree to (`agrees`). `contacts` are
    ids of contacts.yaml, or PRODUCT_CONTACTS, in calling order.
    """

    speaker: Literal["borrower", "family", "staff"] = "borrower"
    to: Literal["lender", "court", "other"] = "other"
    agrees: bool = True
    say: Annotated[tuple[_SaidLine, ...], Field(min_length=1)]
    ask: tuple[_PointName, ...] = ()
    in_writing: tuple[_PointName, ...] = ()
    not_sign: tuple[_PointName, ...] = ()
    contacts: Annotated[
        tuple[Annotated[Identifier, Ref("contacts", also=(PRODUCT_CONTACTS,))], ...], Field(min_length=1)
    ]
    follow_up: FollowUp
    letters: tuple[Annotated[Identifier, Ref("letters")], ...] = ()
    references: References


class Signature(Model):
    """How a letter ends: the closing words, of several lines the first set in, and then who signs."""

    closing: _SaidText | None = None
    lines: Annotated[tuple[_SaidText, ...], Field(min_length=1)]


class Letter(Model):
    """A letter to copy, read, correct and sign (letters.yaml). `hold`: why it must not go out yet."""

    title: _SaidText
    to: _SaidText
    when: _Condition | None = None
    acknowledges: bool = False
    signed_by: Annotated[Identifier, Ref("signatures")] = "borrower"
    hold: _SaidText | None = None
    paragraphs: Annotated[tuple[_SaidLine, ...], Field(min_length=1)]
    references: References


class Negotiation(Model):
    """negotiation.yaml: what every call has in common, the shared points, and each strategy's approach."""

    greeting: tuple[_SaidLine, ...]
    farewell: tuple[_SaidLine, ...]
    reserve: Reserve
    # Whether the client speaks as the borrower: whoever does not, admits nothing and signs no letter of a borrower.
    as_borrower: _Condition | None = None
    # What whoever does not says first, except to a court.
    not_as_borrower: tuple[_SaidLine, ...] = ()
    # In the place of the disclaimer, where no lender is spoken to and the borrower gets no text.
    staff_notice: _SaidText
    # Documents that only come at the end of the talks.
    afterwards: tuple[Annotated[Identifier, Ref("documents")], ...] = ()
    hardships: dict[Annotated[Identifier, Ref("hardships")], LetterReason]
    debts: dict[Annotated[Identifier, Ref("products")], _SaidText]  # what a product's debt is called in a sentence
    points: dict[Identifier, Annotated[Point, _CASE]]
    signatures: dict[Identifier, Signature]
    approaches: dict[Annotated[Identifier, Ref("strategies")], Approach]
