"""What is looked up is what the engine says, nothing is asked twice, and no more is remembered than was said."""

from collections.abc import Iterable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules.engines.asked_once import AskedOnce, step
from rules.engines.compiler import CompileError, Rules
from rules.engines.durable import DurableEngine, EngineError
from rules.engines.message import LARGEST, Facts
from rules.facts.cells import Value
from rules.formulas.bounds import Interval
from rules.formulas.ends import NO_BOUNDS, Bounds
from rules.pack.logic import conditions as c
from tests.support.packs.vocabulary import CONDITIONS, DERIVED_CASES, VOCABULARY

DAYS: Rules = [
    ("more", c.Compare("days", "more_than", 90)),
    ("known", c.Known("days", True)),
    ("here", c.Compare("city", "equals", "x")),
]


class Counting(DurableEngine):
    """An engine that counts what it is asked."""

    asked = 0

    def answers(self, facts: Facts, bounds: Bounds, places: Iterable[int]) -> list[list[str]]:
        self.asked += 1
        return super().answers(facts, bounds, places)


# Few packs and many cases: a ruleset can never be freed.
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(
    st.lists(CONDITIONS, min_size=1, max_size=12),
    st.lists(DERIVED_CASES, min_size=30, max_size=30),
    st.integers(min_value=1, max_value=40),
)
def test_what_is_looked_up_is_what_the_engine_says(
    conditions: list[c.Condition], cases: list[tuple[dict[str, Value], dict[str, Interval]]], remembered: int
) -> None:
    try:
        engine = DurableEngine([(f"r{n}", each) for n, each in enumerate(conditions)], VOCABULARY)
    except CompileError:
        return
    once = AskedOnce(engine, remembered)
    for facts, bounds in (*cases, *cases):
        assert once.hits(facts, bounds) == engine.hits(facts, bounds)
        assert max(map(len, once._answers), default=0) <= remembered


def test_nothing_is_asked_twice_and_a_number_is_told_by_its_place_among_those_it_is_compared_with() -> None:
    engine = Counting(DAYS, VOCABULARY)
    once = AskedOnce(engine)
    asked = []
    for facts in ({"days": 89}, {"days": 5}, {"days": 90}, {"days": 91}, {"days": 2**40}, {}, {"days": 89}):
        assert once.hits(facts) == engine.hits(facts)
        asked.append(engine.asked)
    mine = [after - before - 1 for before, after in zip((0, *asked), asked, strict=False)]  # hits asks, too
    assert mine == [1, 0, 1, 1, 0, 1, 0]
    assert [step((90, 92), each) for each in (89, 90, 91, 92, 93)] == [0, 1, 2, 3, 4]


def test_the_memory_is_bounded_and_holds_no_text_from_outside() -> None:
    engine = Counting(DAYS, VOCABULARY)
    once = AskedOnce(engine, remembered=2)
    for city in ("a", "b", "x", "private"):
        assert once.hits({"city": city}) == ({"here"} if city == "x" else set())
    (answers,) = once._answers
    assert len(answers) == 2
    assert engine.asked == 2
    assert "private" not in str(answers)
    once.hits({"days": 1})  # a third: what was remembered is forgotten
    assert len(answers) == 1


def test_what_the_engine_refuses_is_refused_and_not_remembered() -> None:
    once = AskedOnce(DurableEngine(DAYS, VOCABULARY))
    assert once.hits({"days": LARGEST}) == {"more", "known"}
    for days in (LARGEST + 1, LARGEST):
        if days > LARGEST:
            with pytest.raises(EngineError):
                once.hits({"days": days}, NO_BOUNDS)
        else:
            assert once.hits({"days": days}) == {"more", "known"}
