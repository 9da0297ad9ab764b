"""Intake: files of cases, whatever program wrote them, become typed cases or rejections that say what to correct."""

from collections.abc import Iterator
from pathlib import Path

from forbear.intake.columns import map_columns, naming
from forbear.intake.formats import BY_MEDIA_TYPE, FORMATS
from forbear.intake.formats.format import Format
from forbear.intake.guess import Guess, Remembered, guess
from forbear.intake.mapping import ColumnUse, Mapping
from forbear.intake.rows import Accepted, Intake, Rejected, ahead, past_of, understand
from forbear.intake.source import IntakeError, SeveralTablesError, SourceChoice, SourceFile, SourceRow, empty
from rules.pack.files.schema import Text, Vocabulary

__all__ = [
    "BY_MEDIA_TYPE",
    "FORMATS",
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
    "guess",
    "map_columns",
    "open_intake",
    "open_source",
    "past_of",
    "read",
    "rows",
    "understand",
]

_OPEN = SourceChoice()
_START = 256  # bytes that tell a format


def read(path: Path, choice: SourceChoice = _OPEN) -> SourceFile:
    """Open a file of cases. Raises IntakeError if it cannot be read or holds none.

    SeveralTablesError, where the choice has to say which sheet is meant.
    """
    kind = FORMATS.get(path.suffix.lower())
    if kind is None:
        formats = Text(zh="、".join(FORMATS), en=" ".join(FORMATS))
        raise IntakeError("file.unknown_format", name=path.name, formats=formats)
    try:
        if path.is_dir():
            raise IntakeError("file.folder", path=path)
        if path.exists() and not path.is_file():
            raise IntakeError("file.not_ordinary", path=path)
        if not path.stat().st_size:
            raise empty(path)
        _refuse_other(path, kind)
        source = kind.read(path, choice)
        _refuse_vain(source, choice)
        if next(source.read_rows(), None) is None:
            raise IntakeError("file.no_cases", name=path.name)
    except FileNotFoundError as error:
        raise IntakeError("file.missing", path=path) from error
    except OSError as error:
        raise IntakeError("file.unreadable", path=path, error=error.strerror) from error
    return source


def _refuse_vain(source: SourceFile, choice: SourceChoice) -> None:
    """Say so where something was chosen that this kind of file does not have."""
    if choice.sheet is not None and source.sheet is None:
        raise IntakeError("sheet.none", name=source.path.name)
    if choice.header_row is not None and not source.header_row:
        raise IntakeError("header.row_none", name=source.path.name)


def _refuse_other(path: Path, kind: Format) -> None:
    """Say so where a file begins like one of another format: its name is wrong, or its ending was changed."""
    with path.open("rb") as file:
        start = file.read(_START)
    for other in FORMATS.values():
        if other is not kind and other.signature is not None and other.signature.match(start):
            raise IntakeError("file.misnamed", name=path.name, what=other.title, suffix=other.suffix)


def open_source(path: Path, vocabulary: Vocabulary, given: Mapping | None = None) -> SourceFile:
    """Open a file of cases: the sheet and the header that a mapping names, or else those that can be meant.

    Raises IntakeError, and SeveralTablesError where the mapping has to say which sheet.
    """
    given = given or Mapping()
    return read(path, SourceChoice(given.sheet, given.header_row, naming(vocabulary)))


def open_intake(
    path: Path, vocabulary: Vocabulary, given: Mapping | None = None, remembered: Remembered | None = None
) -> Intake:
    """Open a file of cases and find the fact of each column, as a mapping has it or as it shows. Raises IntakeError."""
    return understand(open_source(path, vocabulary, given), vocabulary, given, remembered)


def rows(path: Path, vocabulary: Vocabulary) -> Iterator[Accepted | Rejected]:
    """The rows of a file of cases, each accepted or rejected. Raises IntakeError."""
    return iter(open_intake(path, vocabulary))
