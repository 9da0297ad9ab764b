"""Keys of a JSON file: which its objects have, found without reading what stands under them."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any, Final

from forbear.intake.source import MAX_COLUMNS, IntakeError, SourceChoice, check_columns

_MOST_SHAPES: Final = 200  # sets of keys that are told apart
_TRIED: Final = 3  # sets of keys that are looked for
# An object in which there is no other, by patterns that take what JSON allows and nothing else.
_GAP: Final = r"[ \t\r\n]*+"
_STRING: Final = r'"[^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*+)*+"'
_NUMBER: Final = r"-?+(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+(?:[eE][-+]?+[0-9]++)?+"
_PLAIN: Final = rf"(?:{_STRING}|{_NUMBER}|true|false|null|NaN|-?+Infinity)"
_VALUE: Final = rf"(?:{_PLAIN}|\[[^\[\]{{}}]*+\])"  # what is wrong within a list shows when its row is read


class KeyDecoder(json.JSONDecoder):
    """Decodes objects for nothing but their keys: one that has those of another, in their order, is passed over.

    So are those that follow it and have the same, with this sign between them: the object they are like stands for all.
    """

    def __init__(self, between: str) -> None:
        super().__init__(parse_float=str, parse_int=str, parse_constant=str)
        self._between = between
        self._met = set[tuple[str, ...]]()
        self._known: list[tuple[re.Pattern[str], dict[str, object]]] = []

    def known(self, text: str, at: int) -> tuple[dict[str, object], int] | None:
        """The object that those here are like, and where the last of them ends."""
        for pattern, like in self._known:
            if found := pattern.match(text, at):
                return like, found.end()
        return None

    def raw_decode(self, s: str, idx: int = 0) -> tuple[Any, int]:
        """The value at this place, and where it ends."""
        if (known := self.known(s, idx)) is not None:
            return known
        found, end = super().raw_decode(s, idx)
        if isinstance(found, dict) and len(self._known) < _TRIED and len(found) <= _MOST_SHAPES:
            keys = tuple(found)
            if keys in self._met:
                self._known.append((_objects_with(keys, self._between, s[idx:end]), found))
            elif len(self._met) < _MOST_SHAPES:
                self._met.add(keys)
        return found, end


def _objects_with(keys: Iterable[str], between: str, like: str) -> re.Pattern[str]:
    """Objects with these keys in this order, written like this one: as they are or in ASCII, with the same blanks."""
    written = ([json.dumps(key, ensure_ascii=escaped) for escaped in (False, True)] for key in keys)
    names = [next((name for name in forms if name in like), forms[0]) for forms in written]
    first, last = (names[0], names[-1]) if names else ("", "")
    colon = next((each for each in (": ", ":") if like.startswith(f"{{{first}{each}")), None)
    comma = next((each for each in (", ", ",") if f"{each}{last}{colon}" in like), None)
    if colon is None or (comma is None and len(names) > 1):
        comma, colon = f"{_GAP},{_GAP}", f"{_GAP}:{_GAP}"
    inside = _GAP if colon.startswith(_GAP) else ""
    members = (comma or "").join(f"{re.escape(name)}{colon}{_VALUE}" for name in names)
    one = rf"\{{{inside}{members}{inside}\}}"
    return re.compile(f"{one}(?:{_GAP}{between}{_GAP}{one})*+")


class Keys:
    """The keys that objects have, in order of appearance, and which of them stand in one object."""

    def __init__(self) -> None:
        self._keys: dict[str, None] = {}
        self._shapes: set[frozenset[str]] = set()
        self._met: set[tuple[str, ...]] = set()  # most objects have the keys of one before, in the same order

    def add(self, item: object) -> None:
        """Take note of the keys of one."""
        if not isinstance(item, dict) or (order := tuple(item)) in self._met or len(self._keys) > MAX_COLUMNS:
            return
        if len(self._met) < _MOST_SHAPES:
            self._met.add(order)
        self._keys.update(dict.fromkeys(item))
        if len(self._shapes) <= _MOST_SHAPES:
            self._shapes.add(frozenset(item))

    def add_all(self, items: Iterable[object]) -> "Keys":
        """Take note of the keys of all."""
        for item in items:
            self.add(item)
        return self

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def columns(self, path: Path, choice: SourceChoice) -> tuple[list[str], dict[str, list[str]]]:
        """The columns, and the other keys of each: those that name one fact and never stand in one object.

        Files of several programs are put together so.
        """
        if not self._keys:
            raise IntakeError("file.no_objects", name=path.name)
        several = 1 < len(self._shapes) <= _MOST_SHAPES
        same = _alike(list(self._keys), self._shapes, choice) if several else {}
        merged = {key for keys_of_one in same.values() for key in keys_of_one}
        return check_columns(path, [key for key in self._keys if key not in merged]), same


def _alike(keys: Sequence[str], shapes: set[frozenset[str]], choice: SourceChoice) -> dict[str, list[str]]:
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
