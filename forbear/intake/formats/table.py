"""A table in a sheet or a text file: where its header is, and which of its rows are no cases."""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice, zip_longest
from pathlib import Path
from typing import NamedTuple

from forbear.intake.formats.repeated_header import same_order
from forbear.intake.headers import says_unit
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
_SURE = 2  # names of facts by which a row is known for a header
_SHOWN = 5  # row numbers that a notice names
_MOST_ROWS_OF_GROUPS = 2
_LONGEST_UNIT = 60  # letters of a cell that is a unit and nothing else
_SECOND_HEADER = 3  # rows below the header in which it may stand again, in another language

_SIDE_NOTE = FieldError.of("", said("row.side_note"))
_REFUSED = {
    name: FieldError.of("", said(f"row.{name}"))
    for name in ("total", "footer", "example", "instruction", "repeated_header")
}
_OTHER_ORDER = FieldError.of("", said("row.other_order"))
_SAYS_UNITS = (_REFUSED["instruction"], _REFUSED["repeated_header"])  # rows that belong to the header
_FIGURE, _GAPS, _COLON = re.compile(r"\d"), re.compile(r"\s+"), re.compile("[:：]")
_BRACKETS = "()[]【】"  # after NFKC
_WORDS = word_lists("tables")
_TOTALS, _UNITS = frozenset[str](_WORDS["total"]), frozenset[str](_WORDS["unit"])
_ANOTHERS = re.compile("|".join(map(re.escape, _WORDS["another"])))
_FOOTERS, _INSTRUCTIONS = tuple[str, ...](_WORDS["footer"]), tuple[str, ...](_WORDS["instruction"])
_EXAMPLE = re.compile(rf"({'|'.join(map(re.escape, _WORDS['example']))})\d*")
COMMENTS: str = _WORDS["comments"]  # the column in which comments on cells are read
_MOST_OF_FOOTER = 3  # filled cells
_LONGEST_LABEL = 16  # characters


class TableRow(NamedTuple):
    """A row as its sheet has it: numbered from 1 as people see it, what is wrong with it, and how it came about."""

    number: int
    cells: list[object]
    error: FieldError | None = None
    hidden: bool = False
    filled_down: tuple[int, ...] = ()  # the positions of cells that a merged one covers
    comment: str = ""  # what hangs on its cells


@dataclass(frozen=True)
class Sheet:
    """One table of a file; its rows can be asked for again and again, by how many columns it has if that is known."""

    rows: Callable[[int | None], Iterator[TableRow]]
    name: str | None = None
    shown: bool = True
    hidden_columns: Callable[[], Iterable[int]] = tuple
    fit: Callable[[TableRow, int], SourceRow] | None = None  # a row in as many cells as there are columns
    commented: bool = False  # comments hang on its cells: they are read as a column


@dataclass(frozen=True)
class Header:
    """The header of a table: its row, its columns, how many of them name a fact, and what stands above."""

    row: int
    columns: list[str]
    known: int
    titles: tuple[str, ...]
    groups: tuple[str, ...]
    below: tuple[tuple[str, ...], ...]  # of each column, cells below that may say its unit
    followed: bool  # by a row with anything in it


class _FilledLine(NamedTuple):
    number: int
    texts: list[str]


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
    if tried[at].known < _SURE:
        at = _first_full(lines)
    with_units = at + 1 < len(tried) and _is_units(lines[at + 1]) and lines[at + 1].number == lines[at].number + 1
    return _with_below(tried[at + 1] if with_units else tried[at], lines, choice)


def _chosen_header(path: Path, rows: Iterable[TableRow], choice: SourceChoice, chosen: int) -> Header:
    lines: list[_FilledLine] = []
    for row in _filled_rows(rows):
        lines.append(_line(row))
        if row.number > chosen + _SECOND_HEADER:
            break
        del lines[: -FIRST_ROWS - _SECOND_HEADER]
    at = next((at for at, line in enumerate(lines) if line.number == chosen), None)
    if at is None:
        raise IntakeError("header.row_empty", name=path.name, row=chosen)
    return _with_below(_header(path, lines, at, choice), lines, choice)


def _with_below(header: Header, lines: Sequence[_FilledLine], choice: SourceChoice) -> Header:
    """The header with what the rows below it say of units: a second header, what to fill in, words without a figure."""
    titles, below = list(header.titles), [list[str]() for _ in header.columns]
    for number, texts in lines:
        if not header.row < number <= header.row + _SECOND_HEADER:
            continue
        filled = [text for text in texts if text.strip()]
        row = TableRow(number, list[object](texts))
        dropped = _no_case(row, header.columns, header.row, choice) in _SAYS_UNITS
        said_there = [text if (dropped or not _FIGURE.search(text)) and says_unit(text) else "" for text in texts]
        if len(filled) == 1 and not any(said_there[1 : len(header.columns) - 1]):
            titles.extend(filter(None, said_there))
            continue
        for cells, text in zip(below, said_there, strict=False):
            if text:
                cells.append(text.strip())
    return replace(header, titles=tuple(titles), below=tuple(map(tuple, below)))


def _filled_rows(rows: Iterable[TableRow]) -> Iterator[TableRow]:
    return (row for row in rows if not is_blank(row.cells))


def _line(row: TableRow) -> _FilledLine:
    return _FilledLine(row.number, [as_text(cell)[: MAX_CELL + 1] for cell in row.cells])


def _header(path: Path, lines: Sequence[_FilledLine], at: int, choice: SourceChoice) -> Header:
    """The header if this line is it: alone, or with the names that only the row above has."""
    number, columns = lines[at]
    above = lines[at - 1].texts if at and lines[at - 1].number == number - 1 else []
    if above and _is_units(lines[at]):
        named = _header(path, lines, at - 1, choice)
        columns = [_with_unit(name, unit) for name, unit in zip_longest(named.columns, columns, fillvalue="")]
        return replace(named, row=number, columns=columns, followed=at + 1 < len(lines))
    known, upper = choice.known(columns), _rows_of_groups(lines, at)
    groups = _groups(upper, len(columns))
    if upper:
        both = [lower if lower.strip() else over for lower, over in zip_longest(columns, above, fillvalue="")]
        if (known_of_both := choice.known(both)) > known:
            columns, known = both, known_of_both
        columns = _told_apart(columns, groups)
    elif sum(_is_unit(_word(text)) for text in above) > 1 and not any(map(_COLON.search, above)):
        columns, upper = [_with_unit(name, unit) for name, unit in zip_longest(columns, above, fillvalue="")], [above]
    while columns and not columns[-1].strip():
        columns.pop()
    titles = lines[: at - len(upper)]
    return Header(
        number,
        columns,
        known,
        tuple(text.strip() for line in titles for text in dict.fromkeys(line.texts) if text.strip()),
        groups[: len(columns)],
        (),
        followed=at + 1 < len(lines),
    )


def _is_units(line: _FilledLine) -> bool:
    """Whether a row has nothing but units: 万元, 天, %, and words that say nothing. They belong to the names above."""
    filled = [word for text in line.texts if (word := _word(text)).strip("-—–/\\")]
    if not any(map(_is_unit, filled)) or (len(filled) == 1 and _COLON.search(filled[0])):
        return False
    return all(_is_unit(word) or (not _FIGURE.search(word) and read_marks(word) is not None) for word in filled)


def _is_unit(word: str) -> bool:
    """Whether a cell is a unit and nothing else."""
    return word in _UNITS or (
        len(word) <= _LONGEST_UNIT and not _FIGURE.search(word) and says_unit(word) and read_marks(word) is not None
    )


def _with_unit(name: str, unit: str) -> str:
    return f"{name.strip()}({unit.strip().strip('()（）')})" if _is_unit(_word(unit)) else name


def _word(text: str) -> str:
    """A cell as the words of tables are compared: no blanks, brackets around it, width or case."""
    return _GAPS.sub("", unicodedata.normalize("NFKC", text).casefold()).strip(_BRACKETS)


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
    if any(_COLON.search(text[:-1]) or _is_unit(_word(text)) for _, text in filled):
        return False
    if any(_COLON.search(text) and not _ANOTHERS.search(_word(text)) for _, text in filled):
        return False
    return len(filled) >= 2 or any(at > 0 and _ANOTHERS.search(_word(text)) for at, text in filled)


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
        return named and (times[name.strip()] > 1 or _ANOTHERS.search(_word(group)) is not None)

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
    seen = _Seen(columns)

    def rows() -> Iterator[SourceRow]:
        seen.start()
        other_order = False
        for row in sheet.rows(len(columns)):
            if row.number <= header.row or (row.error is None and is_blank(row.cells)):
                continue
            seen.count(row)
            found = (sheet.fit or sheet_row)(row, len(columns))
            error = found.error or _no_case(row, columns, header.row, choice)
            if error is _REFUSED["repeated_header"]:
                other_order = not same_order(
                    row.cells, header.columns, header.groups, choice, strictly=row.number > header.row + _SECOND_HEADER
                )
            elif other_order and error is None:
                error = _OTHER_ORDER
            cells = [*found.cells, row.comment] if sheet.commented else found.cells
            yield SourceRow(row.number - header.row, cells, error)

    def told() -> Iterator[Text]:
        if header.row > 1:
            yield said("notice.header_row", row=header.row)
        hidden = [columns[at].strip() for at in sorted(sheet.hidden_columns()) if at < len(columns)]
        if named := [said("notice.quoted", text=name) for name in hidden if name]:
            yield said("notice.hidden_columns", n=len(named), columns=listed(named))
        yield from seen.told()

    names = [*columns, COMMENTS] if sheet.commented else columns
    return SourceFile(path, names, rows, sheet.name, header.row, header.titles, header.groups, header.below, told)


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


def _no_case(row: TableRow, columns: Sequence[str], header: int, choice: SourceChoice) -> FieldError | None:
    """What a row is instead of a case: a total, signatures, an example, what to fill in, or the header once more."""
    position = next((at for at, cell in enumerate(row.cells) if not is_blank([cell])), 0)
    first = row.cells[position]
    if not isinstance(first, str) or len(first) > MAX_CELL:
        return None
    near = row.number <= header + _SECOND_HEADER
    again = position < len(columns) and first.strip() == columns[position].strip()
    if near or again or all(cell is None or (isinstance(cell, str) and not _FIGURE.search(cell)) for cell in row.cells):
        texts = [as_text(cell).strip() for cell in row.cells if not is_blank([cell])]
        half = max(_SURE, (len(texts) + 1) // 2)
        names = {name.strip() for name in columns}
        if max(sum(text in names for text in texts), choice.known(texts)) >= half:
            return _REFUSED["repeated_header"]
        if near and sum(_word(text).startswith(_INSTRUCTIONS) for text in texts) >= half:
            return _REFUSED["instruction"]
    label, *rest = _COLON.split(first, maxsplit=1)
    word = _word(label) if len(label) <= _LONGEST_LABEL else ""
    if word in _TOTALS:
        return _REFUSED["total"]
    if _EXAMPLE.fullmatch(word):
        return _REFUSED["example"]
    if not rest or not word.startswith(_FOOTERS):
        return None
    few = sum(not is_blank([cell]) for cell in row.cells) <= _MOST_OF_FOOTER < len(columns)
    return _REFUSED["footer"] if few else None


class _Seen:
    """What was met in the rows that were read, counted anew each time."""

    def __init__(self, columns: Sequence[str]) -> None:
        self._columns = columns
        self._nameless = [at for at, name in enumerate(columns) if not name.strip()]
        self.start()

    def start(self) -> None:
        """Forget what an earlier reading counted."""
        self._hidden, self._first_hidden = 0, list[int]()
        self._filled, self._unnamed = Counter[int](), Counter[int]()

    def count(self, row: TableRow) -> None:
        """Take note of one row."""
        if row.hidden:
            self._hidden += 1
            if len(self._first_hidden) < _SHOWN:
                self._first_hidden.append(row.number)
        for at in row.filled_down:
            self._filled[at] += 1
        for at in self._nameless:
            if at < len(row.cells) and not is_blank([row.cells[at]]):
                self._unnamed[at] += 1

    def told(self) -> Iterator[Text]:
        """What people should know of it."""
        if self._hidden:
            rows = ", ".join(map(str, self._first_hidden)) + ("…" if self._hidden > len(self._first_hidden) else "")
            yield said("notice.hidden_rows", n=self._hidden, rows=rows)
        for at, count in sorted(self._filled.items()):
            name = self._columns[at].strip() if at < len(self._columns) else ""
            yield said("notice.filled_down", n=count, column=name or letter(at))
        for at, count in sorted(self._unnamed.items()):
            yield said("notice.nameless_column", n=count, column=letter(at))


def letter(position: int) -> str:
    """The letters by which a sheet calls a column: A, …, Z, AA, …"""
    letters = ""
    position += 1
    while position:
        position, rest = divmod(position - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
