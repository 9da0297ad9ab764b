"""What is known of a workbook's package before a reader may open it: that it is one, and neither a bomb nor a trap."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from zipfile import ZipFile

from forbear.intake.source import IntakeError

_OLE = b"\xd0\xcf\x11\xe0"
# Honest sheets shrink 5 to 50 times; deflate cannot do more than 1,032 times, which is what bombs are made of.
_MAX_RATIO, _SMALL = 200, 16 * 1024 * 1024
_MAX_UNPACKED = 8 * 1024**3
_MAX_PARTS = 10_000
_MAX_STRINGS = 512 * 1024**2  # openpyxl holds them all
_BLOCK = 1024 * 1024
_FORMULA = re.compile(rb"<(\w+:)?f[\s/>]")


@contextmanager
def in_one_sentence(path: Path) -> Iterator[None]:
    """Whatever goes wrong inside becomes one sentence."""
    ending = path.suffix.lower()
    try:
        yield
    except IntakeError:
        raise
    except Exception as error:  # at bytes they do not expect, zipfile, expat and the readers raise nearly anything
        raise IntakeError("workbook.damaged", name=path.name, suffix=ending) from error


@contextmanager
def opened(path: Path) -> Iterator[ZipFile]:
    """A package that may be unpacked."""
    with path.open("rb") as file, in_one_sentence(path):
        if file.read(4) == _OLE:
            raise IntakeError("workbook.old", name=path.name, suffix=path.suffix.lower())
        with ZipFile(file) as archive:
            _check_size(path, archive)
            yield archive


def check_workbook(path: Path) -> bool:
    """Refuse what may not be opened; say whether there are formulas."""
    with opened(path) as archive:
        found = False
        for part in archive.infolist():
            with archive.open(part) as stream:
                for _, text in without_entities(stream):
                    found = found or _FORMULA.search(text) is not None
        return found


def without_entities(stream: IO[bytes], size: int = _BLOCK) -> Iterator[tuple[bytes, bytes]]:
    """The blocks of a part, each also as text to search in, with the end of the one before. ValueError at a DOCTYPE."""
    tail = b""
    while block := stream.read(size):
        text = tail + block.replace(b"\0", b"")  # of UTF-16
        if b"<!DOCTYPE" in text:  # no spreadsheet writes one; it is how entities grow without end
            raise ValueError
        yield block, text
        tail = text[-32:]


def _check_size(path: Path, archive: ZipFile) -> None:
    parts = archive.infolist()
    unpacked = sum(part.file_size for part in parts)
    overlapping = sum(part.compress_size for part in parts) > path.stat().st_size
    bomb = any(part.file_size > _SMALL and part.file_size > _MAX_RATIO * part.compress_size for part in parts)
    if bomb or overlapping or unpacked > _MAX_UNPACKED or len(parts) > _MAX_PARTS:
        raise IntakeError("workbook.bomb", name=path.name, megabytes=unpacked // 1024**2)
    if any("sharedStrings" in part.filename and part.file_size > _MAX_STRINGS for part in parts):
        raise IntakeError("workbook.too_much_text", name=path.name)
