"""Header aliases: which fact each column of a file holds, whatever language its header is in."""

import re
import unicodedata
from dataclasses import dataclass

from forbear.intake.source import IntakeError
from rules.pack.schema import Fact, Vocabulary

REJECT_COLUMNS = ("row", "field", "error")  # what a rejects file adds
# Spaces, zero-width characters and the marks people put around a name: 案件编号*：
_DECORATION = re.compile(r"[\s_\-*:.·\u200b\u200c\u200d\ufeff]+")
_UNIT = re.compile(r"\([^()]*\)$")
_SHOWN_ALIASES = 4


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
            return IntakeError(
                f"The columns '{first.strip()}' and '{column.strip()}' both mean {field}: keep one of them.",
                f"“{first.strip()}”和“{column.strip()}”两列都是{vocabulary.facts[field].title.zh}，请只保留一列。",
            )
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
    noun = "column is" if len(missing) == 1 else "columns are"
    return IntakeError(
        f"A required {noun} missing: {'; '.join(_accepted_headers(name, fact) for name, fact in missing.items())}.",
        f"缺少必需的列：{'；'.join(_accepted_in_chinese(fact) for fact in missing.values())}。",
    )


def _accepted_headers(name: str, fact: Fact) -> str:
    headers = dict.fromkeys((fact.title.zh, fact.title.en, *fact.aliases[:_SHOWN_ALIASES]))
    return f"{name} (also accepted: {', '.join(header for header in headers if header != name)})"


def _accepted_in_chinese(fact: Fact) -> str:
    return f"{fact.title.zh}（表头也可以写作 {'、'.join((fact.title.en, *fact.aliases[:_SHOWN_ALIASES]))}）"
