"""Guessed: what one column seems to hold, how sure that is and why."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from forbear.intake.mapping import ColumnUse
from forbear.intake.shapes import Shape
from rules.pack.files.schema import Text

Sure: TypeAlias = Literal["certain", "likely", "open"]


@dataclass(frozen=True)
class Guessed:
    """One column of a file."""

    header: str  # distinct from the others
    use: ColumnUse
    sure: Sure
    why: Text
    shape: Shape | None = None
    weight: float = 0.0  # of two guesses of one fact, the heavier is kept
