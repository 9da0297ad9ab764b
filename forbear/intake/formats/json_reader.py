"""Values of a JSON text of any size: a list, what stands in an object, or one object after the other."""

import json
import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TextIO, TypeAlias, TypeVar

from forbear.intake.formats.json_decoder import DECODER
from forbear.intake.formats.json_keys import KeyDecoder, Keys
from forbear.intake.source import MAX_COLUMNS, MAX_RECORD, IntakeError

_BLOCK: Final = 256 * 1024
_GAP: Final = re.compile(r"[ \t\r\n\ufeff]*")
_MOST_DEEP: Final = 5  # objects around a list


@dataclass
class Inside:
    """What an object around cases holds: the lists of objects in it, by the keys that lead there, and the rest."""

    starts: dict[str, str] = field(default_factory=dict)  # of its own members, the sign that each begins with
    members: dict[tuple[str, ...], object] = field(default_factory=dict)  # by the keys that lead there
    lists: dict[tuple[str, ...], Keys] = field(default_factory=dict)
    more: bool = False  # another object follows


Opened: TypeAlias = Callable[[], TextIO]  # a text, from its start
Found = TypeVar("Found")


def skimmed(path: Path, text: Opened, find: "Callable[[Reader, json.JSONDecoder], Found]") -> Found:
    """What is found by keys alone. A text that is broken is read once more, to say after how many cases."""
    try:
        with text() as file:
            return find(Reader(path, file), KeyDecoder(","))
    except IntakeError:
        with text() as file:
            find(Reader(path, file), DECODER)
        raise


class Reader:
    """Values of a JSON text, read through a window that holds little more than one of them."""

    def __init__(self, path: Path, file: TextIO) -> None:
        self._path, self._file = path, file
        self._window, self._at, self._count = "", 0, 0

    def elements(self, decoder: json.JSONDecoder = DECODER) -> Iterator[object]:
        """The elements of the one list that the text is."""
        yield from self._list(decoder)
        if self._next_sign():
            raise self._broken()

    def objects(self, decoder: json.JSONDecoder = DECODER) -> Iterator[object]:
        """The objects that stand one after the other, commas between them or not."""
        while self._next_sign():
            yield self._element(decoder)
            self._at += self._next_sign() == ","

    def elements_at(self, trail: tuple[str, ...]) -> Iterator[object]:
        """The elements of the list that these keys lead to."""
        self._next_sign()
        for found in self._members((), Inside()):
            if found == trail:
                yield from self._list(DECODER)
            else:
                deque(self._list(KeyDecoder(",")), maxlen=0)

    def inside(self, decoder: json.JSONDecoder) -> Inside:
        """What the object that the text begins with holds."""
        found = Inside()
        self._next_sign()
        for trail in self._members((), found):
            found.lists[trail].add_all(self._list(decoder))
        found.more = bool(self._next_sign())
        return found

    def _members(self, trail: tuple[str, ...], inside: Inside) -> Iterator[tuple[str, ...]]:
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
                inside.lists[*trail, key] = Keys()
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

    def _list(self, decoder: json.JSONDecoder) -> Iterator[object]:
        if self._next_sign() != "[":
            raise IntakeError("file.not_a_list", name=self._path.name)
        self._at += 1
        sign = self._next_sign()
        while sign != "]":
            yield self._element(decoder)
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

    def _element(self, decoder: json.JSONDecoder = DECODER) -> object:
        self._next_sign()
        while True:
            try:
                element, end = decoder.raw_decode(self._window, self._at)
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
                return self._last(decoder)

    def _last(self, decoder: json.JSONDecoder) -> object:
        """The value with which the text ends."""
        try:
            element, self._at = decoder.raw_decode(self._window, self._at)
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
