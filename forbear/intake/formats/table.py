"""A table in a sheet or a text file: where its header is, and which of its rows are no cases."""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice, zip_longest
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from forbear.intake.formats.tables.commented import with_comments
from forbear.intake.formats.tables.no_cases import COLON, FIGURE, REFUSED, SECOND_HEADER, SURE, no_case, plain_word
from forbear.intake.formats.tables.repeated_header import same_order
from forbear.intake.formats.tables.seen_rows import SeenRows
from forbear.intake.headers import bare, is_unit, says_unit, states_unit
from forbear.intake.source import (
    MAX_CELL,
    MAX_RECORD,
    TOO_LONG,
    IntakeError,
    SourceChoice,
    SourceFile,
    SourceRow,
    as_text,
    check_columns,
    empty,
    fit,
    is_blank,
)
from forbear.locale import said
from rules.facts.case_facts import FieldError
from rules.facts.notation.units import read_marks
from rules.locale import listed
from rules.locale.word_lists import word_lists
from rules.pack.files.schema import Text

FIRST_ROWS = 20  # filled ones, among which the header is looked for
_MOST_ROWS_OF_GROUPS = 2
_LONGEST_UNIT = 60  # letters of a cell that is a unit and nothing else

_WORD = re.compile(r"[^\W\d_]|'")
_SIDE_NOTE = FieldError.of("", said("row.side_note"))
_OTHER_ORDER = FieldError.of("", said("row.other_order"))
_SAYS_UNITS = (REFUSED["instruction"], REFUSED["repeated_header"])  # rows that belong to the header
_WORDS = word_lists("tables")
_UNITS = frozenset[str](_WORDS["unit"])
_ANOTHERS = re.compile("|".join(map(re.escape, _WORDS["another"])))
COMMENTS: str = _WORDS["comments"]  # the column in which comments on cells are read


class TableRow(NamedTuple):
    """A row as its sheet has it: numbered from 1 as people see it, what is wrong with it, and how it came about."""

    number: int
    cells: list[object]
    error: FieldError | None = None
    hidden: bool = False
    filled_down: tuple[int, ...] = ()  # the positions of cells that a merged one covers
    comments: Mapping[int, str] = MappingProxyType({})  # what hangs on its cells, by their positions
    across: Sequence[tuple[int, int]] = ()  # the first and the last of cells that are merged sideways
    unseen: Sequence[int] = ()  # the positions of cells of which nothing is shown


def nothing_said(_at: int) -> tuple[str, ...]:
    """Of no column."""
    return ()


@dataclass(frozen=True)
class Sheet:
    """One table of a file; its rows can be asked for again and again, by how many columns it has if that is known."""

    rows: Callable[[int | None], Iterator[TableRow]]
    name: str | None = None
    shown: bool = True
    hidden_columns: Callable[[], Iterable[int]] = tuple
    fit: Callable[[TableRow, int], SourceRow] | None = None  # a row in as many cells as there are columns
    commented: bool = False  # comments hang on its cells: they are read as a column
    page: Sequence[str] = ()  # what is printed above and below each page, and stands in text boxes
    prompts: Callable[[int], Sequence[str]] = nothing_said  # of a column by its position, how it is to be filled in


@dataclass(frozen=True)
class Header:
    """The header of a table: its row, its columns, how many of them name a fact, and what stands above."""

    row: int
    columns: list[str]
    known: int
    titles: tuple[str, ...]
    groups: tuple[str, ...]
    below: tuple[tuple[str, ...], ...]  # of each column, cells below and comments that may say its unit
    followed: bool  # by a row with anything in it
    aside: tuple[str, ...] = ()  # comments on what stands above
    units_apart: bool = False  # they stand in a row of their own
    first: int = 1  # the uppermost row of names and groups
    covered: tuple[int, ...] = ()  # columns over which the name of the one before them is merged


class _FilledLine(NamedTuple):
    number: int
    texts: list[str]
    comments: Mapping[int, str] = MappingProxyType({})
    across: Sequence[tuple[int, int]] = ()


def find_header(path: Path, rows: Iterable[TableRow], choice: SourceChoice) -> Header | None:
    """The header: the row that was chosen, else that of the first filled ones that names most facts.

    Where none names two, it is the first row that is no title, as far as that can be told from how full it is. None
    where there are no rows.
    """
    if choice.header_row is not None:
        return _chosen_header(path, rows, choice, choice.header_row)
    lines = [_line(row) for row in islice(_filled_rows(rows), FIRST_ROWS + 1)]
    if not lines:
        return None
    tried = [_header(path, lines, at, choice) for at in range(min(len(lines), FIRST_ROWS))]
    at = max(range(len(tried)), key=lambda each: tried[each].known)  # the first of equals
    at = _first_full(lines) if tried[at].known < SURE else _first_table(lines, tried, at)
    with_units = at + 1 < len(tried) and _is_units(lines[at + 1]) and lines[at + 1].number == lines[at].number + 1
    return _with_below(tried[at + 1] if with_units else tried[at], lines, choice)


def _first_table(lines: Sequence[_FilledLine], tried: Sequence[Header], best: int) -> int:
    """Where the best header is that of a second table, the place of the first one: below it stand rows with figures."""
    for at in range(best):
        if tried[at].known >= SURE and tried[best].known <= 2 * tried[at].known:
            rows = ([text for text in line.texts if text.strip()] for line in lines[at + 1 : best])
            if any(len(filled) > SURE and any(map(FIGURE.search, filled)) for filled in rows):
                return at
    return best


def _chosen_header(path: Path, rows: Iterable[TableRow], choice: SourceChoice, chosen: int) -> Header:
    lines: list[_FilledLine] = []
    for row in _filled_rows(rows):
        lines.append(_line(row))
        if row.number > chosen + SECOND_HEADER:
            break
        del lines[: -FIRST_ROWS - SECOND_HEADER]
    at = next((at for at, line in enumerate(lines) if line.number == chosen), None)
    if at is None:
        raise IntakeError("header.row_empty", name=path.name, row=chosen)
    return _with_below(_header(path, lines, at, choice), lines, choice)


def _with_below(header: Header, lines: Sequence[_FilledLine], choice: SourceChoice) -> Header:
    """The header with what the rows below it say of units: a second header, what to fill in, words without a figure."""
    titles, below = list(header.titles), [list[str]() for _ in header.columns]
    for number, texts, comments, _ in lines:
        if header.first <= number <= header.row:
            for at, comment in comments.items():
                if at < len(below):
                    below[at].append(comment)
        if not header.row < number <= header.row + SECOND_HEADER:
            continue
        filled = [text for text in texts if text.strip()]
        why_not = no_case(number, texts, header.columns, header.row, choice)
        dropped = why_not in _SAYS_UNITS
        if why_not is None and len(filled) > 1 and any(map(_has_figure, filled)):
            break  # a case: what stands below it may be said of other rows
        said_there = [text if (dropped or not _has_figure(text)) and says_unit(text) else "" for text in texts]
        if len(filled) == 1 and not any(said_there[1 : len(header.columns) - 1]):
            titles.extend(filter(None, said_there))
            continue
        for cells, text in zip(below, said_there, strict=False):
            if text:
                cells.append(text.strip())
    return replace(header, titles=tuple(titles), below=tuple(map(tuple, below)))


def _has_figure(text: str) -> bool:
    """Whether a cell has a figure that is none of a unit: (CNY '000) has none."""
    return FIGURE.search(text) is not None and not (_WORD.search(text) and is_unit(text))


def _filled_rows(rows: Iterable[TableRow]) -> Iterator[TableRow]:
    return (row for row in rows if not is_blank(row.cells))


def _line(row: TableRow) -> _FilledLine:
    return _FilledLine(row.number, [as_text(cell)[: MAX_CELL + 1] for cell in row.cells], row.comments, row.across)


def _header(path: Path, lines: Sequence[_FilledLine], at: int, choice: SourceChoice) -> Header:
    """The header if this line is it: alone, or with the names that only the row above has."""
    number, columns = lines[at][:2]
    above = lines[at - 1].texts if at and lines[at - 1].number == number - 1 else []
    if above and _is_units(lines[at]):
        named = _header(path, lines, at - 1, choice)
        columns = [_with_unit(name, unit) for name, unit in zip_longest(named.columns, columns, fillvalue="")]
        return replace(named, row=number, columns=columns, followed=at + 1 < len(lines), units_apart=True)
    known, upper, units_apart = choice.known(columns), _rows_of_groups(lines, at), False
    groups = _groups(upper, len(columns))
    if upper:
        both = [lower if lower.strip() else over for lower, over in zip_longest(columns, above, fillvalue="")]
        if (known_of_both := choice.known(both)) > known:
            columns, known = both, known_of_both
        columns = _told_apart(columns, groups)
    elif sum(_is_unit(plain_word(text)) for text in above) > 1 and not any(map(COLON.search, above)):
        columns = [_with_unit(name, unit) for name, unit in zip_longest(columns, above, fillvalue="")]
        upper, units_apart = [above], True
    while columns and not columns[-1].strip():
        columns.pop()
    titles = lines[: at - len(upper)]
    texts = tuple(text.strip() for line in titles for text in dict.fromkeys(line.texts) if text.strip())
    comments = [text for line in titles for text in line.comments.values()]
    stated = tuple(text for text in comments if states_unit(text))
    return Header(
        number,
        columns,
        known,
        (*texts, *stated),
        groups[: len(columns)],
        (),
        followed=at + 1 < len(lines),
        aside=tuple(text for text in comments if text not in stated),
        units_apart=units_apart,
        first=lines[at - len(upper)].number,
        covered=tuple(place for first, last in lines[at].across for place in range(first + 1, last + 1)),
    )


def _is_units(line: _FilledLine) -> bool:
    """Whether a row has nothing but units: 万元, 天, %, and words that say nothing. They belong to the names above."""
    filled = [word for text in line.texts if (word := plain_word(text)).strip("-—–/\\")]
    if not any(map(_is_unit, filled)) or (len(filled) == 1 and COLON.search(filled[0])):
        return False
    return all(_is_unit(word) or (not FIGURE.search(word) and read_marks(word) is not None) for word in filled)


def _is_unit(word: str) -> bool:
    """Whether a cell is a unit and nothing else."""
    return word in _UNITS or (
        len(word) <= _LONGEST_UNIT and not FIGURE.search(word) and says_unit(word) and read_marks(word) is not None
    )


def _with_unit(name: str, unit: str) -> str:
    return f"{name.strip()}({unit.strip().strip('()（）')})" if _is_unit(plain_word(unit)) else name


def _rows_of_groups(lines: Sequence[_FilledLine], at: int) -> list[list[str]]:
    """The rows right above the names that name groups of columns, the upper first."""
    found: list[list[str]] = []
    for back in range(1, min(at, _MOST_ROWS_OF_GROUPS) + 1):
        line = lines[at - back]
        if line.number != lines[at].number - back or not _is_second_row(line.texts):
            break
        found.insert(0, line.texts)
    return found


def _is_second_row(above: Sequence[str]) -> bool:
    """Whether a row above the names has names of its own, of groups of columns.

    A title stands alone at the left or in brackets, has a colon inside, or is nothing but a unit.
    """
    filled = [(at, text.strip()) for at, text in enumerate(above) if text.strip()]
    units = [text for _, text in filled if _is_unit(plain_word(text))]
    if any(COLON.search(text[:-1]) for _, text in filled) or (units and not _names_groups(units, len(filled))):
        return False
    if any(COLON.search(text) and not _ANOTHERS.search(plain_word(text)) for _, text in filled):
        return False
    return len(filled) >= 2 or any(at > 0 and _ANOTHERS.search(plain_word(text)) for at, text in filled)


def _names_groups(units: Sequence[str], filled: int) -> bool:
    """Whether units in a row above the names are those of groups: 金额（万元） among other groups, or several units."""
    plain = [unicodedata.normalize("NFKC", text) for text in units]
    named = all(bare(text).strip() not in ("", text) for text in plain)
    return named and (len(set(plain)) > 1 or filled > len(units) + 1)


def _groups(rows: Sequence[Sequence[str]], width: int) -> tuple[str, ...]:
    """The group of each column: a name counts until the next one; of two rows of groups both count."""
    spread = [_spread(row, width) for row in rows]
    return tuple(" ".join(dict.fromkeys(name for name in names if name)) for names in zip(*spread, strict=True))


def _spread(above: Sequence[str], width: int) -> list[str]:
    groups, current = [], ""
    for at in range(width):
        current = above[at].strip() if at < len(above) and above[at].strip() else current
        groups.append(current)
    return groups


def _told_apart(columns: list[str], groups: Sequence[str]) -> list[str]:
    """The columns; those of one name by the group that each is in, and those in a group of somebody else by it."""
    times = Counter(name.strip() for name in columns)

    def apart(name: str, group: str) -> bool:
        named = bool(group) and bool(name.strip()) and group != name.strip()
        return named and (times[name.strip()] > 1 or _ANOTHERS.search(plain_word(group)) is not None)

    pairs = zip_longest(columns, groups, fillvalue="")
    return [f"{group.rstrip(':：')} {name}" if apart(name, group) else name for name, group in pairs]


def _first_full(lines: Sequence[_FilledLine]) -> int:
    """The first line that is no title: with three filled cells, or with two and nothing above."""
    for at, line in enumerate(lines[:FIRST_ROWS]):
        filled = sum(bool(text.strip()) for text in line.texts)
        if filled >= 3 or (at == 0 and filled == 2):
            return at
    return 0


def open_table(path: Path, sheet: Sheet, choice: SourceChoice, found: Header | None = None) -> SourceFile:
    """The rows below the header of one sheet, each told apart from totals, footers and the header once more."""
    header = found or find_header(path, sheet.rows(None), choice)
    if header is None:
        raise empty(path)
    columns = check_columns(path, header.columns)
    seen = SeenRows(columns)

    def rows() -> Iterator[SourceRow]:
        seen.start()
        order = _HeaderOrder(header, choice)
        for row in sheet.rows(len(columns)):
            if row.number <= header.row or (row.error is None and is_blank(row.cells)):
                continue
            seen.count(row)
            found = (sheet.fit or sheet_row)(row, len(columns))
            error = order.heeded(row, found.error or no_case(row.number, row.cells, columns, header.row, choice))
            if error is None and row.across:
                seen.count_across(row)
            cells = with_comments(row.comments, found.cells) if sheet.commented else found.cells
            yield SourceRow(row.number - header.row, cells, error)

    def told() -> Iterator[Text]:
        if header.row > 1:
            yield said("notice.header_row", row=header.row)
        hidden = [columns[at].strip() for at in sorted(sheet.hidden_columns()) if at < len(columns)]
        if named := [said("notice.quoted", text=name) for name in hidden if name]:
            yield said("notice.hidden_columns", n=len(named), columns=listed(named))
        yield from seen.told()

    names = [*columns, COMMENTS] if sheet.commented else columns
    stated = tuple(text for text in sheet.page if states_unit(text))
    aside = (*header.aside, *(text for text in sheet.page if text not in stated))
    return SourceFile(
        path,
        names,
        rows,
        sheet.name,
        header.row,
        (*header.titles, *stated),
        header.groups,
        tuple((*cells, *sheet.prompts(at)) for at, cells in enumerate(header.below)),
        told,
        aside=aside,
        covered=header.covered,
    )


class _HeaderOrder:
    """Whether the last header that was met has the columns where the first has them."""

    def __init__(self, header: Header, choice: SourceChoice) -> None:
        self._header, self._choice = header, choice
        self._is_other = self._met_case = False

    def heeded(self, row: TableRow, error: FieldError | None) -> FieldError | None:
        """What is wrong with a row; below a header of another order nobody knows what its cells are."""
        if error is REFUSED["repeated_header"]:
            header = self._header
            strictly = self._met_case or row.number > header.row + SECOND_HEADER
            self._is_other = not same_order(
                row.cells,
                header.columns,
                header.groups,
                self._choice,
                strictly=strictly,
                units_apart=header.units_apart,
            )
        self._met_case = self._met_case or error is None
        return _OTHER_ORDER if error is None and self._is_other else error


def sheet_row(row: TableRow, width: int) -> SourceRow:
    """A row of a sheet, in as many cells as there are columns; nothing beside the table is lost in silence."""
    number, cells, error = row[:3]
    if sum(len(cell) for cell in cells if isinstance(cell, str)) > MAX_RECORD:
        cut = [cell[:MAX_CELL] if isinstance(cell, str) else cell for cell in cells[:width]]
        return SourceRow(number, fit(cut, width, " "), TOO_LONG)
    if len(cells) > width:
        if is_blank(cells[width:]):
            cells = cells[:width]
        else:
            error = _SIDE_NOTE
    return SourceRow(number, fit(cells, width, " "), error)
