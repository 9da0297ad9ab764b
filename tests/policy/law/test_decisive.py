"""One changed decisive fact changes something, for every product; a table gives the reason where nothing does."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from rules.decision.derived_frame import derived_columns
from rules.decision.evaluate import Evaluator
from rules.decision.hit_policy import HitPolicy, Selection
from rules.facts.case_facts import Facts, Parser
from tests.support.packs.default_pack import pack

AS_OF = dt.date(2026, 11, 23)
Cell: TypeAlias = tuple[str, Any, str]  # fact, its other value, product


@cache
def table() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "decisive.yaml").read_text(encoding="utf-8"))
    return found


def cells() -> list[Cell]:
    changes = table()["changes"]
    return [(fact, value, product) for fact in changes for value in changes[fact] for product in pack().products]


def explained() -> Iterator[Cell]:
    for entry in table()["unchanged"]:
        assert entry["because"]
        for fact, values in entry["cells"].items():
            for value in values:
                for product in entry.get("products", pack().products):
                    yield fact, value, product


def case(product: str, **change: Any) -> Facts:
    facts, errors = Parser(pack().vocabulary).parse(
        {"case_ref": "D-1", **table()["base"], "product": product, **change}
    )
    assert errors == []
    return {**facts, "note_flags": ()}


def looks(found: Selection) -> tuple[object, ...]:
    """All that is decided, whatever the order in which it is said."""
    return (
        *(found.strategy, found.urgency, set(found.secondary), set(found.blocked)),
        {kind: set(names) for kind, names in found.items.items() if names},
    )


def decided(cases: list[Facts]) -> list[Selection]:
    second, policy = Evaluator(pack(), AS_OF).engines.second, HitPolicy(pack())
    return [policy.select(hits) for hits in second.judge(derived_columns(pack(), AS_OF).derive(cases).table).true]


def test_every_cell_changes_something_or_says_why_not() -> None:
    bases = dict(zip(pack().products, decided([case(product) for product in pack().products]), strict=True))
    changed = decided([case(product, **{fact: value}) for fact, value, product in cells()])
    same = {cell for cell, found in zip(cells(), changed, strict=True) if looks(found) == looks(bases[cell[2]])}
    told = set(explained())
    assert (sorted(map(str, same - told)), sorted(map(str, told - same))) == ([], [])


def test_the_table_has_every_answer_of_what_decides_most() -> None:
    for fact in ("legal_stage", "client_role", "hardship"):
        values = set(pack().vocabulary.facts[fact].values)
        assert values == {*table()["changes"][fact], table()["base"][fact]}, fact
