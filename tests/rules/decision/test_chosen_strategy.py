"""A strategy that a person chose in the place of the recommended one: what follows is its own."""

from __future__ import annotations

from rules.decision.evaluate import Evaluation
from rules.decision.outcome import Outcome
from tests.support.packs.negotiation_packs import evaluated, evaluator, kit_of, pack

CASE = {
    "product": "credit_card",
    "days_overdue": 120,
    "hardship_duration": "medium",
    "hardship_evidence": "official",
    "income_evidence": "official",
    "balance": 20_000,
    "monthly_due": 2_500,
    "income_monthly": 5_000,
    "essential_outgoings": 4_000,
    "priority_payments": 300,
    "willing_to_pay": True,
    "legal_stage": "none",
}


def chosen(strategy: str, **facts: object) -> tuple[Evaluation, Outcome]:
    found = evaluated(**{**CASE, **facts})
    return found, evaluator().chosen(found, strategy)


def test_the_recommended_one_changes_nothing() -> None:
    found = evaluated(**CASE)
    assert evaluator().chosen(found, found.outcome.strategy) == found.outcome


def test_steps_plans_and_letters_are_those_of_the_chosen_one() -> None:
    found, outcome = chosen("standstill_request")
    assert found.outcome.strategy == "card_personalised_instalment"
    assert outcome.strategy == "standstill_request"
    assert "ask_standstill" in outcome.steps
    assert "ask_personalised_instalment" not in outcome.steps
    assert found.outcome.strategy not in outcome.secondary
    assert {plan.kind for plan in outcome.plans if plan.strategy == "standstill_request"} == {"standstill"}
    kit = kit_of(Evaluation(found.facts, outcome))
    assert kit.strategy == "standstill_request"
    assert [letter.id for letter in kit.letters][:1] == ["standstill_request"]
    assert kit.plan is not None
    sentence = pack().strategies["standstill_request"].sentence
    assert sentence is not None
    assert kit.plan.sentence.zh == sentence.zh


def test_clocks_flags_urgency_and_what_is_unknown_stay() -> None:
    found, outcome = chosen("mediation", legal_stage="complaint_served", served_on="2026-11-16")
    kept = ("urgency", "deadlines", "flags", "certain", "questions", "rules_fired", "rules_unknown")
    assert [getattr(outcome, name) for name in kept] == [getattr(found.outcome, name) for name in kept]
    assert outcome.deadlines


def test_what_bars_the_chosen_one_gives_way_and_what_is_barred_beside_it_stays() -> None:
    found, outcome = chosen("instalment_restructure", not_my_loan=True)
    assert "instalment_restructure" in found.outcome.blocked
    assert set(found.outcome.blocked) - set(outcome.blocked) == {"instalment_restructure"}
    assert "ask_restructure" in outcome.steps
    assert found.outcome.plans == ()


def test_another_one_that_admits_nothing_lifts_no_block() -> None:
    found, outcome = chosen("collection_misconduct", not_my_loan=True)
    assert outcome.blocked == found.outcome.blocked
    assert not any(pack().steps[name].acknowledges for name in outcome.steps)
