"""Reads .xlsx: the first visible sheet with anything in it, row by row."""

import datetime as dt
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.parsers import expat
from zipfile import BadZipFile, ZipFile

from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900, from_excel

from forbear.intake.formulas import restore
from forbear.intake.source import (
    MAX_RECORD,
    TOO_LONG,
    IntakeError,
    Row,
    Source,
    find_header,
    fit,
    is_blank,
    number_cell,
    number_text,
    plain_date,
)
from forbear.intake.workbook import DamagedError, Workbook, open_workbook, parse, unescape
from rules.facts import FieldError

_OLE = b"\xd0\xcf\x11\xe0"
_MAX_ROWS, _MAX_COLUMNS = 1_048_576, 16_384  # of a sheet, by the format
# Honest sheets shrink 5 to 50 times; deflate cannot do more than 1,032 times, which is what bombs are made of.
_MAX_RATIO, _SMALL = 200, 16 * 1024 * 1024
_MAX_UNPACKED = 8 * 1024**3
_MAX_PARTS = 10_000
_MAX_STRINGS = 2 * 1024**3
_TEXTS = frozenset(("v", "f", "t"))  # value, formula, text written in place
_REFERENCE = re.compile(r"([A-Z]{1,3})([1-9][0-9]*)")
_BROKEN = (
    DamagedError, BadZipFile, expat.ExpatError, zlib.error, EOFError, KeyError, ValueError, OverflowError,
    NotImplementedError, RuntimeError, OSError,
)  # fmt: skip
_SIDE_NOTE = FieldError(
    "",
    "这一行在最后一个列标题右边还有内容，请为该列加上标题，或删去这些内容。",
    "This row has something right of the last column header: give that column a header or clear the cell.",
)


def read(path: Path) -> Source:
    """Open an .xlsx file."""
    with _opened(path) as archive:
        workbook = open_workbook(archive)
        part = next((sheet for sheet in workbook.sheets if _has_data(archive, sheet, workbook)), None)
        if part is None:
            raise IntakeError(f"{path.name} is empty: its first visible sheet needs a header row and one row a case.")
        numbered = ((number, cells) for number, cells, _ in _rows(archive, part, workbook))
        header, columns = find_header(path, numbered)

    def rows() -> Iterator[Row]:
        with _opened(path) as archive:
            for number, cells, too_long in _rows(archive, part, workbook):
                if number > header and not is_blank(cells):
                    yield _row(number - header, cells, len(columns), too_long)

    return Source(path, columns, rows)


@contextmanager
def _opened(path: Path) -> Iterator[ZipFile]:
    """The package, once it is known to be no bomb; whatever is wrong with it becomes one sentence."""
    with path.open("rb") as file:
        if file.read(4) == _OLE:
            raise IntakeError(
                f"{path.name} is an old .xls or has a password: remove the password and save it as an .xlsx workbook."
            )
    try:
        with ZipFile(path) as archive:
            _check_size(path, archive)
            yield archive
    except _BROKEN as error:
        raise IntakeError(
            f"{path.name} is not an .xlsx workbook or is damaged: open it in a spreadsheet and save it as .xlsx again."
        ) from error


def _check_size(path: Path, archive: ZipFile) -> None:
    parts = archive.infolist()
    unpacked = sum(part.file_size for part in parts)
    overlapping = sum(part.compress_size for part in parts) > path.stat().st_size
    bomb = any(part.file_size > _SMALL and part.file_size > _MAX_RATIO * part.compress_size for part in parts)
    strings = any("sharedStrings" in part.filename and part.file_size > _MAX_STRINGS for part in parts)
    if bomb or overlapping or strings or unpacked > _MAX_UNPACKED or len(parts) > _MAX_PARTS:
        raise IntakeError(
            f"{path.name} would unpack to {unpacked // 1024**2} MB, which no honest workbook of its size does: "
            "save the cases as .csv instead."
        )


def _has_data(archive: ZipFile, part: str, workbook: Workbook) -> bool:
    return any(not is_blank(cells) for _, cells, _ in _rows(archive, part, workbook))


def _row(number: int, cells: list[object], width: int, too_long: bool) -> Row:
    error = TOO_LONG if too_long else None
    if len(cells) > width:
        if is_blank(cells[width:]):
            del cells[width:]
        else:
            error = error or _SIDE_NOTE
    return Row(number, fit(cells, width, " ") if len(cells) != width else cells, error)


def _rows(archive: ZipFile, part: str, workbook: Workbook) -> Iterator[tuple[int, list[object], bool]]:
    sheet = _Sheet(workbook)
    for _ in parse(archive, part, sheet.start, sheet.end, sheet.data):
        yield from sheet.rows
        sheet.rows.clear()


class _Sheet:
    """Turns the XML of a sheet into rows of cells."""

    def __init__(self, workbook: Workbook) -> None:
        self.rows: list[tuple[int, list[object], bool]] = []
        self._workbook = workbook
        self._epoch = CALENDAR_MAC_1904 if workbook.since_1904 else CALENDAR_WINDOWS_1900
        self._columns: dict[str, int] = {}
        self._number = self._size = 0
        self._cells: list[object] = []
        self._column = 0
        self._type, self._style = "n", 0
        self._text: list[str] = []
        self._reading = self._phonetic = False
        self._value: str | None = None
        self._formula: str | None = None

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        if tag == "c":
            reference = attributes.get("r")
            self._column = self._column_of(reference) if reference else self._column + 1
            self._type, self._style = attributes.get("t", "n"), int(attributes.get("s", 0))
            self._value = self._formula = None
        elif tag in _TEXTS:
            self._text, self._reading = [], not self._phonetic
        elif tag == "row":
            self._number = int(attributes.get("r", self._number + 1))
            if not 0 < self._number <= _MAX_ROWS:
                raise DamagedError
            self._cells, self._column, self._size = [], 0, 0
        elif tag == "rPh":
            self._phonetic = True

    def data(self, text: str) -> None:
        """Characters inside an element."""
        if self._reading:
            self._size += len(text)
            if self._size <= MAX_RECORD:
                self._text.append(text)

    def end(self, tag: str) -> None:
        """An element ends."""
        if tag == "c":
            self._put()
        elif tag in _TEXTS and self._reading:
            self._reading = False
            text = "".join(self._text)
            if tag == "f":
                self._formula = text
            elif tag == "v":
                self._value = text
            else:
                self._value = (self._value or "") + text
        elif tag == "row":
            self.rows.append((self._number, self._cells, self._size > MAX_RECORD))
        elif tag == "rPh":
            self._phonetic = False

    def _column_of(self, reference: str) -> int:
        letters = reference.rstrip("0123456789")
        if letters not in self._columns:
            if not _REFERENCE.fullmatch(letters + "1"):
                raise DamagedError
            column = 0
            for letter in letters:
                column = column * 26 + ord(letter) - 64
            self._columns[letters] = column
        return self._columns[letters]

    def _put(self) -> None:
        value = self._cell()
        if value is None or value == "":
            return
        if self._column > _MAX_COLUMNS:
            raise DamagedError
        missing = self._column - len(self._cells)
        if missing > 0:
            self._cells.extend([None] * missing)
        self._cells[self._column - 1] = value

    def _cell(self) -> object:
        """The value of a cell. A formula gives the value it last had, or its text if it was never calculated."""
        text = self._value
        if text is None:
            return None if self._formula is None else f"={self._formula}"
        match self._type:
            case "s":
                return restore(self._workbook.strings[int(text)])
            case "n":
                return self._number_cell(text) if text else None
            case "b":
                return text.strip() in ("1", "true")
            case "d":
                return _iso_date(text)
        return restore(unescape(text))

    def _number_cell(self, text: str) -> object:
        try:
            value = float(text)
        except ValueError:
            return text
        if self._style in self._workbook.date_styles:
            try:
                day = from_excel(value, self._epoch)
            except (OverflowError, ValueError):
                return number_cell(value)
            return plain_date(day) if isinstance(day, dt.datetime) else str(day)
        if self._style in self._workbook.percent_styles:
            return f"{number_text(value * 100)}%"
        return number_cell(value)


def _iso_date(text: str) -> object:
    try:
        return plain_date(dt.datetime.fromisoformat(text.removesuffix("Z")))
    except ValueError:
        return text
