"""Parts of a table: a line among its rows may say the unit of what stands below it, which is then read in no other."""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from forbear.intake.formats.tables.no_cases import REFUSED, TOTAL, begins_part
from forbear.intake.guessing.first_rows import is_case, units_below
from forbear.intake.guessing.guess import Guess
from forbear.intake.guessing.guessed import GIVEN, Guessed
from forbear.intake.guessing.legends import columns_at
from forbear.intake.headers import in_other_period, unit_named, unlike
from forbear.intake.mapping import Mapping
from forbear.intake.source import IntakeError, SourceRow, as_text, is_blank
from forbear.locale import said
from rules.facts.case_facts import FieldError
from rules.facts.notation.units import OWN, Unit
from rules.pack.files.schema import Fact, Vocabulary

_LONGEST: Final = 100  # characters of a line that a sentence quotes


class _Column(NamedTuple):
    """A column that holds a fact, and the unit that it is read in."""

    guessed: Guessed
    fact: Fact
    unit: Unit
    at: int

    def is_otherwise_in(self, lines: Sequence[str]) -> bool:
        """Whether lines among the rows say another unit or period than that in which the column is read."""
        placed = [text for text in lines if columns_at(text)]
        of_it = [text for text in placed if self.at in columns_at(text)]
        others = [text for text in lines if text not in placed]
        return unlike(self.fact, self.unit, [*others, *of_it]) or in_other_period(
            self.fact, self.guessed.text, others, of_it
        )

    @property
    def said_by_itself(self) -> bool:
        """Whether its header or a mapping says its unit, whatever stands below the table."""
        use = self.guessed.use.unit
        return use is not None and (
            self.guessed.weight == GIVEN or (self.guessed.unit_shown and not self.guessed.stated)
        )


class _UnitLine(NamedTuple):
    """A line that says a unit, and the columns that are read in another."""

    texts: Sequence[str]
    others: Sequence[_Column]


_NONE: Final = _UnitLine((), ())


class Parts:
    """The rows of a file, those of another part refused by the line that says its unit."""

    def __init__(self, vocabulary: Vocabulary, guess: Guess, mapping: Mapping) -> None:
        self._columns = [
            _Column(each, fact, unit, at)
            for at, each in enumerate(guess.columns)
            if (name := mapping.columns[each.header].fact) is not None
            and (fact := vocabulary.facts[name]).type in ("money", "rate", "int")
            and isinstance(unit := unit_named(fact, mapping.columns[each.header].unit or "") or OWN, Unit)
        ]
        self._headers = [each.text for each in guess.columns]
        parts = (each for each in self._columns if each.unit.shift and begins_part(each.guessed.stated))
        self._of_part = next(parts, None)
        self._met = False
        self._error: FieldError | None = None  # of the rows of another part
        self._last = self._of_total = _NONE  # the last line, while no row follows it; the first total's

    def rows(self, rows: Iterator[SourceRow]) -> Iterator[SourceRow]:
        """Every row. Raises IntakeError where a line that no row follows says another unit than they were read in."""
        self._met, self._error = False, None
        self._last, self._of_total = _NONE, _NONE
        for row in rows:
            if units := units_below(row, self._headers):
                yield self._line(row, units)
            elif is_case(row):
                self._met, self._last = True, _NONE
                yield row if self._error is None else row._replace(error=self._error)
            else:
                self._heed_title(row)
                yield row
        for line in (self._last, self._of_total):
            if open_ones := [each for each in line.others if not each.said_by_itself]:
                raise IntakeError("footer.unit", text=line.texts[0].strip()[:_LONGEST], field=open_ones[0].fact.title)

    def _line(self, row: SourceRow, units: Sequence[str]) -> SourceRow:
        """A line that says a unit; above the first row it was known. That of a total may be its own or of all."""
        others = [each for each in self._columns if each.is_otherwise_in(units)] if self._met else []
        line = _UnitLine(units, others)
        if row.error is TOTAL:
            self._of_total = self._of_total if self._of_total.others else line
            return row
        self._last = line
        self._error = _refused("row.other_unit_above", units, others[0]) if others else None
        begins = next(cell for cell in row.cells if not is_blank([cell])) == units[0]
        return row._replace(error=REFUSED["section"]) if row.error is None and begins else row

    def _heed_title(self, row: SourceRow) -> None:
        """Where the unit was said in the title of a part, the next one is in none that anybody knows."""
        if self._met and self._error is None and self._of_part is not None and begins_part(_title(row)):
            self._error = _refused("row.unit_of_part", [self._of_part.guessed.stated], self._of_part)


def _title(row: SourceRow) -> str:
    """The text of a line with one filled cell."""
    filled = [cell for cell in row.cells if not is_blank([cell])]
    return as_text(filled[0]) if len(filled) == 1 else ""


def _refused(key: str, texts: Sequence[str], column: _Column) -> FieldError:
    text = next((each for each in texts if column.is_otherwise_in([each])), texts[0])
    return FieldError.of("", said(key, text=text.strip()[:_LONGEST], field=column.fact.title))
