"""The tests that rules carry: their facts as evaluated, and whether each gives what it expects."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Final, Literal

from rules.engines.polars_engine import PolarsEngine
from rules.facts.case_facts import Facts, Parser
from rules.formulas.derivation import derive
from rules.formulas.ends import Bounds
from rules.pack.condition_parser import resolve
from rules.pack.pack import LoadedRule, Pack
from rules.pack.parameters import in_force
from rules.pack.schema import RuleTest

Verdict = Literal["hit", "no_hit", "unknown"]
_VERDICTS: Final[Mapping[bool | None, Verdict]] = {True: "hit", False: "no_hit", None: "unknown"}


@dataclass(frozen=True, slots=True)
class TestFailure:
    """A rule test that gave something else than it expects."""

    rule: str
    test: str
    expected: Verdict
    got: Verdict
    __test__: ClassVar[bool] = False  # not a test for pytest to collect

    def __str__(self) -> str:
        return f"{self.rule}: {self.test}: expected {self.expected}, got {self.got}"


@dataclass(frozen=True, slots=True)
class Example:
    """A rule's test with its facts as the engines see them."""

    rule: LoadedRule
    test: RuleTest
    facts: Facts
    bounds: Bounds = field(default_factory=dict)


def examples(pack: Pack) -> dict[dt.date, list[Example]]:
    """Every test of the pack by its as-of day, facts derived."""
    parser = Parser(pack.vocabulary, rule_test=True)
    found: dict[dt.date, list[Example]] = {}
    for rule in pack.rules:
        for test in rule.rule.tests:
            found.setdefault(test.as_of or pack.manifest.reviewed_on, []).append(
                Example(rule, test, parser.parse(test.facts)[0])
            )
    for as_of, tests in found.items():
        found[as_of] = [Example(each.rule, each.test, *derive(pack, each.facts, as_of)) for each in tests]
    return found


def run_tests(pack: Pack) -> list[TestFailure]:
    """The tests that fail, in the order of the rules."""
    verdicts: dict[tuple[str, str], Verdict] = {}
    for as_of, tests in examples(pack).items():
        values = in_force(pack, as_of)
        rules = {each.rule.rule.id: resolve(each.rule.when, values) for each in tests}
        engine = PolarsEngine(list(rules.items()), pack.vocabulary)
        table = engine.evaluate([each.facts for each in tests], [each.bounds for each in tests]).table
        for row, each in enumerate(tests):
            verdicts[each.rule.rule.id, each.test.name] = _VERDICTS[table[each.rule.rule.id][row]]
    return [
        TestFailure(rule.rule.id, test.name, test.expect, verdicts[rule.rule.id, test.name])
        for rule in pack.rules
        for test in rule.rule.tests
        if verdicts[rule.rule.id, test.name] != test.expect
    ]
