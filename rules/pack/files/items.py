"""Documents, rights, warnings and steps of a pack, typed."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Final, Literal

from pydantic import Field

from rules.pack.files.schema import FilledText, Identifier, Model, References, ShortText, Text
from rules.pack.marks import Filled, Ref

Audience = Literal["client", "counsellor"]
Horizon = Literal["today", "week", "later"]
LIFE: Final = 9


class Item(Model):
    """A document, right, warning or step that rules attach to a case. Its text may name {facts} and {parameters}."""

    text: FilledText
    acknowledges: bool = False  # following it admits the debt, pays, or asks for time
    contacts_lender: bool = False  # following it means to call, write to or complain about the lender
    protects: bool = False  # it keeps people safe or fed: given also where what its rule wants is blocked
    references: References
    reviewed_on: dt.date | None = None  # where that was later than the pack's own review


class Advice(Item):
    """A right, warning or step: whom it is for, when it counts, and its rank among the others, 1 before 2.

    Steps and warnings for the client that count today or this week stand on the client's page; a warning says there
    what not to do. Ranks up to LIFE are about life and safety: where somebody is in danger, only they stand there.
    `short` is how they are said there; without it a text that is short enough is taken as it is.
    """

    audience: Annotated[Audience, Field(alias="for")]
    when: Horizon
    rank: Annotated[int, Field(ge=1, le=999)]
    short: Annotated[ShortText, Filled()] | None = None

    @property
    def on_page(self) -> bool:
        """Whether it may stand on the client's page, if it is a step or a warning."""
        return self.audience == "client" and self.when != "later"

    @property
    def line(self) -> Text:
        """How it is said on the client's page."""
        return self.short or self.text


class WarningEntry(Advice):
    """A warning, and the steps that say the contrary: no case may be given both."""

    contradicts: tuple[Annotated[Identifier, Ref("steps", idle=True)], ...] = ()
