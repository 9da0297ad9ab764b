"""Opening a file: which reader it is for, by its name and by how it begins, or one sentence why not."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from forbear.intake.formats import FORMATS, READ_AS, ending, format_of
from forbear.intake.formats.format import Format
from forbear.intake.formats.tables.no_cases import TOTAL
from forbear.intake.formats.tables.totals import is_total
from forbear.intake.formats.text_files import GZIP, is_packed, is_wide, magic_of, open_bytes
from forbear.intake.formats.workbooks.ods import ODS
from forbear.intake.formats.workbooks.xlsx import XLSX
from forbear.intake.source import IntakeError, SourceChoice, SourceFile, SourceRow, empty
from forbear.locale import said
from rules.pack.files.schema import Text

_OPEN = SourceChoice()
_START = 1024  # bytes that tell a format
# A page of the web, or the XML of an older Excel, under whatever name: reporting systems export so.
_MARKUP = re.compile(rb"\s*<(!doctype|html|head|meta|style|table|body|div|\?xml|!--)", re.IGNORECASE)
# Sentences of the catalogue, and the endings that they are for.
_CAUSES = {
    "workbook": (".xls", ".xlsb", ".xlt", ".et", ".ett", ".dif", ".slk", ".wk4", ".xla", ".xlsl"),
    "numbers": (".numbers",),
    "document": (".doc", ".docx", ".wps", ".rtf", ".odt", ".pages", ".ppt", ".pptx", ".md"),
    "picture": (".pdf", ".png", ".jpg", ".jpeg", ".heic", ".gif", ".bmp", ".tif", ".tiff", ".webp", ".ofd"),
    "archive": (".zip", ".rar", ".7z", ".tar", ".bz2", ".xz", ".gz", ".tgz", ".zst"),
    "temporary": (".tmp", ".part", ".crdownload", ".download", ".bak"),
    "page": (".html", ".htm", ".mht", ".mhtml", ".xml"),
    "database": (".db", ".sqlite", ".sqlite3", ".mdb", ".accdb", ".dbf", ".sql"),
}
_TEXTS = (".dif", ".slk", ".rtf", ".md", ".sql", *_CAUSES["page"])  # that are text by themselves, and no table of ours
_WORKBOOKS = (XLSX, ODS)
_NO_TEXT = re.compile(rb"[\x00-\x08\x0e-\x19\x1c-\x1f]")  # but for the end that DOS put behind a text
_TABLE = re.compile(rb"[,;\t|\n]")  # between columns or rows
_OBJECT = re.compile(rb"^[\s\0\xef\xbb\xbf\xff\xfe]*[{\[]", re.MULTILINE)
_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


def read(path: Path, choice: SourceChoice = _OPEN) -> SourceFile:
    """Open a file of cases. Raises IntakeError if it cannot be read or holds none.

    SeveralTablesError, where the choice has to say which sheet is meant.
    """
    try:
        if path.is_dir():
            raise IntakeError("file.folder", path=path)
        if path.exists() and not path.is_file():
            raise IntakeError("file.not_ordinary", path=path)
        if not path.stat().st_size:
            raise empty(path)
        source = _without_totals(_kind(path).read(path, choice))
        _refuse_vain(source, choice)
        if next(source.read_rows(), None) is None:
            raise IntakeError("file.no_cases", name=path.name)
    except FileNotFoundError as error:
        if format_of(path.name) is None:
            raise _unknown(path) from error
        raise IntakeError("file.missing", path=path) from error
    except OSError as error:
        raise IntakeError("file.unreadable", path=path, error=error.strerror) from error
    return source


def _without_totals(source: SourceFile) -> SourceFile:
    """The rows of a list of objects or of a Parquet file, totals among them refused; tables tell their own."""
    if source.header_row:
        return source

    def rows() -> Iterator[SourceRow]:
        for row in source.read_rows():
            yield row._replace(error=TOTAL) if row.error is None and is_total(row.cells) else row

    return replace(source, read_rows=rows)


def _kind(path: Path) -> Format:
    """The format by the name, if the file does not begin like one of another: then its name is wrong."""
    kind, last = format_of(path.name), ending(path.name)
    with open_bytes(path) as file:
        whole = start = file.read(_START)
    for mark in _MARKS:
        start = start.removeprefix(mark)
    if _MARKUP.match(start.replace(b"\0", b"")):
        raise IntakeError("file.markup", name=path.name)
    _refuse_packed(path, whole)
    for other in FORMATS.values():
        if (
            other.signature is not None
            and other.signature.match(start)
            and (kind is None or other.read is not kind.read)
        ):
            if kind is not None and last not in FORMATS:
                return other  # an ending that says little
            raise IntakeError("file.misnamed", name=path.name, what=other.title, suffix=other.suffix)
    if start and not start.strip(b"\0"):
        raise IntakeError("file.zeros", name=path.name)
    _refuse_misnamed(path, kind, whole)
    if kind is None:
        raise _unknown(path)
    return kind


def _refuse_packed(path: Path, start: bytes) -> None:
    """What is packed is text, and packed once."""
    if is_packed(path):
        if start.startswith(GZIP):
            raise IntakeError("file.gzip_twice", name=path.name)
        binary = (each for each in FORMATS.values() if each.signature is not None and not each.packable)
        if magic_of(start) is not None or any(each.signature and each.signature.match(start) for each in binary):
            raise IntakeError("ending.archive", name=path.name)


def _refuse_misnamed(path: Path, kind: Format | None, start: bytes) -> None:
    """Text, pictures and the like under the name of a workbook, a Parquet file, JSON, or of nothing that is known."""
    last = path.suffix.lower()
    if (what := magic_of(start)) is not None:
        told_by_name = kind is None and any(last in endings for endings in _CAUSES.values())
        if not told_by_name and not (kind in _WORKBOOKS and what in ("ole", "zip")):  # their reader says more
            raise IntakeError("file.is", name=path.name, what=said(f"magic.{what}"))
    elif _is_text(start):
        has_table = _TABLE.search(start) is not None
        if kind is None:
            misnamed = has_table and last not in _TEXTS
        elif kind.signature is None or kind.signature.match(start):
            misnamed = False
        else:
            misnamed = not kind.packable or (has_table and _OBJECT.search(start) is None)
        if misnamed:
            raise IntakeError("file.text", name=path.name)


def _is_text(start: bytes) -> bool:
    """Whether bytes may be text of an encoding that is read."""
    return start.startswith(_MARKS) or is_wide(start) or _NO_TEXT.search(start) is None


def _unknown(path: Path) -> IntakeError:
    """Why files of this ending are not read, and what to do about it."""
    for cause, endings in _CAUSES.items():
        if path.suffix.lower() in endings:
            return IntakeError(f"ending.{cause}", name=path.name, suffix=path.suffix)
    formats = Text(zh="、".join(READ_AS), en=" ".join(READ_AS))
    return IntakeError("file.unknown_format", name=path.name, formats=formats)


def _refuse_vain(source: SourceFile, choice: SourceChoice) -> None:
    """Say so where something was chosen that this kind of file does not have."""
    if choice.sheet is not None and source.sheet is None:
        raise IntakeError("sheet.none", name=source.path.name)
    if choice.header_row is not None and not source.header_row:
        raise IntakeError("header.row_none", name=source.path.name)
