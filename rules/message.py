"""What the C engine is told of a case: whole numbers and short known words, never anything it could misread."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from rules.cells import Value

Facts: TypeAlias = Mapping[str, Value]
Encode: TypeAlias = Callable[[Facts], str | None]

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
class Key:
    """One property of the message: which fact it speaks of, and how."""

    name: str
    kind: Literal["always", "value", "known", "member", "sign"]
    fact: str
    second: str = ""  # the list's member, or the other fact of a pair
    words: set[str] = field(default_factory=set)  # the texts that rules compare the fact with


def value_key(fact: str) -> Key:
    """The fact itself."""
    return Key(fact, "value", fact)


def known_key(fact: str) -> Key:
    """1 where the fact is given, 0 where it is not."""
    return Key(f"{fact}_known", "known", fact)


def member_key(fact: str, member: str) -> Key:
    """1 where a known list holds the member, 0 where it does not."""
    return Key(f"{fact}.{member}", "member", fact, member)


def sign_key(fact: str, other: str) -> Key:
    """-1, 0 or 1: how one fact compares with another, where both are known."""
    return Key(f"{fact}:{other}", "sign", fact, other)


# In every message that asks for it: a condition which holds whatever the case says ($ is in no fact's name).
ALWAYS: Final = Key("$always", "always", "")


def encoder(key: Key) -> Encode:
    """The function that writes a case's JSON value of a key, or None where the fact it needs is unknown."""
    fact, second = key.fact, key.second
    words = {word: json.dumps(word) for word in key.words}

    def value(facts: Facts) -> str | None:
        found = facts.get(fact)
        if found is None:
            return None
        return words.get(found, _OTHER) if isinstance(found, str) else number(found)

    def known(facts: Facts) -> str | None:
        return "1" if fact in facts else "0"

    def member(facts: Facts) -> str | None:
        found = facts.get(fact)
        return None if found is None else ("1" if isinstance(found, tuple) and second in found else "0")

    def sign(facts: Facts) -> str | None:
        left, right = facts.get(fact), facts.get(second)
        return None if left is None or right is None else _sign(left, right)

    return {"always": lambda _: "1", "value": value, "known": known, "member": member, "sign": sign}[key.kind]


def number(value: Value) -> str:
    """A value as the whole number the engine compares."""
    if isinstance(value, dt.date):
        return str(value.toordinal())
    if isinstance(value, int) and -LARGEST <= value <= LARGEST:
        return str(int(value))
    raise MessageError("a fact has a value that the engine does not compare exactly")


def _sign(left: Value, right: Value) -> str:
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
