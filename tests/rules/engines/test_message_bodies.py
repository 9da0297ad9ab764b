"""Bodies put together from pieces say what the writer of messages says key by key, whatever was written before."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules.engines.compiler import CompileError, compile_rules, shortened
from rules.engines.message import LARGEST, Facts, MessageError, Writer, known_key, value_key
from rules.engines.message_bodies import _KEPT, Bodies
from rules.facts.cells import Value
from rules.formulas.bounds import Interval
from rules.pack.logic import conditions as c
from tests.support.packs.vocabulary import CONDITIONS, DERIVED_CASES, VOCABULARY


def _said(body: str) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(f'{{{body}"id":0}}')
    assert said.pop("id") == 0
    return said


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.lists(CONDITIONS, min_size=1, max_size=6), st.lists(DERIVED_CASES, min_size=5, max_size=20))
def test_bodies_are_what_the_writer_says(
    conditions: list[c.Condition], cases: list[tuple[dict[str, Value], dict[str, Interval]]]
) -> None:
    try:
        program, names = shortened(compile_rules([(f"r{n}", each) for n, each in enumerate(conditions)], VOCABULARY))
    except CompileError:
        return
    asked = program.asked()
    bodies = Bodies(asked, names)
    writers = [Writer({key.name: key for key in keys}, names) for keys in asked]
    for facts, bounds in (*cases, *cases):  # the second time what was written is remembered
        for writer, body in zip(writers, bodies.write(facts, bounds), strict=True):
            assert _said(body) == _said("".join(f"{piece}," for piece in writer.write(facts, bounds).values()))


def test_a_number_that_the_engine_would_cut_is_refused_where_it_is_compared() -> None:
    value, known = value_key("days"), known_key("days")
    large: Facts = {"days": LARGEST + 1}
    assert _said(Bodies([[known]]).write(large)[0]) == {"days_known": 1}
    with pytest.raises(MessageError):
        Bodies([[value, known]]).write(large)


def test_what_is_remembered_of_a_fact_has_an_end_and_holds_no_text_from_outside() -> None:
    key = value_key("city")
    key.words.add("x")
    bodies = Bodies([[key]])
    for text in ("x", "y", "z"):
        assert _said(bodies.write({"city": text})[0]) == {"city": "x" if text == "x" else ""}
    (_, words) = bodies._facts[0]
    assert set(words.of_value) == {"x", ""}
    days = Bodies([[value_key("days")]])
    for number in range(-_KEPT, 3 * _KEPT):
        assert _said(days.write({"days": number})[0]) == {"days": number}
        assert len(days._facts[0][1].of_value) <= _KEPT
