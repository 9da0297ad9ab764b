"""One case by itself, as a program hands it in: an object of facts by any of their names."""

import datetime as dt
from collections.abc import Iterator
from collections.abc import Mapping as Object
from dataclasses import replace
from pathlib import Path

from forbear.intake.columns import named
from forbear.intake.formats.json_objects import source_of_objects
from forbear.intake.mapping import ColumnUse, Mapping
from forbear.intake.rows import Accepted, Intake, Rejected, understand
from rules.pack.files.schema import Vocabulary


def one(given: Object[str, object], vocabulary: Vocabulary, as_of: dt.date) -> tuple[Intake, Accepted | Rejected]:
    """The case, read as a row of a file would be. Raises IntakeError where a fact is given twice.

    A required fact that is not there at all is a fault of its field, as if it had been left blank.
    """
    known = named(vocabulary, given)
    required = (name for name, fact in vocabulary.facts.items() if fact.required or fact.required_unless)
    whole = {**given, **{name: None for name in required if name not in known}}

    def objects() -> Iterator[tuple[int, object]]:
        yield 1, whole

    columns = {name: ColumnUse(fact=fact) for name, fact in zip(given, known, strict=True)}
    columns |= {name: ColumnUse(fact=name) for name in whole.keys() - given.keys()}
    source = replace(source_of_objects(Path("case.json"), objects), has_lines=False)
    intake = understand(source, vocabulary, Mapping(columns=columns))
    return intake, next(intake.on(as_of))
