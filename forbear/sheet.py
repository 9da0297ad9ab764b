"""Writes one sheet of text as an .xlsx workbook, row by row.

Not with openpyxl: its row-by-row writer is ten times slower and, when the rows end in an error, leaves its own behind.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

from openpyxl.utils import get_column_letter

from forbear.errors import ForbearError
from forbear.intake.formulas import neutralise, quote_again
from forbear.intake.source import MAX_CELL
from forbear.intake.workbook import escape

_MAX_ROWS = 1_048_576
_BLOCK = 256 * 1024  # characters handed to the compressor at once
_XML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_SPREADSHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_FONT = "<fonts><font><sz val='11'/><name val='Calibri'/></font></fonts>"
_FILLS = "".join(f"<fill><patternFill patternType='{kind}'/></fill>" for kind in ("none", "gray125"))
_BORDER = "<borders><border><left/><right/><top/><bottom/><diagonal/></border></borders>"
_STYLE = "xf numFmtId='0' fontId='0' fillId='0' borderId='0'"

_PARTS = {
    "[Content_Types].xml": f"<Types xmlns='{_TYPES}'>"
    "<Default Extension='rels' ContentType='application/vnd.openxmlformats-package.relationships+xml'/>"
    f"<Override PartName='/xl/workbook.xml' ContentType='{_SPREADSHEET}.sheet.main+xml'/>"
    f"<Override PartName='/xl/styles.xml' ContentType='{_SPREADSHEET}.styles+xml'/>"
    f"<Override PartName='/xl/worksheets/sheet1.xml' ContentType='{_SPREADSHEET}.worksheet+xml'/></Types>",
    "_rels/.rels": f"<Relationships xmlns='{_RELATIONS}'>"
    f"<Relationship Id='r1' Type='{_OFFICE}/officeDocument' Target='xl/workbook.xml'/></Relationships>",
    "xl/workbook.xml": f"<workbook xmlns='{_MAIN}' xmlns:r='{_OFFICE}'>"
    "<sheets><sheet name='Sheet1' sheetId='1' r:id='r1'/></sheets></workbook>",
    "xl/_rels/workbook.xml.rels": f"<Relationships xmlns='{_RELATIONS}'>"
    f"<Relationship Id='r1' Type='{_OFFICE}/worksheet' Target='worksheets/sheet1.xml'/>"
    f"<Relationship Id='r2' Type='{_OFFICE}/styles' Target='styles.xml'/></Relationships>",
    # Style 1 marks a cell as text, whatever it looks like: what a typed apostrophe does in a spreadsheet.
    "xl/styles.xml": f"<styleSheet xmlns='{_MAIN}'>{_FONT}<fills>{_FILLS}</fills>{_BORDER}"
    f"<cellStyleXfs><{_STYLE}/></cellStyleXfs>"
    f"<cellXfs><{_STYLE}/><{_STYLE} quotePrefix='1'/></cellXfs>"
    "<cellStyles><cellStyle name='Normal' xfId='0' builtinId='0'/></cellStyles></styleSheet>",
}
_TOP = (
    f"<worksheet xmlns='{_MAIN}'><sheetViews><sheetView workbookViewId='0'>"
    "<pane ySplit='1' topLeftCell='A2' activePane='bottomLeft' state='frozen'/></sheetView></sheetViews><sheetData>"
)
_BOTTOM = "</sheetData></worksheet>"


def write_sheet(path: Path, rows: Iterable[Sequence[str | int]]) -> None:
    """Write the rows, the first of them as a header that stays in sight."""
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        for name, xml in _PARTS.items():
            archive.writestr(name, _HEAD + xml)
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part:
            block = [_HEAD, _TOP]
            size = 0
            for number, row in enumerate(rows, 1):
                if number > _MAX_ROWS:
                    raise ForbearError(f"A sheet holds no more than {_MAX_ROWS} rows: write .csv or .parquet instead.")
                block.append(_row(number, row))
                size += len(block[-1])
                if size > _BLOCK:
                    part.write("".join(block).encode())
                    block, size = [], 0
            part.write("".join((*block, _BOTTOM)).encode())


def _row(number: int, row: Sequence[str | int]) -> str:
    cells = "".join(
        _cell(f"{get_column_letter(column)}{number}", value) for column, value in enumerate(row, 1) if value != ""
    )
    return f"<row r='{number}'>{cells}</row>"


def _cell(reference: str, value: str | int) -> str:
    """A cell; text longer than a sheet can hold is cut."""
    if isinstance(value, int):
        return f"<c r='{reference}'><v>{value}</v></c>"
    text = escape(quote_again(value[:MAX_CELL])).translate(_XML)
    style = " s='1'" if neutralise(value) != value else ""
    return f"<c r='{reference}'{style} t='inlineStr'><is><t xml:space='preserve'>{text}</t></is></c>"
