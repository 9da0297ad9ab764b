"""Header aliases: which fact each column of a file holds, whatever language its header is in."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from forbear.intake.source import IntakeError
from forbear.locale import said
from rules.pack.files.schema import Fact, Text, Vocabulary

REJECT_COLUMNS = ("row", "field", "error")  # what a rejects file adds
# Spaces, zero-width characters and the marks people put around a name: 案件编号*：
_DECORATION = re.compile(r"[\s_\-*:.·\u200b\u200c\u200d\ufeff]+")
_UNIT = re.compile(r"\([^()]*\)$")
_SHOWN_ALIASES = 4
_LONGEST = 100  # characters of a header that may name a fact


@dataclass(frozen=True)
class Mapping:
    """The fact of each column (None where it holds none) and the columns that nobody knows."""

    fields: list[str | None]
    unknown: list[str]
    fault: IntakeError | None = None  # why the rows cannot be read: a column is missing, or there twice


def map_columns(vocabulary: Vocabulary, columns: list[str]) -> Mapping:
    """Find the fact of each column. Raises IntakeError if one is missing or given twice."""
    mapping = recognise(vocabulary, columns)
    if mapping.fault is not None:
        raise mapping.fault
    return mapping


def naming(vocabulary: Vocabulary) -> Callable[[Sequence[str]], int]:
    """Says how many facts the cells of a row name, by which a header is known."""
    known = _aliases(vocabulary)

    def count(cells: Sequence[str]) -> int:
        return len({name for cell in cells if len(cell) <= _LONGEST and (name := _find(known, cell)) is not None})

    return count


def recognise(vocabulary: Vocabulary, columns: list[str]) -> Mapping:
    """Find the fact of each column, as far as that goes."""
    known = _aliases(vocabulary)
    fields = [_find(known, column) for column in columns]
    unknown = [
        column
        for column, field in zip(columns, fields, strict=True)
        if field is None and column.strip() and not is_reject_column(column)
    ]
    return Mapping(fields, unknown, _twice(vocabulary, columns, fields) or _missing(vocabulary, fields))


def is_reject_column(column: str) -> bool:
    """Whether a rejects file has added this column; it is passed over when the file is submitted again."""
    return _normal(column) in REJECT_COLUMNS


def _aliases(vocabulary: Vocabulary) -> dict[str, str]:
    known = {_normal(name): name for name, fact in vocabulary.facts.items() if not fact.derived}
    for name, fact in vocabulary.facts.items():
        if not fact.derived:
            for alias in (fact.title.zh, fact.title.en, *fact.aliases):
                known.setdefault(_normal(alias), name)
    return known


def _find(known: dict[str, str], column: str) -> str | None:
    """The fact of a header; a unit in brackets at its end does not matter: 月收入（元）."""
    name = _normal(column)
    return known.get(name) or known.get(_UNIT.sub("", name))


def _normal(text: str) -> str:
    return _DECORATION.sub("", unicodedata.normalize("NFKC", text).casefold())


def _twice(vocabulary: Vocabulary, columns: list[str], fields: list[str | None]) -> IntakeError | None:
    taken: dict[str, str] = {}
    for column, field in zip(columns, fields, strict=True):
        if field is not None and field in taken:
            first = taken[field]
            meant = Text(zh=vocabulary.facts[field].title.zh, en=field)
            return IntakeError("header.twice", first=first.strip(), second=column.strip(), field=meant)
        if field is not None:
            taken[field] = column
    return None


def _missing(vocabulary: Vocabulary, given: list[str | None]) -> IntakeError | None:
    missing = {
        name: fact
        for name, fact in vocabulary.facts.items()
        if name not in given and (fact.required if fact.required_unless is None else fact.required_unless not in given)
    }
    if not missing:
        return None
    accepted = [_accepted(name, fact) for name, fact in missing.items()]
    columns = Text(zh="；".join(text.zh for text in accepted), en="; ".join(text.en for text in accepted))
    return IntakeError("header.missing", n=len(missing), columns=columns)


def _accepted(name: str, fact: Fact) -> Text:
    """A column by the headers it may have."""
    aliases = fact.aliases[:_SHOWN_ALIASES]
    english = (header for header in dict.fromkeys((fact.title.zh, fact.title.en, *aliases)) if header != name)
    headers = Text(zh="、".join((fact.title.en, *aliases)), en=", ".join(english))
    return said("header.accepted", title=fact.title, name=name, headers=headers)
