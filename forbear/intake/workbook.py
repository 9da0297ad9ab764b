"""The parts of an .xlsx package that its sheets refer to: the list of sheets, number formats, shared strings.

Read with expat and not with openpyxl, which keeps all shared strings and every sized row in memory and gives up at
style sheets that other programs write slightly wrong.
"""

import mmap
import posixpath
import re
import tempfile
from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple
from xml.parsers import expat
from zipfile import ZipFile

from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format

_CHUNK = 64 * 1024
_ESCAPE = re.compile("_x([0-9A-Fa-f]{4})_")
# What XML cannot hold, a carriage return (which it would turn into a line feed), and what looks like an escape.
_UNSAFE = re.compile("[\0-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
# Built-in formats that are dates in a Chinese Excel and WPS (ECMA-376 part 1, 18.8.30, zh-cn).
_CHINESE_DATES = frozenset((*range(27, 37), *range(50, 59)))


class DamagedError(Exception):
    """A package that is not as it must be."""


class _Relation(NamedTuple):
    id: str
    kind: str
    part: str


@dataclass(frozen=True)
class Workbook:
    """Where the visible sheets are and what is needed to understand their cells."""

    sheets: list[str]
    date_styles: frozenset[int]
    percent_styles: frozenset[int]
    since_1904: bool
    strings: "SharedStrings"


class SharedStrings:
    """The shared strings, kept in a temporary file without a name: there can be more of them than memory."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._ends = array("Q", [1])
        with tempfile.TemporaryFile() as file:
            file.write(b"\0")  # an empty file could not be mapped
            for text in texts:
                self._ends.append(self._ends[-1] + file.write(text.encode("utf-8", "surrogatepass")))
            file.flush()
            self._bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)

    def __getitem__(self, index: int) -> str:
        if not 0 <= index < len(self._ends) - 1:
            raise DamagedError
        return self._bytes[self._ends[index] : self._ends[index + 1]].decode("utf-8", "surrogatepass")


def open_workbook(archive: ZipFile) -> Workbook:
    """Read what the sheets need. Raises DamagedError, KeyError or ValueError for what is no workbook."""
    main = next((relation.part for relation in _relations(archive, "") if relation.kind == "officeDocument"), None)
    if main is None:
        raise DamagedError
    relations = _relations(archive, main)
    parts = {relation.kind: relation.part for relation in relations}
    ids, since_1904 = _visible_sheets(archive, main)
    sheets = {relation.id: relation.part for relation in relations if relation.kind == "worksheet"}
    dates, percents = _styles(archive, parts["styles"]) if "styles" in parts else ([], [])
    texts = _shared_strings(archive, parts["sharedStrings"]) if "sharedStrings" in parts else iter(())
    return Workbook(
        [sheets[sheet] for sheet in ids if sheet in sheets],
        frozenset(dates),
        frozenset(percents),
        since_1904,
        SharedStrings(texts),
    )


def parse(
    archive: ZipFile,
    part: str,
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None] | None = None,
    data: Callable[[str], None] | None = None,
) -> Iterator[None]:
    """Feed a part to these handlers, a chunk at each step; names lose the prefix that the outermost one has."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_doctype

    def outermost(name: str, attributes: dict[str, str]) -> None:
        cut = name.find(":") + 1
        # Most files have no prefix; then nothing stands between expat and the handlers.
        parser.StartElementHandler = start if not cut else lambda name, attributes: start(name[cut:], attributes)
        parser.EndElementHandler = end if not cut or end is None else lambda name: end(name[cut:])
        parser.CharacterDataHandler = data
        start(name[cut:], attributes)

    parser.StartElementHandler = outermost
    with archive.open(part) as stream:
        while chunk := stream.read(_CHUNK):
            parser.Parse(chunk)
            yield
    parser.Parse(b"", True)
    yield


def escape(text: str) -> str:
    """A text as a cell holds it: what XML cannot hold is written _x0001_ (ECMA-376 part 1, 22.9.2.19)."""
    return _UNSAFE.sub(lambda match: f"_x{ord(match[0]):04X}_", text)


def unescape(text: str) -> str:
    """The text that `escape` wrote; spreadsheets write line breaks so, as _x000D_."""
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text) if "_x" in text else text


def _refuse_doctype(*_: object) -> None:
    raise DamagedError  # no spreadsheet writes one; it is how entities grow without end


def _read(archive: ZipFile, part: str, start: Callable[[str, dict[str, str]], None]) -> None:
    for _ in parse(archive, part, start):
        pass


def _relations(archive: ZipFile, part: str) -> list[_Relation]:
    folder, name = posixpath.split(part)
    relations = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        if tag == "Relationship":
            target = posixpath.normpath(posixpath.join("/", folder, attributes["Target"])).lstrip("/")
            relations.append(_Relation(attributes["Id"], attributes["Type"].rpartition("/")[2], target))

    _read(archive, posixpath.join(folder, "_rels", f"{name}.rels"), start)
    return relations


def _visible_sheets(archive: ZipFile, part: str) -> tuple[list[str], bool]:
    """The ids of the visible sheets in their order, and whether days count from 1904."""
    ids: list[str] = []
    settings: dict[str, str] = {}

    def start(tag: str, attributes: dict[str, str]) -> None:
        if tag == "workbookPr":
            settings.update(attributes)
        elif tag == "sheet" and attributes.get("state", "visible") == "visible":
            ids.extend(value for name, value in attributes.items() if name.rpartition(":")[2] == "id")

    _read(archive, part, start)
    return ids, settings.get("date1904") in ("1", "true")


def _styles(archive: ZipFile, part: str) -> tuple[list[int], list[int]]:
    """The numbers of the cell styles that show a date, and of those that show a percentage."""
    formats = dict(BUILTIN_FORMATS)
    styles: list[int] = []
    inside = ""

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal inside
        if tag in ("numFmts", "cellXfs", "cellStyleXfs", "dxfs"):
            inside = tag
        elif tag == "numFmt" and inside == "numFmts":
            formats[int(attributes["numFmtId"])] = attributes["formatCode"]
        elif tag == "xf" and inside == "cellXfs":
            styles.append(int(attributes.get("numFmtId", 0)))

    _read(archive, part, start)
    dates = {key for key, code in formats.items() if is_date_format(code)} | (_CHINESE_DATES - formats.keys())
    percents = {key for key, code in formats.items() if "%" in code} - dates
    return (
        [number for number, key in enumerate(styles) if key in dates],
        [number for number, key in enumerate(styles) if key in percents],
    )


def _shared_strings(archive: ZipFile, part: str) -> Iterator[str]:
    texts: list[str] = []
    pieces: list[str] = []
    reading = phonetic = False

    def start(tag: str, _: dict[str, str]) -> None:
        nonlocal reading, phonetic
        phonetic = phonetic or tag == "rPh"
        reading = tag == "t" and not phonetic

    def end(tag: str) -> None:
        nonlocal reading, phonetic
        reading = False
        phonetic = phonetic and tag != "rPh"
        if tag == "si":
            texts.append(unescape("".join(pieces)))
            pieces.clear()

    def data(text: str) -> None:
        if reading:
            pieces.append(text)

    for _ in parse(archive, part, start, end, data):
        yield from texts
        texts.clear()
