"""Delimited text, .csv and .tsv: read as spreadsheets write it, quotes right or wrong."""

import csv
import re
from collections import deque
from collections.abc import Iterator
from functools import partial
from itertools import chain, islice, pairwise
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from forbear.intake.formats.format import Content, Format, encoded
from forbear.intake.formats.formula_injection import neutralise, restore
from forbear.intake.formats.table import Sheet, TableRow, open_table
from forbear.intake.formats.text_files import encoding_of, is_cut, open_text, skip_rest
from forbear.intake.source import (
    MAX_CELL,
    MAX_RECORD,
    TOO_LONG,
    IntakeError,
    SourceChoice,
    SourceFile,
    SourceRow,
    fit,
    is_blank,
)
from forbear.locale import said
from rules.facts.case_facts import FieldError

_SEPARATORS = ",;\t|^，；"
_SNIFFED_LINES = 20
_SNIFFED_CHARACTERS = 64 * 1024
# How far the end of a quoted cell is looked for. Each search in vain halves the lines, or a file of nothing but wrong
# quotes would be read 500 times over.
_MOST_OPEN_LINES, _LEAST_OPEN_LINES = 500, 32
_MAX_OPEN = 1024 * 1024  # characters
_SEPARATOR_LINE = re.compile(r"\"?sep=([^\w\s\"]|\t)\s*\"?\s*", re.IGNORECASE)  # Excel's own first line

# As spreadsheets write a quotation mark inside a cell, and as MySQL does.
_QUOTING: tuple[dict[str, Any], ...] = (
    {"skipinitialspace": True},
    {"skipinitialspace": True, "doublequote": False, "escapechar": "\\"},
)
_BLANKS = re.compile("[ \u3000]+")
_WIDE = 4  # columns from which on a line with as many cells is hardly prose
_DIGITS, _LETTERS = re.compile(r"\d+"), re.compile(r"[^\W\d_]+")
# A number parted by a comma as by a separator: 12,000.
_THOUSANDS = re.compile(r"\s*[-+]?\d{1,3}"), re.compile(r"\d{3}(\.\d+)?\s*")
_MYSQL_NULL = r"\N"
_QUOTES = FieldError.of("", said("row.quotes"))


class _DelimitedRecord(NamedTuple):
    cells: list[str]
    error: FieldError | None = None


class _Lines:
    """The lines of a file for csv.reader; those that a wrong quote has swallowed can be given back."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._returned: deque[str] = deque()
        self._patience = _MOST_OPEN_LINES
        self.taken: list[str] = []

    def first(self) -> str:
        """The first line of the next record, '' at the end of the file."""
        return self._returned.popleft() if self._returned else self._file.readline(MAX_RECORD)

    def record(self, line: str) -> Iterator[str]:
        """That first line again and, for as long as it is asked for more, the following ones."""
        self.taken, size = [], 0
        while line and not is_cut(line) and len(self.taken) < self._patience and size < _MAX_OPEN:
            self.taken.append(line)
            size += len(line)
            yield line
            line = self.first()
        self._patience = max(self._patience // 2, _LEAST_OPEN_LINES)
        if line:
            self._returned.appendleft(line)

    def give_back(self) -> None:
        """Return all lines of the record but its first."""
        self._returned.extendleft(reversed(self.taken[1:]))

    def skip_rest(self, line: str) -> None:
        """After a cut line: pass over what is left of it."""
        skip_rest(self._file, line)


def read(path: Path, choice: SourceChoice) -> SourceFile:
    """Open a .csv or .tsv file."""
    csv.field_size_limit(MAX_RECORD + _MAX_OPEN)  # ours is MAX_CELL, told by field; csv's would end the reading
    encoding = encoding_of(path)
    with open_text(path, encoding) as file:
        separator = _separator(path, file, choice)

    def rows(width: int | None) -> Iterator[TableRow]:
        with open_text(path, encoding) as file:
            for number, record in _records(file, separator, width):
                yield TableRow(number, list(record.cells), record.error)

    return open_table(path, Sheet(rows, fit=partial(_row, separator)), choice)


def _separator(path: Path, file: TextIO, choice: SourceChoice) -> str:
    """The separator of the header: the one that splits a line into most names of facts.

    Where no names are known, that of the first line that one splits into three, since a title may stand above it.
    """
    first = file.readline(_SNIFFED_CHARACTERS)
    if named := _SEPARATOR_LINE.fullmatch(first):
        return named[1]
    sample = [first, *islice(iter(lambda: file.readline(_SNIFFED_CHARACTERS), ""), _SNIFFED_LINES)]
    bare = [re.sub(r'"([^"]*)"?', _without_separators, line.rstrip("\r\n")) for line in sample]
    known = {each: max(choice.known(line.split(each)) for line in bare) for each in _SEPARATORS}
    best = max(_SEPARATORS, key=lambda each: known[each])
    if max(choice.known(_BLANKS.split(line)) for line in bare) > max(known[best], 1):
        raise IntakeError("file.blanks", name=path.name)
    if known[best] >= 2:
        return best
    for line in bare:
        best = max(_SEPARATORS, key=line.count)
        if line.count(best) >= 2:
            return best
    return max(_SEPARATORS, key="".join(bare).count)


def _without_separators(quoted: re.Match[str]) -> str:
    return re.sub(f"[{re.escape(_SEPARATORS)}]", "", quoted[1])


def _records(file: TextIO, separator: str, width: int | None = None) -> Iterator[tuple[int, _DelimitedRecord]]:
    lines = _Lines(file)
    number = 0
    while line := lines.first():
        if number == 0 and _SEPARATOR_LINE.fullmatch(line):
            continue
        number += 1
        yield number, _record(lines, line, separator, width)


def _record(lines: _Lines, line: str, separator: str, width: int | None) -> _DelimitedRecord:
    if is_cut(line):
        lines.skip_rest(line)
        return _DelimitedRecord(line[:MAX_CELL].split(separator), TOO_LONG)
    if '"' not in line:
        cells = line.rstrip("\r\n").split(separator)
        return _DelimitedRecord(_restored(cells) if "'" in line or "\\" in line else cells)
    for quoting in _QUOTING:
        record = lines.record(line)
        if "escapechar" in quoting:
            ends = f"[^{re.escape(separator)}"  # this way of quoting would make an N of it
            record = (re.sub(rf"(?<!{ends}])\\N(?!{ends}\r\n])", "", each) for each in record)
        try:
            cells = next(csv.reader(record, delimiter=separator, strict=True, **quoting))
        except csv.Error:
            lines.give_back()
            if '\\"' not in line:
                break
            continue
        if _swallowed(lines.taken[1:], cells, separator, width):
            lines.give_back()
            break
        return _DelimitedRecord(_restored(cells))
    return _DelimitedRecord(line.rstrip("\r\n").split(separator), _QUOTES)


def _restored(cells: list[str]) -> list[str]:
    return ["" if cell == _MYSQL_NULL else restore(cell) for cell in cells]


def _swallowed(later: list[str], cells: list[str], separator: str, width: int | None) -> bool:
    """Whether a quoted cell seems to have taken in whole rows: one of its own lines is a row by itself.

    It is where it begins as this row does, A2,45 below A1,30, or has as many cells and most of them filled. In the
    last line the quote ends: what stands behind it is the row's own, and prose with a comma and a blank is no row.
    """
    if not later or width is None:
        return False
    before = next((at for at, cell in enumerate(cells) if "\n" in cell or "\r" in cell), 0)
    for line in later:
        parts = line.split(separator)
        full = len(parts) == width
        both = min(before, len(parts) - 1)
        if (full or both > 1) and _alike(cells[:both], parts[:both]):
            return True
        if not full or width < _WIDE or sum(bool(part.strip()) for part in parts) * 2 <= width:
            continue
        ends_here = line.rstrip().endswith('"') and not all(part[:1].isspace() for part in parts[1:])
        if ends_here or line is not later[-1]:
            return True
    return False


def _alike(cells: list[str], others: list[str]) -> bool:
    """Whether two rows begin alike, blank cells aside, with a number somewhere."""
    pairs = [(_shape(one), _shape(other)) for one, other in zip(cells, others, strict=True)]
    filled = [pair for pair in pairs if all(pair)]
    return all(one == other for one, other in filled) and any("9" in one for one, _ in filled)


def _shape(cell: str) -> str:
    """What kind of text a cell is: FB-12 and FB-7 are A-9."""
    return _LETTERS.sub("A", _DIGITS.sub("9", cell.strip()))


def _row(separator: str, row: TableRow, width: int) -> SourceRow:
    number, cells, error = row[:3]
    if len(cells) > width and is_blank(cells[width:]) and not (separator == "," and _has_thousands(cells[:width])):
        del cells[width:]
    if len(cells) != width:
        error = error or _ragged(len(cells), width)
        cells = fit(cells, width, separator)
    return SourceRow(number, cells, error)


def _has_thousands(cells: list[object]) -> bool:
    """Whether two cells may be one number, by whose comma the row would have a cell too many."""
    first, rest = _THOUSANDS
    return any(first.fullmatch(str(one)) and rest.fullmatch(str(other)) for one, other in pairwise(cells))


def _ragged(found: int, width: int) -> FieldError:
    return FieldError.of("", said("row.ragged", found=found, width=width))


class _Line:
    """What csv.writer writes to: its writerow answers the line."""

    def write(self, line: str) -> str:
        return line


def write(separator: str, content: Content, _folder: Path) -> Iterator[bytes]:
    """With a byte order mark, by which a Chinese Excel knows UTF-8."""
    header, rows = content.table()
    # A column name with a separator in it would mislead whoever guesses the separator from the first line.
    quoted = any(mark in name for name in header for mark in _SEPARATORS)
    first = csv.writer(_Line(), delimiter=separator, quoting=csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL)
    others = csv.writer(_Line(), delimiter=separator)
    cells = ([neutralise(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    return encoded(chain(["\ufeff", first.writerow(map(neutralise, header))], map(others.writerow, cells)))


CSV = Format(
    suffix=".csv",
    also=(".txt",),
    packable=True,
    title=said("format.csv"),
    media_types=("text/csv",),
    read=read,
    write=partial(write, ","),
)
TSV = Format(
    suffix=".tsv",
    packable=True,
    title=said("format.tsv"),
    media_types=("text/tab-separated-values",),
    read=read,
    write=partial(write, "\t"),
)
