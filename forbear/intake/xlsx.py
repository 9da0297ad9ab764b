"""Reads .xlsx with openpyxl: the first visible sheet with anything in it, row by row.

The rows stream, but openpyxl keeps all shared strings (package.py limits them) and the height of every sized row.
"""

import datetime as dt
import warnings
import weakref
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils.datetime import from_excel
from openpyxl.utils.escape import unescape

from forbear.intake.formula_injection import restore
from forbear.intake.source import (
    MAX_RECORD,
    TOO_LONG,
    IntakeError,
    SourceFile,
    SourceRow,
    find_header,
    fit,
    is_blank,
    number_cell,
    number_text,
    plain_date,
)
from forbear.intake.xlsx_package import check, in_one_sentence
from rules.facts.case_facts import FieldError

_MAX_ROWS = 1_048_576  # of a sheet, by the format
# Built-in formats that are dates in a Chinese Excel and WPS (ECMA-376 part 1, 18.8.30, zh-cn); openpyxl has none.
_CHINESE_DATES = frozenset((*range(27, 37), *range(50, 59)))
_SIDE_NOTE = FieldError(
    "",
    "这一行在最后一个列标题右边还有内容，请为该列加上标题，或删去这些内容。",
    "This row has something right of the last column header: give that column a header or clear the cell.",
)


def read(path: Path) -> SourceFile:
    """Open an .xlsx file."""
    warnings.filterwarnings("ignore", module=r"openpyxl\.")  # about validations, links and themes that it skips
    # openpyxl gives either the values or the formulas; a formula is wanted only where no value was kept.
    workbooks = [_load(path, values) for values in ((True, False) if check(path) else (True,))]
    for sheets in zip(*(workbook.worksheets for workbook in workbooks), strict=True):
        if sheets[0].sheet_state == "visible" and not all(is_blank(cells) for _, cells in _rows(path, sheets)):
            header, columns = find_header(path, _rows(path, sheets))
            break
    else:
        raise IntakeError(
            f"{path.name} is empty: its first visible sheet needs a header row and one row a case.",
            f"{path.name} 是空的：第一张可见的工作表需要一行表头，每件案件一行。",
        )

    def rows() -> Iterator[SourceRow]:
        for number, cells in _rows(path, sheets):
            if number > header and not is_blank(cells):
                yield _row(number - header, cells, len(columns))

    return SourceFile(path, columns, rows)


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
            if number == _MAX_ROWS:
                raise ValueError
            yield row


def _row(number: int, cells: list[object], width: int) -> SourceRow:
    too_long = sum(len(cell) for cell in cells if isinstance(cell, str)) > MAX_RECORD
    error = TOO_LONG if too_long else None
    if len(cells) > width:
        if is_blank(cells[width:]):
            del cells[width:]
        else:
            error = error or _SIDE_NOTE
    return SourceRow(number, fit(cells, width, " "), error)


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
