"""Danger is graver the plainer it is said; only what is possible is answered by a fact. What is held back meanwhile."""

import itertools
from dataclasses import replace

import pytest

from rules.decision.danger import Danger, danger_of
from rules.decision.safety_hold import SafetyHold, decided_danger, denied_kinds, for_staff, held_back, protocol_of
from rules.facts.case_facts import Facts
from rules.pack.files.negotiation import Approach, Negotiation
from rules.pack.pack import Pack
from tests.support.packs.default_pack import outcome, pack
from tests.support.packs.negotiation_packs import evaluator
from tests.support.packs.tiny_pack import edited, errors, tiny

PACK = pack()
SIGNS = {name: flag.danger for name, flag in PACK.red_flags.items() if flag.danger}
DECIDED = outcome(product="credit_card", hardship="unemployment", days_overdue=100, income_monthly=5000)
SELF_HARM = SafetyHold("explicit", ("violence", "self_harm"))
VIOLENCE = SafetyHold("explicit", ("violence", "child_or_sick"))


@pytest.mark.parametrize(
    ("facts", "danger"),
    [
        ({}, None),
        ({"note_flags": ("gambling",), "self_harm_signal": False}, None),
        ({"note_flags": ("self_harm",), "self_harm_signal": False}, Danger("explicit", ("self_harm",), ())),
        ({"self_harm_signal": True}, Danger("explicit", ("self_harm",), ())),
        ({"violence": True}, Danger("explicit", ("violence",), ())),
        ({"note_flags": ("self_harm_possible",)}, Danger("possible", ("self_harm",), ("self_harm_signal",))),
        ({"note_flags": ("self_harm_possible",), "self_harm_signal": False}, Danger("possible", ("self_harm",), ())),
        (
            {"note_flags": ("self_harm_possible", "violence_possible"), "violence": False},
            Danger("possible", ("self_harm", "violence"), ("self_harm_signal",)),
        ),
        (
            {"note_flags": ("self_harm_possible", "violence"), "violence": False},
            Danger("explicit", ("violence",), ("self_harm_signal",)),
        ),
        (
            {"note_flags": ("domestic_violence",), "violence": True},
            Danger("explicit", ("violence", "domestic_violence"), ()),
        ),
        ({"note_flags": ("violence", "violence_possible")}, Danger("explicit", ("violence",), ())),
    ],
)
def test_the_gravest_grade_counts_and_what_is_possible_is_still_asked(facts: Facts, danger: Danger | None) -> None:
    assert danger_of(PACK, facts) == danger


def test_only_what_is_possible_is_answered_by_a_no() -> None:
    for name, sign in SIGNS.items():
        asked = danger_of(PACK, {"note_flags": (name,)})
        told = danger_of(PACK, {"note_flags": (name,), sign.asks: False})
        assert asked and told
        assert (asked.answered, told.answered) == (False, sign.grade == "possible")


def test_every_kind_has_both_grades_and_one_question() -> None:
    kinds = {(sign.kind, sign.grade): sign.asks for sign in SIGNS.values()}
    assert {kind for kind, _ in kinds} == {"self_harm", "violence", "domestic_violence", "child_or_sick"}
    for kind in ("self_harm", "violence", "domestic_violence", "child_or_sick"):
        assert kinds[kind, "explicit"] == kinds[kind, "possible"]
    for name, sign in SIGNS.items():
        lower = PACK.red_flags[name].denied_as
        assert lower is None if sign.grade == "possible" else SIGNS[str(lower)].kind == sign.kind


@pytest.mark.parametrize("flags", [*itertools.combinations(SIGNS, 1), *itertools.combinations(SIGNS, 2)])
def test_a_case_in_danger_is_decided_as_such(flags: tuple[str, ...]) -> None:
    """Explicit danger at once, what is possible at most U1, first question first; no plan before the answer."""
    case: Facts = {"product": "credit_card", "hardship": "unemployment", "days_overdue": 100, "balance": 3000000}
    facts: Facts = {**case, "income_monthly": 500000, "essential_outgoings": 200000, "note_flags": tuple(sorted(flags))}
    decided = evaluator().evaluate([facts])[0].outcome
    danger = danger_of(PACK, facts)
    assert danger
    assert decided.engines_agree
    if danger.grade == "explicit":
        assert decided.strategy in ("crisis_support", "safety_police")
        assert decided.urgency == ("U0" if "self_harm" in danger.kinds else "U1")
    else:
        assert (decided.strategy, decided.urgency, decided.plans) == ("safety_question", "U1", ())
        assert decided.questions[0] in {sign.asks for sign in SIGNS.values()}
        assert set(danger.questions) <= set(decided.questions)
    if "self_harm" not in danger.kinds and "self_harm_possible" in flags:
        assert "ask_self_harm" in decided.steps


@pytest.mark.parametrize(
    ("fact", "complaint"), [("days_overdue", "is not a bool"), ("no_such", "unknown fact 'no_such'")]
)
def test_a_sign_of_danger_asks_a_yes_or_no_fact(fact: str, complaint: str) -> None:
    sign = f"{{kind: self_harm, grade: explicit, asks: {fact}}}"
    [error] = errors(edited("red_flags.yaml", "words: [AB贷]", f"words: [AB贷], danger: {sign}"))
    assert complaint in error
    assert danger_of(tiny(), {"note_flags": ("self_harm",)}) is None


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
