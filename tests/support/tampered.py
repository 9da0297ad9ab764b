"""Receipts that somebody tampered with: without end, and by a seed the same ones again."""

import json
import random
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

from forbear.ledger.receipt import written

_Change: TypeAlias = Callable[[random.Random, str, str], str]
_OTHERS: tuple[Any, ...] = (None, 0, 1, -1, 2**63, True, False, "", "x", "U0", [], {}, 1.5, 10**400)


def variants(receipts: Sequence[str], seed: int) -> Iterator[str]:
    """Texts that are none of these receipts, each made from one of them and now and then a part of another."""
    chosen, genuine = random.Random(seed), frozenset(receipts)
    while True:
        made = chosen.choice(_CHANGES)(chosen, *chosen.sample(receipts, 2))
        if made not in genuine:
            yield made


def _letter(chosen: random.Random, text: str, _: str) -> str:
    at = chosen.randrange(len(text))
    return text[:at] + chr(chosen.randrange(32, 127)) + text[at + 1 :]


def _left_out(chosen: random.Random, text: str, _: str) -> str:
    at = chosen.randrange(len(text))
    return text[:at] + text[at + chosen.randrange(1, 9) :]


def _put_in(chosen: random.Random, text: str, _: str) -> str:
    at = chosen.randrange(len(text) + 1)
    return text[:at] + chr(chosen.randrange(32, 127)) + text[at:]


def _swapped(chosen: random.Random, text: str, _: str) -> str:
    one, other = sorted(chosen.sample(range(len(text)), 2))
    return text[:one] + text[other] + text[one + 1 : other] + text[one] + text[other + 1 :]


def _cut(chosen: random.Random, text: str, other: str) -> str:
    at = chosen.randrange(len(text))
    return text[:at] + chosen.choice(("", other[at:], text))


def _digit(chosen: random.Random, text: str, _: str) -> str:
    """Well-formed, and another number somewhere."""
    places = [at for at, letter in enumerate(text) if letter.isdigit()]
    at = chosen.choice(places)
    return text[:at] + chosen.choice("123456789") + text[at + 1 :]


def _step(chosen: random.Random, text: str, _: str) -> str:
    """Well-formed, and a bit of a path or of the signature turned, a step left out, doubled or put elsewhere."""
    told = json.loads(text)
    of, name = chosen.choice(((told["chunk"], "path"), (told["log"], "path"), (told["signed"], 1)))
    data = bytearray(b64decode(of[name]))
    if not data:
        data = bytearray(chosen.randbytes(32))
    else:
        at = chosen.randrange(len(data))
        steps = [bytes(data[each : each + 32]) for each in range(0, len(data), 32)]
        data[at] ^= 1 << chosen.randrange(8)
        chosen.shuffle(steps)
        shuffled = b"".join(steps)
        data = bytearray(chosen.choice((bytes(data), bytes(data), bytes(data)[32:], bytes(data) * 2, shuffled)))
    of[name] = b64encode(data).decode()
    return written(told)


def _value(chosen: random.Random, text: str, _: str) -> str:
    """Well-formed, and another value somewhere, of the same kind or not."""
    told = json.loads(text)
    part = chosen.choice((told, told["row"], told["chunk"], told["log"], told["entry"], told["signed"]))
    name = chosen.choice(list(part) if isinstance(part, dict) else range(len(part)))
    part[name] = chosen.choice(_OTHERS)
    return written(told)


def _taken(chosen: random.Random, text: str, other: str) -> str:
    """Well-formed, and a part of another receipt that holds."""
    told, taken = json.loads(text), json.loads(other)
    name = chosen.choice(list(told))
    if chosen.random() < 0.5:
        told[name] = taken[name]
    else:
        field = chosen.choice(list(told["row"]))
        told["row"][field] = taken["row"][field]
    return written(told)


def _written_otherwise(chosen: random.Random, text: str, _: str) -> str:
    """The same, written in another way."""
    told = json.loads(text)
    name = chosen.choice(list(told))
    moved = {**{each: told[each] for each in told if each != name}, name: told[name]}
    return chosen.choice(
        (
            json.dumps(told),
            json.dumps(told, indent=chosen.randrange(4)),
            written(moved),
            written({**told, f"x{chosen.randrange(10**6)}": 1}),
            text + " " * chosen.randrange(1, 9),
            " " * chosen.randrange(1, 9) + text,
            text.replace(":", ": ", chosen.randrange(1, 20)),
        )
    )


_CHANGES: tuple[_Change, ...] = (
    _letter,
    _left_out,
    _put_in,
    _swapped,
    _cut,
    _digit,
    _step,
    _value,
    _taken,
    _written_otherwise,
)
