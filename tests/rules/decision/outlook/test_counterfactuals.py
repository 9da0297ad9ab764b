"""Recourse: only what the borrower can change, only what was tried, only towards a more important strategy."""

import datetime as dt
from typing import Any

import pytest

from rules.decision.evaluate import Engines, Evaluation, Evaluator
from rules.decision.outcome import Counterfactual
from rules.engines.polars_engine import PolarsEngine
from rules.facts.cells import Value
from rules.pack.files.schema import Fact, FactValue, Parameter, Vocabulary
from rules.pack.logic import conditions as c
from rules.pack.pack import LoadedRule
from rules.text.decision_view import decision_view
from rules.text.explanation import explain
from tests.support.packs.pack_builder import formulas_of, pack_of, rule
from tests.support.packs.tiny_pack import tiny
from tests.support.packs.vocabulary import TITLE, fact

TODAY = dt.date(2026, 11, 23)
_LEVELS = {name: FactValue(zh=name, en=name) for name in ("none", "self_declared", "third_party", "official")}


def _evidence() -> Fact:
    return Fact(type="enum", title=TITLE, values=_LEVELS, actionable=True, question=TITLE)


VOCABULARY = Vocabulary(
    facts={
        "days": fact("int"),
        "balance": fact("money"),
        "hardship_evidence": _evidence(),
        "income_evidence": _evidence(),
        "evidence_sufficient": fact("bool", derived=True, inputs=("hardship_evidence", "income_evidence")),
        "willing": fact("bool").model_copy(update={"actionable": True}),
        "calls": fact("int").model_copy(update={"actionable": True}),
        "lump_sum_available": fact("money").model_copy(update={"actionable": True}),
        "lump_sum_share": fact("rate", derived=True, inputs=("lump_sum_available", "balance")),
    }
)
STRONG = [{"words": ["third_party", "official"], "gives": True}]
FORMULAS = formulas_of(
    VOCABULARY,
    evidence_sufficient={
        "any": [
            {"match": {"of": {"fact": name}, "cases": STRONG, "otherwise": False}}
            for name in ("hardship_evidence", "income_evidence")
        ]
    },
    lump_sum_share={
        "divide": {
            "of": {"fact": "lump_sum_available"},
            "by": {"fact": "balance"},
            "gives": "percent",
            "round": "down",
            "zero": "nothing",
        }
    },
)
PROVEN = c.Compare("evidence_sufficient", "equals", True)
WILLING = c.Compare("willing", "equals", True)
LATE = c.Compare("days", "more_than", 0)
SHARE = c.Compare("lump_sum_share", "at_least", c.ParameterReference("share"))
CASE: dict[str, Value] = {
    "days": 5,
    "balance": 100_001,
    "hardship_evidence": "none",
    "income_evidence": "none",
    "willing": False,
    "lump_sum_available": 0,
}
LOW = rule("low", 1, c.All(()), {"recommend": "beta"})


def _plan(when: c.Condition, *more: dict[str, Any], strategy: str = "alpha", priority: int = 9) -> LoadedRule:
    return rule("plan", priority, when, {"recommend": strategy}, *more)


def _evaluated(*rules: LoadedRule, **facts: Value | None) -> Evaluation:
    """The case with other facts, or without one that is None."""
    share = Parameter.model_validate(
        {
            "title": TITLE,
            "unit": "percent",
            "values": [
                {
                    "value": "30",
                    "valid_from": dt.date(2020, 1, 1),
                    "status": "design",
                    "references": [{"id": "practice", "status": "design"}],
                }
            ],
        }
    )
    pack = pack_of(*rules, vocabulary=VOCABULARY, parameters={"share": share}, formulas=FORMULAS)
    given = {name: value for name, value in {**CASE, **facts}.items() if value is not None}
    return Evaluator(pack, TODAY).evaluate([given])[0]


def _found(*rules: LoadedRule, **facts: Value | None) -> tuple[Counterfactual, ...]:
    return _evaluated(*rules, **facts).outcome.recourse


def test_the_weakest_sufficient_evidence_is_named() -> None:
    assert _found(LOW, _plan(c.All((LATE, PROVEN)))) == (
        Counterfactual("hardship_evidence", "third_party", "plan", "alpha"),
        Counterfactual("income_evidence", "third_party", "plan", "alpha"),
    )


def test_a_yes_or_no_of_the_borrower_is_turned_over() -> None:
    assert _found(LOW, _plan(c.All((LATE, WILLING)))) == (Counterfactual("willing", True, "plan", "alpha"),)


def test_a_number_that_is_no_money_is_not_tried() -> None:
    assert _found(LOW, _plan(c.All((LATE, c.Compare("calls", "at_least", 3)))), calls=1) == ()


def test_money_beside_what_has_no_amount_is_tried_by_its_amount() -> None:
    either = c.Any((c.Known("lump_sum_available", known=False), c.Compare("lump_sum_available", "at_least", 7_000)))
    assert _found(LOW, _plan(c.All((LATE, either)))) == (Counterfactual("lump_sum_available", 7_000, "plan", "alpha"),)


def test_a_share_of_the_balance_is_rounded_up_to_what_suffices() -> None:
    # 30 % of 1,000.01 yuan is 300.003; 300.00 would be a little less than 30 %.
    assert _found(LOW, _plan(c.All((LATE, SHARE)))) == (Counterfactual("lump_sum_available", 30_001, "plan", "alpha"),)


@pytest.mark.parametrize(
    ("rules", "facts"),
    [
        ((LOW, _plan(c.All((LATE, PROVEN)))), {"days": 0}),  # a second condition fails, out of the borrower's hands
        ((LOW, _plan(c.All((WILLING, PROVEN)))), {}),  # two would have to change
        ((LOW, _plan(c.All((LATE, PROVEN)), strategy="beta")), {}),  # the same strategy
        ((LOW, _plan(c.All((LATE, PROVEN)), priority=0)), {}),  # a less important rule
        ((LOW, _plan(c.All((LATE, PROVEN))), rule("stop", 5, c.All(()), {"block": ("alpha",)})), {}),
        ((LOW, _plan(c.All((LATE, PROVEN))), rule("stop", 5, PROVEN, {"block": ("alpha",)})), {}),  # tried: it blocks
        ((rule("only", 1, LATE, {"recommend": "beta"}, {"exclusive": True}), _plan(c.All((LATE, PROVEN)))), {}),
    ],
)
def test_nothing_is_claimed_that_would_not_come_true(rules: tuple[LoadedRule, ...], facts: dict[str, Value]) -> None:
    assert _found(*rules, **facts) == ()


def test_a_blank_is_a_question_and_no_recourse() -> None:
    rules = (LOW, _plan(c.All((LATE, WILLING))))
    pack = pack_of(*rules, vocabulary=VOCABULARY)
    outcome = Evaluator(pack, TODAY).evaluate([{"days": 5}])[0].outcome
    assert (outcome.questions, outcome.recourse) == (("willing",), ())


def test_recourse_of_one_case_is_not_another_s() -> None:
    pack = pack_of(LOW, _plan(c.All((LATE, WILLING))), vocabulary=VOCABULARY)
    cases: list[dict[str, Value]] = [{**CASE, "willing": True}, CASE, {**CASE, "days": 0}]
    found = [each.outcome.recourse for each in Evaluator(pack, TODAY).evaluate(cases)]
    assert found == [(), (Counterfactual("willing", True, "plan", "alpha"),), ()]


AMOUNT = c.Compare("lump_sum_available", "at_least", 500)


def test_an_amount_is_told_as_it_is_and_tried_out() -> None:
    assert _found(LOW, _plan(c.All((LATE, AMOUNT)))) == (Counterfactual("lump_sum_available", 500, "plan", "alpha"),)
    one = c.Compare("lump_sum_available", "at_least", 1)
    assert _found(LOW, _plan(c.All((LATE, one)))) == (Counterfactual("lump_sum_available", 1, "plan", "alpha"),)
    more = c.Compare("lump_sum_available", "more_than", 500)  # 500 is not enough
    assert _found(LOW, _plan(c.All((LATE, more)))) == ()
    assert _found(LOW, _plan(c.All((LATE, c.Any((AMOUNT, SHARE)))))) == (
        Counterfactual("lump_sum_available", 500, "plan", "alpha"),
    )


def test_to_have_nothing_is_no_change_to_suggest() -> None:
    nothing = c.Compare("lump_sum_available", "equals", 0)
    assert _found(LOW, _plan(c.All((LATE, nothing))), lump_sum_available=5) == ()


def test_what_another_comparison_of_the_condition_asks_for_is_no_amount() -> None:
    either = c.Any((c.Compare("hardship_evidence", "equals", "official"), WILLING, AMOUNT))
    assert [(each.fact, each.value) for each in _found(LOW, _plan(c.All((LATE, either))))] == [
        ("hardship_evidence", "official"),
        ("lump_sum_available", 500),
        ("willing", True),
    ]
    fen = c.Any((WILLING, c.Compare("lump_sum_available", "at_least", 1)))
    (amount, willing) = _found(LOW, _plan(c.All((LATE, fen))))
    assert (type(amount.value), type(willing.value)) == (int, bool)


def test_of_a_balance_that_is_not_known_no_share_is_told() -> None:
    either = c.Any((SHARE, c.Compare("lump_sum_available", "at_least", 900)))
    rules = (LOW, _plan(c.All((LATE, either))))
    assert _found(*rules, balance=None, lump_sum_share=0) == (
        Counterfactual("lump_sum_available", 900, "plan", "alpha"),
    )


def test_the_change_starts_from_the_present_value_and_is_never_a_weaker_one() -> None:
    of_hardship = c.OneOf("hardship_evidence", ("self_declared", "official"))
    rules = (LOW, _plan(c.All((LATE, of_hardship))))
    assert [each.value for each in _found(*rules)] == ["self_declared"]
    assert [each.value for each in _found(*rules, hardship_evidence="third_party")] == ["official"]
    lower = (LOW, _plan(c.All((LATE, c.Compare("hardship_evidence", "equals", "none")))))
    assert _found(*lower, hardship_evidence="official") == ()


def test_a_claim_is_told_once_by_the_more_important_rule_and_for_each_strategy() -> None:
    first = rule("first", 9, c.All((LATE, WILLING)), {"recommend": "alpha"})
    again = rule("again", 8, c.All((LATE, WILLING, c.Known("days", True))), {"recommend": "alpha"})
    other = rule("other", 7, c.All((LATE, PROVEN)), {"recommend": "gamma"})
    assert [(each.rule, each.strategy, each.fact, each.value) for each in _found(LOW, again, first, other)] == [
        ("first", "alpha", "willing", True),
        ("other", "gamma", "hardship_evidence", "third_party"),
        ("other", "gamma", "income_evidence", "third_party"),
    ]


def test_three_changes_are_told_at_most_the_most_important_first() -> None:
    proven = rule("proven", 9, c.All((LATE, PROVEN)), {"recommend": "alpha"})
    willing = rule("willing", 8, c.All((LATE, WILLING)), {"recommend": "gamma"})
    amount = rule("amount", 7, c.All((LATE, AMOUNT)), {"recommend": "counsellor_review"})
    found = [(each.strategy, each.fact) for each in _found(LOW, proven, willing, amount)]
    assert found == [("alpha", "hardship_evidence"), ("alpha", "income_evidence"), ("gamma", "willing")]


def test_what_follows_from_the_changed_fact_is_derived_anew_and_the_rest_stays() -> None:
    """The share is given and would stay; what is changed takes it along, and what was submitted does not change."""
    rules = (LOW, _plan(c.All((LATE, SHARE))))
    assert _found(*rules, lump_sum_share=100) == (Counterfactual("lump_sum_available", 30_001, "plan", "alpha"),)
    proven = (LOW, _plan(c.All((LATE, WILLING, c.Compare("evidence_sufficient", "equals", True)))))
    assert _found(*proven, evidence_sufficient=True) == (Counterfactual("willing", True, "plan", "alpha"),)


def test_a_case_that_the_engines_judge_differently_is_told_no_change() -> None:
    pack = pack_of(LOW, _plan(c.All((LATE, WILLING))), vocabulary=VOCABULARY)
    twin = PolarsEngine([(each.rule.id, each.when) for each in pack.rules], VOCABULARY)
    evaluator = Evaluator(pack, TODAY, Engines(lambda facts, _: frozenset({"low"} if facts["days"] == 5 else ()), twin))
    agreed, differing = (each.outcome for each in evaluator.evaluate([CASE, {**CASE, "days": 6}]))
    assert [each.fact for each in agreed.recourse] == ["willing"]
    assert (differing.engines_agree, differing.recourse) == (False, ())


def test_recourse_in_words() -> None:
    found = _evaluated(LOW, _plan(c.All((LATE, SHARE))))
    pack = pack_of(LOW, _plan(c.All((LATE, SHARE))), vocabulary=VOCABULARY)
    view = decision_view(pack, "A-1", found.outcome, found.facts, TODAY)
    (told,) = view.recourse
    text = "If fact were ¥300.01, the recommendation would be: Alpha."
    assert told.model_dump() == {
        "fact": "lump_sum_available",
        "value": "300.01",
        "strategy": "alpha",
        "rule": "plan",
        "text": {"zh": "如果事实为“¥300.01”，建议将是：策略alpha。", "en": text},
    }
    assert text in explain(pack, view, found.outcome, found.facts, (), "en")


def test_the_tiny_pack_offers_nothing() -> None:
    assert Evaluator(tiny(), TODAY).evaluate([{"product": "mortgage"}])[0].outcome.recourse == ()
