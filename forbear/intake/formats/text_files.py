"""Text files as people really save them: which encoding, decided over the whole file, and lines of bounded length."""

import codecs
import gzip
import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
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
GZIP = b"\x1f\x8b"
# As for the parts of a workbook: deflate can do 1,032 times, honest tables shrink 5 to 50 times.
_MAX_RATIO, _SMALL, _MAX_UNPACKED = 200, 16 * 1024 * 1024, 8 * 1024**3
_SAMPLE = 64 * 1024  # bytes by which Big5 is told from GB18030, and UTF-16 is known without a mark
_BIG5, _WESTERN = "cp950", "cp1252"
# Three bytes of UTF-8, as every Chinese letter has; no line of Chinese in GB18030 is all UTF-8 with them by chance.
_UTF8_WORDS = re.compile(rb"[\xe0-\xef][\x80-\xbf]{2}")
# isn’t, with the one byte of Windows-1252; behind it is looked for first, since most bytes are letters.
_WESTERN_MARK, _TWO_LETTERS = re.compile(rb"[\x85\x91-\x97][A-Za-z]"), re.compile(rb"[A-Za-z]{2}")
_FROM_HIGH_BYTE = re.compile(rb"[\x80-\xff][^\n]*")  # what of a line is not ASCII, and what follows
_UTF8 = re.compile(
    rb"(?:[\x00-\x7f]++|[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}"
    rb"|\xed[\x80-\x9f][\x80-\xbf]|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}"
    rb"|\xf4[\x80-\x8f][\x80-\xbf]{2})*+\Z"
)  # as decoding would say, several times as fast where it is none
_HIGH_BYTES = re.compile(rb"[\x80-\xff]+")  # Chinese letters have two or more, Latin ones with accents stand alone
_FOUR_BYTES = re.compile(rb"[\x81-\xfe][0-9][\x81-\xfe][0-9]")  # of GB18030's rare letters
# In what is taken for Windows-1252: a capital letter behind a small one, or a mark that texts hardly have.
_UNUSUAL = re.compile("[a-z\xdf-\xff][\xc0-\xd6\xd8-\xdeŠŒŽŸ]|[¤¦¨¬¯¸¹ƒˆ˜†‡]")
# What "surrogateescape" leaves where bytes could not be read, and what "\ud83d" in JSON gives.
_HALVES = re.compile("[\ud800-\udfff]")
_UNREAD = re.compile("[\udc80-\udcff]")  # those of bytes alone
_TWO_BYTES = re.compile(rb"[\x81-\xfe][\x40-\x7e\x80-\xfe]")


Encoding: TypeAlias = tuple[str, str]  # and what becomes of bytes that are none of it


def open_text(path: Path, encoding: Encoding) -> TextIO:
    """Open a text file; bytes that cannot be read become surrogates."""
    return io.TextIOWrapper(open_bytes(path), encoding=encoding[0], errors=encoding[1], newline="")


def open_bytes(path: Path) -> IO[bytes]:
    """The bytes of a file; of one packed with gzip, those that were packed, as long as it is no bomb."""
    file = path.open("rb")
    try:
        packed = file.read(len(GZIP)) == GZIP
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return cast("IO[bytes]", io.BufferedReader(_Unpacked(path, file))) if packed else file


def is_packed(path: Path) -> bool:
    """Whether a file is packed with gzip."""
    with path.open("rb") as file:
        return file.read(len(GZIP)) == GZIP


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


def is_readable(text: str) -> bool:
    """Whether all bytes of a text were; half a picture in JSON is no byte."""
    return text.isascii() or _UNREAD.search(text) is None


def lines(file: TextIO) -> Iterator[str]:
    """The lines of a file; of a line beyond MAX_RECORD only the beginning, cut without a line end."""
    while line := file.readline(MAX_RECORD):
        yield line
        skip_rest(file, line)


def text_lines(path: Path) -> Iterator[str]:
    """The lines of a text, whatever else is wrong with it: where nobody knows its encoding each in that it is in."""
    try:
        encoding = encoding_of(path)
    except IntakeError:
        with open_bytes(path) as file:
            first = file.readline(MAX_RECORD)
            if magic_of(first) is None:
                yield from map(_decoded, chain([first], iter(partial(file.readline, MAX_RECORD), b"")))
        return
    with open_text(path, encoding) as text:
        yield from lines(text)


def _decoded(line: bytes) -> str:
    return line.decode("utf-8" if _line_decodes(line, "utf-8") else "gb18030", "replace")


def skip_rest(file: TextIO, line: str) -> None:
    """After a line that was too long for one read: pass over what is left of it."""
    while is_cut(line):
        line = file.readline(MAX_RECORD)


def is_cut(line: str) -> bool:
    """Whether this line was too long for one read."""
    return len(line) >= MAX_RECORD and not line.endswith(("\n", "\r"))


def encoding_of(path: Path) -> Encoding:
    """The encoding that the bytes of a text file show, all of them."""
    if (known := _by_start(path)) is not None:
        return known
    if _decodes(path, "utf-8"):
        return "utf-8", "strict"
    return _by_lines(path)


def likely_encoding(path: Path) -> Encoding:
    """The encoding that a text file begins in; where it is UTF-8, whatever is none further down raises an error."""
    return _by_start(path) or ("utf-8", "strict")


def _by_start(path: Path) -> Encoding | None:
    """The encoding by a mark, or of UTF-16 by its zeros."""
    with open_bytes(path) as file:
        start = file.read(_SAMPLE)
    if (what := magic_of(start)) is not None:
        raise IntakeError("file.is", name=path.name, what=said(f"magic.{what}"))
    for bom, encoding in _BOMS.items():
        if start.startswith(bom):
            return encoding, "replace"
    wide = _wide(start)
    return None if wide is None else (wide, "replace")


def magic_of(start: bytes) -> str | None:
    """What a file is that begins so, if it is no text for certain."""
    return next((what for magic, what in _MAGIC.items() if start.startswith(magic)), None)


def _wide(start: bytes) -> str | None:
    """UTF-16 without a mark: no other text has a zero byte, and beside it stands the letter."""
    even, odd = start[0::2].count(0), start[1::2].count(0)
    if max(even, odd) * 20 < len(start) or min(even, odd) * 10 > max(even, odd):
        return None
    encoding = "utf-16-le" if odd > even else "utf-16-be"
    text = start[: len(start) // 2 * 2].decode(encoding, "replace")
    return None if "\0" in text or text.count("\ufffd") > 1 else encoding


def is_wide(start: bytes) -> bool:
    """Whether a text without a mark begins like one of UTF-16."""
    return _wide(start) is not None


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
    sure: dict[str, int] = field(default_factory=dict)  # the first line that is surely in one
    with_words: int = 0  # lines that are surely UTF-8
    western: bool = True  # all of them may be Windows-1252
    sample: bytes = b""

    @property
    def mostly_single(self) -> bool:
        """Whether the bytes that are not ASCII stand alone, as in Western languages."""
        runs = _HIGH_BYTES.findall(_FOUR_BYTES.sub(b"", self.sample))
        return sum(len(run) == 1 for run in runs) * 2 > len(runs)


def _by_lines(path: Path) -> Encoding:
    """The encoding of most lines: half a character in one row must not stop the others.

    Where a line is surely in another one than the rest, the file is of two programs: refused, since in the wrong one it
    is other words, without a sign of it.
    """
    found = _counted(path)
    utf = found.right["utf-8"]
    if utf * 2 >= found.count and (found.with_words * 2 >= found.count or utf >= found.right["gb18030"]):
        if not found.first["utf-8"] and found.first["gb18030"]:
            raise _mixed(path, found.number, "GB18030", "UTF-8")
        return "utf-8", "surrogateescape"
    if _looks_big5(found.sample):
        _refuse_mixed(path, found, "UTF-8", "Big5")
        return _BIG5, "surrogateescape"
    if found.mostly_single:
        _refuse_mixed(path, found, "UTF-8", "Windows-1252")
        if found.western:
            return _WESTERN, "strict"
        raise IntakeError("file.encoding", name=path.name)
    if found.right["gb18030"] * 2 < found.count:
        raise IntakeError("file.encoding", name=path.name)
    _refuse_mixed(path, found, "UTF-8", "GB18030")
    _refuse_mixed(path, found, "Windows-1252", "GB18030")
    return "gb18030", "surrogateescape"


def _refuse_mixed(path: Path, found: _LinesByEncoding, one: str, rest: str) -> None:
    if one in found.sure:
        raise _mixed(path, found.sure[one], one, rest)


def _mixed(path: Path, line: int, one: str, rest: str) -> IntakeError:
    return IntakeError("file.mixed_encodings", name=path.name, row=line, first=one, rest=rest)


def _counted(path: Path) -> _LinesByEncoding:
    """What all lines show, a megabyte of them at a time: a line by itself is decoded where its block cannot be."""
    found = _LinesByEncoding()
    before = 0
    with open_bytes(path) as file:
        while block := file.read(_BLOCK):
            block += file.readline(MAX_RECORD)
            if not block.isascii():
                _count(found, block, before)
            before += block.count(b"\n")
    return found


def _count(found: _LinesByEncoding, block: bytes, before: int) -> None:
    """Count the lines of a block, above which there are so many others."""
    whole = _line_decodes(block, "gb18030")
    found.western = found.western and _is_western(block)
    if "Windows-1252" not in found.sure and (mark := _western_mark(block)) is not None:
        found.sure["Windows-1252"] = before + block.count(b"\n", 0, mark) + 1
    for line in _FROM_HIGH_BYTE.finditer(block):
        text = line[0]
        utf = _UTF8.match(text) is not None
        chinese = whole or _line_decodes(text, "gb18030")
        if not found.count:
            found.number = before + block.count(b"\n", 0, line.start()) + 1
            found.first = {"utf-8": utf, "gb18030": chinese}
        found.count += 1
        found.right["gb18030"] += chinese
        if utf:
            found.right["utf-8"] += 1
            if _UTF8_WORDS.search(text):
                found.with_words += 1
                if "UTF-8" not in found.sure:
                    found.sure["UTF-8"] = before + block.count(b"\n", 0, line.start()) + 1
        if len(found.sample) < _SAMPLE:
            found.sample += text[:_SAMPLE] + b"\n"


def _western_mark(block: bytes) -> int | None:
    """Where the first mark is that only Windows-1252 has there."""
    marks = (mark.start() for mark in _WESTERN_MARK.finditer(block))
    return next((at for at in marks if _TWO_LETTERS.fullmatch(block, max(at - 2, 0), at)), None)


def _is_western(text: bytes) -> bool:
    """Whether lines may be Windows-1252: no letters or marks that nobody writes, as other encodings would give."""
    return _line_decodes(text, _WESTERN) and not _UNUSUAL.search(text.decode(_WESTERN))


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
