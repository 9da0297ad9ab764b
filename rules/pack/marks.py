"""Marks on the fields of a pack's schema: what a field means in the rest of the pack. references.py follows them.

A mark stands where the field is declared: `step: Annotated[Identifier, Ref("steps")]`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Ref:
    """The field names an entry of another file of the pack, or of what references.py counts as one.

    `how` is what the handbook calls such a use, by default the key it stands under. `of` is the unit a parameter, or
    the type a fact, must have here. An `idle` reference gives its entry nothing to do: it blocks it, doubts it, or
    says what it proves. `also` are words that may stand in the place of a name.
    """

    file: str
    how: str = ""
    of: str = ""
    idle: bool = False
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Filled:
    """The field is a text whose {facts} and {parameters} are filled in for a case; it may name the `also`, too."""

    how: str = "text"
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class When:
    """The field is a condition, as a rule's `when`, on the facts of a case."""


Mark: TypeAlias = Ref | Filled | When
