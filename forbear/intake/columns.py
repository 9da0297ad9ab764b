"""Columns: which facts their headers name, what is missing among them, and what a rejects file adds."""

import re
from collections.abc import Callable, Container, Iterable, Sequence
from itertools import islice

from forbear.intake.headers import LONGEST, Names, folded
from forbear.intake.source import IntakeError, SourceFile, as_text, distinct
from forbear.locale import said
from rules.locale import listed
from rules.pack.files.schema import Fact, Text, Vocabulary

NOTES = "notes"  # the one fact that several columns may hold
REJECT_COLUMNS = ("row", "field", "error")  # what a rejects file adds
_SHOWN_ALIASES = 4
_SHOWN_LETTERS = 20  # of a cell that a sentence quotes
_LOOKED_AT = 30  # rows of which the first cells may be names
_TURNED = 3  # names of facts in the first column, of a table turned on its side
_TAKEN_AS = re.compile(r" \[[^\[\]]+\]$")
_MASKED = "[masked]"  # behind the name of a column whose cells are masked
_COUNTED = re.compile(r" \(\d+\)$")  # what tells the second column of a name from the first


def naming(vocabulary: Vocabulary) -> Callable[[Sequence[str]], int]:
    """Says how many facts the cells of a row name, by which a header is known."""
    names = Names(vocabulary)

    def count(cells: Sequence[str]) -> int:
        found = (names.of(cell) for cell in cells if len(cell) <= LONGEST)
        return len({header.facts for header in found if header is not None})

    return count


def named(vocabulary: Vocabulary, columns: Iterable[str]) -> list[str | None]:
    """The fact that each column is certainly called by; None where its name may mean anything else."""
    names = Names(vocabulary)
    headers = (names.of(column) for column in columns)
    return [header.facts[0] if header is not None and header.sure else None for header in headers]


def added_by_rejects(columns: Sequence[str]) -> frozenset[str]:
    """The columns, each of its own name, that a rejects file has added; they are passed over when it comes again.

    They stand there all three, behind those that the file had: one alone is a column of somebody.
    """
    last = {folded(_COUNTED.sub("", column)): column for column in columns}
    added = [last.get(name) for name in REJECT_COLUMNS]
    return frozenset(column for column in added if column is not None) if None not in added else frozenset()


def taken_as(column: str, unit: str) -> str:
    """The name of a column in a rejects file, with the unit that stood elsewhere in the file that it is from."""
    return f"{column.rstrip()} [{unit}]"


def as_masked(column: str) -> str:
    """The name of a column in a rejects file whose cells in it are masked."""
    return f"{column.rstrip()} {_MASKED}".lstrip()


def refuse_masked(columns: Sequence[str]) -> None:
    """Raise IntakeError for a rejects file with masked columns, which would stand in the place of what is true."""
    names = [_COUNTED.sub("", name).strip() for name in columns]
    masked = [name for name in names if name.endswith(_MASKED)] if added_by_rejects(distinct(columns)) else []
    if masked:
        quoted = listed(said("notice.quoted", text=name[:LONGEST]) for name in masked)
        raise IntakeError("header.masked", columns=quoted)


def as_submitted(columns: Sequence[str]) -> list[str]:
    """The columns of a rejects file as those of the file that it is from were called; of others as they are."""
    return [_TAKEN_AS.sub("", name) for name in columns] if added_by_rejects(distinct(columns)) else list(columns)


def refuse_twice(vocabulary: Vocabulary, uses: Iterable[tuple[str, str | None, int | None]]) -> None:
    """Raise IntakeError where two columns hold one fact, of a row or of one debt in it; notes may stand in several."""
    taken: dict[str, dict[int | None, str]] = {}
    for column, field, debt in uses:
        if field is None or field == NOTES:
            continue
        held = taken.setdefault(field, {})
        other = held.get(debt, held.get(None) if debt is not None else next(iter(held.values()), None))
        if other is not None:
            meant = Text(zh=vocabulary.facts[field].title.zh, en=field)
            raise IntakeError("header.twice", first=other.strip(), second=column.strip(), field=meant)
        held[debt] = column


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


def why_no_header(source: SourceFile, vocabulary: Vocabulary, missing: IntakeError) -> IntakeError | None:
    """What is missing, and that the row which was taken for the header can be none; None where it names any fact."""
    names, count = [name.strip() for name in source.columns if name.strip()], naming(vocabulary)
    if not source.header_row or count(names) > 1:
        return None
    fault = Text(zh=missing.zh, en=missing.en)
    below = [as_text(row.cells[0]) for row in islice(source, _LOOKED_AT) if row.cells]
    if count(list(dict.fromkeys((names[0] if names else "", *below)))) >= _TURNED:
        first = next(cell for cell in (*names[:1], *below) if count([cell]))
        return IntakeError("header.transposed", fault=fault, first=first[:LONGEST])
    if count(names):
        return None
    cells = listed(said("notice.quoted", text=name[:_SHOWN_LETTERS]) for name in names[:_SHOWN_ALIASES])
    return IntakeError("header.no_names", fault=fault, row=source.header_row, cells=cells)


def _accepted(name: str, fact: Fact) -> Text:
    """A column by the headers it may have."""
    aliases = fact.aliases[:_SHOWN_ALIASES]
    english = (header for header in dict.fromkeys((fact.title.zh, fact.title.en, *aliases)) if header != name)
    headers = Text(zh="、".join((fact.title.en, *aliases)), en=", ".join(english))
    return said("header.accepted", title=fact.title, name=name, headers=headers)
