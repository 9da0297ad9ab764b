"""Shared strings of a workbook: read no further than a cell needs one, and held end to end, not as so many objects."""

import re
from array import array
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path
from typing import Any, Final

from lxml import etree
from openpyxl.utils.escape import unescape

from forbear.intake.formats.workbooks.beside.struck import OFF, PartlyStruck
from forbear.intake.formats.workbooks.xlsx_package import opened
from forbear.intake.formats.workbooks.xml_stream import Stream, elements
from forbear.intake.source import MAX_RECORD

_STRUCK: Final = b"\xff"  # before a text of which a part is struck out: no text begins so
_BLOCK: Final = 256 * 1024
_LONGEST: Final = 4 * MAX_RECORD  # bytes of one string with all its runs
# As nearly all programs begin the part and write a text without formatting; the rest is parsed as XML.
_ROOT: Final = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml(?:(?!encoding)[^>])*(?:encoding=[\"']utf-8[\"'][^>]*)?\?>)?\s*(<sst(?:\s[^>]*[^/>])?>)",
    re.IGNORECASE,
)
_KEPT_SPACE: Final = b'<t xml:space="preserve">'
_FIRST, _BETWEEN, _LAST = b"<si><t>", b"</t></si><si><t>", b"</t></si>"
_END: Final = b"</si>"
_NOT_PLAIN: Final = re.compile(rb"[<&\x00-\x08\x0b-\x1f]|_x")  # markup, or what XML and Excel write for a character


class SharedStrings:
    """The shared strings by their numbers."""

    def __init__(self, path: Path, part: str) -> None:
        self._path, self._part = path, part
        self._texts, self._ends = bytearray(), array("Q", [0])
        self._reading = self._read()

    def __getitem__(self, at: int) -> str | PartlyStruck:
        """The string; IndexError where there is none."""
        while at + 1 >= len(self._ends):
            if next(self._reading, None) is None:
                raise IndexError
        start, end = self._ends[at : at + 2]
        text = self._texts[start:end]
        if text[:1] == _STRUCK:
            return PartlyStruck(text[1:].decode("utf-8", "surrogatepass"))
        return text.decode("utf-8", "surrogatepass")

    def _read(self) -> Iterator[bool]:
        with opened(self._path) as package, package.open(self._part) as stream:
            start = stream.read(_BLOCK)
            if (root := _ROOT.match(start)) is not None:
                yield from self._read_plain(stream, root[1], start[root.end() :])
                return
        with opened(self._path) as package, package.open(self._part) as stream:
            for event, item in elements(stream, ("{*}si",)):
                if event == "end":
                    self._add([_bytes_of(item)])
                    yield True

    def _read_plain(self, stream: Stream, root: bytes, rest: bytes) -> Iterator[bool]:
        """Block by block, each up to the end of a string."""
        while True:
            cut = rest.rfind(_END) + len(_END)
            if cut >= len(_END):
                self._add(_strings(root, rest[:cut].strip()))
                rest = rest[cut:]
                yield True
            block = stream.read(_BLOCK)
            rest += block
            if len(rest) > _LONGEST or (not block and b"</sst>" not in rest):
                raise ValueError
            if not block:
                self._add(_parsed(root, rest[: rest.rindex(b"</sst>")]))  # empty strings may be left
                yield True
                return

    def _add(self, texts: list[bytes]) -> None:
        before = self._ends[-1]
        self._texts += b"".join(texts)
        self._ends.extend(before + end for end in accumulate(map(len, texts)))


def _strings(root: bytes, block: bytes) -> list[bytes]:
    """The strings of a block: as they stand there, but for those in which there is anything else."""
    block = block.replace(_KEPT_SPACE, b"<t>")
    if not (block.startswith(_FIRST) and block.endswith(_LAST)):
        return _parsed(root, block)
    pieces = block[len(_FIRST) : -len(_LAST)].split(_BETWEEN)
    if not _NOT_PLAIN.search(b"".join(pieces)):
        return pieces
    texts: list[bytes] = []
    for piece in pieces:
        texts.extend(_parsed(root, _FIRST + piece + _LAST) if _NOT_PLAIN.search(piece) else [piece])
    return texts


def _parsed(root: bytes, items: bytes) -> list[bytes]:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True, encoding="utf-8")
    return [_bytes_of(item) for item in etree.fromstring(root + items + b"</sst>", parser).iter("{*}si")]


def _bytes_of(item: Any) -> bytes:
    found = text_of(item)
    return (_STRUCK if isinstance(found, PartlyStruck) else b"") + found.encode("utf-8", "surrogatepass")


def text_of(item: Any) -> str | PartlyStruck:
    """The text of a string, runs and all, without the readings that stand above it."""
    text = _text_of(item)
    lines = (run.find("{*}rPr/{*}strike") for run in item.iterchildren("{*}r") if _text_of(run).strip())
    return PartlyStruck(text) if any(line is not None and line.get("val") not in OFF for line in lines) else text


def _text_of(item: Any) -> str:
    shown = (each for each in item.iter("{*}t") if etree.QName(each.getparent()).localname != "rPh")
    return str(unescape("".join(each.text or "" for each in shown)))
