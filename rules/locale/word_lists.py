"""Words that people write in cells and notes, as lists: what means blank, yes or no, units, denials (words/*.yaml)."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from rules.pack import strict_yaml


@cache
def word_lists(name: str) -> Any:
    """The lists of one file of words, as YAML has them."""
    return strict_yaml.read((Path(__file__).parent / "words" / f"{name}.yaml").read_bytes())
