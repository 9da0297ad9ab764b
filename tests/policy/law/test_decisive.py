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
Cell: TypeAlias = tuple[str, str, Any, str]  # circumstances, fact, its other value, product


@cache
def table() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "decisive.yaml").read_text(encoding="utf-8"))
    return found


def circumstances() -> dict[str, dict[str, Any]]:
    """Under which facts the changes are looked at, by name: the plain case, and where a fact counts only then."""
    plain = {"with": {}, "changes": table()["changes"]}
    return {"": plain, **table()["under"]}


def cells() -> list[Cell]:
    return [
        (name, fact, value, product)
        for name, under in circumstances().items()
        for fact, values in under["changes"].items()
        for value in values
        for product in pack().products
    ]


def explained() -> Iterator[Cell]:
    for entry in table()["unchanged"]:
        assert entry["because"]
        for fact, values in entry["cells"].items():
            for value in values:
                for product in entry.get("products", pack().products):
                    yield entry.get("under", ""), fact, value, product


def case(product: str, under: str, **change: Any) -> Facts:
    facts, errors = Parser(pack().vocabulary).parse(
        {"case_ref": "D-1", **table()["base"], **circumstances()[under]["with"], "product": product, **change}
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
    plain = [(name, product) for name in circumstances() for product in pack().products]
    bases = dict(zip(plain, decided([case(product, name) for name, product in plain]), strict=True))
    changed = decided([case(product, name, **{fact: value}) for name, fact, value, product in cells()])
    same = {
        cell for cell, found in zip(cells(), changed, strict=True) if looks(found) == looks(bases[cell[0], cell[3]])
    }
    told = set(explained())
    assert (sorted(map(str, same - told)), sorted(map(str, told - same))) == ([], [])


def test_the_table_has_every_answer_of_what_decides_most() -> None:
    for fact in ("legal_stage", "client_role", "hardship"):
        values = set(pack().vocabulary.facts[fact].values)
        assert values == {*table()["changes"][fact], table()["base"][fact]}, fact
