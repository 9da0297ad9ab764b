"""Intake: files of cases, whatever program wrote them, become typed cases or rejections that say what to correct."""

from collections.abc import Iterator
from pathlib import Path

from forbear.intake.columns import naming
from forbear.intake.formats import BY_MEDIA_TYPE, FORMATS, READ_AS, ending, format_of
from forbear.intake.formats.format import Format
from forbear.intake.guessing.guess import Guess, guess
from forbear.intake.guessing.remembered import Remembered
from forbear.intake.layouts.tied import tied
from forbear.intake.mapping import ColumnUse, Mapping
from forbear.intake.opening import read
from forbear.intake.rows import Accepted, Intake, Rejected, ahead, past_of, understand
from forbear.intake.source import IntakeError, SeveralTablesError, SourceChoice, SourceFile, SourceRow
from rules.pack.files.schema import Vocabulary

__all__ = [
    "BY_MEDIA_TYPE",
    "FORMATS",
    "READ_AS",
    "Accepted",
    "ColumnUse",
    "Format",
    "Guess",
    "Intake",
    "IntakeError",
    "Mapping",
    "Rejected",
    "Remembered",
    "SeveralTablesError",
    "SourceChoice",
    "SourceFile",
    "SourceRow",
    "ahead",
    "ending",
    "format_of",
    "guess",
    "open_intake",
    "open_source",
    "past_of",
    "read",
    "rows",
    "understand",
]


def open_source(path: Path, vocabulary: Vocabulary, given: Mapping | None = None) -> SourceFile:
    """Open a file of cases: the sheet and the header that a mapping names, or else those that can be meant.

    Raises IntakeError, and SeveralTablesError where the mapping has to say which sheet.
    """
    given, known = given or Mapping(), naming(vocabulary)
    tie = given.persons
    if tie is None:
        return read(path, SourceChoice(given.sheet, given.header_row, known=known))
    debts = read(path, SourceChoice(given.sheet, given.header_row, tie.sheet, known))
    return tied(debts, read(path, SourceChoice(tie.sheet, tie.header_row, known=known)), tie)


def open_intake(
    path: Path, vocabulary: Vocabulary, given: Mapping | None = None, remembered: Remembered | None = None
) -> Intake:
    """Open a file of cases and find the fact of each column, as a mapping has it or as it shows. Raises IntakeError."""
    return understand(open_source(path, vocabulary, given), vocabulary, given, remembered)


def rows(path: Path, vocabulary: Vocabulary) -> Iterator[Accepted | Rejected]:
    """The rows of a file of cases, each accepted or rejected. Raises IntakeError."""
    return iter(open_intake(path, vocabulary))
