"""OpenDocument spreadsheets, .ods: the sheet of cases, read row by row; one sheet written.

Libraries for the format hold the whole document, so that a file of some megabytes fills the memory, and lose what a
number is in (docs/decisions/0022-tables.md). lxml parses and writes the XML piece by piece; what it means is told here.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

from lxml import etree

from forbear.intake.formats.format import Cell, Content, Format, Rows, drafted, one_sheet
from forbear.intake.formats.formula_injection import quote_again
from forbear.intake.formats.table import FIRST_ROWS, Sheet, TableRow
from forbear.intake.formats.workbooks.beside.struck import Condition, put_out
from forbear.intake.formats.workbooks.merged_cells import FilledDown, Merges
from forbear.intake.formats.workbooks.ods_cells import (
    CELL,
    COUNT,
    KIND,
    MANIFEST,
    NAMES,
    OFFICE,
    PARAGRAPH,
    SPACES,
    STYLE,
    TAB,
    TABLE,
    VALUE,
    RowCells,
    cells_of,
    paragraphs_in,
    text_of,
    times_of,
)
from forbear.intake.formats.workbooks.ods_styles import STYLES, condition_of, shared_styles, strikes
from forbear.intake.formats.workbooks.sheets import open_sheets, with_comments, with_pictures
from forbear.intake.formats.workbooks.xlsx_package import opened
from forbear.intake.formats.workbooks.xml_stream import LeapingStream, elements, without_entities
from forbear.intake.source import MAX_RECORD, MAX_SHEET_ROWS, IntakeError, SourceChoice, SourceFile, is_blank
from forbear.locale import said
from rules.facts.case_facts import FieldError

_VERSION = "1.3"  # of the format, that we write
_MEDIA_TYPE = "application/vnd.oasis.opendocument.spreadsheet"
_SHEET, _ROW, _COLUMN = f"{TABLE}table", f"{TABLE}table-row", f"{TABLE}table-column"
_PAGE, _DEFAULT_PAGE = f"{STYLE}master-page", "Default"
_PAGE_PARTS = tuple(f"{STYLE}{part}{which}" for part in ("header", "footer") for which in ("", "-left", "-first"))
_MESSAGES = (f"{TABLE}help-message", f"{TABLE}error-message")
_MAX_BOXES = 500  # lines in text boxes of a sheet
_HIDDEN = ("collapse", "filter")

# Of rows that stand there once and count many times, so that a small file does not become millions of rows: characters,
# and a row counts for some even if it has none.
_MAX_COPIED, _LEAST_COPIED = MAX_RECORD, 100
_BLOCK, _BIG_BLOCK = 64 * 1024, 1024 * 1024
_MOST_COUNTED = 128 * 1024 * 1024  # bytes, where one table is all that was met
_MAX_COLUMNS = 16_384  # of a sheet, in Excel and LibreOffice
_SHAPES, _RULE = f"{TABLE}shapes", f"{TABLE}content-validation"
_READ = (_SHEET, _ROW, _COLUMN, *STYLES, _SHAPES, _RULE)

_UNFIT = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]|_(?=x[0-9A-F]{4}_)")  # XML has no place for these
_COMMENT = re.compile(rb"<office:annotation[ >/]")
_GAP = re.compile(r"\t|^ +| +$| {2,}")  # white space that needs an element to be kept


def read(path: Path, choice: SourceChoice) -> SourceFile:
    """Open an .ods file."""
    _refuse_password(path)
    tables, comments, pictures, whole = _counts(path, whole=choice.sheet is not None)
    starts = [replace(start, last=not whole) for start in _survey(path, alone=tables == 1)]
    texts = _page_texts(path)
    sheets = [
        replace(
            start.sheet(path),
            commented=comments > 0 or not whole,
            page=(*texts.get(start.page or _DEFAULT_PAGE, ()), *start.beside.boxes),
            prompts=start.beside.prompts,
        )
        for start in starts
    ]
    return with_pictures(with_comments(open_sheets(path, sheets, choice), comments), pictures)


@dataclass
class _BesideCells:
    """What a sheet says beside its cells, as far as it was read."""

    boxes: list[str] = field(default_factory=list)
    rules: dict[int, dict[str, None]] = field(default_factory=dict)  # of columns, by their names
    said: dict[str, tuple[str, ...]] = field(default_factory=dict)  # when a cell of such a rule is filled in

    def prompts(self, at: int) -> tuple[str, ...]:
        """How a column is to be filled in."""
        return tuple(text for name in self.rules.get(at, ()) for text in self.said.get(name, ()))


@dataclass
class _Start:
    """How a sheet begins: what its header is found by, without reading the sheets before it again."""

    place: int
    name: str
    shown: bool
    leap: bool  # over the rows of the sheets before
    page: str  # what its pages are called
    rows: list[TableRow] = field(default_factory=list)
    hidden_columns: list[int] = field(default_factory=list)
    beside: _BesideCells = field(default_factory=_BesideCells)
    last: bool = False  # as far as the document was looked at: where another follows, nobody has chosen between them

    def sheet(self, path: Path) -> Sheet:
        """The sheet as a table of cases is looked for in it."""

        def rows(width: int | None) -> Iterator[TableRow]:
            known = self.rows if width is None else []
            yield from known
            if len(known) < FIRST_ROWS + 2 and width is None:
                return
            last = known[-1].number if known else 0
            reader = _Document(path)
            for row in reader.rows(first=self.place if self.leap else 0):
                if reader.place == self.place and row.number > last:
                    yield row._replace(cells=list(row.cells))
                elif reader.place > self.place:
                    if self.last:
                        raise IntakeError("sheet.another", name=path.name, sheet=reader.name, first=self.name)
                    return

        return Sheet(rows, self.name, self.shown, lambda: self.hidden_columns)


def _survey(path: Path, *, alone: bool) -> list[_Start]:
    """How each sheet begins. Past that, a document of one sheet is not read, and the rows of others are leapt over."""
    try:
        return _starts(path, leap=True, alone=alone)
    except IntakeError:  # its rows stand in groups, or tables in its cells: it has to be read whole
        return _starts(path, leap=False, alone=alone)


def _starts(path: Path, *, leap: bool, alone: bool) -> list[_Start]:
    found: dict[int, _Start] = {}
    reader = _Document(path)
    for row in reader.rows(FIRST_ROWS + 2, leap=leap):
        start = found.get(reader.place)
        if start is None:
            start = found[reader.place] = _Start(reader.place, reader.name, reader.shown, leap, reader.page)
            start.hidden_columns.extend(reader.hidden_columns)
            start.beside = reader.beside
        start.rows.append(row)
        if alone and len(start.rows) == FIRST_ROWS + 2:
            break
    return list(found.values())


def _counts(path: Path, *, whole: bool) -> tuple[int, int, int, bool]:
    """How many tables, comments and pictures a document may have, and whether it was short enough to be seen whole."""
    tables, comments, pictures, size, before = 0, 0, 0, 0, b""
    with opened(path) as package, package.open("content.xml") as stream:
        for block, text in without_entities(stream, _BIG_BLOCK):
            tables += text.count(b"<table:table ")
            if b"<office:annotation" in text:
                comments += len(_COMMENT.findall(text)) - len(_COMMENT.findall(before))
            pictures += block.count(b"<draw:image ")
            before = text[-32:]  # with which the next begins
            size += len(block)
            if size > _MOST_COUNTED and tables < 2 and not whole:
                return tables, comments, pictures, False
    return tables, comments, pictures, True


def _page_texts(path: Path) -> dict[str, list[str]]:
    """What is printed above and below the pages, by their names."""
    found: dict[str, list[str]] = {}
    with opened(path) as package:
        if not package.has("styles.xml"):
            return found
        with package.open("styles.xml") as stream:
            for event, page in elements(stream, (_PAGE,)):
                for part in page.iter(*_PAGE_PARTS) if event == "end" else ():
                    texts = (text_of(each).strip() for each in part.iter(PARAGRAPH))
                    found.setdefault(page.get(f"{STYLE}name"), []).extend(filter(None, texts))
    return found


def _refuse_password(path: Path) -> None:
    manifest = b""
    with opened(path) as archive:
        if archive.has("META-INF/manifest.xml"):
            with archive.open("META-INF/manifest.xml") as stream:
                manifest = stream.read(_BLOCK)
    if b"encryption-data" in manifest:
        raise IntakeError("workbook.password", name=path.name)


class _Document:
    """The rows with anything in them of all sheets, and where among them the reader is."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._off: set[str | None] = set()  # names of styles of what is not shown
        self._struck, self._unseen = shared_styles(path)  # and of cells that are struck out, or show nothing
        self._rules: dict[str | None, list[Condition]] = {}  # and of those that a rule may strike out
        self._pages: dict[str | None, str] = {}  # by the names of styles
        self._in_sheet = False
        self._depth = self._number = self._copied = self._columns = self._count = 0
        self._merged = FilledDown(Merges())
        self.place, self.name, self.shown, self.page = 0, "", False, ""
        self.hidden_columns: list[int] = []
        self.beside = _BesideCells()
        self._said: dict[str, tuple[str, ...]] = {}

    def rows(self, most: int | None = None, *, leap: bool = False, first: int = 0) -> Iterator[TableRow]:
        """The rows, of each sheet so many, from the first sheet that is wanted."""
        with opened(self._path) as archive, archive.open("content.xml") as content:
            stream = LeapingStream(content, b"</table:table-row>", b"</table:table>")
            for event, element in elements(stream, _READ, kept=_SHEET, row=_ROW, encoding="utf-8"):
                if element.tag == _SHEET:
                    self._table(event, element)
                elif event == "start":
                    continue
                elif element.tag in STYLES:
                    self._style(element)
                elif element.tag == _RULE:
                    self._rule(element)
                elif self._depth == 1 and self._in_sheet:
                    if element.tag != _ROW:
                        self._beside_rows(element)
                    elif self.place < first or (most is not None and self._count >= most):
                        if leap or first:
                            stream.leap()
                    else:
                        yield from self._rows(element)

    def _rule(self, element: Any) -> None:
        """Keep what is said of cells for which there is a rule."""
        messages = [each for each in element if each.tag in _MESSAGES]
        texts = (text for each in messages for text in (each.get(f"{TABLE}title"), paragraphs_in(each)) if text)
        self._said[element.get(f"{TABLE}name")] = tuple(texts)

    def _beside_rows(self, element: Any) -> None:
        if element.tag == _COLUMN:
            self._column(element)
        else:
            self.beside.boxes.extend(filter(None, paragraphs_in(element).split("\n")))

    def _style(self, element: Any) -> None:
        """Keep the style of a sheet that is not shown, of a cell that is struck out, and which page a sheet has."""
        name = element.get(f"{STYLE}name")
        if any(each.get(f"{TABLE}display") == "false" for each in element):
            self._off.add(name)
        if element.get(f"{STYLE}parent-style-name") in self._struck or any(map(strikes, element)):
            self._struck.add(name)
        self._unseen.note(element)
        for each in element.iterchildren(f"{STYLE}map"):
            if each.get(f"{STYLE}apply-style-name") in self._struck:
                self._rules.setdefault(name, []).append(condition_of(each))
        if page := element.get(f"{STYLE}master-page-name"):
            self._pages[name] = page

    def _table(self, event: str, element: Any) -> None:
        """A table begins or ends; one inside another is part of a cell."""
        self._depth += 1 if event == "start" else -1
        if event == "start" and self._depth == 1:
            self._in_sheet = element.getparent().tag == f"{OFFICE}spreadsheet"
            self.place, self.name = self.place + 1, element.get(f"{TABLE}name") or str(self.place + 1)
            style = element.get(f"{TABLE}style-name")
            self.shown, self.page = style not in self._off, self._pages.get(style, "")
            self._number = self._copied = self._columns = self._count = 0
            self._merged, self.hidden_columns = FilledDown(Merges()), []
            self.beside = _BesideCells(said=self._said)

    def _column(self, element: Any) -> None:
        times = min(times_of(element, "columns"), MAX_SHEET_ROWS)
        if element.get(f"{TABLE}visibility") in _HIDDEN and self._columns + times <= _MAX_COLUMNS:
            self.hidden_columns.extend(range(self._columns, self._columns + times))
        self._columns += times

    def _rows(self, element: Any) -> Iterator[TableRow]:
        """The row, as often as it is to be repeated."""
        first, times = self._number + 1, times_of(element, "rows")
        self._number += times
        found = cells_of(element, self._struck, self._rules, self._unseen.hides)
        cells = found.cells
        self._keep_beside(found)
        if is_blank(cells):
            return
        if self._number > MAX_SHEET_ROWS:
            raise ValueError
        size = sum(len(cell) for cell in cells if isinstance(cell, str))
        self._copied += (times - 1) * max(size, _LEAST_COPIED)
        if self._copied > _MAX_COPIED:
            raise IntakeError("workbook.repeated_row", name=self._path.name, first=first, times=times)
        hidden = element.get(f"{TABLE}visibility") in _HIDDEN
        error = self._put_out(cells, found) if found.struck or found.ruled else None
        filled = self._merged.fill(first, cells)
        for column, rows in found.rows:
            self._merged.begin(column, first + rows - 1, cells[column])
        for number in range(first, first + times):
            self._count += 1
            yield TableRow(number, cells, error, hidden, filled, found.comments, found.columns, found.unseen)

    def _put_out(self, cells: list[object], found: RowCells) -> FieldError | None:
        """What is struck out, by a line or by a rule."""
        answers = {at: [condition(cells, at) for condition in self._rules[style]] for at, style in found.ruled.items()}
        ruled = [at for at, each in answers.items() if any(each)]
        maybe = any(None in each for at, each in answers.items() if at not in ruled)
        return put_out(cells, [*found.struck, *ruled], maybe=maybe)

    def _keep_beside(self, found: RowCells) -> None:
        for at, name in found.rules.items():
            self.beside.rules.setdefault(at, {})[name] = None
        if found.boxes and len(self.beside.boxes) < _MAX_BOXES:
            self.beside.boxes.extend(line for box in found.boxes for line in box.split("\n") if line)


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
        names = {prefix: NAMES[prefix] for prefix in ("office", "table", "text")}
        with xml.element(f"{OFFICE}document-content", {f"{OFFICE}version": _VERSION}, nsmap=names):
            with xml.element(f"{OFFICE}body"), xml.element(f"{OFFICE}spreadsheet"):
                with xml.element(_SHEET, {f"{TABLE}name": "Sheet1"}):
                    width = str(max(len(header), 1))
                    with xml.element(f"{TABLE}table-column", {f"{TABLE}number-columns-repeated": width}):
                        pass
                    for row in one_sheet(header, rows):
                        _write_row(xml, row)


def _manifest() -> bytes:
    names = {"manifest": NAMES["manifest"]}
    root = etree.Element(f"{MANIFEST}manifest", {f"{MANIFEST}version": _VERSION}, nsmap=names)
    for path, kind in (("/", _MEDIA_TYPE), ("content.xml", "text/xml")):
        entry = {f"{MANIFEST}full-path": path, f"{MANIFEST}media-type": kind}
        etree.SubElement(root, f"{MANIFEST}file-entry", entry)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="utf-8"))


def _write_row(xml: Any, cells: Sequence[Cell]) -> None:
    with xml.element(_ROW):
        for value in cells:
            if isinstance(value, int | Decimal):
                kind, lines = {KIND: "float", VALUE: str(value)}, [str(value)]
            elif value:
                fit = _UNFIT.sub(lambda match: f"_x{ord(match[0]):04X}_", quote_again(value))
                kind, lines = {KIND: "string"}, fit.split("\n")
            else:
                kind, lines = {}, []
            with xml.element(CELL, kind):
                for line in lines:
                    _write_line(xml, line)


def _write_line(xml: Any, line: str) -> None:
    """A paragraph, in which white space that XML would lose is an element."""
    end = 0
    with xml.element(PARAGRAPH):
        for gap in _GAP.finditer(line):
            xml.write(line[end : gap.start()])
            if gap[0] == "\t":
                tag, count = TAB, {}
            else:
                tag, count = SPACES, {COUNT: str(len(gap[0]))}
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
