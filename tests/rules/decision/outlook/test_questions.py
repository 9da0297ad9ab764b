"""Questions come in the order of what they decide, say why they are asked, and spare most of the form."""

from __future__ import annotations

from bench.advice.questions import mean_answers
from rules.decision.outlook.questions import FIRST, ranked, settles, weightiest
from rules.facts.case_facts import Facts
from rules.text.decision_view import decision_view
from tests.support.packs.negotiation_packs import AS_OF, case, evaluated, evaluator, pack


def test_danger_and_the_court_come_first() -> None:
    found = evaluated()
    order = ranked(pack(), found.outcome, found.facts)
    assert sorted(order) == sorted(found.outcome.questions)
    assert set(order[:3]) == {"self_harm_signal", "violence", "legal_stage"}


def test_what_was_in_doubt_is_asked_for_after_danger_and_before_everything_else_and_says_why() -> None:
    doubted: Facts = {"in_doubt": ("income_very_high", "no_request_with_its_day")}
    answers = case(income_monthly="60000", prior_request="refused")
    found, answered = evaluator().evaluate([{**case(), **doubted}, {**answers, **doubted}])
    asked = decision_view(pack(), "K-1", found.outcome, found.facts, AS_OF).questions
    assert {each.fact for each in asked[:2]} == {"self_harm_signal", "violence"}
    assert {each.fact for each in asked[2:4]} == {"income_monthly", "prior_request"}
    assert "yearly income" in next(each.why.en for each in asked if each.fact == "income_monthly")
    assert not {"income_monthly", "prior_request"}.intersection(answered.outcome.questions)


def test_of_a_case_that_nobody_knows_yet_the_urgent_and_the_weightiest_come_first() -> None:
    facts = pack().vocabulary.facts
    order = weightiest(pack())
    urgent = [name for name, fact in facts.items() if fact.urgent]
    assert set(order[: len(urgent)]) == set(urgent)
    assert order[len(urgent) :] == ("income_monthly", "monthly_due", "essential_outgoings", "priority_payments")
    assert not any(facts[name].required or facts[name].required_unless for name in order), "these are asked anyway"


def test_a_question_says_why_it_is_asked() -> None:
    found = evaluated()
    asked = decision_view(pack(), "K-1", found.outcome, found.facts, AS_OF).questions
    assert len(asked) > FIRST
    by_fact = {question.fact: question for question in asked}
    assert by_fact["legal_stage"].why == pack().vocabulary.facts["legal_stage"].why
    age = settles(pack(), found.outcome, "age")
    assert pack().strategies[age[0]].title.zh in by_fact["age"].why.zh
    assert found.outcome.strategy not in age


def test_they_spare_two_answers_in_five_against_the_form() -> None:
    ours, form, cases = mean_answers(every=25)
    assert cases >= 5
    assert ours <= 0.6 * form, (ours, form)
