"""Objects of a JSON file in whatever shape it has: a list, lines, a list inside an answer, one object after another."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeAlias

from forbear.intake.formats.json_decoder import DECODER, Doubled
from forbear.intake.formats.json_keys import KeyDecoder, Keys
from forbear.intake.formats.json_reader import Inside, Opened, Reader, skimmed
from forbear.intake.formats.text_files import encoding_of, is_cut, likely_encoding, lines, open_text
from forbear.intake.headers import LONGEST, says_unit
from forbear.intake.source import (
    MAX_CELL,
    MAX_RECORD,
    TOO_LONG,
    IntakeError,
    Remark,
    SeveralTablesError,
    SourceChoice,
    SourceFile,
    SourceRow,
    as_text,
    fit,
)
from forbear.locale import said
from rules.facts.case_facts import FieldError
from rules.locale import listed
from rules.pack.files.schema import Text

_NO_OBJECT = FieldError.of("", said("row.no_object"))
_BLOCK = 1024 * 1024
_LINE = re.compile(r"[^\r\n]*[\r\n]*")
_SURE = 2  # names of facts by which an object is known for a case

Objects: TypeAlias = Callable[[], Iterable[tuple[int, object]]]


@dataclass(frozen=True)
class _Broken:
    """A line that is no JSON, and why."""

    text: str
    error: FieldError


def read(path: Path, choice: SourceChoice) -> SourceFile:
    """Open a .json or .jsonl file, by the standard library alone: ijson refuses the NaN that pandas itself writes."""
    try:
        return _read(path, partial(open_text, path, likely_encoding(path)), choice)
    except UnicodeDecodeError:
        return _read(path, partial(open_text, path, encoding_of(path)), choice)


def _read(path: Path, text: Opened, choice: SourceChoice) -> SourceFile:
    """Open it in an encoding; all of it is read for the keys of its objects, so that a wrong encoding shows."""
    with text() as file:
        filled = (line for line in lines(file) if line.strip())
        first = next(filled, "")
        # The rest of a list on one line is not read for what may come behind it.
        second = "" if is_cut(first) and not _is_by_lines(path) else next(filled, "")
    if _are_lines(path, first, second):
        return source_of_objects(path, partial(_lines, text), choice, keys=_keys_of_lines(text))
    if _start(first) == "[":
        keys = skimmed(path, text, lambda reader, decoder: Keys().add_all(reader.elements(decoder)))
        return source_of_objects(path, partial(_numbered, path, text, Reader.elements), choice, keys=keys)
    if _start(first) != "{":
        raise IntakeError("file.not_a_list", name=path.name)
    return _read_object(path, text, choice)


def _start(line: str) -> str:
    return line.lstrip("\ufeff \t\r\n")[:1]


def _are_lines(path: Path, first: str, second: str) -> bool:
    """Whether each line is an object by itself, broken ones among them."""
    alone, whole = not second.strip(), _whole(first)
    if _start(first) == "{":
        return not alone and (isinstance(whole, dict) or isinstance(_whole(second), dict))
    by_name = _is_by_lines(path)
    if _start(first) == "[":
        return (
            by_name and not alone and first.strip() != "[" and (whole is not None or isinstance(_whole(second), dict))
        )
    return by_name


def _is_by_lines(path: Path) -> bool:
    """Whether a file says by its name that each line is an object."""
    return ".jsonl" in path.name.lower() or ".ndjson" in path.name.lower()


def _whole(line: str) -> object:
    """The value that a line is, None where it is none by itself."""
    found = _decode(line)
    return None if isinstance(found, _Broken) else found


def _lines(text: Opened) -> Iterator[tuple[int, object]]:
    with text() as file:
        for position, line in enumerate(lines(file), 1):
            if line.strip():
                yield position, _decode(line)


def _keys_of_lines(text: Opened) -> Keys:
    """The keys of the objects on all lines."""
    keys, decoder = Keys(), KeyDecoder("")
    with text() as file:
        while block := file.read(_BLOCK):
            block += file.readline(MAX_RECORD)
            at = 0
            while at < len(block):
                if (known := decoder.known(block, at)) is not None:
                    at = known[1]
                elif (line := _LINE.match(block, at)) is not None:
                    at = line.end()
                    keys.add(_decode(line[0], decoder))
    return keys


def _decode(line: str, decoder: json.JSONDecoder = DECODER) -> object:
    if is_cut(line):
        return _Broken(line[:MAX_CELL], TOO_LONG)
    try:
        return decoder.decode(line.lstrip("\ufeff"))
    except json.JSONDecodeError as error:
        return _Broken(line.rstrip("\r\n"), FieldError.of("", said("row.broken_json", column=error.colno)))
    except RecursionError:
        return _Broken(line.rstrip("\r\n"), _NO_OBJECT)


def _numbered(path: Path, text: Opened, items: Callable[[Reader], Iterator[object]]) -> Iterator[tuple[int, object]]:
    with text() as file:
        yield from enumerate(items(Reader(path, file)), 1)


def _read_object(path: Path, text: Opened, choice: SourceChoice) -> SourceFile:
    """A file that begins with an object: a case, an answer around lists, or a table turned on its side."""
    inside = skimmed(path, text, Reader.inside)
    keys = list(inside.starts)
    is_case = choice.known(keys) >= _SURE
    nested = bool(keys) and all(sign in "{[" for sign in inside.starts.values())
    a_case = choice.known(keys) > 0 or not nested
    one_line = len(inside.lists) > 1 and _is_by_lines(path) and a_case  # a case with lists in it
    if inside.more or one_line or (is_case and not nested) or not (inside.lists or nested):
        found = skimmed(path, text, lambda reader, decoder: Keys().add_all(reader.objects(decoder)))
        return source_of_objects(path, partial(_numbered, path, text, Reader.objects), choice, keys=found)
    if not inside.lists or (is_case and len(inside.lists) == len(keys) > 1):
        raise IntakeError("file.by_columns", name=path.name)
    return _read_list(path, text, inside, choice)


def _read_list(path: Path, text: Opened, inside: Inside, choice: SourceChoice) -> SourceFile:
    """The list in an object that was chosen, or else the only one that can be of cases; of several each is a sheet."""
    lists = {".".join(trail): trail for trail in inside.lists}
    name = _chosen(path, {name: inside.lists[trail] for name, trail in lists.items()}, choice)
    trail, beside = lists[name], lists.get(choice.beside or "", ())
    around = {place: value for place, value in inside.members.items() if place[:-1] == trail[: len(place) - 1]}
    unread = [
        place
        for place, value in around.items()
        if place not in (trail[: len(place)], beside[: len(place)]) and not says_unit(f"{place[-1]}：{value}"[:LONGEST])
    ]
    rest = [said("notice.quoted", text=".".join(place)) for place in unread]
    left_out = said("notice.json_rest", list=name, keys=listed(rest)) if rest else None
    elsewhere = {place: value for place, value in inside.members.items() if place not in around}
    rows = partial(_numbered, path, text, partial(Reader.elements_at, trail=trail))
    source = source_of_objects(path, rows, choice, left_out, inside.lists[trail])
    source = replace(source, titles=_texts(around), aside=_texts(elsewhere), unread=lambda: _words_of(inside.members))
    if len(lists) == 1:
        return source
    return replace(source, sheet=name, sheets=(name, *(other for other in lists if other != name)))


def _chosen(path: Path, lists: Mapping[str, Keys], choice: SourceChoice) -> str:
    if len(lists) == 1:
        return next(iter(lists))
    if choice.sheet is not None:
        if choice.sheet in lists:
            return choice.sheet
        names = listed(said("notice.quoted", text=name) for name in lists)
        raise IntakeError("list.missing", name=path.name, list=choice.sheet, lists=names)
    known = {name: choice.known(list(keys)) for name, keys in lists.items()}
    best = max(known.values())
    found = [name for name, count in known.items() if best < _SURE or (count >= _SURE and count * 2 >= best)]
    if len(found) > 1:
        raise SeveralTablesError(path, found, "file.several_lists")
    return found[0]


def _texts(members: Mapping[tuple[str, ...], object]) -> tuple[str, ...]:
    """What stands beside the list, as a line above a table would say it."""
    short = ((place[-1], value) for place, value in members.items() if isinstance(value, str))
    return tuple(f"{key}：{value}" for key, value in short if len(value) <= LONGEST)


def _words_of(members: Mapping[tuple[str, ...], object]) -> Iterator[Remark]:
    """The words that stand beside the lists of an answer."""
    for place, value in members.items():
        if isinstance(value, str | list | dict):
            yield Remark(said("place.json", key=".".join(place)), as_text(value))


def source_of_objects(
    path: Path,
    objects: Objects,
    choice: SourceChoice | None = None,
    left_out: Text | None = None,
    keys: Keys | None = None,
) -> SourceFile:
    """A source whose columns are the keys of its objects; whatever is no object (or an error) is a rejected row."""
    keys = Keys().add_all(item for _, item in objects()) if keys is None else keys
    columns, same = keys.columns(path, choice or SourceChoice())

    def rows() -> Iterator[SourceRow]:
        for position, item in objects():
            if isinstance(item, Doubled):
                error = FieldError.of(item.key, said("row.key_twice", name=item.key))
                yield SourceRow(position, _cells(item, columns, same), error)
            elif isinstance(item, dict):
                yield SourceRow(position, _cells(item, columns, same))
            elif isinstance(item, _Broken):
                yield SourceRow(position, fit([item.text], len(columns), " "), item.error)
            else:
                text = item if isinstance(item, str) else json.dumps(item, ensure_ascii=False)
                yield SourceRow(position, fit([text], len(columns), " "), _NO_OBJECT)

    return SourceFile(path, columns, rows, told=lambda: () if left_out is None else (left_out,))


def _cells(item: dict[str, object], columns: list[str], same: dict[str, list[str]]) -> list[object]:
    cells = [item.get(column) for column in columns]
    for at, column in enumerate(columns):
        if cells[at] is None and column in same:
            cells[at] = next((item[key] for key in same[column] if key in item), None)
    return cells
