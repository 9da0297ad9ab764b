"""Every part of a rule's condition decides a test of that rule: a part left out or turned round is noticed there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import pytest

from bench.pack_mutants.fault import one
from bench.pack_mutants.rule_faults import condition_faults
from rules.engines.polars_engine import PolarsEngine
from rules.lint.rule_tests import Example, examples
from rules.loading.loader import DEFAULT_PACK, load
from rules.pack.logic import conditions as c
from rules.pack.logic.condition_parser import parse, resolve
from rules.pack.pack import LoadedRule, Pack
from rules.pack.parameters import in_force
from rules.pack.strict_yaml import read

# Parts that other parts imply: whatever is known of the dues, `dues_fit` is known once the other payments are.
IMPLIED: Final = {
    (rule, "condition dropped", "{fact: other_debt_payments, known: false}")
    for rule in ("cure", "cure-catch-up", "mortgage-application-cure")
}


@cache
def pack() -> Pack:
    return load(DEFAULT_PACK)


@cache
def by_day() -> Mapping[dt.date, list[Example]]:
    return examples(pack())


def mutants(rule: LoadedRule) -> dict[str, c.Condition]:
    """The condition with each fault that a test can tell: which figure and which words, the reviewed table holds."""
    data: dict[str, Any] = {rule.path: read(pack().files[rule.path])}
    found = {}
    for kind, place, was, now in condition_faults(pack(), data[rule.path]["when"], ("when",)):
        if kind == "bound" or (kind == "condition value" and "one_of" in place):
            continue
        fault = one(kind, rule.path, place, was, now)
        changed: Any = read(fault.files(data)[rule.path])
        found[fault.name] = parse(changed["when"], pack().vocabulary, pack().parameters)
    return found


@pytest.mark.parametrize("rule", [pytest.param(each, id=each.rule.id) for each in pack().rules])
def test_every_part_of_a_condition_decides_a_test(rule: LoadedRule) -> None:
    unnoticed = mutants(rule)
    for day, of_day in by_day().items():
        own = [each for each in of_day if each.rule is rule]
        if own and unnoticed:
            values = in_force(pack(), day)
            judged = {"": rule.when, **unnoticed}
            engine = PolarsEngine([(name, resolve(when, values)) for name, when in judged.items()], pack().vocabulary)
            found = engine.evaluate([each.facts for each in own], [each.bounds for each in own]).of
            unnoticed = {name: when for name, when in unnoticed.items() if found[name] == found[""]}
    assert [name for name in unnoticed if not _implied(rule, name)] == []


def _implied(rule: LoadedRule, name: str) -> bool:
    return any(rule.rule.id == each and name.startswith(kind) and part in name for each, kind, part in IMPLIED)
