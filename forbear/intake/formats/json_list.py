"""A JSON list, .json: decoded object by object however long the list is."""

import json
import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import TextIO

from forbear.intake.formats.format import Content, Format, encoded
from forbear.intake.formats.json_lines import DECODER, source_of_objects
from forbear.intake.formats.text_files import open_text
from forbear.intake.source import MAX_RECORD, IntakeError, SourceChoice, SourceFile
from forbear.locale import said

_BLOCK = 256 * 1024
_GAP = re.compile(r"[ \t\r\n]*")


def read(path: Path, _choice: SourceChoice) -> SourceFile:
    """Open a .json file, by the standard library alone: ijson refuses the NaN that pandas and json itself write."""

    def objects() -> Iterator[tuple[int, object]]:
        with open_text(path) as file:
            yield from enumerate(_Elements(path, file), 1)

    return source_of_objects(path, objects)


class _Elements:
    """The elements of a JSON list, read through a window that holds little more than one element."""

    def __init__(self, path: Path, file: TextIO) -> None:
        self._path, self._file = path, file
        self._window, self._at, self._count = "", 0, 0

    def __iter__(self) -> Iterator[object]:
        if self._next_sign() != "[":
            raise IntakeError("file.not_a_list", name=self._path.name)
        self._at += 1
        sign = self._next_sign()
        while sign != "]":
            yield self._element()
            sign = self._next_sign()
            if sign not in ("]", ","):
                raise self._broken()
            self._at += sign == ","
        self._at += 1
        if self._next_sign():
            raise self._broken()

    def _next_sign(self) -> str:
        """The next character that is not white space, '' at the end of the file."""
        while True:
            gap = _GAP.match(self._window, self._at)
            self._at = gap.end() if gap else self._at
            if self._at < len(self._window) or not self._read_more():
                return self._window[self._at : self._at + 1]

    def _element(self) -> object:
        self._next_sign()
        while True:
            try:
                element, end = DECODER.raw_decode(self._window, self._at)
            except (json.JSONDecodeError, RecursionError):
                end = len(self._window)
                element = None
            # At the end of the window a number may go on, and whatever is broken may only be cut off.
            if end < len(self._window):
                self._at, self._count = end, self._count + 1
                return element
            if len(self._window) - self._at > MAX_RECORD or not self._read_more():
                raise self._broken()

    def _read_more(self) -> bool:
        """Double what is left of the window, so that an element is tried again only a few times."""
        rest = self._window[self._at :]
        more = self._file.read(max(_BLOCK, len(rest)))
        self._window, self._at = rest + more, 0
        return bool(more)

    def _broken(self) -> IntakeError:
        return IntakeError("file.broken_list", name=self._path.name, count=self._count)


def write(content: Content, _folder: Path) -> Iterator[bytes]:
    """Every object whole, one a line between the brackets."""
    items = content.objects()
    listed = (f",\n{item}" if number else f"\n{item}" for number, item in enumerate(items))
    return encoded(chain(["["], listed, ["\n]\n"]))


JSON_LIST = Format(
    suffix=".json",
    title=said("format.json"),
    media_types=("application/json",),
    read=read,
    write=write,
)
