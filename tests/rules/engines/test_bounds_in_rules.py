"""Comparisons of derived facts that are not known: true, false or open by what they may still be, in every engine."""

import datetime as dt
from typing import Any

import pytest

from rules.decision.derived_frame import FrameDeriver
from rules.decision.evaluate import Engines, Evaluator
from rules.engines.durable import DurableEngine
from rules.engines.polars_engine import PolarsEngine
from rules.facts.case_facts import Parser
from rules.formulas.derivation import derive
from rules.pack.logic import conditions as c
from tests.support.packs.derivation import PACK, TODAY
from tests.support.packs.interpreter import interpret
from tests.support.packs.pack_builder import rule

READ = Parser(PACK.vocabulary, rule_test=True)
MONTHS, RATIO, SHARE = "months_to_clear", "debt_service_ratio", "lump_sum_share"
LEFT, OVER, SPARE = "days_left", "over_cap_amount", "capacity"
POOR = {
    "product": "huabei",
    "income_monthly": 3100,
    "essential_outgoings": 2500,
    "priority_payments": 500,
    "balance": 50000,
}  # 95 a month
SERVED = {"legal_stage": "complaint_served"}
EARNS = {"income_monthly": 4000, "monthly_due": 1600.01}

CASES: list[tuple[dict[str, Any], c.Condition, bool | None]] = [
    # At 95 yuan a month 50,000 take 527 months at least, whatever else is owed …
    (POOR, c.Compare(MONTHS, "more_than", 60), True),
    (POOR, c.Compare(MONTHS, "more_than", 526), True),
    (POOR, c.Compare(MONTHS, "at_least", 527), True),
    (POOR, c.Compare(MONTHS, "more_than", 527), None),
    (POOR, c.Compare(MONTHS, "at_most", 526), False),
    (POOR, c.Compare(MONTHS, "less_than", 527), False),
    (POOR, c.Compare(MONTHS, "equals", 526), False),
    (POOR, c.Compare(MONTHS, "not_equals", 526), True),
    (POOR, c.Compare(MONTHS, "equals", 527), None),
    (POOR, c.Not(c.Compare(MONTHS, "at_most", 60)), True),
    (POOR, c.Known(MONTHS, True), False),
    # … and without anything to pay with they take longer than any number.
    ({**POOR, "income_monthly": 3000}, c.Compare(MONTHS, "more_than", 10_000), True),
    ({**POOR, "income_monthly": 3000}, c.Compare(MONTHS, "at_most", 10_000), False),
    ({**POOR, "income_monthly": 3000}, c.Known(MONTHS, False), True),
    # A share of the income that other payments can only add to.
    (EARNS, c.Compare(RATIO, "more_than", 4000), True),
    (EARNS, c.Compare(RATIO, "at_most", 4000), False),
    (EARNS, c.Compare(RATIO, "more_than", 4001), None),
    ({"monthly_due": 1600}, c.Compare(RATIO, "more_than", 4000), None),  # without income there is no share
    # What is at hand is a share of a balance that is not known; of 0 it is nothing, and none is less.
    ({"lump_sum_available": 0, "balance": 9}, c.Compare(SHARE, "at_least", 5000), False),
    ({"balance": 9}, c.Compare(SHARE, "at_least", 0), True),
    ({"lump_sum_available": 5}, c.Compare(SHARE, "at_least", 0), True),
    # A paper served at some time up to today: its clock runs for so long at most.
    (SERVED, c.Compare(LEFT, "at_most", 15), True),
    (SERVED, c.Compare(LEFT, "more_than", 30), False),
    (SERVED, c.Compare(LEFT, "at_least", 0), None),
    ({"served_on": TODAY}, c.Compare(LEFT, "at_most", 30), None),  # perhaps there is no clock at all
    # Charges are never further above the ceiling than they are.
    ({"interest_fees": 100}, c.Compare(OVER, "at_most", 10_000), True),
    ({"interest_fees": 100}, c.Compare(OVER, "more_than", 10_000), False),
    ({"interest_fees": 100}, c.Compare(OVER, "more_than", 9_999), None),
    ({"interest_fees": 0}, c.Compare(OVER, "equals", 0), True),
    # Facts against each other: the capacity is at most 95 % of the income.
    (
        {"product": "huabei", "income_monthly": 1000, "monthly_due": 951},
        c.ComparePair(SPARE, "less_than_fact", "monthly_due"),
        True,
    ),
    (
        {"product": "huabei", "income_monthly": 1000, "monthly_due": 950},
        c.ComparePair(SPARE, "less_than_fact", "monthly_due"),
        None,
    ),
    (
        {"product": "huabei", "income_monthly": 1000, "monthly_due": 950},
        c.ComparePair(SPARE, "at_most_fact", "monthly_due"),
        True,
    ),
    (
        {"product": "huabei", "income_monthly": 1000, "monthly_due": 951},
        c.ComparePair(SPARE, "equals_fact", "monthly_due"),
        False,
    ),
    (
        {"product": "huabei", "income_monthly": 1000, "monthly_due": 951},
        c.Not(c.ComparePair(SPARE, "equals_fact", "monthly_due")),
        True,
    ),
    ({"product": "huabei", "income_monthly": 1000}, c.ComparePair(SPARE, "less_than_fact", "monthly_due"), None),
    (
        {"product": "huabei", "income_monthly": 1000, "monthly_due": 951},
        c.ComparePair(SPARE, "less_than_fact", "dues_together"),
        True,
    ),
    # A deadline whose start is only partly known, and whose end is then a period.
    ({"product": "huabei", "days_overdue": 40}, c.Compare("limitation_days_left", "at_least", 1_000), True),
    ({"product": "huabei", "days_overdue": 40}, c.Compare("limitation_days_left", "less_than", 1_000), False),
    ({"product": "huabei", "days_overdue": 40}, c.Compare("limitation_ends", "more_than", dt.date(2029, 1, 1)), True),
    ({"product": "huabei", "days_overdue": 40}, c.Compare("limitation_ends", "at_most", dt.date(2029, 11, 1)), None),
]


def _cells(given: dict[str, Any]) -> dict[str, Any]:
    facts, wrong = READ.parse(given)
    assert wrong == []
    return facts


def test_every_engine_says_of_bounds_what_they_say() -> None:
    # All conditions in one engine: its rulesets can never be freed.
    rules = [(f"rule-{number}", condition) for number, (_, condition, _) in enumerate(CASES)]
    engine, twin = DurableEngine(rules, PACK.vocabulary), PolarsEngine(rules, PACK.vocabulary)
    cases = [_cells(given) for given, _, _ in CASES]
    by_columns = twin.judge(FrameDeriver(PACK, TODAY).derive(cases).table)
    for number, (case, (given, condition, expected)) in enumerate(zip(cases, CASES, strict=True)):
        derived = derive(PACK, case, TODAY)
        told = (given, condition)
        assert interpret(condition, *derived) is expected, told
        assert (f"rule-{number}" in engine.hits(*derived)) is (expected is True), told
        assert twin.evaluate([derived.facts], [derived.bounds]).verdict(f"rule-{number}", 0) is expected, told
        assert by_columns.verdict(f"rule-{number}", number) is expected, told


@pytest.mark.parametrize(
    ("operator", "number", "expected"),
    [("more_than", 60, "sure"), ("at_most", 60, "closed"), ("more_than", 600, "open"), ("at_most", 600, "open")],
)
def test_what_no_possible_value_meets_is_closed_and_asks_nothing(operator: Any, number: int, expected: str) -> None:
    twin = PolarsEngine([("long", c.Compare(MONTHS, operator, number))], PACK.vocabulary)
    facts, bounds = derive(PACK, _cells({**POOR, "monthly_due": 9}), TODAY)
    verdicts = twin.evaluate([facts], [bounds])
    ahead = verdicts.ahead(verdicts.rules)
    found = "sure" if ahead.sure == [("long",)] else "open" if ahead.open == [("long",)] else "closed"
    assert found == expected


def test_only_comparisons_that_are_open_ask_for_what_their_facts_follow_from() -> None:
    stretched = c.All((c.Compare(MONTHS, "more_than", 60), c.Compare("capacity_stressed", "at_most", 0)))
    twin = PolarsEngine([("both", stretched)], PACK.vocabulary)
    given = {"product": "huabei", "capacity": 95, "balance": 50000, "income_monthly": 3100}
    facts, bounds = derive(PACK, _cells(given), TODAY)
    verdicts = twin.evaluate([facts], [bounds])
    assert verdicts.ahead(verdicts.rules).open == [("both",)]
    asked = set(verdicts.waits_for(("both",), 0))
    # Not what the other debts take; the instalment may be among the priority payments.
    assert asked == {"essential_outgoings", "priority_payments", "monthly_due"}


def test_a_reading_that_differs_shows_in_its_own_case_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    cases = [_cells({**POOR, "income_monthly": income, "product": "credit_card"}) for income in (3100, 3200, 3300)]
    evaluator = Evaluator(PACK, TODAY)
    assert [each.outcome.engines_agree for each in evaluator.evaluate(cases)] == [True, True, True]
    sound = evaluator._derivation.derive

    def faulty(facts: Any) -> Any:
        derived = sound(facts)
        if facts.get("income_monthly") == 320_000:
            derived.facts["capacity"] = 19_001  # a fen too much: no rule is near enough to notice
        return derived

    monkeypatch.setattr(evaluator._derivation, "derive", faulty)
    first, second, third = (each.outcome for each in evaluator.evaluate(cases))
    assert (first.engines_agree, third.engines_agree) == (True, True)
    assert (second.engines_agree, second.strategy) == (False, "counsellor_review")
    assert ("capacity", "value", "other_value") in [(each.rule, each.engine, each.twin) for each in second.disagreement]


def test_a_bound_that_differs_shows_where_a_rule_rests_on_it(monkeypatch: pytest.MonkeyPatch) -> None:
    long = rule("long", 9, c.Compare(MONTHS, "more_than", 60), {"recommend": "counsellor_review"})
    twin = PolarsEngine([("long", long.when)], PACK.vocabulary)
    engine = DurableEngine([("long", long.when)], PACK.vocabulary)
    evaluator = Evaluator(PACK, TODAY, Engines(engine.hits, twin))
    cases = [_cells({**POOR, "capacity": capacity}) for capacity in (95, 96)]
    sound = evaluator._derivation.derive

    def faulty(facts: Any) -> Any:
        derived = sound(facts)
        if facts["capacity"] == 9_600:
            derived.bounds.pop(MONTHS)
        return derived

    monkeypatch.setattr(evaluator._derivation, "derive", faulty)
    verdicts = twin.judge(evaluator._columns.derive(cases).table)
    assert verdicts.true == [("long",), ("long",)]
    assert [engine.hits(*faulty(case)) for case in cases] == [{"long"}, set()]
