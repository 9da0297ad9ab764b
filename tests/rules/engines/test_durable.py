"""The real engine, at every edge that was found in it."""

import json
import subprocess
import sys
import threading

import durable_rules_engine
import pytest

from rules.engines.compiler import Rules
from rules.engines.durable import DurableEngine, EngineError
from rules.engines.durable_expressions import STACK
from rules.facts.cells import Value
from rules.pack.logic import conditions as c
from tests.support.packs.vocabulary import NUMBERS, TEXTS, VOCABULARY

DAYS: Rules = [
    ("more", c.Compare("days", "more_than", 90)),
    ("most", c.Compare("days", "at_most", 90)),
    ("known", c.Known("days", True)),
    ("blank", c.Known("days", False)),
]


def _hits(rules: Rules, facts: dict[str, Value]) -> frozenset[str]:
    return DurableEngine(rules, VOCABULARY).hits(facts)


@pytest.mark.parametrize(
    ("days", "fired"),
    [(91, {"more", "known"}), (90, {"most", "known"}), (0, {"most", "known"}), (-1, {"most", "known"})],
)
def test_all_true_rules_fire_and_no_other(days: int, fired: set[str]) -> None:
    assert _hits(DAYS, {"days": days}) == fired


def test_a_missing_fact_fires_neither_a_comparison_nor_its_opposite() -> None:
    assert _hits([*DAYS, ("not", c.Not(c.Compare("days", "equals", 5)))], {}) == {"blank"}


def test_many_cases_one_after_the_other_leave_nothing_behind() -> None:
    engine = DurableEngine(DAYS, VOCABULARY)
    for _ in range(1_500):  # 1,024 forgotten states would stop the engine
        assert engine.hits({"days": 91}) == {"more", "known"}
        assert engine.hits({}) == {"blank"}


def test_of_a_fact_that_fires_nothing_nothing_is_kept() -> None:
    """So there is nothing to take out again: the same id is new to the engine until a fact with it fires a rule."""
    definition = {name: {"all": [{"m_0": {"n": n}}]} for name, n in (("one", 1), ("two", 2))}
    handle = durable_rules_engine.create_ruleset("nothing-kept", json.dumps(definition))
    durable_rules_engine.assert_fact(handle, '{"n":1,"id":"0","sid":"1"}')
    told = [durable_rules_engine.assert_fact(handle, f'{{"n":{n},"id":"7","sid":"1"}}')[0] for n in (3, 3, 3, 1, 1)]
    assert told == [1, 1, 1, 0, 2]


def test_no_case_meets_another_whatever_their_order() -> None:
    """All cases of a ruleset meet in one state: what each fires is what a fresh engine says of it."""
    days: list[dict[str, Value]] = [{"days": number} for number in (0, 89, 90, 91, 2**40)]
    cases: list[dict[str, Value]] = [
        {},
        *days,
        {"days": 91, "city": "x"},
    ]
    alone = [_hits(DAYS, facts) for facts in cases]
    engine = DurableEngine(DAYS, VOCABULARY)
    for one, first in zip(cases, alone, strict=True):
        for other, second in zip(cases, alone, strict=True):
            assert [engine.hits(one), engine.hits(other), engine.hits(one)] == [first, second, first]


@pytest.mark.parametrize("interrupted", ["start_action_for_state", "complete_and_start_action", "retract_fact"])
@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError, durable_rules_engine.error])
def test_a_case_broken_off_in_the_middle_leaves_nothing_to_the_next(
    interrupted: str, error: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = DurableEngine(DAYS, VOCABULARY)
    assert engine.hits({"days": 91}) == {"more", "known"}

    real = getattr(durable_rules_engine, interrupted)
    broken: list[object] = []

    def broken_off(*arguments: object) -> object:
        if broken:
            return real(*arguments)
        broken.append(arguments)
        raise error

    monkeypatch.setattr(durable_rules_engine, interrupted, broken_off)
    with pytest.raises(KeyboardInterrupt if error is KeyboardInterrupt else EngineError):
        engine.hits({"days": 91})
    assert engine.hits({}) == {"blank"}
    assert engine.hits({"days": 5}) == {"most", "known"}


@pytest.mark.parametrize("failing", ["delete_state", "assert_fact"])
def test_a_state_that_cannot_be_opened_anew_is_opened_for_the_next_case(
    failing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = DurableEngine(DAYS, VOCABULARY)

    def fails(*_: object) -> object:
        raise durable_rules_engine.error("out of order")

    with monkeypatch.context() as patch:
        patch.setattr(durable_rules_engine, "retract_fact", fails)
        with pytest.raises(EngineError):
            engine.hits({"days": 91})
        patch.setattr(durable_rules_engine, failing, fails)
        with pytest.raises(EngineError):
            engine.hits({"days": 91})
    assert engine.hits({}) == {"blank"}
    assert engine.hits({"days": 5}) == {"most", "known"}


def test_a_first_case_that_fires_nothing_is_harmless() -> None:
    # Without the rule that fires first, the C code frees a pointer it never set and the process dies (measured).
    program = (
        "from tests.support.packs.vocabulary import VOCABULARY; from rules.engines.durable import DurableEngine\n"
        "from rules.pack.logic import conditions as c\n"
        "engines = [DurableEngine([('r', c.Compare('days', 'equals', n))], VOCABULARY) for n in range(50)]\n"
        "print(sum(len(engine.hits({'days': -1})) for engine in engines))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "0\n"


@pytest.mark.parametrize("literal", TEXTS)
def test_odd_texts_equal_themselves_and_nothing_else(literal: str) -> None:
    rules: Rules = [("same", c.Compare("city", "equals", literal)), ("other", c.Compare("city", "not_equals", literal))]
    engine = DurableEngine(rules, VOCABULARY)
    for text in (*TEXTS, literal + " ", literal[:-1], literal.upper() + "'", "\ud800", "é", "e\u0301"):
        assert engine.hits({"city": text}) == ({"same"} if text == literal else {"other"})


def test_a_very_long_text_does_not_pass_for_its_beginning() -> None:
    # The engine keeps text lengths in 16 bits: 65,539 characters that start with abc would equal abc.
    rules: Rules = [("abc", c.Compare("city", "equals", "abc")), ("not", c.Not(c.OneOf("city", ("abc", "abd"))))]
    assert _hits(rules, {"city": "abc" + "x" * 65_536}) == {"not"}
    assert _hits(rules, {"city": "abc"}) == {"abc"}


def test_a_text_that_looks_like_a_number_is_none() -> None:
    rules: Rules = [("five", c.Compare("city", "equals", "5")), ("number", c.Compare("days", "at_least", 5))]
    assert _hits(rules, {"city": "5"}) == {"five"}
    assert _hits(rules, {"city": "05"}) == set()


@pytest.mark.parametrize("literal", [*NUMBERS, 2**62 - 1, -(2**62) + 1])
def test_whole_numbers_are_exact_at_every_width(literal: int) -> None:
    operators: tuple[c.Operator, ...] = ("equals", "more_than", "less_than", "at_least", "at_most", "not_equals")
    engine = DurableEngine(
        [(name.replace("_", "-"), c.Compare("paid", name, literal)) for name in operators], VOCABULARY
    )
    assert engine.hits({"paid": literal}) == {"equals", "at-least", "at-most"}
    assert engine.hits({"paid": literal + 1}) == {"more-than", "at-least", "not-equals"}
    assert engine.hits({"paid": literal - 1}) == {"less-than", "at-most", "not-equals"}


def test_a_number_beyond_what_the_engine_holds_is_an_error_of_this_case_only() -> None:
    engine = DurableEngine([("more", c.Compare("paid", "more_than", 0))], VOCABULARY)
    with pytest.raises(EngineError, match="does not compare exactly"):
        engine.hits({"paid": 2**62 + 1})
    assert engine.hits({"paid": 2**62}) == {"more"}


def test_lists_and_pairs() -> None:
    rules: Rules = [
        ("red", c.Contains("signs", "red")),
        ("no-red", c.Not(c.Contains("signs", "red"))),
        ("less", c.ComparePair("paid", "less_than_fact", "owed")),
        ("same", c.ComparePair("paid", "equals_fact", "owed")),
        ("differ", c.Not(c.ComparePair("colour", "equals_fact", "shade"))),
    ]
    engine = DurableEngine(rules, VOCABULARY)
    assert engine.hits({"signs": ("blue", "red")}) == {"red"}
    assert engine.hits({"signs": ()}) == {"no-red"}
    assert engine.hits({"paid": 2**53, "owed": 2**53 + 1}) == {"less"}
    assert engine.hits({"paid": 5, "owed": 5, "colour": "red", "shade": "blue"}) == {"same", "differ"}
    assert engine.hits({"paid": 5, "colour": "red"}) == set()


def test_several_hundred_rules_all_true_for_one_case() -> None:
    rules: Rules = [
        (
            f"rule-{number:03}",
            c.All((c.Compare("days", "more_than", number), c.Any((c.Known("paid", False), c.Known("owed", False))))),
        )
        for number in range(400)
    ]
    engine = DurableEngine(rules, VOCABULARY)
    assert engine.hits({"days": 400}) == {rule for rule, _ in rules}
    assert engine.hits({"days": 200}) == {rule for rule, _ in rules[:200]}


def _measured(true: int) -> str | None:
    """The error of the bare engine when so many conditions of one ruleset are true at once."""
    definition = {f"r{number}": {"all": [{"m_0": {"$gt": {"n": number}}}]} for number in range(true)}
    handle = durable_rules_engine.create_ruleset(f"measured-{true}", json.dumps(definition))
    try:
        durable_rules_engine.assert_fact(handle, f'{{"n":{true},"id":"1","sid":"1"}}')
    except durable_rules_engine.error as error:
        return str(error)
    return None


def test_the_budget_is_below_the_limit_that_was_measured() -> None:
    assert _measured(STACK) is None
    assert _measured(64) is None
    assert _measured(65) == "Could not assert fact, error code: 303"
    assert STACK < 64


def test_threads_share_an_engine() -> None:
    engine = DurableEngine(DAYS, VOCABULARY)
    wrong: list[frozenset[str]] = []

    def ask(days: int, expected: set[str]) -> None:
        found = (engine.hits({"days": days}) for _ in range(200))
        wrong.extend(hits for hits in found if hits != expected)

    threads = [
        threading.Thread(target=ask, args=(days, {"known", "more" if days > 90 else "most"})) for days in range(88, 94)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_fact_may_be_called_what_the_engine_is_told_of_another() -> None:
    """Messages carry short names, and no fact is taken for the one that has its name there."""
    facts = {f"{number}": VOCABULARY.facts["days"] for number in range(9)}
    rules: Rules = [(f"rule-{number}", c.Compare(f"{number}", "equals", number)) for number in range(9)]
    engine = DurableEngine(rules, VOCABULARY.model_copy(update={"facts": facts}))
    assert engine.hits({f"{number}": number for number in range(9)}) == {rule for rule, _ in rules}
    assert engine.hits({"3": 3, "4": 3}) == {"rule-3"}
