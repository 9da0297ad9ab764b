"""However a pack is mutilated, the loader answers with a PackError and nothing else."""

import string

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules.loading.loader import PackError, load_files
from tests.support.packs.tiny_pack import FILES, files, tiny

_PIECES = st.sampled_from(
    [
        *("", " ", "\n", "\t", "{", "}", "[", "]", ": ", ", ", "- ", "? ", "'", '"', "&a ", "*a", "!!x ", "<<", "{{"),
        *("~", "null", "true", "-1", "1e9", "0.5", "9" * 30, "2026-02-30", "\x00", "\ufeff", "\U0001f600"),
        *("fact", "all", "parameter", "known"),
    ]
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_mutilated_pack_gives_a_pack_error_and_nothing_else(data: st.DataObject) -> None:
    mutilated = files()
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(sorted(mutilated)))
        content = mutilated[path]
        start = data.draw(st.integers(0, len(content)))
        end = data.draw(st.integers(start, min(len(content), start + 60)))
        piece = data.draw(_PIECES.map(str.encode) | st.binary(max_size=4) | st.text(max_size=6).map(_bytes))
        mutilated[path] = content[:start] + piece + content[end:]
    try:
        load_files(mutilated, "mutilated")
    except PackError as caught:
        assert caught.errors
        assert all(line and "\n" not in line for line in caught.errors)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


_SCALARS = st.none() | st.booleans() | st.integers() | st.dates() | st.text(string.printable, max_size=8)
_DATA = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)


@settings(max_examples=150, deadline=None)
@given(path=st.sampled_from(sorted(FILES)), data=_DATA, key=st.integers(0, 200))
def test_any_data_in_the_place_of_any_value_gives_a_pack_error_and_nothing_else(
    path: str, data: object, key: int
) -> None:
    """Well-formed YAML of the wrong shape: one value of one file is replaced by something else."""
    lines = FILES[path].splitlines()
    number = key % len(lines)
    name, colon, _ = lines[number].partition(": ")
    lines[number] = f"{name}{colon}{_flow(data)}"
    try:
        tiny({path: "\n".join(lines)})
    except PackError as caught:
        assert all(line and "\n" not in line for line in caught.errors)


def _flow(data: object) -> str:
    match data:
        case dict():
            return "{" + ", ".join(f"{_flow(key)}: {_flow(value)}" for key, value in data.items()) + "}"
        case list():
            return "[" + ", ".join(map(_flow, data)) + "]"
        case str():
            return "'" + data.replace("'", "''").replace("\n", " ").replace("\r", " ") + "'"
        case None | True | False:
            return {None: "null", True: "true", False: "false"}[data]
    return str(data)
