"""Header aliases: which fact each column of a file holds, whatever language its header is in."""

from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass
from dataclasses import field as part

from forbear.intake.headers import LONGEST, Header, Names, Refusal, folded, meaning
from forbear.intake.source import IntakeError
from forbear.locale import said
from rules.facts.notation.units import Unit
from rules.pack.files.schema import Fact, Text, Vocabulary

NOTES = "notes"  # the one fact that several columns may hold
REJECT_COLUMNS = ("row", "field", "error")  # what a rejects file adds
_SHOWN_ALIASES = 4


@dataclass(frozen=True)
class Recognised:
    """The fact of each column (None where it holds none) and the columns that nobody knows."""

    fields: list[str | None]
    unknown: list[str]
    units: dict[str, Unit] = part(default_factory=dict)  # of the facts whose columns say one
    fault: IntakeError | None = None  # why the rows cannot be read: a column is missing, or there twice


def map_columns(vocabulary: Vocabulary, columns: list[str], titles: Sequence[str] = ()) -> Recognised:
    """Find the fact of each column and its unit. Raises IntakeError if one is missing, twice or in another unit."""
    mapping = recognise(vocabulary, columns, titles)
    if mapping.fault is not None:
        raise mapping.fault
    return mapping


def naming(vocabulary: Vocabulary) -> Callable[[Sequence[str]], int]:
    """Says how many facts the cells of a row name, by which a header is known."""
    names = Names(vocabulary)

    def count(cells: Sequence[str]) -> int:
        found = (names.of(cell) for cell in cells if len(cell) <= LONGEST)
        return len({header.facts for header in found if header is not None})

    return count


def recognise(vocabulary: Vocabulary, columns: list[str], titles: Sequence[str] = ()) -> Recognised:
    """Find the fact of each column, as far as that goes. What a header may mean, it means once that is said."""
    names = Names(vocabulary)
    headers = [_certain(names.of(column)) for column in columns]
    fields = [None if header is None else header.facts[0] for header in headers]
    unknown = [
        column
        for column, fact in zip(columns, fields, strict=True)
        if fact is None and column.strip() and not is_reject_column(column)
    ]
    means = {
        header.facts[0]: meaning(vocabulary.facts[header.facts[0]], header, titles) for header in headers if header
    }
    units = {name: unit for name, unit in means.items() if isinstance(unit, Unit)}
    fault = _twice(vocabulary, columns, fields) or missing_columns(vocabulary, fields) or _refused(means.values())
    return Recognised(fields, unknown, units, fault)


def _certain(header: Header | None) -> Header | None:
    return header if header is not None and header.sure else None


def _refused(means: Iterable[Unit | Refusal]) -> IntakeError | None:
    """The first column that is in a unit which is none of its fact."""
    return next((IntakeError.of(each.text) for each in means if isinstance(each, Refusal)), None)


def is_reject_column(column: str) -> bool:
    """Whether a rejects file has added this column; it is passed over when the file is submitted again."""
    return folded(column) in REJECT_COLUMNS


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
