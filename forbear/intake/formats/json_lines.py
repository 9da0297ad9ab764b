"""JSON lines, .jsonl: one object a line; a broken line is one rejected row."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from forbear.intake.formats.format import Content, Format, encoded
from forbear.intake.formats.text_files import is_cut, lines, open_text
from forbear.intake.source import (
    MAX_CELL,
    MAX_COLUMNS,
    TOO_LONG,
    IntakeError,
    SourceChoice,
    SourceFile,
    SourceRow,
    check_columns,
    fit,
)
from forbear.locale import said
from rules.facts.case_facts import FieldError

_NO_OBJECT = FieldError.of("", said("row.no_object"))


@dataclass(frozen=True)
class _Broken:
    """A line that is no JSON, and why."""

    text: str
    error: FieldError


def _number(text: str) -> str:
    """A JSON number as it was written: nothing is lost to binary and 1e400 or 5,000 digits do no harm."""
    return text.removesuffix(".0")


DECODER = json.JSONDecoder(parse_float=_number, parse_int=str, parse_constant=str)


def read(path: Path, _choice: SourceChoice) -> SourceFile:
    """Open a .jsonl file."""

    def objects() -> Iterator[tuple[int, object]]:
        with open_text(path) as file:
            for position, line in enumerate(lines(file), 1):
                if line.strip():
                    yield position, _decode(line)

    return source_of_objects(path, objects)


def source_of_objects(path: Path, objects: Callable[[], Iterable[tuple[int, object]]]) -> SourceFile:
    """A source whose columns are the keys of its objects; whatever is no object (or an error) is a rejected row."""
    columns = _keys(path, objects())

    def rows() -> Iterator[SourceRow]:
        for position, item in objects():
            if isinstance(item, dict):
                yield SourceRow(position, [item.get(column) for column in columns])
            elif isinstance(item, _Broken):
                yield SourceRow(position, fit([item.text], len(columns), " "), item.error)
            else:
                text = item if isinstance(item, str) else json.dumps(item, ensure_ascii=False)
                yield SourceRow(position, fit([text], len(columns), " "), _NO_OBJECT)

    return SourceFile(path, columns, rows)


def _decode(line: str) -> object:
    if is_cut(line):
        return _Broken(line[:MAX_CELL], TOO_LONG)
    try:
        return DECODER.decode(line.lstrip("\ufeff"))
    except json.JSONDecodeError as error:
        return _Broken(line.rstrip("\r\n"), _broken(error))
    except RecursionError:
        return _Broken(line.rstrip("\r\n"), _NO_OBJECT)


def _broken(error: json.JSONDecodeError) -> FieldError:
    return FieldError.of("", said("row.broken_json", column=error.colno))


def _keys(path: Path, objects: Iterable[tuple[int, object]]) -> list[str]:
    """All keys in order of appearance, from a first pass over the whole file: an object may leave out any of them."""
    keys: dict[str, None] = {}
    for _, item in objects:
        if isinstance(item, dict) and not item.keys() <= keys.keys():
            keys.update(dict.fromkeys(item))
            if len(keys) > MAX_COLUMNS:
                break
    if not keys:
        raise IntakeError("file.no_objects", name=path.name)
    return check_columns(path, list(keys))


def write(content: Content, _folder: Path) -> Iterator[bytes]:
    """Every object whole, on a line of its own."""
    return encoded(item + "\n" for item in content.objects())


JSON_LINES = Format(
    suffix=".jsonl",
    title=said("format.jsonl"),
    media_types=("application/jsonl", "application/x-ndjson"),
    read=read,
    write=write,
)
