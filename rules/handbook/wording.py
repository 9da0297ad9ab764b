"""The handbook's own words, from words.yaml beside its templates: headings, labels, marks, explanations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter

from rules.pack.files.schema import Text
from rules.pack.strict_yaml import read

TEMPLATES: Final = Path(__file__).parent / "templates"


@cache
def labels() -> Mapping[str, Text]:
    """Every word by its key."""
    return TypeAdapter(dict[str, Text]).validate_python(read((TEMPLATES / "words.yaml").read_bytes()))


def paragraphs(key: str) -> Iterator[Text]:
    """The paragraphs key.1, key.2 and so on."""
    number = 1
    while f"{key}.{number}" in labels():
        yield labels()[f"{key}.{number}"]
        number += 1
