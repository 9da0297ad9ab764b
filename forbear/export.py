"""Writes results and rejects by file ending, row by row, and never leaves half a file behind."""

import csv
import json
import os
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from forbear.errors import ForbearError
from forbear.intake import FORMATS, Rejected
from forbear.intake.columns import REJECT_COLUMNS, distinct, is_reject_column
from forbear.intake.formulas import neutralise
from forbear.sheet import write_sheet

Cell: TypeAlias = str | int
Object: TypeAlias = Mapping[str, Any]
Item = TypeVar("Item")

# A decision's keys, flattened; keys it has beyond them follow behind.
_RESULT_COLUMNS = (
    "case_ref", "strategy", "strategy_label.zh", "strategy_label.en", "urgency", "certain", "secondary", "blocked",
    "rules_fired", "reasons", "questions", "documents", "rights", "warnings", "steps", "deadlines", "plan_options",
    "recourse", "pack.id", "pack.version", "pack.sha256", "as_of", "engines_agree",
)  # fmt: skip
_BATCH = 5_000  # rows of a row group


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


def write_results(path: Path, decisions: Iterable[Object]) -> int:
    """Write decisions and say how many: whole in .jsonl and .json, flattened with `;` lists elsewhere."""
    if path.suffix.lower() in _OBJECTS:
        return _write(path, _OBJECTS[path.suffix.lower()], decisions)
    flat = (_flat(decision) for decision in decisions)
    first = next(flat, {})
    header = list(dict.fromkeys((*_RESULT_COLUMNS, *first)))
    rows = ([item.get(column, "") for column in header] for item in chain([first] if first else [], flat))
    return _write_table(path, header, rows)


def write_rejects(path: Path, columns: Sequence[str], rejections: Iterable[Rejected]) -> int:
    """Write rejected rows as they came, with `row`, `field` and `error` behind, and say how many."""
    kept = [position for position, name in enumerate(columns) if not is_reject_column(name)]
    header = [*(columns[position] for position in kept), *REJECT_COLUMNS]
    rows: Iterator[list[Cell]] = (
        [*(rejected.cells[position] for position in kept), rejected.row, rejected.field, rejected.error]
        for rejected in rejections
    )
    if path.suffix.lower() in _OBJECTS:
        names = distinct(header)
        return _write(path, _OBJECTS[path.suffix.lower()], (dict(zip(names, row, strict=True)) for row in rows))
    return _write_table(path, header, rows)


def _write_table(path: Path, header: list[str], rows: Iterable[Sequence[Cell]]) -> int:
    check_target(path)
    return _write(path, partial(_TABLES[path.suffix.lower()], header), rows)


def _write(path: Path, write: Callable[[Path, Iterable[Item]], None], items: Iterable[Item]) -> int:
    check_target(path)
    count = 0

    def counted() -> Iterator[Item]:
        nonlocal count
        for item in items:
            count += 1
            yield item

    with _draft(path) as draft:
        write(draft, counted())
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


def _write_delimited(separator: str, header: list[str], draft: Path, rows: Iterable[Sequence[Cell]]) -> None:
    """With a byte order mark, by which a Chinese Excel knows UTF-8."""
    # A column name with a separator in it would mislead whoever guesses the separator from the first line.
    quoted = any(mark in name for name in header for mark in ",;\t")
    with draft.open("w", encoding="utf-8-sig", newline="") as file:
        first = csv.writer(file, delimiter=separator, quoting=csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL)
        first.writerow(map(neutralise, header))
        csv.writer(file, delimiter=separator).writerows(
            [neutralise(cell) if isinstance(cell, str) else cell for cell in row] for row in rows
        )


def _write_xlsx(header: list[str], draft: Path, rows: Iterable[Sequence[Cell]]) -> None:
    write_sheet(draft, chain([header], rows))


def _write_parquet(header: list[str], draft: Path, rows: Iterable[Sequence[Cell]]) -> None:
    import pyarrow as pa  # a third of a second that the other formats need not wait
    import pyarrow.parquet as pq

    schema = pa.schema([(name, pa.string()) for name in distinct(header)])
    iterator = iter(rows)
    with pq.ParquetWriter(draft, schema) as writer:
        while batch := list(islice(iterator, _BATCH)):
            columns = [[str(cell) for cell in column] for column in zip(*batch, strict=True)]
            writer.write_batch(pa.record_batch(columns, schema=schema))


def _write_json_lines(draft: Path, objects: Iterable[Object]) -> None:
    with draft.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(item, ensure_ascii=False) + "\n" for item in objects)


def _write_json_list(draft: Path, objects: Iterable[Object]) -> None:
    with draft.open("w", encoding="utf-8") as file:
        file.write("[")
        for number, item in enumerate(objects):
            file.write(",\n" if number else "\n")
            json.dump(item, file, ensure_ascii=False)
        file.write("\n]\n")


_TABLES: dict[str, Callable[[list[str], Path, Iterable[Sequence[Cell]]], None]] = {
    ".csv": partial(_write_delimited, ","),
    ".tsv": partial(_write_delimited, "\t"),
    ".xlsx": _write_xlsx,
    ".parquet": _write_parquet,
}
_OBJECTS: dict[str, Callable[[Path, Iterable[Object]], None]] = {".jsonl": _write_json_lines, ".json": _write_json_list}


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
