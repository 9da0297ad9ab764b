"""A file format: one object that says how its files are named, known, read and written."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from itertools import chain, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeAlias

from forbear.base.errors import ForbearError
from forbear.intake.source import MAX_SHEET_ROWS, SourceChoice, SourceFile
from rules.pack.files.schema import Text

Cell: TypeAlias = str | int | Decimal
Rows: TypeAlias = Iterable[Sequence[Cell]]
_PIECE = 500  # lines that are sent or written at once
_BLOCK = 1024 * 1024


@dataclass(frozen=True)
class Content:
    """What is to be written, in two views of the same: each format takes the one its files can hold."""

    objects: Callable[[], Iterable[str]]  # each written as JSON
    table: Callable[[], tuple[list[str], Rows]]


@dataclass(frozen=True)
class Format:
    """A kind of file that cases come in and results go out in."""

    suffix: str
    title: Text
    media_types: tuple[str, ...]  # what programs call it; the first is what we call it
    read: Callable[[Path, SourceChoice], SourceFile]
    write: Callable[[Content, Path], Iterator[bytes]]  # piece by piece; drafts go into the folder
    signature: re.Pattern[bytes] | None = None  # how its files begin, if in a way of their own
    also: tuple[str, ...] = ()  # other endings of such files, unless what stands in them says otherwise
    packable: bool = False  # whether its files may come packed with gzip
    needs: str | None = None  # the module that reads and writes it, where an installation may go without

    @property
    def name(self) -> str:
        """What the API calls it."""
        return self.suffix.removeprefix(".")

    @property
    def media_type(self) -> str:
        """What we call it where a media type is wanted."""
        return self.media_types[0]


def encoded(texts: Iterable[str]) -> Iterator[bytes]:
    """Lines as UTF-8, some hundreds at a time."""
    iterator = iter(texts)
    while piece := "".join(islice(iterator, _PIECE)):
        yield piece.encode()


def drafted(folder: Path, write: Callable[[Path], None]) -> Iterator[bytes]:
    """The bytes of a file that has to be written whole first; the draft is gone afterwards."""
    with TemporaryDirectory(prefix=".forbear-", dir=folder) as name:
        draft = Path(name) / "draft"
        write(draft)
        with draft.open("rb") as file:
            yield from iter(partial(file.read, _BLOCK), b"")


def one_sheet(header: list[str], rows: Rows) -> Iterator[Sequence[Cell]]:
    """A header and its rows, as many as a sheet can hold."""
    for number, row in enumerate(chain([header], rows)):
        if number == MAX_SHEET_ROWS:
            raise ForbearError(f"A sheet holds at most {MAX_SHEET_ROWS} rows: write .csv or .parquet instead.")
        yield row
