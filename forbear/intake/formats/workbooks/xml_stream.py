"""XML of any size, element by element; what lies behind is forgotten."""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from lxml import etree

from forbear.intake.source import MAX_RECORD

BLOCK = 64 * 1024
# Between two elements: as much as the longest row that is read at all, and not so many that they fill the memory.
_MAX_BYTES, _MAX_ELEMENTS = 4 * MAX_RECORD, 500_000


class Stream(Protocol):
    """What XML is read from."""

    def read(self, size: int, /) -> bytes:
        """The next bytes, none at the end."""
        ...


class LeapingStream:
    """A stream of which what follows on a row may be left out, up to the end of its sheet: no block ends in a row."""

    def __init__(self, stream: Stream, row_end: bytes, sheet_end: bytes) -> None:
        self._stream, self._row_end, self._sheet_end = stream, row_end, sheet_end
        self._rest = b""
        self._leaping = False

    def leap(self) -> None:
        """Leave out the rows that follow."""
        self._leaping = True

    def read(self, size: int) -> bytes:
        """The next bytes."""
        while True:
            block = self._stream.read(size)
            data = self._rest + block
            if self._leaping:
                at = data.find(self._sheet_end)
                if at < 0 and block:
                    self._rest = data[-len(self._sheet_end) :]
                    continue
                data, self._leaping = data[max(at, 0) :], False
            last = data.rfind(self._row_end)
            cut = len(data) if last < 0 or not block else last + len(self._row_end)
            self._rest = data[cut:]
            return data[:cut]


def elements(
    stream: Stream, tags: Sequence[str], *, kept: str = "", row: str = "", encoding: str | None = None
) -> Iterator[tuple[str, Any]]:
    """The elements of these names as they begin and end, each forgotten once it was seen.

    But for those called `kept`, in which the others stand; and what is in a row is still wanted with it. ValueError
    at a DOCTYPE and at more than we hold.
    """
    parser = etree.XMLPullParser(
        events=("start", "end"),
        tag=tags,
        resolve_entities=False,
        no_network=True,
        encoding=encoding,
        huge_tree=True,  # a cell may be long: the limits here are ours
    )
    size = count = 0
    for block, text in without_entities(stream):
        size, count = size + len(block), count + text.count(b"<")
        if size > _MAX_BYTES or count > _MAX_ELEMENTS:
            raise ValueError
        parser.feed(block)
        for event, element in parser.read_events():
            yield event, element
            within = bool(row) and next(element.iterancestors(row), None) is not None
            if event == "end" and element.tag != kept and not within:
                _forget(element)
                size = count = 0
    parser.close()


def without_entities(stream: Stream, size: int = BLOCK, overlap: int = 32) -> Iterator[tuple[bytes, bytes]]:
    """The blocks of a part, each also as text to search in, with the end of the one before. ValueError at a DOCTYPE."""
    tail = b""
    while block := stream.read(size):
        text = tail + block.replace(b"\0", b"")  # of UTF-16
        if b"<!DOCTYPE" in text:  # no spreadsheet writes one; it is how entities grow without end
            raise ValueError
        yield block, text
        tail = text[-overlap:]


def _forget(element: Any) -> None:
    """Empty an element that was read, and delete all that came before it."""
    element.clear()
    while (parent := element.getparent()) is not None:
        while element.getprevious() is not None:
            del parent[0]
        element = parent
