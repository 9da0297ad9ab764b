"""What every reader gives: a file's columns and a stream of its rows, or one sentence why not."""

import datetime as dt
import json
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from forbear.base.errors import ForbearError
from forbear.locale import said
from rules.facts.case_facts import FieldError
from rules.facts.notation.codes import UNREAD
from rules.facts.notation.garbled import is_garbled
from rules.locale import listed
from rules.pack.files.schema import Text

MAX_CELL = 32_767  # characters: what a spreadsheet cell can hold
MAX_RECORD = 8 * 1024 * 1024  # characters of one row, so that no row, however broken, fills the memory
MAX_COLUMNS = 1_000
TOO_LONG = FieldError.of("", said("row.too_long", most=MAX_RECORD))
MAX_SHEET_ROWS = 1_048_576  # what Excel, WPS and LibreOffice can hold
_EXACT = 1e15
_SHOWN = 40  # characters of a name that a sentence quotes


class IntakeError(ForbearError):
    """A file that cannot be read as cases at all, told in both languages."""

    def __init__(self, key: str, /, **values: object) -> None:
        self._tell(said(key, **values))

    @classmethod
    def of(cls, text: Text) -> "IntakeError":
        """The refusal that a sentence is."""
        error = cls.__new__(cls)
        error._tell(text)
        return error

    danger: Text | None = None  # that what was refused tells of danger to somebody: its sentence begins with it

    def say_first(self, danger: Text) -> None:
        """Put what cannot wait before the sentence; it stays the error that it is."""
        self._tell(Text(zh=f"{danger.zh}{self.zh}", en=f"{danger.en} {self.en}"))
        self.danger = danger

    def _tell(self, text: Text) -> None:
        super().__init__(text.en)
        self.en, self.zh = text.en, text.zh


class SeveralTablesError(IntakeError):
    """A file with more than one sheet or list of cases, and nothing says which is meant."""

    def __init__(self, path: Path, sheets: Sequence[str], key: str = "sheet.several") -> None:
        quoted = (said("notice.quoted", text=name) for name in sheets)
        super().__init__(key, name=path.name, sheets=listed(quoted), first=sheets[0])
        self.sheets = tuple(sheets)


def _nothing(_cells: Sequence[str]) -> int:
    return 0


@dataclass(frozen=True)
class SourceChoice:
    """What of a file is to be read where that is open, and how a header is told from a title or a row of values."""

    sheet: str | None = None
    header_row: int | None = None  # as the file counts its rows, from 1
    beside: str | None = None  # a sheet that is read too: it is not left out
    known: Callable[[Sequence[str]], int] = _nothing  # how many of the cells of a row name a fact


class SourceRow(NamedTuple):
    """One row as it came: its number (1-based, the header not counted), a cell per column, and what is wrong."""

    number: int
    cells: list[object]
    error: FieldError | None = None


class Unread(NamedTuple):
    """A cell whose value nobody can know, and the sentence why; the text stands for it where it is shown."""

    text: str
    why: Text


class Remark(NamedTuple):
    """What a file says beside its rows, and where."""

    place: Text
    text: str


@dataclass(frozen=True)
class SourceFile:
    """A file ready to be read; iterating reads it from the start, row by row."""

    path: Path
    columns: list[str]
    read_rows: Callable[[], Iterator[SourceRow]]
    sheet: str | None = None
    header_row: int = 0  # of the file or sheet, from 1; `header_row + number` is where a row stands in it
    titles: tuple[str, ...] = ()  # what stands above the header, cell by cell
    groups: tuple[
        str, ...
    ] = ()  # of each column, what a second row above the header calls it; empty where there is none
    below: tuple[tuple[str, ...], ...] = ()  # of each column, cells below the header that may say its unit
    told: Callable[[], Iterable[Text]] = tuple
    sheets: tuple[str, ...] = ()  # those that may be chosen
    left_out: Callable[[], Iterable[SourceRow]] = tuple  # rows that came into no row, once all were read
    aside: tuple[str, ...] = ()  # what stands elsewhere, and may be said of the table or of something else
    unread: Callable[[], Iterable[Remark]] = tuple  # words in what is not read
    covered: tuple[int, ...] = ()  # columns over which the name of the one before them is merged
    has_lines: bool = True  # whether a row may be a line that is no case and says a unit

    def __iter__(self) -> Iterator[SourceRow]:
        try:
            yield from self.read_rows()
        except (OSError, UnicodeDecodeError) as error:  # what it held when it was opened was readable
            raise IntakeError("file.changed", path=self.path) from error

    @property
    def remarks(self) -> Iterator[Remark]:
        """All that is said beside the rows: it becomes part of no case."""
        yield Remark(said("place.file_name"), self.path.stem)
        for name in dict.fromkeys(filter(None, (self.sheet, *self.sheets))):
            yield Remark(said("place.sheet_name", sheet=name), name)
        around = (*self.titles, *self.groups, *(text for cells in self.below for text in cells), *self.aside)
        for text in dict.fromkeys(around):
            yield Remark(said("place.around"), text)
        yield from self.unread()

    @property
    def notices(self) -> tuple[Text, ...]:
        """What was left out or adjusted, in sentences; what only the rows show is counted while they are read."""
        return tuple(self.told())


def is_unread(cell: object) -> bool:
    """Whether nobody can know the value of a cell, be it in a rejects file that comes again."""
    return type(cell) is Unread or (type(cell) is str and cell.startswith(UNREAD))


def as_text(cell: object) -> str:
    """A cell as the text a person would have typed."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, Unread):
        return cell.text
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return number_text(cell)
    if isinstance(cell, Decimal):
        return f"{cell:f}"
    if isinstance(cell, dt.datetime):
        return str(plain_date(cell))
    if isinstance(cell, list | tuple):
        return ";".join(as_text(item) for item in cell)
    if isinstance(cell, dict):
        return json.dumps(cell, ensure_ascii=False, default=as_text)
    return str(cell)


def plain_date(value: dt.datetime) -> dt.date:
    """A date without its empty time of day."""
    return value.date() if value.time() == dt.time.min else value


def number_text(value: float) -> str:
    """A number as a spreadsheet shows it: 15 digits, so no binary noise, and no '.0'."""
    text = f"{value:.15g}"
    return f"{Decimal(text):f}" if "e" in text else text


def number_cell(value: float) -> int | float:
    """A whole number without its '.0', unless it has more digits than a float keeps (the parser refuses that)."""
    return int(value) if value.is_integer() and abs(value) < _EXACT else value


def fit(cells: list[object], width: int, separator: str) -> list[object]:
    """As many cells as there are columns, nothing lost: cells too many are joined into the last column."""
    if len(cells) > width:
        rest = separator.join(as_text(cell) for cell in cells[width - 1 :])
        return [*cells[: width - 1], rest]
    return cells + [""] * (width - len(cells))


def distinct(columns: Iterable[str]) -> list[str]:
    """The columns with no two alike and none without a name, as keys of an object must be."""
    names: list[str] = []
    taken = set()
    for number, column in enumerate(columns, 1):
        name, count = column or f"column {number}", 1
        while name in taken:
            count += 1
            name = f"{column} ({count})"
        taken.add(name)
        names.append(name)
    return names


def is_blank(cells: Iterable[object]) -> bool:
    """Whether no cell holds anything."""
    return not any(cell is not None and (not isinstance(cell, str) or cell.strip()) for cell in cells)


def empty(path: Path) -> IntakeError:
    """Nothing is in a file."""
    return IntakeError("file.empty", name=path.name)


def empty_workbook(path: Path) -> IntakeError:
    """No visible sheet of a workbook has anything in it."""
    return IntakeError("workbook.empty", name=path.name)


def check_columns(path: Path, columns: list[str]) -> list[str]:
    """The columns, refused if they cannot be the columns of a list of cases."""
    if len(columns) > MAX_COLUMNS:
        raise IntakeError("header.too_many", name=path.name, count=len(columns), most=MAX_COLUMNS)
    if any(len(name) > MAX_CELL or _is_binary(name) for name in columns):
        raise IntakeError("header.none", name=path.name)
    if (garbled := next(filter(is_garbled, columns), None)) is not None:
        raise IntakeError("header.garbled", name=path.name, column=garbled.strip()[:_SHOWN])
    return columns


def _is_binary(text: str) -> bool:
    """Control characters and halves of characters: no header has them (line breaks and tabs aside)."""
    return any(unicodedata.category(char) in ("Cc", "Cs") and char not in "\r\n\t" for char in text)
