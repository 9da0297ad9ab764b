"""Parquet, .parquet: read in small batches whatever types its columns have, written as text."""

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

from forbear.base import extras
from forbear.intake.formats.format import Content, Format, Rows, drafted
from forbear.intake.source import (
    IntakeError,
    SourceChoice,
    SourceFile,
    SourceRow,
    Unread,
    check_columns,
    distinct,
    is_blank,
    number_cell,
)
from forbear.locale import said
from rules.facts.case_facts import FieldError

_BATCH = 1_000  # rows read at once
_LONGEST = 1_000  # characters of what is said beside the columns
_OF_PROGRAMS = ("pandas", "arrow:", "parquet:", "org.apache.", "huggingface", "polars", "spark", "geo")
_GROUP = 5_000  # rows of a row group that is written
_DIGITS = {16: 3, 32: 6}  # decimal digits that survive in so many bits
_CENTS = {6: 2**17}  # below this two decimals survive, too
_WHOLE = {6: 2**24}  # up to this every whole number does


def read(path: Path, _choice: SourceChoice) -> SourceFile:
    """Open a .parquet file."""
    with _opened(path) as file:
        schema = file.schema_arrow
        columns = check_columns(path, list(schema.names))
        titles, below = tuple(_said_in(schema.metadata)), tuple(tuple(_said_in(each.metadata)) for each in schema)

    def rows() -> Iterator[SourceRow]:
        number = 0
        with _opened(path) as file:
            for batch in file.iter_batches(batch_size=_BATCH, use_threads=False):
                for cells in zip(*map(_column, batch.columns), strict=True):
                    number += 1
                    if not is_blank(cells):
                        yield _row(number, list(cells), columns)

    return SourceFile(path, columns, rows, titles=titles, below=below)


def _said_in(metadata: Mapping[bytes, bytes] | None) -> Iterator[str]:
    """What somebody wrote beside the columns, of all or of one; what programs write there is for programs."""
    for key, value in (metadata or {}).items():
        name, text = (each.decode("utf-8", "replace").strip() for each in (key, value))
        if text and len(text) <= _LONGEST and not name.lower().startswith(_OF_PROGRAMS):
            yield f"{name}：{text}"


class _Unreadable:
    """Stands for a value that Python has no place for, such as a day in the year 20000."""


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    if (extra := extras.lacking("pyarrow")) is not None:
        raise IntakeError("file.no_part", suffix=PARQUET.suffix, extra=extra)
    import pyarrow as pa  # a third of a second that the other formats need not wait
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path, memory_map=False, pre_buffer=False) as file:
            yield file
    except (pa.ArrowException, ValueError, OverflowError, MemoryError, OSError) as error:
        raise IntakeError("file.not_parquet", name=path.name) from error


def _column(array: Any) -> list[object]:
    import pyarrow as pa

    if pa.types.is_timestamp(array.type) and array.type.unit == "ns":  # finer than Python's datetime
        array = array.cast(pa.timestamp("us", array.type.tz), safe=False)
    if pa.types.is_float32(array.type) or pa.types.is_float16(array.type):
        digits = _DIGITS[array.type.bit_width]
        return [None if value is None else _short(value, digits, array.type) for value in array.to_pylist()]
    try:
        return [_cell(value) for value in array.to_pylist()]
    except (ValueError, OverflowError, ArithmeticError):
        return [_scalar(value) for value in array]


def _short(value: float, digits: int, kind: Any) -> object:
    """A number of few binary digits as it was before it became one: 12000.1, not 12000.099609375.

    Where it had more digits than these hold, nobody can say what it was.
    """
    import pyarrow as pa

    if value != value:
        return None  # pandas writes NaN for an empty cell
    texts = [f"{value:.{digits}g}", *([f"{value:.2f}"] if abs(value) < _CENTS.get(digits, 0) else [])]
    if value.is_integer() and abs(value) <= _WHOLE.get(digits, 0):
        texts.append(f"{value:.0f}")
    text = next((text for text in texts if pa.scalar(float(text), kind).as_py() == value), None)
    if text is None:
        return Unread(f"{value:.9g}", said("row.digits_lost"))
    number = Decimal(text)
    return int(number) if number == number.to_integral_value() else number


def _scalar(value: Any) -> object:
    try:
        return _cell(value.as_py())
    except (ValueError, OverflowError, ArithmeticError):
        return _Unreadable()


def _cell(value: object) -> object:
    """A value as the readers of cells know it; what they do not know becomes text."""
    if value is None or isinstance(value, str | bool | int | dt.date | list | tuple | dict):
        return value
    if isinstance(value, float):
        return None if value != value else number_cell(value)  # pandas writes NaN for an empty cell
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else value
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    return str(value)


def _row(number: int, cells: list[object], columns: list[str]) -> SourceRow:
    for name, cell in zip(columns, cells, strict=True):
        if isinstance(cell, _Unreadable):
            error = FieldError.of(name, said("row.cell_unreadable", name=name))
            return SourceRow(number, [None if isinstance(cell, _Unreadable) else cell for cell in cells], error)
    return SourceRow(number, cells)


def write(content: Content, folder: Path) -> Iterator[bytes]:
    """A table of text: one column a name, no name twice."""
    header, rows = content.table()
    return drafted(folder, lambda draft: _write(draft, header, rows))


def _write(draft: Path, header: list[str], rows: Rows) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([(name, pa.string()) for name in distinct(header)])
    iterator = iter(rows)
    with pq.ParquetWriter(draft, schema) as writer:
        while batch := list(islice(iterator, _GROUP)):
            columns = [[str(cell) for cell in column] for column in zip(*batch, strict=True)]
            writer.write_batch(pa.record_batch(columns, schema=schema))


PARQUET = Format(
    suffix=".parquet",
    title=said("format.parquet"),
    media_types=("application/vnd.apache.parquet",),
    read=read,
    write=write,
    signature=re.compile(rb"PAR1"),
    needs="pyarrow",
)
