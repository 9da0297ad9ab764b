"""Preview: what a file would come to if it were submitted, from its first rows; nothing is kept of it."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from forbear.intake import Accepted, Intake, IntakeError, Rejected, SourceChoice, read
from forbear.intake.columns import is_reject_column, naming, recognise
from forbear.intake.rows import understand
from rules.facts.cells import Value
from rules.pack.files.schema import Vocabulary

FIRST = 20  # rows and problems that are shown
_MOST_ROWS = 5_000
_MOST_SECONDS = 2.0
_CHECK = 100  # rows between looks at the clock


@dataclass(frozen=True)
class Column:
    """A column as it was recognised, with the first value that was understood in it."""

    header: str
    fact: str | None  # None: nobody knows it; it is kept and not used
    example: Value | None  # None: there is none, or it is personal


@dataclass
class Problem:
    """What is wrong in the same words with one row or with many."""

    first: Rejected
    rows: int = 0


@dataclass(frozen=True)
class Preview:
    """What was seen of a file, up to the fault that stopped the reading if there is one."""

    name: str
    headers: tuple[str, ...]
    columns: tuple[Column, ...]
    fault: IntakeError | None
    first: tuple[Accepted | Rejected, ...]
    problems: tuple[Problem, ...]
    accepted: int
    rejected: int
    whole: bool  # the last row was reached

    @property
    def rows(self) -> int:
        """How many rows were read."""
        return self.accepted + self.rejected


def look(path: Path, vocabulary: Vocabulary, as_of: dt.date, clock: Callable[[], float]) -> Preview:
    """Read a file's columns and its first rows: some thousands, or what two seconds of the clock allow.

    Raises IntakeError if it cannot be read as cases at all.
    """
    source = read(path, SourceChoice(known=naming(vocabulary)))
    mapping = recognise(vocabulary, source.columns)
    if mapping.fault is not None:
        columns = _columns(source.columns, mapping.fields, {})
        return Preview(path.name, tuple(source.columns), columns, mapping.fault, (), (), 0, 0, whole=False)
    return _read(understand(source, vocabulary), as_of, clock)


def _read(file: Intake, as_of: dt.date, clock: Callable[[], float]) -> Preview:
    first: list[Accepted | Rejected] = []
    problems: dict[str, Problem] = {}
    examples: dict[str, Value] = {}
    accepted, number, fault, end = 0, 0, None, clock() + _MOST_SECONDS
    rows = file.on(as_of)
    try:
        for number, row in enumerate(rows, 1):
            if len(first) < FIRST:
                first.append(row)
            if isinstance(row, Accepted):
                accepted += 1
                for name, value in row.facts.items():
                    examples.setdefault(name, value)
            elif row.zh in problems or len(problems) < FIRST:
                problems.setdefault(row.zh, Problem(row)).rows += 1
            if number == _MOST_ROWS or (number % _CHECK == 0 and clock() > end):
                break
        whole = next(rows, None) is None
    except IntakeError as error:
        fault, whole = error, False
    columns = _columns(file.columns, file.fields, examples)
    return Preview(
        file.path.name,
        tuple(file.columns),
        columns,
        fault,
        tuple(first),
        tuple(problems.values()),
        accepted,
        number - accepted,
        whole,
    )


def _columns(headers: list[str], fields: list[str | None], examples: dict[str, Value]) -> tuple[Column, ...]:
    """Every column with a header, but those that a rejects file added."""
    return tuple(
        Column(header, field, None if field is None else examples.get(field))
        for header, field in zip(headers, fields, strict=True)
        if field is not None or (header.strip() and not is_reject_column(header))
    )
