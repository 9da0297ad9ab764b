"""Excel workbooks, .xlsx: the first visible sheet with anything in it, read row by row; one sheet written.

The rows stream, but openpyxl keeps all shared strings (package.py limits them) and the height of every sized row.
"""

import datetime as dt
import re
import warnings
import weakref
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, suppress
from decimal import Decimal
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils.datetime import from_excel
from openpyxl.utils.escape import unescape
from xlsxwriter import Workbook
from xlsxwriter.exceptions import XlsxFileError

from forbear.intake.formats.format import Content, Format, Rows, drafted, one_sheet
from forbear.intake.formats.formula_injection import neutralise, quote_again, restore
from forbear.intake.formats.sheets import open_sheets
from forbear.intake.formats.table import Sheet, TableRow
from forbear.intake.formats.xlsx_package import check_workbook, in_one_sentence
from forbear.intake.source import (
    MAX_SHEET_ROWS,
    SourceChoice,
    SourceFile,
    is_blank,
    number_cell,
    number_text,
    plain_date,
)
from forbear.locale import said

# Built-in formats that are dates in a Chinese Excel and WPS (ECMA-376 part 1, 18.8.30, zh-cn); openpyxl has none.
_CHINESE_DATES = frozenset((*range(27, 37), *range(50, 59)))


def read(path: Path, choice: SourceChoice) -> SourceFile:
    """Open an .xlsx file."""
    warnings.filterwarnings("ignore", module=r"openpyxl\.")  # about validations, links and themes that it skips
    # openpyxl gives either the values or the formulas; a formula is wanted only where no value was kept.
    workbooks = [_load(path, values) for values in ((True, False) if check_workbook(path) else (True,))]
    sheets = [
        Sheet(partial(_table, path, each), each[0].title, each[0].sheet_state == "visible")
        for each in zip(*(workbook.worksheets for workbook in workbooks), strict=True)
    ]
    return open_sheets(path, sheets, choice)


def _table(path: Path, sheets: Sequence[Any], _width: int | None) -> Iterator[TableRow]:
    for number, cells in _rows(path, sheets):
        if not is_blank(cells):
            yield TableRow(number, cells)


def _load(path: Path, values: bool) -> Any:
    """The workbook, whose file is closed when nobody has it any longer."""
    with ExitStack() as stack:
        file = stack.enter_context(path.open("rb"))
        with in_one_sentence(path):
            workbook = load_workbook(file, read_only=True, data_only=values, keep_links=False)
            if not workbook.worksheets:
                raise ValueError
        for sheet in workbook.worksheets:
            sheet.reset_dimensions()  # some programs write wrong ones, and rows would be cut
        weakref.finalize(workbook, stack.pop_all().close)
    return workbook


def _rows(path: Path, sheets: Iterable[Any]) -> Iterator[tuple[int, list[object]]]:
    """The numbered rows of a sheet, opened once or twice."""
    for number, rows in enumerate(zip(*(_parsed(path, sheet) for sheet in sheets), strict=True), 1):
        yield number, [_cell(*cells) for cells in zip(*rows, strict=True)]


def _parsed(path: Path, sheet: Any) -> Iterator[Any]:
    with in_one_sentence(path):
        for number, row in enumerate(sheet.iter_rows()):
            if number == MAX_SHEET_ROWS:
                raise ValueError
            yield row


def _cell(cell: Any, formula: Any = None) -> object:
    """The value of a cell. A formula gives the value it last had, or its text if it was never calculated."""
    value = cell.value
    if value is None and formula is not None and formula.data_type == "f" and cell.data_type != "str":  # str: it was ""
        value = formula.value
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = _number(cell, float(str(value)))  # infinite for an endless integer, where float(value) would raise
    if isinstance(value, str):
        return restore(unescape(value))
    if isinstance(value, dt.datetime):
        return plain_date(value)
    if value is None or isinstance(value, bool | int | float | dt.date):
        return value
    return str(getattr(value, "text", value))  # an array formula or a time of day


def _number(cell: Any, value: float) -> object:
    try:
        built_in, shown = cell.style_array.numFmtId, cell.number_format
    except IndexError:  # a style that is not there
        return number_cell(value)
    if built_in in _CHINESE_DATES:
        with suppress(OverflowError, ValueError):
            return from_excel(value, cell.parent.parent.epoch)
    return f"{number_text(value * 100)}%" if "%" in shown else number_cell(value)


def write(content: Content, folder: Path) -> Iterator[bytes]:
    """One sheet of text with a header that stays in sight; text longer than a cell can hold is cut."""
    header, rows = content.table()
    return drafted(folder, lambda draft: _write(draft, one_sheet(header, rows)))


def _write(path: Path, rows: Rows) -> None:
    try:
        # XlsxWriter's drafts hold personal data: beside the target and gone whatever happens, not in /tmp.
        with TemporaryDirectory(prefix=".forbear-", dir=path.parent) as folder:
            with Workbook(path, {"constant_memory": True, "tmpdir": folder, "use_zip64": True}) as workbook:
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
    title=said("format.xlsx"),
    media_types=("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",),
    read=read,
    write=write,
    # The first part of the package; what a bare PK is, nobody can say.
    signature=re.compile(rb"PK\x03\x04.{26}(\[Content_Types\]\.xml|_rels/|docProps/|xl/)", re.DOTALL),
)
