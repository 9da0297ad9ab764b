"""Header aliases: which fact each column of a file holds, whatever language its header is in."""

import re
import unicodedata
from collections.abc import Container, Iterable
from dataclasses import dataclass

from forbear.intake.source import IntakeError
from forbear.locale import said
from rules.pack.files.schema import Fact, Text, Vocabulary

NOTES = "notes"  # the one fact that several columns may hold
REJECT_COLUMNS = ("row", "field", "error")  # what a rejects file adds
# Spaces, zero-width characters and the marks people put around a name: 案件编号*：
_DECORATION = re.compile(r"[\s_\-*:.·\u200b\u200c\u200d\ufeff]+")
_UNIT = re.compile(r"\([^()]*\)$")
_SHOWN_ALIASES = 4


@dataclass(frozen=True)
class Recognised:
    """The fact of each column (None where it holds none) and the columns that nobody knows."""

    fields: list[str | None]
    unknown: list[str]
    fault: IntakeError | None = None  # why the rows cannot be read: a column is missing, or there twice


def map_columns(vocabulary: Vocabulary, columns: list[str]) -> Recognised:
    """Find the fact of each column. Raises IntakeError if one is missing or given twice."""
    mapping = recognise(vocabulary, columns)
    if mapping.fault is not None:
        raise mapping.fault
    return mapping


def recognise(vocabulary: Vocabulary, columns: list[str]) -> Recognised:
    """Find the fact of each column, as far as that goes."""
    known = _aliases(vocabulary)
    fields = [_find(known, column) for column in columns]
    unknown = [
        column
        for column, field in zip(columns, fields, strict=True)
        if field is None and column.strip() and not is_reject_column(column)
    ]
    return Recognised(fields, unknown, _twice(vocabulary, columns, fields) or missing_columns(vocabulary, fields))


class Headers:
    """The headers that a vocabulary knows."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._known = _aliases(vocabulary)

    def fact(self, header: str) -> str | None:
        """The fact that a header names and nothing else; None where it names none."""
        return _find(self._known, header)


def is_reject_column(column: str) -> bool:
    """Whether a rejects file has added this column; it is passed over when the file is submitted again."""
    return normal(column) in REJECT_COLUMNS


def _aliases(vocabulary: Vocabulary) -> dict[str, str]:
    known = {normal(name): name for name, fact in vocabulary.facts.items() if not fact.derived}
    for name, fact in vocabulary.facts.items():
        if not fact.derived:
            for alias in (fact.title.zh, fact.title.en, *fact.aliases):
                known.setdefault(normal(alias), name)
    return known


def _find(known: dict[str, str], column: str) -> str | None:
    """The fact of a header; a unit in brackets at its end does not matter: 月收入（元）."""
    name = normal(column)
    return known.get(name) or known.get(_UNIT.sub("", name))


def normal(text: str) -> str:
    """A header as it is compared: width, case, blanks and the marks around it make no difference."""
    return _DECORATION.sub("", unicodedata.normalize("NFKC", text).casefold())


def refuse_twice(vocabulary: Vocabulary, uses: Iterable[tuple[str, str | None, int | None]]) -> None:
    """Raise IntakeError where two columns hold one fact (of one debt of a row); notes may stand in several."""
    taken: dict[tuple[str, int | None], str] = {}
    for column, field, debt in uses:
        if field is None or field == NOTES:
            continue
        if (field, debt) in taken:
            meant = Text(zh=vocabulary.facts[field].title.zh, en=field)
            raise IntakeError("header.twice", first=taken[field, debt].strip(), second=column.strip(), field=meant)
        taken[field, debt] = column


def _twice(vocabulary: Vocabulary, columns: list[str], fields: list[str | None]) -> IntakeError | None:
    try:
        refuse_twice(vocabulary, ((column, field, None) for column, field in zip(columns, fields, strict=True)))
    except IntakeError as error:
        return error
    return None


def missing_facts(vocabulary: Vocabulary, given: Container[str | None]) -> dict[str, Fact]:
    """The facts that every case must have and that are not given."""
    return {
        name: fact
        for name, fact in vocabulary.facts.items()
        if name not in given and (fact.required if fact.required_unless is None else fact.required_unless not in given)
    }


def missing_columns(vocabulary: Vocabulary, given: Container[str | None]) -> IntakeError | None:
    """Why a file with these facts cannot be read, with the headers that each missing one may have."""
    missing = missing_facts(vocabulary, given)
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
