"""Text files as people really save them: which encoding, decided over the whole file, and lines of bounded length."""

import codecs
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from forbear.intake.source import MAX_RECORD, IntakeError
from forbear.locale import said

_BLOCK = 1024 * 1024
_BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_CANDIDATES = ("utf-8", "gb18030")
_MAGIC = {
    b"PK\x03\x04": "zip",
    b"\xd0\xcf\x11\xe0": "ole",
    b"%PDF": "pdf",
    b"\x1f\x8b": "gzip",
    b"\x89PNG": "picture",
    b"\xff\xd8\xff": "picture",
    b"SQLite format 3": "database",
}
# What "surrogateescape" leaves where bytes could not be read, and what "\ud83d" in JSON gives.
_HALVES = re.compile("[\ud800-\udfff]")


def open_text(path: Path) -> TextIO:
    """Open a text file in the encoding that its bytes show; bytes that cannot be read become surrogates."""
    encoding, errors = _encoding(path)
    return path.open(encoding=encoding, errors=errors, newline="")


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


def _encoding(path: Path) -> tuple[str, str]:
    with path.open("rb") as file:
        start = file.read(16)
    for magic, what in _MAGIC.items():
        if start.startswith(magic):
            raise IntakeError("file.not_text", name=path.name, what=said(f"magic.{what}"))
    for bom, encoding in _BOMS.items():
        if start.startswith(bom):
            return encoding, "replace"
    for encoding in _CANDIDATES:
        if _decodes(path, encoding):
            return encoding, "strict"
    return _least_broken(path), "surrogateescape"


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as file:
        try:
            while block := file.read(_BLOCK):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def _least_broken(path: Path) -> str:
    """The encoding in which the fewest lines are broken: half a character in one row must not stop the others."""
    total, broken = 0, dict.fromkeys(_CANDIDATES, 0)
    with path.open("rb") as file:
        while line := file.readline(MAX_RECORD):
            total += 1
            for encoding in _CANDIDATES:
                broken[encoding] += not _line_decodes(line, encoding)
    best = min(broken, key=lambda encoding: broken[encoding])
    if broken[best] * 2 > total:
        raise IntakeError("file.encoding", name=path.name)
    return best


def _line_decodes(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
