"""Writes one sheet of text as an .xlsx workbook, row by row."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from xlsxwriter import Workbook
from xlsxwriter.exceptions import XlsxFileError

from forbear.base.errors import ForbearError
from forbear.intake.formula_injection import neutralise, quote_again

_MAX_ROWS = 1_048_576


def write_sheet(path: Path, rows: Iterable[Sequence[str | int | Decimal]]) -> None:
    """Write the rows, the first of them as a header that stays in sight; text longer than a cell can hold is cut."""
    try:
        # XlsxWriter's drafts hold personal data: beside the target and gone whatever happens, not in /tmp.
        with TemporaryDirectory(prefix=".forbear-", dir=path.parent) as folder:
            with Workbook(path, {"constant_memory": True, "tmpdir": folder, "use_zip64": True}) as workbook:
                # A cell so marked is text, whatever it looks like: what a typed apostrophe does in a spreadsheet.
                marked = workbook.add_format({"quote_prefix": True})
                sheet = workbook.add_worksheet()
                sheet.freeze_panes(1, 0)
                for number, row in enumerate(rows):
                    if number == _MAX_ROWS:
                        raise ForbearError(f"A sheet holds at most {_MAX_ROWS} rows: write .csv or .parquet instead.")
                    for column, value in enumerate(row):
                        if isinstance(value, int | Decimal):
                            sheet.write_number(number, column, float(value))
                        elif value:
                            style = marked if neutralise(value) != value else None
                            sheet.write_string(number, column, _text(value), style)
    except XlsxFileError as error:  # it hides the OSError of a full disk
        raise OSError(str(error)) from error


def _text(value: str) -> str:
    # XlsxWriter takes a text that begins so for markup of its own and would write it unescaped.
    return f" {value}" if value.startswith("<r>") else quote_again(value)
