"""What a pack may say of a red flag: the words that raise it, what a denial makes of it, and the danger it tells of."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import model_validator

from rules.pack.files.schema import Identifier, Model, Text
from rules.pack.marks import Ref

Grade = Literal["explicit", "possible"]  # the graver first


class DangerSign(Model):
    """That a flag means danger to somebody: of what kind, how plainly, and the yes-or-no fact that asks about it.

    The fact saying yes is explicit danger (of the first kind, where it asks about several); its no answers what is only
    possible, never what is explicit. Where `by_fact`, its yes raises the flag as words do: no rule looks at the fact
    itself, and nobody is asked who gives no hint.
    """

    kind: Identifier
    grade: Grade
    asks: Annotated[Identifier, Ref("facts", of="bool")]
    by_fact: bool = False


class Answer(Model):
    """A fact that answers a flag by one of some values; by any that is neither no nor none where it names none.

    Only the name of the fact may be written for the latter.
    """

    fact: Annotated[Identifier, Ref("facts", how="answered_by")]
    one_of: tuple[bool | str, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _by_name(cls, written: Any) -> Any:
        return {"fact": written} if isinstance(written, str) else written


class RedFlag(Model):
    """Words in the notes that raise an alarm (red_flags.yaml)."""

    title: Text
    danger: DangerSign | None = None
    words: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()  # rules/facts/phrases/patterns.py; no words and none only if others are denied as it
    harmless: tuple[
        Annotated[Identifier, Ref("harmless")], ...
    ] = ()  # kinds of turns of speech that raise no alarm of it
    lowered_by: tuple[Annotated[Identifier, Ref("contexts")], ...] = ()  # beside a denial
    # Raised instead where every place is denied or lowered; without it that is no matter.
    denied_as: Annotated[Identifier, Ref("red_flags")] | None = None
    # What answers it: a decision is not certain while nothing of it is so.
    answered_by: tuple[Answer, ...] = ()
    # What takes the alarm back when the words, not patterns, stand at once before it, or after it.
    not_before: tuple[str, ...] = ()
    not_after: tuple[str, ...] = ()
