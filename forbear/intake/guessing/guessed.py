"""Guessed: what one column seems to hold, how sure that is and why."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from forbear.intake.guessing.shapes import Shape
from forbear.intake.mapping import ColumnUse
from rules.pack.files.schema import Text

# How heavy a guess is: of two columns that seem to hold one fact, the heavier is believed.
GIVEN, SAME_FILE, SAME_COLUMN, OTHER_SHAPE, BY_NAME, PROPOSED = 9.0, 5.0, 4.0, 3.0, 2.0, 1.0
Sure: TypeAlias = Literal["certain", "likely", "open"]


@dataclass(frozen=True)
class Guessed:
    """One column of a file."""

    header: str  # distinct from the others
    use: ColumnUse
    sure: Sure
    why: Text
    shape: Shape | None = None
    weight: float = 0.0
    text: str = ""  # the header as it stands
    alone: ColumnUse | None = None  # what it certainly holds unless a row holds several debts
    unit_shown: bool = False  # its unit stands beside the header or above the table: another file may have another
    size: float | None = None  # of its numbers as they are written
    called: tuple[str, ...] = ()  # the facts that its header means, where its cells contradict that
    stated: str = ""  # what stands around the column and says its unit, where its header does not
