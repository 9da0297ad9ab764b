"""Excel workbooks, .xlsx and .xlsm: the sheet of cases, read row by row; one sheet written.

The rows stream; what is kept are the shared strings up to those that were met, and where cells are merged.
"""

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from openpyxl.utils.datetime import from_ISO8601
from openpyxl.utils.escape import unescape
from xlsxwriter import Workbook as WorkbookWriter
from xlsxwriter.exceptions import XlsxFileError

from forbear.intake.formats.format import Content, Format, Rows, drafted, one_sheet
from forbear.intake.formats.formula_injection import neutralise, quote_again, restore
from forbear.intake.formats.table import Sheet, TableRow
from forbear.intake.formats.workbooks.beside.sheet_texts import of_column
from forbear.intake.formats.workbooks.beside.struck import PartlyStruck, by_rules, part_known, put_out
from forbear.intake.formats.workbooks.merged_cells import FilledDown, blank_but_filled
from forbear.intake.formats.workbooks.shared_strings import text_of
from forbear.intake.formats.workbooks.sheets import open_sheets, with_comments, with_pictures
from forbear.intake.formats.workbooks.xlsx_package import Seen, check_workbook, opened, part_name
from forbear.intake.formats.workbooks.xlsx_workbook import Comments, Workbook, Worksheet
from forbear.intake.formats.workbooks.xml_stream import elements
from forbear.intake.source import MAX_SHEET_ROWS, SourceChoice, SourceFile, Unread, plain_date
from forbear.locale import said

_MAX_COLUMNS = 16_384
_HIDDEN = ("1", "true")
_UNCALCULATED = said("unread.uncalculated")


def read(path: Path, choice: SourceChoice) -> SourceFile:
    """Open an .xlsx file."""
    seen = check_workbook(path)
    with opened(path) as package:
        workbook = Workbook(path, package)
        _ = workbook.formats, workbook.struck, workbook.striking, workbook.hiding  # while the package is open
        comments = {sheet.name: workbook.comments(sheet) for sheet in workbook.sheets}
        boxes = {sheet.name: workbook.text_boxes(sheet) for sheet in workbook.sheets}
        pictures = {sheet.name: workbook.pictures(sheet) for sheet in workbook.sheets}
    tables = (
        _Table(
            path,
            workbook,
            sheet,
            seen.get(part_name(sheet.part), Seen()),
            comments[sheet.name],
            boxes[sheet.name],
        )
        for sheet in workbook.sheets
    )
    source = open_sheets(path, [table.sheet() for table in tables], choice)
    source = with_comments(source, sum(map(len, comments.get(source.sheet or "", {}).values())))
    return with_pictures(source, pictures.get(source.sheet or "", 0))


class _Table:
    """One sheet of a workbook, read from its start as often as it is asked for."""

    def __init__(
        self,
        path: Path,
        workbook: Workbook,
        worksheet: Worksheet,
        seen: Seen,
        comments: Comments,
        boxes: Sequence[str],
    ) -> None:
        self._path, self._workbook, self._worksheet, self._seen = path, workbook, worksheet, seen
        self._comments, self._boxes = comments, boxes
        self._hidden: dict[int, None] = {}  # columns, known when the first row was read

    def sheet(self) -> Sheet:
        """The sheet as a table of cases is looked for in it."""
        known = self._worksheet
        return Sheet(
            self._rows,
            known.name,
            known.shown,
            lambda: self._hidden,
            commented=bool(self._comments),
            page=(*self._seen.page_texts, *self._boxes),
            prompts=lambda at: of_column(self._seen.prompts, at),
        )

    def _rows(self, _width: int | None) -> Iterator[TableRow]:
        merged, rules = FilledDown(self._seen.merges), self._workbook.strike_rules(self._seen.conditions)
        with opened(self._path) as package, package.open(self._worksheet.part) as stream:
            number = count = 0
            for event, element in elements(stream, ("{*}col", "{*}row")):
                if event == "start":
                    continue
                if element.tag.endswith("}col") or element.tag == "col":
                    self._hide(element)
                    continue
                number, count = _row_number(element, number), count + 1
                if max(number, count) > MAX_SHEET_ROWS:
                    raise ValueError
                cells, struck, unseen = self._cells(element)
                ruled, maybe = by_rules(rules, number, cells) if rules else ([], False)
                error = put_out(cells, [*struck, *ruled], maybe=maybe) if struck or ruled or maybe else None
                filled = merged.fill(number, cells)
                if not blank_but_filled(cells, filled):
                    comments, across = self._comments.get(number, {}), self._seen.merges.across.get(number, ())
                    hidden = element.get("hidden") in _HIDDEN
                    yield TableRow(number, cells, error, hidden, filled, comments, across, tuple(unseen))

    def _hide(self, columns: Any) -> None:
        if columns.get("hidden") in _HIDDEN:
            last = min(int(columns.get("max", "0")), _MAX_COLUMNS)
            self._hidden.update(dict.fromkeys(range(int(columns.get("min", "1")) - 1, last)))

    def _cells(self, row: Any) -> tuple[list[object], list[int], list[int]]:
        """The cells of a row, and which of them are struck out or not to be seen."""
        cells: list[object] = []
        struck, unseen, hiding = list[int](), list[int](), self._workbook.hiding
        column = 0
        for cell in row.iterchildren("{*}c"):
            column = _column(cell.get("r", "").rstrip("0123456789")) or column + 1
            if column > _MAX_COLUMNS:
                raise ValueError
            value = self._value(cell)
            if value is not None:
                cells.extend([None] * (column - 1 - len(cells)))
                if len(cells) < column:
                    cells.append(value)
                else:
                    cells[column - 1] = value
                if self._workbook.struck and cell.get("s") in self._workbook.struck:
                    struck.append(column - 1)
                if hiding and (hides := hiding.get(cell.get("s", "0"))) is not None and hides(_number_in(cell)):
                    unseen.append(column - 1)
        return cells, struck, unseen

    def _value(self, cell: Any) -> object:
        """The value of a cell. A formula gives the value it last had; one that was never calculated gives none."""
        kind = cell.get("t", "n")
        if kind == "inlineStr":
            text = next(cell.iterchildren("{*}is"), None)
            return None if text is None else _restored(text_of(text))
        value = next(cell.iterchildren("{*}v"), None)
        text = None if value is None else value.text
        if not text:
            formula = None if kind == "str" else next(cell.iterchildren("{*}f"), None)  # str: its value was ""
            return None if formula is None else Unread(f"={formula.text or ''}", _UNCALCULATED)
        match kind:
            case "n":
                return self._workbook.number(text, cell.get("s"))
            case "s":
                return _restored(self._workbook.strings[int(text)])
            case "b":
                return bool(int(text))
            case "d":
                return _iso(text)
        return restore(unescape(text))


def _number_in(cell: Any) -> float | None:
    """The number that a cell holds, None for a text."""
    value = next(cell.iterchildren("{*}v"), None) if cell.get("t", "n") == "n" else None
    return float(value.text) if value is not None and value.text else None


def _restored(text: str) -> object:
    return part_known(text) if type(text) is PartlyStruck else restore(text)


def _row_number(row: Any, before: int) -> int:
    given = row.get("r")
    return before + 1 if given is None else int(given)


@cache
def _column(letters: str) -> int:
    """The number of a column from its letters, 0 where there are none."""
    number = 0
    if len(letters) > 3:
        raise ValueError
    for letter in letters.upper():
        if not "A" <= letter <= "Z":
            raise ValueError
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def _iso(text: str) -> object:
    found = from_ISO8601(text)
    return plain_date(found) if isinstance(found, dt.datetime) else found if isinstance(found, dt.date) else str(found)


def write(content: Content, folder: Path) -> Iterator[bytes]:
    """One sheet of text with a header that stays in sight; text longer than a cell can hold is cut."""
    header, rows = content.table()
    return drafted(folder, lambda draft: _write(draft, one_sheet(header, rows)))


def _write(path: Path, rows: Rows) -> None:
    try:
        # XlsxWriter's drafts hold personal data: beside the target and gone whatever happens, not in /tmp.
        with TemporaryDirectory(prefix=".forbear-", dir=path.parent) as folder:
            with WorkbookWriter(path, {"constant_memory": True, "tmpdir": folder, "use_zip64": True}) as workbook:
                # A cell so marked is text, whatever it looks like: what a typed apostrophe does in a spreadsheet.
                marked = workbook.add_format({"quote_prefix": True})
                sheet = workbook.add_worksheet()
                sheet.freeze_panes(1, 0)
                for number, row in enumerate(rows):
                    for column, value in enumerate(row):
                        if isinstance(value, int | Decimal):
                            sheet.write_number(number, column, float(value))
                        elif value:
                            style = marked if neutralise(value) != value else None
                            sheet.write_string(number, column, _text(value), style)
    except XlsxFileError as error:  # it hides the OSError of a full disk
        raise OSError(str(error)) from error


def _text(value: str) -> str:
    # XlsxWriter takes a text that begins and ends so for markup of its own and would write it unescaped.
    return f" {value}" if value.startswith("<r>") and value.endswith("</r>") else quote_again(value)


XLSX = Format(
    suffix=".xlsx",
    also=(".xlsm",),
    title=said("format.xlsx"),
    media_types=("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",),
    read=read,
    write=write,
    # The first part of the package; what a bare PK is, nobody can say.
    signature=re.compile(rb"PK\x03\x04.{26}(\[Content_Types\]\.xml|_rels/|docProps/|xl/)", re.DOTALL),
)
