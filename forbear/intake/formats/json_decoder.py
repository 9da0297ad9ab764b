"""JSON as it is meant: numbers as they were written, and an object with a key twice told apart."""

import json


class Doubled(dict[str, object]):
    """An object that has a key twice, or something in it that has: nobody knows which of the two values is meant."""

    key: str


def _number(text: str) -> str:
    """A JSON number as it was written: nothing is lost to binary and 1e400 or 5,000 digits do no harm."""
    return text.removesuffix(".0")


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found, seen = dict(pairs), set[str]()
    twice = None
    if len(found) < len(pairs):
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
    else:
        inside = ((key, _doubled_in(value)) for key, value in pairs if isinstance(value, dict | list))
        twice = next((f"{key}.{inner}" for key, inner in inside if inner is not None), None)
    if twice is None:
        return found
    doubled = Doubled(found)
    doubled.key = twice
    return doubled


def _doubled_in(value: object) -> str | None:
    """The key that a value has twice; of a list, which knows nothing of its own, what any of its items has."""
    if isinstance(value, list):
        return next((key for key in map(_doubled_in, value) if key is not None), None)
    return value.key if isinstance(value, Doubled) else None


DECODER = json.JSONDecoder(parse_float=_number, parse_int=str, parse_constant=str, object_pairs_hook=_object)
