"""Text files as people really save them: which encoding, decided over the whole file, and lines of bounded length."""

import codecs
import gzip
import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TextIO, TypeAlias, cast

from forbear.intake.source import MAX_RECORD, IntakeError
from forbear.locale import said

_BLOCK = 1024 * 1024
_BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_MAGIC = {
    b"PK\x03\x04": "zip",
    b"\xd0\xcf\x11\xe0": "ole",
    b"%PDF": "pdf",
    b"\x89PNG": "picture",
    b"\xff\xd8\xff": "picture",
    b"SQLite format 3": "database",
    b"Rar!": "zip",
    b"7z\xbc\xaf": "zip",
}
_GZIP = b"\x1f\x8b"
# As for the parts of a workbook: deflate can do 1,032 times, honest tables shrink 5 to 50 times.
_MAX_RATIO, _SMALL, _MAX_UNPACKED = 200, 16 * 1024 * 1024, 8 * 1024**3
_SAMPLE = 64 * 1024  # bytes by which Big5 is told from GB18030, and UTF-16 is known without a mark
_BIG5 = "cp950"
# What "surrogateescape" leaves where bytes could not be read, and what "\ud83d" in JSON gives.
_HALVES = re.compile("[\ud800-\udfff]")
_TWO_BYTES = re.compile(rb"[\x81-\xfe][\x40-\x7e\x80-\xfe]")


Encoding: TypeAlias = tuple[str, str]  # and what becomes of bytes that are none of it


def open_text(path: Path, encoding: Encoding) -> TextIO:
    """Open a text file; bytes that cannot be read become surrogates."""
    return io.TextIOWrapper(open_bytes(path), encoding=encoding[0], errors=encoding[1], newline="")


def open_bytes(path: Path) -> IO[bytes]:
    """The bytes of a file; of one packed with gzip, those that were packed, as long as it is no bomb."""
    file = path.open("rb")
    try:
        packed = file.read(2) == _GZIP
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return cast("IO[bytes]", io.BufferedReader(_Unpacked(path, file))) if packed else file


class _Unpacked(io.RawIOBase):
    """What a gzip archive holds, up to what an honest one can."""

    def __init__(self, path: Path, file: IO[bytes]) -> None:
        self._path, self._file, self._gzip = path, file, gzip.GzipFile(fileobj=file, mode="rb")
        self._most = max(_SMALL, _MAX_RATIO * path.stat().st_size)
        self._read = 0

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override] # as RawIOBase calls it
        """Unpack the next bytes."""
        try:
            block = self._gzip.read(len(buffer))
        except (EOFError, OSError, zlib.error) as error:
            raise IntakeError("file.gzip_damaged", name=self._path.name) from error
        self._read += len(block)
        if self._read > min(self._most, _MAX_UNPACKED):
            raise IntakeError("file.gzip_bomb", name=self._path.name, megabytes=self._read // 1024**2)
        buffer[: len(block)] = block
        return len(block)

    def close(self) -> None:
        """Close the archive too."""
        self._file.close()
        super().close()


def readable(text: str) -> str:
    """The text with U+FFFD wherever it could not be read."""
    return text if text.isascii() else _HALVES.sub("\ufffd", text)


def lines(file: TextIO) -> Iterator[str]:
    """The lines of a file; of a line beyond MAX_RECORD only the beginning, cut without a line end."""
    while line := file.readline(MAX_RECORD):
        yield line
        skip_rest(file, line)


def skip_rest(file: TextIO, line: str) -> None:
    """After a line that was too long for one read: pass over what is left of it."""
    while is_cut(line):
        line = file.readline(MAX_RECORD)


def is_cut(line: str) -> bool:
    """Whether this line was too long for one read."""
    return len(line) >= MAX_RECORD and not line.endswith(("\n", "\r"))


def encoding_of(path: Path) -> Encoding:
    """The encoding that the bytes of a text file show, all of them."""
    with open_bytes(path) as file:
        start = file.read(_SAMPLE)
    for magic, what in _MAGIC.items():
        if start.startswith(magic):
            raise IntakeError("file.not_text", name=path.name, what=said(f"magic.{what}"))
    for bom, encoding in _BOMS.items():
        if start.startswith(bom):
            return encoding, "replace"
    if wide := _wide(start):
        return wide, "replace"
    if _decodes(path, "utf-8"):
        return "utf-8", "strict"
    if _decodes(path, "gb18030") and not _looks_big5(_of_two_bytes(start)) and not _begins_as_utf8(start):
        return "gb18030", "strict"
    return _by_lines(path)


def _of_two_bytes(start: bytes) -> bytes:
    return b"".join(line for line in start.splitlines() if not line.isascii())


def _begins_as_utf8(start: bytes) -> bool:
    """Whether the first line with more than ASCII is UTF-8, which no line of Chinese in GB18030 is by chance."""
    first = next((line for line in start.splitlines() if not line.isascii()), b"")
    return _line_decodes(first, "utf-8")


def _wide(start: bytes) -> str | None:
    """UTF-16 without a mark: no other text has a zero byte, and beside it stands the letter."""
    even, odd = start[0::2].count(0), start[1::2].count(0)
    if max(even, odd) * 20 < len(start) or min(even, odd) * 10 > max(even, odd):
        return None
    encoding = "utf-16-le" if odd > even else "utf-16-be"
    text = start[: len(start) // 2 * 2].decode(encoding, "replace")
    return None if "\0" in text or text.count("\ufffd") > 1 else encoding


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    with open_bytes(path) as file:
        try:
            while block := file.read(_BLOCK):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


@dataclass
class _LinesByEncoding:
    """How many lines with more than ASCII there are, and which of them are in which encoding."""

    count: int = 0
    right: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("utf-8", "gb18030"), 0))
    first: dict[str, bool] = field(default_factory=dict)  # of the first of them
    number: int = 0  # of the first of them, in the file
    sample: bytes = b""


def _by_lines(path: Path) -> Encoding:
    """The encoding of most lines: half a character in one row must not stop the others.

    Where the first of them, the header's, is in another one than the rest, the file is of two programs: refused.
    """
    found = _counted(path)
    utf, chinese = (found.right[each] * 2 >= found.count for each in ("utf-8", "gb18030"))
    if utf:
        if not found.first["utf-8"] and found.first["gb18030"]:
            raise _mixed(path, found, "GB18030", "UTF-8")
        return "utf-8", "surrogateescape"
    if found.first["utf-8"] and chinese:
        raise _mixed(path, found, "UTF-8", "GB18030")
    if _looks_big5(found.sample):
        return _BIG5, "surrogateescape"
    if chinese:
        return "gb18030", "surrogateescape"
    raise IntakeError("file.encoding", name=path.name)


def _mixed(path: Path, found: _LinesByEncoding, first: str, rest: str) -> IntakeError:
    return IntakeError("file.mixed_encodings", name=path.name, row=found.number, first=first, rest=rest)


def _counted(path: Path) -> _LinesByEncoding:
    found = _LinesByEncoding()
    number = 0
    with open_bytes(path) as file:
        while line := file.readline(MAX_RECORD):
            number += 1
            if line.isascii():
                continue
            found.count += 1
            for encoding in found.right:
                decodes = _line_decodes(line, encoding)
                found.right[encoding] += decodes
                found.first.setdefault(encoding, decodes)
            found.number = found.number or number
            if len(found.sample) < _SAMPLE:
                found.sample += line[:_SAMPLE]
    return found


def _line_decodes(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _looks_big5(sample: bytes) -> bool:
    """Whether two-byte characters are the everyday ones of Big5 and not those of GB18030, where most bytes fit both."""
    pairs = _TWO_BYTES.findall(sample)
    big5: int = sum(b"\xa4\x40" <= pair <= b"\xc6\x7e" or pair[0] in (0xA1, 0xA3) for pair in pairs)
    chinese: int = sum((0xB0 <= pair[0] <= 0xD7 or 0xA1 <= pair[0] <= 0xA3) and pair[1] >= 0xA1 for pair in pairs)
    return bool(pairs) and big5 * 10 > len(pairs) * 8 and chinese * 10 < len(pairs) * 8 and big5 > chinese
