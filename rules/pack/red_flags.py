"""What a pack may say of a red flag: the words that raise it, what a denial makes of it, and the danger it tells of."""

from __future__ import annotations

from typing import Annotated, Literal

from rules.pack.marks import Ref
from rules.pack.schema import Identifier, Model, Text

Grade = Literal["explicit", "possible"]  # the graver first


class DangerSign(Model):
    """That a flag means danger to somebody: of what kind, how plainly, and the yes-or-no fact that asks about it.

    The fact saying yes is explicit danger of this kind; its no answers what is only possible, never what is explicit.
    """

    kind: Identifier
    grade: Grade
    asks: Annotated[Identifier, Ref("facts", of="bool")]


class RedFlag(Model):
    """Words in the notes that raise an alarm (red_flags.yaml)."""

    title: Text
    danger: DangerSign | None = None
    words: tuple[str, ...] = ()  # none only for a flag that others are denied as
    # Raised instead where every place is denied; without it a denial is no matter.
    denied_as: Annotated[Identifier, Ref("red_flags")] | None = None
    # What takes the alarm back when the words stand at once before it, or after it.
    not_before: tuple[str, ...] = ()
    not_after: tuple[str, ...] = ()
