"""Objects of a JSON file in whatever shape it has: a list, lines, a list inside an answer, one object after another."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import combinations, islice
from pathlib import Path
from typing import TextIO, TypeAlias

from forbear.intake.formats.json_decoder import DECODER, FOR_KEYS, Doubled
from forbear.intake.formats.text_files import encoding_of, is_cut, lines, open_text
from forbear.intake.headers import LONGEST
from forbear.intake.source import (
    MAX_CELL,
    MAX_COLUMNS,
    MAX_RECORD,
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
from rules.locale import listed
from rules.pack.files.schema import Text

_NO_OBJECT = FieldError.of("", said("row.no_object"))
_BLOCK = 256 * 1024
_GAP = re.compile(r"[ \t\r\n\ufeff]*")
_LINES = (".jsonl", ".ndjson")  # names of files in which what is no object is a broken line
_MOST_DEEP = 5  # objects around a list
_SURE = 2  # names of facts by which an object is known for a case
_MOST_SHAPES = 200  # sets of keys that are told apart

Objects: TypeAlias = Callable[[], Iterable[tuple[int, object]]]
Opened: TypeAlias = Callable[[], TextIO]  # a text, from its start


@dataclass(frozen=True)
class _Broken:
    """A line that is no JSON, and why."""

    text: str
    error: FieldError


def read(path: Path, choice: SourceChoice) -> SourceFile:
    """Open a .json or .jsonl file, by the standard library alone: ijson refuses the NaN that pandas itself writes."""
    text = partial(open_text, path, encoding_of(path))
    with text() as file:
        first, second = (*islice((line for line in lines(file) if line.strip()), 2), "", "")[:2]
    if _are_lines(path, first, second):
        return source_of_objects(path, partial(_lines, text), choice, keys=partial(_lines, text, FOR_KEYS))
    if _start(first) == "[":
        return source_of_objects(
            path,
            partial(_numbered, path, text, _Reader.elements),
            choice,
            keys=partial(_numbered, path, text, _Reader.elements, FOR_KEYS),
        )
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


def _lines(text: Opened, decoder: json.JSONDecoder = DECODER) -> Iterator[tuple[int, object]]:
    with text() as file:
        for position, line in enumerate(lines(file), 1):
            if line.strip():
                yield position, _decode(line, decoder)


def _decode(line: str, decoder: json.JSONDecoder = DECODER) -> object:
    if is_cut(line):
        return _Broken(line[:MAX_CELL], TOO_LONG)
    try:
        return decoder.decode(line.lstrip("\ufeff"))
    except json.JSONDecodeError as error:
        return _Broken(line.rstrip("\r\n"), FieldError.of("", said("row.broken_json", column=error.colno)))
    except RecursionError:
        return _Broken(line.rstrip("\r\n"), _NO_OBJECT)


def _numbered(
    path: Path, text: Opened, items: "Callable[[_Reader], Iterator[object]]", decoder: json.JSONDecoder = DECODER
) -> Iterator[tuple[int, object]]:
    with text() as file:
        yield from enumerate(items(_Reader(path, file, decoder)), 1)


@dataclass
class _Inside:
    """What an object around cases holds: the lists of objects in it, by the keys that lead there, and the rest."""

    starts: dict[str, str] = field(default_factory=dict)  # of its own members, the sign that each begins with
    members: dict[tuple[str, ...], object] = field(default_factory=dict)  # by the keys that lead there
    lists: list[tuple[str, ...]] = field(default_factory=list)
    more: bool = False  # another object follows


def _read_object(path: Path, text: Opened, choice: SourceChoice) -> SourceFile:
    """A file that begins with an object: a case, an answer around a list of them, or a table turned on its side."""
    with text() as file:
        inside = _Reader(path, file).inside()
    keys = list(inside.starts)
    is_case = choice.known(keys) >= _SURE
    nested = bool(keys) and all(sign in "{[" for sign in inside.starts.values())
    a_case = choice.known(keys) > 0 or not nested
    one_line = len(inside.lists) > 1 and _is_by_lines(path) and a_case  # a case with lists in it
    if inside.more or one_line or (is_case and not nested) or not (inside.lists or nested):
        return source_of_objects(path, partial(_numbered, path, text, _Reader.objects), choice)
    if not inside.lists or (is_case and len(inside.lists) == len(keys) > 1):
        raise IntakeError("file.by_columns", name=path.name)
    if len(inside.lists) > 1:
        names = (said("notice.quoted", text=".".join(trail)) for trail in inside.lists)
        raise IntakeError("file.several_lists", name=path.name, lists=listed(names))
    trail = inside.lists[0]
    around = {place: value for place, value in inside.members.items() if place[:-1] == trail[: len(place) - 1]}
    rest = [said("notice.quoted", text=".".join(place)) for place in around if place != trail[: len(place)]]
    left_out = said("notice.json_rest", list=".".join(trail), keys=listed(rest)) if rest else None
    elsewhere = {place: value for place, value in inside.members.items() if place not in around}
    source = source_of_objects(
        path, partial(_numbered, path, text, partial(_Reader.elements_at, trail=trail)), choice, left_out
    )
    return replace(source, titles=_texts(around), aside=_texts(elsewhere))


def _texts(members: Mapping[tuple[str, ...], object]) -> tuple[str, ...]:
    """What stands beside the list, as a line above a table would say it."""
    short = ((place[-1], value) for place, value in members.items() if isinstance(value, str))
    return tuple(f"{key}：{value}" for key, value in short if len(value) <= LONGEST)


class _Reader:
    """Values of a JSON text, read through a window that holds little more than one of them."""

    def __init__(self, path: Path, file: TextIO, decoder: json.JSONDecoder = DECODER) -> None:
        self._path, self._file, self._decoder = path, file, decoder
        self._window, self._at, self._count = "", 0, 0

    def elements(self) -> Iterator[object]:
        """The elements of the one list that the text is."""
        yield from self._list()
        if self._next_sign():
            raise self._broken()

    def objects(self) -> Iterator[object]:
        """The objects that stand one after the other, commas between them or not."""
        while self._next_sign():
            yield self._element()
            self._at += self._next_sign() == ","

    def elements_at(self, trail: tuple[str, ...]) -> Iterator[object]:
        """The elements of the list that these keys lead to."""
        self._next_sign()
        for found in self._members((), _Inside()):
            if found == trail:
                yield from self._list()
            else:
                self._skip_list()

    def inside(self) -> _Inside:
        """What the object that the text begins with holds."""
        found = _Inside()
        self._next_sign()
        for _ in self._members((), found):
            self._skip_list()
        found.more = bool(self._next_sign())
        return found

    def _members(self, trail: tuple[str, ...], inside: _Inside) -> Iterator[tuple[str, ...]]:
        """Pass over an object, stopping at each list of objects in it, which whoever asks has to read."""
        self._at += 1
        while (sign := self._next_sign()) != "}":
            key = self._element() if sign == '"' else None
            if not isinstance(key, str) or self._next_sign() != ":":
                raise self._broken()
            self._at += 1
            sign = self._next_sign()
            if not trail:
                inside.starts[key] = sign
            if len(inside.members) < MAX_COLUMNS:
                inside.members[*trail, key] = None
            if sign == "[" and self._sign_after() == "{":
                inside.lists.append((*trail, key))
                yield (*trail, key)
            elif sign == "{" and len(trail) < _MOST_DEEP:
                yield from self._members((*trail, key), inside)
            else:
                value = self._element()
                if (*trail, key) in inside.members:
                    inside.members[*trail, key] = value
            if (sign := self._next_sign()) not in ("}", ","):
                raise self._broken()
            self._at += sign == ","
        self._at += 1

    def _skip_list(self) -> None:
        for _ in self._list():
            pass

    def _list(self) -> Iterator[object]:
        if self._next_sign() != "[":
            raise IntakeError("file.not_a_list", name=self._path.name)
        self._at += 1
        sign = self._next_sign()
        while sign != "]":
            yield self._element()
            self._count += 1
            sign = self._next_sign()
            if sign not in ("]", ","):
                raise self._broken()
            self._at += sign == ","
        self._at += 1

    def _next_sign(self) -> str:
        """The next character that is not white space, '' at the end of the file."""
        while True:
            gap = _GAP.match(self._window, self._at)
            self._at = gap.end() if gap else self._at
            if self._at < len(self._window) or not self._read_more():
                return self._window[self._at : self._at + 1]

    def _sign_after(self) -> str:
        """The sign after the next one."""
        while True:
            gap = _GAP.match(self._window, self._at + 1)
            after = self._window[gap.end() : gap.end() + 1] if gap else ""
            if after or not self._read_more():
                return after

    def _element(self) -> object:
        self._next_sign()
        while True:
            try:
                element, end = self._decoder.raw_decode(self._window, self._at)
            except (json.JSONDecodeError, RecursionError):
                end = len(self._window)
                element = None
            # At the end of the window a number may go on, and whatever is broken may only be cut off.
            if end < len(self._window):
                self._at = end
                return element
            if len(self._window) - self._at > MAX_RECORD:
                raise self._broken()
            if not self._read_more():
                return self._last()

    def _last(self) -> object:
        """The value with which the text ends."""
        try:
            element, self._at = self._decoder.raw_decode(self._window, self._at)
        except (json.JSONDecodeError, RecursionError):
            raise self._broken() from None
        return element

    def _read_more(self) -> bool:
        """Double what is left of the window, so that an element is tried again only a few times."""
        rest = self._window[self._at :]
        more = self._file.read(max(_BLOCK, len(rest)))
        self._window, self._at = rest + more, 0
        return bool(more)

    def _broken(self) -> IntakeError:
        return IntakeError("file.broken_list", name=self._path.name, count=self._count)


def source_of_objects(
    path: Path,
    objects: Objects,
    choice: SourceChoice | None = None,
    left_out: Text | None = None,
    keys: Objects | None = None,
) -> SourceFile:
    """A source whose columns are the keys of its objects; whatever is no object (or an error) is a rejected row.

    `keys` gives the same objects for nothing but their keys.
    """
    columns, same = _keys(path, (keys or objects)(), choice or SourceChoice())

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


def _keys(
    path: Path, objects: Iterable[tuple[int, object]], choice: SourceChoice
) -> tuple[list[str], dict[str, list[str]]]:
    """All keys in order of appearance, from a first pass over the whole file: an object may leave out any of them.

    Keys that name one fact and never stand in one object are one column: files of several programs are put together.
    """
    keys: dict[str, None] = {}
    shapes: set[frozenset[str]] = set()
    met: set[tuple[str, ...]] = set()  # most objects have the keys of one before, in the same order
    for _, item in objects:
        if isinstance(item, dict) and (order := tuple(item)) not in met:
            if len(met) < _MOST_SHAPES:
                met.add(order)
            if not item.keys() <= keys.keys():
                keys.update(dict.fromkeys(item))
                if len(keys) > MAX_COLUMNS:
                    break
            if len(shapes) <= _MOST_SHAPES:
                shapes.add(frozenset(item))
    if not keys:
        raise IntakeError("file.no_objects", name=path.name)
    same = _alike(list(keys), shapes, choice) if 1 < len(shapes) <= _MOST_SHAPES else {}
    merged = {key for keys_of_one in same.values() for key in keys_of_one}
    return check_columns(path, [key for key in keys if key not in merged]), same


def _alike(keys: list[str], shapes: set[frozenset[str]], choice: SourceChoice) -> dict[str, list[str]]:
    """Keys that are other names of a first one."""
    named = [key for key in keys if choice.known([key]) == 1]
    same: dict[str, list[str]] = {}
    taken: set[str] = set()
    for one, other in combinations(named, 2):
        group = [one, *same.get(one, [])]
        if one in taken or other in taken or choice.known([one, other]) != 1:
            continue
        if not any(other in shape and shape.intersection(group) for shape in shapes):
            same.setdefault(one, []).append(other)
            taken.add(other)
    return same
