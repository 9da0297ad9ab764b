"""Results and rejects as files by their ending: piece by piece, or written to a path, never leaving half a file."""

import csv
import json
import os
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from itertools import chain, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from forbear.base.errors import ForbearError
from forbear.batch.recorded_decision import RecordedDecision
from forbear.batch.xlsx_writer import write_sheet
from forbear.intake import FORMATS, Rejected
from forbear.intake.columns import REJECT_COLUMNS, distinct, is_reject_column
from forbear.intake.formula_injection import neutralise
from rules.text.decision_columns import Cell, columns

Item = TypeVar("Item")

_BATCH = 5_000  # rows of a row group
_PIECE = 500  # lines that are sent or written at once
_BLOCK = 1024 * 1024


def check_target(path: Path) -> None:
    """Raise ForbearError if no file of ours can be written there; better before the work than after it."""
    if path.suffix.lower() not in FORMATS:
        raise ForbearError(f"{path.name} ends in none of {' '.join(FORMATS)}: choose one of them.")
    if path.exists() and not path.is_file():
        raise ForbearError(f"{path} is not an ordinary file: choose another name.")
    if not path.parent.is_dir():
        raise ForbearError(f"The folder {path.parent} does not exist: make it first.")
    if not os.access(path.parent, os.W_OK) or (path.exists() and not os.access(path, os.W_OK)):
        raise ForbearError(f"{path} cannot be written: choose another place or change its permissions.")


def write_results(path: Path, decisions: Iterable[RecordedDecision]) -> int:
    """Write decisions and say how many."""
    return _write(path, decisions, results)


def write_rejects(path: Path, head: Sequence[str], rejections: Iterable[Rejected]) -> int:
    """Write rejected rows and say how many."""
    return _write(path, rejections, partial(rejects, head))


def results(decisions: Iterable[RecordedDecision], ending: str, folder: Path) -> Iterator[bytes]:
    """A file of decisions in words, piece by piece: whole in .jsonl and .json, a row each elsewhere.

    Workbooks and Parquet are not pieces before they are whole: they are drafted in the folder first.
    """
    if ending in _OBJECTS:
        return _OBJECTS[ending](decision.view().model_dump_json() for decision in decisions)
    iterator = iter(decisions)
    first = next(iterator, None)  # all are by one pack, and its facts are columns
    known = columns(None if first is None else first.pack)
    views = (decision.view() for decision in chain([] if first is None else [first], iterator))
    rows = ([column.cell(view) for column in known] for view in views)
    return _TABLES[ending]([column.name for column in known], rows, folder)


def rejects(head: Sequence[str], rejections: Iterable[Rejected], ending: str, folder: Path) -> Iterator[bytes]:
    """A file of rejected rows as they came, with `row`, `field` and `error` behind, piece by piece like results."""
    kept = [position for position, name in enumerate(head) if not is_reject_column(name)]
    header = [*(head[position] for position in kept), *REJECT_COLUMNS]
    rows: Iterator[list[Cell]] = (
        [*(rejected.cells[position] for position in kept), rejected.row, rejected.field, rejected.error]
        for rejected in rejections
    )
    if ending in _OBJECTS:
        names = distinct(header)
        objects = (dict(zip(names, row, strict=True)) for row in rows)
        return _OBJECTS[ending](json.dumps(rejected, ensure_ascii=False) for rejected in objects)
    return _TABLES[ending](header, rows, folder)


def _write(path: Path, items: Iterable[Item], pieces: Callable[[Iterable[Item], str, Path], Iterator[bytes]]) -> int:
    check_target(path)
    count = 0

    def counted() -> Iterator[Item]:
        nonlocal count
        for item in items:
            count += 1
            yield item

    with _draft(path) as draft, draft.open("wb") as file:
        file.writelines(pieces(counted(), path.suffix.lower(), draft.parent))
    return count


@contextmanager
def _draft(path: Path) -> Iterator[Path]:
    """A file beside the target (through links), renamed onto it when all is written."""
    target = path.resolve()
    draft = target.with_name(f".forbear-{secrets.token_hex(8)}")
    try:
        yield draft
        draft.replace(target)
    except OSError as error:
        raise ForbearError(f"{path} cannot be written: {error.strerror or error}.") from error
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def _encoded(texts: Iterable[str]) -> Iterator[bytes]:
    iterator = iter(texts)
    while piece := "".join(islice(iterator, _PIECE)):
        yield piece.encode()


class _Line:
    """What csv.writer writes to: its writerow answers the line."""

    def write(self, line: str) -> str:
        return line


def _delimited(separator: str, header: list[str], rows: Iterable[Sequence[Cell]], _folder: Path) -> Iterator[bytes]:
    """With a byte order mark, by which a Chinese Excel knows UTF-8."""
    # A column name with a separator in it would mislead whoever guesses the separator from the first line.
    quoted = any(mark in name for name in header for mark in ",;\t")
    first = csv.writer(_Line(), delimiter=separator, quoting=csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL)
    others = csv.writer(_Line(), delimiter=separator)
    cells = ([neutralise(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    return _encoded(chain(["\ufeff", first.writerow(map(neutralise, header))], map(others.writerow, cells)))


def _xlsx(header: list[str], rows: Iterable[Sequence[Cell]], folder: Path) -> Iterator[bytes]:
    return _drafted(folder, lambda draft: write_sheet(draft, chain([header], rows)))


def _parquet(header: list[str], rows: Iterable[Sequence[Cell]], folder: Path) -> Iterator[bytes]:
    return _drafted(folder, lambda draft: _write_parquet(header, draft, rows))


def _drafted(folder: Path, write: Callable[[Path], None]) -> Iterator[bytes]:
    """The bytes of a file that has to be written whole first; the draft is gone afterwards."""
    with TemporaryDirectory(prefix=".forbear-", dir=folder) as name:
        draft = Path(name) / "draft"
        write(draft)
        with draft.open("rb") as file:
            yield from iter(partial(file.read, _BLOCK), b"")


def _write_parquet(header: list[str], draft: Path, rows: Iterable[Sequence[Cell]]) -> None:
    import pyarrow as pa  # a third of a second that the other formats need not wait
    import pyarrow.parquet as pq

    schema = pa.schema([(name, pa.string()) for name in distinct(header)])
    iterator = iter(rows)
    with pq.ParquetWriter(draft, schema) as writer:
        while batch := list(islice(iterator, _BATCH)):
            cells = [[str(cell) for cell in column] for column in zip(*batch, strict=True)]
            writer.write_batch(pa.record_batch(cells, schema=schema))


def _json_lines(objects: Iterable[str]) -> Iterator[bytes]:
    return _encoded(f"{written}\n" for written in objects)


def _json_list(objects: Iterable[str]) -> Iterator[bytes]:
    listed = (f",\n{written}" if number else f"\n{written}" for number, written in enumerate(objects))
    return _encoded(chain(["["], listed, ["\n]\n"]))


_TABLES: dict[str, Callable[[list[str], Iterable[Sequence[Cell]], Path], Iterator[bytes]]] = {
    ".csv": partial(_delimited, ","),
    ".tsv": partial(_delimited, "\t"),
    ".xlsx": _xlsx,
    ".parquet": _parquet,
}
# Each object is written already.
_OBJECTS: dict[str, Callable[[Iterable[str]], Iterator[bytes]]] = {".jsonl": _json_lines, ".json": _json_list}
