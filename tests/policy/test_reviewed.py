"""The pack gives what was reviewed: items, marks, order and fields, entry by entry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from rules.loading.loader import DEFAULT_PACK, load, load_files
from tests.policy.reviewed import differences, table

FILES = load(DEFAULT_PACK).files


def test_the_pack_gives_what_was_reviewed() -> None:
    told = "run `python -m tests.policy.reviewed` and read each line that it prints; keep it if it is meant"
    assert differences(table(load(DEFAULT_PACK))) == [], told


@pytest.mark.parametrize(
    ("path", "old", "new", "told"),
    [
        ("safety/crisis.yaml", "  - {step: not_alone}\n", "", "crisis: "),
        ("safety/crisis.yaml", "priority: 1000", "priority: 995", "[crisis]"),
        ("warnings.yaml", "  rank: 60\n", "  rank: 61\n", "lender_decides: "),
        ("deadlines.yaml", "days: answer_days", "days: appeal_days", "answer: "),
    ],
)
def test_a_change_is_told_with_its_entry(path: str, old: str, new: str, told: str) -> None:
    changed = FILES[path].decode().replace(old, new, 1).encode()
    assert changed != FILES[path]
    found = differences(table(load_files({**FILES, path: changed}, "changed")))
    assert any(told in line for line in found if line.startswith("+ ")), found


def test_no_sentence_stands_in_the_table() -> None:
    assert [text for text in _texts(table(load(DEFAULT_PACK))) if len(text) > 64] == []


def _texts(told: Any) -> Iterator[str]:
    if isinstance(told, Mapping):
        told = [*told, *told.values()]
    if isinstance(told, list):
        for each in told:
            yield from _texts(each)
    elif isinstance(told, str):
        yield told
