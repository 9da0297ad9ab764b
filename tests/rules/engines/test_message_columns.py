"""Messages written column by column are those that are written one by one, letter by letter."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules.engines.compiler import CompileError, Rules, compile_rules, shortened
from rules.engines.frame import frame
from rules.engines.message import LARGEST
from rules.engines.message_bodies import Bodies
from rules.engines.message_columns import MessageColumns
from rules.facts.cells import Value
from rules.formulas.bounds import Interval
from rules.formulas.ends import bounded
from rules.pack.logic import conditions as c
from tests.support.packs.vocabulary import CONDITIONS, DERIVED_CASES, VOCABULARY

_BOUNDED = [name for name in VOCABULARY.facts if bounded(VOCABULARY, name)]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.lists(CONDITIONS, min_size=1, max_size=8), st.lists(DERIVED_CASES, min_size=1, max_size=20))
def test_columns_say_what_is_said_one_by_one(
    conditions: list[c.Condition], cases: list[tuple[dict[str, Value], dict[str, Interval]]]
) -> None:
    try:
        program, names = shortened(compile_rules([(f"r{n}", each) for n, each in enumerate(conditions)], VOCABULARY))
    except CompileError:
        return
    bodies = Bodies(program.asked(), names)
    endings = [f'"id":"{row}"}}' for row, _ in enumerate(cases)]
    table = frame(
        [facts for facts, _ in cases], VOCABULARY.facts, VOCABULARY, [bounds for _, bounds in cases], _BOUNDED
    )
    assert MessageColumns(program.asked(), names, VOCABULARY).write(table, endings) == [
        tuple(f"{{{body}{ending}" for body in bodies.write(facts, bounds))
        for (facts, bounds), ending in zip(cases, endings, strict=True)
    ]


def test_a_chunk_with_a_number_that_the_engine_would_cut_is_not_written() -> None:
    rules: Rules = [("paid", c.Compare("paid", "more_than", 0)), ("owed", c.Known("owed", True))]
    program, names = shortened(compile_rules(rules, VOCABULARY))
    columns = MessageColumns(program.asked(), names, VOCABULARY)
    for paid, written in ((LARGEST, True), (LARGEST + 1, False), (-LARGEST, True), (-LARGEST - 1, False)):
        table = frame([{"paid": paid, "owed": LARGEST + 1}], VOCABULARY.facts, VOCABULARY, None, _BOUNDED)
        assert (columns.write(table, ['"id":"1"}']) is not None) is written
