"""Near misses: which strategies one condition stands in the way of, which rule tells of each, and in what order."""

from __future__ import annotations

from dataclasses import replace

from rules.decision.outcome import Outcome
from rules.decision.outlook.near_misses import NearMiss, near_misses
from rules.engines.polars_engine import RuleTrace
from rules.pack.files.schema import Vocabulary
from rules.pack.logic import conditions as c
from rules.pack.pack import LoadedRule, Pack
from tests.support.packs.pack_builder import pack_of, rule
from tests.support.packs.vocabulary import VOCABULARY, fact

WILLING = "willing"  # in the borrower's hands, and no matter of degree
FACTS = {
    **VOCABULARY.facts,
    WILLING: fact("bool").model_copy(update={"actionable": True}),
    "proven": fact("bool", derived=True, inputs=("quiet", WILLING)),
    "grounded": fact("bool", derived=True, inputs=("quiet", "calm")),
}
RED, CALM = c.Compare("colour", "equals", "red"), c.Known("calm", False)
QUIET, DAYS = c.Compare("quiet", "equals", True), c.Compare("days", "more_than", 90)
TRUE = (CALM, QUIET)


def _wants(name: str, priority: int, strategy: str) -> LoadedRule:
    return rule(name, priority, c.All(()), {"step": "write"}, {"recommend": strategy})


def _pack(*rules: LoadedRule) -> Pack:
    return pack_of(*rules, vocabulary=Vocabulary(facts=FACTS))


def _trace(name: str, *failed: c.Condition, held: tuple[c.Condition, ...] = TRUE) -> RuleTrace:
    parts = (*((each, True) for each in held), *((each, False) for each in failed))
    return RuleTrace(name, False, parts, ())


OUTCOME = Outcome(
    strategy="counsellor_review",
    urgency="U4",
    certain=True,
    secondary=(),
    blocked=(),
    rules_fired=("default",),
    rules_unknown=(),
    questions=(),
    documents=(),
    rights=(),
    warnings=(),
    steps=(),
    flags=(),
    deadlines=(),
    plans=(),
    recourse=(),
    lapsed=(),
    engines_agree=True,
    disagreement=(),
)


def _of(failed: c.Condition) -> tuple[NearMiss, ...]:
    return near_misses(_pack(_wants("one", 5, "alpha")), OUTCOME, [_trace("one", failed)])


def test_the_condition_that_fails_is_told_with_all_it_looks_at_each_once() -> None:
    between = c.Any((DAYS, c.ComparePair("paid", "less_than_fact", "owed"), c.Compare("days", "equals", 0)))
    assert _of(between) == (NearMiss("alpha", "one", between, ("days", "paid", "owed")),)


def test_what_is_no_matter_of_degree_nor_in_the_borrower_s_hands_explains_nothing() -> None:
    near = [DAYS, *(c.Compare(name, "more_than", 1) for name in ("paid", "rate", "start"))]
    assert all(_of(each) for each in near)
    assert _of(c.Compare(WILLING, "equals", True))
    assert _of(c.Compare("proven", "equals", True))  # it comes from what the borrower can change, among others
    assert not _of(c.Compare("grounded", "equals", True))
    assert not _of(RED)
    assert not _of(c.Compare("city", "equals", "Shenzhen"))
    assert _of(c.Any((RED, DAYS)))  # one that is, is enough


def test_a_blank_to_be_filled_in_is_no_near_miss_also_among_others() -> None:
    assert not _of(c.Known("days", True))
    assert not _of(c.Any((DAYS, c.Known("days", True))))


def test_a_rule_is_near_with_three_conditions_of_which_one_fails_and_none_is_open() -> None:
    pack = _pack(_wants("one", 5, "alpha"))
    near = _trace("one", DAYS)
    assert near_misses(pack, OUTCOME, [near])
    assert not near_misses(pack, OUTCOME, [_trace("one", DAYS, held=(CALM,))])
    assert not near_misses(pack, OUTCOME, [_trace("one", DAYS, QUIET, held=(CALM, RED))])
    assert not near_misses(pack, OUTCOME, [_trace("one", held=(CALM, RED, QUIET))])
    assert not near_misses(pack, OUTCOME, [replace(near, parts=(*near.parts, (RED, None)))])


def test_a_strategy_that_is_told_or_taken_away_already_is_no_near_miss() -> None:
    pack, trace = _pack(_wants("one", 5, "alpha"), _wants("two", 4, "beta")), [_trace("one", DAYS), _trace("two", DAYS)]
    assert [each.strategy for each in near_misses(pack, OUTCOME, trace)] == ["alpha", "beta"]
    for other in (
        replace(OUTCOME, strategy="alpha"),
        replace(OUTCOME, secondary=("gamma", "alpha")),
        replace(OUTCOME, blocked=("gamma", "alpha")),
    ):
        assert [each.strategy for each in near_misses(pack, other, trace)] == ["beta"]


def test_a_rule_without_a_recommendation_is_near_to_nothing() -> None:
    pack = _pack(rule("one", 5, c.All(()), {"add": "alpha"}, {"urgency": "U1"}))
    assert near_misses(pack, OUTCOME, [_trace("one", DAYS)]) == ()


def test_of_the_rules_for_a_strategy_the_one_with_most_conditions_speaks_else_the_more_important() -> None:
    pack = _pack(_wants("first", 9, "alpha"), _wants("second", 5, "alpha"))
    few, many = _trace("first", DAYS), _trace("second", DAYS, held=(*TRUE, RED))
    assert [each.rule for each in near_misses(pack, OUTCOME, [few, many])] == ["second"]
    assert [each.rule for each in near_misses(pack, OUTCOME, [few, _trace("second", DAYS)])] == ["first"]


def test_the_three_most_important_are_told_in_their_order_however_many_conditions_they_have() -> None:
    strategies = ("alpha", "beta", "gamma", "delta")
    pack = _pack(*(_wants(f"to-{name}", 9 - place, name) for place, name in enumerate(strategies)))
    longer = (CALM, QUIET, RED)
    trace = [
        _trace("to-alpha", DAYS),
        _trace("to-beta", DAYS, held=longer),
        _trace("to-gamma", DAYS),
        _trace("to-delta", DAYS, held=longer),
    ]
    assert [each.strategy for each in near_misses(pack, OUTCOME, trace)] == ["alpha", "beta", "gamma"]
    assert [each.strategy for each in near_misses(pack, OUTCOME, trace[2:])] == ["gamma", "delta"]
