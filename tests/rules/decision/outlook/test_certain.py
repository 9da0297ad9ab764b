"""`certain` is sound: whatever else becomes known, the strategy stays. And it is not coy about obvious cases."""

import datetime as dt
import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules.decision.evaluate import Engines, Evaluator
from rules.decision.outcome import Outcome
from rules.engines.polars_engine import PolarsEngine
from rules.facts.case_facts import Facts
from rules.facts.cells import Value
from rules.formulas.ends import Bounds
from rules.loading.loader import DEFAULT_PACK, load
from rules.pack.logic import conditions as c
from rules.pack.pack import LoadedRule, Pack
from tests.support.packs import random_formulas
from tests.support.packs.pack_builder import STRATEGIES, formulas_of, pack_of, rule
from tests.support.packs.tiny_pack import tiny
from tests.support.packs.vocabulary import CASES, CONDITIONS

TODAY = dt.date(2026, 11, 23)
RED = c.Compare("colour", "equals", "red")
BLUE = c.Compare("colour", "equals", "blue")
LATE = c.Compare("days", "more_than", 90)
QUIET = c.Compare("quiet", "equals", True)

_NAMES = st.sampled_from(STRATEGIES)
_EFFECTS: st.SearchStrategy[tuple[dict[str, Any], ...]] = st.one_of(
    st.builds(lambda name: ({"recommend": name},), _NAMES),
    st.builds(lambda name: ({"recommend": name},), _NAMES),
    st.builds(lambda name, more: ({"recommend": name}, {"add": more}), _NAMES, _NAMES),
    st.builds(lambda name: ({"recommend": name}, {"exclusive": True}), _NAMES),
    st.builds(lambda name: ({"add": name}, {"exclusive": True}), _NAMES),
    st.builds(lambda names: ({"block": tuple(names)},), st.lists(_NAMES, min_size=1, max_size=2)),
    st.builds(lambda name, names: ({"recommend": name}, {"block": (names,)}), _NAMES, _NAMES),
)
_RULES = st.lists(st.tuples(st.integers(0, 9), CONDITIONS, _EFFECTS), min_size=1, max_size=8)


def _evaluator(pack: Pack) -> Evaluator:
    """An evaluator whose engine is the twin: C rulesets cannot be freed, and are not the question here."""
    twin = PolarsEngine([(each.rule.id, each.when) for each in pack.rules], pack.vocabulary)

    def hits(facts: Facts, bounds: Bounds) -> frozenset[str]:
        return frozenset(twin.evaluate([facts], [bounds]).true[0])

    return Evaluator(pack, TODAY, Engines(hits, twin))


def _pack(rules: list[tuple[int, c.Condition, tuple[dict[str, Any], ...]]]) -> Pack:
    return pack_of(*(rule(f"rule-{number}", *each[:2], *each[2]) for number, each in enumerate(rules)))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(_RULES, CASES, st.lists(CASES, min_size=25, max_size=25))
def test_no_completion_of_a_certain_case_has_another_strategy(
    rules: list[tuple[int, c.Condition, tuple[dict[str, Any], ...]]],
    facts: dict[str, Value],
    others: list[dict[str, Value]],
) -> None:
    evaluator = _evaluator(_pack(rules))
    first = evaluator.evaluate([facts])[0].outcome
    completed = [each.outcome.strategy for each in evaluator.evaluate([{**other, **facts} for other in others])]
    if first.certain:
        assert completed == [first.strategy] * len(others)
        assert first.questions == ()
    else:
        assert first.questions
        assert not set(first.questions).intersection(facts)


def _outcome(*rules: LoadedRule, **facts: Value) -> Outcome:
    return _evaluator(pack_of(*rules)).evaluate([facts])[0].outcome


def _says(name: str, priority: int, strategy: str, when: c.Condition, *more: dict[str, Any]) -> LoadedRule:
    return rule(name, priority, when, {"recommend": strategy}, *more)


LOW = _says("low", 1, "beta", c.All(()))


@pytest.mark.parametrize(
    ("rules", "questions"),
    [
        # An unknown rule matters if it is more important and says something else …
        ((LOW, _says("high", 9, "alpha", RED)), ("colour",)),
        ((LOW, _says("high", 9, "beta", RED)), ()),
        ((LOW, _says("lower", 0, "alpha", RED)), ()),
        # … or takes the present strategy away …
        ((LOW, rule("stop", 0, RED, {"block": ("beta",)})), ("colour",)),
        ((LOW, rule("stop", 0, RED, {"block": ("alpha",)})), ()),
        # … or silences it.
        ((LOW, _says("only", 0, "alpha", RED, {"exclusive": True})), ("colour",)),
        ((LOW, _says("only", 0, "beta", RED, {"exclusive": True})), ()),
        # Not if it is blocked for sure, or another sure rule saves the strategy from a block of one rule.
        ((LOW, _says("high", 9, "alpha", RED), rule("stop", 0, c.All(()), {"block": ("alpha",)})), ()),
        # Two unknown rules, the more important one first.
        ((LOW, _says("high", 5, "alpha", LATE), _says("higher", 9, "gamma", RED)), ("colour", "days")),
        # Below a rule that is sure to win nothing matters.
        ((LOW, _says("sure", 5, "gamma", c.All(())), _says("under", 3, "alpha", RED)), ()),
        # Only unknown leaves of branches that are still open are asked for.
        (
            (LOW, _says("high", 9, "alpha", c.All((RED, c.Any((LATE, c.Known("days", False))))))),
            ("colour", "days"),
        ),
        # A rule that fires because a fact is missing stops when it comes.
        ((LOW, _says("ask", 9, "alpha", c.Known("colour", False))), ("colour",)),
        ((_says("ask", 9, "beta", c.Known("colour", False)),), ("colour",)),
        ((LOW, _says("ask", 9, "beta", c.Known("colour", False))), ()),
        # A figure that is not in force makes a rule unknown, but no fact can make it true.
        ((LOW, _says("high", 9, "alpha", c.Compare("days", "more_than", c.ParameterReference("absent")))), ()),
        # The default may come true as well.
        ((_says("high", 9, "alpha", RED),), ("colour",)),
        ((_says("high", 9, "counsellor_review", RED),), ()),
    ],
)
def test_only_rules_that_could_change_the_strategy_ask(
    rules: tuple[LoadedRule, ...], questions: tuple[str, ...]
) -> None:
    outcome = _outcome(*rules)
    assert outcome.questions == questions
    assert outcome.certain is not bool(questions)


def test_a_fact_that_no_longer_matters_is_not_asked_for() -> None:
    condition = c.All((c.Any((RED, QUIET)), LATE))
    high = _says("high", 9, "alpha", condition)
    assert _outcome(LOW, high).questions == ("colour", "quiet", "days")
    assert _outcome(LOW, high, colour="red").questions == ("days",)
    assert _outcome(LOW, high, colour="blue").questions == ("quiet", "days")
    assert _outcome(LOW, high, days=90).questions == ()
    assert _outcome(LOW, high, days=91, colour="blue").questions == ("quiet",)


def test_a_derived_fact_is_asked_for_by_what_it_follows_from() -> None:
    pack = tiny()
    facts: dict[str, Value] = {"product": "credit_card", "days_overdue": 91, "note_flags": ()}
    outcome = Evaluator(pack, TODAY).evaluate([facts])[0].outcome
    assert outcome.questions == (
        "income_monthly",
        "essential_outgoings",
        "priority_payments",
        "monthly_due",
        "annual_rate_percent",
    )


def test_a_derived_fact_that_can_never_be_known_leaves_nothing_open() -> None:
    # No capacity, so there is no number of months: not a question, and no doubt either.
    vocabulary = tiny().vocabulary
    months = vocabulary.facts["capacity"].model_copy(
        update={"type": "int", "unit": "months", "inputs": ("balance", "capacity")}
    )
    balance = vocabulary.facts["monthly_due"]
    facts = vocabulary.model_copy(update={"facts": {**vocabulary.facts, "balance": balance, "months_to_clear": months}})
    long = _says("long", 9, "alpha", c.Not(c.Compare("months_to_clear", "at_most", 60)))
    low = _says("low", 1, "beta", c.All(()))
    formula = {
        "divide": {
            "of": {"multiply": [{"fact": "balance"}, {"months": 1}]},
            "by": {"fact": "capacity"},
            "gives": "months",
            "round": "up",
            "zero": "nothing",
        }
    }
    formulas = {**tiny().formulas, **formulas_of(facts, months_to_clear=formula)}
    evaluator = _evaluator(pack_of(long, low, vocabulary=facts, formulas=formulas))
    poor: dict[str, Value] = {"income_monthly": 0, "essential_outgoings": 1, "priority_payments": 1}
    known, open_ = (each.outcome for each in evaluator.evaluate([{**poor, "balance": 5}, poor]))
    assert (known.certain, known.rules_unknown, known.questions) == (True, ("long",), ())
    assert (open_.certain, open_.questions) == (False, ("balance",))


def test_certain_holds_on_the_shipped_pack_and_its_derived_facts() -> None:
    pack = load(DEFAULT_PACK)
    evaluator = Evaluator(pack, pack.manifest.reviewed_on)
    dice = random.Random(7)

    def case(gaps: float) -> Facts:
        base = (name for name, fact in pack.vocabulary.facts.items() if not fact.private and not fact.derived)
        given = {name: _value(pack, name, dice) for name in base if dice.random() > gaps}
        return {**given, "note_flags": _value(pack, "note_flags", dice) if dice.random() < 0.1 else ()}

    cases = [case(dice.choice((0.1, 0.3, 0.6))) for _ in range(150)]
    completed = [{**case(dice.choice((0.0, 0.3))), **each} for each in cases for _ in range(6)]
    strategies = [each.outcome.strategy for each in evaluator.evaluate(completed)]
    certain = 0
    for number, each in enumerate(evaluator.evaluate(cases)):
        assert each.outcome.engines_agree
        # What the notes say against the facts is doubted without a question.
        assert each.outcome.certain or each.outcome.questions or each.facts["note_flags"]
        if each.outcome.certain:
            certain += 1
            assert set(strategies[6 * number : 6 * number + 6]) == {each.outcome.strategy}
    assert certain > 15  # or the test would say little


@pytest.mark.parametrize("seed", range(40))
def test_certain_holds_whatever_the_formulas_are(seed: int) -> None:
    dice = random.Random(seed)
    made = random_formulas.formulas(dice)
    base = random_formulas.pack_with(made)
    ordered = [name for name, (kind, _) in made.items() if kind in ("number", "date")]
    operators: tuple[c.Operator, ...] = ("equals", "not_equals", "more_than", "at_least", "less_than", "at_most")

    def condition() -> c.Condition:
        name = dice.choice(ordered)
        date = base.vocabulary.facts[name].type == "date"
        leaf = c.Compare(
            name, dice.choice(operators), dice.choice(random_formulas.DAYS) if date else dice.randint(-5, 30)
        )
        return c.Not(leaf) if dice.random() < 0.2 else leaf

    rules = [
        rule(
            f"rule-{number}",
            dice.randint(1, 9),
            c.All((condition(), condition())),
            {"recommend": dice.choice(STRATEGIES)},
        )
        for number in range(6)
    ]
    pack = replace(pack_of(*rules, vocabulary=base.vocabulary, parameters=base.parameters), formulas=base.formulas)
    evaluator = _evaluator(pack)
    cases = [random_formulas.case(dice) for _ in range(25)]
    for case, found in zip(cases, evaluator.evaluate(cases), strict=True):
        assert found.outcome.engines_agree
        if found.outcome.certain:
            # What the application gives is there from the start, or never.
            others = [{name: value for name, value in _full(dice).items() if name != "given"} for _ in range(8)]
            ends = evaluator.evaluate([{**other, **case} for other in others])
            assert {each.outcome.strategy for each in ends} == {found.outcome.strategy}


def _full(dice: random.Random) -> Facts:
    """A case without gaps."""
    found: Facts = {}
    while len(found) < 9:
        found = random_formulas.case(dice)
    return found


def _value(pack: Pack, name: str, dice: random.Random) -> Value:
    fact = pack.vocabulary.facts[name]
    match fact.type:
        case "enum":
            calm = name == "legal_stage" and dice.random() < 0.8
            return "none" if calm else dice.choice(list(fact.values))
        case "list":
            return tuple(sorted(dice.sample(list(fact.values), dice.choice((0, 0, 1, 2)))))
        case "bool":
            return dice.random() < 0.1
        case "date":
            return TODAY - dt.timedelta(days=dice.randint(-60, 1_500))
        case "text":
            return dice.choice(("深圳", "厦门", "北京"))
        case "int":
            return dice.choice((0, 1, 2, 3, 16, 30, 31, 61, 91, 400, 1_200))
    return dice.choice((0, 1_200, 50_000, 100_000, 300_000, 2_000_000))
