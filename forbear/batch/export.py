"""Results and rejects as files by their ending: piece by piece, or written to a path, never leaving half a file."""

import csv
import json
import os
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from itertools import chain, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias, TypeVar

from forbear.base.errors import ForbearError
from forbear.batch.xlsx_writer import write_sheet
from forbear.intake import FORMATS, Rejected
from forbear.intake.columns import REJECT_COLUMNS, distinct, is_reject_column
from forbear.intake.formula_injection import neutralise

Cell: TypeAlias = str | int
Object: TypeAlias = Mapping[str, Any]
Item = TypeVar("Item")

# A decision's keys, flattened; keys it has beyond them follow behind.
_RESULT_COLUMNS = (
    "case_ref",
    "strategy",
    "strategy_label.zh",
    "strategy_label.en",
    "urgency",
    "certain",
    "secondary",
    "blocked",
    "rules_fired",
    "reasons",
    "questions",
    "documents",
    "rights",
    "warnings",
    "steps",
    "deadlines",
    "plan_options",
    "recourse",
    "pack.id",
    "pack.version",
    "pack.sha256",
    "as_of",
    "engines_agree",
)
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


def same_file(one: Path, other: Path) -> bool:
    """Whether two paths lead to one file, or would: through links of either kind, and by whatever way."""
    try:
        return one.samefile(other)
    except OSError:  # one of them is not there yet
        return os.path.realpath(one) == os.path.realpath(other)


def write_results(path: Path, decisions: Iterable[Object]) -> int:
    """Write decisions and say how many."""
    return _write(path, decisions, results)


def write_rejects(path: Path, columns: Sequence[str], rejections: Iterable[Rejected]) -> int:
    """Write rejected rows and say how many."""
    return _write(path, rejections, partial(rejects, columns))


def results(decisions: Iterable[Object], ending: str, folder: Path) -> Iterator[bytes]:
    """A file of decisions, piece by piece: whole in .jsonl and .json, flattened with `;` lists elsewhere.

    Workbooks and Parquet are not pieces before they are whole: they are drafted in the folder first.
    """
    if ending in _OBJECTS:
        return _OBJECTS[ending](decisions)
    flat = (_flat(decision) for decision in decisions)
    first = next(flat, {})
    header = list(dict.fromkeys((*_RESULT_COLUMNS, *first)))
    rows = ([item.get(column, "") for column in header] for item in chain([first] if first else [], flat))
    return _TABLES[ending](header, rows, folder)


def rejects(columns: Sequence[str], rejections: Iterable[Rejected], ending: str, folder: Path) -> Iterator[bytes]:
    """A file of rejected rows as they came, with `row`, `field` and `error` behind, piece by piece like results."""
    kept = [position for position, name in enumerate(columns) if not is_reject_column(name)]
    header = [*(columns[position] for position in kept), *REJECT_COLUMNS]
    rows: Iterator[list[Cell]] = (
        [*(rejected.cells[position] for position in kept), rejected.row, rejected.field, rejected.error]
        for rejected in rejections
    )
    if ending in _OBJECTS:
        names = distinct(header)
        return _OBJECTS[ending](dict(zip(names, row, strict=True)) for row in rows)
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
            columns = [[str(cell) for cell in column] for column in zip(*batch, strict=True)]
            writer.write_batch(pa.record_batch(columns, schema=schema))


def _json_lines(objects: Iterable[Object]) -> Iterator[bytes]:
    return _encoded(json.dumps(item, ensure_ascii=False) + "\n" for item in objects)


def _json_list(objects: Iterable[Object]) -> Iterator[bytes]:
    items = (json.dumps(item, ensure_ascii=False) for item in objects)
    listed = (f",\n{item}" if number else f"\n{item}" for number, item in enumerate(items))
    return _encoded(chain(["["], listed, ["\n]\n"]))


_TABLES: dict[str, Callable[[list[str], Iterable[Sequence[Cell]], Path], Iterator[bytes]]] = {
    ".csv": partial(_delimited, ","),
    ".tsv": partial(_delimited, "\t"),
    ".xlsx": _xlsx,
    ".parquet": _parquet,
}
_OBJECTS: dict[str, Callable[[Iterable[Object]], Iterator[bytes]]] = {".jsonl": _json_lines, ".json": _json_list}


def _flat(decision: Object) -> dict[str, str]:
    flat = {}
    for key, value in decision.items():
        if isinstance(value, Mapping):
            flat.update({f"{key}.{inner}": _words(item) for inner, item in value.items()})
        elif isinstance(value, list | tuple):
            flat[key] = ";".join(_words(item).replace(";", "；") for item in value)
        else:
            flat[key] = _words(value)
    return flat


def _words(value: object) -> str:
    """A value in words: of a sentence in two languages the Chinese one, of a rule or question its name and sentence."""
    if isinstance(value, Mapping):
        if "zh" in value:
            return str(value["zh"])
        if "text" in value:
            return f"{next(iter(value.values()))}: {_words(value['text'])}"
        return " ".join(_words(item) for item in value.values() if item not in (None, "", [], {}))
    if isinstance(value, list | tuple):
        return "、".join(map(_words, value))
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
