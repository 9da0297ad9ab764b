"""Preview: what a file would come to if it were submitted, from its first rows; nothing is kept of it."""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Mapping as Words
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from forbear.batch.submission.danger import Lookout, beside_rows, outside_cases, refused, row_of_file, told
from forbear.intake import Accepted, IntakeError, Mapping, Rejected, Remembered, guess, open_source
from forbear.intake.columns import added_by_rejects
from forbear.intake.date_order import DateOrder
from forbear.intake.guessing import shapes
from forbear.intake.guessing.guess import Guess
from forbear.intake.guessing.guessed import Sure
from forbear.intake.guessing.seen_values import SeenValues, UnknownWord
from forbear.intake.notices import notices_of
from forbear.intake.rows import follow
from forbear.intake.source import SourceFile
from forbear.locale import said
from rules.facts.case_facts import display
from rules.facts.cells import Value
from rules.locale import Language
from rules.pack.files.schema import Text, Vocabulary
from rules.pack.pack import Pack

FIRST = 20  # rows and problems that are shown
_LANGUAGES: tuple[Language, Language] = ("zh", "en")
_MOST_ROWS = 5_000
_MOST_SECONDS = 1.5  # with the time to open the file, so that a page is there within two
_CHECK = 100  # rows between looks at the clock


@dataclass(frozen=True)
class Column:
    """A column: what it holds, how sure that is and why, and the first values in it as they would be stored."""

    header: str
    fact: str | None  # None: it is kept and not used
    unit: str | None
    debt: int | None  # of several in a row
    sure: Sure
    why: Text
    values: tuple[Value, ...]  # none where they are personal
    shape: Text | None = None  # what its cells look like

    @property
    def example(self) -> Value | None:
        """The first value."""
        return next(iter(self.values), None)


@dataclass
class Problem:
    """What is wrong in the same words with one row or with many."""

    first: Rejected
    rows: int = 0


@dataclass(frozen=True)
class Preview:
    """What was seen of a file, up to the fault that stopped the reading if there is one.

    `mapping` has every guess in it, those that are not certain too, and is what was read by.
    """

    name: str
    headers: tuple[str, ...]
    sheet: str | None
    sheets: tuple[str, ...]
    header_row: int
    mapping: Mapping
    columns: tuple[Column, ...]
    missing: tuple[str, ...]  # facts that every case must have and that stand nowhere: a constant may
    date_orders: tuple[DateOrder, ...]  # one of these has to be chosen; none where it is no question
    unknown: Words[str, tuple[UnknownWord, ...]]  # by fact
    danger: tuple[Text, ...]  # to somebody, in what would become no case: the first of the notices
    notices: tuple[Text, ...]
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

    @property
    def unconfirmed(self) -> tuple[Column, ...]:
        """The columns that somebody has to confirm before the file can be submitted."""
        return tuple(each for each in self.columns if each.sure != "certain")

    @property
    def settled(self) -> bool:
        """Whether nothing is open but what is wrong with single rows."""
        return not (self.fault or self.unconfirmed or self.missing or self.date_orders)


def _nothing_remembered(_columns: Sequence[str]) -> Remembered:
    return Remembered()


def look(
    path: Path,
    pack: Pack,
    as_of: dt.date,
    clock: Callable[[], float],
    given: Mapping | None = None,
    recall: Callable[[Sequence[str]], Remembered] = _nothing_remembered,
) -> Preview:
    """Read a file's columns and its first rows: some thousands, or what two seconds of the clock allow.

    `recall` answers what was confirmed before for a file with these columns. Raises IntakeError
    if it cannot be read as cases at all, or if the mapping that is given cannot be followed.
    """
    counted = _Counted(clock)  # the time to open the file counts too
    given, vocabulary = given or Mapping(), pack.vocabulary
    source = open_source(path, vocabulary, given)
    guessed = guess(vocabulary, source, given, recall(source.columns))
    seen = SeenValues(vocabulary, source, guessed.mapping, guessed.date_forms)
    watched = replace(source, read_rows=lambda: map(seen.note, source))
    fault = None
    try:
        file = follow(watched, vocabulary, guessed, guessed.mapping)
    except IntakeError as error:
        fault = error  # what its columns hold is shown all the same
        in_danger = counted.look_through(watched, Lookout(pack, source.columns, guessed.mapping), pack)
        notices = tuple(notices_of(vocabulary, source, guessed, guessed.mapping))
    else:
        fault = counted.read(file.on(as_of), Lookout(pack, file.columns, file.mapping))
        if fault is None:
            outside = outside_cases(file, pack) if counted.whole else beside_rows(file.remarks, pack)
            in_danger = (*told(counted.in_danger), *outside)
        else:
            in_danger = counted.look_through(source, Lookout(pack, file.columns, file.mapping), pack)
        notices = file.notices
    return Preview(
        name=path.name,
        headers=tuple(source.columns),
        sheet=source.sheet,
        sheets=source.sheets,
        header_row=source.header_row,
        mapping=guessed.mapping,
        columns=_columns(guessed, seen),
        missing=guessed.missing,
        date_orders=guessed.date_orders,
        unknown=seen.unknown(),
        danger=in_danger,
        notices=(*in_danger, *notices),
        fault=fault,
        first=tuple(counted.first),
        problems=(*counted.grave.values(), *counted.problems.values()),
        accepted=counted.accepted,
        rejected=counted.rows - counted.accepted,
        whole=counted.whole,
    )


def stored_as(vocabulary: Vocabulary, name: str, value: Value) -> Text:
    """A value as it would be stored, in words: ¥120,000.00, 45 days, 18.00 %."""
    fact = vocabulary.facts[name]
    if fact.type == "int" and fact.unit in ("days", "months", "years"):
        return said(f"stored.{fact.unit}", n=value)
    zh, en = (display(vocabulary, name, value, language) for language in _LANGUAGES)
    return Text(zh=zh.replace("%", " %"), en=en.replace("%", " %")) if fact.type == "rate" else Text(zh=zh, en=en)


class _Counted:
    """The rows of a file as far as they are read."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock, self._end = clock, clock() + _MOST_SECONDS
        self.first: list[Accepted | Rejected] = []
        self.problems: dict[str, Problem] = {}
        self.grave: dict[str, Problem] = {}  # of rows that tell of danger
        self.accepted, self.rows, self.in_danger, self.whole = 0, 0, 0, False

    def read(self, rows: Iterator[Accepted | Rejected], lookout: Lookout) -> IntakeError | None:
        """Read rows until there are enough or the time is over; what stopped the reading, if something did."""
        try:
            for row in rows:
                self.rows += 1
                self._count(row, lookout)
                if self.rows == _MOST_ROWS or (self.rows % _CHECK == 0 and self._clock() > self._end):
                    break
            self.whole = next(rows, None) is None
        except IntakeError as error:
            return error
        return None

    def look_through(self, source: SourceFile, lookout: Lookout, pack: Pack) -> tuple[Text, ...]:
        """The sentences on danger in a file of which nothing becomes a case, as far as the time goes."""
        found = []
        with suppress(IntakeError):
            for number, row in enumerate(source, 1):
                if lookout.in_danger(row.cells):
                    found.append(row_of_file(source.header_row + row.number))
                if number == _MOST_ROWS or (number % _CHECK == 0 and self._clock() > self._end):
                    break
        return (*refused(found), *beside_rows(source.remarks, pack))

    def _count(self, row: Accepted | Rejected, lookout: Lookout) -> None:
        danger = False
        if isinstance(row, Rejected):
            row, danger = lookout.first(row)
            self.in_danger += danger
            problems = self.grave if danger else self.problems
            if row.zh in problems or len(problems) < FIRST:
                problems.setdefault(row.zh, Problem(row)).rows += 1
        else:
            self.accepted += 1
        if len(self.first) < FIRST:
            self.first.append(row)


def _columns(guessed: Guess, seen: SeenValues) -> tuple[Column, ...]:
    """Every column with a header or anything in it, but those that a rejects file added."""
    added = added_by_rejects([each.header for each in guessed.columns])
    return tuple(
        Column(
            each.header,
            each.use.fact,
            each.use.unit,
            each.use.debt,
            each.sure,
            each.why,
            seen.values[each.header],
            None if each.shape is None else shapes.named(each.shape),
        )
        for each in guessed.columns
        if each.use.fact is not None or ((each.text.strip() or each.shape is not None) and each.header not in added)
    )
