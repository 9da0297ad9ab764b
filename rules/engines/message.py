"""What the C engine is told of a case: whole numbers and short known words, never anything it could misread."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, Literal, TypeAlias

from rules.facts.cells import Value
from rules.formulas.ends import NO_BOUNDS, SIDES, Bounds, Side, ends

Facts: TypeAlias = Mapping[str, Value]

# The C code compares 64-bit integers exactly (measured), and silently cuts what is longer. Money of 14 digits in
# fen is far inside; nothing a case may hold comes near.
LARGEST: Final = 2**62
# Stands for every text no rule mentions, so that text from outside never reaches the C code: its string lengths are
# 16 bits wide (measured: 65,539 characters that start with "abc" equal "abc").
_OTHER: Final = '""'
LONGEST_TEXT: Final = 1_000


class MessageError(Exception):
    """A case that the engine must not be asked about; names no value."""


@dataclass
class MessageKey:
    """One property of the message: which fact it speaks of, and how."""

    name: str
    kind: Literal["always", "value", "known", "member", "sign", "bound", "sign_bound"]
    fact: str
    second: str = ""  # the list's member, or the other fact of a pair
    words: set[str] = field(default_factory=set)  # the texts that rules compare the fact with
    side: Side = "low"  # of a bound
    only: frozenset[int | str] | None = None  # where rules ask for nothing but whether it is one of these

    @property
    def few(self) -> bool:
        """Whether rules tell few of its values apart, whatever it may hold."""
        return self.only is not None or bool(self.words)

    def told(self, value: int | str) -> bool:
        """Whether a value makes a difference to any rule: to one that is not asked for it is as if it were missing."""
        return self.only is None or value in self.only


def value_key(fact: str) -> MessageKey:
    """The fact itself."""
    return MessageKey(fact, "value", fact)


def known_key(fact: str) -> MessageKey:
    """1 where the fact is given, 0 where it is not."""
    return MessageKey(f"{fact}_known", "known", fact)


def member_key(fact: str, member: str) -> MessageKey:
    """1 where a known list holds the member, 0 where it does not."""
    return MessageKey(f"{fact}.{member}", "member", fact, member)


def sign_key(fact: str, other: str) -> MessageKey:
    """-1, 0 or 1: how one fact compares with another, where both are known."""
    return MessageKey(f"{fact}:{other}", "sign", fact, other)


def bound_key(fact: str, side: Side) -> MessageKey:
    """The least or the most that a derived fact can be: its value where it has one."""
    return MessageKey(f"{fact}.{side}", "bound", fact, side=side)


def ends_of(sign: MessageKey) -> list[MessageKey]:
    """The least and the most that the sign of a pair can be, where one of the two is derived."""
    return [MessageKey(f"{sign.name}.{side}", "sign_bound", sign.fact, sign.second, side=side) for side in SIDES]


# In every message that asks for it: a condition which holds whatever the case says ($ is in no fact's name).
ALWAYS: Final = MessageKey("$always", "always", "")
NO_NAMES: Final[Mapping[str, str]] = {}


def start_of(name: str, names: Mapping[str, str]) -> str:
    """What a key's property begins with; `names` are those that keys have in the message."""
    return f"{json.dumps(names.get(name, name))}:"


class Writer:
    """Writes what a case has to say of each key; what is not known is left out, and what no rule asks for."""

    def __init__(self, keys: Mapping[str, MessageKey], names: Mapping[str, str] = NO_NAMES) -> None:
        """`names` are those that keys have in the message, where these are others than their own."""
        starts = {name: start_of(name, names) for name in keys}
        self._always = {name: f"{starts[name]}1" for name, key in keys.items() if key.kind == "always"}
        self._values: list[tuple[MessageKey, str, dict[str, str], str | None]] = []
        self._known: list[tuple[str, str, str | None, str | None]] = []
        self._signs = []
        bounds: dict[str, list[tuple[str, str, int]]] = {}
        signs: dict[tuple[str, str], list[tuple[str, str, int]]] = {}
        lists: dict[str, dict[str, tuple[MessageKey, str]]] = {}
        for name, key in keys.items():
            start = starts[name]
            if key.kind == "value":
                words = {word: start + json.dumps(word) for word in key.words}
                self._values.append((key, start, words, start + _OTHER if key.told("") else None))
            elif key.kind == "known":
                given, missing = (f"{start}{said}" if key.told(said) else None for said in (1, 0))
                self._known.append((key.fact, name, given, missing))
            elif key.kind == "sign":
                self._signs.append((key.fact, key.second, name, start))
            elif key.kind == "bound":
                bounds.setdefault(key.fact, []).append((name, start, SIDES.index(key.side)))
            elif key.kind == "sign_bound":
                signs.setdefault((key.fact, key.second), []).append((name, start, SIDES.index(key.side)))
            elif key.kind == "member":
                lists.setdefault(key.fact, {})[key.second] = key, start
        self._bounds = list(bounds.items())
        self._sign_bounds = [(*pair, keys) for pair, keys in signs.items()]
        self._lists = [(fact, _members(names)) for fact, names in lists.items()]

    def write(self, facts: Facts, bounds: Bounds = NO_BOUNDS) -> dict[str, str]:
        """Each key's property as JSON text. Raises MessageError."""
        written = dict(self._always)
        for key, start, words, other in self._values:
            found = facts.get(key.fact)
            said = None if found is None else _told(key, found, start, words, other)
            if said is not None:
                written[key.name] = said
        for fact, name, given, missing in self._known:
            said = given if fact in facts else missing
            if said is not None:
                written[name] = said
        for fact, members in self._lists:
            listed = facts.get(fact)
            if isinstance(listed, tuple):
                written.update(members(listed))
        for fact, second, name, start in self._signs:
            left, right = facts.get(fact), facts.get(second)
            if left is not None and right is not None:
                written[name] = start + sign(left, right)
        written.update(self._ends(facts, bounds))
        written.update(self._end_signs(facts, bounds))
        return written

    def _ends(self, facts: Facts, bounds: Bounds) -> dict[str, str]:
        """The least and the most that derived facts can be."""
        written = {}
        for fact, keys in self._bounds:
            value = facts.get(fact)
            if value is not None:
                shown = number(value)
                for name, start, _ in keys:
                    written[name] = start + shown
            elif fact in bounds:
                found = ends(None, bounds[fact])
                for name, start, side in keys:
                    end = found[side]
                    if end is not None:
                        written[name] = start + number(end)
        return written

    def _end_signs(self, facts: Facts, bounds: Bounds) -> dict[str, str]:
        """The least and the most that the signs of pairs with derived facts can be."""
        written = {}
        for fact, second, keys in self._sign_bounds:
            left, right = facts.get(fact), facts.get(second)
            if left is not None and right is not None:
                shown = sign(left, right)
                for name, start, _ in keys:
                    written[name] = start + shown
            elif fact in bounds or second in bounds:
                one, other = ends(left, bounds.get(fact)), ends(right, bounds.get(second))
                for name, start, side in keys:
                    end, opposite = one[side], other[1 - side]
                    if end is not None and opposite is not None:
                        written[name] = start + sign(end, opposite)
        return written


def _told(key: MessageKey, value: Value, start: str, words: Mapping[str, str], other: str | None) -> str | None:
    """What a key says of a value, if that makes a difference to any rule."""
    if isinstance(value, str):
        return words.get(value, other)
    digits = number(value)
    return start + digits if key.told(int(digits)) else None


def _members(names: Mapping[str, tuple[MessageKey, str]]) -> Callable[[tuple[str, ...]], dict[str, str]]:
    """What a known list says of each member that a rule looks for. Most cases have one of very few lists."""

    @lru_cache(maxsize=256)
    def members(listed: tuple[str, ...]) -> dict[str, str]:
        return {
            key.name: f"{start}{int(member in listed)}"
            for member, (key, start) in names.items()
            if key.told(int(member in listed))
        }

    return members


def number(value: Value) -> str:
    """A value as the whole number the engine compares."""
    if type(value) is int and -LARGEST <= value <= LARGEST:
        return str(value)
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, dt.date):
        return str(value.toordinal())
    raise MessageError("a fact has a value that the engine does not compare exactly")


def sign(left: Value, right: Value) -> str:
    """-1, 0 or 1: how one value compares with another."""
    if isinstance(left, str) or isinstance(right, str):
        return "0" if left == right else "1"  # texts are equal or not, never more or less
    first, second = int(number(left)), int(number(right))
    return str((first > second) - (first < second))


def fingerprint(name: str) -> int:
    """FNV-1a, 32 bits: all that the C code remembers of a property's name."""
    value = 0x811C9DC5
    for byte in name.encode():
        value = (value ^ byte) * 16777619 & 0xFFFFFFFF
    return value
