"""Rules become exactly the durable-rules definitions that were measured safe, and nothing else is let through."""

import datetime as dt

import pytest

from rules.engines.compiler import CompileError, Program, Rules, compile_rules, refusals
from rules.engines.durable_expressions import PATTERNS, STACK
from rules.pack.files.schema import Vocabulary
from rules.pack.logic import conditions as c
from rules.pack.pack import PackError
from tests.support.packs.tiny_pack import FILES, tiny
from tests.support.packs.vocabulary import VOCABULARY, fact

RED = c.Compare("colour", "equals", "red")
QUIET = c.Compare("quiet", "equals", True)
LATE = c.Compare("days", "more_than", 90)


def _expression(condition: c.Condition) -> object:
    (ruleset,) = compile_rules([("rule", condition)], VOCABULARY).rulesets
    return ruleset.definition["rule"]["all"][0]["m_0"]


GOLDEN: list[tuple[c.Condition, object]] = [
    (RED, {"colour": "red"}),
    (QUIET, {"quiet": 1}),
    (c.Not(QUIET), {"$and": [{"quiet_known": 1}, {"$neq": {"quiet": 1}}]}),
    (LATE, {"$gt": {"days": 90}}),
    (c.Not(LATE), {"$lte": {"days": 90}}),
    (c.Not(c.Compare("days", "at_least", 0)), {"$lt": {"days": 0}}),
    (c.Compare("paid", "at_most", -5), {"$lte": {"paid": -5}}),
    (c.Compare("start", "less_than", dt.date(2026, 3, 1)), {"$lt": {"start": 739676}}),
    (c.Compare("city", "not_equals", "深圳"), {"$and": [{"city_known": 1}, {"$neq": {"city": "深圳"}}]}),
    (c.OneOf("colour", ("red", "blue")), {"$or": [{"colour": "red"}, {"colour": "blue"}]}),
    (c.OneOf("colour", ("red", "red")), {"colour": "red"}),
    (
        c.Not(c.OneOf("colour", ("red", "blue"))),
        {"$and": [{"colour_known": 1}, {"$neq": {"colour": "red"}}, {"$neq": {"colour": "blue"}}]},
    ),
    (c.Contains("signs", "red"), {"signs.red": 1}),
    (c.Not(c.Contains("signs", "red")), {"signs.red": 0}),
    (c.Known("days", True), {"days_known": 1}),
    (c.Not(c.Known("days", True)), {"days_known": 0}),
    (c.ComparePair("paid", "less_than_fact", "owed"), {"owed:paid": 1}),
    (c.ComparePair("owed", "more_than_fact", "paid"), {"owed:paid": 1}),
    (c.ComparePair("owed", "at_most_fact", "paid"), {"$lte": {"owed:paid": 0}}),
    (c.Not(c.ComparePair("paid", "less_than_fact", "owed")), {"$lte": {"owed:paid": 0}}),
    (
        c.Not(c.ComparePair("paid", "equals_fact", "owed")),
        {"$and": [{"paid_known": 1}, {"owed_known": 1}, {"$neq": {"owed:paid": 0}}]},
    ),
    (c.All((RED, c.All((LATE, RED)))), {"$and": [{"colour": "red"}, {"$gt": {"days": 90}}]}),
    (
        c.Not(c.All((RED, c.Any((LATE, QUIET))))),
        {
            "$or": [
                {"$and": [{"colour_known": 1}, {"$neq": {"colour": "red"}}]},
                {"$and": [{"$lte": {"days": 90}}, {"quiet_known": 1}, {"$neq": {"quiet": 1}}]},
            ]
        },
    ),
    (c.Any((RED, c.All(()))), {"$always": 1}),
]


@pytest.mark.parametrize(("condition", "expression"), GOLDEN)
def test_each_condition_compiles_to_this(condition: c.Condition, expression: object) -> None:
    assert _expression(condition) == expression


def test_a_parameter_without_a_value_is_never_true_whichever_way_it_is_asked() -> None:
    unresolved = c.Compare("days", "more_than", c.ParameterReference("npl_days"))
    for condition in (unresolved, c.Not(unresolved), c.All((RED, unresolved))):
        assert compile_rules([("rule", condition)], VOCABULARY).rulesets == ()
    assert _expression(c.Any((RED, unresolved))) == {"colour": "red"}


def test_the_order_of_rules_makes_no_difference() -> None:
    rules = [(f"rule-{number}", c.All((RED, c.Compare("days", "more_than", number)))) for number in range(80)]
    assert compile_rules(rules, VOCABULARY) == compile_rules(rules[::-1], VOCABULARY)


def _leaves(count: int) -> tuple[c.Condition, ...]:
    return tuple(c.Compare("days", "more_than", number) for number in range(count))


def _sizes(program: Program) -> list[int]:
    return [len(ruleset.definition) for ruleset in program.rulesets]


def test_rulesets_are_filled_up_to_the_budget_and_no_further() -> None:
    one = [(f"rule-{number:03}", leaf) for number, leaf in enumerate(_leaves(2 * STACK + 1))]
    assert _sizes(compile_rules(one, VOCABULARY)) == [STACK, STACK, 1]


def test_many_values_of_one_fact_count_as_patterns_but_never_as_true_at_once() -> None:
    values = tuple(f"value{number}" for number in range(99))
    rules = [(f"rule-{number}", c.OneOf("city", values)) for number in range(5)]
    assert 2 * 198 <= PATTERNS < 3 * 198
    assert _sizes(compile_rules(rules, VOCABULARY)) == [2, 2, 1]


@pytest.mark.parametrize(
    ("condition", "problem"),
    [
        (c.All(_leaves(STACK + 1)), "has 61 conditions that can be true at once, the most is 60"),
        (c.OneOf("city", tuple(f"value{number}" for number in range(201))), "has 402 conditions, the most is 400"),
        (
            c.Any(tuple(c.All((RED, leaf)) for leaf in _leaves(15))),
            "has 16 groups of conditions, the most is 15",
        ),
        (
            c.All(tuple(c.Any((RED, *_leaves(number + 1)[number:], LATE)) for number in range(6))),
            "has 729 ways to be true at once, the most is 256",
        ),
    ],
)
def test_a_rule_too_large_for_any_ruleset_is_refused_by_name(condition: c.Condition, problem: str) -> None:
    with pytest.raises(CompileError) as refused:
        compile_rules([("big-rule", condition)], VOCABULARY)
    assert str(refused.value) == f"rule big-rule: {problem}; split it into several rules"


def test_a_rule_just_within_the_budget_compiles() -> None:
    assert _sizes(compile_rules([("rule", c.All(_leaves(STACK)))], VOCABULARY)) == [1]
    assert _sizes(compile_rules([("rule", c.Any(tuple(c.All((RED, leaf)) for leaf in _leaves(14))))], VOCABULARY)) == [
        1
    ]


@pytest.mark.parametrize(
    "condition",
    [
        c.Compare("colour", "more_than", "red"),
        c.Compare("city", "at_least", 5),
        c.Compare("days", "equals", "5"),
        c.Compare("days", "equals", True),
        c.Compare("days", "equals", 2**62 + 1),
        c.Compare("quiet", "equals", 1),
        c.Compare("start", "less_than", 739676),
        c.Compare("city", "equals", ""),
        c.Compare("city", "equals", "x" * 1_001),
        c.Compare("signs", "equals", "red"),
        c.Contains("city", "red"),
        c.OneOf("colour", ()),
        c.ComparePair("colour", "more_than_fact", "shade"),
        c.ComparePair("colour", "equals_fact", "days"),
        c.ComparePair("signs", "equals_fact", "signs"),
        c.Known("nothing", True),
    ],
)
def test_what_the_engine_could_misread_is_refused(condition: c.Condition) -> None:
    with pytest.raises(CompileError, match=r"^rule rule: "):
        compile_rules([("rule", condition)], VOCABULARY)


@pytest.mark.parametrize("name", ["id", "sid"])
def test_a_fact_with_a_name_of_the_engine_is_refused(name: str) -> None:
    with pytest.raises(CompileError, match=f"cannot tell {name} from its own {name}"):
        compile_rules([("rule", c.Compare(name, "equals", 1))], Vocabulary(facts={name: fact("int")}))


def test_two_meanings_of_one_name_are_refused() -> None:
    vocabulary = Vocabulary(facts={"days": fact("int"), "days_known": fact("int")})
    rules: Rules = [("one", c.Known("days", True)), ("two", c.Compare("days_known", "equals", 1))]
    with pytest.raises(CompileError, match="days_known would mean two things"):
        compile_rules(rules, vocabulary)


def test_names_the_engine_cannot_tell_apart_are_refused() -> None:
    # A known collision of 32-bit FNV-1a, which is all the engine keeps of a name.
    vocabulary = Vocabulary(facts={"costarring": fact("int"), "liquid": fact("int")})
    rules = [(name, c.Compare(name, "equals", 1)) for name in vocabulary.facts]
    with pytest.raises(CompileError, match="cannot tell liquid from costarring"):
        compile_rules(rules, vocabulary)


def test_refusals_name_every_rule_at_once() -> None:
    rules: Rules = [("big", c.All(_leaves(STACK + 1))), ("fine", RED), ("odd", c.Compare("city", "more_than", "x"))]
    assert refusals(rules, VOCABULARY) == [
        "rule big: has 61 conditions that can be true at once, the most is 60; split it into several rules",
        "rule odd: city of type text has no order",
    ]
    assert refusals(rules[1:2], VOCABULARY) == []


def test_a_pack_with_a_rule_too_large_does_not_load() -> None:
    cities = ", ".join(f"city{number}" for number in range(201))
    rule = FILES["safety/crisis.yaml"].replace(
        "{fact: note_flags, contains: self_harm}", f"{{fact: case_ref, one_of: [{cities}]}}"
    )
    with pytest.raises(PackError, match=r"^rule crisis: has 402 conditions, the most is 400; split it"):
        tiny(
            {
                "safety/crisis.yaml": rule.replace("note_flags: [self_harm]", "case_ref: city1").replace(
                    "note_flags: []", "case_ref: other"
                )
            }
        )
