"""OpenDocument spreadsheets, .ods: the first visible sheet with anything in it, read row by row; one sheet written.

Libraries for the format hold the whole document, so that a file of some megabytes fills the memory, and lose what a
number is in (docs/decisions/0022-tables.md). lxml parses and writes the XML piece by piece; what it means is told here.
"""

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

from lxml import etree

from forbear.intake.formats.format import Cell, Content, Format, Rows, drafted, one_sheet
from forbear.intake.formats.formula_injection import quote_again, restore
from forbear.intake.formats.sheets import open_sheets
from forbear.intake.formats.table import Sheet, TableRow
from forbear.intake.formats.xlsx_package import opened, without_entities
from forbear.intake.source import (
    MAX_CELL,
    MAX_RECORD,
    MAX_SHEET_ROWS,
    IntakeError,
    SourceChoice,
    SourceFile,
    is_blank,
    number_cell,
    number_text,
    plain_date,
)
from forbear.locale import said

_VERSION = "1.3"  # of the format, that we write
_MEDIA_TYPE = "application/vnd.oasis.opendocument.spreadsheet"
_NAMESPACE = "urn:oasis:names:tc:opendocument:xmlns"
_NAMES = {each: f"{_NAMESPACE}:{each}:1.0" for each in ("office", "table", "text", "style", "manifest")}
_OFFICE, _TABLE, _TEXT, _STYLE, _MANIFEST = (f"{{{name}}}" for name in _NAMES.values())
_SHEET, _ROW, _CELL = f"{_TABLE}table", f"{_TABLE}table-row", f"{_TABLE}table-cell"
_STYLE_ELEMENT = f"{_STYLE}style"
_COVERED = f"{_TABLE}covered-table-cell"  # by a merged one: people do not see it
_PARAGRAPH, _SPACES, _COUNT, _TAB = f"{_TEXT}p", f"{_TEXT}s", f"{_TEXT}c", f"{_TEXT}tab"
_KIND, _VALUE = f"{_OFFICE}value-type", f"{_OFFICE}value"
_ERROR = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}value-type"
_SHOWN_ERRORS = ("#", "Err:")  # how a formula without a result is shown; its value is 0 in files of older programs

_MAX_COLUMNS = 16_384  # of a sheet, in Excel and LibreOffice
# Of rows that stand there once and count many times, so that a small file does not become millions of rows: characters,
# and a row counts for some even if it has none.
_MAX_COPIED, _LEAST_COPIED = MAX_RECORD, 100
_BLOCK = 64 * 1024
# Between two rows: as much as the longest row that is read at all, and not so many elements that they fill the memory.
_MAX_BYTES, _MAX_ELEMENTS = 4 * MAX_RECORD, 500_000

_UNFIT = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]|_(?=x[0-9A-F]{4}_)")  # XML has no place for these
_ESCAPED = re.compile("_x([0-9A-F]{4})_")
_SPACE = re.compile(r"[ \t\r\n]+")
_GAP = re.compile(r"\t|^ +| +$| {2,}")  # white space that needs an element to be kept


def read(path: Path, choice: SourceChoice) -> SourceFile:
    """Open an .ods file."""
    _refuse_password(path)
    names: dict[int, None] = {}
    for sheet, _, _ in _rows(path):
        names.setdefault(sheet)

    def table(sheet: int, _width: int | None) -> Iterator[TableRow]:
        for at, number, cells in _rows(path):
            if at == sheet:
                yield TableRow(number, list(cells))
            elif at > sheet:
                return

    return open_sheets(path, [Sheet(partial(table, at), str(at)) for at in names], choice)


def _refuse_password(path: Path) -> None:
    manifest = b""
    with opened(path) as archive:
        if "META-INF/manifest.xml" in archive.namelist():
            with archive.open("META-INF/manifest.xml") as stream:
                manifest = stream.read(_BLOCK)
    if b"encryption-data" in manifest:
        raise IntakeError("workbook.password", name=path.name)


def _rows(path: Path) -> Iterator[tuple[int, int, list[object]]]:
    """The rows with anything in them of the visible sheets: the sheet's place, the row's number, its cells."""
    with opened(path) as archive, archive.open("content.xml") as stream:
        place = _Place(path)
        for event, element in _elements(stream):
            if element.tag == _SHEET:
                place.table(event, element)
            elif event == "end" and element.tag == _STYLE_ELEMENT:
                place.style(element)
            elif event == "end":
                yield from place.rows(element)


class _Place:
    """Where in a document its reader is: in which sheet, behind which row."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._hidden: set[str | None] = set()  # names of styles
        self._visible = False
        self._sheet = self._depth = self._number = self._copied = 0

    def style(self, element: Any) -> None:
        """Keep the style of a sheet that is not shown."""
        if any(each.get(f"{_TABLE}display") == "false" for each in element):
            self._hidden.add(element.get(f"{_STYLE}name"))

    def table(self, event: str, element: Any) -> None:
        """A table begins or ends; one inside another is part of a cell."""
        self._depth += 1 if event == "start" else -1
        if event == "start" and self._depth == 1:
            sheet = element.getparent().tag == f"{_OFFICE}spreadsheet"  # others are copies of what links point to
            self._visible = sheet and element.get(f"{_TABLE}style-name") not in self._hidden
            self._sheet, self._number, self._copied = self._sheet + 1, 0, 0

    def rows(self, element: Any) -> Iterator[tuple[int, int, list[object]]]:
        """The row, as often as it is to be repeated."""
        if self._depth != 1 or not self._visible:
            return
        first, times = self._number + 1, _times(element, "rows")
        self._number += times
        cells = _cells(element)
        if is_blank(cells):
            return
        if self._number > MAX_SHEET_ROWS:
            raise ValueError
        size = sum(len(cell) for cell in cells if isinstance(cell, str))
        self._copied += (times - 1) * max(size, _LEAST_COPIED)
        if self._copied > _MAX_COPIED:
            raise IntakeError("workbook.repeated_row", name=self._path.name, first=first, times=times)
        for number in range(first, first + times):
            yield self._sheet, number, cells


def _elements(stream: Any) -> Iterator[tuple[str, Any]]:
    """Sheets, rows and styles as they begin and end. What lies behind is forgotten: the document never grows."""
    parser = etree.XMLPullParser(
        events=("start", "end"),
        tag=(_SHEET, _ROW, _STYLE_ELEMENT),
        resolve_entities=False,
        no_network=True,
        encoding="utf-8",  # as every program writes it; in another one a DOCTYPE could hide
        huge_tree=True,  # a cell may be long: the limits here are ours
    )
    size = elements = 0
    for block, text in without_entities(stream, _BLOCK):
        size, elements = size + len(block), elements + text.count(b"<")
        if size > _MAX_BYTES or elements > _MAX_ELEMENTS:
            raise ValueError
        parser.feed(block)
        for event, element in parser.read_events():
            yield event, element
            # A row within a row is still wanted with the cell it stands in.
            if event == "end" and element.tag != _SHEET and next(element.iterancestors(_ROW), None) is None:
                _forget(element)
                size = elements = 0
    parser.close()


def _forget(element: Any) -> None:
    """Empty an element that was read, and delete all that came before it."""
    element.clear()
    while (parent := element.getparent()) is not None:
        while element.getprevious() is not None:
            del parent[0]
        element = parent


def _times(element: Any, what: str) -> int:
    times = int(element.get(f"{_TABLE}number-{what}-repeated", "1"))
    if times < 1:
        raise ValueError
    return times


def _cells(row: Any) -> list[object]:
    cells: list[object] = []
    blank = 0
    for cell in row.iterchildren(_CELL, _COVERED):
        times = _times(cell, "columns")
        value = None if cell.tag == _COVERED else _value(cell)
        if value is None or value == "":
            blank += times
            continue
        if len(cells) + blank + times > _MAX_COLUMNS:
            raise ValueError
        cells += [None] * blank + [value] * times
        blank = 0
    return cells


def _value(cell: Any) -> object:
    """The value of a cell. A formula gives the value it last had, or its text if it was never calculated."""
    kind, formula = cell.get(_KIND), cell.get(f"{_TABLE}formula")
    failed = cell.get(_ERROR) == "error"
    if failed or (formula is not None and _shown(cell).startswith(_SHOWN_ERRORS)):
        return _shown(cell)
    if kind == "string" and (text := cell.get(f"{_OFFICE}string-value")) is not None:
        return _restored(text)
    with suppress(ValueError, OverflowError, TypeError, KeyError):  # what is not what it says is taken as it is shown
        if kind in ("float", "percentage", "currency"):
            return _number(kind, float(cell.get(_VALUE)), cell.get(f"{_OFFICE}currency"))
        if kind == "date":
            return plain_date(dt.datetime.fromisoformat(cell.get(f"{_OFFICE}date-value")))
        if kind == "boolean":
            return {"true": True, "false": False}[cell.get(f"{_OFFICE}boolean-value")]
    shown = _shown(cell)
    if kind is None and not shown and formula is not None:
        return formula.partition(":")[2] or formula
    return _restored(shown)


def _number(kind: str, value: float, currency: str | None) -> object:
    if kind == "percentage":
        return f"{number_text(value * 100)}%"
    if currency not in (None, "", "CNY", "RMB"):
        return f"{number_text(value)} {currency}"  # money that is not yuan is no number of yuan
    return number_cell(value)


def _restored(text: str) -> str:
    if "_x" in text:
        text = _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)
    return restore(text)


def _shown(cell: Any) -> str:
    """What people see in a cell: its paragraphs, without the comment that may hang on it."""
    return "\n".join(map(_text, cell.iterchildren(_PARAGRAPH)))


def _text(element: Any) -> str:
    parts = [_SPACE.sub(" ", element.text or "")]
    for child in element:
        if child.tag == _SPACES:
            parts.append(" " * min(int(child.get(_COUNT, "1")), MAX_CELL))
        elif child.tag == _TAB:
            parts.append("\t")
        elif child.tag == f"{_TEXT}line-break":
            parts.append("\n")
        elif child.tag not in (f"{_TEXT}ruby-text", f"{_TEXT}note", f"{_OFFICE}annotation", etree.Comment):
            parts.append(_text(child))
        parts.append(_SPACE.sub(" ", child.tail or ""))
    return "".join(parts)


def write(content: Content, folder: Path) -> Iterator[bytes]:
    """One sheet of text: no cell is a formula, whatever it looks like."""
    header, rows = content.table()
    return drafted(folder, partial(_write, header, rows))


def _write(header: list[str], rows: Rows, path: Path) -> None:
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", _MEDIA_TYPE, ZIP_STORED)  # first and as it is: by this the file is known
        archive.writestr("META-INF/manifest.xml", _manifest())
        with archive.open("content.xml", "w", force_zip64=True) as stream:
            _write_content(stream, header, rows)


def _write_content(stream: IO[bytes], header: list[str], rows: Rows) -> None:
    with etree.xmlfile(stream, encoding="utf-8") as xml:
        xml.write_declaration()
        names = {prefix: _NAMES[prefix] for prefix in ("office", "table", "text")}
        with xml.element(f"{_OFFICE}document-content", {f"{_OFFICE}version": _VERSION}, nsmap=names):
            with xml.element(f"{_OFFICE}body"), xml.element(f"{_OFFICE}spreadsheet"):
                with xml.element(_SHEET, {f"{_TABLE}name": "Sheet1"}):
                    width = str(max(len(header), 1))
                    with xml.element(f"{_TABLE}table-column", {f"{_TABLE}number-columns-repeated": width}):
                        pass
                    for row in one_sheet(header, rows):
                        _write_row(xml, row)


def _manifest() -> bytes:
    names = {"manifest": _NAMES["manifest"]}
    root = etree.Element(f"{_MANIFEST}manifest", {f"{_MANIFEST}version": _VERSION}, nsmap=names)
    for path, kind in (("/", _MEDIA_TYPE), ("content.xml", "text/xml")):
        entry = {f"{_MANIFEST}full-path": path, f"{_MANIFEST}media-type": kind}
        etree.SubElement(root, f"{_MANIFEST}file-entry", entry)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="utf-8"))


def _write_row(xml: Any, cells: Sequence[Cell]) -> None:
    with xml.element(_ROW):
        for value in cells:
            if isinstance(value, int | Decimal):
                kind, lines = {_KIND: "float", _VALUE: str(value)}, [str(value)]
            elif value:
                fit = _UNFIT.sub(lambda match: f"_x{ord(match[0]):04X}_", quote_again(value))
                kind, lines = {_KIND: "string"}, fit.split("\n")
            else:
                kind, lines = {}, []
            with xml.element(_CELL, kind):
                for line in lines:
                    _write_line(xml, line)


def _write_line(xml: Any, line: str) -> None:
    """A paragraph, in which white space that XML would lose is an element."""
    end = 0
    with xml.element(_PARAGRAPH):
        for gap in _GAP.finditer(line):
            xml.write(line[end : gap.start()])
            if gap[0] == "\t":
                tag, count = _TAB, {}
            else:
                tag, count = _SPACES, {_COUNT: str(len(gap[0]))}
            with xml.element(tag, count):
                end = gap.end()
        xml.write(line[end:])


ODS = Format(
    suffix=".ods",
    title=said("format.ods"),
    media_types=(_MEDIA_TYPE,),
    read=read,
    write=write,
    signature=re.compile(rb"PK\x03\x04.{26}mimetype" + re.escape(_MEDIA_TYPE).encode(), re.DOTALL),
)
