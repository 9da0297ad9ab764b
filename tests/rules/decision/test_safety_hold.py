"""What is held back while danger is not settled, whose words are for staff alone, and by which protocol they go."""

from dataclasses import replace

import pytest

from rules.decision.danger import Danger
from rules.decision.safety_hold import SafetyHold, decided_danger, denied_kinds, for_staff, held_back, protocol_of
from rules.pack.files.negotiation import Approach, Negotiation
from rules.pack.pack import Pack
from tests.support.packs.default_pack import outcome, pack
from tests.support.packs.tiny_pack import tiny

DECIDED = outcome(product="credit_card", hardship="unemployment", days_overdue=100, income_monthly=5000)
SELF_HARM = SafetyHold("explicit", ("violence", "self_harm"))
VIOLENCE = SafetyHold("explicit", ("violence", "child_or_sick"))


def knowing(*approaches: str) -> Pack:
    """The pack with these ways alone."""
    known = pack().negotiation
    assert known is not None
    kept = {name: known.approaches[name] for name in approaches}
    return replace(pack(), negotiation=known.model_copy(update={"approaches": kept}))


def spoken_by(speaker: str) -> Pack:
    """The pack in which somebody else carries the decision out."""
    negotiation: Negotiation | None = pack().negotiation
    assert negotiation is not None
    way: Approach = negotiation.approaches[DECIDED.strategy].model_copy(update={"speaker": speaker})
    return replace(pack(), negotiation=negotiation.model_copy(update={"approaches": {DECIDED.strategy: way}}))


@pytest.mark.parametrize(("speaker", "staff"), [("borrower", False), ("family", False), ("staff", True)])
def test_plans_and_recourse_are_held_back_and_steps_are_for_staff_alone(speaker: str, staff: bool) -> None:
    assert DECIDED.steps and DECIDED.rights
    held = held_back(spoken_by(speaker), DECIDED)
    assert for_staff(spoken_by(speaker), DECIDED) is staff
    assert (held.plans, held.recourse) == ((), ())
    assert held == replace(DECIDED, plans=(), recourse=(), steps=DECIDED.steps if staff else ())


@pytest.mark.parametrize("without", [replace(pack(), negotiation=None), knowing()])
@pytest.mark.parametrize(("fired", "staff"), [("crisis", True), ("", False)])
def test_where_no_way_is_known_what_an_exclusive_rule_decided_is_for_staff(
    without: Pack, fired: str, staff: bool
) -> None:
    crisis = outcome(product="credit_card", hardship="unemployment", days_overdue=100, self_harm_signal=True)
    assert for_staff(without, crisis if fired else DECIDED) is staff


@pytest.mark.parametrize(
    ("hold", "known", "protocol"),
    [
        (SELF_HARM, ("crisis_support", "safety_police", "safety_question"), "crisis_support"),
        (VIOLENCE, ("crisis_support", "safety_police", "safety_question"), "safety_police"),
        (
            SafetyHold("possible", ("self_harm",)),
            ("crisis_support", "safety_police", "safety_question"),
            "safety_question",
        ),
        (replace(SELF_HARM, beside="B"), ("crisis_support", "safety_police", "safety_question"), "safety_question"),
        (VIOLENCE, ("safety_question", "crisis_support"), "crisis_support"),
        (VIOLENCE, ("safety_question",), None),
        (SELF_HARM, ("safety_police", "safety_question"), None),
    ],
)
def test_staff_follow_the_protocol_of_the_danger_else_that_of_a_crisis(
    hold: SafetyHold, known: tuple[str, ...], protocol: str | None
) -> None:
    assert protocol_of(knowing(*known), hold) == protocol


def test_a_pack_without_talks_has_no_protocol() -> None:
    assert protocol_of(replace(pack(), negotiation=None), SELF_HARM) is None


@pytest.mark.parametrize(
    ("strategy", "danger"),
    [
        ("crisis_support", Danger("explicit", ("self_harm",), ())),
        ("safety_police", Danger("explicit", ("violence",), ())),
        ("counsellor_review", None),
    ],
)
def test_of_a_pack_that_declares_no_danger_the_decision_says_it(strategy: str, danger: Danger | None) -> None:
    decided = replace(DECIDED, strategy=strategy)
    assert decided_danger(tiny(), {}, decided) == danger
    told = Danger("explicit", ("violence",), ())
    assert decided_danger(pack(), {"violence": True}, replace(decided, strategy="crisis_support")) == told


def test_what_the_facts_deny_is_each_kind_whose_question_is_answered_with_no() -> None:
    assert denied_kinds(pack(), {}) == ()
    assert denied_kinds(pack(), {"violence": True, "self_harm_signal": None}) == ()
    assert denied_kinds(tiny(), {"violence": False}) == ()
    both = denied_kinds(pack(), {"violence": False, "self_harm_signal": False})
    assert {"self_harm", "violence"} <= {*both}
    assert list(both) == sorted(both)
