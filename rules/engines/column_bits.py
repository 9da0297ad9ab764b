"""Boolean columns as rows of bits: as they lie in memory, a bit a case, by Arrow's interface for other programs.

Polars hands its memory to pyarrow otherwise, which is 170 MB that a worker would have for nothing else. What is read
here is the standard that both speak: https://arrow.apache.org/docs/format/CStreamInterface.html.
"""

from __future__ import annotations

import ctypes as c
from collections.abc import Iterator
from typing import Any, Final

import polars as pl


class _Array(c.Structure):
    pass


_Array._fields_ = [
    ("length", c.c_int64),
    ("null_count", c.c_int64),
    ("offset", c.c_int64),
    ("n_buffers", c.c_int64),
    ("n_children", c.c_int64),
    ("buffers", c.POINTER(c.c_void_p)),
    ("children", c.POINTER(c.POINTER(_Array))),
    ("dictionary", c.c_void_p),
    ("release", c.CFUNCTYPE(None, c.POINTER(_Array))),
    ("private_data", c.c_void_p),
]


class _Stream(c.Structure):
    _fields_ = (
        ("get_schema", c.c_void_p),
        ("get_next", c.CFUNCTYPE(c.c_int, c.c_void_p, c.POINTER(_Array))),
        ("get_last_error", c.c_void_p),
        ("release", c.c_void_p),
        ("private_data", c.c_void_p),
    )


_pointer_of: Final = c.pythonapi.PyCapsule_GetPointer
_pointer_of.restype = c.c_void_p
_pointer_of.argtypes = (c.py_object, c.c_char_p)


def bits_of(table: pl.DataFrame) -> Iterator[tuple[int, int]]:
    """Of each Boolean column of a table: where it has a value, and what it says there; the first case is bit 0."""
    if not table.height:
        yield from ((0, 0) for _ in range(table.width))
        return
    capsule = table.rechunk().__arrow_c_stream__()
    stream = _Stream.from_address(_pointer_of(capsule, b"arrow_array_stream"))
    array = _Array()
    if stream.get_next(c.addressof(stream), c.byref(array)):
        raise RuntimeError("Polars did not hand out its columns")
    try:
        everywhere = (1 << table.height) - 1
        for number in range(array.n_children):
            column = array.children[number].contents
            true = _read(column, 1, everywhere)
            yield everywhere if not column.buffers[0] else _read(column, 0, everywhere), true
    finally:
        array.release(c.byref(array))


def _read(column: Any, buffer: int, everywhere: int) -> int:
    size = (column.offset + column.length + 7) // 8
    bits = int.from_bytes(c.string_at(column.buffers[buffer], size), "little")
    return bits >> int(column.offset) & everywhere
