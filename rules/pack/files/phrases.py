"""What a pack may say of language: classes of words, what lowers an alarm, turns of speech that mean no harm."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from rules.pack.files.schema import Identifier, Model
from rules.pack.marks import Ref


class PhraseContext(Model):
    """What lowers an alarm when it stands in the same sentence: patterns before it, after it, or both.

    `unless`: what undoes it when it stands between the pattern before and the end of the alarm: 同事跳楼了，我也不想活.
    """

    before: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


class Phrases(Model):
    """phrases.yaml: what the patterns of all red flags share."""

    classes: dict[Identifier, tuple[str, ...]] = Field(default_factory=dict)
    # The classes of words of danger: without one of them weights alone make less of a sentence.
    of_danger: tuple[Annotated[Identifier, Ref("classes")], ...] = ()
    contexts: dict[Identifier, PhraseContext] = Field(default_factory=dict)
    # Turns of speech that mean none of what they say, by kind.
    harmless: dict[Identifier, tuple[str, ...]] = Field(default_factory=dict)
    # Kinds of them that weigh nothing either where a sentence is weighed by its signs.
    weightless: tuple[Annotated[Identifier, Ref("harmless")], ...] = ()
