"""Engine, twin and a plain interpreter say the same of every rule and case."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules.engines.compiler import CompileError, compile_rules
from rules.engines.durable import DurableEngine
from rules.engines.interpreter import is_true
from rules.engines.polars_engine import PolarsEngine
from rules.facts.cells import Value
from rules.formulas.bounds import Interval
from rules.pack.logic import conditions as c
from tests.support.packs.interpreter import interpret
from tests.support.packs.vocabulary import CASES, CONDITIONS, DERIVED_CASES, VOCABULARY

Rules = list[tuple[str, c.Condition]]


def _accepted(conditions: list[c.Condition]) -> Rules:
    """Rules out of the conditions, without those that the compiler refuses as too large."""
    rules = [(f"rule-{number}", condition) for number, condition in enumerate(conditions)]
    kept = []
    for rule in rules:
        try:
            compile_rules([rule], VOCABULARY)
        except CompileError as error:
            assert "split it into several rules" in str(error)
        else:
            kept.append(rule)
    return kept


# Few packs and many cases: a ruleset can never be freed.
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.lists(CONDITIONS, min_size=1, max_size=12), st.lists(DERIVED_CASES, min_size=30, max_size=30))
def test_engine_twin_and_interpreter_agree(
    conditions: list[c.Condition], cases: list[tuple[dict[str, Value], dict[str, Interval]]]
) -> None:
    rules = _accepted(conditions)
    engine, twin = DurableEngine(rules, VOCABULARY), PolarsEngine(rules, VOCABULARY)
    verdicts = twin.evaluate([facts for facts, _ in cases], [bounds for _, bounds in cases])
    for row, (facts, bounds) in enumerate(cases):
        truth = {rule: interpret(condition, facts, bounds) for rule, condition in rules}
        assert engine.hits(facts, bounds) == {rule for rule, value in truth.items() if value is True}
        assert set(verdicts.true[row]) == {rule for rule, value in truth.items() if value is True}
        assert set(verdicts.unknown[row]) == {rule for rule, value in truth.items() if value is None}
        assert {rule: verdicts.verdict(rule, row) for rule in verdicts.rules} == truth


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(CONDITIONS, min_size=1, max_size=5), DERIVED_CASES)
def test_a_trace_gives_each_comparison_its_own_value(
    conditions: list[c.Condition], case: tuple[dict[str, Value], dict[str, Interval]]
) -> None:
    facts, bounds = case
    rules = [(f"rule-{number}", condition) for number, condition in enumerate(conditions)]
    for (rule, condition), trace in zip(rules, PolarsEngine(rules, VOCABULARY).trace(facts, bounds), strict=True):
        assert (trace.rule, trace.value) == (rule, interpret(condition, facts, bounds))
        for leaf in trace.leaves:
            assert leaf.value is interpret(leaf.leaf, facts, bounds)
        for part, value in trace.parts:
            assert value is interpret(part, facts, bounds)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(CONDITIONS, CASES)
def test_a_text_is_shown_exactly_where_its_condition_is_true(condition: c.Condition, facts: dict[str, Value]) -> None:
    assert is_true(condition, facts) is (interpret(condition, facts) is True)
