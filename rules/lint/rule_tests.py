"""The tests that rules carry: their facts as evaluated, whether each gives what it expects, and what the case gets."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar, Final, Literal

from rules.decision.hit_policy import HitPolicy, Selection
from rules.engines.polars_engine import PolarsEngine
from rules.facts.case_facts import Facts, Parser
from rules.formulas.derivation import derive
from rules.formulas.ends import Bounds
from rules.pack.files.schema import Effect, RuleTest
from rules.pack.logic.condition_parser import resolve
from rules.pack.pack import LoadedRule, Pack
from rules.pack.parameters import in_force

Verdict = Literal["hit", "no_hit", "unknown"]
_VERDICTS: Final[Mapping[bool | None, Verdict]] = {True: "hit", False: "no_hit", None: "unknown"}


@dataclass(frozen=True, slots=True)
class TestFailure:
    """A rule test that gave something else than it expects."""

    rule: str
    test: str
    expected: str
    got: str
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


def run_tests(pack: Pack, of: Mapping[dt.date, Sequence[Example]] | None = None) -> list[TestFailure]:
    """The tests that fail, in the order of the rules; `of` are the examples of the pack, where they are at hand."""
    failures: dict[tuple[str, str], list[TestFailure]] = {}
    policy = HitPolicy(pack)
    for as_of, tests in (examples(pack) if of is None else of).items():
        values = in_force(pack, as_of)
        rules = [(each.rule.id, resolve(each.when, values)) for each in pack.rules]
        verdicts = PolarsEngine(rules, pack.vocabulary).evaluate(
            [each.facts for each in tests], [each.bounds for each in tests]
        )
        for row, each in enumerate(tests):
            rule, test = each.rule.rule.id, each.test
            told = _surprises(test, _VERDICTS[verdicts.verdict(rule, row)], _Given(pack, policy, verdicts.true[row]))
            failures[rule, test.name] = [TestFailure(rule, test.name, *each) for each in told]
    return [each for rule in pack.rules for test in rule.rule.tests for each in failures[rule.rule.id, test.name]]


def _surprises(test: RuleTest, verdict: Verdict, given: _Given) -> Iterator[tuple[str, str]]:
    """What a test expects and does not get, each with what it gets."""
    if verdict != test.expect:
        yield test.expect, verdict
    for effect in test.given:
        if not given.has(effect):
            yield f"given {_shown(effect)}", given.instead(effect)
    for effect in test.not_given:
        if given.has(effect):
            yield f"not given {_shown(effect)}", "given"


class _Given:
    """What a case gets of the whole pack where these rules fire, worked out once a test asks."""

    def __init__(self, pack: Pack, policy: HitPolicy, fired: Collection[str]) -> None:
        self._pack, self._policy, self._fired = pack, policy, fired

    @cached_property
    def _selection(self) -> Selection:
        return self._policy.select(self._fired)

    def has(self, effect: Effect) -> bool:
        """Whether the case gets it."""
        found, wanted = self._selection, getattr(effect, effect.kind)
        match effect.kind:
            case "recommend":
                return bool(found.strategy == wanted)
            case "add":
                return wanted in found.secondary
            case "urgency":
                return bool(found.urgency == wanted)
            case "exclusive":
                return found.alone
            case "block" if isinstance(wanted, str):
                fired = (each.rule for each in self._pack.rules if each.rule.id in self._fired)
                return any(each.block == wanted for rule in fired for each in rule.then)
            case "block":
                return set(wanted) <= set(found.blocked)
        return wanted in found.of(effect.kind)

    def instead(self, effect: Effect) -> str:
        """What it gets in the place of what it was to get, where there is only one."""
        one = {"recommend": self._selection.strategy, "urgency": self._selection.urgency}
        return one.get(effect.kind, "not given")


def _shown(effect: Effect) -> str:
    value = getattr(effect, effect.kind)
    return f"{effect.kind} {', '.join(value) if isinstance(value, tuple) else value}"
