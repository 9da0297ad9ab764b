"""The twin alone: three-valued columns, what is still open, and the trace of one case."""

import datetime as dt
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules.engines.frame import frame
from rules.engines.polars_engine import PolarsEngine, Verdicts, parts
from rules.engines.truth import by_case, rows
from rules.facts.cells import Value
from rules.formulas.bounds import Interval
from rules.pack.logic import conditions as c
from rules.pack.logic.normal_form import leaves
from tests.support.packs.tiny_pack import tiny
from tests.support.packs.vocabulary import CONDITIONS, DERIVED_CASES, VOCABULARY

RED = c.Compare("colour", "equals", "red")
LATE = c.Compare("days", "more_than", 90)


def _evaluate(cases: list[dict[str, Value]], **rules: c.Condition) -> Verdicts:
    return PolarsEngine(list(rules.items()), VOCABULARY).evaluate(cases)


def test_a_rule_is_true_false_or_unknown_of_each_case() -> None:
    verdicts = _evaluate([{"colour": "red"}, {"days": 90}, {}], both=c.All((RED, LATE)), either=c.Any((RED, LATE)))
    assert verdicts.rules == ("both", "either")
    assert [verdicts.verdict("both", row) for row in range(3)] == [None, False, None]
    assert [verdicts.verdict("either", row) for row in range(3)] == [True, None, None]
    assert verdicts.true == [("either",), (), ()]
    assert verdicts.unknown == [("both",), ("either",), ("both", "either")]


def test_no_cases_and_no_rules_are_fine() -> None:
    assert _evaluate([], red=RED).true == []
    assert _evaluate([{}, {}]).true == [(), ()]


def test_constants_are_as_high_as_the_chunk() -> None:
    assert _evaluate([{}, {}], always=c.All(()), never=c.Any(())).true == [("always",), ("always",)]


def test_a_rule_about_a_missing_fact_is_true_today_and_open_for_tomorrow() -> None:
    verdicts = _evaluate([{}, {"days": 1}], blank=c.Known("days", False), given=c.Known("days", True))
    assert verdicts.true == [("blank",), ("given",)]
    assert verdicts.unknown == [(), ()]
    assert verdicts.ahead(verdicts.rules).sure == [(), ("given",)]
    assert verdicts.ahead(verdicts.rules).open == [("blank", "given"), ()]


def test_a_derived_fact_is_open_as_long_as_one_of_its_inputs_is_missing() -> None:
    twin = PolarsEngine([("rich", c.Compare("capacity", "more_than", 0))], tiny().vocabulary)
    inputs: dict[str, Value] = {"income_monthly": 1, "essential_outgoings": 1, "priority_payments": 1}
    verdicts = twin.evaluate([{"income_monthly": 1}, inputs, {**inputs, "capacity": 0}])
    assert verdicts.unknown == [("rich",), ("rich",), ()]
    assert verdicts.ahead(verdicts.rules).open == [("rich",), (), ()]
    assert verdicts.waits_for(("rich",), 0) == ["essential_outgoings", "priority_payments"]


def test_what_several_rules_wait_for_is_told_once_in_the_order_of_each_case() -> None:
    late, old = c.Compare("days", "more_than", 30), c.Compare("start", "less_than", dt.date(2026, 3, 1))
    twin = PolarsEngine([("one", c.All((late, RED))), ("two", c.All((old, late)))], VOCABULARY)
    days: list[dict[str, Value]] = [{"days": 90}, {"days": 1}, {}, {"days": 90, "start": dt.date(2026, 1, 1)}]
    cases = [*days, *({**each, "colour": "blue"} for each in days)] * 2  # more than the bits of a byte
    verdicts = twin.evaluate(cases)
    expected = {
        ("one", "two"): [["colour", "start"], ["colour", "start"], ["days", "colour", "start"], ["colour"]],
        ("two", "one"): [["start", "colour"], ["start", "colour"], ["start", "days", "colour"], ["colour"]],
    }
    for rules, asked in expected.items():
        assert [verdicts.waits_for(rules, row) for row in range(4)] == asked
        alone = [[twin.evaluate([case]).waits_for((rule,), 0) for rule in rules] for case in cases]
        for row, each in enumerate(alone):
            assert verdicts.waits_for(rules, row) == list(dict.fromkeys(name for one in each for name in one))


def test_the_parts_of_a_rule_are_what_must_all_hold() -> None:
    either = c.Any((RED, LATE))
    assert parts(c.All((RED, c.All((LATE, either))))) == (RED, LATE, either)
    assert parts(either) == (either,)


def test_a_trace_tells_each_part_and_comparison() -> None:
    either = c.Any((RED, c.Compare("start", "less_than", dt.date(2026, 3, 1))))
    (trace,) = PolarsEngine([("rule", c.All((LATE, either)))], VOCABULARY).trace(
        {"days": 90, "start": dt.date(2026, 3, 1)}
    )
    assert (trace.rule, trace.value) == ("rule", False)
    assert trace.parts == ((LATE, False), (either, None))
    assert [(leaf.leaf.fact, leaf.value) for leaf in trace.leaves] == [
        ("days", False),
        ("colour", None),
        ("start", False),
    ]


@pytest.mark.parametrize(("first", "height"), [(0, 0), (0, 1), (1, 7), (3, 8), (7, 65), (8, 64)])
def test_each_case_of_a_chunk_keeps_its_own_bits_wherever_its_rows_begin(first: int, height: int) -> None:
    kinds: list[dict[str, Value]] = [{"colour": "red"}, {"colour": "blue", "days": 91}, {"days": 90}, {}]
    cases = [kinds[row * row * row % 7 % 4] for row in range(80)]
    twin = PolarsEngine([("red", RED), ("late", LATE), ("either", c.Any((RED, LATE)))], VOCABULARY)
    whole, part = twin.evaluate(cases), twin.evaluate(cases[first : first + height])
    table, twin_rules = frame(cases, ["colour", "days"], VOCABULARY), whole.rules
    for verdicts in (part, twin.judge(table[first : first + height])):
        assert verdicts.true == whole.true[first : first + height]
        assert verdicts.unknown == whole.unknown[first : first + height]
        assert verdicts.ahead(verdicts.rules).open == whole.ahead(whole.rules).open[first : first + height]
    some = twin.only({"late", "either"})
    assert set(some.used) == {"colour", "days"}
    assert some.evaluate(cases).true == [tuple(rule for rule in case if rule != "red") for case in whole.true]
    assert whole.ahead({"late"}).open == [
        tuple(r for r in case if r == "late") for case in whole.ahead(twin_rules).open
    ]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(
    st.lists(CONDITIONS, min_size=1, max_size=8),
    st.lists(DERIVED_CASES, min_size=1, max_size=10),
    st.sampled_from([("colour", "red"), ("shade", "blue"), ("quiet", True), ("calm", False)]),
)
def test_another_value_in_all_cases_is_judged_as_if_they_had_been_given_it(
    conditions: list[c.Condition], cases: list[tuple[dict[str, Value], dict[str, Interval]]], change: tuple[str, Value]
) -> None:
    twin, (fact, value) = PolarsEngine([(f"r{n}", each) for n, each in enumerate(conditions)], VOCABULARY), change
    pairs = (each for one in conditions for each in leaves(one) if isinstance(each, c.ComparePair))
    assert twin.stands_alone(fact) is all(fact not in (each.fact, each.other) for each in pairs)
    if twin.stands_alone(fact):
        bounds = [each for _, each in cases]
        changed = twin.evaluate([{**facts, fact: value} for facts, _ in cases], bounds)
        judged = twin.judge_given(fact, value, twin.evaluate([facts for facts, _ in cases], bounds))
        assert (judged.true, judged.unknown) == (changed.true, changed.unknown)


def test_rows_are_told_in_order_however_far_apart() -> None:
    assert list(rows(0)) == []
    assert list(rows(1 << 0 | 1 << 63 | 1 << 64 | 1 << 5_000)) == [0, 63, 64, 5_000]
    assert by_case([("a", 0b101), ("b", 0), ("c", 0b110)], 3) == [("a",), ("c",), ("a", "c")]
    assert by_case([("a", 0)], 0) == []


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 200), st.integers(1, 40), st.randoms(use_true_random=False))
def test_cases_with_few_sets_of_names_are_listed_as_those_with_many(height: int, kinds: int, chance: Random) -> None:
    sets = [[name for name in range(20) if chance.random() < 0.3] for _ in range(kinds)]
    cases = [chance.choice(sets) for _ in range(height)]
    bits = {name: sum((name in case) << row for row, case in enumerate(cases)) for name in range(20)}
    assert by_case(bits.items(), height) == [tuple(case) for case in cases]


def test_what_is_in_no_list_is_known_to_be_none_of_its_values() -> None:
    rules: dict[str, c.Condition] = {
        "among": c.OneOf("colour", ("red", "blue")),
        "none": c.OneOf("colour", ()),
        "red": RED,
        "other": c.Compare("colour", "not_equals", "red"),
    }
    verdicts = _evaluate([{"colour": "red"}, {"colour": "blue"}, {"colour": "unlisted"}, {}], **rules)
    assert [[verdicts.verdict(rule, row) for rule in rules] for row in range(4)] == [
        [True, False, True, False],
        [True, False, False, True],
        [False, False, False, True],
        [None, None, None, None],
    ]
